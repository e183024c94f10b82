//! Workers: programs in any language that write to or read from a pool for ever, and tell what they did.
//!
//! What they print is described in tests/soak/worker.c.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::commands::{feed, follow};
use super::told::{listen, Told};

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Write,
    Batch,
    Reserve,
    Read,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Write => "write",
            Role::Batch => "batch",
            Role::Reserve => "reserve",
            Role::Read => "read",
        }
    }
    pub(crate) fn reads(self) -> bool {
        self == Role::Read
    }
    /// Most messages that were appended and not yet acknowledged.
    pub(crate) fn slack(self) -> u64 {
        if self == Role::Batch {
            3
        } else {
            1
        }
    }
}

/// A program that works: its name, what it can do, and its command.
#[derive(Clone, Debug)]
pub(crate) struct Language {
    pub(crate) name: String,
    pub(crate) roles: Vec<Role>,
    command: Vec<String>,
}

impl Language {
    /// This program itself, which is of the engine.
    pub(crate) fn engine() -> Language {
        let program = std::env::current_exe().unwrap();
        let words = [
            program.to_str().unwrap(),
            "--exact",
            "worker",
            "--nocapture",
        ];
        Language {
            name: "engine".into(),
            roles: vec![Role::Write, Role::Batch, Role::Reserve, Role::Read],
            command: words.map(str::to_owned).into(),
        }
    }

    /// One of a line: NAME ROLE,ROLE COMMAND...
    pub(crate) fn parse(line: &str) -> Language {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (name, roles) = (words.next().unwrap(), words.next().unwrap());
        let role = |name: &str| {
            let all = [Role::Write, Role::Batch, Role::Reserve, Role::Read];
            all.into_iter()
                .find(|role| role.name() == name)
                .unwrap_or_else(|| panic!("no role {name}"))
        };
        Language {
            name,
            roles: roles.split(',').map(role).collect(),
            command: words.collect(),
        }
    }

    /// Whether the commands stand in for a worker: they tell less.
    fn is_commands(&self) -> bool {
        self.name == "commands"
    }

    /// Whether it does when it is asked to: fork (SIGUSR1), or start itself anew (SIGUSR2).
    pub(crate) fn heeds(&self, signal: libc::c_int) -> bool {
        match signal {
            libc::SIGUSR1 => ["c", "python"].contains(&self.name.as_str()),
            _ => ["c", "python", "go"].contains(&self.name.as_str()),
        }
    }
}

pub(crate) struct Worker {
    pub(crate) language: Language,
    pub(crate) role: Role,
    pub(crate) writer: u64,
    pub(crate) told: Arc<Told>,
    /// How often it was asked to start itself anew.
    asked: u64,
    group: libc::pid_t,
    listener: Option<JoinHandle<()>>,
}

impl Worker {
    pub(crate) fn start(
        language: &Language,
        role: Role,
        dir: &Path,
        writer: u64,
        spread: u64,
    ) -> Worker {
        let mut command = Command::new(&language.command[0]);
        command.args(&language.command[1..]);
        let dir = dir.to_str().unwrap();
        if language.is_commands() {
            command.args(["--dir", dir]);
            match role {
                Role::Read => command
                    .args(["follow", "p", "--from", "1", "--jsonl"])
                    .stderr(Stdio::piped()),
                _ => command.args(["feed", "p"]),
            };
        } else {
            let words = [writer, spread, 1].map(|number| number.to_string());
            let words = [role.name(), dir, "p", &words[0], &words[1], &words[2]];
            match language.name.as_str() {
                "engine" => command.env("PLASMITE_SOAK_WORKER", words.join(" ")),
                _ => command.args(words),
            };
        }
        #[allow(clippy::zombie_processes)] // reaped with its group, when it is ended
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{language:?}: {error}"));
        let told = Arc::new(Told::default());
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let listener = {
            let (told, commands) = (Arc::clone(&told), language.is_commands());
            let (dir, errors) = (PathBuf::from(dir), child.stderr.take());
            std::thread::spawn(move || match (commands, errors) {
                (true, Some(errors)) => follow(&told, output, errors, &dir, spread),
                (true, None) => feed(&told, input, output, writer, spread),
                _ => listen(&told, output, spread),
            })
        };
        Worker {
            language: language.clone(),
            role,
            writer,
            told,
            asked: 0,
            group: child.id() as libc::pid_t,
            listener: Some(listener),
        }
    }

    /// Whether it is there to be asked: not between two programs, where a signal would end it.
    pub(crate) fn hears(&self) -> bool {
        self.told.begun.load(Ordering::SeqCst) == self.asked + 1
    }

    /// Asks it to fork, or to start itself anew.
    pub(crate) fn ask(&mut self, signal: libc::c_int) {
        self.asked += u64::from(signal == libc::SIGUSR2);
        self.signal(signal);
    }

    /// Whether it has appended or read anything.
    pub(crate) fn has_worked(&self) -> bool {
        self.acked() > 0 || self.told.seen.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn acked(&self) -> u64 {
        self.told.acked.load(Ordering::SeqCst)
    }

    pub(crate) fn signal(&self, signal: libc::c_int) {
        // SAFETY: the leader of a group of ours, which was not reaped.
        unsafe { libc::kill(self.group, signal) };
    }

    /// A worker ends by being killed, and not before.
    pub(crate) fn lives(&mut self) {
        if self.listener.as_ref().is_some_and(JoinHandle::is_finished) {
            let ended = self.listener.take().unwrap().join();
            let what = format!(
                "{} {} ended by itself",
                self.language.name,
                self.role.name()
            );
            if let Err(panic) = ended {
                super::common::say(&format!("{what}\n"));
                std::panic::resume_unwind(panic);
            }
            panic!("{what}");
        }
    }

    /// Kills it with all that it has forked, and hears what it had to say.
    pub(crate) fn kill(mut self) {
        self.end();
        if let Some(Err(panic)) = self.listener.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }

    fn end(&self) {
        // SAFETY: a group of ours; children of children come to us, who asked for them, when their parent is gone.
        unsafe {
            libc::kill(-self.group, libc::SIGKILL);
            while libc::waitpid(-self.group, std::ptr::null_mut(), 0) > 0 {}
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.listener.is_some() {
            self.end();
        }
    }
}
