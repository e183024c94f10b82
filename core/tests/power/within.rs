//! States of the file in the middle of an operation: what it looks like before some of the operation's stores. A build in
//! which stores can be seen (`crash-points`) has them, others have none.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::path::{Path, PathBuf};

use super::{refusing, Random};

/// In an operation of a pool in use one of so many stores is looked at.
const ONE_OF: u64 = 12;

/// A state of the file, and how many syncs there were before it.
pub(super) struct State {
    pub(super) image: Vec<u8>,
    pub(super) syncs: u64,
}

struct Watch {
    path: PathBuf,
    random: Random,
    one_of: u64,
    states: Vec<State>,
}

thread_local! {
    static STATES: Cell<u64> = const { Cell::new(0) };
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Whether this build can see stores.
pub(crate) fn can_be_seen() -> bool {
    cfg!(feature = "crash-points")
}

/// How many states this test has seen so far.
pub(crate) fn states() -> u64 {
    STATES.get()
}

/// Looks at the file before stores of this thread from now on; the seed chooses which.
pub(super) fn watch(path: &Path, seed: u64) {
    watch_some(path, seed, ONE_OF);
}

/// The same, before each store.
pub(super) fn watch_each(path: &Path) {
    watch_some(path, 0, 1);
}

fn watch_some(path: &Path, seed: u64, one_of: u64) {
    #[cfg(feature = "crash-points")]
    plasmite_core::sys::crash::before_stores(look);
    let watch = Watch {
        path: path.to_owned(),
        random: Random::new(seed),
        one_of,
        states: Vec::new(),
    };
    WATCH.set(Some(watch));
}

/// The states since the watch began or these were asked for.
pub(super) fn so_far() -> Vec<Vec<u8>> {
    let states = states_so_far();
    states.into_iter().map(|state| state.image).collect()
}

fn states_so_far() -> Vec<State> {
    let states = WATCH.with_borrow_mut(|watch| {
        let states = watch.as_mut().map(|watch| &mut watch.states);
        states.map(std::mem::take).unwrap_or_default()
    });
    STATES.set(STATES.get() + states.len() as u64);
    states
}

/// The same, and ends the watch.
pub(super) fn end() -> Vec<Vec<u8>> {
    let states = so_far();
    WATCH.set(None);
    states
}

/// Ends the watch, and gives the states with their syncs.
pub(super) fn end_with_syncs() -> Vec<State> {
    let states = states_so_far();
    WATCH.set(None);
    states
}

#[cfg_attr(not(feature = "crash-points"), allow(dead_code))]
fn look(_: &'static Location<'static>) {
    WATCH.with_borrow_mut(|watch| {
        if let Some(watch) = watch {
            if watch.random.below(watch.one_of) == 0 {
                watch.states.push(State {
                    image: std::fs::read(&watch.path).unwrap(),
                    syncs: refusing::syncs() + refusing::control_syncs(),
                });
            }
        }
    });
}
