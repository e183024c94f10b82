//! What the doctor and a salvage make of a file that a power cut left.

use std::path::Path;

use plasmite_core::doctor::{Doctor, Finding, Report};
use plasmite_core::pool::create::CreateOptions;
use plasmite_core::pool::Pool;
use plasmite_core::ring::locate::Place;
use plasmite_core::ring::memory::Memory;
use plasmite_core::ring::snapshot::Check;
use std::sync::atomic::Ordering;

/// Bodies of the messages by seq, from 1 on; none where one is lost.
type Bodies = [Option<Vec<u8>>];

fn report(path: &Path) -> Report {
    let mut doctor = Doctor::of_one("cut", path).unwrap();
    while doctor.step(1 << 20).unwrap() {}
    doctor.reports()[0].clone()
}

/// Messages by seq as they lie in the pool.
fn messages(pool: &Pool) -> Vec<(u64, u64, Vec<u8>)> {
    let ring = pool.shared().ring();
    let (mut at, head) = (ring.tail(), ring.head());
    let mut messages = Vec::new();
    while at < head {
        match ring.check(at, head) {
            Check::Padding(len) => at += len,
            Check::Good(header) => {
                let start = ring.body_offset(at) as usize;
                let words = &ring.memory.ring()[start / 8..];
                let body = words
                    .iter()
                    .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
                    .take(header.body_len() as usize)
                    .collect();
                messages.push((header.seq, at, body));
                at += header.len;
            }
            other => panic!("{other:?} at {at}"),
        }
    }
    messages
}

/// Of the file as the cut left it: the doctor gets to its end, and a salvage brings every flushed message that is
/// not overwritten, and none that never was.
pub(crate) fn torn(path: &Path, must: std::ops::RangeInclusive<u64>, bodies: &Bodies, seed: u64) {
    let flushed = |issue: &plasmite_core::doctor::Issue| issue.finding == Finding::Flushed;
    let report = report(path);
    // Where flushed messages must be there, none is missed. (Elsewhere newer ones, of which too little came to the disk to
    // know them by, may have begun to take their place.)
    if must.clone().any(|seq| bodies[seq as usize - 1].is_some()) {
        let is_missed = report.issues.iter().any(flushed);
        assert!(!is_missed, "seed {seed}: {must:?}, {report:?}");
    }
    let out = path.with_extension("salvaged");
    plasmite_core::salvage::salvage(path, &out, &CreateOptions::default())
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let pool = Pool::open(&out, false).unwrap();
    let found = messages(&pool);
    for (seq, _, body) in &found {
        let Some(Some(written)) = bodies.get(*seq as usize - 1) else {
            // Of messages that an earlier cut took, their seqs were not given again: they may still be in the file.
            continue;
        };
        assert_eq!(body, written, "seed {seed}, seq {seq} of a salvage");
    }
    for seq in must.filter(|seq| bodies[*seq as usize - 1].is_some()) {
        assert!(
            found.iter().any(|(found, ..)| *found == seq),
            "seed {seed}: {seq} is not in the salvage"
        );
    }
    drop(pool);
    std::fs::remove_file(out).unwrap();
}

/// Of a pool that was recovered: nothing is wrong with it, and each message is found by its seq.
pub(crate) fn recovered(path: &Path, pool: &Pool, seed: u64) {
    let found = messages(pool);
    for (seq, at, _) in &found {
        let place = pool.shared().ring().locate(*seq);
        assert_eq!(place, Place::At(*at), "seed {seed}, seq {seq}");
    }
    // An empty body is no JSON, as the doctor says.
    let empty = found.iter().filter(|(.., body)| body.is_empty()).count();
    let report = report(path);
    let payloads = |issue: &&_| {
        matches!(
            issue,
            plasmite_core::doctor::Issue {
                finding: Finding::Payload,
                ..
            }
        )
    };
    let others: Vec<_> = report
        .issues
        .iter()
        .filter(|issue| !payloads(issue))
        .collect();
    assert!(others.is_empty(), "seed {seed}: {others:?}");
    assert_eq!(report.issue_count, empty as u64, "seed {seed}");
}
