//! Commands whose output goes to a terminal: a pseudo-terminal of the test's own.

use super::Scratch;
use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Stdio};

/// Which streams of the command are the terminal.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum On {
    Stdin,
    Stdout,
    Stderr,
    Both,
}

/// What a command printed on the terminal, line ends as `\n`, and its exit code. Other output is dropped.
pub(crate) fn run<S: AsRef<OsStr>>(scratch: &Scratch, args: &[S], on: On) -> (String, Option<i32>) {
    run_with(scratch, args, on, &[])
}

/// The same with variables of the environment.
pub(crate) fn run_with<S: AsRef<OsStr>>(
    scratch: &Scratch,
    args: &[S],
    on: On,
    env: &[(&str, &str)],
) -> (String, Option<i32>) {
    run_beside(scratch, args, on, env, |_| {})
}

/// The same with something to do once the command has been started; what it prints meanwhile waits in the terminal.
pub(crate) fn run_beside<S: AsRef<OsStr>>(
    scratch: &Scratch,
    args: &[S],
    on: On,
    env: &[(&str, &str)],
    beside: impl FnOnce(&Child),
) -> (String, Option<i32>) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&controller).expect("granted");
    unlockpt(&controller).expect("unlocked");
    let name = ptsname(&controller, Vec::new()).expect("its name");
    let path = OsStr::from_bytes(name.as_bytes());
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .expect("its other end");
    let end = |mine: bool| match mine {
        true => Stdio::from(terminal.try_clone().expect("another descriptor")),
        false => Stdio::null(),
    };
    let mut command = scratch.command(args);
    command.env("TERM", "xterm").envs(env.iter().copied());
    command.stdin(end(on == On::Stdin));
    command
        .stdout(end(matches!(on, On::Stdout | On::Both)))
        .stderr(end(matches!(on, On::Stderr | On::Both)));
    if on == On::Stdin {
        let output = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .expect("it runs");
        return (
            String::from_utf8_lossy(&output.stderr).into_owned(),
            output.status.code(),
        );
    }
    let mut child = command.spawn().expect("it starts");
    // Our copies of the terminal must be gone, or its end would never show.
    drop(command);
    drop(terminal);
    beside(&child);
    let mut text = Vec::new();
    // A terminal that nobody has open any more ends with an error (EIO), not with an end of file.
    let _ = File::from(controller).read_to_end(&mut text);
    let code = child.wait().expect("it ends").code();
    (String::from_utf8_lossy(&text).replace("\r\n", "\n"), code)
}
