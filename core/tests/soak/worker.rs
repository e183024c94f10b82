//! Workers: programs in any language that write to or read from a pool for ever, and tell what they did.
//!
//! What they print is described in tests/soak/worker.c.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::common::{data_of, message, proven, Witness};
use super::now;

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

    /// Whether it forks and starts itself anew when it is asked to.
    pub(crate) fn takes_signals(&self) -> bool {
        self.name == "c"
    }
}

/// An append that was acknowledged: of `count` messages from `n` on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acked {
    pub(crate) n: u64,
    pub(crate) seq: u64,
    pub(crate) count: u64,
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

/// What a worker told so far.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) ready: AtomicBool,
    /// The n of the last message acknowledged.
    pub(crate) acked: AtomicU64,
    /// The last seq that a reader was given.
    pub(crate) seen: AtomicU64,
    pub(crate) appends: Mutex<Vec<Acked>>,
    /// Seq, writer and n of what a reader was given.
    pub(crate) read: Mutex<Vec<(u64, u64, u64)>>,
}

pub(crate) struct Worker {
    pub(crate) language: Language,
    pub(crate) role: Role,
    pub(crate) writer: u64,
    pub(crate) told: Arc<Told>,
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
                Role::Read => {
                    command.args(["follow", "p", "--from", "1", "--jsonl", "--quiet-drops"])
                }
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
            let (told, writes) = (Arc::clone(&told), role != Role::Read);
            let commands = language.is_commands();
            std::thread::spawn(move || match (commands, writes) {
                (true, true) => feed(&told, input, output, writer, spread),
                (commands, _) => listen(&told, output, spread, commands),
            })
        };
        Worker {
            language: language.clone(),
            role,
            writer,
            told,
            group: child.id() as libc::pid_t,
            listener: Some(listener),
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.told.ready.load(Ordering::SeqCst)
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

impl Told {
    fn acknowledge(&self, [n, seq, count, begin, end]: [u64; 5]) {
        let acked = Acked {
            n,
            seq,
            count,
            begin,
            end,
        };
        self.appends.lock().unwrap().push(acked);
        self.acked.store(n + count - 1, Ordering::SeqCst);
    }

    fn saw(&self, witness: &mut Witness, seq: u64, text: &str, spread: u64) {
        let (writer, n) = proven(text, spread);
        witness.saw(seq, (writer, n));
        self.read.lock().unwrap().push((seq, writer, n));
        self.seen.store(seq, Ordering::SeqCst);
    }
}

/// Hears a worker out.
fn listen(told: &Told, output: impl Read, spread: u64, commands: bool) {
    let mut witness = Witness::default();
    if commands {
        told.ready.store(true, Ordering::SeqCst);
    }
    let mut output = BufReader::new(output);
    let mut line = String::new();
    loop {
        line.clear();
        // What is cut by a kill is not a line.
        if output.read_line(&mut line).unwrap_or(0) == 0 || !line.ends_with('\n') {
            return;
        }
        let text = line.trim_end();
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        match kind {
            "r" => told.ready.store(true, Ordering::SeqCst),
            "a" => told.acknowledge(numbers(rest)),
            "m" => {
                let (seq, text) = rest.split_once(' ').unwrap();
                told.saw(&mut witness, seq.parse().unwrap(), text, spread);
            }
            "g" => {
                let [first, last] = numbers(rest);
                witness.lost(first, last);
            }
            _ if commands => {
                let seq = seq_of(text);
                // The commands pass over what is lost.
                if let Some(next) = witness.next.filter(|next| *next < seq) {
                    witness.lost(next, seq - 1);
                }
                told.saw(&mut witness, seq, data_of(text.as_bytes()), spread);
            }
            // The harness of the engine's worker says something of its own.
            _ => {}
        }
    }
}

/// Gives `pls feed` one message after another, and hears its receipts.
fn feed(told: &Told, mut input: ChildStdin, output: impl Read, writer: u64, spread: u64) {
    let mut receipts = BufReader::new(output).lines();
    for n in 1.. {
        let begin = now();
        let text = message(writer, n, spread) + "\n";
        if input.write_all(text.as_bytes()).is_err() {
            return;
        }
        let Some(Ok(receipt)) = receipts.next() else {
            return;
        };
        if !receipt.ends_with('}') {
            return;
        }
        told.acknowledge([n, seq_of(&receipt), 1, begin, now()]);
        told.ready.store(true, Ordering::SeqCst);
    }
}

/// The seq of an envelope or a receipt.
fn seq_of(text: &str) -> u64 {
    let rest = text
        .strip_prefix("{\"seq\":")
        .unwrap_or_else(|| panic!("no seq: {text}"));
    rest[..rest.find(',').unwrap()].parse().unwrap()
}

fn numbers<const N: usize>(text: &str) -> [u64; N] {
    let mut words = text.split(' ').map(|word| word.parse().unwrap());
    std::array::from_fn(|_| words.next().unwrap_or_else(|| panic!("too few: {text}")))
}
