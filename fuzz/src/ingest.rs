//! Inputs of every framing, cut in any way: what comes out does not depend on the pieces, is JSON, and is what the naive
//! reading of the whole input gives.

use libfuzzer_sys::arbitrary::Unstructured;
use plasmite_core::ingest::{FaultKind, Ingest, Mode, OnFault, Options, Step};
use plasmite_core::json::Encoder;

use crate::{naive, tally};

const MODES: [Mode; 6] = [
    Mode::Auto,
    Mode::JsonLines,
    Mode::Json,
    Mode::Sequence,
    Mode::Values,
    Mode::Events,
];

pub fn run(input: &[u8]) {
    // How to read stands in the last bytes, so that whole files are inputs as they are.
    let (text, how) = input.split_at(input.len().saturating_sub(8));
    let mut how = Unstructured::new(how);
    let mode = *how.choose(&MODES).unwrap_or(&Mode::Auto);
    let longest = *how.choose(&[1 << 20, 5, 20, 150]).unwrap_or(&(1 << 20));
    let stops = how.ratio(1, 8).unwrap_or(false);
    let on_fault = if stops { OnFault::Stop } else { OnFault::Skip };
    let options = Options {
        mode,
        on_fault,
        longest: Some(longest),
        copy: false,
    };
    let whole = read(options, std::iter::once(text));
    if whole.iter().any(|out| out.is_err()) {
        tally::refused();
    }
    let mut rest = text;
    let pieces = std::iter::from_fn(|| {
        let len = usize::from(how.arbitrary::<u8>().unwrap_or(3)).clamp(1, rest.len().max(1));
        let (piece, behind) = rest.split_at(len.min(rest.len()));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    });
    assert_eq!(read(options, pieces), whole);
    assert_eq!(read(options, text.chunks(1)), whole);
    if stops || longest < text.len() {
        return;
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    // What the twins leave aside: a byte-order mark.
    if text.contains('\u{feff}') {
        return;
    }
    let twin = match mode {
        Mode::JsonLines => naive::lines(text),
        Mode::Events => naive::events(text),
        Mode::Sequence => naive::sequence(text),
        _ => return,
    };
    let records = whole.iter().filter_map(|out| out.as_ref().ok());
    let records: Vec<_> = records
        .map(|text| String::from_utf8(text.clone()).expect("UTF-8"))
        .collect();
    let faults = whole.len() - records.len();
    assert_eq!((records, faults), twin);
}

/// Records, and what was wrong with others.
fn read<'a>(
    options: Options,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Vec<Result<Vec<u8>, (FaultKind, String)>> {
    let mut ingest = Ingest::new(options);
    let mut out = Vec::new();
    let mut pieces = pieces.fuse();
    loop {
        match ingest.next_checked() {
            Step::Record(..) => {
                let text = ingest.text().to_vec();
                Encoder::new()
                    .encode(&text, &mut Vec::new())
                    .expect("a record is JSON");
                out.push(Ok(text));
            }
            Step::Fault(fault) => out.push(Err((fault.kind, fault.error.message().to_owned()))),
            Step::More => match pieces.next() {
                Some(piece) => ingest.push(piece),
                None => ingest.finish(),
            },
            Step::End => return out,
        }
    }
}
