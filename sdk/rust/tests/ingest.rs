//! Inputs of every form into records, and records into a pool.

mod common;

use plasmite_sdk::{
    AppendOptions, Client, ErrorKind, Fault, FaultKind, Ingest, IngestMode, IngestOptions,
    IngestStep, LockWait, PoolOptions,
};

/// Texts of records, and bad records, when the input comes in pieces of a size.
fn read(options: &IngestOptions, input: &str, piece: usize) -> (Vec<String>, Vec<Fault>) {
    let mut ingest = Ingest::new(options).unwrap();
    let (mut texts, mut faults) = (Vec::new(), Vec::new());
    let mut pieces = input.as_bytes().chunks(piece);
    loop {
        match ingest.next().unwrap() {
            IngestStep::Record((place, text)) => {
                texts.push(text.to_owned());
                assert_eq!(place.index as usize, texts.len() + faults.len());
            }
            IngestStep::Fault(fault) => faults.push(*fault),
            IngestStep::More => match pieces.next() {
                Some(piece) => ingest.push(piece).unwrap(),
                None => ingest.finish().unwrap(),
            },
            IngestStep::End => break,
        }
    }
    let counts = ingest.counts().unwrap();
    assert_eq!(
        (counts.records, counts.faults),
        (texts.len() as u64, faults.len() as u64)
    );
    (texts, faults)
}

#[test]
fn every_mode() {
    use IngestMode::*;
    for (mode, input, expected, found) in [
        (Auto, "{\"a\":\n1}[2]\n3\n", "{\"a\":\n1}|[2]|3", Values),
        (JsonLines, "{\"a\":1}\n\n2", "{\"a\":1}|2", JsonLines),
        (Json, " [1,\n2]\n", "[1,\n2]", Json),
        (Auto, "\u{1e}1\n\u{1e}[2]\n", "1|[2]", Sequence),
        (Values, "1 2\"3\"", "1|2|\"3\"", Values),
        (Events, "data: 1\n\nid: x\n\ndata:2\n\n", "1|2", Events),
    ] {
        for piece in [1, 3, 100] {
            let bad = format!("{input}\n\u{1e}\ndata: x\n\nx\n");
            let options = IngestOptions::new().mode(mode);
            assert_eq!(read(&options, input, piece).0.join("|"), expected);
            let (_, faults) = read(&options.skip(true), &bad, piece);
            assert!(
                !faults.is_empty()
                    && faults
                        .iter()
                        .all(|fault| fault.mode == found || mode == Auto)
            );
        }
    }
}

#[test]
fn faults_tell_what_and_where() {
    let options = IngestOptions::new().skip(true).max_record(20);
    let (texts, faults) = read(
        &options,
        "1\n {\"a\": oops}\n\"0123456789012345678901234\"\n2\n",
        5,
    );
    assert_eq!(texts, ["1", "2"]);
    let [parse, oversize] = &faults[..] else {
        panic!("{faults:?}")
    };
    assert_eq!(
        (parse.kind, parse.place.line, parse.place.offset),
        (FaultKind::Parse, 2, 3)
    );
    assert_eq!(parse.snippet, "{\"a\": oops}");
    assert_eq!(
        (parse.error.kind(), parse.error.offset()),
        (ErrorKind::Usage, Some(9))
    );
    assert!(parse.error.hint().is_none() && parse.error.message().contains("line 2, column 8"));
    assert_eq!(
        (oversize.kind.name(), oversize.place.index),
        ("Oversize", 3)
    );
    // The first one is the last without `skip`.
    let (texts, faults) = read(&IngestOptions::new(), "1\nx\n2\n", 1);
    assert_eq!((texts.len(), faults.len()), (1, 1));
}

#[test]
fn straight_into_a_pool() {
    let directory = tempfile::tempdir().unwrap();
    let pool = Client::new(directory.path())
        .unwrap()
        .create("lab", &PoolOptions::new())
        .unwrap();
    let options = AppendOptions::new().tag("t").lock_wait(LockWait::Try);
    let mut ingest = Ingest::new(&IngestOptions::new().copy(true)).unwrap();
    ingest.push(b"{\"a\":1}\n").unwrap();
    // Another writer: the record stays the next one.
    let held = pool.reserve(100, &AppendOptions::new()).unwrap();
    let busy = ingest.append(&pool, &options).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    drop(held);
    let IngestStep::Record(appended) = ingest.append(&pool, &options).unwrap() else {
        panic!("no record")
    };
    assert_eq!(
        (
            appended.receipt.seq,
            appended.place.index,
            appended.copied_tags
        ),
        (1, 1, None)
    );
    assert_eq!(pool.get(1).unwrap().data_json(), "{\"a\":1}");

    // A complete message brings its own tags.
    let message = r#"{"seq":9,"time":"2026-01-02T03:04:05Z","meta":{"tags":["x"]},"data":[2]}"#;
    ingest.push(message.as_bytes()).unwrap();
    let error = ingest.append(&pool, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    match ingest.append(&pool, &AppendOptions::new()).unwrap() {
        IngestStep::Record(appended) => assert_eq!(appended.copied_tags, Some("[\"x\"]")),
        other => panic!("{other:?}"),
    }
    assert_eq!(pool.get(2).unwrap().data_json(), "[2]");
    ingest.finish().unwrap();
    assert!(matches!(
        ingest.append(&pool, &options).unwrap(),
        IngestStep::End
    ));
}
