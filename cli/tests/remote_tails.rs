//! Streams of a server's pool through the library: the same messages, in the same order, with the same ends, as here.
#![cfg(feature = "serve")]

mod common;

use common::both::{all, both, kind, LONG};
use plasmite::{AppendOptions, ErrorKind, Filter, Next, Start, TailOptions, Wait};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn starts_ends_and_filters() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 1 << 20);
    let mut times = Vec::new();
    for n in 1..=20 {
        let parity = if n % 2 == 0 { "even" } else { "odd" };
        let options = AppendOptions::new()
            .tag(parity)
            .tag("all")
            .time_ns(1_000_000_000 * n);
        times.push(
            here.append(format!("{{\"n\":{n}}}").as_bytes(), &options)
                .unwrap()
                .time_ns,
        );
    }
    let filter = Filter::new(".data.n > 5").unwrap();
    let other = Filter::new(".data.n % 3 == 0").unwrap();
    let token = {
        let mut stream = here.tail(&TailOptions::new()).unwrap();
        for _ in 0..4 {
            stream.next_json(LONG).unwrap();
        }
        stream.token().unwrap()
    };
    let base = || TailOptions::new().snapshot(true);
    let cases: Vec<(&str, TailOptions<'_>)> = vec![
        ("all", base()),
        ("now", base().start(Start::Now)),
        ("last", base().start(Start::Last(3))),
        ("last of a kind", base().start(Start::Last(3)).tag("odd")),
        ("last none", base().start(Start::Last(0))),
        ("seq", base().start(Start::Seq(18))),
        ("seq 0", base().start(Start::Seq(0)).max(1)),
        ("future", base().start(Start::Seq(99))),
        ("time", base().start(Start::Time(times[9]))),
        ("token", base().start(Start::Token(&token))),
        ("end", base().end_seq(3)),
        ("end before start", base().start(Start::Seq(9)).end_seq(3)),
        ("max", TailOptions::new().max(2)),
        ("max none", TailOptions::new().max(0)),
        ("filters", base().filter(&filter).filter(&other).tag("all")),
        ("no such tag", base().tag("none")),
        ("backwards", TailOptions::new().backwards(true)),
        (
            "backwards some",
            TailOptions::new().backwards(true).start(Start::Last(3)),
        ),
        (
            "backwards from",
            TailOptions::new().backwards(true).start(Start::Seq(5)),
        ),
        (
            "backwards to a time",
            TailOptions::new()
                .backwards(true)
                .start(Start::Time(times[17])),
        ),
        (
            "backwards to an end",
            TailOptions::new().backwards(true).end_seq(19).tag("even"),
        ),
    ];
    for (name, options) in &cases {
        let (mut far, mut near) = (there.tail(options).unwrap(), here.tail(options).unwrap());
        assert_eq!(all(&mut far), all(&mut near), "{name}");
        let stats = (far.stats().unwrap(), near.stats().unwrap());
        assert_eq!(stats.0.delivered, stats.1.delivered, "{name}");
        assert!(
            matches!(far.next_json(Wait::Try).unwrap(), Next::End),
            "{name}: the end stays"
        );
    }
    let no_token = TailOptions::new().start(Start::Token("x"));
    assert_eq!(kind(there.tail(&no_token)), ErrorKind::Usage);
    let (_, elsewhere) = both.pool("other", 65536);
    let foreign = elsewhere
        .tail(&TailOptions::new())
        .unwrap()
        .token()
        .unwrap();
    let foreign = TailOptions::new().start(Start::Token(&foreign));
    assert_eq!(kind(there.tail(&foreign)), ErrorKind::Usage);
    // A stream goes on here where it stood there.
    let mut far = there.tail(&TailOptions::new()).unwrap();
    for _ in 0..7 {
        assert!(matches!(far.next_json(LONG).unwrap(), Next::Message(_)));
    }
    let token = far.token().unwrap();
    let mut near = here.tail(&base().start(Start::Token(&token))).unwrap();
    assert_eq!(all(&mut near).len(), 13);
}

/// The server counts the last few, and finds the end behind that: a writer does not use them up.
#[test]
fn the_last_few_beside_a_writer() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 64 << 20);
    for _ in 0..3 {
        here.append(b"0", &AppendOptions::new().tag("a")).unwrap();
    }
    let writing = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while writing.load(Ordering::Relaxed) {
                here.append(b"0", &AppendOptions::new().tag("a")).unwrap();
            }
        });
        let last = || TailOptions::new().start(Start::Last(3)).snapshot(true);
        let counts: Vec<usize> = (0..20)
            .flat_map(|_| [last(), last().tag("a")])
            .map(|options| all(&mut there.tail(&options).unwrap()).len())
            .collect();
        writing.store(false, Ordering::Relaxed);
        // One that comes between the counting and the end is given as well.
        assert!(counts.iter().all(|count| *count >= 3), "{counts:?}");
    });
}

#[test]
fn a_filter_that_fails_is_told_and_passed() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 65536);
    for json in ["1", "\"a\"", "3"] {
        here.append(json.as_bytes(), &AppendOptions::new()).unwrap();
    }
    let filter = Filter::new("if .data == \"a\" then .data else true end").unwrap();
    let options = TailOptions::new().snapshot(true).filter(&filter);
    for pool in [&there, &here] {
        let mut stream = pool.tail(&options).unwrap();
        assert!(matches!(stream.next_json(LONG).unwrap(), Next::Message(_)));
        let error = stream.next_json(LONG).unwrap_err();
        assert_eq!((error.kind(), error.seq()), (ErrorKind::Usage, Some(2)));
        assert!(matches!(stream.next_json(LONG).unwrap(), Next::Message(_)));
        assert!(matches!(stream.next_json(LONG).unwrap(), Next::End));
    }
}

#[test]
fn live_messages_cancel_deadline_and_seek() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 65536);
    let mut stream = there.tail(&TailOptions::new().start(Start::Now)).unwrap();
    assert!(matches!(
        stream.next_json(Wait::Try).unwrap(),
        Next::TimedOut
    ));
    assert!(matches!(
        stream
            .next_json(Wait::For(Duration::from_millis(20)))
            .unwrap(),
        Next::TimedOut
    ));
    here.append(b"1", &AppendOptions::new()).unwrap();
    assert!(matches!(stream.next_json(LONG).unwrap(), Next::Message(_)));

    let canceller = stream.canceller();
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        canceller.cancel();
    });
    assert!(matches!(
        stream.next_json(Wait::Forever).unwrap(),
        Next::Cancelled
    ));
    other.join().unwrap();
    here.append(b"2", &AppendOptions::new()).unwrap();
    assert!(matches!(stream.next_json(LONG).unwrap(), Next::Cancelled));
    stream.reset_cancel();
    assert!(matches!(stream.next_json(LONG).unwrap(), Next::Message(_)));

    stream.seek(Start::Oldest).unwrap();
    let mut seen = 0;
    while let Next::Message(_) = stream
        .next_json(Wait::For(Duration::from_millis(200)))
        .unwrap()
    {
        seen += 1;
    }
    assert_eq!(seen, 2);
    stream.seek(Start::Last(1)).unwrap();
    assert_eq!(stream.stats().unwrap().next_seq, 2);

    let timeout = TailOptions::new().timeout(Duration::from_millis(50));
    let mut stream = there.tail(&timeout.clone().start(Start::Now)).unwrap();
    assert!(matches!(
        stream.next_json(Wait::Forever).unwrap(),
        Next::Deadline
    ));
    let mut stream = there.tail(&timeout).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    assert!(matches!(
        stream.next_json(Wait::Forever).unwrap(),
        Next::Deadline
    ));
}

#[test]
fn gaps_are_told_as_here() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 65536);
    for n in 0..2000 {
        here.append(
            format!("{{\"n\":{n},\"pad\":\"xxxxxxxxxxxxxxxx\"}}").as_bytes(),
            &AppendOptions::new(),
        )
        .unwrap();
    }
    use plasmite::GapPolicy::{Continue, Error, Event};
    for policy in [Continue, Event] {
        let options = TailOptions::new()
            .start(Start::Seq(1))
            .snapshot(true)
            .gap(policy);
        let (mut far, mut near) = (there.tail(&options).unwrap(), here.tail(&options).unwrap());
        let (far_all, near_all) = (all(&mut far), all(&mut near));
        assert_eq!(far_all, near_all);
        assert_eq!(far_all[0].starts_with("gap 1-"), policy == Event);
        assert_eq!(far.stats().unwrap(), near.stats().unwrap());
    }
    let options = TailOptions::new().start(Start::Seq(1)).gap(Error);
    let (mut far, mut near) = (there.tail(&options).unwrap(), here.tail(&options).unwrap());
    let (far_error, near_error) = (
        far.next_json(LONG).unwrap_err(),
        near.next_json(LONG).unwrap_err(),
    );
    assert_eq!(far_error.kind(), ErrorKind::RetentionGap);
    assert_eq!(
        (far_error.message(), far_error.seq()),
        (near_error.message(), near_error.seq())
    );
    assert!(matches!(far.next_json(LONG).unwrap(), Next::End));
}

#[test]
fn descriptors_and_many_streams() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 65536);
    let now = TailOptions::new().start(Start::Now);
    let (mut far, mut near) = (there.tail(&now).unwrap(), here.tail(&now).unwrap());
    let mut second = there.tail(&now).unwrap();
    let fd = far.fd().unwrap().try_clone_to_owned().unwrap();
    let readable = |wait_ms: i32| {
        let mut polled = [rustix::event::PollFd::new(
            &fd,
            rustix::event::PollFlags::IN,
        )];
        let wait = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(wait_ms) * 1_000_000,
        };
        rustix::event::poll(&mut polled, Some(&wait)).unwrap() == 1
    };
    assert!(readable(0), "nobody has looked yet");
    assert!(matches!(far.next_json(Wait::Try).unwrap(), Next::TimedOut));
    assert!(!readable(0));
    assert_eq!(
        plasmite::wait_any(&[&far, &second], Wait::For(Duration::from_millis(20))).unwrap(),
        None
    );
    assert_eq!(
        plasmite::wait_any(&[&far, &near], Wait::For(Duration::from_millis(20))).unwrap(),
        None
    );
    here.append(b"1", &AppendOptions::new()).unwrap();
    assert!(readable(900));
    assert!(plasmite::wait_any(&[&far, &second], LONG)
        .unwrap()
        .is_some());
    assert!(plasmite::wait_any(&[&far, &near], LONG).unwrap().is_some());
    for stream in [&mut far, &mut near, &mut second] {
        assert!(matches!(stream.next_json(LONG).unwrap(), Next::Message(_)));
    }
    far.canceller().cancel();
    assert!(readable(0));
}
