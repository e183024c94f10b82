//! A writer that is an enemy: it stores what it likes into a pool that others read. They never crash, hang, or deliver what
//! its own checksum does not fit; the watchdog ends a test that hangs.

mod common;

use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{fork, message, scratch, sized, watchdog, Board, Random};
use plasmite_core::filter::{Filter, FilterOptions};
use plasmite_core::format::control::Recovery;
use plasmite_core::store::{
    AppendOptions, Client, Next, OpenOptions, Pool, Start, TailOptions, View, Wait,
};
use plasmite_core::{Error, ErrorKind};

const READ_ONLY: OpenOptions = OpenOptions { read_only: true };
/// Words that recovery goes by.
const RECOVERY_WORDS: u64 = offset_of!(Recovery, parted_next) as u64 / 8 + 1;
/// Each so many messages have the tag.
const TAGGED: u64 = 3;
/// Messages beyond this one, about half of those that the ring holds, pass the filters.
const FILTERED: u64 = 78;

/// Where an enemy stores: often into the words that decide, else anywhere.
fn place(random: &mut Random, len: u64) -> u64 {
    let at = match random.below(4) {
        0 => 4096 + random.below(16) * 8,
        1 => 4096 + 512 + random.below(RECOVERY_WORDS) * 8,
        2 => 8192 + random.below(len - 8192 - 8),
        _ => random.below(len - 8),
    };
    at & !7
}

/// A word that hurts: near another one, at an edge, or any.
fn word(random: &mut Random, now: u64) -> u64 {
    match random.below(8) {
        0 => 0,
        1 => u64::MAX,
        2 => now ^ 1 << random.below(64),
        3 => now.wrapping_add(random.below(64) * 8),
        4 => now.wrapping_sub(random.below(64) * 8),
        5 => 1 << random.below(64),
        6 => random.below(20_000),
        _ => random.next(),
    }
}

fn attack(path: &std::path::Path, seed: u64, board: &Board) {
    let file = std::fs::File::options().read(true).write(true).open(path);
    let (file, mut random) = (file.unwrap(), Random(seed));
    let mut good = std::fs::read(path).unwrap();
    good.resize(good.len() + 8, 0);
    let len = good.len() as u64 - 8;
    while board.get(0) == 0 {
        let at = place(&mut random, len);
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).unwrap();
        let bad = word(&mut random, u64::from_le_bytes(bytes));
        file.write_all_at(&bad.to_le_bytes(), at).unwrap();
        // Healed again most of the time, so that readers get further than the first look.
        if random.below(4) > 0 {
            let at = at as usize;
            file.write_all_at(&good[at..at + 8], at as u64).unwrap();
        }
        if random.below(300) == 0 {
            file.write_all_at(&good[..len as usize], 0).unwrap();
        }
    }
}

/// An error of a pool that an enemy writes to: damage that has a name, and never a fault of ours.
fn known(error: &Error, more: &[ErrorKind]) {
    let kind = error.kind();
    let expected = [ErrorKind::Corrupt, ErrorKind::NotFound];
    assert!(
        expected.contains(&kind) || more.contains(&kind),
        "{error:?}"
    );
    assert!(!error.message().is_empty());
}

/// That the error, if it is one, is [`known`].
fn check<T>(result: plasmite_core::Result<T>) {
    if let Err(error) = result {
        known(&error, &[]);
    }
}

/// One that is a plan, one that only the engine can run.
fn filters() -> Vec<Arc<Filter>> {
    let filter = |text: String| Arc::new(Filter::new(&text, &FilterOptions::default()).unwrap());
    vec![
        filter(format!(".data.n > {FILTERED}")),
        filter(format!("[.data.n] | min > {FILTERED}")),
    ]
}

/// Reads in every way there is; how many messages came to each kind of stream: plain, with a tag, with filters.
fn read(client: &Client, kept: &Pool, filters: &[Arc<Filter>], random: &mut Random) -> [u64; 3] {
    let fresh = client.open("p", &READ_ONLY);
    if let Err(error) = &fresh {
        known(error, &[ErrorKind::Usage]);
    }
    let pool = fresh.as_ref().unwrap_or(kept);
    check(pool.bounds());
    check(pool.info());
    drop(pool.warnings());
    check(pool.layout(100));
    let mut out = Vec::new();
    check(pool.get_envelope(random.below(100), &mut out));
    let which = random.below(3) as usize;
    // Half of the streams have neither an end in time nor waits, or with an end in the pool wait for ever: a loop that goes
    // round for ever in one of them is ended by the watchdog, and does not look like a time-out.
    let (timed, snapshot) = (random.below(2) == 0, random.below(3) == 0);
    let (timeout, wait) = if timed {
        let (most, slice) = (Duration::from_millis(20), Duration::from_millis(5));
        (Some(most), Wait::For(slice))
    } else if snapshot {
        (None, Wait::Forever)
    } else {
        (None, Wait::Try)
    };
    let options = TailOptions {
        start: [
            Start::Oldest,
            Start::Last(20),
            Start::Seq(random.below(100)),
            Start::Time(1),
        ][random.below(4) as usize]
            .clone(),
        backwards: random.below(4) == 0,
        in_place: random.below(2) == 0,
        max: Some(500),
        snapshot,
        timeout,
        tags: if which == 1 { &[b"three"] } else { &[] },
        filters: if which == 2 { filters } else { &[] },
        ..TailOptions::default()
    };
    let mut came = [0; 3];
    let stream = match pool.tail(&options) {
        Ok(stream) => stream,
        Err(error) => {
            known(&error, &[]);
            return came;
        }
    };
    let mut view = View::empty();
    // An error may come for each damaged message.
    for _ in 0..1000 {
        match stream.next(wait, &mut view) {
            // In place the bytes may change after they were checked; they are looked at all the same.
            Ok(Next::Message(_)) if options.in_place => drop(common::look_at_all(&view)),
            Ok(Next::Message(_)) => came[which] += u64::from(is_proven(&view, which)),
            Ok(Next::Timeout) if !timed => break,
            Ok(Next::Gap(_) | Next::Timeout) => {}
            Ok(_) => break,
            Err(error) => {
                known(&error, &[]);
                if error.kind() == ErrorKind::NotFound {
                    break;
                }
            }
        }
    }
    came
}

/// Whether a message is what was written, and asked for. The enemy does not make checksums fit in this test: none other
/// may come.
fn is_proven(view: &View, which: usize) -> bool {
    let Some(out) = common::look_at_all(view) else {
        return false;
    };
    let text = String::from_utf8(out).unwrap();
    let (writer, n) = common::proven(&text, 120);
    assert_eq!((writer, text), (1, message(1, n, 120)));
    assert!(which != 1 || n % TAGGED == 0, "{n} has no tag");
    assert!(which != 2 || n > FILTERED, "{n} does not match");
    true
}

#[test]
fn readers_under_attack() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(14_000)).unwrap();
    for n in 1..=90 {
        let tags: &[&[u8]] = if n % TAGGED == 0 { &[b"three"] } else { &[] };
        let options = AppendOptions {
            tags,
            ..AppendOptions::default()
        };
        pool.append_json(message(1, n, 120).as_bytes(), &options)
            .unwrap();
    }
    let path = pool.path().to_path_buf();
    let kept = client.open("p", &READ_ONLY).unwrap();
    drop(pool);
    let board = Board::new();
    let enemies: Vec<_> = (0..2)
        .map(|enemy| {
            let (path, board) = (&path, &board);
            fork(move || attack(path, 77 + enemy, board))
        })
        .collect();
    let readers: Vec<_> = (0..2)
        .map(|reader| {
            let (client, kept, board) = (&client, &kept, &board);
            fork(move || {
                let (mut random, filters) = (Random(1000 + reader), filters());
                let until = Instant::now() + common::soak(Duration::from_secs(2));
                while Instant::now() < until {
                    let came = read(client, kept, &filters, &mut random);
                    for (index, came) in came.into_iter().enumerate() {
                        board.word(1 + index).fetch_add(came, Ordering::SeqCst);
                    }
                    let mut doctor = match client.doctor(Some("p")) {
                        Ok(doctor) => doctor,
                        // Damage is for the report; but the enemy may say that the pool was deleted.
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
                            continue;
                        }
                    };
                    check(loop {
                        match doctor.step(1 << 20) {
                            Ok(true) => {}
                            other => break other,
                        }
                    });
                }
            })
        })
        .collect();
    readers.into_iter().for_each(common::Process::join);
    board.set(0, 1);
    enemies.into_iter().for_each(common::Process::join);
    let came = [1, 2, 3].map(|word| board.get(word));
    assert!(
        came.iter().all(|came| *came > 100),
        "readers got {came:?} messages"
    );
}
