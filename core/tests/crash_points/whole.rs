//! Deaths in what concerns the whole pool: recovery, deletion, salvage.

use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use plasmite_core::format::control::{Control, Recovery};
use plasmite_core::store::{OpenOptions, PoolOptions, View, Wait};
use plasmite_core::ErrorKind;

use crate::common::{inspect, message, patient, put, sized};
use crate::deaths::{dies_at, points_of};
use crate::refusing::refuse_unlinks;
use crate::stage::{Stage, SIZE, SPREAD};

/// The image of a pool with some more messages, whose control page is older than these, and the length of the last frame.
fn after_a_power_cut(stage: &Stage) -> (Vec<u8>, u64, u64) {
    stage.reset();
    let pool = stage.open();
    for n in stage.before + 1..stage.before + 8 {
        pool.append_json(message(1, n, SPREAD).as_bytes(), &patient())
            .unwrap();
    }
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

pub(crate) fn deletions() -> usize {
    delete(|stage| stage.client.delete("p").unwrap())
}

/// The pool lives on, unless the one who deletes dies with the flag set.
pub(crate) fn deletions_that_the_system_refuses() -> usize {
    delete(|stage| {
        refuse_unlinks();
        stage.client.delete("p").unwrap_err();
        // As everybody finds it.
        assert_eq!(inspect(&stage.open_for_reading(), SPREAD).1, stage.before);
    })
}

fn delete(work: impl Fn(&Stage)) -> usize {
    let stage = Stage::new(70);
    let path = stage.client.resolve("p").unwrap();
    let fresh = || {
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, &stage.image).unwrap();
        drop(stage.open()); // at home
    };
    fresh();
    let points = points_of(stage.dir.path(), || work(&stage));
    for point in &points {
        fresh();
        let follower = stage.open_for_reading();
        let stream = follower.tail(&crate::company::now()).unwrap();
        dies_at(point, || work(&stage));
        match stage.client.open("p", &OpenOptions { read_only: true }) {
            // It is whole and goes on.
            Ok(pool) => {
                assert_eq!(inspect(&pool, SPREAD).1, stage.before);
                let n = stage.before + 1;
                stage
                    .open()
                    .append_json(message(1, n, SPREAD).as_bytes(), &patient())
                    .unwrap();
                assert!(stream.next(Wait::Try, &mut View::empty()).is_ok());
                stage.client.delete("p").unwrap();
            }
            // Gone for everybody, whether or not its name was still there.
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{point:?}: {error}");
                let ended = stream.next(Wait::For(Duration::from_secs(20)), &mut View::empty());
                assert!(
                    matches!(&ended, Err(error) if error.kind() == ErrorKind::NotFound)
                        || format!("{ended:?}").contains("Gone"),
                    "{point:?}: {ended:?}"
                );
            }
        }
        let (pool, created) = stage.client.ensure("p", &sized(SIZE)).unwrap();
        assert!(created, "{point:?}");
        assert_eq!(put(&pool, &message(1, 1, SPREAD)), 1);
        drop(pool);
        stage.client.delete("p").unwrap();
    }
    points.len()
}

/// The new pool has its name when it is whole, and not before.
pub(crate) fn salvages() -> usize {
    let stage = Stage::new(70);
    let work = || {
        stage
            .client
            .salvage("p", "new", &PoolOptions::default())
            .map(drop)
            .unwrap();
    };
    let points = points_of(stage.dir.path(), work);
    stage.client.delete("new").unwrap();
    for point in &points {
        dies_at(point, work);
        assert!(!stage.client.exists("new").unwrap(), "{point:?}");
        assert_eq!(inspect(&stage.open_for_reading(), SPREAD).1, stage.before);
        work();
        let new = stage.client.open("new", &OpenOptions::default()).unwrap();
        assert_eq!(inspect(&new, SPREAD).1, stage.before);
        drop(new);
        stage.client.delete("new").unwrap();
    }
    points.len()
}
