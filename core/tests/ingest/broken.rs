//! What follows a bad record: the next good one, and no part of the bad one.

use super::{read, skipping, texts, Out};
use plasmite_core::ingest::{FaultKind, Ingest, Mode, OnFault, Options, Step};

/// Mode, input, texts of the records, number of faults.
type Case = (Mode, &'static str, &'static [&'static str], usize);

const CASES: &[Case] = &[
    // Pretty-printed values whose inner lines begin like records.
    (
        Mode::Auto,
        "{\"a\": [\n{\"b\": 1},\n[2]\n]}\nbad\n{\"ok\":1}\n",
        &["{\"a\": [\n{\"b\": 1},\n[2]\n]}", "{\"ok\":1}"],
        1,
    ),
    (
        Mode::Auto,
        "[\n{\"a\":1},\n{\"b\":oops},\n{\"c\":3}\n]\n{\"ok\":1}\n",
        &["{\"ok\":1}"],
        1,
    ),
    (
        Mode::Auto,
        "{\n  \"a\": [\n    {\"x\":1},\n    {\"y\":2} oops\n  ]\n}\n{\"ok\":1}",
        &["{\"ok\":1}"],
        1,
    ),
    (
        Mode::Auto,
        "{\"a\": oops,\n\"b\": 2\n}\n{\"ok\":1}",
        &["{\"ok\":1}"],
        1,
    ),
    // Cut short, by a line end or without one.
    (
        Mode::Auto,
        "{\"a\":[2,{\"c\":\"x\"}\n{\"d\":1}\n{\"e\":1}",
        &["{\"d\":1}", "{\"e\":1}"],
        1,
    ),
    (Mode::Auto, "{\"a\":[2}\n{\"d\":1}\n", &["{\"d\":1}"], 1),
    (Mode::Auto, "{\"a\":\"cut\n{\"d\":1}\n", &["{\"d\":1}"], 1),
    (
        Mode::Auto,
        "{\"a\":\n{\"lost\":1}\n{\"d\":1}\n",
        &["{\"d\":1}"],
        1,
    ),
    (
        Mode::Auto,
        "{\n  \"a\": \"unclosed,\n  \"b\": 2\n}\n{\"d\":1}\n",
        &["{\"d\":1}"],
        1,
    ),
    (Mode::Auto, "{\"d\":1}\n{\"a\":[1,\n  2", &["{\"d\":1}"], 1),
    // Other text between records: one fault a line.
    (
        Mode::Auto,
        "[INFO] started {1} [x]\n{\"d\":1}\n2026-01-02 12:30 no\n{\"e\":1}\n",
        &["{\"d\":1}", "{\"e\":1}"],
        2,
    ),
    (
        Mode::Auto,
        "{'a': {'b': 1}}\n\"text\"\n12:30\n7\nnul\n",
        &["\"text\"", "7"],
        3,
    ),
    (
        Mode::Auto,
        "{\"a\":1}}\n{\"b\":1},\n{\"c\":1} // x\n",
        &["{\"a\":1}", "{\"b\":1}", "{\"c\":1}"],
        3,
    ),
    // What spoils the content alone does not hide where the value ends.
    (
        Mode::Auto,
        "{\"a\":\"\\q\"}{\"b\":1}\n[1e999] [\"\\ud800\"] [3]\n",
        &["{\"b\":1}", "[3]"],
        3,
    ),
    (
        Mode::Auto,
        "{\"a\":1}{\"a\":2}\n",
        &["{\"a\":1}", "{\"a\":2}"],
        0,
    ),
    (Mode::JsonLines, "{\"a\":1}{\"a\":2}\n3", &["3"], 1),
    (
        Mode::Values,
        "1 2[3]\"4\"null{}\u{1e}\n5",
        &["1", "2", "[3]", "\"4\"", "null", "{}", "5"],
        1,
    ),
    (Mode::Auto, "1\n\u{1e}2\n\u{1e}[3", &["1", "2"], 1),
    (Mode::Auto, "{\"a\":\u{1e}2\n", &["2"], 1),
    (Mode::Json, "{\"a\":\n1}\n\n", &["{\"a\":\n1}"], 0),
    (Mode::Json, "1 2", &[], 1),
    (Mode::Json, " \n", &[], 0),
    (
        Mode::Sequence,
        "\u{1e}1 \n\u{1e}[2] x\n[3]\n\u{1e}4\n5\n6\n\u{1e}\"\\q\"\n7\u{1e}8\n",
        &["1", "4", "8"],
        3,
    ),
    (
        Mode::Sequence,
        "\u{1e}[2\n,3] \t\u{1e}true \u{1e}false",
        &["[2\n,3]"],
        2,
    ),
    (Mode::Auto, "retry: 10\n\ndata: 1\n\n", &["1"], 0),
    (
        Mode::Auto,
        "id\r\rdata: 1\r\n\r\ndata: [2,\r\ndata:3]\r\n: x\r\n\r\n",
        &["1", "[2,\n3]"],
        0,
    ),
    (Mode::Auto, "dat: 1\n2\n", &["2"], 1),
];

#[test]
fn the_next_good_record_is_found() {
    for (mode, input, records, faults) in CASES {
        let whole = read(skipping(*mode), [input.as_bytes()]);
        assert_eq!(
            texts(&whole),
            (
                records.iter().map(|text| (*text).to_owned()).collect(),
                *faults
            ),
            "{mode:?} {input:?}: {whole:#?}"
        );
        // As well when the input comes byte by byte.
        assert_eq!(
            read(skipping(*mode), input.as_bytes().chunks(1)),
            whole,
            "{mode:?} {input:?}"
        );
    }
}

fn only_fault(options: Options, input: &[u8]) -> (FaultKind, u64, String, String) {
    let out = read(options, [input]);
    let mut faults = out.into_iter().filter_map(|out| match out {
        Out::Fault {
            kind,
            line,
            message,
            snippet,
        } => Some((kind, line, message, snippet)),
        Out::Record { .. } => None,
    });
    let fault = faults.next().expect("a fault");
    assert_eq!(faults.next(), None);
    fault
}

#[test]
fn faults_say_what_and_where() {
    let (kind, line, message, snippet) =
        only_fault(skipping(Mode::Auto), b"\n1\n  {\"a\":\n 1 oops\n}\n");
    assert_eq!((kind, line), (FaultKind::Parse, 3));
    assert_eq!(
        message,
        "record 2: invalid JSON at line 4, column 4: expected `,` or `}` after a member, found `o`"
    );
    assert_eq!(snippet, "{\"a\":\n 1 oops");
    let (_, _, message, _) = only_fault(skipping(Mode::JsonLines), "1\n \"é\" x\n".as_bytes());
    assert!(
        message.starts_with("record 2: invalid JSON at line 2, column 6: "),
        "{message}"
    );
    let (_, _, message, _) = only_fault(
        skipping(Mode::Events),
        b"\xef\xbb\xbfid: 1\r\ndata:  [1,]\r\n",
    );
    assert!(
        message.starts_with("record 1: invalid JSON at line 2, column 11: "),
        "{message}"
    );
    let (_, _, message, _) = only_fault(skipping(Mode::Sequence), b"\x1e12\x1e");
    assert!(message.contains("cut short"), "{message}");
    let (_, line, message, snippet) = only_fault(skipping(Mode::Sequence), b"\njunk\n\x1e12\n");
    assert!(
        message.contains("record separator") && line == 2 && snippet == "junk",
        "{message}"
    );
    let long = format!("[{}", "é".repeat(300));
    let (_, _, _, snippet) = only_fault(skipping(Mode::JsonLines), long.as_bytes());
    assert!(
        snippet.len() >= 198 && snippet.ends_with("é..."),
        "{snippet}"
    );
    let (_, _, _, snippet) = only_fault(skipping(Mode::JsonLines), &[0xff; 150]);
    assert!(snippet.ends_with("..."), "{snippet}");
}

#[test]
fn large_records_are_passed_over() {
    let large = format!("[\n{{\"x\":\"{}\\\"]\"}}\n]", "y".repeat(500));
    for (mode, input) in [
        (Mode::Auto, format!("1 {large}[2]\n3\n")),
        (
            Mode::JsonLines,
            format!("1\n{}\n[2]\n3\n", large.replace('\n', " ")),
        ),
        (
            Mode::Sequence,
            format!("\u{1e}1\n\u{1e}{large}\n\u{1e}[2]\n\u{1e}3\n"),
        ),
        (
            Mode::Events,
            format!(
                "data:1\n\ndata: {}\n\ndata: [2]\n\ndata: 3\n\n",
                large.replace('\n', "\ndata:")
            ),
        ),
    ] {
        let options = Options {
            longest: Some(100),
            ..skipping(mode)
        };
        let whole = read(options, [input.as_bytes()]);
        assert_eq!(
            texts(&whole),
            (vec!["1".into(), "[2]".into(), "3".into()], 1),
            "{mode:?}"
        );
        let Out::Fault {
            kind,
            snippet,
            message,
            ..
        } = &whole[1]
        else {
            panic!("{whole:?}")
        };
        assert_eq!(*kind, FaultKind::Oversize);
        assert!(
            snippet.starts_with('[') && snippet.ends_with("...") && message.contains("100 bytes"),
            "{snippet}, {message}"
        );
        for piece in [1, 7, 64] {
            assert_eq!(
                read(options, input.as_bytes().chunks(piece)),
                whole,
                "{mode:?}"
            );
        }
    }
}

#[test]
fn lines_with_names_that_begin_like_data_add_nothing_to_an_event() {
    let options = Options {
        longest: Some(5),
        ..skipping(Mode::Events)
    };
    let input = b"data:12345\ndata2: x\n\ndata: 6\n\n";
    let whole = read(options, [&input[..]]);
    assert_eq!(texts(&whole), (vec!["12345".into(), "6".into()], 0));
    assert_eq!(read(options, input.chunks(1)), whole);
}

#[test]
fn line_ends_between_data_lines_count_for_the_size_of_an_event() {
    for (longest, expected) in [(6, (vec!["[1,\n2]".into()], 0)), (5, (vec![], 1))] {
        let options = Options {
            longest: Some(longest),
            ..skipping(Mode::Events)
        };
        let input = b"data:[1,\ndata:2]\n\n";
        let whole = read(options, [&input[..]]);
        assert_eq!(texts(&whole), expected);
        assert_eq!(read(options, input.chunks(1)), whole);
    }
}

#[test]
fn stopping_is_for_good() {
    let mut ingest = Ingest::new(Options {
        on_fault: OnFault::Stop,
        ..Options::default()
    });
    ingest.push(b"1\noops\n2\n");
    assert!(matches!(ingest.next_checked(), Step::Record(..)));
    assert!(matches!(ingest.next_checked(), Step::Fault(_)));
    for _ in 0..2 {
        assert!(matches!(ingest.next_checked(), Step::End));
        ingest.push(b"3\n");
    }
    assert_eq!((ingest.counts().records, ingest.counts().faults), (1, 1));
}
