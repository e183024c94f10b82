#![no_main]

use plasmite_fuzz::{old_pool, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| old_pool::run(input)));
