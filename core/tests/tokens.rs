//! Resume tokens from before a recovery: good for what was kept, refused for what was lost.

mod common;

use common::{message, put, scratch, sized, watchdog};
use plasmite_core::format::control::{Control, Hot, Recovery};
use plasmite_core::store::{Client, Next, OpenOptions, Pool, Start, TailOptions, View, Wait};
use plasmite_core::ErrorKind;
use std::mem::{offset_of, size_of};
use std::os::unix::fs::FileExt;

const CONTROL: usize = 4096;

fn write(pool: &Pool, writer: u64, seqs: std::ops::RangeInclusive<u64>) {
    for seq in seqs {
        assert_eq!(put(pool, &message(writer, seq, 40)), seq);
    }
}

/// The token of a stream that has read all messages before `next`.
fn token_at(pool: &Pool, next: u64) -> String {
    let stream = pool.tail(&TailOptions::default()).unwrap();
    for seq in 1..next {
        let found = stream.next(Wait::Try, &mut View::empty()).unwrap();
        assert!(matches!(found, Next::Message(found) if found == seq));
    }
    stream.token()
}

/// That the token resumes with the message `next`.
fn assert_resumes(pool: &Pool, token: &str, next: u64) {
    let options = TailOptions {
        start: Start::Token(token.to_string()),
        ..TailOptions::default()
    };
    let stream = pool.tail(&options).unwrap();
    let found = stream.next(Wait::Try, &mut View::empty()).unwrap();
    assert!(
        matches!(found, Next::Message(found) if found == next),
        "{found:?}"
    );
}

/// That the token is refused in either direction, with the first seq that was lost.
fn assert_lost(pool: &Pool, token: &str, first: u64) {
    for backwards in [false, true] {
        let options = TailOptions {
            start: Start::Token(token.to_string()),
            backwards,
            ..TailOptions::default()
        };
        let error = pool.tail(&options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RetentionGap, "{error:?}");
        assert_eq!(error.seq(), Some(first), "{error:?}");
        assert!(error.message().contains(&format!("messages {first} to")));
    }
}

/// A pool with 20 messages, and its file as it was when the first ten had been flushed and there were no more.
fn flushed_and_more(client: &Client) -> (Pool, Vec<u8>) {
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    write(&pool, 1, 1..=10);
    pool.flush().unwrap();
    let image = std::fs::read(pool.path()).unwrap();
    write(&pool, 1, 11..=20);
    (pool, image)
}

/// A power cut took seqs 11 to 20, and others have them since.
#[test]
fn lost_messages_whose_seqs_were_given_again() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let (pool, image) = flushed_and_more(&client);
    let tokens: Vec<String> = (0..=21).map(|next| token_at(&pool, next)).collect();
    std::fs::write(client.resolve("cut").unwrap(), image).unwrap();
    let cut = client.open("cut", &OpenOptions::default()).unwrap();
    // At once, when the numbers are about to be reached, and when they have been.
    for newest in [10, 15, 40] {
        write(&cut, 2, cut.bounds().unwrap().newest + 1..=newest);
        for token in &tokens[12..] {
            assert_lost(&cut, token, 11);
        }
        for (token, next) in tokens[1..=10].iter().zip(1..) {
            assert_resumes(&cut, token, next);
        }
        if newest > 10 {
            assert_resumes(&cut, &tokens[11], 11);
            assert_resumes(&cut, &token_at(&cut, 15), 15);
        }
        // In the pool that lost nothing they are as good as ever.
        assert_resumes(&pool, &tokens[20], 20);
    }
}

/// Opens a copy of a pool, which is recovered, as after any start of the machine: nothing is lost.
fn restart(client: &Client, pool: &Pool, name: &str) -> Pool {
    pool.flush().unwrap();
    std::fs::copy(pool.path(), client.resolve(name).unwrap()).unwrap();
    client.open(name, &OpenOptions::default()).unwrap()
}

/// What one recovery lost is lost, however many follow.
#[test]
fn recoveries_that_follow_one_that_lost_messages() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let (pool, image) = flushed_and_more(&client);
    let (kept, lost) = (token_at(&pool, 8), token_at(&pool, 21));
    std::fs::write(client.resolve("cut").unwrap(), image).unwrap();
    let mut pool = client.open("cut", &OpenOptions::default()).unwrap();
    write(&pool, 2, 11..=40);
    assert_lost(&pool, &lost, 11);
    let mut later = Vec::new();
    for start in 1..=40 {
        let newest = pool.bounds().unwrap().newest;
        later.push((newest, token_at(&pool, newest)));
        pool = restart(&client, &pool, &format!("start-{start}"));
        write(&pool, 2, newest + 1..=newest + 2);
        assert_lost(&pool, &lost, 11);
        assert_resumes(&pool, &kept, 8);
        // Tokens of after that, and of some starts ago, are good.
        for (next, token) in later.iter().rev().take(15) {
            assert_resumes(&pool, token, *next);
        }
        // A reader that comes before the recovery knows the same.
        let copy = format!("copy-{start}");
        std::fs::copy(pool.path(), client.resolve(&copy).unwrap()).unwrap();
        let word = CONTROL + offset_of!(Control, hot) + offset_of!(Hot, lock);
        let copied = client.resolve(&copy).unwrap();
        let file = std::fs::File::options().write(true).open(copied).unwrap();
        file.write_all_at(&[77], word as u64).unwrap();
        let options = OpenOptions { read_only: true };
        let reader = client.open(&copy, &options).unwrap();
        assert_ne!(reader.generation(), pool.generation());
        assert_lost(&reader, &lost, 11);
        assert_resumes(&reader, &kept, 8);
    }
}

/// A build that knew of the last recovery only leaves no more than that, which then counts.
#[test]
fn a_pool_of_a_build_that_knew_one_recovery() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let (pool, image) = flushed_and_more(&client);
    let lost = token_at(&pool, 21);
    std::fs::write(client.resolve("cut").unwrap(), image).unwrap();
    let pool = client.open("cut", &OpenOptions::default()).unwrap();
    write(&pool, 2, 11..=40);
    pool.flush().unwrap();
    let mut image = std::fs::read(pool.path()).unwrap();
    let words = CONTROL + offset_of!(Control, recovery) + offset_of!(Recovery, parted_next) + 8;
    image[words..CONTROL + 1024].fill(0);
    // Another recovery follows, and one more.
    std::fs::write(client.resolve("old").unwrap(), image).unwrap();
    let pool = client.open("old", &OpenOptions::default()).unwrap();
    assert_lost(&pool, &lost, 11);
    let pool = restart(&client, &pool, "older");
    assert_lost(&pool, &lost, 11);
    assert_resumes(&pool, &token_at(&pool, 30), 30);
}

/// Nothing was lost, though recovery cannot know that: every token stays good.
#[test]
fn a_recovery_that_found_everything() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    write(&pool, 1, 1..=20);
    let tokens: Vec<String> = (1..=21).map(|next| token_at(&pool, next)).collect();
    std::fs::copy(pool.path(), client.resolve("copy").unwrap()).unwrap();
    let copy = client.open("copy", &OpenOptions::default()).unwrap();
    assert_ne!(copy.generation(), pool.generation());
    write(&copy, 2, 21..=21);
    for (token, next) in tokens.iter().zip(1..) {
        assert_resumes(&copy, token, next);
    }
}

/// A reader that comes before the recovery knows as much as it will.
#[test]
fn a_reader_that_opens_before_any_writer() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    write(&pool, 1, 1..=10);
    pool.flush().unwrap();
    let mut image = std::fs::read(pool.path()).unwrap();
    write(&pool, 1, 11..=15);
    // The words of later, over the messages of before: 11 to 15 are missed, and not given again.
    let later = std::fs::read(pool.path()).unwrap();
    let hot = CONTROL + offset_of!(Control, hot);
    image[hot..hot + size_of::<Hot>()].copy_from_slice(&later[hot..hot + size_of::<Hot>()]);
    write(&pool, 1, 16..=20);
    let (kept, lost) = (token_at(&pool, 16), token_at(&pool, 17));
    std::fs::write(client.resolve("cut").unwrap(), image).unwrap();
    let reader = client
        .open("cut", &OpenOptions { read_only: true })
        .unwrap();
    assert_eq!(reader.bounds().unwrap().newest, 10);
    assert_lost(&reader, &lost, 16);
    let writer = client.open("cut", &OpenOptions::default()).unwrap();
    let word = CONTROL + offset_of!(Control, recovery) + offset_of!(Recovery, recovered_next);
    let file = std::fs::read(writer.path()).unwrap();
    assert_eq!(file[word..word + 8], 16u64.to_le_bytes());
    write(&writer, 2, 16..=30);
    for pool in [&reader, &writer] {
        assert_lost(pool, &lost, 16);
        assert_resumes(pool, &kept, 16);
    }
}
