#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| plasmite_fuzz::texts::run(input));
