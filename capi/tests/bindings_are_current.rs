//! The Rust SDK's `src/raw.rs` is what bindgen makes of `include/plasmite.h`, neither more nor less.
//!
//! Here and not beside it, because that crate does not compile before its bindings are there.
//!
//! bindgen loads libclang, which `make bindings` and `make test` install into `target/venv`; another one is named by
//! `LIBCLANG_PATH`. With `PLASMITE_WRITE_BINDINGS=1` the file is written instead of compared: that is `make bindings`.

#[path = "../../core/tests/common/left_out.rs"]
mod left_out;

use bindgen::callbacks::{IntKind, ParseCallbacks};
use left_out::left_out;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where libclang is, for bindgen: as asked, or as installed by the Makefile.
fn find_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let versions = fs::read_dir(repository().join("target/venv/lib"))
        .into_iter()
        .flatten()
        .flatten();
    let installed = versions
        .map(|version| version.path().join("site-packages/clang/native"))
        .find(|path| path.exists());
    if let Some(directory) = &installed {
        std::env::set_var("LIBCLANG_PATH", directory);
    }
    installed.is_some()
}

/// bindgen reads macros as signed numbers.
#[derive(Debug)]
struct Waits;

impl ParseCallbacks for Waits {
    fn int_macro(&self, name: &str, _: i64) -> Option<IntKind> {
        name.starts_with("PLSM_WAIT_").then_some(IntKind::U64)
    }
}

const STDINT: &str = "\
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
";

fn generate() -> String {
    let header = repository().join("include/plasmite.h");
    let bindings = bindgen::Builder::default()
        .header(header.to_str().expect("the path is UTF-8"))
        // The libclang of PyPI comes without C headers, and of these two only names of Rust's own types count.
        .header_contents(
            "/plasmite-bindgen/stddef.h",
            "typedef __SIZE_TYPE__ size_t;\n",
        )
        .header_contents("/plasmite-bindgen/stdint.h", STDINT)
        .clang_args(["-nostdinc", "-I/plasmite-bindgen"])
        .allowlist_item("(plsm|PLSM)_.*")
        // Versions of the header are for C.
        .blocklist_item("PLSM_(VERSION|ABI)_.*")
        .parse_callbacks(Box::new(Waits))
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .derive_default(true)
        .derive_debug(true)
        .layout_tests(false)
        .size_t_is_usize(true)
        .generate_comments(false)
        .disable_header_comment()
        .use_core()
        .rust_target(
            bindgen::RustTarget::stable(85, 0)
                .unwrap_or_else(|_| panic!("the minimum Rust version is known")),
        )
        .formatter(bindgen::Formatter::Rustfmt)
        .generate()
        .expect("bindgen understands the header");
    let head = "//! The C declarations of `include/plasmite.h`. Made by bindgen (`make bindings`); do not edit.\n\
                #![allow(missing_docs, unreachable_pub, unsafe_code, non_camel_case_types, dead_code, unused_imports)]\n\
                #![allow(clippy::all, clippy::undocumented_unsafe_blocks)]\n\n";
    format!("{head}{bindings}")
}

#[test]
fn bindings_are_current() {
    if !find_libclang() {
        left_out("no libclang; `make bindings` installs one and compares");
        return;
    }
    let path = repository().join("sdk/rust/src/raw.rs");
    let generated = generate();
    if std::env::var_os("PLASMITE_WRITE_BINDINGS").is_some() {
        fs::write(&path, generated).expect("src/raw.rs can be written");
        return;
    }
    let committed = fs::read_to_string(&path).expect("src/raw.rs is there");
    // Not `assert_eq`: two whole files help nobody.
    if let Some(line) = (1..)
        .zip(generated.lines().zip(committed.lines()))
        .find(|(_, (new, old))| new != old)
    {
        panic!("src/raw.rs differs from the header at line {line:?}; run `make bindings` and commit the result");
    }
    assert_eq!(
        generated.len(),
        committed.len(),
        "src/raw.rs is out of date; run `make bindings` and commit the result"
    );
}
