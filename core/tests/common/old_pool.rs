//! What the tests of conversion share: old pools with messages, and looks at what became of them.

use std::fs;
use std::path::Path;

use plasmite_core::doctor::Status;
use plasmite_core::json::Encoder;
use plasmite_core::message::{document::Assembler, tags};
use plasmite_core::store::{Client, Next, OpenOptions, TailOptions, Wait};

pub(crate) use super::old_file::OldPool;

/// The Lite3 document of a message.
pub(crate) fn document(tag_list: &[&str], data: &str) -> Vec<u8> {
    let (mut block, mut encoded, mut document) = (Vec::new(), Vec::new(), Vec::new());
    tags::encode(tag_list.iter().map(|tag| tag.as_bytes()), &mut block).unwrap();
    Encoder::new()
        .encode(data.as_bytes(), &mut encoded)
        .unwrap();
    Assembler::new()
        .from_lite3(&block, &encoded, &mut document)
        .unwrap();
    document
}

/// A pool of format 3 with these seqs; times rise by a second each from the given one on.
pub(crate) fn old_pool(start: usize, seqs: std::ops::Range<u64>) -> OldPool {
    let mut old = OldPool::new(30_000, 64, start);
    for seq in seqs {
        let payload = document(
            &["a", "ü"],
            &format!("{{\"n\":{seq},\"f\":1.0,\"s\":\"é\"}}"),
        );
        old.put(seq, seq * 1_000_000_000, &payload);
    }
    old
}

/// Every message of a pool, as JSON.
pub(crate) fn envelopes(client: &Client, reference: &str) -> Vec<serde_json::Value> {
    let pool = client.open(reference, &OpenOptions::default()).unwrap();
    let stream = pool.tail(&TailOptions::default()).unwrap();
    let mut found = Vec::new();
    let mut out = Vec::new();
    loop {
        out.clear();
        match stream.next_envelope(Wait::Try, &mut out).unwrap() {
            Next::Message(_) => found.push(serde_json::from_slice(&out).unwrap()),
            Next::Timeout => return found,
            other => panic!("{other:?}"),
        }
    }
}

/// The doctor finds nothing at all.
pub(crate) fn is_healthy(client: &Client, reference: &str) {
    let mut doctor = client.doctor(Some(reference)).unwrap();
    while doctor.step(u64::MAX).unwrap() {}
    let report = &doctor.reports()[0];
    assert!(
        report.status == Status::Ok && report.hints.is_empty(),
        "{report:?}"
    );
}

/// What is in a directory.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
