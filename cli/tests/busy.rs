//! Another writer keeps the pool: the wait is bounded, then Busy, and `--retry` tries again; also through a server.
#![cfg(feature = "serve")]

mod common;

use common::server::Server;
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
    let server = Server::start(&scratch, &[]);
    let url = server.url("lab");
    let patient = ["lab", &url]
        .map(|pool| scratch.spawn(&["feed", pool, "7", "--retry", "5", "--retry-delay", "10ms"]));
    std::thread::scope(|scope| {
        for pool in ["lab", &url] {
            let scratch = &scratch;
            scope.spawn(move || {
                let error = scratch.run(&["feed", pool, "2"]).error("Busy", 5);
                assert!(error["hint"].is_string(), "{error}");
            });
        }
    });
    // The other ones have begun their second attempts by now, or soon will.
    std::thread::sleep(Duration::from_millis(500));
    drop(held);
    for patient in patient {
        let output = patient.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(pool.bounds().unwrap().newest, 2);
    for seq in [1, 2] {
        assert_eq!(pool.get(seq).unwrap().data_json(), "7");
    }
}
