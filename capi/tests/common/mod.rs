//! What the tests of the ABI share: where things are, the header's declarations, and running tools.

#![allow(dead_code, unused_imports, reason = "each test uses a part")]

#[path = "../../../core/tests/common/left_out.rs"]
mod left_out;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
pub(crate) use left_out::left_out;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("capi is in the repository")
        .to_path_buf()
}

/// A file of the repository.
pub(crate) fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where `make lib` has put the libraries.
pub(crate) fn library_dir() -> PathBuf {
    let dir = std::env::var_os("PLASMITE_LIB_DIR")
        .map_or_else(|| root().join("target/release"), PathBuf::from);
    assert!(
        dir.join("libplasmite.so").exists() && dir.join("libplasmite.a").exists(),
        "the libraries are not in {}; run `make lib` first, or set PLASMITE_LIB_DIR",
        dir.display()
    );
    dir
}

/// Runs a tool and gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The lines of a list, without comments, split into words.
pub(crate) fn list(path: &str) -> Vec<Vec<String>> {
    read(path)
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

/// The header without its comments.
fn header() -> String {
    read("include/plasmite.h")
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The functions that the header declares.
pub(crate) fn declared_functions() -> Vec<String> {
    let header = header();
    let mut names = Vec::new();
    for statement in header.split(';') {
        // A declaration's last line group starts behind the preprocessor's lines.
        let text: Vec<&str> = statement
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .collect();
        let text = text.join(" ");
        let Some((before, _)) = text.split_once('(') else {
            continue;
        };
        if before.contains("typedef") || before.contains('{') && !before.contains("extern") {
            continue;
        }
        let name: String = before
            .chars()
            .rev()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let name: String = name.chars().rev().collect();
        if name.starts_with("plsm_") {
            names.push(name);
        }
    }
    names
}

/// The structs that the header defines, with the names of their fields in order.
pub(crate) fn defined_structs() -> BTreeMap<String, Vec<String>> {
    let header = header();
    let mut structs = BTreeMap::new();
    let mut rest = header.as_str();
    while let Some(at) = rest.find("struct plsm_") {
        rest = &rest[at + "struct ".len()..];
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let after = rest[name.len()..].trim_start();
        if !after.starts_with('{') {
            continue;
        }
        let body = &after[1..after.find('}').expect("the struct ends")];
        let fields = body
            .split(';')
            .filter_map(|field| {
                field
                    .split('[')
                    .next()?
                    .split([' ', '*', '\n'])
                    .rfind(|word| !word.is_empty())
            })
            .map(str::to_owned)
            .collect();
        structs.insert(name, fields);
    }
    structs
}
