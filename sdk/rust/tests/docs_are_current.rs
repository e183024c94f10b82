//! What the documents say of versions and features is what Cargo.toml says.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is there")
}

/// Clippy's `incompatible_msrv`, an error in `make check`, holds the code to the same version.
#[test]
fn the_oldest_rust_is_told() {
    let version = env!("CARGO_PKG_RUST_VERSION");
    for file in ["README.md", "src/lib.rs", "../../README.md"] {
        assert!(
            read(file).contains(&format!("Rust {version}")),
            "{file} does not say that it needs Rust {version}"
        );
    }
}

#[test]
fn every_feature_is_told_and_forwarded() {
    let (manifest, commands) = (read("Cargo.toml"), read("../../cli/Cargo.toml"));
    let (readme, docs) = (read("README.md"), read("src/lib.rs"));
    let features = manifest
        .lines()
        .skip_while(|line| *line != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = ["))
        .map(|(name, _)| name);
    let mut count = 0;
    for feature in features.filter(|name| *name != "default") {
        count += 1;
        assert!(
            readme.contains(&format!("`{feature}`")),
            "{feature} in README.md"
        );
        assert!(
            docs.contains(&format!("`{feature}`")),
            "{feature} in src/lib.rs"
        );
        assert!(
            commands.contains(&format!("\"plasmite-sdk/{feature}\"")),
            "the package `plasmite` does not forward {feature}"
        );
    }
    assert_eq!(count, 5);
}
