//! Records do not depend on how the input is cut, and none waits for what comes behind it.

use super::{is_json, read, skipping};
use plasmite_core::ingest::{Ingest, Mode, Options, Step};
use proptest::prelude::*;

const MODES: [Mode; 6] = [
    Mode::Auto,
    Mode::JsonLines,
    Mode::Json,
    Mode::Sequence,
    Mode::Values,
    Mode::Events,
];

/// Pieces of good and of bad inputs.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    " ",
    "\u{1e}",
    "\u{1e}",
    "true",
    "nul",
    "12",
    "-1.5e3",
    "\"a\"",
    "{\"a\":1}",
    "{\"a\":[{\"b\":\"}\"}]}",
    "[1,2]\n",
    "\n{\"c\":1}\n",
    "data: ",
    "data:",
    "\ndata",
    "\ndata\n",
    "event: x\n",
    ": c\n",
    "oops",
    "é",
    "\u{feff}",
    "\"\\u00e9\"",
    "\0",
];

fn input() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        12 => prop::sample::select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => "\"[a-z]{100,300}\"".prop_map(String::into_bytes),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

fn cut<'a>(input: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = input;
    let mut lengths = lengths.iter().cycle();
    std::iter::from_fn(move || {
        let length = lengths.next().copied().unwrap_or(1).min(rest.len());
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        (length > 0).then_some(piece)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_cut_gives_the_same(
        input in input(),
        lengths in prop::collection::vec(1usize..20, 1..6),
        mode in prop::sample::select(&MODES[..]),
        longest in prop::sample::select(&[5usize, 20, 150, 10_000][..]),
    ) {
        let options = Options { longest: Some(longest), ..skipping(mode) };
        let whole = read(options, [input.as_slice()]);
        prop_assert_eq!(&read(options, cut(&input, &lengths)), &whole);
        prop_assert_eq!(&read(options, input.chunks(1)), &whole);
        for out in whole {
            prop_assert!(out.text().is_none_or(is_json));
        }
    }
}

/// All of the input but the last byte gives `before` records, the last byte one more.
#[track_caller]
fn comes_with_its_last_byte(mode: Mode, input: &str, before: usize) {
    let mut ingest = Ingest::new(Options {
        mode,
        ..Options::default()
    });
    let mut count = 0;
    let (most, last) = input.as_bytes().split_at(input.len() - 1);
    for (piece, expected) in [(most, before), (last, before + 1)] {
        ingest.push(piece);
        loop {
            match ingest.next_checked() {
                Step::Record(..) => count += 1,
                Step::More => break,
                other => panic!("{mode:?} {input:?}: {other:?}"),
            }
        }
        assert_eq!(count, expected, "{mode:?} {input:?}");
    }
}

#[test]
fn records_do_not_wait_for_the_next() {
    for (mode, input, before) in [
        (Mode::JsonLines, "{\"a\":1}\n", 0),
        (Mode::JsonLines, "1\n\n2\r\n", 1),
        (Mode::Auto, "{\"a\":1}", 0),
        (Mode::Auto, "{\"a\":\n[1]\n}", 0),
        (Mode::Auto, "1\n\"x\"", 1),
        (Mode::Auto, "[1] 12\n", 1),
        (Mode::Values, "true[", 0),
        (Mode::Values, "12 ", 0),
        (Mode::Sequence, "\u{1e}{\"a\":1}\n", 0),
        (Mode::Auto, "\u{1e}{\"a\":\n1}\n", 0),
        (Mode::Auto, "\u{1e}[1]\n\u{1e}2\n", 1),
        (Mode::Sequence, "\u{1e}[1]\u{1e}", 0),
        (Mode::Auto, "event: x\ndata: 1\n\n", 0),
        (Mode::Events, "data: 1\r\n\r\ndata: 2\r\r", 1),
    ] {
        comes_with_its_last_byte(mode, input, before);
    }
}

#[test]
fn memory_is_that_of_the_largest_record() {
    // A window that kept what was used would be a thousand times as large: this would take its time.
    let mut ingest = Ingest::new(skipping(Mode::Auto));
    let line = format!("{{\"text\":\"{}\"}}\n", "x".repeat(1000));
    let piece = line.repeat(64);
    let mut count = 0u64;
    for _ in 0..2_000 {
        ingest.push(piece.as_bytes());
        while let Step::Record(place, ()) = ingest.next_checked() {
            count += 1;
            assert_eq!(place.line, count);
        }
    }
    assert_eq!(count, 128_000);
}
