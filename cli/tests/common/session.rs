//! A person at a terminal: a pseudo-terminal with a screen to look at and a keyboard to type on.

use super::Scratch;
use rustix::process::{kill_process, waitid, Pid, Signal, WaitId, WaitIdOptions};
use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use rustix::termios::{tcgetattr, tcsetwinsize, LocalModes, Winsize};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{channel, Receiver};

/// A command on a terminal of its own, which is also its controlling terminal.
pub(crate) struct Session {
    child: Child,
    keyboard: File,
    /// Its other end, held open so that the modes can be looked at after the command's end.
    terminal: File,
    output: Receiver<Vec<u8>>,
    screen: Screen,
}

impl Session {
    pub(crate) fn start<S: AsRef<OsStr>>(scratch: &Scratch, args: &[S]) -> Session {
        Session::start_as(scratch.command(args))
    }

    /// Starts any command, whose streams become the terminal.
    pub(crate) fn start_as(command: Command) -> Session {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo-terminal");
        grantpt(&controller).expect("granted");
        unlockpt(&controller).expect("unlocked");
        let name = ptsname(&controller, Vec::new()).expect("its name");
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .open(OsStr::from_bytes(name.as_bytes()))
            .expect("its other end");
        let end = || Stdio::from(terminal.try_clone().expect("another descriptor"));
        // A session of its own makes it the controlling terminal: its keys are signals then. The program is run in
        // place of `setsid`, so the child is the command itself.
        let mut session = Command::new("setsid");
        session
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args());
        session.current_dir(command.get_current_dir().expect("a directory"));
        session.env("TERM", "xterm").env_remove("NO_COLOR");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        session.stdin(end()).stdout(end()).stderr(end());
        let keyboard = File::from(controller);
        // Before the command starts, which may choose another width.
        resize(&keyboard, 80);
        let child = session.spawn().expect("it starts");
        let mut reader = keyboard.try_clone().expect("another descriptor");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Session {
            child,
            keyboard,
            terminal,
            output,
            screen: Screen::default(),
        }
    }

    /// Types keys.
    pub(crate) fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits until the screen is as asked for; the test's watchdog ends a wait for what does not come.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, good: impl Fn(&Screen) -> bool) {
        while !good(&self.screen) {
            let wait = std::time::Duration::from_secs(20);
            match self.output.recv_timeout(wait) {
                Ok(bytes) => self.screen.write(&bytes),
                Err(_) => {
                    let rows: Vec<String> = self.screen.rows().collect();
                    panic!("{what:?} did not come; the screen:\n{}", rows.join("\n"))
                }
            }
        }
    }

    /// Waits until a row of the screen is this.
    #[track_caller]
    pub(crate) fn wait_for_row(&mut self, row: &str) {
        self.wait_until(row, |screen| screen.rows().any(|found| found == row));
    }

    /// Waits until a row of the screen ends like this.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self, end: &str) {
        self.wait_until(end, |screen| {
            screen.rows().any(|found| found.ends_with(end))
        });
    }

    /// Waits until the row with the cursor is this.
    #[track_caller]
    pub(crate) fn wait_for_input(&mut self, row: &str) {
        self.wait_until(row, |screen| screen.rows().last().as_deref() == Some(row));
    }

    /// What is on the screen now.
    pub(crate) fn screen(&mut self) -> &Screen {
        while let Ok(bytes) = self.output.try_recv() {
            self.screen.write(&bytes);
        }
        &self.screen
    }

    pub(crate) fn resize(&self, columns: u16) {
        resize(&self.keyboard, columns);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("signalled");
    }

    /// Waits until the command is stopped, as its shell would.
    pub(crate) fn wait_until_stopped(&self) {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()), options).expect("it stops");
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Whether the terminal gives lines and echoes, as it does for every program that does not ask otherwise.
    pub(crate) fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect("its modes").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Whether the command has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Waits for the command's end; the terminal must be as it was.
    #[track_caller]
    pub(crate) fn end(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("it ends");
        assert!(self.is_cooked(), "the terminal was not given back");
        status
    }

    /// Waits for the command's end; gives its exit code.
    #[track_caller]
    pub(crate) fn end_code(&mut self) -> Option<i32> {
        self.end().code()
    }

    /// Waits for the command's death; gives the signal it died of.
    #[track_caller]
    pub(crate) fn end_signal(&mut self) -> Option<i32> {
        self.end().signal()
    }
}

fn resize(terminal: &File, columns: u16) {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).expect("another size");
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a terminal shows: rows of text without colours. Knows the few commands that ours use.
#[derive(Default)]
pub(crate) struct Screen {
    rows: Vec<Vec<char>>,
    column: usize,
    /// A command or a character whose rest is still to come.
    pending: Vec<u8>,
}

impl Screen {
    fn write(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.pending);
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("valid so far"),
        };
        let mut at = 0;
        while let Some(char) = text[at..].chars().next() {
            if char == '\u{1b}' {
                let Some(length) = text[at..].find(|char: char| char.is_ascii_alphabetic()) else {
                    break;
                };
                self.obey(&text[at..=at + length]);
                at += length + 1;
                continue;
            }
            self.put(char);
            at += char.len_utf8();
        }
        self.pending = bytes[at..].to_vec();
    }

    fn row(&mut self) -> &mut Vec<char> {
        if self.rows.is_empty() {
            self.rows.push(Vec::new());
        }
        self.rows.last_mut().expect("a row")
    }

    fn put(&mut self, char: char) {
        match char {
            '\r' => self.column = 0,
            '\n' => {
                self.row();
                self.rows.push(Vec::new());
            }
            '\u{8}' => self.column = self.column.saturating_sub(1),
            char => {
                let column = self.column;
                let row = self.row();
                row.resize(row.len().max(column + 1), ' ');
                row[column] = char;
                self.column += 1;
            }
        }
    }

    fn obey(&mut self, command: &str) {
        let number: usize = command[2..command.len() - 1].parse().unwrap_or(1);
        match command.chars().last() {
            Some('K') => {
                let column = self.column;
                self.row().truncate(column);
            }
            Some('C') => self.column += number,
            Some('m') => {}
            _ => panic!("the screen does not know {command:?}"),
        }
    }

    /// The rows, the last of which has the cursor.
    pub(crate) fn rows(&self) -> impl Iterator<Item = String> + '_ {
        self.rows.iter().map(|row| row.iter().collect())
    }

    /// The column of the cursor.
    pub(crate) fn column(&self) -> usize {
        self.column
    }
}
