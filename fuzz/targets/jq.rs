#![no_main]

use plasmite_fuzz::{jq, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| jq::run(input)));
