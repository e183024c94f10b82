//! One pool, and what is done to those who use it.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::common::{
    inspect, is_held, lasts, message, nothing_lost, patient, scratch, sized, until, watchdog_for,
    Random,
};
use super::now;
use super::oracle::Oracle;
use super::parts::Parts;
use super::probe;
use super::worker::{Role, Worker};
use plasmite_core::store::{Client, OpenOptions};

const SIZES: [u64; 8] = [9216, 9304, 10_000, 12_000, 20_000, 65_536, 1 << 20, 4 << 20];
const SPREADS: [u64; 5] = [1, 30, 120, 700, 3000];
/// Who waits longer waits for ever.
const HANG: Duration = Duration::from_secs(60);

/// Of all rounds.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) rounds: u64,
    pub(crate) kills: u64,
    pub(crate) stops: u64,
    pub(crate) probes: u64,
    pub(crate) appended: u64,
    pub(crate) delivered: u64,
    /// Until the others had gone on after a kill.
    pub(crate) hand_over: Vec<Duration>,
    /// The first opening and append after the last writer alive died with the lock.
    pub(crate) takeovers: Vec<Duration>,
}

pub(crate) struct Round<'a, 'p> {
    parts: &'a mut Parts<'p>,
    random: &'a mut Random,
    totals: &'a mut Totals,
    dir: tempfile::TempDir,
    client: Client,
    spread: u64,
    workers: Vec<Worker>,
    oracle: Oracle,
    next_writer: u64,
    own: u64,
    newest: u64,
}

impl<'a, 'p> Round<'a, 'p> {
    pub(crate) fn new(
        parts: &'a mut Parts<'p>,
        random: &'a mut Random,
        totals: &'a mut Totals,
    ) -> Round<'a, 'p> {
        let (dir, client) = scratch();
        let size = SIZES[random.below(SIZES.len() as u64) as usize];
        let most = ((size - 8192) / 8).max(1);
        let spread = SPREADS[random.below(SPREADS.len() as u64) as usize].min(most);
        drop(client.create("p", &sized(size)).unwrap());
        println!(
            "a pool of {size} bytes, messages of up to {} bytes",
            33 + spread
        );
        Round {
            parts,
            random,
            totals,
            dir,
            client,
            spread,
            workers: Vec::new(),
            oracle: Oracle::default(),
            next_writer: 1,
            own: 0,
            newest: 0,
        }
    }

    pub(crate) fn run(mut self, time: Duration) {
        let start = Instant::now();
        {
            let _watchdog = watchdog_for(HANG);
            self.fill_up();
        }
        while start.elapsed() < time {
            let _watchdog = watchdog_for(HANG);
            std::thread::sleep(Duration::from_micros(self.random.below(40_000)));
            self.workers.iter_mut().for_each(Worker::lives);
            match self.random.below(20) {
                0..=6 => self.stop_one(),
                7..=12 => self.kill_one(),
                13 | 14 => self.kill_writers(),
                15 | 16 => self.branch_one(libc::SIGUSR1),
                17 | 18 => self.branch_one(libc::SIGUSR2),
                _ => self.totals.probes += probe::in_motion(self.dir.path(), self.random.next()),
            }
            self.fill_up();
        }
        let _watchdog = watchdog_for(HANG);
        self.kill_writers();
        self.await_readers();
        for worker in std::mem::take(&mut self.workers) {
            worker.kill();
        }
        self.oracle.account(self.parts);
        let (appended, delivered) = self.oracle.judge();
        self.totals.appended += appended;
        self.totals.delivered += delivered;
    }

    /// Up to three writers and two readers.
    fn fill_up(&mut self) {
        for (role, wanted) in [(Role::Write, 3), (Role::Read, 2)] {
            let is_reader = role == Role::Read;
            let there = self
                .workers
                .iter()
                .filter(|worker| (worker.role == Role::Read) == is_reader)
                .count();
            for _ in there..wanted {
                self.start(is_reader);
            }
        }
    }

    fn start(&mut self, reads: bool) {
        let part = if self.workers.is_empty() {
            self.parts.first(self.random)
        } else {
            self.parts.next(reads, self.random)
        };
        let dir = self.dir.path();
        let mut worker =
            Worker::start(part.language, part.role, dir, self.next_writer, self.spread);
        self.oracle.heed(&worker);
        self.next_writer += 1;
        if part.awaited {
            until(|| {
                worker.lives();
                worker.has_worked()
            });
            // Each kind once, whatever comes by chance.
            for signal in [libc::SIGUSR1, libc::SIGUSR2] {
                if worker.language.heeds(signal) && self.parts.asked(&worker, signal) == 0 {
                    branch(self.parts, &mut worker, signal);
                }
            }
        }
        self.workers.push(worker);
    }

    fn any(&mut self) -> usize {
        self.random.below(self.workers.len() as u64) as usize
    }

    fn stop_one(&mut self) {
        let (index, time) = (self.any(), self.random.below(30_000));
        let worker = &self.workers[index];
        worker.signal(libc::SIGSTOP);
        std::thread::sleep(Duration::from_micros(time));
        worker.signal(libc::SIGCONT);
        self.totals.stops += 1;
    }

    /// One that has worked, most of the time: slow starters would hardly live to work otherwise.
    fn any_to_kill(&mut self) -> usize {
        let worked = |index: &usize| self.workers[*index].has_worked();
        let candidates: Vec<usize> = (0..self.workers.len()).filter(worked).collect();
        if candidates.is_empty() || self.random.below(4) == 0 {
            return self.any();
        }
        candidates[self.random.below(candidates.len() as u64) as usize]
    }

    /// Kills one, stopped or not; the writers that are left must go on.
    fn kill_one(&mut self) {
        let index = self.any_to_kill();
        let worker = self.workers.swap_remove(index);
        if self.random.below(4) == 0 {
            worker.signal(libc::SIGSTOP);
        }
        let wrote = worker.role != Role::Read;
        let start = Instant::now();
        worker.kill();
        self.totals.kills += 1;
        let others: Vec<_> = self
            .workers
            .iter()
            .filter(|other| other.role != Role::Read && other.hears())
            .collect();
        if !wrote || others.is_empty() {
            return;
        }
        for other in &others {
            // The second append from now was begun after the death.
            let goal = other.acked() + 2 * other.role.slack();
            until(|| other.acked() >= goal);
        }
        self.totals.hand_over.push(start.elapsed());
    }

    /// Kills all writers at once, most of the time when all of them have worked; then looks, before anything is appended, and appends.
    fn kill_writers(&mut self) {
        let writes = |worker: &Worker| worker.role != Role::Read;
        if self.random.below(4) > 0 {
            for worker in self.workers.iter_mut().filter(|worker| writes(worker)) {
                until(|| {
                    worker.lives();
                    worker.has_worked()
                });
            }
        }
        let mut dead = Vec::new();
        let workers = std::mem::take(&mut self.workers);
        let (writers, readers): (Vec<_>, Vec<_>) = workers.into_iter().partition(writes);
        self.workers = readers;
        for worker in writers {
            let (writer, role, told) = (worker.writer, worker.role, worker.told.clone());
            worker.kill();
            dead.push((writer, role, told.acked.load(Ordering::SeqCst)));
            self.totals.kills += 1;
        }
        let held = is_held(&self.client);
        let mut opened = None;
        // In the smallest rings one that died may have made room by taking away all there was.
        let mut emptied = false;
        for read_only in [true, false] {
            let start = Instant::now();
            let pool = self.client.open("p", &OpenOptions { read_only }).unwrap();
            let opening = start.elapsed();
            let (oldest, newest) = inspect(&pool, self.spread);
            emptied = newest == 0;
            assert!(
                emptied || newest >= self.newest,
                "seq {} was there and is gone, {oldest} to {newest} are left",
                self.newest
            );
            self.newest = self.newest.max(newest);
            let known = lasts(&pool, oldest, newest);
            for (writer, role, acked) in &dead {
                nothing_lost(
                    known.get(writer).copied(),
                    *writer,
                    *acked,
                    role.slack(),
                    oldest,
                );
            }
            self.totals.probes += 1;
            if read_only {
                self.totals.probes += probe::at_rest(self.dir.path(), newest);
            }
            opened = Some((pool, opening));
        }
        self.own += 1;
        let (pool, opening) = opened.unwrap();
        let (begin, start) = (now(), Instant::now());
        let receipt = pool
            .append_json(message(0, self.own, self.spread).as_bytes(), &patient())
            .unwrap();
        if held {
            self.totals.takeovers.push(opening + start.elapsed());
        }
        // What was written and taken away since was not seen.
        assert!(
            receipt.seq == self.newest + 1 || emptied && receipt.seq > self.newest,
            "a seq was given twice or skipped: {} behind {}",
            receipt.seq,
            self.newest
        );
        self.oracle.own.push((receipt.seq, self.own, begin, now()));
        self.newest = receipt.seq;
    }

    /// One of those that can forks, or starts itself anew: of the kind that did so least.
    fn branch_one(&mut self, signal: libc::c_int) {
        let can = |worker: &&mut Worker| worker.language.heeds(signal) && worker.hears();
        let able = self.workers.iter_mut().filter(can);
        if let Some(worker) = able.min_by_key(|worker| self.parts.asked(worker, signal)) {
            branch(self.parts, worker, signal);
        }
    }

    /// Nobody writes any more: readers come to the newest message.
    fn await_readers(&mut self) {
        for worker in &mut self.workers {
            until(|| {
                worker.lives();
                worker.told.seen.load(Ordering::SeqCst) == self.newest
            });
        }
    }
}

/// Asks a worker to fork or to start itself anew, and waits until it has, every other time: the others are met wherever
/// they are with it.
fn branch(parts: &mut Parts<'_>, worker: &mut Worker, signal: libc::c_int) {
    let forks = |worker: &Worker| worker.told.forks.load(Ordering::SeqCst);
    let before = forks(worker);
    if parts.ask(worker, signal) {
        until(|| {
            worker.lives();
            worker.hears() && (signal != libc::SIGUSR1 || forks(worker) > before)
        });
    }
}
