#![no_main]

use plasmite_fuzz::{lite3, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| lite3::run(input)));
