//! Streams: starts, ends, gaps, cancelling, waiting; views and values.

mod common;

use common::Scratch;
use plasmite_sdk::{
    wait_any, AppendOptions, ErrorKind, Gap, GapPolicy, Next, Part, Pool, PoolOptions, Start,
    Stream, TailOptions, ValueKind, ViewBatch, Wait,
};
use std::time::{Duration, Instant};

fn append(pool: &Pool, n: u64) {
    pool.append(n.to_string().as_bytes(), &AppendOptions::new())
        .unwrap();
}

/// The seqs that are there now.
fn seqs(stream: &mut Stream) -> Vec<u64> {
    let mut seqs = Vec::new();
    while let Next::Message(view) = stream.next(Wait::Try).unwrap() {
        seqs.push(view.seq());
    }
    seqs
}

#[test]
fn starts_and_ends() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    for n in 1..=5u64 {
        let tag = if n % 2 == 0 { "even" } else { "odd" };
        pool.append(
            n.to_string().as_bytes(),
            &AppendOptions::new()
                .tag(tag)
                .time_ns(4_000_000_000_000_000_000 + n),
        )
        .unwrap();
    }
    let all = TailOptions::new;
    for (options, expected) in [
        (all(), &[1, 2, 3, 4, 5][..]),
        (all().start(Start::Now), &[]),
        (all().start(Start::Last(2)), &[4, 5]),
        (all().start(Start::Last(2)).tag("odd"), &[3, 5]),
        (all().start(Start::Seq(4)), &[4, 5]),
        (
            all().start(Start::Time(4_000_000_000_000_000_003)),
            &[3, 4, 5],
        ),
        (all().end_seq(2), &[1, 2]),
        (all().max(2).tags(["even"].into_iter().collect()), &[2, 4]),
        (all().snapshot(true), &[1, 2, 3, 4, 5]),
        (all().backwards(true), &[5, 4, 3, 2, 1]),
        (
            all()
                .in_place(true)
                .poll(true)
                .spin(Duration::from_micros(5)),
            &[1, 2, 3, 4, 5],
        ),
    ] {
        assert_eq!(
            seqs(&mut pool.tail(&options).unwrap()),
            expected,
            "{options:?}"
        );
    }
    let mut ended = pool.tail(&all().end_seq(1)).unwrap();
    assert!(matches!(ended.next(Wait::Forever), Ok(Next::Message(_))));
    assert!(matches!(ended.next(Wait::Forever), Ok(Next::End)));
    let mut late = pool.tail(&all().timeout(Duration::ZERO)).unwrap();
    assert!(matches!(late.next(Wait::Forever), Ok(Next::Deadline)));
}

#[test]
fn positions() {
    let scratch = Scratch::new();
    let pool = scratch.filled("lab", &["1", "2", "3"]);
    let mut stream = pool.tail(&TailOptions::new()).unwrap();
    assert!(matches!(stream.next(Wait::Try), Ok(Next::Message(_))));
    let token = stream.token().unwrap();
    assert_eq!(
        seqs(
            &mut pool
                .tail(&TailOptions::new().start(Start::Token(&token)))
                .unwrap()
        ),
        [2, 3]
    );
    stream.seek(Start::Seq(3)).unwrap();
    assert_eq!(seqs(&mut stream), [3]);
    assert_eq!(stream.stats().unwrap().next_seq, 4);
    assert_eq!(
        stream.seek(Start::Token(&token)).unwrap_err().kind(),
        ErrorKind::Usage
    );
    assert!(pool
        .tail(&TailOptions::new().start(Start::Token("nonsense")))
        .is_err());
}

#[test]
fn waits() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let mut stream = pool.tail(&TailOptions::new()).unwrap();
    let start = Instant::now();
    assert!(matches!(
        stream.next(Wait::For(Duration::from_millis(30))),
        Ok(Next::TimedOut)
    ));
    assert!(start.elapsed() >= Duration::from_millis(30));
    let other = scratch
        .filled("other", &["1"])
        .tail(&TailOptions::new())
        .unwrap();
    assert_eq!(
        wait_any(&[&stream, &other], Wait::Forever).unwrap(),
        Some(1)
    );
    assert_eq!(wait_any(&[&stream], Wait::Try).unwrap(), None);
    assert_eq!(
        wait_any(&[], Wait::Try).unwrap_err().kind(),
        ErrorKind::Usage
    );
    stream.fd().unwrap();
}

#[test]
fn a_stream_outlives_its_pool_and_is_woken() {
    let scratch = Scratch::new();
    let mut stream = scratch.pool("lab").tail(&TailOptions::new()).unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            stream
                .messages()
                .take(100)
                .map(|message| message.unwrap().seq())
                .collect::<Vec<_>>()
        });
        let pool = scratch.client.open_pool("lab").unwrap();
        for n in 0..100 {
            append(&pool, n);
        }
        assert_eq!(reader.join().unwrap(), (1..=100).collect::<Vec<_>>());
    });
}

#[test]
fn cancelling() {
    let scratch = Scratch::new();
    let pool = scratch.filled("lab", &["1"]);
    let mut stream = pool.tail(&TailOptions::new().start(Start::Now)).unwrap();
    let canceller = stream.canceller();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| matches!(stream.next(Wait::Forever), Ok(Next::Cancelled)));
        std::thread::sleep(Duration::from_millis(20));
        canceller.cancel();
        assert!(waiting.join().unwrap());
    });
    assert!(
        matches!(stream.next(Wait::Try), Ok(Next::Cancelled)),
        "it stays so"
    );
    assert!(stream.messages().next().is_none());
    stream.reset_cancel();
    assert!(matches!(stream.next(Wait::Try), Ok(Next::TimedOut)));
    drop(stream);
    canceller.cancel();
}

#[test]
fn gaps() {
    let scratch = Scratch::new();
    let pool = scratch
        .client
        .create("lab", &PoolOptions::new().size(1 << 16))
        .unwrap();
    let open = |policy| {
        pool.tail(&TailOptions::new().start(Start::Seq(1)).gap(policy))
            .unwrap()
    };
    let (mut goes_on, mut fails, mut tells) = (
        open(GapPolicy::Continue),
        open(GapPolicy::Error),
        open(GapPolicy::Event),
    );
    for n in 0..5_000 {
        append(&pool, n);
    }
    let oldest = pool.bounds().unwrap().oldest;
    assert!(oldest > 1);
    assert!(matches!(goes_on.next(Wait::Try), Ok(Next::Message(view)) if view.seq() == oldest));
    assert_eq!(goes_on.stats().unwrap().dropped, oldest - 1);
    let error = fails.next(Wait::Try).unwrap_err();
    assert_eq!(
        (error.kind(), error.seq()),
        (ErrorKind::RetentionGap, Some(1))
    );
    assert!(matches!(fails.next(Wait::Try), Ok(Next::End)));
    let expected = Gap {
        first: 1,
        last: oldest - 1,
        count: oldest - 1,
    };
    assert!(matches!(tells.next(Wait::Try), Ok(Next::Gap(gap)) if gap == expected));
    assert!(
        matches!(tells.next_json(Wait::Try), Ok(Next::Message(json)) if json.starts_with(format!("{{\"seq\":{oldest},").as_bytes()))
    );
    assert_eq!(tells.messages().next().unwrap().unwrap().seq(), oldest + 1);
}

#[test]
fn views_and_values() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let data = r#"{"s":"é\"","i":-7,"f":2.5,"b":true,"n":null,"o":{"x":[1,"two"]}}"#;
    pool.append(data.as_bytes(), &AppendOptions::new().tag("t"))
        .unwrap();
    let mut stream = pool.tail(&TailOptions::new()).unwrap();
    let Ok(Next::Message(copied)) = stream.next(Wait::Try) else {
        panic!("no message")
    };
    for view in [&pool.view(1).unwrap(), &copied] {
        assert_eq!(view.string("s").unwrap().unwrap(), "é\"");
        assert_eq!(
            (
                view.i64("i").unwrap(),
                view.f64("f").unwrap(),
                view.bool("b").unwrap()
            ),
            (Some(-7), Some(2.5), Some(true))
        );
        assert_eq!(
            (
                view.i64("missing").unwrap(),
                view.string("missing").unwrap()
            ),
            (None, None)
        );
        assert_eq!(view.i64("s").unwrap_err().kind(), ErrorKind::Usage);
        assert_eq!(view.tags().unwrap(), ["t"]);
        let root = view.root().unwrap().unwrap();
        assert_eq!((root.kind(), root.len().unwrap()), (ValueKind::Object, 6));
        let list = root.get("o").unwrap().unwrap().get("x").unwrap().unwrap();
        assert_eq!(list.at(0).unwrap().unwrap().i64().unwrap(), 1);
        assert_eq!(list.at(1).unwrap().unwrap().string().unwrap(), "two");
        assert!(list.at(2).unwrap().is_none() && !list.is_empty().unwrap());
        assert_eq!(list.json().unwrap().text().unwrap(), r#"[1,"two"]"#);
        let (key, value) = root.entry(1).unwrap().unwrap();
        assert_eq!((key.as_ref(), value.f64().unwrap()), ("i", -7.0));
        assert!(root.get("b").unwrap().unwrap().bool().unwrap());
        assert_eq!(root.get("n").unwrap().unwrap().kind(), ValueKind::Null);
        assert_eq!(view.json(Part::Data).unwrap().text().unwrap(), data);
        assert_eq!(view.json(Part::Tags).unwrap().text().unwrap(), r#"["t"]"#);
        let head = view.json(Part::Head).unwrap().text().unwrap().to_owned();
        let mut whole = b"before".to_vec();
        view.write_json(Part::Envelope, &mut whole).unwrap();
        assert_eq!(
            String::from_utf8(whole).unwrap(),
            format!("before{},\"data\":{data}}}", &head[..head.len() - 1])
        );
        assert!(view.is_valid());
        assert_eq!(view.to_message().unwrap(), pool.get(1).unwrap());
    }
    assert!(pool.view(1).unwrap().is_in_place() && !copied.is_in_place());
    assert!(copied.payload().is_some());
    pool.append(b"18446744073709551615", &AppendOptions::new())
        .unwrap();
    assert!(
        pool.view(2).unwrap().root().unwrap().is_none(),
        "kept as text"
    );
    assert_eq!(pool.get(2).unwrap().data_json(), u64::MAX.to_string());
}

#[test]
fn an_overwritten_view_says_so() {
    let scratch = Scratch::new();
    let pool = scratch
        .client
        .create("lab", &PoolOptions::new().size(1 << 16))
        .unwrap();
    pool.append(br#"{"first":true}"#, &AppendOptions::new())
        .unwrap();
    let view = pool.view(1).unwrap();
    assert!(view.is_valid());
    for n in 0..5_000 {
        append(&pool, n);
    }
    assert!(!view.is_valid());
    assert_eq!(
        view.to_message().unwrap_err().kind(),
        ErrorKind::RetentionGap
    );
}

#[test]
fn one_pool_many_threads() {
    let scratch = Scratch::new();
    let pool = scratch
        .client
        .create("lab", &PoolOptions::new().size(8 << 20))
        .unwrap();
    const EACH: u64 = 2_000;
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let pool = &pool;
            scope.spawn(move || {
                for n in 0..EACH {
                    append(pool, thread * EACH + n);
                }
            });
        }
        let mut stream = pool.tail(&TailOptions::new()).unwrap();
        let mut next = [0; 4];
        for (seq, message) in (1..=4 * EACH).zip(stream.messages()) {
            let message = message.unwrap();
            assert_eq!(message.seq(), seq);
            let n: u64 = message.data_json().parse().unwrap();
            let (thread, n) = ((n / EACH) as usize, n % EACH);
            assert_eq!(n, next[thread], "each writer's messages are in its order");
            next[thread] += 1;
        }
        assert_eq!(next, [EACH; 4]);
    });
}

#[test]
fn everything_crosses_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<plasmite_sdk::Client>();
    crosses::<plasmite_sdk::Pool>();
    crosses::<Stream>();
    crosses::<plasmite_sdk::Canceller>();
    crosses::<plasmite_sdk::View<'_>>();
    crosses::<plasmite_sdk::Value<'_>>();
    crosses::<plasmite_sdk::Message>();
    crosses::<plasmite_sdk::Buffer>();
    crosses::<plasmite_sdk::Error>();
    crosses::<plasmite_sdk::PoolList>();
    crosses::<AppendOptions<'_>>();
    crosses::<TailOptions<'_>>();
}

/// All views of one call stay good until the next, also where the ring starts over and where messages are passed over.
#[test]
fn views_of_one_call() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    for n in 1..=12_000u64 {
        let text = format!(
            "{{\"n\":{n},\"pad\":\"{}\"}}",
            "x".repeat((n % 97) as usize)
        );
        let options = AppendOptions::new().tag(if n % 40 < 3 { "few" } else { "many" });
        pool.append(text.as_bytes(), &options).unwrap();
    }
    let oldest = pool.bounds().unwrap().oldest;
    assert!(oldest > 1, "the ring has started over");
    for (options, wanted) in [
        (TailOptions::new(), 0..40),
        (TailOptions::new().in_place(true), 0..40),
        (TailOptions::new().tag("few"), 0..3),
    ] {
        let mut stream = pool.tail(&options.snapshot(true)).unwrap();
        let mut batch = ViewBatch::new(64);
        let mut seen = Vec::new();
        while let Next::Message(views) = stream.next_views(&mut batch, Wait::Try).unwrap() {
            for view in views {
                assert_eq!(view.i64("n").unwrap(), Some(view.seq() as i64));
                seen.push(view.seq());
            }
        }
        let expected: Vec<_> = (oldest..=12_000)
            .filter(|seq| wanted.contains(&(seq % 40)))
            .collect();
        assert_eq!(seen, expected);
    }
}
