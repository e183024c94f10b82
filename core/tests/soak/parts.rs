//! Who takes part: each language in each of its roles before any comes again, or a slow one would hardly be there.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::common::Random;
use super::told::Told;
use super::worker::{Language, Role};

/// What workers of a language did in a role.
#[derive(Clone, Copy, Default)]
struct Tally {
    started: u64,
    began: u64,
    /// Messages acknowledged or delivered.
    messages: u64,
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
    pub(crate) forks: u64,
    pub(crate) execs: u64,
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
            forks: 0,
            execs: 0,
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

    fn tally(&mut self, language: &str, role: Role) -> &mut Tally {
        let key = (language.to_owned(), role.name());
        self.tallies.entry(key).or_default()
    }

    /// Takes note of what a worker has told.
    pub(crate) fn add(&mut self, language: &str, role: Role, told: &Told) {
        let begun = told.begun.load(Ordering::SeqCst);
        self.forks += told.forks.load(Ordering::SeqCst);
        self.execs += begun.saturating_sub(1);
        self.gaps += told.gaps.load(Ordering::SeqCst);
        self.notices += told.notices.load(Ordering::SeqCst);
        let appends = told.appends.lock().unwrap();
        let read = told.read.lock().unwrap().len() as u64;
        let tally = self.tally(language, role);
        tally.began += u64::from(begun > 0);
        tally.messages += read + appends.iter().map(|acked| acked.count).sum::<u64>();
    }

    pub(crate) fn print(&self) {
        for ((language, role), tally) in &self.tallies {
            let Tally {
                started,
                began,
                messages,
            } = tally;
            println!("{language:>8} {role:<7} {started:>5} started, {began:>5} began, {messages:>9} messages");
        }
        let (gaps, notices) = (self.gaps, self.notices);
        println!("commands: {notices} notices of {gaps} gaps");
    }

    /// That every language did something in each of its roles, and those that fork and start anew did.
    pub(crate) fn assert_complete(&self) {
        for ((language, role), tally) in &self.tallies {
            assert!(tally.messages > 0, "{language} took no part in {role}");
        }
        if self.languages.iter().any(Language::takes_signals) {
            let (forks, execs) = (self.forks, self.execs);
            assert!(forks > 0 && execs > 0, "{forks} forks, {execs} execs");
        }
        // The first gap of a command is told at once.
        let gaps = self.gaps;
        assert!(self.notices > 0 || gaps < 10, "{gaps} gaps, and no notice");
    }
}
