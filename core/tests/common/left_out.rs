//! Parts of tests that a machine cannot run.

/// Says that a part of a test is left out here, and why: to standard error past the harness's capture, which would hide it
/// behind a test that passes, and in the file that `PLASMITE_LEFT_OUT` names, for the end of a run. Scripts say it with
/// tests/left-out.
pub(crate) fn left_out(why: &str) {
    use std::io::Write;
    let thread = std::thread::current();
    let line = format!("left out: {}: {why}\n", thread.name().unwrap_or("a test"));
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(list) = std::env::var_os("PLASMITE_LEFT_OUT") {
        let list = std::fs::File::options()
            .create(true)
            .append(true)
            .open(list);
        list.and_then(|mut list| list.write_all(line.as_bytes()))
            .expect("the list of what is left out");
    }
}
