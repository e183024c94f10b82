//! The programs find `libplasmite.so` beside themselves and in `../lib`: built, installed, unpacked.
#![cfg(all(feature = "cli", not(feature = "bundled")))]

mod common;

use common::Scratch;
use std::fs;
use std::path::{Path, PathBuf};

/// The library as it was linked.
fn library() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release");
    std::env::var_os("PLASMITE_LIB_DIR")
        .map_or(built, PathBuf::from)
        .join("libplasmite.so")
}

#[test]
fn beside_the_program_and_in_lib() {
    for (programs, libraries) in [("here", "here"), ("prefix/bin", "prefix/lib")] {
        let scratch = Scratch::new();
        let [programs, libraries] =
            [programs, libraries].map(|directory| scratch.path().join(directory));
        fs::create_dir_all(&programs).unwrap();
        fs::create_dir_all(&libraries).unwrap();
        let program = programs.join("pls");
        fs::copy(env!("CARGO_BIN_EXE_pls"), &program).unwrap();
        let run = || {
            scratch
                .bare(program.to_str().unwrap())
                .env_remove("LD_LIBRARY_PATH")
                .arg("version")
                .output()
                .unwrap()
        };
        assert!(
            !run().status.success(),
            "without the library there is nothing to run"
        );
        fs::copy(library(), libraries.join("libplasmite.so.1")).unwrap();
        let output = run();
        assert!(output.status.success(), "{output:?}");
    }
}
