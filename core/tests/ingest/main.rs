//! Records out of inputs of every form, cut into any pieces.

mod broken;
#[path = "../codec/mod.rs"]
mod codec;
mod manifest;
mod naive;
mod pieces;
mod streams;
mod twin;

pub(crate) use naive::is_json;
use plasmite_core::ingest::{Fault, FaultKind, Ingest, Mode, OnFault, Options, Step};

/// What came out of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Out {
    Record {
        line: u64,
        text: Vec<u8>,
    },
    Fault {
        kind: FaultKind,
        line: u64,
        message: String,
        snippet: String,
    },
}

impl Out {
    fn text(&self) -> Option<&[u8]> {
        match self {
            Out::Record { text, .. } => Some(text),
            Out::Fault { .. } => None,
        }
    }
}

pub(crate) fn skipping(mode: Mode) -> Options {
    Options {
        mode,
        on_fault: OnFault::Skip,
        ..Options::default()
    }
}

/// Everything that comes out when the input comes in these pieces; records and faults are numbered in order.
pub(crate) fn read<'a>(options: Options, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Out> {
    let mut ingest = Ingest::new(options);
    let mut out = Vec::new();
    let mut offset = 0;
    let mut drain = |ingest: &mut Ingest, ended: bool| loop {
        let count = out.len() as u64;
        match ingest.next_checked() {
            Step::Record(place, ()) => {
                assert_eq!(place.index, count + 1);
                assert!(place.offset >= offset);
                offset = place.offset;
                out.push(Out::Record {
                    line: place.line,
                    text: ingest.text().to_vec(),
                });
            }
            Step::Fault(Fault {
                place,
                kind,
                error,
                snippet,
            }) => {
                assert_eq!(place.index, count + 1);
                assert!(snippet.len() <= 200, "{snippet}");
                out.push(Out::Fault {
                    kind,
                    line: place.line,
                    message: error.message().to_owned(),
                    snippet,
                });
            }
            Step::More => {
                assert!(!ended);
                break;
            }
            Step::End => {
                assert!(ended || options.on_fault == OnFault::Stop);
                break;
            }
        }
    };
    for piece in pieces {
        ingest.push(piece);
        drain(&mut ingest, false);
    }
    ingest.finish();
    drain(&mut ingest, true);
    let counts = ingest.counts();
    assert_eq!(
        counts.records,
        out.iter().filter(|out| out.text().is_some()).count() as u64
    );
    assert_eq!(counts.records + counts.faults, out.len() as u64);
    out
}

/// The texts of the records, and how many faults there were.
pub(crate) fn texts(out: &[Out]) -> (Vec<String>, usize) {
    let texts: Vec<String> = out
        .iter()
        .filter_map(Out::text)
        .map(|text| String::from_utf8(text.to_vec()).expect("records are UTF-8"))
        .collect();
    let faults = out.len() - texts.len();
    (texts, faults)
}
