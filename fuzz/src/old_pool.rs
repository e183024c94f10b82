//! Pools of format 3, altered: examined and converted. What a conversion makes is a sound pool, and the old file is not
//! touched.

use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use plasmite_core::doctor::Status;
use plasmite_core::json::Encoder;
use plasmite_core::message::{document::Assembler, tags};
use plasmite_core::store::PoolOptions;
use plasmite_core::ErrorKind;

use crate::old_file::OldPool;
use crate::pool_file::doctor;
use crate::reading::{everything, known, open};
use crate::{scratch, tally};

const RING: usize = 4096 + 16 * 16;
const LONGEST: usize = 16 << 10;

pub fn run(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(bytes) = altered(&mut input) else {
        return;
    };
    let path = scratch::path("old");
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let file = file.expect("a file");
    file.set_len(bytes.len() as u64).expect("room");
    file.write_all_at(&bytes, 0).expect("room");
    doctor("old");
    scratch::remove_pool("new");
    match scratch::client().migrate("old", Some("new"), &PoolOptions::default()) {
        Ok(migrated) => {
            let report = doctor("new").expect("the new pool");
            assert_eq!(report.status, Status::Ok, "{report:?}");
            assert_eq!(report.messages, migrated.messages);
            let pool = open("new", false).expect("the new pool");
            let read = everything(&pool);
            assert_eq!(
                (read.seqs.len() as u64, read.errors),
                (migrated.messages, 0)
            );
        }
        Err(error) => {
            known(&error, &[ErrorKind::Corrupt, ErrorKind::Usage]);
            tally::refused();
            assert!(
                !scratch::path("new").exists(),
                "{error:?} left a file behind"
            );
        }
    }
    let mut after = vec![0; bytes.len()];
    file.read_exact_at(&mut after, 0).expect("the old file");
    assert!(after == bytes, "the old file was written to");
}

fn bases() -> &'static [Vec<u8>] {
    static BASES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    BASES.get_or_init(|| {
        [(0, 6), (4000, 30), (900, 3)]
            .map(|(start, count)| base(start, count))
            .into()
    })
}

fn base(start: usize, count: u64) -> Vec<u8> {
    let mut old = OldPool::new(12_288, 16, start);
    for seq in 1..=count {
        let (mut block, mut data, mut document) = (Vec::new(), Vec::new(), Vec::new());
        tags::encode([&b"a"[..]], &mut block).expect("tags");
        Encoder::new()
            .encode(format!("{{\"n\":{seq},\"s\":\"é\"}}").as_bytes(), &mut data)
            .expect("JSON");
        Assembler::new()
            .from_lite3(&block, &data, &mut document)
            .expect("a document");
        old.put(seq, seq * 1_000_000_000, &document);
    }
    old.bytes
}

fn altered(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes = input.choose(bases())?.clone();
    for _ in 0..40 {
        if input.is_empty() {
            break;
        }
        let within = usize::from(input.arbitrary::<u16>()?);
        let at = match input.int_in_range(0..=3u8)? {
            0 => within % 104,
            1 => 4096 + within % 256,
            _ => RING + within % (bytes.len().max(RING + 1) - RING),
        };
        match input.int_in_range(0..=3u8)? {
            0 => {
                let len = input.int_in_range(1..=80usize)?;
                put(&mut bytes, at, input.bytes(len.min(input.len()))?);
            }
            1 => {
                let word: i8 = input.arbitrary()?;
                put(&mut bytes, at & !3, &i32::from(word).to_le_bytes());
            }
            2 => {
                let len = usize::from(input.arbitrary::<u16>()?) % 1024;
                let from = RING + usize::from(input.arbitrary::<u16>()?) % 8192;
                let copy = bytes
                    .get(from..(from + len).min(bytes.len()))
                    .unwrap_or_default()
                    .to_vec();
                put(&mut bytes, at, &copy);
            }
            _ => bytes.resize(input.int_in_range(0..=LONGEST)?, 0),
        }
    }
    Ok(bytes)
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    let len = what.len().min(bytes.len().saturating_sub(at));
    if len > 0 {
        bytes[at..at + len].copy_from_slice(&what[..len]);
    }
}
