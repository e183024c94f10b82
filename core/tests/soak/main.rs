//! A soak: writers, readers and batchers in several languages on rings of all sizes, killed, stopped, forked and started
//! anew at random, and an oracle that checks every byte that is delivered, every seq, every gap and every receipt.
//!
//! `make soak` brings the workers of other languages and the commands along; alone this test uses the engine's own
//! worker, for some seconds. PLASMITE_SOAK: seconds. PLASMITE_SOAK_SEED: the seed, which is printed.
//! PLASMITE_SOAK_WORKERS: a file with a line for each other worker (see `Language::parse`).
#![allow(unsafe_code)]

mod commands;
#[path = "../common/mod.rs"]
mod common;
mod engine;
#[path = "../history/mod.rs"]
mod history;
mod oracle;
mod parts;
mod probe;
mod round;
mod told;
mod worker;

use std::time::{Duration, Instant};

use common::{env, percentiles, soak, Random};
use parts::Parts;
use round::{Round, Totals};
use worker::Language;

/// Nanoseconds on the clock that all processes share.
pub(crate) fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a valid place.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The engine's worker, when this program was started as one.
#[test]
fn worker() {
    if let Ok(words) = std::env::var("PLASMITE_SOAK_WORKER") {
        engine::run(&words);
    }
}

fn languages() -> Vec<Language> {
    let mut languages = vec![Language::engine()];
    match std::env::var("PLASMITE_SOAK_WORKERS") {
        Ok(path) => {
            let lines = std::fs::read_to_string(path).unwrap();
            languages.extend(lines.lines().map(Language::parse));
        }
        Err(_) => {
            println!("the engine's own worker alone: `make soak` has those of other languages")
        }
    }
    languages
}

#[test]
fn everything_at_random() {
    if std::env::var_os("PLASMITE_SOAK_WORKER").is_some() {
        return;
    }
    // What a killed worker has forked comes to us, to be waited for.
    // SAFETY: a plain call.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    let languages = languages();
    let seed = env("PLASMITE_SOAK_SEED").unwrap_or_else(now);
    let time = soak(Duration::from_secs(4));
    let names: Vec<&str> = languages
        .iter()
        .map(|language| language.name.as_str())
        .collect();
    println!("seed {seed}, {time:?}, workers: {}", names.join(", "));
    let mut random = Random(seed | 1);
    let mut totals = Totals::default();
    let mut parts = Parts::new(&languages);
    let start = Instant::now();
    while totals.rounds == 0 || start.elapsed() < time {
        let left = time.saturating_sub(start.elapsed());
        let round = Round::new(&mut parts, &mut random, &mut totals);
        round.run(left.clamp(Duration::from_secs(2), Duration::from_secs(8)));
        totals.rounds += 1;
    }
    let Totals {
        rounds,
        kills,
        stops,
        probes,
        appended,
        delivered,
        hand_over,
        takeovers,
    } = totals;
    parts.print();
    let (forks, execs) = (parts.forks(), parts.execs());
    println!(
        "{rounds} rounds: {kills} kills ({} of the last writer alive died with the lock), {stops} stops, {forks} forks, \
         {execs} execs, {probes} looks; {appended} messages appended, {delivered} delivered and proven; hand-over {}, takeover of \
         a dead one's lock {}",
        takeovers.len(),
        percentiles(&hand_over),
        percentiles(&takeovers)
    );
    assert!(kills > 0 && appended > 0 && delivered > 0);
    // In less not everybody gets a turn.
    if time >= Duration::from_secs(30) {
        parts.assert_complete();
    }
}
