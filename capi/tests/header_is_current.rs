//! The committed header is what cbindgen makes of the source. `make header` writes it again.

use std::path::Path;

#[test]
fn header_is_current() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let header = here.join("../include/plasmite.h");
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).expect("cbindgen.toml");
    let bindings = cbindgen::Builder::new()
        .with_crate(here)
        .with_config(config)
        .generate()
        .expect("cbindgen reads the source");
    let mut made = Vec::new();
    bindings.write(&mut made);
    let made = String::from_utf8(made).expect("a header in UTF-8");
    if std::env::var_os("PLASMITE_WRITE_HEADER").is_some() {
        std::fs::write(&header, &made).expect("write the header");
    }
    let committed = std::fs::read_to_string(&header).unwrap_or_default();
    if let Some((line, (old, new))) = committed
        .lines()
        .zip(made.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new)
    {
        panic!(
            "include/plasmite.h differs at line {}:\n  has  {old}\n  want {new}\nrun `make header`",
            line + 1
        );
    }
    assert!(
        committed == made,
        "include/plasmite.h is shorter or longer than it should be; run `make header`"
    );
}
