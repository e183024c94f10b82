//! Filters on messages.

use super::*;
use crate::json::Encoder;
use crate::message::{tags, Encoding};
use crate::ErrorKind;

fn run(expression: &str, json: &str, tag_list: &[&str]) -> Result<bool> {
    run_with(
        &Filter::new(expression, &FilterOptions::default())?,
        json,
        tag_list,
    )
}

fn run_with(filter: &Filter, json: &str, tag_list: &[&str]) -> Result<bool> {
    with_message(json, tag_list, |message| {
        Ok(filter.matches(message, || true, &mut 0)?.unwrap())
    })
}

/// Runs `look` on a message with this data and these tags.
pub(super) fn with_message<T>(
    json: &str,
    tag_list: &[&str],
    look: impl FnOnce(&Message<&[u8]>) -> T,
) -> T {
    let mut payload = Vec::new();
    let encoded = Encoder::new().encode(json.as_bytes(), &mut payload);
    let encoding: Encoding = encoded.unwrap().into();
    let mut block = Vec::new();
    tags::encode(tag_list.iter().map(|tag| tag.as_bytes()), &mut block).unwrap();
    look(&Message {
        seq: 7,
        time_ns: 1_769_846_709_120_000_000,
        encoding,
        payload: payload.as_slice(),
        tags: block.as_slice(),
    })
}

const DATA: &str = r#"{"status":"green","n":12,"big":18446744073709551615,"msg":"a timeout occurred","deep":{"list":[1,2,{"x":null}]},"flag":true,"off":false}"#;

#[test]
fn envelopes_are_seen_whole() {
    for (expression, expected) in [
        (".data.status == \"green\"", true),
        (".seq >= 40", false),
        (".seq == 7", true),
        (".meta.tags[] == \"a\"", true),
        (".meta.tags[] == \"c\"", false),
        (".meta.tags == [\"a\",\"b\"]", true),
        (".time == \"2026-01-31T08:05:09.12Z\"", true),
        (".time | fromdate > 1769846709", true),
        (".data.msg | test(\"timeout\")", true),
        (".data.msg | test(\"TIMEOUT\"; \"i\")", true),
        ("keys == [\"data\",\"meta\",\"seq\",\"time\"]", true),
        (".data.flag", true),
        (".data.off", false),
        (".data.nothing", false),
        (".data.nothing == null", true),
        (".data.nothing // true", true),
        (".data.deep.list[2].x == null", true),
        (".data.status.wrong == 1", false),
        (".data.n / 0 > 1", false),
        ("true, false", true),
        ("empty", false),
        ("true, error(\"x\")", false),
        (".data.big == 18446744073709551615", true),
        (".data.big == 18446744073709551614", false),
        (".data.big > 18446744073709551614", true),
        (".data | length == 7", true),
        (".data | has(\"n\") and (has(\"m\") | not)", true),
        ("[.data.deep.list[] | numbers] | any(. > 1)", true),
        ("now > 1700000000", true),
        (
            "\"2026-01-01\" | strptime(\"%Y-%m-%d\") | mktime == 1767225600",
            true,
        ),
        (
            "\"2026-01-01 Europe/Oslo\" | strptime(\"%Y-%m-%d %Q\") | true",
            false,
        ),
        ("[leaf_paths] | length > 4", true),
        ("[1, 2] | IN([1, 2], 3)", true),
    ] {
        let found = run(expression, DATA, &["a", "b"]);
        assert_eq!(found.unwrap(), expected, "{expression}");
    }
}

#[test]
fn outputs_that_are_no_truth_values_are_usage() {
    for (expression, kind) in [
        (".data.n", "a number"),
        (".data.status", "a string"),
        (".meta.tags", "an array"),
        (".data", "an object"),
        ("true, 1", "a number"),
    ] {
        let error = run(expression, DATA, &[]).unwrap_err();
        assert_eq!((error.kind(), error.seq()), (ErrorKind::Usage, Some(7)));
        assert!(error.message().contains(kind), "{error}");
    }
}

#[test]
fn bad_expressions_say_what_and_where() {
    let options = FilterOptions::default();
    for (expression, what, offset) in [
        ("", "expected term, found the end", 0),
        (".data.x ==", "found the end", 10),
        (".data.x = = 1", "found `=`", 10),
        ("(.data", "closing parenthesis", 6),
        (".data.x == 'a'", "found `'`", 11),
        ("foo", "no filter `foo`", 0),
        (".data | foo(1; 2)", "no filter `foo` with 2 arguments", 8),
        ("$x", "no variable `$x`", 0),
        ("env.HOME", "`env` is not available", 0),
        ("true and $ENV.HOME", "`$ENV` is not available", 9),
        ("input", "not available", 0),
        ("debug", "not available", 0),
        ("halt", "not available", 0),
        ("import \"a\" as a; true", "modules cannot be loaded", 8),
        ("é | foo", "found `é`", 0),
        (".data.msg | test(\"a(\")", "is no regular expression", 18),
        ("\"é\" | foo", "at character 7", 7),
    ] {
        let error = Filter::new(expression, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{expression}");
        assert!(error.message().contains(what), "{expression}: {error}");
        assert_eq!(error.offset(), Some(offset), "{expression}: {error}");
        assert!(error.hint().is_some(), "{expression}");
    }
}

/// None of these may hang, exhaust the memory or overflow the stack; each is Usage, or simply no match.
#[test]
fn hostile_expressions_end() {
    let deep = format!("{}true{}", "(".repeat(3000), ")".repeat(3000));
    let long = format!("true{}", " and true".repeat(6000));
    let arrays = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let negations = format!("{}1", "- ".repeat(20_000));
    let pipes = ". | ".repeat(15_000) + "true";
    let product = vec!["(.data.deep.list[]!=99)"; 20].join(" and ");
    let compared = (0..20).fold(".data[]".to_owned(), |left, _| {
        format!("({left} == .data[])")
    });
    let sought = vec!["(.data[] | tostring | test(\"(?:.*b)?\"; \"n\"))"; 20].join(" or ");
    for expression in [
        "def f: f; f",
        "def f: [f]; f",
        "def f: 1 + f; f",
        "def f: f | f; f",
        "def f: f, f; f",
        "def f(g): f(g | .); f(.)",
        "def f(g): if . > 1e9 then . else . + 1 | f(g) end; 0 | f(.)",
        "def f($x): f([$x]); f(0)",
        "[range(1e12)] | length > 1",
        "[range(1; infinite)] | length > 1",
        "[repeat(.)] | length > 1",
        "last(repeat(1))",
        "last(range(1e15))",
        "[limit(1e12; repeat(\"x\"))]",
        "until(false; .)",
        "[recurse(.)]",
        "recurse([.]) | false",
        "\"x\" * 1e9 | length > 1",
        "\"x\" * 1e18 | length > 1",
        "reduce range(100) as $i (\"x\"; . + .)",
        "reduce range(100) as $i ([0]; . + .)",
        "reduce range(60) as $i ([0]; [., .]) | tojson",
        "reduce range(60) as $i ([0]; [., .]) | . == (reduce range(60) as $i ([0]; [., .]))",
        "reduce range(60) as $i ([0]; [., .]) | . < (reduce range(60) as $i ([0]; [., .]))",
        "reduce range(60) as $i ({}; {a: ., b: .}) | [.. | numbers]",
        "reduce range(1e6) as $i (0; [.])",
        "reduce range(1e6) as $i (0; {a: .})",
        "reduce range(1e6) as $i (null; .a = [.])",
        "[range(1e6)] | combinations(9)",
        "reduce range(64) as $i (3; . * .) | . > 1",
        "[1e6 | . as $n | \"9\" * $n | tonumber] | length > 1",
        "last(path(recurse(.x; true)))",
        "last(path(null | recurse(.x; true)))",
        "last(path(.data.deep.list | recurse(.[0:]; true)))",
        "[limit(1e6; path(null | recurse(.x; true)))] | length > 1",
        "(null | recurse(.x; true)) |= 1",
        ".data.big[1e12] = 1",
        "[] | .[1e9] = 1",
        "\"[\" * 1e5 | fromjson",
        "(\"[\" * 1e5) + (\"]\" * 1e5) | fromjson",
        "\"a\" * 1e5 | test(\"(a*)*$\" * 10)",
        "\"a\" * 1e5 | test(\"(\" * 1e4)",
        "\"a\" | test(\"((a{1000}){1000}){1000}\")",
        "\"a\" * 1e5 | test(\"(\\\\w{50}){40}z\")",
        "\"a\" * 1e6 | [match(\"\"; \"g\")] | length > 1",
        "\"a\" * 1e6 | gsub(\"a\"; \"aa\") | length > 1",
        "[range(1e5)] | sort_by(. as $x | [range(1e5)]) | false",
        "[limit(1e5; repeat([limit(1e5; repeat(1))]))] | group_by(.) | false",
        "label $out | repeat(1) | false",
        "foreach repeat(1) as $x (0; . + 1) | false",
        "[splits(\"a\")]",
        "walk(repeat(.))",
        "..|..|..|..|..|..|..|..|false",
        "@json \"\\(repeat(1))\"",
        &deep,
        &long,
        &arrays,
        &negations,
        &pipes,
        &product,
        &compared,
        &sought,
    ] {
        let options = FilterOptions {
            no_recursion: false,
            steps: Some(300_000),
        };
        let shown = &expression[..expression.len().min(60)];
        println!("{shown}");
        match Filter::new(expression, &options) {
            Ok(filter) => {
                if let Err(error) = run_with(&filter, DATA, &["a"]) {
                    assert_eq!(error.kind(), ErrorKind::Usage, "{shown}: {error}");
                    assert_eq!(error.seq(), Some(7), "{shown}");
                }
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Usage, "{shown}: {error}"),
        }
    }
}

#[test]
fn limits_say_what_they_are() {
    for (expression, what) in [
        ("def f: f; f", "took more than 4000000 steps at message 7"),
        ("\"x\" * 1e9 | length > 1", "made more than"),
        ("def f: [f]; f", "went too deep at message 7"),
        ("reduce range(5000) as $i (0; [.]) | false", "went too deep"),
    ] {
        let error = run(expression, DATA, &[]).unwrap_err();
        assert!(error.message().contains(what), "{expression}: {error}");
        assert!(error.hint().is_some());
    }
    let strict = FilterOptions {
        no_recursion: true,
        steps: None,
    };
    let error = Filter::new("1 as $x | def f: f; f", &strict).unwrap_err();
    assert_eq!(error.offset(), Some(17), "{error}");
    assert!(Filter::new("[recurse] | length > 1", &strict).is_ok());
}

#[test]
fn small_stacks_suffice() {
    let work = || run("[.data | .. | numbers] | length > 2", DATA, &[]).unwrap();
    let thread = std::thread::Builder::new().stack_size(160 << 10);
    assert!(thread.spawn(work).unwrap().join().unwrap());
}
