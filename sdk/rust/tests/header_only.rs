//! Rust sees only the header: the engine is linked, never called around it.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is there")
}

#[test]
fn the_manifest_names_no_engine() {
    let manifest = read("Cargo.toml");
    assert!(!manifest.contains("plasmite-core") && !manifest.contains("../core"));
    assert!(!manifest.contains("plasmite-remote") && !manifest.contains("../remote"));
    assert_eq!(
        manifest.matches("../../capi").count(),
        1,
        "one dependency, to be linked"
    );
    assert!(manifest
        .lines()
        .any(|line| line.contains("../../capi") && line.contains("optional = true")));
}

#[test]
fn the_library_crate_is_linked_and_nothing_else() {
    let mut uses = Vec::new();
    for entry in
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("the source")
    {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("readable");
        assert!(!text.contains("plasmite_core"), "{}", path.display());
        uses.extend(
            text.lines()
                .filter(|line| line.contains("plasmite_capi"))
                .map(str::to_owned),
        );
    }
    assert_eq!(uses, ["use plasmite_capi as _;"]);
}
