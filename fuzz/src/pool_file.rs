//! An altered pool is examined, read, written to and salvaged.

use libfuzzer_sys::arbitrary::Unstructured;
use plasmite_core::doctor::{Report, Status};
use plasmite_core::store::{AppendOptions, LockWait, PoolOptions};
use plasmite_core::ErrorKind;

use crate::reading::{everything, known, open, plainly};
use crate::{image, scratch};

pub fn run(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let at_home = input.arbitrary().unwrap_or(true);
    let Ok(bytes) = image::altered(&mut input) else {
        return;
    };
    image::write("p", &bytes, at_home);
    examine(at_home);
    salvage();
}

pub fn doctor(name: &str) -> Option<Report> {
    let mut doctor = match scratch::client().doctor(Some(name)) {
        Ok(doctor) => doctor,
        Err(error) => {
            known(&error, &[ErrorKind::NotFound]);
            return None;
        }
    };
    // In slices, as hosts do.
    for _ in 0..100_000 {
        match doctor.step(3000) {
            Ok(true) => {}
            Ok(false) => {
                let report = doctor.reports()[0].clone();
                let mut out = Vec::new();
                plasmite_core::doctor::write_json([&report], &mut out);
                return Some(report);
            }
            Err(error) => {
                known(&error, &[ErrorKind::NotFound]);
                return None;
            }
        }
    }
    panic!("the examination does not end");
}

fn examine(at_home: bool) {
    let report = doctor("p");
    if let Some(pool) = open("p", true) {
        let read = everything(&pool);
        if let (Some(report), true) = (&report, at_home) {
            // The doctor and a reader see the same pool.
            if report.status == Status::Ok {
                assert_eq!(read.errors, 0, "the doctor found nothing: {report:?}");
                assert_eq!(read.seqs.len() as u64, report.messages, "{report:?}");
                let ends = read
                    .seqs
                    .first()
                    .map(|first| (*first, read.seqs[read.seqs.len() - 1]));
                assert_eq!(ends, report.bounds, "{report:?}");
            }
            if read.errors > 0 {
                assert_ne!(report.status, Status::Ok);
            }
        }
    } else if let Some(report) = &report {
        assert!(report.status != Status::Ok || !at_home, "{report:?}");
    }
    let Some(pool) = open("p", false) else { return };
    let before = plainly(&pool);
    let options = AppendOptions {
        lock_wait: LockWait::Try,
        ..AppendOptions::default()
    };
    match pool.append_json(b"{\"new\":true}", &options) {
        Ok(receipt) => {
            // Frames made up with right checksums may have any seq.
            let sound = report.is_some_and(|report| report.status == Status::Ok);
            assert!(
                !sound || before.seqs.iter().all(|old| *old < receipt.seq),
                "{receipt:?} after {before:?}"
            );
            let mut out = Vec::new();
            match pool.get_envelope(receipt.seq, &mut out) {
                // One made up with the same seq may be found first.
                Ok(()) => assert!(!sound || out.ends_with(b"\"data\":{\"new\":true}}")),
                // Among seqs in no order it is not found where it should be.
                Err(error) => {
                    assert!(!sound, "what was appended: {error:?}");
                    known(&error, &[ErrorKind::NotFound, ErrorKind::Corrupt]);
                }
            }
            // A pool that says that a sync failed is looked through, and damage in it is a message that is lost.
            if let Err(error) = pool.flush() {
                assert!(!sound, "a flush: {error:?}");
                known(&error, &[ErrorKind::Corrupt]);
            }
            let after = plainly(&pool);
            assert!(
                !sound || after.seqs.last() == Some(&receipt.seq),
                "{after:?}"
            );
        }
        // The seqs are used up, or the times; a pool that says that it was deleted is not there.
        Err(error) => known(
            &error,
            &[
                ErrorKind::Busy,
                ErrorKind::Corrupt,
                ErrorKind::Usage,
                ErrorKind::NotFound,
            ],
        ),
    }
}

/// What a salvage makes is a sound pool.
fn salvage() {
    scratch::remove_pool("out");
    match scratch::client().salvage("p", "out", &PoolOptions::default()) {
        Ok(salvaged) => {
            let report = doctor("out").expect("the new pool");
            if report.issue_count == 0 {
                assert_eq!(report.messages, salvaged.messages);
                assert_eq!(report.bounds, salvaged.bounds);
            }
            // Frames made up with right checksums are copied as they are, whatever is in them; all else is sound.
            let about_contents = ["encoding", "tags", "signature", "payload", "time_order"];
            let wrong = report
                .issues
                .iter()
                .find(|issue| !about_contents.contains(&issue.finding.name()));
            assert!(wrong.is_none(), "{wrong:?}");
            let pool = open("out", true).expect("the new pool");
            let read = plainly(&pool);
            assert!(read.seqs.len() as u64 <= salvaged.messages);
        }
        Err(error) => {
            known(
                &error,
                &[ErrorKind::Corrupt, ErrorKind::Usage, ErrorKind::NotFound],
            );
            assert!(
                !scratch::path("out").exists(),
                "{error:?} left a file behind"
            );
        }
    }
}
