//! Sizes and offsets of every struct in the header, as a C compiler sees them, are those of capi/layouts.txt.
//! PLASMITE_WRITE_LAYOUTS=1 writes the list again; a line that was ever released must not change.

mod common;

use std::fmt::Write;
use std::process::Command;

#[test]
fn layouts_are_as_listed() {
    if cfg!(not(all(
        target_pointer_width = "64",
        target_endian = "little"
    ))) {
        common::left_out("the list is of 64-bit targets");
        return;
    }
    let structs = common::defined_structs();
    assert!(
        structs.len() >= 15,
        "only {} structs found in the header",
        structs.len()
    );
    let mut program =
        String::from("#include <stdio.h>\n#include \"plasmite.h\"\nint main(void) {\n");
    for (name, fields) in &structs {
        assert!(!fields.is_empty(), "no fields found in {name}");
        writeln!(program, "printf(\"{name} %zu\\n\", sizeof(struct {name}));").unwrap();
        for field in fields {
            writeln!(
                program,
                "printf(\"{name}.{field} %zu %zu\\n\", offsetof(struct {name}, {field}), \
                 sizeof(((struct {name} *)0)->{field}));"
            )
            .unwrap();
        }
    }
    program.push_str("return 0;\n}\n");
    let dir = tempfile::tempdir().unwrap();
    let (source, binary) = (dir.path().join("layouts.c"), dir.path().join("layouts"));
    std::fs::write(&source, program).unwrap();
    let include = common::root().join("include");
    common::run(
        Command::new("cc")
            .arg("-I")
            .arg(include)
            .arg(&source)
            .arg("-o")
            .arg(&binary),
    );
    let found = common::run(&mut Command::new(&binary));

    let list = common::root().join("capi/layouts.txt");
    let comment =
        "# Struct: its size. Struct.field: offset, size. On 64-bit little-endian targets.\n";
    if std::env::var_os("PLASMITE_WRITE_LAYOUTS").is_some() {
        std::fs::write(&list, format!("{comment}{found}")).unwrap();
    }
    let listed: Vec<String> = common::list("capi/layouts.txt")
        .iter()
        .map(|words| words.join(" "))
        .collect();
    let found: Vec<&str> = found.lines().collect();
    for line in &listed {
        assert!(
            found.contains(&line.as_str()),
            "capi/layouts.txt has `{line}`, the header does not"
        );
    }
    assert_eq!(
        found, listed,
        "the header has a struct or field that capi/layouts.txt lacks"
    );
}

#[test]
fn rust_agrees_with_c() {
    use plasmite_capi::{
        append, bytes, doctor, error, frame, info, list, migrate, next, pool, stream, tail, value,
        view,
    };
    let sizes = [
        (
            "plsm_append_options",
            size_of::<append::plsm_append_options>(),
        ),
        ("plsm_receipt", size_of::<append::plsm_receipt>()),
        ("plsm_buf", size_of::<bytes::plsm_buf>()),
        ("plsm_bytes", size_of::<bytes::plsm_bytes>()),
        (
            "plsm_doctor_progress",
            size_of::<doctor::plsm_doctor_progress>(),
        ),
        (
            "plsm_doctor_report",
            size_of::<doctor::plsm_doctor_report>(),
        ),
        ("plsm_doctor_issue", size_of::<doctor::plsm_doctor_issue>()),
        ("plsm_migrated", size_of::<migrate::plsm_migrated>()),
        ("plsm_error", size_of::<error::plsm_error>()),
        ("plsm_lite3_frame", size_of::<frame::plsm_lite3_frame>()),
        ("plsm_pool_info", size_of::<info::plsm_pool_info>()),
        ("plsm_list_entry", size_of::<list::plsm_list_entry>()),
        ("plsm_gap", size_of::<next::plsm_gap>()),
        ("plsm_pool_options", size_of::<pool::plsm_pool_options>()),
        (
            "plsm_stream_options",
            size_of::<stream::plsm_stream_options>(),
        ),
        ("plsm_tail_options", size_of::<tail::plsm_tail_options>()),
        ("plsm_value", size_of::<value::plsm_value>()),
        ("plsm_view", size_of::<view::plsm_view>()),
    ];
    let listed = common::list("capi/layouts.txt");
    for (name, size) in sizes {
        let line = listed
            .iter()
            .find(|words| words[0] == name)
            .unwrap_or_else(|| panic!("{name} is not listed"));
        assert_eq!(line[1], size.to_string(), "{name}");
    }
}
