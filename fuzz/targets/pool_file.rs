#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| plasmite_fuzz::pool_file::run(input));
