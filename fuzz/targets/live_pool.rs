#![no_main]

use plasmite_fuzz::{live_pool, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| live_pool::run(input)));
