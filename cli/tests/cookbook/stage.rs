//! Runs recipes: scripts in real shells, with a home directory of their own and the commands on their PATH.

use crate::common::session::Session;
use crate::common::{left_out, old, Scratch};
use crate::network::{self, Network};
use crate::recipe::{matches, Recipe, What};
use rustix::process::{kill_process_group, Pid, Signal};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::Duration;

/// How long something expected may take; a test that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a script on a terminal shows when all else is shown.
const LAST: &str = "(the end)";

/// Where one recipe is played.
pub(crate) struct Stage {
    scratch: Scratch,
    running: BTreeMap<String, Running>,
    printed: Vec<String>,
    network: Option<Network>,
}

enum Running {
    Terminal(Session),
    Background {
        child: Child,
        lines: Receiver<String>,
    },
}

/// Plays a recipe; panics where something is not as the document says.
pub(crate) fn play(document: &str, recipe: &Recipe) {
    let mut stage = Stage::new();
    if recipe.steps.iter().any(|step| step.what == What::Network) {
        if let Err(why) = Network::allowed() {
            left_out(&format!(
                "{:?} of {document}, since this system allows no namespaces here: {why}",
                recipe.title
            ));
            return;
        }
    }
    for step in &recipe.steps {
        let place = format!("{document}, line {}, in {:?}", step.line, recipe.title);
        stage.step(&step.what, &place);
    }
    for (_, running) in std::mem::take(&mut stage.running) {
        running.interrupt();
    }
}

impl Stage {
    fn new() -> Stage {
        let scratch = Scratch::new();
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cookbook/home");
        for file in fs::read_dir(files).expect("a directory") {
            let file = file.expect("an entry");
            fs::copy(file.path(), scratch.path().join(file.file_name())).expect("copied");
        }
        Stage {
            scratch,
            running: BTreeMap::new(),
            network: None,
            printed: Vec::new(),
        }
    }

    fn step(&mut self, what: &What, place: &str) {
        match what {
            What::Run {
                script,
                status,
                on_terminal: false,
            } => {
                let mut command = self.bash(script);
                let output = command.stdin(Stdio::null()).output().expect("bash runs");
                let text = String::from_utf8(output.stdout).expect("UTF-8");
                assert_eq!(output.status.code(), Some(*status), "{place}: {text}");
                self.printed = text.lines().map(str::to_owned).collect();
            }
            What::Run {
                script,
                status,
                on_terminal: true,
            } => {
                let script = format!("trap 'echo \"{LAST}\"' EXIT\n{script}");
                let mut session = Session::start_as(self.bash(&script));
                session.wait_for_row(LAST);
                assert_eq!(session.end_code(), Some(*status), "{place}");
                let rows = session.screen().rows();
                self.printed = rows.take_while(|row| row != LAST).collect();
            }
            What::Printed(text) => {
                let expected: Vec<&str> = text.lines().collect();
                let same = self.printed.len() == expected.len()
                    && self
                        .printed
                        .iter()
                        .zip(&expected)
                        .all(|(line, expected)| matches(line, expected));
                assert!(same, "{place}: printed was\n{}", self.printed.join("\n"));
            }
            What::Start {
                name,
                script,
                on_terminal,
            } => {
                let running = match on_terminal {
                    true => Running::Terminal(Session::start_as(self.bash(script))),
                    false => background(self.bash(script)),
                };
                let before = self.running.insert(name.clone(), running);
                assert!(before.is_none(), "{place}: {name} is running");
                self.wait_until_it_waits(name, place);
            }
            What::Shows { name, text } => self.of(name, place).shows(text, place),
            What::Types { name, text } => self.of(name, place).types(text, place),
            What::Ends { name, status } => {
                self.of(name, place);
                if let Some(running) = self.running.remove(name) {
                    running.ends(*status, place);
                }
            }
            What::Network => {
                self.network = Some(Network::new(self.scratch.path()));
            }
            What::Damage { pool, seq } => damage(&self.pools(), pool, *seq),
            What::OldPool { pool } => drop(old::write(&self.pools(), pool, false)),
        }
    }

    fn pools(&self) -> PathBuf {
        self.scratch.path().join(".plasmite/pools")
    }

    /// A script in the recipe's home directory, with the stand-ins for programs of the system before the real ones.
    fn bash(&self, script: &str) -> Command {
        let commands = Path::new(env!("CARGO_BIN_EXE_pls"))
            .parent()
            .expect("a directory");
        let stand_ins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cookbook/programs");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut directories = vec![stand_ins, commands.to_path_buf()];
        directories.extend(std::env::split_paths(&path));
        let path = std::env::join_paths(directories).expect("a path");
        let script = format!("set -o pipefail\nexec 2>&1\n{script}");
        let bash = ["bash", "--norc", "-c", &script];
        let mut command = match &self.network {
            None => self.scratch.bare(bash[0]),
            Some(network) => {
                let mut command = self.scratch.bare("nsenter");
                command.args(network.entry()).arg(bash[0]);
                command
            }
        };
        command.args(&bash[1..]).env("PATH", path);
        command
    }

    fn of(&mut self, name: &str, place: &str) -> &mut Running {
        self.running
            .get_mut(name)
            .unwrap_or_else(|| panic!("{place}: nothing runs as {name}"))
    }

    /// Waits until each of its commands has its pool open and waits for something: what is appended from then on is
    /// new to it.
    fn wait_until_it_waits(&mut self, name: &str, place: &str) {
        let Some(pid) = self.of(name, place).pid() else {
            return;
        };
        loop {
            let looks: Vec<Vec<String>> = (0..3)
                .map(|_| {
                    std::thread::sleep(Duration::from_millis(5));
                    commands_below(pid)
                })
                .collect();
            let quiet = looks
                .iter()
                .all(|look| look == &looks[0] && !look.is_empty());
            if quiet && looks[0].iter().all(|command| command.starts_with("S ")) {
                return;
            }
            if self.of(name, place).has_ended() {
                return;
            }
        }
    }
}

/// State and number of waits of each of our commands that descends from a process and has a pool open.
fn commands_below(pid: Pid) -> Vec<String> {
    let own = format!("/proc/{0}/task/{0}", pid.as_raw_nonzero());
    let children = fs::read_to_string(format!("{own}/children")).unwrap_or_default();
    let mut found: Vec<String> = Vec::new();
    for child in children
        .split_whitespace()
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
    {
        found.extend(commands_below(child));
    }
    let maps = fs::read_to_string(format!("{own}/maps")).unwrap_or_default();
    let status = fs::read_to_string(format!("{own}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    if ["pls", "plasmite"].contains(&field("Name:").as_str()) {
        // One that has not opened its pool yet is not ready. A pool that it has made itself is mapped from a time when
        // its file had no name.
        let open = match maps.contains("/.plasmite/pools/") || network::is_at_work(pid) {
            true => "",
            false => "not yet ",
        };
        found.push(format!(
            "{open}{} {}",
            field("State:"),
            field("voluntary_ctxt_switches:")
        ));
    }
    found
}

fn background(mut command: Command) -> Running {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("bash starts");
    let stdout = BufReader::new(child.stdout.take().expect("piped"));
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        stdout
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    Running::Background { child, lines }
}

impl Running {
    fn pid(&self) -> Option<Pid> {
        match self {
            Running::Terminal(session) => Some(session.pid()),
            Running::Background { child, .. } => Some(Pid::from_child(child)),
        }
    }

    fn has_ended(&mut self) -> bool {
        match self {
            Running::Terminal(session) => session.has_ended(),
            Running::Background { child, .. } => {
                child.try_wait().is_ok_and(|status| status.is_some())
            }
        }
    }

    fn shows(&mut self, text: &str, place: &str) {
        for expected in text.lines() {
            match self {
                Running::Terminal(session) => session
                    .wait_until(&format!("{place}: {expected}"), |screen| {
                        screen.rows().any(|row| matches(&row, expected))
                    }),
                Running::Background { lines, .. } => {
                    let line = lines.recv_timeout(PATIENCE);
                    let line =
                        line.unwrap_or_else(|_| panic!("{place}: {expected:?} did not come"));
                    assert!(
                        matches(&line, expected),
                        "{place}: {line:?} came instead of {expected:?}"
                    );
                }
            }
        }
    }

    fn types(&mut self, text: &str, place: &str) {
        let Running::Terminal(session) = self else {
            panic!("{place}: it has no terminal");
        };
        for line in text.lines() {
            match line {
                "Ctrl-D" => session.type_in("\u{4}"),
                "Ctrl-C" => session.type_in("\u{3}"),
                line => session.type_in(&format!("{line}\r")),
            }
        }
    }

    fn ends(self, status: i32, place: &str) {
        match self {
            Running::Terminal(mut session) => {
                assert_eq!(session.end_code(), Some(status), "{place}")
            }
            Running::Background { mut child, lines } => {
                let ended = child.wait().expect("it ends").code();
                let rest: Vec<String> = lines.try_iter().collect();
                assert_eq!(ended, Some(status), "{place}: {}", rest.join("\n"));
            }
        }
    }

    /// Ctrl-C, at the end of a recipe.
    fn interrupt(self) {
        if let Running::Background { mut child, .. } = self {
            let _ = kill_process_group(Pid::from_child(&child), Signal::INT);
            let _ = kill_process_group(Pid::from_child(&child), Signal::TERM);
            child.wait().expect("it ends");
        }
    }
}

/// Overwrites two bytes of a message.
fn damage(pools: &Path, name: &str, seq: u64) {
    let pool = plasmite::Client::new(pools)
        .expect("a client")
        .open_pool(name)
        .expect("a pool");
    let layout = pool.layout(usize::MAX).expect("its layout");
    let frame = layout
        .frames
        .iter()
        .find(|frame| frame.seq == seq)
        .expect("its place");
    let file = fs::OpenOptions::new()
        .write(true)
        .open(pool.path())
        .expect("its file");
    file.write_all_at(b"\xee\xee", frame.offset + 44)
        .expect("written");
}
