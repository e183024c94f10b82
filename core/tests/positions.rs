//! Where a stream says that it stands, after each thing it tells: another stream from there tells exactly the rest.

mod common;

use std::mem::{offset_of, size_of};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use common::{put, scratch, sized, watchdog};
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::format::control::{Control, Hot};
use plasmite_core::store::{
    wait_any, GapPolicy, Next, OpenOptions, Pool, Start, Stream, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

/// What a stream tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Message(u64),
    Gap(u64, u64),
    Failed(ErrorKind, Option<u64>),
}

/// A way to take one step; `None` at the end of what there is.
type Way = fn(&Stream) -> Option<Told>;

fn told(next: plasmite_core::Result<Next>) -> Option<Told> {
    match next {
        Ok(Next::Message(seq)) => Some(Told::Message(seq)),
        Ok(Next::Gap(gap)) => Some(Told::Gap(gap.first, gap.last)),
        Ok(Next::End | Next::Timeout) => None,
        Ok(other) => panic!("{other:?}"),
        Err(error) => Some(Told::Failed(error.kind(), error.seq())),
    }
}

const WAYS: [(&str, Way); 6] = [
    ("next", |stream| {
        told(stream.next(Wait::Try, &mut View::empty()))
    }),
    ("next_many", |stream| {
        let next = stream.next_many(Wait::Try, &mut [View::empty()]);
        told(next.map(|(next, _)| next))
    }),
    ("next_envelope", |stream| {
        told(stream.next_envelope(Wait::Try, &mut Vec::new()))
    }),
    ("next_then", |stream| {
        let next = stream.next_then(Wait::Try, |view| Ok(view.seq));
        told(next.map(|(next, seq)| {
            assert!(!matches!(next, Next::Message(found) if seq != Some(found)));
            next
        }))
    }),
    ("looking ahead", |stream| {
        let there = wait_any(&[stream], Wait::Try).unwrap();
        let next = told(stream.next(Wait::Try, &mut View::empty()));
        // The end is there as well.
        assert!(there.is_some() || next.is_none());
        next
    }),
    ("looking ahead, then a token", |stream| {
        wait_any(&[stream], Wait::Try).unwrap();
        stream.token();
        told(stream.next(Wait::Try, &mut View::empty()))
    }),
];

fn all(stream: &Stream, way: Way) -> Vec<Told> {
    let all: Vec<Told> = std::iter::from_fn(|| way(stream)).take(1000).collect();
    assert!(all.len() < 1000, "no end: {all:?}");
    all
}

/// For each way to read: the stream tells `expected`, and so much of it from each place where it stood.
fn check(what: &str, pool: &Pool, options: &TailOptions<'_>, expected: &[Told]) {
    for (name, way) in WAYS {
        let stream = pool.tail(options).unwrap();
        let from = |token: String, seq: u64, told: &[Told]| {
            let rest = &expected[told.len()..];
            let context =
                format!("{what}, {name}: after {told:?}, next_seq {seq}, token {token:?}");
            let mut starts = vec![Start::Token(token)];
            // As a start, 0 is no seq but the end of the way back.
            if seq > 0 || options.backwards {
                starts.push(Start::Seq(seq));
            }
            for start in starts {
                let again = pool
                    .tail(&TailOptions {
                        start,
                        ..options.clone()
                    })
                    .unwrap();
                let mut rest_again = all(&again, way);
                let mut rest = rest.to_vec();
                if options.backwards && matches!(told.last(), Some(Told::Failed(..))) {
                    // Damage has no seq, and may be told again.
                    for told in [&mut rest, &mut rest_again] {
                        let is_message = |told: &Told| !matches!(told, Told::Failed(_, None));
                        let first = told.iter().position(is_message);
                        told.drain(..first.unwrap_or(told.len()));
                    }
                }
                assert_eq!(rest_again, rest, "{context}");
            }
        };
        let mut told = Vec::new();
        while let Some(one) = way(&stream) {
            told.push(one);
            assert_eq!(told, expected[..told.len()], "{what}, {name}");
            from(stream.token(), stream.next_seq(), &told);
        }
        assert_eq!(told, expected, "{what}, {name}");
        from(stream.token(), stream.next_seq(), &told);
        assert!(!stream.token().ends_with(&u64::MAX.to_string()));
    }
}

/// In both directions, copied and in place; backwards the same without gaps, unless it is something else.
fn check_all(
    what: &str,
    pool: &Pool,
    options: &TailOptions<'_>,
    forwards: &[Told],
    backwards: Option<&[Told]>,
) {
    let reversed: Vec<Told> = forwards
        .iter()
        .rev()
        .copied()
        .filter(|told| !matches!(told, Told::Gap(..)))
        .collect();
    for in_place in [false, true] {
        let options = TailOptions {
            in_place,
            ..options.clone()
        };
        check(what, pool, &options, forwards);
        let options = TailOptions {
            backwards: true,
            start: Start::Now,
            ..options
        };
        let what = format!("{what}, backwards");
        check(&what, pool, &options, backwards.unwrap_or(&reversed));
    }
}

fn fill(pool: &Pool, seqs: std::ops::RangeInclusive<u64>) {
    for seq in seqs {
        let wanted = seq % 3 != 1;
        let data = match seq % 5 {
            0 => format!("{{\"n\":\"{seq}\",\"wanted\":true}}"),
            _ => format!("{{\"n\":{seq},\"wanted\":{wanted}}}"),
        };
        assert_eq!(put(pool, &data), seq);
    }
}

fn messages(seqs: impl IntoIterator<Item = u64>) -> Vec<Told> {
    seqs.into_iter().map(Told::Message).collect()
}

const ALL: TailOptions<'static> = TailOptions {
    start: Start::Seq(1),
    end_seq: None,
    backwards: false,
    max: None,
    timeout: None,
    gap: GapPolicy::Event,
    tags: &[],
    filters: &[],
    snapshot: false,
    in_place: false,
    spin: std::time::Duration::ZERO,
    poll: false,
};

#[test]
fn all_messages() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    check_all("empty", &pool, &ALL, &[], None);
    fill(&pool, 1..=9);
    check_all("all", &pool, &ALL, &messages(1..=9), None);
}

/// One filter passes messages over, another cannot judge some.
#[test]
fn filters_that_fail() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    fill(&pool, 1..=18);
    let filter = |text| Arc::new(Filter::new(text, &FilterOptions::default()).unwrap());
    let filters = [
        filter(".data.wanted"),
        filter(r#"if (.data.n | type) == "string" then "bad" else true end"#),
    ];
    let options = TailOptions {
        filters: &filters,
        ..ALL
    };
    let expected: Vec<Told> = (1..=18)
        .filter(|seq| seq % 5 == 0 || seq % 3 != 1)
        .map(|seq| match seq % 5 {
            0 => Told::Failed(ErrorKind::Usage, Some(seq)),
            _ => Told::Message(seq),
        })
        .collect();
    check_all("filters", &pool, &options, &expected, None);
}

#[test]
fn overwritten_messages() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(9216)).unwrap();
    fill(&pool, 1..=400);
    let oldest = pool.bounds().unwrap().oldest;
    assert!(oldest > 1);
    let mut expected = vec![Told::Gap(1, oldest - 1)];
    expected.extend(messages(oldest..=400));
    check_all("overwritten", &pool, &ALL, &expected, None);
    // As an error it is told once as well.
    expected[0] = Told::Failed(ErrorKind::RetentionGap, Some(1));
    let options = TailOptions {
        gap: GapPolicy::Error,
        ..ALL
    };
    let stream = pool.tail(&options).unwrap();
    let first = told(stream.next(Wait::Try, &mut View::empty()));
    assert_eq!(first, Some(expected[0]));
    let again = pool
        .tail(&TailOptions {
            start: Start::Token(stream.token()),
            ..options
        })
        .unwrap();
    assert_eq!(all(&again, WAYS[0].1), expected[1..]);
}

/// Seqs that a power cut took are missing in the middle of the ring.
#[test]
fn missing_seqs() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    fill(&pool, 1..=5);
    pool.flush().unwrap();
    let mut image = std::fs::read(pool.path()).unwrap();
    fill(&pool, 6..=8);
    // The words of later, over the messages of before.
    let later = std::fs::read(pool.path()).unwrap();
    let hot = 4096 + offset_of!(Control, hot);
    image[hot..hot + size_of::<Hot>()].copy_from_slice(&later[hot..hot + size_of::<Hot>()]);
    std::fs::write(client.resolve("cut").unwrap(), image).unwrap();
    let pool = client.open("cut", &OpenOptions::default()).unwrap();
    fill(&pool, 9..=12);
    let mut expected = messages(1..=5);
    expected.push(Told::Gap(6, 8));
    expected.extend(messages(9..=12));
    check_all("missing", &pool, &ALL, &expected, None);
    // A start at a seq that is not there, backwards, is the next one below it.
    for seq in 6..=8 {
        let options = TailOptions {
            start: Start::Seq(seq),
            backwards: true,
            ..ALL
        };
        let stream = pool.tail(&options).unwrap();
        assert_eq!(all(&stream, WAYS[0].1), messages((1..=5).rev()));
    }
}

#[test]
fn damaged_messages() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    fill(&pool, 1..=12);
    let frames = pool.layout(99).unwrap().frames;
    let file = std::fs::File::options()
        .write(true)
        .open(pool.path())
        .unwrap();
    for seq in [4, 5, 9] {
        file.write_all_at(b"damage", frames[seq - 1].offset + 48)
            .unwrap();
    }
    let failed = |seq| Told::Failed(ErrorKind::Corrupt, seq);
    let mut forwards = messages(1..=3);
    forwards.push(failed(Some(4)));
    forwards.extend(messages(6..=8));
    // Behind damage no seq is expected.
    forwards.push(failed(Some(9)));
    forwards.extend(messages(10..=12));
    let mut backwards = messages((10..=12).rev());
    backwards.push(failed(None));
    backwards.extend(messages((6..=8).rev()));
    backwards.extend([failed(None), failed(None)]);
    backwards.extend(messages((1..=3).rev()));
    check_all("damaged", &pool, &ALL, &forwards, Some(&backwards));
}

/// What was looked at and not taken does not count among the most that are wanted.
#[test]
fn looking_ahead_before_a_seek() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    fill(&pool, 1..=9);
    let options = TailOptions {
        max: Some(3),
        ..ALL
    };
    let stream = pool.tail(&options).unwrap();
    for seq in [5, 2, 7] {
        assert_eq!(wait_any(&[&stream], Wait::Try).unwrap(), Some(0));
        stream.seek(&Start::Seq(seq)).unwrap();
    }
    assert_eq!(all(&stream, WAYS[0].1), messages(7..=9));
}

/// Who gives up on a filter that has much to look at goes on behind what it looked at.
#[test]
fn behind_what_was_passed_over_before_the_time_was_up() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 16)).unwrap();
    fill(&pool, 1..=9);
    let slow = ".seq == 1 or .seq == 9 or ([range(3000)] | length == 0)";
    let filters = [Arc::new(
        Filter::new(slow, &FilterOptions::default()).unwrap(),
    )];
    for (backwards, mut place) in [(false, 2), (true, 8)] {
        let stream = pool
            .tail(&TailOptions {
                start: Start::Oldest,
                filters: &filters,
                backwards,
                ..ALL
            })
            .unwrap();
        let next = stream.next(Wait::Try, &mut View::empty());
        assert!(matches!(next, Ok(Next::Message(1 | 9))), "{next:?}");
        for _ in 0..4 {
            assert_eq!(stream.next_seq(), place);
            let next = stream.next(Wait::For(Duration::ZERO), &mut View::empty());
            assert!(matches!(next, Ok(Next::Timeout)), "{next:?}");
            place = if backwards { place - 1 } else { place + 1 };
        }
        stream.cancel();
        let next = stream.next(Wait::Forever, &mut View::empty());
        assert!(matches!(next, Ok(Next::Cancelled)), "{next:?}");
        assert_eq!(stream.next_seq(), place);
    }
}
