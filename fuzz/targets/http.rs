#![no_main]

use plasmite_fuzz::{http, tally::counted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| counted(|| http::run(input)));
