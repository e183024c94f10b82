#![no_main]

use plasmite_fuzz::{texts, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| texts::run(input)));
