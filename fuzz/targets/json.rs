#![no_main]

use plasmite_fuzz::{json, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| json::run(input)));
