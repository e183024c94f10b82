//! SIGKILL of a process that holds a reservation, and of readers.
#![allow(unsafe_code)]

mod common;

use common::{fork, hasty, inspect, message, patient, scratch, sized, watchdog, Board};
use plasmite_core::store::{OpenOptions, TailOptions, View, Wait};

#[test]
fn a_writer_that_holds_a_reservation() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    drop(client.create("p", &sized(9216)).unwrap());
    for round in 0..40u64 {
        let board = Board::new();
        let writer = fork(|| {
            let pool = client.open("p", &OpenOptions::default()).unwrap();
            let mut room = pool.reserve(200 + round as usize * 8, &patient()).unwrap();
            for at in 0..room.len() {
                // SAFETY: in bounds; the room is ours until the commit.
                unsafe { room.payload_mut().add(at).write(0xa5) };
            }
            board.set(0, 1);
            loop {
                std::thread::park();
            }
        });
        board.await_at_least(0, 1);
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        // Making the room may have retired everything there was: then both are 0.
        let before = inspect(&pool, 200);
        assert!(pool.append_json(b"1", &hasty()).is_err());
        writer.kill();
        assert_eq!(inspect(&pool, 200), before);
        let receipt = pool.append_json(message(1, round + 1, 200).as_bytes(), &hasty());
        assert_eq!(receipt.unwrap().seq, round + 1);
        inspect(&pool, 200);
    }
}

#[test]
fn readers_that_die_disturb_nobody() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(9216)).unwrap();
    let mut n = 0;
    for round in 0..60 {
        let board = Board::new();
        let reader = fork(|| {
            let pool = client
                .open(
                    "p",
                    &OpenOptions {
                        read_only: round % 2 == 0,
                    },
                )
                .unwrap();
            let stream = pool.tail(&TailOptions::default()).unwrap();
            loop {
                board.set(0, 1);
                let _ = stream.next(Wait::Forever, &mut View::empty()).unwrap();
            }
        });
        board.await_at_least(0, 1);
        for _ in 0..50 {
            n += 1;
            assert_eq!(
                pool.append_json(message(1, n, 50).as_bytes(), &patient())
                    .unwrap()
                    .seq,
                n
            );
        }
        reader.kill();
    }
    inspect(&pool, 50);
}
