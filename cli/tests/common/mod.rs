//! Running the commands as processes, each test in a directory of its own, under a watchdog.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{channel, RecvTimeoutError, Sender};
use std::time::Duration;

pub(crate) mod both;
pub(crate) mod http;
pub(crate) mod http2;
#[path = "../../../core/tests/common/left_out.rs"]
mod left_out;
pub(crate) mod mcp;
pub(crate) mod nobody;
pub(crate) mod old;
pub(crate) mod relay;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod shared;
pub(crate) mod terminal;
pub(crate) mod tls;

pub(crate) use left_out::left_out;

/// A test that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory for one test, and the commands run in it.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
    /// Dropped at the end of the test: the watchdog then goes home.
    _watchdog: Sender<()>,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Scratch {
    pub(crate) fn new() -> Scratch {
        Scratch::with_patience(PATIENCE)
    }

    /// For a test that may take longer than others.
    pub(crate) fn with_patience(patience: Duration) -> Scratch {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Scratch {
            dir,
            _watchdog: watchdog(patience),
        }
    }

    /// The directory the commands run in. Their pools are in its `pools`.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where pools named without a path are.
    pub(crate) fn pools(&self) -> PathBuf {
        self.path().join("pools")
    }

    /// The file of a pool.
    pub(crate) fn pool(&self, name: &str) -> PathBuf {
        self.pools().join(format!("{name}.plasmite"))
    }

    /// `plasmite --dir …/pools ARGS`, not started, input and output not yet said.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = self.bare(env!("CARGO_BIN_EXE_plasmite"));
        command.arg("--dir").arg(self.pools()).args(args);
        command
    }

    /// A program in this directory, without our variables.
    pub(crate) fn bare(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env("HOME", self.path())
            .env_remove("NO_COLOR");
        if let Some(directory) = library_dir() {
            command.env("LD_LIBRARY_PATH", directory);
        }
        command
    }

    /// Runs a command to its end, without input.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Ran {
        finish(
            self.command(args)
                .stdin(Stdio::null())
                .output()
                .expect("the command runs"),
        )
    }

    /// Runs a command to its end with this input.
    pub(crate) fn run_with<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Ran {
        let mut child = self.spawn(args);
        let mut stdin = child.stdin.take().expect("piped");
        let input = input.to_vec();
        // From another thread: the command may print before it has read everything, or stop reading.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("the command runs");
        writer.join().expect("the writer ends");
        finish(output)
    }

    /// Starts a command with all three streams piped.
    pub(crate) fn spawn<S: AsRef<OsStr>>(&self, args: &[S]) -> Child {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts")
    }

    /// Appends messages, each a JSON text, through one command.
    pub(crate) fn feed(&self, pool: &str, messages: &[&str]) {
        let ran = self.run_with(&["feed", pool, "--create"], messages.join("\n").as_bytes());
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

/// In the system's way of linking, programs under test find the library where the Makefile built it.
pub(crate) fn library_dir() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release");
    let asked = std::env::var_os("PLASMITE_LIB_DIR").map(PathBuf::from);
    asked
        .or(Some(built))
        .filter(|directory| directory.join("libplasmite.so").exists())
}

fn watchdog(patience: Duration) -> Sender<()> {
    let (sender, receiver) = channel::<()>();
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    std::thread::spawn(move || {
        if receiver.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            // Past the capture of the test's output, which goes with the process.
            let _ = writeln!(
                std::io::stderr(),
                "{test} hangs: it takes longer than {patience:?}"
            );
            std::process::abort();
        }
    });
    sender
}

pub(crate) fn finish(output: Output) -> Ran {
    Ran {
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        code: output.status.code(),
    }
}

impl Ran {
    /// Success with nothing on standard error; gives standard output.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.stderr, "", "{self:?}");
        &self.stdout
    }

    /// Standard output as one JSON value on one line.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let stdout = self.ok();
        assert_eq!(stdout.matches('\n').count(), 1, "one line: {stdout:?}");
        serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout:?}"))
    }

    /// Standard output as JSON Lines.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        json_lines(self.ok())
    }

    /// The error object of a failed command, which printed nothing else.
    #[track_caller]
    pub(crate) fn error(&self, kind: &str, code: i32) -> serde_json::Value {
        assert_eq!(self.stdout, "", "{self:?}");
        self.error_after_output(kind, code)
    }

    /// The error object of a command that had printed something before it failed.
    #[track_caller]
    pub(crate) fn error_after_output(&self, kind: &str, code: i32) -> serde_json::Value {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stderr.matches('\n').count(), 1, "one line: {self:?}");
        let envelope: serde_json::Value =
            serde_json::from_str(&self.stderr).expect("JSON on standard error");
        assert_eq!(envelope["error"]["kind"], kind, "{self:?}");
        let error = envelope["error"].clone();
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{self:?}"
        );
        error
    }
}

/// The values of JSON Lines.
#[track_caller]
pub(crate) fn json_lines(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}")))
        .collect()
}

/// The lines a running command prints, as they come.
pub(crate) fn lines_of(stream: impl Read + Send + 'static) -> impl FnMut() -> String {
    let mut lines = BufReader::new(stream).lines();
    move || lines.next().expect("another line").expect("readable")
}

/// Ends a child and waits for it.
pub(crate) fn stop(mut child: Child) -> ExitStatus {
    child.kill().expect("it can be killed");
    child.wait().expect("it ends")
}
