//! The libraries export what capi/symbols.txt lists, the header declares the same, and nothing else leaks.

mod common;

use std::collections::BTreeSet;
use std::process::Command;

fn listed() -> BTreeSet<String> {
    let names: Vec<String> = common::list("capi/symbols.txt")
        .into_iter()
        .map(|line| line[0].clone())
        .collect();
    let set: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(set.len(), names.len(), "a symbol is listed twice");
    set
}

fn compare(found: &BTreeSet<String>) {
    let listed = listed();
    let new: Vec<&String> = found.difference(&listed).collect();
    let gone: Vec<&String> = listed.difference(found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "not in capi/symbols.txt: {new:?}; only there: {gone:?}"
    );
}

#[test]
fn header_declares_the_list() {
    let declared = common::declared_functions();
    let set: BTreeSet<String> = declared.iter().cloned().collect();
    assert_eq!(set.len(), declared.len(), "a function is declared twice");
    compare(&set);
}

#[test]
fn shared_library_exports_the_list_with_versions() {
    let library = common::library_dir().join("libplasmite.so");
    let printed = common::run(
        Command::new("nm")
            .args(["-D", "--defined-only"])
            .arg(&library),
    );
    let mut exported = BTreeSet::new();
    for line in printed.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, kind, symbol] = words[..] else {
            panic!("nm says {line}")
        };
        if kind == "A" {
            assert_eq!(
                symbol, "PLASMITE_1.0",
                "a version node that is not known here"
            );
            continue;
        }
        assert_eq!(kind, "T", "{symbol} is no function");
        let (name, version) = symbol
            .split_once("@@")
            .unwrap_or_else(|| panic!("{symbol} has no version"));
        assert_eq!(version, "PLASMITE_1.0");
        exported.insert(name.to_owned());
    }
    compare(&exported);
}

#[test]
fn static_library_keeps_everything_else_to_itself() {
    let library = common::library_dir().join("libplasmite.a");
    let printed = common::run(
        Command::new("nm")
            .args(["-g", "--defined-only"])
            .arg(&library),
    );
    let defined: BTreeSet<String> = printed
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(str::to_owned)
        .collect();
    compare(&defined);
}

#[test]
fn shared_library_is_named_and_hardened() {
    let library = common::library_dir().join("libplasmite.so");
    let dynamic = common::run(Command::new("readelf").arg("-dW").arg(&library));
    let major = env!("CARGO_PKG_VERSION_MAJOR");
    assert!(
        dynamic.contains(&format!("Library soname: [libplasmite.so.{major}]")),
        "{dynamic}"
    );
    assert!(dynamic.contains("NOW"), "{dynamic}");
    assert!(!dynamic.contains("TEXTREL"), "{dynamic}");
    let segments = common::run(Command::new("readelf").arg("-lW").arg(&library));
    assert!(segments.contains("GNU_RELRO"), "{segments}");
    for needed in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let known = [
            "libc.so",
            "libgcc_s.so",
            "ld-linux",
            "libm.so",
            "libpthread.so",
            "libdl.so",
        ];
        assert!(
            known.iter().any(|name| needed.contains(name)),
            "an unexpected dependency: {needed}"
        );
    }
}

#[test]
fn older_symbols_are_those_of_every_build() {
    let old: BTreeSet<String> = common::list("capi/symbols.txt")
        .into_iter()
        .filter(|line| line[1] == "0")
        .map(|line| line[0].clone())
        .collect();
    assert_eq!(old.len(), 20);
    let header = common::read("capi/tests/c/old_header.h");
    for name in &old {
        assert!(
            header.contains(&format!("{name}(")),
            "{name} is not in old_header.h"
        );
    }
}
