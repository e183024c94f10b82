//! What one evaluation may use: steps, memory made, and stack. jq programs need not end; these make them.
//!
//! The engine gives no way to stop it, so a program that exceeds a limit is unwound. The counters are the
//! thread's, because the operations of values get no context.

use std::cell::Cell;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

use crate::error::Error;
use crate::room;
use crate::sys::stack;

/// Steps for any message; some for each byte of the payload are added.
pub const DEFAULT_STEPS: u64 = 4_000_000;

/// Steps added for each byte of a message's payload, so that large messages can be walked through.
const STEPS_A_BYTE: u64 = 16;

/// Memory that one evaluation may ask for in all, in bytes; some for each byte of the payload are added.
pub const MEMORY: u64 = 64 << 20;
const MEMORY_A_BYTE: u64 = 32;

/// Stack that one evaluation may use, in bytes, where the thread has as much.
const STACK: usize = 768 << 10;
/// What stays free below, for the engine's leaves and for unwinding.
const STACK_KEPT: usize = 256 << 10;
/// Where less than this is left to use, the evaluation gets a stack of its own.
const STACK_LEAST: usize = 256 << 10;

/// Stack of the thread on which recursive definitions run, and how much of it they may use. The rest is for
/// freeing what they have built, which recurses too.
const LARGE_STACK: usize = 256 << 20;
const LARGE_STACK_USED: usize = 32 << 20;

/// Why an evaluation was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// Too many steps.
    Steps,
    /// Too much memory made.
    Memory,
    /// Too deep: calls, or values inside values.
    Depth,
}

struct Meter {
    steps: Cell<u64>,
    memory: Cell<u64>,
    /// Ranges noted in paths.
    paths: Cell<u32>,
    /// The stack may grow down to here.
    lowest: Cell<usize>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            steps: Cell::new(u64::MAX),
            memory: Cell::new(u64::MAX),
            paths: Cell::new(0),
            lowest: Cell::new(0),
        }
    };
}

/// Counts one step of the evaluator, and looks how deep it stands.
#[inline]
pub(super) fn step() {
    METER.with(|meter| {
        spend(&meter.steps, 1, Exceeded::Steps);
        if stack::here() < meter.lowest.get() {
            exceed(Exceeded::Depth);
        }
    });
}

/// Counts work inside an operation of a value.
#[inline]
pub(super) fn work(steps: usize) {
    METER.with(|meter| spend(&meter.steps, steps as u64, Exceeded::Steps));
}

/// Counts memory before it is asked for, and looks whether there is as much when that is a lot.
#[inline]
pub(super) fn memory(bytes: usize) {
    METER.with(|meter| spend(&meter.memory, bytes as u64, Exceeded::Memory));
    if bytes >= room::LARGE {
        look(bytes);
    }
}

/// Makes room for what has been counted, or will be.
#[inline]
pub(super) fn room(out: &mut Vec<u8>, bytes: usize) {
    if let Err(error) = room::make(out, bytes) {
        damaged(error);
    }
}

#[cold]
fn look(bytes: usize) {
    if let Err(error) = room::look(bytes) {
        damaged(error);
    }
}

/// Counts a range noted in a path.
pub(super) fn path(most: u32) {
    METER.with(|meter| {
        meter.paths.set(meter.paths.get() + 1);
        if meter.paths.get() > most {
            exceed(Exceeded::Depth);
        }
    });
}

#[inline]
fn spend(left: &Cell<u64>, amount: u64, limit: Exceeded) {
    match left.get().checked_sub(amount) {
        Some(rest) => left.set(rest),
        None => exceed(limit),
    }
}

/// Ends the evaluation.
#[cold]
#[inline(never)]
pub(super) fn exceed(limit: Exceeded) -> ! {
    // No hook runs, nothing is printed: this is no panic but the way out.
    resume_unwind(Box::new(limit))
}

/// Ends the evaluation: the message cannot be read.
#[cold]
#[inline(never)]
pub(super) fn damaged(error: Error) -> ! {
    resume_unwind(Box::new(error))
}

/// Why an evaluation did not end by itself.
#[derive(Debug)]
pub(super) enum Stopped {
    Exceeded(Exceeded),
    Damaged(Error),
    /// A defect of the engine.
    Panicked,
}

/// Steps that an evaluation over a payload of so many bytes may take.
#[inline]
pub(super) fn most_steps(steps: u64, payload: usize) -> u64 {
    steps.saturating_add(payload as u64 * STEPS_A_BYTE)
}

/// Runs an evaluation over a payload of so many bytes; also gives the steps it took.
pub(super) fn metered<T>(
    steps: u64,
    payload: usize,
    stack: usize,
    run: impl FnOnce() -> T,
) -> (Result<T, Stopped>, u64) {
    let steps = most_steps(steps, payload);
    let payload = payload as u64;
    METER.with(|meter| {
        meter.steps.set(steps);
        meter.memory.set(MEMORY + payload * MEMORY_A_BYTE);
        meter.paths.set(0);
        meter.lowest.set(stack::here().saturating_sub(stack));
    });
    // Unwind safety: whatever the evaluation has made is dropped on the way.
    let result = catch_unwind(AssertUnwindSafe(run));
    let left = METER.with(|meter| {
        meter.memory.set(u64::MAX);
        meter.lowest.set(0);
        meter.steps.replace(u64::MAX)
    });
    let result = result.map_err(|cause| match cause.downcast::<Exceeded>() {
        Ok(limit) => Stopped::Exceeded(*limit),
        Err(cause) => match cause.downcast::<Error>() {
            Ok(error) => Stopped::Damaged(*error),
            Err(_) => Stopped::Panicked,
        },
    });
    (result, steps - left)
}

/// How much stack an evaluation may use on this thread; `None` when there is too little.
#[inline]
pub(super) fn usual_stack() -> Option<usize> {
    let usable = stack::left().saturating_sub(STACK_KEPT);
    (usable >= STACK_LEAST).then_some(usable.min(STACK))
}

/// How much it may use inside [`on_large_stack`].
pub(super) fn large_stack() -> usize {
    LARGE_STACK_USED
}

/// Runs something that recurses, in building or in freeing, on a thread that has the stack for it.
pub(super) fn on_large_stack<T: Send>(run: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("plasmite-filter".into())
            .stack_size(LARGE_STACK)
            .spawn_scoped(scope, run)?;
        thread
            .join()
            .map_err(|_| std::io::Error::other("the filter engine failed inside"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_end_an_evaluation() {
        let run = |work: fn()| metered(1000, 0, usual_stack().unwrap(), work).0;
        assert_eq!(metered(1000, 0, usual_stack().unwrap(), || work(7)).1, 7);
        assert!(run(|| (0..1000).for_each(|_| step())).is_ok());
        let stopped = |work: fn()| match run(work).unwrap_err() {
            Stopped::Exceeded(limit) => limit,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            stopped(|| loop {
                step()
            }),
            Exceeded::Steps
        );
        assert_eq!(stopped(|| work(1001)), Exceeded::Steps);
        assert_eq!(stopped(|| memory(MEMORY as usize + 1)), Exceeded::Memory);
        fn deeper(level: u64) -> u64 {
            step();
            if level == u64::MAX {
                return level;
            }
            let big = std::hint::black_box([level; 512]);
            1 + deeper(level + 1) + big[7]
        }
        let deep = metered(u64::MAX, 0, usual_stack().unwrap(), || deeper(0)).0;
        assert!(matches!(deep, Err(Stopped::Exceeded(Exceeded::Depth))));
        // Outside of an evaluation nothing is counted.
        (0..10_000).for_each(|_| step());
    }

    #[test]
    fn a_large_stack_is_large() {
        let used = on_large_stack(|| metered(1, 0, large_stack(), stack::left).0.unwrap()).unwrap();
        assert!(used > LARGE_STACK / 2, "{used}");
    }
}
