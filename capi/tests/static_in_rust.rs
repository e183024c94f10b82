//! The static library serves a Rust program that has a standard library of its own: neither meets the other's symbols.

mod common;

use std::process::Command;

const PROGRAM: &str = r#"
use std::ffi::{c_char, c_int, c_void, CStr};
unsafe extern "C" {
    fn plsm_version() -> *const c_char;
    fn plsm_client_new(dir: *const c_char, out: *mut *mut c_void, err: *mut *mut c_void) -> c_int;
    fn plsm_client_free(client: *mut c_void);
}
fn main() {
    let mut client = std::ptr::null_mut();
    // Both sides unwind: the program catches a panic of its own, the library refuses a bad argument.
    assert!(std::panic::catch_unwind(|| panic!("the program's own")).is_err());
    unsafe {
        assert_eq!(plsm_client_new(c"x".as_ptr(), std::ptr::null_mut(), std::ptr::null_mut()), -1);
        assert_eq!(plsm_client_new(c"x".as_ptr(), &mut client, std::ptr::null_mut()), 0);
        plsm_client_free(client);
        print!("{}", CStr::from_ptr(plsm_version()).to_str().unwrap());
    }
}
"#;

#[test]
fn a_rust_program_links_the_static_library() {
    let dir = tempfile::tempdir().unwrap();
    let (source, binary) = (dir.path().join("program.rs"), dir.path().join("program"));
    std::fs::write(&source, PROGRAM).unwrap();
    let library = common::library_dir().join("libplasmite.a");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    common::run(
        Command::new(rustc)
            .args(["--edition", "2024", "-o"])
            .arg(&binary)
            .arg(&source)
            .arg("-C")
            .arg(format!("link-arg={}", library.display())),
    );
    assert_eq!(
        common::run(&mut Command::new(&binary)),
        env!("CARGO_PKG_VERSION")
    );
}
