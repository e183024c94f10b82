//! Every mode against its twin.

use super::naive::{events, lines, sequence};
use super::{read, skipping, texts};
use plasmite_core::ingest::Mode;
use proptest::prelude::*;

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(texts)
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i32>().prop_map(|number| number.to_string()),
        Just("-0.5E+3".to_owned()),
        "[ -~é]{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        let blank = || prop::sample::select(&["", "", " ", "\n", "\n  ", "\t"][..]);
        prop_oneof![
            (prop::collection::vec((inner.clone(), blank()), 0..4)).prop_map(|items| {
                let items: Vec<String> = items
                    .into_iter()
                    .map(|(item, blank)| format!("{blank}{item}{blank}"))
                    .collect();
                format!("[{}]", items.join(","))
            }),
            (prop::collection::vec((inner, blank()), 0..4)).prop_map(|items| {
                let members = items
                    .into_iter()
                    .enumerate()
                    .map(|(n, (item, blank))| format!("{blank}\"k{n}\"{blank}:{blank}{item}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

/// Lines, some blank, some with blanks around them, some bad.
fn line_text() -> impl Strategy<Value = String> {
    let bad = prop::sample::select(
        &[
            "oops",
            "{",
            "1 2",
            "[1,]",
            "{\"a\":1}}",
            "\u{c}",
            "data",
            "'x'",
            "12:30",
        ][..],
    );
    let line = prop_oneof![
        4 => value().prop_map(|text| text.replace('\n', "")),
        1 => bad.prop_map(str::to_owned),
        1 => Just(String::new()),
    ];
    (line, prop::sample::select(&["", " ", "\t"][..]))
        .prop_map(|(line, blank)| format!("{blank}{line}{blank}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn of_lines(input in prop::collection::vec((line_text(), one_of(&["\n", "\r\n"])), 0..12)) {
        let input: String = input.into_iter().map(|(line, end)| line + end).collect();
        prop_assert_eq!(texts(&read(skipping(Mode::JsonLines), [input.as_bytes()])), lines(&input));
    }

    #[test]
    fn of_events(
        input in prop::collection::vec(
            (line_text(), one_of(&["data: ", "data:", ": ", "id: ", "data", ""])),
            0..16,
        ),
        end in one_of(&["\n", "\r\n", "\r"]),
    ) {
        let input: String = input.into_iter().map(|(line, field)| format!("{field}{line}{end}")).collect();
        prop_assert_eq!(texts(&read(skipping(Mode::Events), [input.as_bytes()])), events(&input));
    }

    #[test]
    fn of_sequences(
        input in prop::collection::vec(
            (
                prop_oneof![3 => value(), 1 => line_text()],
                one_of(&["\n", "\r\n", "", " ", "\n\n"]),
                one_of(&["\u{1e}", "\u{1e}", "\u{1e}\u{1e}", ""]),
            ),
            0..10,
        ),
    ) {
        let input: String = input.into_iter().map(|(value, end, start)| format!("{start}{value}{end}")).collect();
        prop_assert_eq!(texts(&read(skipping(Mode::Sequence), [input.as_bytes()])), sequence(&input));
    }

    #[test]
    fn of_values(
        values in prop::collection::vec((value(), one_of(&["", " ", "\n", "\r\n", "\t\n\n"])), 0..12),
        mode in prop::sample::select(&[Mode::Auto, Mode::Values][..]),
    ) {
        let mut input = String::new();
        for (value, blank) in &values {
            // Words and numbers need something between them.
            let joins = |text: &str, at: usize| text.as_bytes().get(at).is_some_and(|byte| !b"\"{[".contains(byte));
            let scalar = input.ends_with(|last: char| last.is_ascii_alphanumeric());
            if scalar && joins(value, 0) {
                input.push(' ');
            }
            input.push_str(value);
            input.push_str(blank);
        }
        let expected: Vec<String> = values.into_iter().map(|(value, _)| value).collect();
        prop_assert_eq!(texts(&read(skipping(mode), [input.as_bytes()])), (expected, 0));
    }
}
