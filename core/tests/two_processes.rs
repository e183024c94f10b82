//! Several writer processes and readers at full speed over rings that wrap all the time.

mod common;

use std::time::{Duration, Instant};

use common::{
    data_of, fork, get, inspect, look, message, patient, proven, scratch, sized, soak, watchdog,
    Board, Random, Witness,
};
use plasmite_core::store::{
    BatchItem, Client, GapPolicy, ItemEncoding, Next, OpenOptions, Start, TailOptions, View, Wait,
};
use plasmite_core::ErrorKind;

const STOP: usize = 0;
const DONE: usize = 1;
/// First of the words in which readers leave the number of messages they proved.
const PROVED: usize = 16;

/// Writes singly and in batches until told to stop.
fn write(client: &Client, board: &Board, writer: u64, spread: u64, largest_batch: u64) {
    let pool = client.open("p", &OpenOptions::default()).unwrap();
    let mut random = Random(writer + 1);
    let mut n = 0;
    let mut receipts = Vec::new();
    while board.get(STOP) == 0 {
        if random.below(8) > 0 {
            n += 1;
            pool.append_json(message(writer, n, spread).as_bytes(), &patient())
                .unwrap();
            continue;
        }
        let texts: Vec<String> = (0..1 + random.below(largest_batch))
            .map(|index| message(writer, n + 1 + index, spread))
            .collect();
        let items: Vec<BatchItem<'_>> = texts
            .iter()
            .map(|text| BatchItem {
                bytes: text.as_bytes(),
                encoding: ItemEncoding::Json,
                tags: &[],
                timestamp_ns: None,
            })
            .collect();
        receipts.clear();
        pool.append_batch(items.iter().copied().map(Ok), &patient(), |receipt| {
            receipts.push(receipt)
        })
        .unwrap();
        for pair in receipts.windows(2) {
            assert_eq!(pair[0].seq + 1, pair[1].seq, "something came into a batch");
        }
        n += texts.len() as u64;
    }
}

/// Follows until the writers have stopped and everything is read.
fn follow(
    client: &Client,
    board: &Board,
    place: usize,
    spread: u64,
    options: &TailOptions<'_>,
    read_only: bool,
) {
    let pool = client.open("p", &OpenOptions { read_only }).unwrap();
    let stream = pool.tail(options).unwrap();
    board
        .word(DONE + 1)
        .fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let mut witness = Witness::default();
    // Nothing was written yet when the stream was opened.
    witness.next = Some(1);
    let mut out = Vec::new();
    let mut view = View::empty();
    let mut voids = 0u64;
    let mut missing = 0;
    loop {
        out.clear();
        let next = if options.in_place {
            stream.next(Wait::For(Duration::from_millis(20)), &mut view)
        } else {
            stream.next_envelope(Wait::For(Duration::from_millis(20)), &mut out)
        };
        match next.unwrap() {
            Next::Message(_) if options.in_place => match look(&view) {
                Some(text) => witness.saw(view.seq, proven(&text, spread)),
                None => {
                    witness.lost(view.seq, view.seq, pool.bounds().unwrap().oldest);
                    voids += 1;
                }
            },
            Next::Message(seq) => witness.saw(seq, proven(data_of(&out), spread)),
            Next::Gap(gap) => {
                missing += gap.last - gap.first + 1;
                witness.lost(gap.first, gap.last, pool.bounds().unwrap().oldest);
            }
            Next::Timeout if board.get(DONE) == 1 => break,
            Next::Timeout => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(witness.next, Some(pool.bounds().unwrap().newest + 1));
    let stats = stream.stats();
    assert_eq!(stats.delivered, witness.seen + voids);
    assert_eq!(stats.dropped, missing);
    board.set(place, witness.seen);
}

/// Fetches seqs at random, some of them gone or not there yet.
fn fetch(client: &Client, board: &Board, place: usize, spread: u64) {
    let pool = client.open("p", &OpenOptions::default()).unwrap();
    let mut random = Random(99);
    let mut proved = 0;
    while board.get(DONE) == 0 {
        let bounds = pool.bounds().unwrap();
        let seq = bounds.oldest + random.below(bounds.count + 2);
        match get(&pool, seq) {
            Ok(text) => {
                proven(&text, spread);
                proved += 1;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}"),
        }
        if let Ok(view) = pool.view(seq) {
            assert_eq!(view.seq, seq);
            if let Some(text) = look(&view) {
                proven(&text, spread);
            }
        }
    }
    board.set(place, proved);
}

fn race(size: u64, slots: Option<u32>, spread: u64, time: Duration) {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let board = Board::new();
    let mut options = sized(size);
    options.index_capacity = slots;
    drop(client.create("p", &options).unwrap());
    let event = |start: Start| TailOptions {
        start,
        gap: GapPolicy::Event,
        ..TailOptions::default()
    };
    let client = &client;
    let followers = [
        (event(Start::Seq(1)), false),
        (event(Start::Now), true),
        (
            TailOptions {
                in_place: true,
                ..event(Start::Seq(1))
            },
            false,
        ),
    ];
    let mut readers: Vec<_> = followers
        .iter()
        .enumerate()
        .map(|(index, (options, read_only))| {
            fork(|| follow(client, board, PROVED + index, spread, options, *read_only))
        })
        .collect();
    readers.push(fork(|| fetch(client, board, PROVED + 3, spread)));
    board.await_at_least(DONE + 1, followers.len() as u64);
    let ring = size - 8192;
    let largest_batch = (ring / (spread + 250)).clamp(1, 20);
    let writers: Vec<_> = (1..=3)
        .map(|writer| fork(move || write(client, board, writer, spread, largest_batch)))
        .collect();
    let start = Instant::now();
    common::until(|| start.elapsed() >= time);
    board.set(STOP, 1);
    writers.into_iter().for_each(common::Process::join);
    board.set(DONE, 1);
    readers.into_iter().for_each(common::Process::join);
    let pool = client.open("p", &OpenOptions { read_only: true }).unwrap();
    let (_, newest) = inspect(&pool, spread);
    let proved: Vec<u64> = (0..4).map(|index| board.get(PROVED + index)).collect();
    println!("size {size}, spread {spread}: {newest} written, {proved:?} proved by the readers");
    assert!(newest > 100 && proved.iter().all(|proved| *proved > 0));
}

#[test]
fn the_smallest_ring() {
    race(9216, None, 300, soak(Duration::from_millis(600)));
    race(9216, None, 1, soak(Duration::from_millis(400)));
}

#[test]
fn odd_rings() {
    for size in [9217, 9280, 10_007, 12_288] {
        race(size, None, 200, soak(Duration::from_millis(300)));
    }
}

#[test]
fn rings_with_and_without_index() {
    for slots in [None, Some(0), Some(5)] {
        race(40_000, slots, 900, soak(Duration::from_millis(300)));
    }
}

#[test]
fn a_large_ring() {
    race(1 << 20, None, 4000, soak(Duration::from_millis(600)));
}

#[test]
fn what_is_lost_before_the_first_look_is_reported() {
    let (_dir, client) = scratch();
    for (name, written) in [("empty", 0), ("some", 3)] {
        let pool = client.create(name, &sized(9216)).unwrap();
        for n in 1..=written {
            common::put(&pool, &message(1, n, 50));
        }
        for (start, first) in [
            (Start::Oldest, 1),
            (Start::Now, written + 1),
            (Start::Last(2), if written == 0 { 1 } else { 2 }),
            (Start::Last(9), 1),
            (Start::Time(0), 1),
            (Start::Time(u64::MAX - 1), written + 1),
        ] {
            let pool = client.open(name, &OpenOptions::default()).unwrap();
            let options = TailOptions {
                start: start.clone(),
                gap: GapPolicy::Event,
                ..TailOptions::default()
            };
            let stream = pool.tail(&options).unwrap();
            assert_eq!(stream.next_seq(), first, "{start:?}, {written} written");
        }
        let stream = pool
            .tail(&TailOptions {
                start: Start::Now,
                gap: GapPolicy::Event,
                ..TailOptions::default()
            })
            .unwrap();
        for n in 1..=50 {
            common::put(&pool, &message(2, n, 50));
        }
        let oldest = pool.bounds().unwrap().oldest;
        match stream.next(Wait::Try, &mut View::empty()).unwrap() {
            Next::Gap(gap) => assert_eq!((gap.first, gap.last), (written + 1, oldest - 1)),
            other => panic!("{other:?}"),
        }
    }
}
