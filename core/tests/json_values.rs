//! JSON in and out: tables of edge cases, and random values and texts against the twin.

mod codec;

use codec::{compare, nested, on_small_stack, DEEPEST};
use plasmite_core::json::{write_lite3, Encoded, Encoder};
use plasmite_core::lite3::{check, Value};
use plasmite_core::message::document;
use proptest::prelude::*;

fn round_trip(text: &str) -> (Encoded, String) {
    let mut payload = Vec::new();
    let encoded = Encoder::new()
        .encode(text.as_bytes(), &mut payload)
        .unwrap();
    if encoded == Encoded::Text {
        return (encoded, String::from_utf8(payload).unwrap());
    }
    let mut out = Vec::new();
    write_lite3(Value::root(&payload[..]).unwrap(), &mut out).unwrap();
    (encoded, String::from_utf8(out).unwrap())
}

#[test]
fn values_come_out_in_their_canonical_form() {
    use Encoded::{Lite3, Text};
    for (text, encoded, expected) in [
        (" { } ", Lite3, "{}"),
        ("[ ]", Lite3, "[]"),
        ("{\"b\":1,\"a\":2}", Lite3, "{\"b\":1,\"a\":2}"),
        ("{\"a\":1,\"b\":2,\"a\":3}", Lite3, "{\"a\":3,\"b\":2}"),
        (
            "{\"a\":{\"x\":1},\"b\":2,\"a\":[4,{\"y\":5,\"y\":6}]}",
            Lite3,
            "{\"a\":[4,{\"y\":6}],\"b\":2}",
        ),
        ("{\"a\":1,\"\\u0061\":2}", Lite3, "{\"a\":2}"),
        (
            "{\"a\":1,\"a\":18446744073709551615}",
            Text,
            "{\"a\":18446744073709551615}",
        ),
        ("{\"a\":18446744073709551615,\"a\":1}", Text, "{\"a\":1}"),
        (
            "{\"a\\u0000\":1,\"b\":2,\"a\\u0000\":{}}",
            Text,
            "{\"a\\u0000\":{},\"b\":2}",
        ),
        (
            "{\"\":0,\"a\\u0000\":1,\"a\":2}",
            Text,
            "{\"\":0,\"a\\u0000\":1,\"a\":2}",
        ),
        ("{\"a\":\"\\u0000\"}", Lite3, "{\"a\":\"\\u0000\"}"),
        (
            "[9223372036854775807,-9223372036854775808]",
            Lite3,
            "[9223372036854775807,-9223372036854775808]",
        ),
        ("[9223372036854775808]", Text, "[9223372036854775808]"),
        ("[18446744073709551616]", Lite3, "[1.8446744073709552e19]"),
        ("[-9223372036854775809]", Lite3, "[-9.223372036854776e18]"),
        (
            "[1.0,1e3,-0,-0.0,0.0,1e16,1e-7,100e-2]",
            Lite3,
            "[1.0,1000.0,-0.0,-0.0,0.0,1e16,1e-7,1.0]",
        ),
        (
            "\"\\/\\u00e9\\ud83d\\ude00\\u001f\\u007f\"",
            Text,
            "\"/é😀\\u001f\u{7f}\"",
        ),
        ("\t\r\n-0\n", Text, "-0.0"),
        ("18446744073709551615", Text, "18446744073709551615"),
        ("null", Text, "null"),
    ] {
        let (kind, out) = round_trip(text);
        assert_eq!((kind, out.as_str()), (encoded, expected), "{text}");
    }
}

#[test]
fn faults_name_their_place_and_a_way_out() {
    for (text, offset, part) in [
        (
            &b"{\"a\":1,}"[..],
            7,
            "expected a key in double quotes, found `}`",
        ),
        (b"[1,]", 3, "expected a value, found `]`"),
        (b"[1 2]", 3, "expected `,` or `]`"),
        (b"{\"a\" 1}", 5, "expected `:`"),
        (b"{\"a\":1", 6, "found the end of the text"),
        (b"", 0, "expected a value, found the end of the text"),
        (
            b"\n\n [nul]",
            7,
            "line 3, column 6: expected the rest of `null`",
        ),
        (b"{} x", 3, "expected nothing more"),
        (b"[01]", 2, "leading zero"),
        (b"[1.]", 3, "digit after the decimal point"),
        (b"[1e+]", 4, "digit in the exponent"),
        (b"[-]", 2, "digit after the minus sign"),
        (b"[1e999]", 1, "a double"),
        (b"[NaN]", 1, "found `N`"),
        (b"[\"a\nb\"]", 3, "control character"),
        (b"[\"\\x\"]", 3, "after the backslash"),
        (b"[\"\\u12g4\"]", 6, "four hexadecimal digits"),
        (b"[\"\\ud800\"]", 2, "surrogate"),
        (b"[\"\\udc00x\"]", 2, "surrogate"),
        (b"[\"\\ud800\\u0041\"]", 2, "surrogate"),
        (b"[\"ab\xff\"]", 4, "UTF-8"),
        (b"{\"ab\xc3\":1}", 4, "UTF-8"),
        (b"[\"abcdefghijklmnop\xed\xa0\x80\"]", 18, "UTF-8"),
        (b"[\"abc", 5, "closing quote"),
        (b"\xef\xbb\xbf{}", 0, "expected a value"),
        ("[ü]".as_bytes(), 1, "found `ü`"),
    ] {
        let mut out = vec![7];
        let error = Encoder::new().encode(text, &mut out).unwrap_err();
        let shown = String::from_utf8_lossy(text);
        assert_eq!(error.kind(), plasmite_core::ErrorKind::Usage, "{shown}");
        assert_eq!(error.offset(), Some(offset), "{shown}: {error:?}");
        assert!(error.message().contains(part), "{shown}: {error:?}");
        assert_eq!(out, [7]);
    }
    for (text, part) in [
        (&b"\xef\xbb\xbf{}"[..], "byte order mark"),
        (b"{\0\"\0", "UTF-16"),
        (b"{\"a\":1,}", "comma"),
        (b"{'a':1}", "double quotes"),
        (b"{} // x", "comments"),
        (b"[NaN]", "no NaN"),
        (b"[1", "cut short"),
        (b"[\"\\ud800\"]", "fffd"),
        (b"[1e999]", "string"),
    ] {
        let error = Encoder::new().encode(text, &mut Vec::new()).unwrap_err();
        assert!(
            error.hint().is_some_and(|hint| hint.contains(part)),
            "{error:?}"
        );
    }
}

#[test]
fn nesting_has_one_limit_everywhere_and_needs_no_stack() {
    on_small_stack(|| {
        let mut encoder = Encoder::new();
        for form in 0..3 {
            for depth in [1, 2, 63, 64, 65, 127, 128, 129, 256, DEEPEST] {
                let text = nested(depth, form);
                let mut document = Vec::new();
                assert_eq!(
                    encoder.encode(text.as_bytes(), &mut document).unwrap(),
                    Encoded::Lite3
                );
                check(&document).unwrap();
                let mut out = Vec::new();
                write_lite3(Value::root(&document[..]).unwrap(), &mut out).unwrap();
                assert_eq!(out, text.as_bytes());
                let mut whole = Vec::new();
                document::Assembler::new()
                    .from_lite3(&[], &document, &mut whole)
                    .unwrap();
                let parts = document::split(&whole).unwrap();
                out.clear();
                write_lite3(parts.data, &mut out).unwrap();
                assert_eq!(out, text.as_bytes());
                // As text, by way of a value Lite3 cannot hold.
                let text = text.replace('1', "18446744073709551615");
                let mut copy = Vec::new();
                assert_eq!(
                    encoder.encode(text.as_bytes(), &mut copy).unwrap(),
                    Encoded::Text
                );
                assert_eq!(copy, text.as_bytes());
            }
            for depth in [DEEPEST + 1, DEEPEST + 2, 10_000, 100_000] {
                let text = nested(depth, form);
                for text in [text.as_bytes(), &text.as_bytes()[..text.find('1').unwrap()]] {
                    let error = encoder.encode(text, &mut Vec::new()).unwrap_err();
                    assert!(error.message().contains("deeply"), "{error:?}");
                }
            }
        }
    });
}

#[test]
fn sizes_around_the_limits_of_nodes_and_tags_come_back() {
    let mut encoder = Encoder::new();
    for count in (0..80).chain([100, 511, 512, 513, 1000, 4095, 4096, 5000]) {
        let array: Vec<String> = (0..count).map(|n| format!("[{n}]")).collect();
        assert!(compare(
            &mut encoder,
            format!("[{}]", array.join(",")).as_bytes(),
            &format!("array of {count}")
        ));
        let object: Vec<String> = (0..count)
            .map(|n| format!("\"key {n}\":{{\"{n}\":{n}}}"))
            .collect();
        assert!(compare(
            &mut encoder,
            format!("{{{}}}", object.join(",")).as_bytes(),
            &format!("object of {count}")
        ));
    }
    for len in (0..70).chain([16_381, 16_382, 16_383, 16_384, 70_000]) {
        let text = "k".repeat(len);
        for text in [
            format!("{{\"{text}\":[\"{text}\"]}}"),
            format!("[\"{text}\",{{\"{text}\":\"{text}\"}}]"),
        ] {
            assert!(compare(
                &mut encoder,
                text.as_bytes(),
                &format!("key of {len}")
            ));
        }
    }
}

#[test]
fn duplicates_among_many_keys_keep_place_and_last_value() {
    let mut encoder = Encoder::new();
    for count in [2, 7, 8, 100, 3000] {
        let members: Vec<String> = (0..count)
            .map(|n| format!("\"k{}\":{n}", n * 7 % (count / 2 + 1)))
            .collect();
        assert!(compare(
            &mut encoder,
            format!("{{{}}}", members.join(",")).as_bytes(),
            &format!("{count}")
        ));
    }
}

/// Random values as text, with white space, escapes and duplicate keys.
fn json_text() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_string()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<u64>().prop_map(|value| value.to_string()),
        (-1000i64..1000).prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(|value| format!("{value:e}")),
        (any::<i32>(), -30i32..30).prop_map(|(digits, power)| format!("{digits}e{power}")),
        (any::<u32>(), any::<u16>()).prop_map(|(whole, part)| format!("{whole}.{part}")),
        ".{0,20}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[a-z]{0,12}".prop_map(|text| format!(
            "\"{}\"",
            text.replace('q', "\\u0071").replace('x', "\\ud83d\\ude00")
        )),
    ];
    let key = prop_oneof!["[ab]{0,2}", "[a-z]{1,20}", ".{0,4}"]
        .prop_map(|text| serde_json::to_string(&text).unwrap());
    let space = prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\n\t")];
    scalar.prop_recursive(5, 120, 20, move |inner| {
        let items = prop::collection::vec((inner.clone(), space.clone()), 0..20);
        let members = prop::collection::vec((key.clone(), space.clone(), inner), 0..20);
        prop_oneof![
            items.prop_map(|items| {
                let items: Vec<String> = items
                    .into_iter()
                    .map(|(item, space)| format!("{space}{item}{space}"))
                    .collect();
                format!("[{}]", items.join(","))
            }),
            members.prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(key, space, value)| format!("{space}{key}{space}:{space}{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_values_agree_with_the_twin(text in json_text()) {
        let mut encoder = Encoder::new();
        prop_assert!(compare(&mut encoder, text.as_bytes(), &text));
    }

    #[test]
    fn damaged_texts_agree_with_the_twin(text in json_text(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        compare(&mut Encoder::new(), &bytes, &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_bytes_agree_with_the_twin(text in "[\\[\\]{}\",:0-9.eE+\\-a-z \\\\]{0,24}") {
        compare(&mut Encoder::new(), text.as_bytes(), &text);
    }
}
