//! One version everywhere: the workspace, the header, the library, its file name, the symbol list.

#![allow(unsafe_code)]

mod common;

use std::ffi::CStr;

use plasmite_capi::library::{plsm_abi_version, plsm_version, plsm_version_number};

fn define(header: &str, name: &str) -> String {
    let start = format!("#define {name} ");
    let line = header.lines().find(|line| line.starts_with(&start));
    line.unwrap_or_else(|| panic!("no {name} in the header"))[start.len()..].to_owned()
}

#[test]
fn header_and_crate_agree() {
    let header = common::read("include/plasmite.h");
    let (major, minor, patch) = (
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    );
    assert_eq!(define(&header, "PLSM_VERSION_MAJOR"), major);
    assert_eq!(define(&header, "PLSM_VERSION_MINOR"), minor);
    assert_eq!(define(&header, "PLSM_VERSION_PATCH"), patch);
    assert_eq!(
        define(&header, "PLSM_VERSION_STRING"),
        format!("{:?}", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        define(&header, "PLSM_VERSION_NUMBER"),
        plsm_version_number().to_string()
    );
    assert_eq!(
        define(&header, "PLSM_ABI_VERSION"),
        plsm_abi_version().to_string()
    );
    // SAFETY: a NUL-terminated text that lives for ever.
    let version = unsafe { CStr::from_ptr(plsm_version()) };
    assert_eq!(version.to_str().unwrap(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn newest_symbol_is_of_this_abi_version() {
    let newest = common::list("capi/symbols.txt")
        .iter()
        .map(|line| line[1].parse::<u32>().unwrap())
        .max();
    assert_eq!(newest, Some(plsm_abi_version()));
}

#[test]
fn library_file_carries_the_version() {
    let dir = common::library_dir();
    let real = dir.join(format!("libplasmite.so.{}", env!("CARGO_PKG_VERSION")));
    assert!(
        !real.is_symlink() && real.is_file(),
        "{} is missing",
        real.display()
    );
    for link in [
        "libplasmite.so".to_owned(),
        format!("libplasmite.so.{}", env!("CARGO_PKG_VERSION_MAJOR")),
    ] {
        assert_eq!(
            std::fs::canonicalize(dir.join(link)).unwrap(),
            std::fs::canonicalize(&real).unwrap()
        );
    }
}
