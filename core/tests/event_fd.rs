//! Waiting from outside: a descriptor for event loops, looking ahead, readers without rights.
#![allow(unsafe_code)]

mod common;

use std::time::Duration;

use common::{fork, put, scratch, sized, until, watchdog, Board, NOW};
use plasmite_core::store::{
    wait_any, AppendOptions, GapPolicy, Next, OpenOptions, PoolOptions, Start, TailOptions, View,
    Wait,
};
use plasmite_core::ErrorKind;
fn is_message(next: Next, seq: u64) {
    assert!(
        matches!(next, Next::Message(found) if found == seq),
        "{next:?}"
    );
}

#[test]
fn an_error_found_by_looking_ahead_is_not_lost() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(9216)).unwrap();
    let stream = pool
        .tail(&TailOptions {
            gap: GapPolicy::Error,
            start: Start::Oldest,
            ..NOW
        })
        .unwrap();
    put(&pool, "1");
    is_message(stream.next(Wait::Try, &mut View::empty()).unwrap(), 1);
    (0..50).for_each(|_| _ = put(&pool, "1"));
    assert_eq!(wait_any(&[&stream], Wait::Forever).unwrap(), Some(0));
    assert_eq!(
        stream
            .next(Wait::Try, &mut View::empty())
            .unwrap_err()
            .kind(),
        ErrorKind::RetentionGap
    );
    assert!(matches!(
        stream.next(Wait::Try, &mut View::empty()).unwrap(),
        Next::End
    ));
}

fn readable(fd: i32, timeout_ms: i32) -> bool {
    let mut poll = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one valid entry.
    unsafe { libc::poll(&mut poll, 1, timeout_ms) == 1 }
}

#[test]
fn a_descriptor_for_event_loops() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    drop(client.create("p", &PoolOptions::default()).unwrap());
    for read_only in [false, true] {
        let pool = client.open("p", &OpenOptions { read_only }).unwrap();
        let stream = pool.tail(&NOW).unwrap();
        let fd = stream.event_fd().unwrap();
        assert!(readable(fd, 0), "nobody has looked yet");
        for _ in 0..20 {
            assert!(matches!(
                stream.next(Wait::Try, &mut View::empty()).unwrap(),
                Next::Timeout
            ));
            assert!(!readable(fd, 5), "quiet after a step that found nothing");
            fork(|| _ = put(&client.open("p", &OpenOptions::default()).unwrap(), "1")).join();
            assert!(readable(fd, -1));
            assert!(matches!(
                stream.next(Wait::Try, &mut View::empty()).unwrap(),
                Next::Message(_)
            ));
        }
        assert!(matches!(
            stream.next(Wait::Try, &mut View::empty()).unwrap(),
            Next::Timeout
        ));
        stream.cancel();
        assert!(readable(fd, -1));
        stream.reset_cancel();
        assert!(matches!(
            stream.next(Wait::Try, &mut View::empty()).unwrap(),
            Next::Timeout
        ));
        if read_only {
            client.delete("p").unwrap();
            assert!(readable(fd, -1));
            assert_eq!(
                stream
                    .next(Wait::Try, &mut View::empty())
                    .unwrap_err()
                    .kind(),
                ErrorKind::NotFound
            );
        }
    }
}

#[test]
fn a_reader_without_the_right_to_write() {
    use std::os::unix::fs::PermissionsExt;
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    std::fs::set_permissions(pool.path(), std::fs::Permissions::from_mode(0o444)).unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let board = Board::new();
    let reader = fork(|| {
        // SAFETY: plain calls; the child gives up root, if it has it, for nobody.
        unsafe {
            libc::setgid(65534);
            libc::setuid(65534);
        }
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        assert!(pool.is_read_only());
        let error = pool
            .append_json(b"1", &AppendOptions::default())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert!(error.path().is_some() && error.hint().is_some());
        assert_eq!(
            client.delete("p").unwrap_err().kind(),
            ErrorKind::Permission
        );
        let stream = pool.tail(&NOW).unwrap();
        for seq in 1..=20 {
            board.set(0, seq);
            is_message(stream.next(Wait::Forever, &mut View::empty()).unwrap(), seq);
        }
    });
    for seq in 1..=20 {
        until(|| board.get(0) == seq);
        put(&pool, "1");
    }
    reader.join();
}

/// The end of a stream's time is news, too; under polling as well.
#[test]
fn a_descriptor_tells_that_time_is_up() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    for poll in [false, true] {
        let stream = pool
            .tail(&TailOptions {
                timeout: Some(Duration::from_millis(100)),
                poll,
                ..NOW
            })
            .unwrap();
        let fd = stream.event_fd().unwrap();
        while let Next::Timeout = stream.next(Wait::Try, &mut View::empty()).unwrap() {
            assert!(readable(fd, -1));
        }
        assert!(matches!(
            stream.next(Wait::Try, &mut View::empty()).unwrap(),
            Next::Deadline
        ));
    }
}

/// A call that found nothing makes the descriptor quiet; not for a cancel that comes at the same time.
#[test]
fn a_cancel_is_not_quietened() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    for _ in 0..2000 {
        let stream = pool.tail(&NOW).unwrap();
        let fd = stream.event_fd().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| stream.cancel());
            while let Next::Timeout = stream.next(Wait::Try, &mut View::empty()).unwrap() {
                assert!(readable(fd, -1));
            }
        });
    }
}
