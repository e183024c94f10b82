//! Deaths in recoveries: of one that nobody waits for, one after the other, of one that others wait for, and of one that the
//! disk refuses.

use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;

use plasmite_core::format::control::{Control, Recovery};
use plasmite_core::store::{OpenOptions, Pool};
use plasmite_core::ErrorKind;

use crate::common::{fork, inspect, message, patient, until, Process};
use crate::deaths::{dies_at, points_of, stand_at, Point};
use crate::refusing::{refuse_syncs, refuse_syncs_behind};
use crate::stage::{Stage, GO, READY, SPREAD};

/// The pool with seven more messages.
fn with_more(stage: &Stage) -> Pool {
    stage.reset();
    let pool = stage.open();
    for n in stage.before + 1..stage.before + 8 {
        pool.append_json(message(1, n, SPREAD).as_bytes(), &patient())
            .unwrap();
    }
    pool
}

/// The image of a pool with some more messages, whose control page is older than these, and the length of the last frame.
fn after_a_power_cut(stage: &Stage) -> (Vec<u8>, u64, u64) {
    let pool = with_more(stage);
    let layout = pool.layout(usize::MAX).unwrap();
    let info = pool.info().unwrap();
    let len = layout.frames.last().unwrap().len;
    let start = info.ring_offset + (layout.head - len) % info.ring_size;
    let mut image = std::fs::read(pool.path()).unwrap();
    image[4096..8192].copy_from_slice(&stage.image[4096..8192]);
    (image, start, len)
}

/// Dies at every point of opening this image, which is another file for its control page: as after a power cut.
fn recover(stage: &Stage, image: &[u8]) -> (usize, u64) {
    let path = stage.client.resolve("p").unwrap();
    let fresh = || {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, image).unwrap();
    };
    fresh();
    let newest = inspect(&stage.open(), SPREAD).1;
    assert!(newest >= stage.before);
    // First for reading only, which goes by what recovery would find.
    let work = || {
        drop(stage.open_for_reading());
        drop(stage.open());
    };
    fresh();
    let points = points_of(stage.dir.path(), work);
    assert!(points.len() > 10, "{points:?}");
    for point in &points {
        fresh();
        dies_at(point, work);
        stage.board_is(newest);
        stage.check(point);
    }
    (points.len(), newest)
}

pub(crate) fn recoveries() -> usize {
    let stage = Stage::new(70);
    let (image, _, _) = after_a_power_cut(&stage);
    let (deaths, newest) = recover(&stage, &image);
    assert_eq!(newest, stage.before + 7);
    deaths
}

/// Of a pool that is at home, because its oldest message is damaged: all others are there after each death, for who opens
/// it and for who has it open.
pub(crate) fn recoveries_of_damage() -> usize {
    let stage = Stage::new(70);
    stage.reset();
    let pool = stage.open();
    let oldest = pool.layout(1).unwrap().frames[0].offset;
    let (count, newest) = (pool.bounds().unwrap().count, stage.before);
    drop(pool);
    let damage = || {
        let path = stage.client.resolve("p").unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(b"damage", oldest + 48).unwrap();
    };
    let work = || drop(stage.open());
    stage.reset();
    damage();
    let points = points_of(stage.dir.path(), work);
    assert!(points.len() > 10, "{points:?}");
    let mut deaths = 0;
    for point in &points {
        for is_open in [false, true] {
            stage.reset();
            let open = is_open.then(|| stage.open());
            damage();
            dies_at(point, work);
            let pool = open.unwrap_or_else(|| stage.open());
            let text = message(1, newest + 1, SPREAD);
            let receipt = pool.append_json(text.as_bytes(), &patient());
            assert_eq!(receipt.unwrap().seq, newest + 1, "{point:?}");
            let found = inspect(&stage.open(), SPREAD);
            assert_eq!(found.1, newest + 1, "{point:?}");
            let bounds = stage.open().bounds().unwrap();
            // The damaged one, and what the append had to retire.
            assert!(
                bounds.count + 8 >= count,
                "{point:?}: {bounds:?} of {count}"
            );
            deaths += 1;
        }
    }
    deaths
}

/// As many recoveries are known as there is room for: the oldest two become one.
pub(crate) fn recoveries_of_many() -> usize {
    let stage = Stage::new(70);
    let (mut image, _, _) = after_a_power_cut(&stage);
    let recovery = 4096 + offset_of!(Control, recovery);
    let mut put = |at: usize, word: u64| image[at..at + 8].copy_from_slice(&word.to_le_bytes());
    put(recovery + offset_of!(Recovery, generation), 16);
    for generation in 1..=16u64 {
        let place = recovery + offset_of!(Recovery, past) + 16 * (generation as usize - 1);
        put(place, generation);
        put(place + 8, 10 * generation);
    }
    let (deaths, newest) = recover(&stage, &image);
    assert_eq!(newest, stage.before + 7);
    deaths
}

/// Of the last message only the beginning came to the disk.
pub(crate) fn recoveries_over_half_a_message() -> usize {
    let stage = Stage::new(70);
    let (mut image, start, len) = after_a_power_cut(&stage);
    image[(start + len - 16) as usize..(start + len) as usize].fill(0);
    let (deaths, newest) = recover(&stage, &image);
    assert_eq!(newest, stage.before + 6);
    deaths
}

/// A control page as new as the newest messages, of which all came to the disk but one in the middle: wherever recoveries
/// die, one after the other, the flushed messages are there, and none from behind the hole.
pub(crate) fn recoveries_before_a_hole() -> usize {
    let stage = Stage::new(70);
    let image = with_a_hole(&stage);
    let path = stage.client.resolve("p").unwrap();
    let fresh = || {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &image).unwrap();
    };
    let work = || drop(stage.open());
    let check = |points: &[&Point]| {
        for pool in [stage.open_for_reading(), stage.open()] {
            let found = inspect(&pool, SPREAD);
            assert_eq!(found.1, stage.before + 2, "{points:?}");
        }
        let text = message(1, stage.before + 8, SPREAD);
        let receipt = stage.open().append_json(text.as_bytes(), &patient());
        // Seqs that were given are not given again.
        assert_eq!(receipt.unwrap().seq, stage.before + 8, "{points:?}");
    };
    fresh();
    check(&[]);
    fresh();
    let points = points_of(stage.dir.path(), work);
    let mut deaths = 0;
    for early in &points {
        fresh();
        dies_at(early, work);
        let after_one = std::fs::read(&path).unwrap();
        check(&[early]);
        // The same for who comes next: in this file, or in a copy, as after another power cut.
        let again = || std::fs::write(&path, &after_one).unwrap();
        again();
        let mut others = points_of(stage.dir.path(), work);
        others.retain(|point| point.hit == 0);
        for late in &others {
            again();
            dies_at(late, work);
            check(&[early, late]);
        }
        deaths += 1 + others.len();
    }
    deaths
}

fn with_a_hole(stage: &Stage) -> Vec<u8> {
    let pool = with_more(stage);
    let layout = pool.layout(usize::MAX).unwrap();
    let lost = layout.frames.iter().find(|it| it.seq == stage.before + 3);
    let (start, len) = lost
        .map(|it| (it.offset as usize, it.len as usize))
        .unwrap();
    let mut image = std::fs::read(pool.path()).unwrap();
    image[start..start + len].fill(0);
    image
}

/// Writers that wait for the lock while a recovery dies get it when the pool is in order again, and not between.
pub(crate) fn recoveries_that_are_waited_for() -> usize {
    let stage = Stage::new(70);
    let home = offset_of!(Control, recovery) + offset_of!(Recovery, boot);
    let damage = || {
        let pool = stage.open();
        let oldest = pool.layout(1).unwrap().frames[0].offset;
        let file = std::fs::File::options().write(true).open(pool.path());
        file.unwrap().write_all_at(b"damage", oldest + 48).unwrap();
    };
    let work = || drop(stage.open());
    stage.reset();
    damage();
    let points = points_of(stage.dir.path(), work);
    for point in &points {
        stage.reset();
        let at_home = stage.control_word(home);
        let writers = [0, 1].map(|_| {
            fork(|| {
                let pool = stage.open();
                stage.board.word(READY).fetch_add(1, Ordering::SeqCst);
                until(|| stage.board.get(GO) == 1);
                let text = message(1, stage.before + 1, SPREAD);
                pool.append_json(text.as_bytes(), &patient()).unwrap();
                assert_eq!(stage.control_word(home), at_home, "{point:?}");
            })
        });
        stage.board.await_at_least(READY, 2);
        damage();
        stage.board.set(READY, 0);
        let first = fork(|| {
            stand_at(point, stage.board, READY);
            work();
        });
        stage.board.await_at_least(READY, 1);
        stage.board.set(GO, 1);
        if stage.is_locked() {
            until(|| stage.is_waited_for());
        }
        first.kill();
        writers.into_iter().for_each(Process::join);
        let newest = stage.open_for_reading().bounds().unwrap().newest;
        assert_eq!(newest, stage.before + 2, "{point:?}");
    }
    points.len()
}

/// A recovery that fails leaves the pool to the next one, as a dead one does: nobody appends before it is in order.
pub(crate) fn recoveries_that_the_disk_refuses() -> usize {
    let stage = Stage::new(70);
    let image = with_a_hole(&stage);
    let path = stage.client.resolve("p").unwrap();
    let fresh = || {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &image).unwrap();
    };
    let options = OpenOptions::default();
    let refused = || {
        let refused = stage.client.open("p", &options).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Io);
    };
    let work = || {
        // Before anything but what was to be wiped was stored, the lock is given back as it came.
        refuse_syncs(true);
        refused();
        assert!(!stage.is_locked());
        refuse_syncs_behind(1);
        refused();
        assert!(
            stage.is_locked(),
            "what is not in order stays a dead owner's"
        );
        refuse_syncs(false);
        assert_eq!(inspect(&stage.open(), SPREAD).1, stage.before + 2);
    };
    fresh();
    let points = points_of(stage.dir.path(), work);
    for point in &points {
        fresh();
        dies_at(point, work);
        assert_eq!(inspect(&stage.open(), SPREAD).1, stage.before + 2);
    }
    points.len()
}
