//! Plans against the engine: the same verdict for every expression and message; and expressions of any kind.

use proptest::prelude::*;

use super::tests::with_message;
use super::*;

/// Paths of the envelope, mostly into data of the shape that [`document`] makes.
fn path() -> impl Strategy<Value = String> {
    let head = prop::sample::select(vec![
        ".data",
        ".data",
        ".data",
        ".data.a",
        ".data.b",
        ".data.a.b",
        ".meta.tags",
        ".meta",
        ".seq",
        ".time",
        "",
        ".x",
    ]);
    let step = prop::sample::select(vec![
        ".a", ".b", ".\"c d\"", "[\"é\"]", "[0]", "[-1]", "[7]", "[]", ".a?", "[]?", "[0]?",
    ]);
    (head, prop::collection::vec(step, 0..3)).prop_map(|(head, steps)| {
        let text = head.to_owned() + &steps.concat();
        if text.starts_with('.') {
            text
        } else {
            format!(".{text}")
        }
    })
}

fn literal() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "7",
        "1.0",
        "0.5",
        "-2.5",
        "1e3",
        "9007199254740993",
        "9223372036854775807",
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"é\"",
        "\"x\\ny\"",
        "\"2026\"",
    ])
    .prop_map(str::to_owned)
}

fn condition() -> impl Strategy<Value = String> {
    let test = prop::sample::select(vec![
        "startswith(\"a\")",
        "endswith(\"b\")",
        "contains(\"é\")",
        "has(\"a\")",
        "not",
        "test(\"^a\")",
        "test(\"B\"; \"i\")",
        "test(\"a|é\"; \"\")",
        "test(\"a|é\"; \"n\")",
    ]);
    let compare = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        4 => (path(), compare.clone(), literal()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        1 => (literal(), compare.clone(), path()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        1 => (path(), compare, path()).prop_map(|(l, op, r)| format!("{l} {op} {r}")),
        2 => (path(), test).prop_map(|(path, test)| format!("({path} | {test})")),
        1 => path(),
        1 => literal(),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) and ({r})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) or ({r})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) // ({r})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) | ({r})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) == ({r})")),
            inner.prop_map(|inner| format!("({inner}) | not")),
        ]
    })
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "-1",
        "7",
        "1.0",
        "0.5",
        "-2.5",
        "1000",
        "9007199254740993",
        "9007199254740992.0",
        "9223372036854775807",
        "18446744073709551615",
        "\"\"",
        "\"a\"",
        "\"ab\"",
        "\"é\"",
        "\"x\\ny\"",
        "\"aB\"",
        "[]",
        "{}",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "c d", "é", "\\u0000"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key, inner), 0..5).prop_map(|members| {
                let member = |(key, value): &(&str, String)| format!("\"{key}\":{value}");
                let members: Vec<_> = members.iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn said(answer: Result<Option<bool>>) -> std::result::Result<Option<bool>, String> {
    answer.map_err(|error| error.message().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_plan_says_what_the_engine_says(expression in condition(), json in document()) {
        let filter = Filter::new(&expression, &FilterOptions::default()).unwrap();
        prop_assert!(filter.program.has_plan(), "{}", expression);
        for tag_list in [&[][..], &["a", "é"][..]] {
            with_message(&json, tag_list, |message| {
                let here = filter.program.matches(message, || true, &mut 0);
                let there = filter.program.matches_in_engine(message, || true, &mut 0);
                prop_assert_eq!(said(here), said(there.clone()), "{} on {}", expression, json);
                let signature = filter.signature();
                let own = tag_list.iter().fold(0, |bits, tag| bits | crate::message::tags::signature_of(tag.as_bytes()));
                prop_assert!(own & signature == signature || matches!(there, Ok(Some(false))));
                Ok(())
            })?;
        }
    }

    #[test]
    fn anything_is_compiled_or_refused(expression in "[\\[\\](){}.|,:;$@\"\\\\a-e0-9 =<>!?+*/%-]{0,40}") {
        if let Ok(filter) = Filter::new(&expression, &FilterOptions::default()) {
            let _ = with_message("{\"a\":[1,{\"b\":\"x\"}]}", &[], |message| filter.matches(message, || true, &mut 0));
        }
    }

    #[test]
    fn words_are_compiled_or_refused(words in prop::collection::vec(prop::sample::select(vec![
        "if", "then", "else", "end", "reduce", "foreach", "as", "$x", "[", "]", "(", ")", "{", "}", ".", "..", "|", ",",
        "def", "f", ":", ";", "try", "catch", "label", "break", "//", "?", "and", "or", "not", "==", "1", "\"a\\(", "\")",
        "\"", "limit", "range", "recurse", "env", "input", ".data", "+", "-", "*", "/", "%", "|=", "=", "test", "@base64",
    ]), 0..14)) {
        let expression = words.join(" ");
        if let Ok(filter) = Filter::new(&expression, &FilterOptions { steps: Some(10_000), ..FilterOptions::default() }) {
            let _ = with_message("{\"a\":[1,{\"b\":\"x\"}]}", &[], |message| filter.matches(message, || true, &mut 0));
        }
    }
}
