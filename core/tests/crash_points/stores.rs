//! The stores to shared words that there are in the source, to be compared with those at which something has died.

use std::collections::BTreeSet;
use std::path::Path;

const OPERATIONS: [&str; 4] = [".store(", ".swap(", ".fetch_", "compare_exchange"];

/// Stores that no death can be tried at: file, a part of the line, why.
const EXCEPTIONS: [(&str, &str, &str); 9] = [
    (
        "pool/mod.rs",
        "looks.asked.store(",
        "its own: when a handle last thought of looking at its path",
    ),
    (
        "pool/mod.rs",
        "looks.steady.store(",
        "its own: when it looked, by one clock",
    ),
    (
        "pool/mod.rs",
        "looks.wall.store(",
        "its own: when it looked, by the other",
    ),
    (
        "ring/before.rs",
        "self.over.store(",
        "its own: whether a reader has seen that the pool was recovered",
    ),
    (
        "ring/mapped.rs",
        "self.settled.store(",
        "its own: whether a reader found it recovered",
    ),
    (
        "pool/owner.rs",
        "self.fd.store(",
        "its own: the descriptor of its lock",
    ),
    (
        "pool/owner.rs",
        "self.claimed.store(",
        "its own: the id that it claimed",
    ),
    (
        "pool/copied_up.rs",
        "copies_up.store(",
        "its own: whether a mapping may be outdated",
    ),
    (
        "ring/position.rs",
        "self.lap.store(",
        "its own: a hint for a division",
    ),
];

/// Lines of a file, named as points are, on which something is stored. Tests stand at the end of files.
fn stores_of(name: &str, text: &str) -> Vec<(String, String)> {
    let text = text.split("\n#[cfg(test)]\n").next().unwrap_or(text);
    let is_store = |line: &str| {
        !line.trim_start().starts_with("//") && OPERATIONS.iter().any(|part| line.contains(part))
    };
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| is_store(line))
        .map(|(index, line)| (format!("{name}:{}", index + 1), line.trim().to_string()))
        .collect()
}

/// Asks that there was a death at each store of the source.
pub(crate) fn all_are_among(died: &BTreeSet<String>) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut stores = Vec::new();
    for layer in ["ring", "pool", "format"] {
        for entry in std::fs::read_dir(source.join(layer)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{layer}/{}", path.file_name().unwrap().to_str().unwrap());
            assert!(name.ends_with(".rs"), "{name}: look into it as well");
            stores.extend(stores_of(&name, &std::fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(stores.len() > 60, "only {} found", stores.len());
    for (file, part, why) in EXCEPTIONS {
        let before = stores.len();
        stores.retain(|(place, line)| {
            !(place.starts_with(&format!("{file}:")) && line.contains(part))
        });
        assert_eq!(stores.len() + 1, before, "{file}: {part} ({why})");
    }
    let missed: Vec<_> = stores
        .iter()
        .filter(|(place, _)| !died.contains(place))
        .collect();
    assert!(missed.is_empty(), "nothing died before {missed:#?}");
}
