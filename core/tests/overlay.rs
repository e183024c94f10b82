//! Pools in containers: on an overlay, in its upper layer and in a lower one.

mod common;

use std::path::Path;
use std::time::Duration;

use common::{fork, get, inspect, message, mount, put, scratch, sized, watchdog, with_mounts};
use plasmite_core::store::{
    Client, Next, OpenOptions, PoolOptions, Start, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

const READ_ONLY: OpenOptions = OpenOptions { read_only: true };

/// Runs `work` with a client of an overlay, whose lower layer has what `image` puts there.
fn with_overlay(image: impl FnOnce(&Client), work: impl FnOnce(&Client)) {
    let (dir, _) = scratch();
    with_mounts("an overlay", || {
        // Layers in memory: an overlay cannot have every file system below.
        assert!(mount("plasmite", dir.path(), "tmpfs", 0, ""));
        let part = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let (lower, upper, merged) = (part("lower"), part("upper"), part("merged"));
        let layers = format!(
            "lowerdir={},upperdir={},workdir={}",
            lower.display(),
            upper.display(),
            part("work").display()
        );
        image(&Client::new(Some(&lower)).unwrap());
        if !mount("overlay", &merged, "overlay", 0, &layers) {
            common::left_out("this system mounts no overlay here");
            return;
        }
        work(&Client::new(Some(&merged)).unwrap());
    });
}

fn is_copied_up(client: &Client, name: &str) -> bool {
    let upper = client.pool_dir().parent().unwrap().join("upper");
    Path::new(&upper).join(format!("{name}.plasmite")).exists()
}

#[test]
fn a_pool_made_in_a_container() {
    let _watchdog = watchdog();
    with_overlay(
        |_| (),
        |client| {
            let pool = client.create("p", &PoolOptions::default()).unwrap();
            let reader = client.open("p", &READ_ONLY).unwrap();
            fork(|| {
                let pool = client.open("p", &OpenOptions::default()).unwrap();
                for n in 1..=500 {
                    put(&pool, &message(1, n, 100));
                }
                pool.flush().unwrap();
            })
            .join();
            assert_eq!(inspect(&pool, 100), (1, 500));
            assert_eq!(inspect(&reader, 100), (1, 500));
            client.delete("p").unwrap();
            assert!(!reader.is_current().unwrap());
        },
    );
}

/// Readers may open first: the writer's opening copies the pool up under them.
#[test]
fn a_pool_of_an_image() {
    let _watchdog = watchdog();
    let image = |client: &Client| {
        for name in ["followed", "asked", "deleted"] {
            let pool = client.create(name, &sized(100_000)).unwrap();
            for n in 1..=20 {
                put(&pool, &message(1, n, 100));
            }
        }
    };
    with_overlay(image, |client| {
        let followers: Vec<_> = [false, true]
            .into_iter()
            .map(|in_place| {
                let client = client.clone();
                fork(move || {
                    let pool = client.open("followed", &READ_ONLY).unwrap();
                    let options = TailOptions {
                        start: Start::Oldest,
                        in_place,
                        timeout: Some(Duration::from_secs(20)),
                        ..TailOptions::default()
                    };
                    let stream = pool.tail(&options).unwrap();
                    let mut view = View::empty();
                    for seq in 1..=300 {
                        let next = stream.next(Wait::Forever, &mut view).unwrap();
                        assert_eq!(next, Next::Message(seq));
                        let text = common::look(&view).unwrap();
                        assert_eq!(text, message(1, seq, 100));
                    }
                })
            })
            .collect();
        let asked = client.open("asked", &READ_ONLY).unwrap();
        assert_eq!(asked.bounds().unwrap().newest, 20);
        let gone = client.open("deleted", &READ_ONLY).unwrap();
        assert!(!is_copied_up(client, "followed") && !is_copied_up(client, "asked"));
        std::thread::sleep(Duration::from_millis(100));
        for name in ["followed", "asked"] {
            let pool = client.open(name, &OpenOptions::default()).unwrap();
            assert!(is_copied_up(client, name));
            for n in 21..=300 {
                put(&pool, &message(1, n, 100));
            }
        }
        followers.into_iter().for_each(common::Process::join);
        assert_eq!(get(&asked, 300).unwrap(), message(1, 300, 100));
        assert_eq!(asked.bounds().unwrap().newest, 300);
        assert_eq!(asked.info().unwrap().bounds.newest, 300);
        assert_eq!(inspect(&asked, 100), (1, 300));
        // A second opening in this process shares the mapping.
        let again = client.open("asked", &READ_ONLY).unwrap();
        assert_eq!(inspect(&again, 100), (1, 300));
        client.delete("deleted").unwrap();
        assert!(!gone.is_current().unwrap());
        let error = client.open("deleted", &READ_ONLY).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}
