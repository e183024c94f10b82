//! Death before every store to a shared word: append, reclaim, index, publish, flush, takeover, recovery, delete, salvage,
//! waiting; and that there is no other store in the source.
//!
//! Each scene runs once to learn its points (every store is one, see `sys::crash`), then once for each point and several
//! of its occurrences with a SIGKILL there. What is left is looked at before anything is written, then opened and
//! appended to. `PLASMITE_CRASH_HITS` occurrences of each point are tried (3 by default: the first, the last, one between).
#![allow(unsafe_code)]

#[path = "../common/mod.rs"]
mod common;

mod company;
mod deaths;
mod recoveries;
mod refusing;
mod stage;
mod stores;
mod whole;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use plasmite_core::ErrorKind;
use stage::Stage;

/// Runs a scene, once in this program whoever asks; the deaths it had.
fn once(name: &'static str, scene: fn() -> usize) -> usize {
    static DONE: Mutex<BTreeMap<&str, Arc<OnceLock<usize>>>> = Mutex::new(BTreeMap::new());
    let done = Arc::clone(DONE.lock().unwrap().entry(name).or_default());
    *done.get_or_init(|| {
        let _watchdog = common::watchdog();
        let deaths = scene();
        println!("{name}: {deaths} deaths survived");
        deaths
    })
}

macro_rules! scenes {
    ($($name:ident: $scene:path;)*) => {
        $(#[test]
        fn $name() {
            once(stringify!($name), $scene);
        })*

        /// Runs all scenes that have not been run yet; the deaths of all.
        fn all_scenes() -> usize {
            [$(once(stringify!($name), $scene)),*].iter().sum()
        }
    };
}

scenes! {
    appends_over_a_lap: appends;
    appends_into_an_empty_ring: first_appends;
    batches_over_a_lap: batches;
    reservations_over_a_lap: reservations;
    reservations_with_tags: tagged_reservations;
    flushes_over_a_lap: flushes;
    flushes_that_the_disk_refuses: refused_flushes;
    waits: company::waits;
    waits_for_a_live_holder: company::waits_for_a_live_holder;
    appends_with_a_sleeping_reader: company::appends_with_a_sleeping_reader;
    takeovers_by_who_opens: company::takeovers_by_who_opens;
    takeovers_by_open_writers: company::takeovers_by_open_writers;
    recoveries: recoveries::recoveries;
    recoveries_of_damage: recoveries::recoveries_of_damage;
    recoveries_of_many: recoveries::recoveries_of_many;
    recoveries_over_half_a_message: recoveries::recoveries_over_half_a_message;
    recoveries_before_a_hole: recoveries::recoveries_before_a_hole;
    recoveries_that_are_waited_for: recoveries::recoveries_that_are_waited_for;
    recoveries_that_the_disk_refuses: recoveries::recoveries_that_the_disk_refuses;
    deletions: whole::deletions;
    deletions_that_the_system_refuses: whole::deletions_that_the_system_refuses;
    salvages: whole::salvages;
}

#[test]
fn no_store_is_left_out() {
    let deaths = all_scenes();
    println!("{deaths} deaths in all");
    stores::all_are_among(&deaths::places_of_death());
}

fn appends() -> usize {
    let stage = Stage::new(70);
    stage.each_death(|pool| stage.append(pool, 80))
}

fn first_appends() -> usize {
    let stage = Stage::new(12);
    stage.each_death(|pool| stage.append(pool, 3))
}

fn batches() -> usize {
    let stage = Stage::new(70);
    stage.each_death(|pool| stage.append_batches(pool, 25))
}

fn reservations() -> usize {
    let stage = Stage::new(70);
    stage.each_death(|pool| stage.reserve(pool, 40, &[]))
}

fn tagged_reservations() -> usize {
    let stage = Stage::new(70);
    stage.each_death(|pool| stage.reserve(pool, 30, &[b"one", b"another"]))
}

fn flushes() -> usize {
    let stage = Stage::new(70);
    stage.each_death(|pool| {
        for _ in 0..12 {
            stage.append(pool, 4);
            pool.flush().unwrap();
        }
    })
}

fn refused_flushes() -> usize {
    let stage = Stage::new(70);
    stage.each_death(|pool| {
        for _ in 0..3 {
            stage.append(pool, 4);
            refusing::refuse_syncs(true);
            assert_eq!(pool.flush().unwrap_err().kind(), ErrorKind::Io);
            refusing::refuse_syncs(false);
            pool.flush().unwrap();
        }
    })
}
