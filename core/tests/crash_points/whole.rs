//! Deaths in what concerns the whole pool: deletion, salvage.

use std::time::Duration;

use plasmite_core::store::{OpenOptions, PoolOptions, View, Wait};
use plasmite_core::ErrorKind;

use crate::common::{inspect, message, patient, put, sized};
use crate::deaths::{dies_at, points_of};
use crate::refusing::refuse_unlinks;
use crate::stage::{Stage, SIZE, SPREAD};

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
