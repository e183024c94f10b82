//! Filters that ask for more than they may have: plans, shared values, long texts and searches end in Usage, and what is
//! asked for in earnest is within the limits.

mod common;

use common::watchdog;
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::json::Encoder;
use plasmite_core::message::{Encoding, Message};
use plasmite_core::{ErrorKind, Result};

fn run(expression: &str, json: &str) -> Result<bool> {
    let filter = Filter::new(expression, &FilterOptions::default())?;
    let mut payload = Vec::new();
    let encoding: Encoding = Encoder::new().encode(json.as_bytes(), &mut payload)?.into();
    let message = Message {
        seq: 7,
        time_ns: 0,
        encoding,
        payload: payload.as_slice(),
        tags: &[][..],
    };
    Ok(filter.matches(&message, || true, &mut 0)? == Some(true))
}

/// The beginning of an expression, to name it by.
fn shown(expression: &str) -> &str {
    let end = expression
        .char_indices()
        .nth(100)
        .map_or(expression.len(), |(at, _)| at);
    &expression[..end]
}

/// Ends in Usage: more steps, or more memory, than there are.
fn exceeds(expression: &str, json: &str, what: &str) {
    let _watchdog = watchdog();
    println!("{}", shown(expression));
    match run(expression, json) {
        Ok(matches) => panic!("{matches}: {}", shown(expression)),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
            assert_eq!(error.seq(), Some(7), "{error}");
            assert!(error.message().contains(what), "{error}");
        }
    }
}

const STEPS: &str = "took more than";

fn joined(part: &str, with: &str, count: usize) -> String {
    vec![part; count].join(with)
}

/// `((x == x) == x) == x`
fn compared(part: &str, with: &str, count: usize) -> String {
    (1..count).fold(part.to_owned(), |left, _| format!("({left} {with} {part})"))
}

/// A tree of `or`, which is as wide as it is not deep.
fn wide(part: &str, levels: u32) -> String {
    (0..levels).fold(part.to_owned(), |part, _| format!("({part} or {part})"))
}

#[test]
fn plans_with_products_end() {
    let numbers = "[1,2,3,4,5,6,7,8,9,10]";
    for expression in [
        joined("(.data[]!=99)", " and ", 12),
        joined("(.data[]==99)", " or ", 12),
        joined("(.data[]?!=99)", " and ", 12),
        joined("(.data[] | . != 99)", " and ", 12),
        joined("(.data[] | not | not)", " and ", 12),
        joined("(.data[] // 7)", " and ", 12),
        joined("((.data[] or false) // true)", " and ", 12),
        joined("(.data[] | true and true)", " and ", 60),
        compared(".data[]", "==", 12),
        compared("(.data[] | . > 3)", "!=", 12),
        compared("(.data[] // 1)", "<", 12),
        format!("({}) // true", joined("(.data[]!=99)", " and ", 12)),
        format!("({}) | not", joined("(.data[]!=99)", " and ", 12)),
        format!(
            "(.data | {}) == 1",
            compared("(.[] | . == 1 or . == 2)", "==", 12)
        ),
    ] {
        exceeds(&expression, numbers, STEPS);
    }
    let tags = joined("(.meta.tags != .data[])", " and ", 12);
    exceeds(&tags, r#"["a","b","c","d","e","f","g","h"]"#, STEPS);
}

#[test]
fn plans_pay_for_texts() {
    let text = |byte: char, len: usize| format!("\"{}\"", byte.to_string().repeat(len));
    let texts: Vec<String> = ('a'..='z').map(|byte| text(byte, 30_000)).collect();
    let list = format!("[{}]", texts.join(","));
    for test in [
        r#"contains("!")"#,
        r#"test("[a-z]*!")"#,
        r#"test("!"; "i")"#,
        ". < .",
        ". != .",
    ] {
        let part = format!("((.data[] | {test}) | not)");
        exceeds(&joined(&part, " and ", 4), &list, STEPS);
    }
    exceeds(&compared(".data[]", "<", 5), &list, STEPS);
    let keys = format!("[{}]", joined("{}", ",", 60_000));
    let key = "k".repeat(60_000);
    exceeds(&format!(".data[][\"{key}\"] == 1"), &keys, STEPS);
    exceeds(&format!(".data[] | has(\"{key}\")"), &keys, STEPS);
    // The quick form, which has no other loop than searches.
    let data = format!(r#"{{"a":{}}}"#, text('b', 1 << 20));
    let search = r#"(.data.a | test("[abc]*d"))"#;
    exceeds(&wide(search, 10), &data, STEPS);
}

#[test]
fn wide_plans_are_paid_for_whole() {
    let conditions = wide("(.==-1)", 11);
    let numbers = format!("[{}]", joined("1", ",", 200_000));
    exceeds(&format!(".data[] | {conditions}"), &numbers, STEPS);
}

#[test]
fn long_paths_do_not_recurse() {
    let path = ".a".repeat(30_000);
    assert!(run(&format!(".data[]{path} == null"), "[{}]").unwrap());
    assert!(run(&format!(".data{path}? == null"), "{}").unwrap());
}

#[test]
fn large_messages_are_walked_through_by_plans() {
    let items: Vec<String> = (0..200_000)
        .map(|n| format!(r#"{{"n":{n},"name":"item {n}"}}"#))
        .collect();
    let data = format!("[{}]", items.join(","));
    for expression in [
        ".data[].n == 199999",
        r#".data[].name == "item 77""#,
        r#".data[] | .name | contains("99999")"#,
        r#".data[] | .name | test("^item 1999+$")"#,
        ".data[] | .n >= 199999 and .n < 200000 and (.name | startswith(\"item\"))",
    ] {
        assert!(run(expression, &data).unwrap(), "{expression}");
    }
    let long = format!(r#"{{"a":"{}end"}}"#, "word ".repeat(200_000));
    assert!(run(r#".data.a | test("end$") and endswith("end")"#, &long).unwrap());
    assert!(run(&wide(r#"(.data.a | test("no such"))"#, 3), &long).is_ok());
}

/// Ends, whatever it says.
fn ends(expression: &str, json: &str) {
    let _watchdog = watchdog();
    println!("{}", shown(expression));
    if let Err(error) = run(expression, json) {
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
}

#[test]
fn shared_values_are_not_copied_for_a_step() {
    for expression in [
        "[range(500000)] as $s | [range(100000) | $s | first(.[])] | length < 0",
        "[range(200000)] as $s | [range(20000) | $s | any] | length < 0",
        "[range(200000)] as $s | [range(20000) | $s | first(path(.[]))] | length < 0",
        "[range(200000)] as $s | last(range(1e9) | $s | .[]) < 0",
        "[range(200000)] as $s | reduce range(20000) as $i (0; . + ([$s[] | empty] | length)) | . < 0",
        "[range(200000)] as $s | reduce range(20000) as $i ($s; . - []) | length < 0",
        "[range(200000)] as $s | [range(20000) | $s | map_values(empty)] | length < 0",
        "([range(50000) | {(tostring): .}] | add) as $s | [range(100000) | $s | first(.[])] | length < 0",
        "([range(50000) | {(tostring): .}] | add) as $s | [range(100000) | $s | map_values(error)?] | length < 0",
    ] {
        ends(expression, "1");
    }
    // Each level once held a copy of its own.
    let nested = "| $s | .[] ".repeat(40);
    let expression = format!("[range(1000000)] as $s | first(1 {nested}) < 0");
    ends(&expression, "1");
    assert!(run(
        "[range(100000)] as $s | [range(20000) | $s | first(.[])] | all(. == 0)",
        "1"
    )
    .unwrap());
}

#[test]
fn functions_pay_for_long_texts() {
    let blank = r#"(" " * 30000000) as $s"#;
    for call in [
        r#"$s | trim"#,
        "$s | ltrimstr($s)",
        "$s | rtrimstr($s)",
        r#"$s | startswith("x")"#,
        r#"$s | endswith("x")"#,
        "$s | (fromdate)?",
        r#"$s | (strptime("%Y"))?"#,
        r#""2026" | (strptime($s))?"#,
        "0 | (strftime($s))?",
        "$s | (tonumber)?",
        "$s | (fromjson)?",
        "$s | utf8bytelength",
        "$s | length",
        r#"$s | test("x")"#,
        r#"$s | ("a" | test("a"; $s))?"#,
        r#"$s | contains("x")"#,
        r#""x" | contains($s)"#,
        r#""x" | split($s)"#,
        r#"$s | inside("x")"#,
        r#"$s | index("x")"#,
        "$s == $s",
        "$s < $s",
        "{} | has($s)",
        "{} | .[$s]",
        "{($s): 1}",
        "{a: 1} | del(.[$s])",
        "$s | (@base64d)?",
    ] {
        let expression = format!("{blank} | [range(100000) | ({call})] | length < 0");
        exceeds(&expression, "1", "");
    }
    exceeds(
        r#"("a" * 15000000) as $s | ("a" * 7000000) as $part | $s | indices($part) | length < 0"#,
        "1",
        STEPS,
    );
    // A format that makes fifty times its length.
    exceeds(
        r#"("%255d" * 700000) as $format | 0 | strftime($format) | length < 0"#,
        "1",
        "made more than",
    );
    exceeds(
        r#"("x" * 60000) as $r | [range(1000000) | ("a" | test($r))] | length < 0"#,
        "1",
        STEPS,
    );
}

#[test]
fn functions_of_texts_are_within_the_limits() {
    let data = format!(
        r#"{{"t":"  {} ","times":[{}]}}"#,
        "word and word ".repeat(20_000),
        joined("1700000000", ",", 20_000)
    );
    for expression in [
        ".data.t | trim | ltrimstr(\"word\") | startswith(\" and\")",
        ".data.t | ascii_upcase | contains(\"WORD AND\")",
        ".data.t | split(\" \") | length > 1000",
        ".data.t | [splits(\" +\")] | length > 1000",
        ".data.t | gsub(\" +\"; \"_\") | startswith(\"_word_and\")",
        ".data.t | indices(\"word\") | length == 40000",
        ".data.t | explode | implode | length > 1000",
        ".data.t | @base64 | @base64d | length > 1000",
        ".data.times | map(strftime(\"%Y-%m-%dT%H:%M:%SZ\")) | all(startswith(\"2023-11-14\"))",
        ".data.times | map(todate | fromdate) | all(. == 1700000000)",
        ".data.times | [.[0:2000][] | strftime(\"%d\") | strptime(\"%d\")?] | length == 0",
        "{(.data.t): 1} | has(\"x\") | not",
    ] {
        let found = run(expression, &data);
        assert!(matches!(found, Ok(true)), "{expression}: {found:?}");
    }
}

#[test]
fn searches_pay_for_what_they_look_at() {
    for expression in [
        r#"("a" * 1000000) | test("(?:a*b)?"; "n")"#,
        r#"("a" * 1000000) | [match("(?:a*b)?"; "gn")] | length < 0"#,
        r#"("a" * 100000) | [match("a*b|a"; "g")] | length < 0"#,
        r#"("a" * 100000) | [match("(?s)a.*b|a"; "g")] | length < 0"#,
        r#"("a" * 100000) | gsub("a.*z|a"; "b") | length < 0"#,
        r#"("a" * 100000) | [splits("a*b|a")] | length < 0"#,
        r#"("é" * 100000) | [scan("(?:\\w*\\b!)|é")] | length < 0"#,
    ] {
        exceeds(expression, "1", "");
    }
    let data = format!(r#"{{"t":"{}"}}"#, "a".repeat(1_000_000));
    exceeds(r#".data.t | test("(?:a*b)?"; "n")"#, &data, STEPS);
    for expression in [
        r#".data.t | test("a*"; "n")"#,
        r#".data.t | test("b*"; "n") | not"#,
        r#".data.t | [match("a{5,50}"; "g")] | length == 20000"#,
        r#".data.t | test("a+$"; "n")"#,
        r#"("a quick brown fox, " * 4000) | gsub("\\s+"; "_") | startswith("a_quick")"#,
        r#"("a quick brown fox, " * 4000) | [scan("\\b\\w+\\b")] | length == 16000"#,
        r#"("key=\"some value\" " * 3000) | [match("(\\w+)=\"([^\"]*)\""; "g")] | length == 3000"#,
        r#"("one line of many\n" * 4000) | [match("o.*y"; "g")] | length == 4000"#,
        r#"("één woord " * 4000) | [scan("\\w+")] | length == 8000"#,
    ] {
        let found = run(expression, &data);
        assert!(matches!(found, Ok(true)), "{expression}: {found:?}");
    }
}
