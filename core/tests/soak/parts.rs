//! Who takes part: each language in each of its roles before any comes again, or a slow one would hardly be there.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::common::Random;
use super::told::Told;
use super::worker::{Language, Role, Worker};

/// What workers of a language did in a role.
#[derive(Clone, Copy, Default)]
struct Tally {
    started: u64,
    began: u64,
    /// Messages acknowledged or delivered, with those of children.
    messages: u64,
    forks: u64,
    execs: u64,
}

/// A worker to be started.
pub(crate) struct Part<'a> {
    pub(crate) language: &'a Language,
    pub(crate) role: Role,
    /// Nothing is done to anybody before it has worked.
    pub(crate) awaited: bool,
}

pub(crate) struct Parts<'a> {
    languages: &'a [Language],
    /// Parts that were not given since all were: of writers and of readers.
    left: [Vec<(usize, Role)>; 2],
    tallies: BTreeMap<(String, &'static str), Tally>,
    /// How often a language was asked to fork or to start anew as a writer or reader.
    asked: BTreeMap<(String, bool, libc::c_int), u64>,
    gaps: u64,
    notices: u64,
}

impl<'a> Parts<'a> {
    pub(crate) fn new(languages: &'a [Language]) -> Parts<'a> {
        let roles = |language: &Language| {
            let key = |role: &Role| (language.name.clone(), role.name());
            language.roles.iter().map(key).collect::<Vec<_>>()
        };
        Parts {
            languages,
            left: [Vec::new(), Vec::new()],
            tallies: languages
                .iter()
                .flat_map(roles)
                .map(|key| (key, Tally::default()))
                .collect(),
            asked: BTreeMap::new(),
            gaps: 0,
            notices: 0,
        }
    }

    /// The first writer of a pool: one that begins at once.
    pub(crate) fn first(&mut self, random: &mut Random) -> Part<'a> {
        let roles = &self.languages[0].roles;
        let writes: Vec<Role> = roles.iter().copied().filter(|role| !role.reads()).collect();
        let role = writes[random.below(writes.len() as u64) as usize];
        self.give(0, role)
    }

    /// A writer or a reader.
    pub(crate) fn next(&mut self, reads: bool, random: &mut Random) -> Part<'a> {
        let left = &mut self.left[usize::from(reads)];
        if left.is_empty() {
            for (index, language) in self.languages.iter().enumerate() {
                let fits = |role: &Role| role.reads() == reads;
                let roles = language.roles.iter().copied().filter(fits);
                left.extend(roles.map(|role| (index, role)));
            }
        }
        let (index, role) = left.swap_remove(random.below(left.len() as u64) as usize);
        self.give(index, role)
    }

    fn give(&mut self, index: usize, role: Role) -> Part<'a> {
        let language = &self.languages[index];
        let tally = self.tally(&language.name, role);
        tally.started += 1;
        // The others are met wherever they are, also before they have opened the pool.
        let awaited = tally.started % 2 == 1;
        Part {
            language,
            role,
            awaited,
        }
    }

    /// How often one like it was asked.
    pub(crate) fn asked(&self, worker: &Worker, signal: libc::c_int) -> u64 {
        let key = (worker.language.name.clone(), worker.role.reads(), signal);
        self.asked.get(&key).copied().unwrap_or(0)
    }

    /// Asks it to fork, or to start itself anew; whether nothing is to be done to anybody before it has done so.
    pub(crate) fn ask(&mut self, worker: &mut Worker, signal: libc::c_int) -> bool {
        let key = (worker.language.name.clone(), worker.role.reads(), signal);
        let asked = self.asked.entry(key).or_default();
        *asked += 1;
        worker.ask(signal);
        *asked % 2 == 1
    }

    fn tally(&mut self, language: &str, role: Role) -> &mut Tally {
        let key = (language.to_owned(), role.name());
        self.tallies.entry(key).or_default()
    }

    /// Takes note of what a worker has told.
    pub(crate) fn add(&mut self, language: &str, role: Role, told: &Told) {
        let begun = told.begun.load(Ordering::SeqCst);
        self.gaps += told.gaps.load(Ordering::SeqCst);
        self.notices += told.notices.load(Ordering::SeqCst);
        let appends = told.appends.lock().unwrap();
        let children = told.of_children.lock().unwrap();
        let read = told.read.lock().unwrap().len() as u64;
        let of_children = children.iter().map(|(_, acked)| acked.count).sum::<u64>();
        let tally = self.tally(language, role);
        tally.began += u64::from(begun > 0);
        tally.messages += read + appends.iter().map(|acked| acked.count).sum::<u64>() + of_children;
        tally.forks += told.forks.load(Ordering::SeqCst);
        tally.execs += begun.saturating_sub(1);
    }

    pub(crate) fn forks(&self) -> u64 {
        self.tallies.values().map(|tally| tally.forks).sum()
    }

    pub(crate) fn execs(&self) -> u64 {
        self.tallies.values().map(|tally| tally.execs).sum()
    }

    pub(crate) fn print(&self) {
        for ((language, role), tally) in &self.tallies {
            let Tally {
                started,
                began,
                messages,
                forks,
                execs,
            } = tally;
            println!(
                "{language:>8} {role:<7} {started:>5} started, {began:>5} began, {messages:>9} messages, {forks:>3} forks, \
                 {execs:>3} execs"
            );
        }
        let (gaps, notices) = (self.gaps, self.notices);
        println!("commands: {notices} notices of {gaps} gaps");
    }

    /// That every language did something in each of its roles, and those that fork and start anew did, as writers and as
    /// readers.
    pub(crate) fn assert_complete(&self) {
        for ((language, role), tally) in &self.tallies {
            assert!(tally.messages > 0, "{language} took no part in {role}");
        }
        for language in self.languages {
            for reads in [false, true] {
                let fits = |(name, role): &&(String, &str)| {
                    *name == language.name && (*role == Role::Read.name()) == reads
                };
                let tallies = self.tallies.iter().filter(|(key, _)| fits(key));
                let (forks, execs) = tallies.fold((0, 0), |(forks, execs), (_, tally)| {
                    (forks + tally.forks, execs + tally.execs)
                });
                let what = format!("{}, reads: {reads}", language.name);
                let is_done = |signal, count| count > 0 || !language.heeds(signal);
                assert!(is_done(libc::SIGUSR1, forks), "{what}: no child ended");
                assert!(is_done(libc::SIGUSR2, execs), "{what}: never anew");
            }
        }
        // The first gap of a command is told at once.
        let gaps = self.gaps;
        assert!(self.notices > 0 || gaps < 10, "{gaps} gaps, and no notice");
    }
}
