//! Deaths beside others: of a writer that waits for the lock, of one that readers sleep for, and of one after another.

use std::time::Duration;

use plasmite_core::store::{Next, Pool, Start, TailOptions, View, Wait};

use crate::common::{fork, inspect, message, patient, until, Process};
use crate::deaths::{
    die_at, dies_at, has_ended, must_have_died, points_of, stand_at, trace, traced, Point,
};
use crate::stage::{Stage, ACKED, GO, READY, SEEN, SPREAD};

pub(crate) fn now() -> TailOptions<'static> {
    TailOptions {
        start: Start::Now,
        ..TailOptions::default()
    }
}

/// A reader that dies before or after it has said what it waits for leaves writers as they were.
pub(crate) fn waits() -> usize {
    let stage = Stage::new(70);
    stage.each_death(|pool| {
        let stream = pool.tail(&now()).unwrap();
        for _ in 0..3 {
            let _ = stream.next(Wait::For(Duration::from_millis(2)), &mut View::empty());
        }
    })
}

/// A writer that dies while it waits for one that lives and holds the lock.
pub(crate) fn waits_for_a_live_holder() -> usize {
    let stage = Stage::new(70);
    // Holds the lock until it is waited for, or told to go on.
    let hold = || {
        stage.reset();
        let holder = fork(|| {
            let pool = stage.open();
            let room = pool.reserve(16, &patient()).unwrap();
            stage.board.set(READY, 1);
            until(|| stage.is_waited_for() || stage.board.get(GO) == 1);
            drop(room);
            // To the end of the scene: it is no dead owner.
            until(|| stage.board.get(GO) == 1);
        });
        stage.board.await_at_least(READY, 1);
        holder
    };
    let release = |holder: Process| {
        stage.board.set(GO, 1);
        holder.join();
    };
    let work = || {
        let pool = stage.open();
        stage.append(&pool, 2);
    };
    let holder = hold();
    let points = points_of(stage.dir.path(), work);
    release(holder);
    for point in &points {
        let holder = hold();
        dies_at(point, work);
        release(holder);
        stage.check(point);
    }
    points.len()
}

/// A writer that dies between its commit and the wake-up: the reader that slept gets the message all the same.
pub(crate) fn appends_with_a_sleeping_reader() -> usize {
    let stage = Stage::new(70);
    let read = || {
        stage.reset();
        let reader = fork(|| {
            let pool = stage.open();
            let stream = pool.tail(&now()).unwrap();
            stage.board.set(READY, 1);
            for n in stage.before + 1.. {
                let mut view = View::empty();
                let next = stream.next(Wait::Forever, &mut view).unwrap();
                assert!(
                    matches!(next, Next::Message(seq) if seq == n),
                    "{next:?}, not {n}"
                );
                let text = crate::common::look(&view).unwrap();
                assert_eq!(text, message(1, n, SPREAD));
                stage.board.set(SEEN, n);
            }
        });
        stage.board.await_at_least(READY, 1);
        reader
    };
    let work = || {
        let pool = stage.open();
        for _ in 0..2 {
            until(|| stage.has_sleeper());
            stage.append(&pool, 1);
        }
    };
    let reader = read();
    let points = points_of(stage.dir.path(), work);
    stage.board.await_at_least(SEEN, stage.before + 2);
    reader.kill();
    for point in &points {
        let reader = read();
        dies_at(point, work);
        let newest = inspect(&stage.open_for_reading(), SPREAD).1;
        assert!(!has_ended(&reader), "{point:?}");
        if newest > stage.before {
            stage.board.await_at_least(SEEN, newest);
        }
        stage.check(point);
        stage.board.await_at_least(SEEN, newest + 1);
        reader.kill();
    }
    points.len()
}

fn points_of_appends(stage: &Stage) -> Vec<Point> {
    stage.reset();
    points_of(stage.dir.path(), || stage.append(&stage.open(), 40))
        .into_iter()
        .filter(|point| point.hit > 0)
        .collect()
}

/// After each death: everything that the next one who opens the pool does.
pub(crate) fn takeovers_by_who_opens() -> usize {
    let stage = Stage::new(70);
    let first = points_of_appends(&stage);
    let mut deaths = 0;
    for early in &first {
        let die_early = || {
            stage.reset();
            dies_at(early, || stage.append(&stage.open(), 40));
            stage.board_is(inspect(&stage.open_for_reading(), SPREAD).1);
        };
        die_early();
        let mut points = points_of(stage.dir.path(), || stage.append(&stage.open(), 1));
        points.retain(|point| point.hit == 0);
        for late in &points {
            die_early();
            dies_at(late, || stage.append(&stage.open(), 1));
            stage.check(late);
            deaths += 1;
        }
    }
    deaths
}

/// After each death: everything that a writer does which had the pool open before, and which waits for the lock at that
/// moment if the dying one holds it.
pub(crate) fn takeovers_by_open_writers() -> usize {
    let stage = Stage::new(70);
    let list = stage.dir.path().join("points");
    let first = points_of_appends(&stage);
    let mut deaths = 0;
    for early in &first {
        // Lets the first one die beside the second, which does `prepare` before its appends.
        let run = |append: &dyn Fn(&Pool)| {
            stage.reset();
            let second = fork(|| {
                let pool = stage.open();
                stage.board.set(READY, 1);
                until(|| stage.board.get(GO) == 1);
                append(&pool);
            });
            stage.board.await_at_least(READY, 1);
            stage.board.set(READY, 0);
            let first = fork(|| {
                stand_at(early, stage.board, READY);
                stage.append(&stage.open(), 40);
            });
            until(|| stage.board.get(READY) == 1 || has_ended(&first));
            assert_eq!(stage.board.get(READY), 1, "{early:?}");
            let held = stage.is_locked();
            let acked = stage.board.get(ACKED);
            let newest = inspect(&stage.open_for_reading(), SPREAD).1;
            assert!(newest >= acked, "{early:?}: {newest}, {acked}");
            stage.board_is(newest);
            if held {
                stage.board.set(GO, 1);
                until(|| stage.is_waited_for() || has_ended(&second));
                first.kill();
            } else {
                first.kill();
                stage.board.set(GO, 1);
            }
            second
        };
        run(&|pool| trace(&list, || stage.append(pool, 2))).join();
        let mut points = traced(&list);
        points.retain(|point| point.hit == 0);
        for late in &points {
            let second = run(&|pool| {
                die_at(late);
                stage.append(pool, 2);
            });
            must_have_died(second, late);
            stage.check(late);
            deaths += 1;
        }
    }
    deaths
}
