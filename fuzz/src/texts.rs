//! Short texts that people type: times, durations, references, tokens.

use plasmite_core::message::time;
use plasmite_core::store::{Client, PoolOptions, Start, TailOptions};

use crate::{scratch, tally};

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(ns) = time::parse(text) {
        let written = time::format(ns);
        assert_eq!(
            time::parse(&written).expect("our own time"),
            ns,
            "{text}: {written}"
        );
    }
    let _ = (
        time::parse_duration(text),
        time::parse_since(text, 1_700_000_000_000_000_000),
    );
    reference(scratch::client(), text);
    let pool = match scratch::client().open("texts", &Default::default()) {
        Ok(pool) => pool,
        Err(_) => scratch::client()
            .create(
                "texts",
                &PoolOptions {
                    size: 9216,
                    ..Default::default()
                },
            )
            .expect("a pool"),
    };
    let options = TailOptions {
        start: Start::Token(text.to_owned()),
        ..TailOptions::default()
    };
    match pool.tail(&options) {
        Ok(stream) => {
            let options = TailOptions {
                start: Start::Token(stream.token()),
                ..TailOptions::default()
            };
            pool.tail(&options).expect("our own token");
        }
        Err(_) => tally::refused(),
    }
}

/// A name stays in the directory; only what is plainly a path leads elsewhere.
fn reference(client: &Client, text: &str) {
    let Ok(path) = client.resolve(text) else {
        return;
    };
    if !text.contains('/') {
        assert_eq!(
            path.parent(),
            Some(client.pool_dir()),
            "{text:?} leaves the directory"
        );
    }
    assert!(!path.as_os_str().is_empty());
}
