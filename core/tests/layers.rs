//! The house rules that a compiler does not check: layers, file sizes, where unsafe code may be, and
//! sync points on both sides.

use std::path::{Path, PathBuf};

/// What each layer may import, itself aside. Everybody may import `error`, `limits` and `room`.
const LAYERS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("limits", &[]),
    ("room", &[]),
    ("sys", &[]),
    ("format", &["sys"]),
    ("ring", &["format", "sys"]),
    ("model", &["ring", "format", "sys"]),
    ("pool", &["ring", "format", "sys"]),
    ("lite3", &[]),
    ("json", &["lite3"]),
    ("ingest", &["json"]),
    ("message", &["json", "lite3"]),
    ("filter", &["message", "json", "lite3", "sys"]),
    ("replay", &["sys"]),
    (
        "doctor",
        &["pool", "ring", "format", "sys", "message", "json", "lite3"],
    ),
    (
        "migrate",
        &["pool", "ring", "format", "sys", "message", "json", "lite3"],
    ),
    ("salvage", &["pool", "ring", "format", "sys"]),
    (
        "store",
        &[
            "salvage", "doctor", "migrate", "pool", "ring", "format", "sys", "filter", "message",
            "ingest", "json", "lite3",
        ],
    ),
    // The root re-exports.
    ("lib", &["error", "format"]),
];
const FOR_ALL: &[&str] = &["error", "limits", "room"];
const MOST_LINES: usize = 500;
/// Where unsafe code may be: files of `src`, and directories. docs/architecture.md names the same.
const UNSAFE: &[&str] = &[
    "sys/",
    "ring/mapped.rs",
    "ring/racing.rs",
    "ring/window.rs",
    "pool/load.rs",
    "store/view.rs",
    "store/reserve.rs",
    "model/forking.rs",
    "model/locking.rs",
];

struct File {
    name: String,
    text: String,
}

fn files(directory: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        let entries = std::fs::read_dir(directory).unwrap();
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(File {
                    name: relative(&path, &root),
                    text: std::fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    assert!(!files.is_empty());
    files
}

fn relative(path: &Path, root: &PathBuf) -> String {
    path.strip_prefix(root).unwrap().display().to_string()
}

/// The file without comments and without its inline tests, which may look wherever they like.
fn code(file: &File) -> String {
    let text = file.text.split("#[cfg(test)]\nmod ").next().unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The layers that a piece of code names: `crate::x`, and each of `crate::{x, y}`.
fn named(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let word = |text: &str| -> String {
            let text = text.trim_start();
            text.chars()
                .take_while(|char| char.is_alphanumeric() || *char == '_')
                .collect()
        };
        match part.strip_prefix('{') {
            None => found.push(word(part)),
            Some(list) => {
                let mut depth = 0;
                let mut start = 0;
                for (at, char) in list.char_indices() {
                    match char {
                        '{' => depth += 1,
                        '}' if depth > 0 => depth -= 1,
                        '}' => {
                            found.push(word(&list[start..at]));
                            break;
                        }
                        ',' if depth == 0 => {
                            found.push(word(&list[start..at]));
                            start = at + 1;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn names_are_found_in_every_form() {
    assert_eq!(
        named("use crate::a::B; use crate::{c::{D, E}, f}; crate::g::h()"),
        ["a", "c", "f", "g"]
    );
}

#[test]
fn layers_import_only_what_lies_below_them() {
    for file in files("src") {
        let layer = file.name.split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            panic!("{} is in no layer: add it to the table", file.name);
        };
        for name in named(&code(&file)) {
            let is_layer = LAYERS.iter().any(|(layer, _)| *layer == name);
            // What the root defines itself, such as a constant, has no layer.
            let fine = !is_layer
                || name == layer
                || allowed.contains(&name.as_str())
                || FOR_ALL.contains(&name.as_str());
            assert!(fine, "{} imports `{name}`", file.name);
        }
    }
}

#[test]
fn the_table_has_no_circle() {
    // Each layer imports only layers that stand above it in the table, or below it but never both
    // ways: walk the imports and come back to nobody.
    fn reaches(from: &str, to: &str) -> bool {
        let (_, next) = LAYERS.iter().find(|(name, _)| *name == from).unwrap();
        next.iter().any(|next| *next == to || reaches(next, to))
    }
    for (name, _) in LAYERS {
        assert!(!reaches(name, name), "{name}");
    }
}

#[test]
fn no_file_is_too_long_and_each_says_what_it_is() {
    for directory in ["src", "tests"] {
        for file in files(directory) {
            let lines = file.text.lines().count();
            let name = &file.name;
            assert!(lines <= MOST_LINES, "{directory}/{name} has {lines} lines");
            assert!(file.text.starts_with("//! "), "{directory}/{name}");
        }
    }
}

#[test]
fn unsafe_code_is_only_where_it_is_allowed() {
    let word = |text: &str| {
        text.split(|char: char| !char.is_alphanumeric() && char != '_')
            .any(|word| word == "unsafe")
    };
    for file in files("src") {
        let name = &file.name;
        let found = code(&file).lines().any(word);
        let allowed = file.text.contains("allow(unsafe_code)]");
        let listed = UNSAFE.iter().any(|listed| match listed.ends_with('/') {
            true => name.starts_with(listed),
            false => name == listed,
        });
        assert!(
            listed || !found && !allowed,
            "{name} is not where unsafe code may be"
        );
        assert!(!allowed || word(&file.text), "{name} has no unsafe code");
        assert!(
            !file.text.contains("#![allow(unsafe_code)]") || !name.ends_with("mod.rs"),
            "{name} allows it for a whole layer"
        );
    }
    for listed in UNSAFE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert!(path.join(listed).exists(), "there is no {listed}");
    }
    for directory in ["../remote/src", "../cli/src"] {
        for file in files(directory) {
            assert!(!code(&file).lines().any(word), "{directory}/{}", file.name);
        }
    }
}

#[test]
fn the_document_names_the_files_with_unsafe_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/architecture.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once("- Unsafe code is denied").unwrap();
    let sentence = rest.split("\n\n").next().unwrap();
    let mut named = Vec::new();
    for name in sentence.split('`').skip(1).step_by(2) {
        let name = name.trim_start_matches("core/src/").trim_end_matches('*');
        match name.split_once('{').zip(name.split_once('}')) {
            Some(((before, _), (inside, after))) => named.extend(
                inside[before.len() + 1..]
                    .split(',')
                    .map(|one| format!("{before}{one}{after}")),
            ),
            None if name.ends_with('/') || name.ends_with(".rs") => named.push(name.to_owned()),
            None => {}
        }
    }
    let mut listed = UNSAFE.to_vec();
    named.sort();
    listed.sort_unstable();
    assert_eq!(named, listed);
}

#[test]
fn each_sync_point_has_a_release_and_an_acquire() {
    let files = files("src/ring");
    for label in ["(A)", "(B)"] {
        let marked = |order: &str| {
            files
                .iter()
                .flat_map(|file| file.text.lines())
                .filter_map(|line| line.split_once("//"))
                .filter(|(code, comment)| comment.contains(label) && code.contains(order))
                .count()
        };
        assert!(marked("Ordering::Release") > 0, "{label} has no release");
        assert!(marked("Ordering::Acquire") > 0, "{label} has no acquire");
    }
}
