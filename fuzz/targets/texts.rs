#![no_main]

use plasmite_fuzz::{tally::counted, texts};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| texts::run(input)));
