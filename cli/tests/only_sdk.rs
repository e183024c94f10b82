//! The commands reach the engine through the SDK alone, as every other language does.

use std::fs;
use std::path::Path;

#[test]
fn the_manifest_names_neither_core_nor_capi_nor_remote() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .expect("the manifest");
    assert!(
        manifest.contains("plasmite-sdk"),
        "the manifest read is the right one"
    );
    for name in [
        "plasmite-core",
        "plasmite_core",
        "plasmite-capi",
        "plasmite_capi",
        "plasmite-remote",
        "../core",
        "../capi",
        "../remote",
    ] {
        assert!(!manifest.contains(name), "cli/Cargo.toml names {name}");
    }
}

#[test]
fn the_source_names_no_declaration_of_the_header() {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)
            .expect("a directory")
            .map(|entry| entry.expect("an entry").path())
        {
            if entry.is_dir() {
                directories.push(entry);
                continue;
            }
            files += 1;
            let text = fs::read_to_string(&entry).expect("readable");
            assert!(
                !text.contains("plsm_"),
                "{} goes around the SDK",
                entry.display()
            );
        }
    }
    assert!(files > 20, "the source was found");
}
