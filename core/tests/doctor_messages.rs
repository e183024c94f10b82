//! The doctor on messages whose checksum is right and which are wrong all the same, in pools that are
//! written to, in large ones, and on bytes made up to keep it busy.

mod common;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use common::{fork, message, patient, scratch, sized, watchdog, Board, Forge};
use plasmite_core::doctor::{Finding, Report, Status};
use plasmite_core::format::frame::{Header, Size};
use plasmite_core::store::{Client, OpenOptions};

fn examine(client: &Client, reference: &str) -> Report {
    let mut doctor = client.doctor(Some(reference)).unwrap();
    while doctor.step(10_000).unwrap() {}
    doctor.reports()[0].clone()
}

#[test]
fn each_finding_by_its_name() {
    let _watchdog = watchdog();
    let payload = |header: &Header| header.payload_len as usize;
    type Change = Box<dyn Fn(&mut Header, &mut Vec<u8>)>;
    let cases: Vec<(&str, Change)> = vec![
        ("encoding", Box::new(|header, _| header.flags |= 3)),
        ("signature", Box::new(|header, _| header.signature = 0)),
        (
            "tags",
            Box::new(move |header, body| body[payload(header)] = 200),
        ),
        (
            "tags",
            Box::new(move |header, body| body[payload(header) + 1] = 0xff),
        ),
        ("payload", Box::new(|_, body| body[..4].fill(0xff))),
        ("payload", Box::new(|header, _| header.flags = 1)),
        ("payload", Box::new(|header, _| header.flags = 2)),
        ("seq_order", Box::new(|header, _| header.seq = 2)),
        ("seq_order", Box::new(|header, _| header.seq = 1)),
        ("time_order", Box::new(|header, _| header.time_ns = 1)),
    ];
    for (name, change) in cases {
        let forge = Forge::new();
        assert_eq!(examine(&forge.client, "p").status, Status::Ok);
        forge.change(3, |header, body| change(header, body));
        let report = examine(&forge.client, "p");
        let found: Vec<&str> = report
            .issues
            .iter()
            .map(|issue| issue.finding.name())
            .collect();
        assert_eq!(found, [name], "{report:?}");
        assert_eq!(report.issues[0].offset, Some(forge.layout.frames[2].offset));
        assert_eq!(
            (report.last_good_seq, report.messages),
            (Some(2), 5),
            "{report:?}"
        );
        assert_eq!(report.issues[0].finding.code(), "corrupt");
    }
    // The last message of all says that another of its batch follows.
    let forge = Forge::new();
    forge.change(6, |header, _| header.flags |= 0x80);
    assert_eq!(
        examine(&forge.client, "p").issues[0].finding,
        Finding::Batch
    );
}

/// Many damaged messages: all are counted, the first are listed.
#[test]
fn the_list_of_issues_is_bounded() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(1 << 20)).unwrap();
    for _ in 0..2000 {
        pool.append_json(b"{\"a\":1}", &patient()).unwrap();
    }
    let file = File::options().write(true).open(pool.path()).unwrap();
    for frame in pool.layout(2000).unwrap().frames.iter().skip(1).step_by(2) {
        file.write_all_at(&[0xee; 4], frame.offset + 50).unwrap();
    }
    let report = examine(&client, "p");
    // The newest is one of them, so that readers cannot even open the pool.
    assert!(client.open("p", &OpenOptions { read_only: true }).is_err());
    assert_eq!((report.issue_count, report.issues.len()), (1000, 256));
    assert_eq!((report.messages, report.last_good_seq), (1000, Some(1)));
    assert_eq!(report.issues[1].message, "message 4 is damaged");
    assert_eq!(report.issues[1].seq, Some(4));
    assert_eq!(report.hints.len(), 2, "{:?}", report.hints);
}

/// Writers in several processes overwrite the ring again and again, and are killed: nothing of that is damage.
#[test]
fn a_pool_that_is_written_to() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    client.create("p", &sized(60_000)).unwrap();
    let board = Board::new();
    let start = |writer| {
        fork(|| {
            let pool = client.open("p", &Default::default()).unwrap();
            let mut n = 0;
            while board.get(0) == 0 {
                n += 1;
                let text = message(writer, n, 900);
                pool.append_json(text.as_bytes(), &patient()).unwrap();
                if n % 50 == 0 {
                    pool.flush().unwrap();
                }
            }
        })
    };
    let mut writers: Vec<_> = (1..=3).map(start).collect();
    let until = Instant::now() + common::soak(Duration::from_millis(1500));
    let (mut seen, mut rounds, mut slice) = (0, 0, 1);
    while Instant::now() < until {
        let mut doctor = client.doctor(Some("p")).unwrap();
        slice = slice * 3 % 100_003;
        while doctor.step(slice).unwrap() {}
        let report = &doctor.reports()[0];
        let verdict = (report.status, report.issue_count);
        assert_eq!(verdict, (Status::Ok, 0), "{report:?}");
        assert!(report.hints.is_empty(), "{report:?}");
        seen += report.messages;
        rounds += 1;
        if rounds % 20 == 0 {
            // Wherever it is just now, perhaps with the lock in its hands.
            writers.remove(0).kill();
            writers.push(start(rounds));
        }
    }
    board.set(0, 1);
    writers.into_iter().for_each(common::Process::join);
    assert!(seen > 0);
    assert_eq!(examine(&client, "p").status, Status::Ok);
}

/// A large pool with little in it costs little, and a full one is walked once.
#[test]
fn large_pools() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("sparse", &sized(256 << 20)).unwrap();
    let large = format!("\"{}\"", "x".repeat(3 << 20));
    for text in ["1", &large, "{\"a\":[]}"] {
        pool.append_json(text.as_bytes(), &patient()).unwrap();
    }
    let report = examine(&client, "sparse");
    assert_eq!((report.status, report.messages), (Status::Ok, 3));
    assert!(report.bytes < 4 << 20);

    let pool = client.create("full", &sized(48 << 20)).unwrap();
    let text = format!("{{\"text\":\"{}\"}}", "y".repeat(2000));
    while pool.bounds().unwrap().oldest <= 1 {
        for _ in 0..1000 {
            pool.append_json(text.as_bytes(), &patient()).unwrap();
        }
    }
    let start = Instant::now();
    let report = examine(&client, "full");
    println!("{} bytes in {:?}", report.bytes, start.elapsed());
    assert_eq!(report.status, Status::Ok);
    assert!(report.bytes > 40 << 20 && report.messages > 15_000);
}

/// Header of a frame of this length that a writer could have written, but for its checksum.
fn claim(len: u64) -> Vec<u8> {
    let header = Header {
        len,
        crc: 1,
        seq: 3,
        payload_len: (len - 44) as u32,
        ..Header::default()
    };
    let words = header.words();
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Behind one damaged frame lie bytes that claim to be long frames, over and over. To sum all of them up
/// would take for ever.
#[test]
fn bytes_made_up_to_take_for_ever() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(32 << 20)).unwrap();
    let large = format!("\"{}\"", "z".repeat(24 << 20));
    for text in ["1", &large, "3", "4", "5"] {
        pool.append_json(text.as_bytes(), &patient()).unwrap();
    }
    let place = pool.layout(10).unwrap().frames[1];
    let file = File::options().write(true).open(pool.path()).unwrap();

    // All end at one place, where only one can have its size word: the search looks at that first.
    let mut bytes = vec![0u8; place.len as usize];
    for at in (48..bytes.len() - 4096).step_by(48) {
        let len = bytes.len() as u64 - 64 - at as u64;
        bytes[at..at + 40].copy_from_slice(&claim(len));
        let word = Size::Message(len).word().to_le_bytes();
        bytes[place.len as usize - 68..][..4].copy_from_slice(&word);
    }
    file.write_all_at(&bytes, place.offset).unwrap();
    let report = examine(&client, "p");
    assert_eq!((report.issue_count, report.messages), (1, 4), "{report:?}");
    assert_eq!(report.issues[0].message, "message 2 is damaged");
    assert_eq!(report.last_good_seq, Some(1));

    // Each with a size word of its own: 12 MiB long, as many as there is room for.
    bytes.fill(0);
    let len = 12usize << 20;
    for at in (48..bytes.len() - len - 48).step_by(48) {
        bytes[at..at + 40].copy_from_slice(&claim(len as u64));
        let word = Size::Message(len as u64).word().to_le_bytes();
        bytes[at + len - 4..at + len].copy_from_slice(&word);
    }
    file.write_all_at(&bytes, place.offset).unwrap();
    let report = examine(&client, "p");
    assert_eq!((report.issue_count, report.last_good_seq), (1, Some(1)));
    // Where, and what to do.
    let warning = &report.warnings[0].message;
    let place = format!("behind the damage at byte {} of the file", place.offset);
    assert!(
        warning.contains(&place) && warning.contains("given up at byte"),
        "{warning}"
    );
    assert!(warning.contains("doctor --salvage"), "{warning}");
    assert!(
        report.hints.contains(&format!("warning: {warning}")),
        "{report:?}"
    );
}

/// The index of a pool is looked at here and there also when seqs were made up that lie as far apart as can be.
#[test]
fn warnings_about_seqs_far_apart() {
    let forge = Forge::new();
    let pool = forge
        .client
        .open("p", &OpenOptions { read_only: true })
        .unwrap();
    forge.change(6, |header, _| header.seq = (1 << 62) - 1);
    let warnings = pool.warnings();
    assert!(
        warnings.iter().any(|warning| warning.contains("index")),
        "{warnings:?}"
    );
}
