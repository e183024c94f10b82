#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| plasmite_fuzz::lite3::run(input));
