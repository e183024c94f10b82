//! Another writer keeps the pool: the wait is bounded, then Busy, and `--retry` tries again.
#![cfg(feature = "cli")]

mod common;

use common::Scratch;
use std::time::Duration;

#[test]
fn feed_waits_so_long_and_no_longer() {
    let scratch = Scratch::new();
    scratch.run(&["pool", "create", "lab"]).ok();
    let pool = plasmite::Client::new(scratch.pools())
        .unwrap()
        .open_pool("lab")
        .unwrap();
    // Room that is being filled holds the writer lock.
    let held = pool.reserve(100, &plasmite::AppendOptions::new()).unwrap();
    let patient = scratch.spawn(&["feed", "lab", "1", "--retry", "5", "--retry-delay", "10ms"]);
    let ran = scratch.run(&["feed", "lab", "2"]);
    let error = ran.error("Busy", 5);
    assert!(error["hint"].is_string(), "{error}");
    // The other one has begun its second attempt by now, or soon will.
    std::thread::sleep(Duration::from_millis(500));
    drop(held);
    let output = patient.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let bounds = pool.bounds().unwrap();
    assert_eq!((bounds.newest, pool.get(1).unwrap().data_json()), (1, "1"));
}
