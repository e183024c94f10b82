//! Gives the programs a run path, so that they find `libplasmite.so` beside themselves (`target/release`) and in
//! `../lib` (an installed prefix, an unpacked archive).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let on = |feature: &str| std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    if on("BUNDLED") && !on("SYSTEM") {
        return;
    }
    let run_path = match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("windows") => return,
        Ok("macos") => "-Wl,-rpath,@executable_path,-rpath,@executable_path/../lib",
        _ => "-Wl,-rpath,$ORIGIN:$ORIGIN/../lib",
    };
    println!("cargo::rustc-link-arg-bins={run_path}");
}
