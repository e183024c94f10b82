//! Says where `libplasmite` is: linked statically from its crate (`bundled`), or found on the system, as a shared library
//! (`system`) or as an archive (`static`).

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=PLASMITE_LIB_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    let on = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    let installed = on("SYSTEM") || on("STATIC");
    if (on("BUNDLED") && !installed) || std::env::var_os("DOCS_RS").is_some() {
        return;
    }
    let file = library_file(on("STATIC"));
    let directories = match library_directories(file) {
        Ok(directories) => directories,
        Err(message) => {
            println!("cargo::error={message}");
            return;
        }
    };
    for directory in &directories {
        println!("cargo::rustc-link-search=native={}", directory.display());
        if on("STATIC") {
            continue;
        }
        // For this package's own tests only; a program says itself where it looks (see cli/build.rs).
        println!("cargo::rustc-link-arg=-Wl,-rpath,{}", directory.display());
    }
    if on("STATIC") {
        println!("cargo::rustc-link-lib=static=plasmite");
        // What the archive needs from the system; the order matters.
        for system in ["pthread", "dl", "m"] {
            println!("cargo::rustc-link-lib=dylib={system}");
        }
    } else {
        println!("cargo::rustc-link-lib=dylib=plasmite");
    }
}

/// Where to look: the directory asked for, else the workspace's release build, else what pkg-config says.
fn library_directories(file: &str) -> Result<Vec<PathBuf>, String> {
    if let Some(asked) = std::env::var_os("PLASMITE_LIB_DIR") {
        let directory = absolute(Path::new(&asked));
        return match directory.join(file).exists() {
            true => Ok(vec![directory]),
            false => Err(format!(
                "PLASMITE_LIB_DIR is {}, which holds no {}; run `make` there or correct the variable",
                directory.display(),
                file
            )),
        };
    }
    let built = workspace().join("target/release");
    println!("cargo::rerun-if-changed={}", built.join(file).display());
    if built.join(file).exists() {
        return Ok(vec![built]);
    }
    pkg_config().ok_or_else(|| {
        "libplasmite was not found: run `make` in the repository, install the library so that `pkg-config plasmite` \
         finds it, set PLASMITE_LIB_DIR, or use the feature `bundled`"
            .to_owned()
    })
}

/// The repository, when this crate is built inside it. A relative `PLASMITE_LIB_DIR` counts from here,
/// because cargo runs build scripts in the package's directory and `make` speaks of the top.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn absolute(path: &Path) -> PathBuf {
    let path = if path.is_absolute() {
        path.to_path_buf()
    } else {
        workspace().join(path)
    };
    path.canonicalize().unwrap_or(path)
}

fn library_file(archive: bool) -> &'static str {
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("windows") if archive => "plasmite.lib",
        _ if archive => "libplasmite.a",
        Ok("macos") => "libplasmite.dylib",
        Ok("windows") => "plasmite.dll.lib",
        _ => "libplasmite.so",
    }
}

/// The library directories pkg-config names; an empty list when the linker finds the library by itself.
fn pkg_config() -> Option<Vec<PathBuf>> {
    let program = std::env::var_os("PKG_CONFIG").unwrap_or_else(|| "pkg-config".into());
    println!("cargo::rerun-if-env-changed=PKG_CONFIG");
    println!("cargo::rerun-if-env-changed=PKG_CONFIG_PATH");
    let output = Command::new(program)
        .args(["--libs-only-L", "plasmite"])
        .output()
        .ok()?;
    output.status.success().then(|| {
        let text = String::from_utf8_lossy(&output.stdout);
        text.split_whitespace()
            .filter_map(|word| word.strip_prefix("-L"))
            .map(PathBuf::from)
            .collect()
    })
}
