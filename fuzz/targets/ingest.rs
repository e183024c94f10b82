#![no_main]

use plasmite_fuzz::{ingest, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| ingest::run(input)));
