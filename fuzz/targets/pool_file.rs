#![no_main]

use plasmite_fuzz::{pool_file, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| pool_file::run(input)));
