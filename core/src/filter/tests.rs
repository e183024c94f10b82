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
    let mut payload = Vec::new();
    let encoding: Encoding = Encoder::new().encode(json.as_bytes(), &mut payload)?.into();
    let mut block = Vec::new();
    tags::encode(tag_list.iter().map(|tag| tag.as_bytes()), &mut block)?;
    let message = Message {
        seq: 7,
        time_ns: 1_769_846_709_120_000_000,
        encoding,
        payload: payload.as_slice(),
        tags: block.as_slice(),
    };
    Ok(filter.matches(&message, || true, &mut 0)?.unwrap())
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
        ("\"é\" | foo", "at character 7", 7),
    ] {
        let error = Filter::new(expression, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{expression}");
        assert!(error.message().contains(what), "{expression}: {error}");
        assert_eq!(error.offset(), Some(offset), "{expression}: {error}");
        assert!(error.hint().is_some(), "{expression}");
    }
}
