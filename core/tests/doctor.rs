//! The doctor: what readers would stumble over is reported, what they would not is not, and nothing is
//! written.

mod common;

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::Ordering::SeqCst;

use common::{fork, put, scratch, sized, watchdog, Victim};
use plasmite_core::doctor::{write_json, Finding, Report, Status};
use plasmite_core::ring::memory::Memory;
use plasmite_core::store::{AppendOptions, Client, PoolOptions};
use plasmite_core::{Error, ErrorKind};

/// Slices as small as they can be, so that every boundary between two is passed.
fn examine(client: &Client, reference: &str, slice: u64) -> Result<Report, Error> {
    let mut doctor = client.doctor(Some(reference))?;
    let mut before = doctor.progress();
    while doctor.step(slice)? {
        let now = doctor.progress();
        assert!(now.bytes_done <= now.bytes && now.pools == 1);
        before = now;
    }
    assert!(before.bytes_done <= doctor.progress().bytes_done);
    assert!(doctor.progress().pools_done == 1 && !doctor.step(slice)?);
    assert_eq!(doctor.paths().count(), 1);
    Ok(doctor.reports()[0].clone())
}

fn findings(report: &Report) -> Vec<Finding> {
    report.issues.iter().map(|issue| issue.finding).collect()
}

#[test]
fn a_pool_in_order() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(200_000)).unwrap();
    let report = examine(&client, "p", 1 << 20).unwrap();
    assert_eq!(
        (report.status, report.last_good_seq, report.bounds),
        (Status::Ok, None, None)
    );
    for n in 0..5000 {
        let tags: &[&[u8]] = &[b"a", b"b"];
        let options = AppendOptions {
            tags: &tags[..n % 3],
            ..AppendOptions::default()
        };
        pool.append_json(common::message(1, n as u64, 300).as_bytes(), &options)
            .unwrap();
    }
    let before = std::fs::read(pool.path()).unwrap();
    for slice in [1, 100_000, u64::MAX] {
        let report = examine(&client, "p", slice).unwrap();
        let bounds = pool.bounds().unwrap();
        assert_eq!(report.status, Status::Ok);
        assert_eq!(report.last_good_seq, Some(5000));
        assert_eq!(report.bounds, Some((bounds.oldest, bounds.newest)));
        assert_eq!(report.messages, bounds.count);
        assert!(
            report.hints.is_empty() && report.issues.is_empty(),
            "{report:?}"
        );
        assert!(report.slots >= bounds.count / 9 && report.slots <= bounds.count / 7);
    }
    assert!(
        before == std::fs::read(pool.path()).unwrap(),
        "the doctor wrote"
    );
    let mut json = Vec::new();
    write_json(&[examine(&client, "p", 1).unwrap()], &mut json);
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let row = &value["reports"][0];
    assert_eq!(row["pool_ref"], "p");
    assert_eq!(row["path"], pool.path().to_str().unwrap());
    assert_eq!(
        (&row["status"], &row["issue_count"]),
        (&"ok".into(), &0.into())
    );
    assert!(row["snapshot_path"].is_null() && row["issues"] == serde_json::json!([]));
}

/// Whether readers of the damaged pool would see anything but all its messages.
fn readers_stumble(victim: &Victim, what: &str) -> bool {
    match victim.open(true) {
        Ok(pool) => {
            let (seqs, corrupt) = victim.read(what, &pool, None);
            let all: Vec<u64> = (victim.oldest..=victim.newest()).collect();
            corrupt > 0 || seqs != all
        }
        Err(_) => true,
    }
}

/// Where damage may be reported: superblock, control page, retained frames and fillings.
fn matters(victim: &Victim, at: usize) -> bool {
    let word = |at: usize| u64::from_le_bytes(victim.good[at..at + 8].try_into().unwrap());
    let (head, tail) = (word(4096 + 8), word(4096 + 64));
    let size = word(56) as usize;
    if at < 8192 {
        return true;
    }
    if at < victim.ring || at >= victim.ring + size {
        return false;
    }
    let (from, to) = (tail as usize % size, head as usize % size);
    let offset = at - victim.ring;
    if tail < head && from >= to {
        offset >= from || offset < to
    } else {
        (from..to).contains(&offset)
    }
}

fn flip_all(victim: &Victim) {
    for at in 0..victim.good.len() {
        if (512..4000).contains(&at) && at % 16 != 0 {
            continue;
        }
        let mask = [0x01, 0x80, 0xff, 0x10][at % 4];
        let byte = victim.good[at] ^ mask;
        victim.file.write_all_at(&[byte], at as u64).unwrap();
        let what = format!("byte {at} ^ {mask:#x}");
        let report = examine(&victim.client, "p", 500).unwrap();
        if report.status == Status::Ok {
            assert!(!readers_stumble(victim, &what), "{what}: not noticed");
            assert_eq!(report.last_good_seq, Some(victim.newest()), "{what}");
        } else {
            assert!(matters(victim, at), "{what}: {report:?}");
            assert!(!report.hints.is_empty() && report.issue_count > 0);
        }
        // One frame is damaged: all others are counted.
        if at >= victim.ring {
            assert!(
                report.messages + 1 > victim.newest() - victim.oldest,
                "{what}: {report:?}"
            );
            assert!(report.issue_count <= 1, "{what}: {report:?}");
        }
        victim
            .file
            .write_all_at(&[victim.good[at]], at as u64)
            .unwrap();
    }
}

fn with_index() -> PoolOptions {
    PoolOptions {
        size: 10_600,
        index_capacity: Some(6),
        ..PoolOptions::default()
    }
}

#[test]
fn each_byte_of_a_small_pool() {
    let _watchdog = watchdog();
    flip_all(&Victim::new(with_index(), 18));
}

#[test]
fn each_byte_of_a_wrapped_pool() {
    let _watchdog = watchdog();
    flip_all(&Victim::new(sized(9216), 50));
}

#[test]
fn each_length() {
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    let len = victim.good.len() as u64;
    for cut in (0..len).step_by(3).chain([len + 1, len + 4096]) {
        victim.file.set_len(cut).unwrap();
        let report = examine(&victim.client, "p", 500).unwrap();
        let expected = match cut {
            0..4 => Finding::NotAPool,
            4..4096 => Finding::Superblock,
            _ => Finding::Length,
        };
        assert_eq!(findings(&report), [expected], "{cut}");
        assert_eq!(report.last_good_seq, None);
        victim.restore();
    }
}

#[test]
fn stretches() {
    let _watchdog = watchdog();
    let victim = Victim::new(sized(9216), 50);
    let mut random = common::Random(11);
    for round in 0..800 {
        let at = 4096 + random.below(victim.good.len() as u64 - 4096) as usize;
        let len = (1 + random.below(200) as usize).min(victim.good.len() - at);
        let from = random.below((victim.good.len() - len) as u64) as usize;
        let bytes: Vec<u8> = match round % 3 {
            0 => vec![0; len],
            1 => (0..len).map(|_| random.next() as u8).collect(),
            _ => victim.good[from..from + len].to_vec(),
        };
        victim.file.write_all_at(&bytes, at as u64).unwrap();
        let what = format!("round {round}: {len} bytes at {at}");
        let report = examine(&victim.client, "p", 1 + random.below(2000)).unwrap();
        if report.status == Status::Ok {
            assert!(!readers_stumble(&victim, &what), "{what}: not noticed");
        }
        victim.restore();
    }
}

#[test]
fn a_damaged_index_is_a_warning() {
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    victim.file.write_all_at(&[0xff; 48], 8192).unwrap();
    let report = examine(&victim.client, "p", 1).unwrap();
    assert_eq!((report.status, report.issue_count), (Status::Ok, 0));
    assert!(
        report.hints[0].starts_with("warning: the index misses"),
        "{report:?}"
    );
    // A look at a sample notices as well, and says the same.
    let pool = victim.open(true).unwrap();
    let warnings = pool.warnings();
    assert!(
        warnings.len() == 1 && report.hints[0] == format!("warning: {}", warnings[0]),
        "{warnings:?} {report:?}"
    );
    victim.restore();
    assert_eq!(pool.warnings(), Vec::<String>::new());
}

#[test]
fn a_copy_is_seen_as_its_readers_see_it() {
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    let copy = victim.path.with_file_name("copy.plasmite");
    std::fs::write(&copy, &victim.good).unwrap();
    assert_eq!(
        examine(&victim.client, "copy", 1).unwrap().status,
        Status::Ok
    );
    // Without its control page readers go by the frames.
    let mut wiped = victim.good.clone();
    wiped[4096..8192].fill(0);
    std::fs::write(&copy, &wiped).unwrap();
    let report = examine(&victim.client, "copy", 1).unwrap();
    assert_eq!(
        (report.status, report.last_good_seq),
        (Status::Ok, Some(18))
    );
    // In the file it belongs to nothing stands in for it.
    victim.file.write_all_at(&[0; 48], 4096).unwrap();
    let report = examine(&victim.client, "p", 1).unwrap();
    assert_eq!(findings(&report), [Finding::Control]);
    assert_eq!((report.last_good_seq, report.messages), (Some(18), 18));
}

/// With its oldest or its newest message damaged a pool cannot be opened for reading.
#[test]
fn damage_at_the_ends() {
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    let frames = victim.open(true).unwrap().layout(20).unwrap().frames;
    for (seq, text, last_good) in [
        (1, "the oldest messages are damaged, up to message 1", None),
        (18, "message 18 is damaged", Some(17)),
    ] {
        let at = frames[seq - 1].offset + 41;
        victim.file.write_all_at(&[0xee], at).unwrap();
        assert_eq!(victim.open(true).unwrap_err().kind(), ErrorKind::Corrupt);
        let report = examine(&victim.client, "p", 1).unwrap();
        assert_eq!(findings(&report), [Finding::Frame]);
        assert_eq!(report.issues[0].message, text);
        assert_eq!(report.issues[0].seq, Some(seq as u64));
        assert_eq!((report.last_good_seq, report.messages), (last_good, 17));
        assert!(report.hints.iter().any(|hint| hint.contains("for writing")));
        victim.restore();
    }
}

/// A writer recovers the pool while it is looked at: the examination begins anew.
#[test]
fn recovered_meanwhile() {
    let _watchdog = watchdog();
    let victim = Victim::new(with_index(), 18);
    std::fs::write(victim.path.with_file_name("copy.plasmite"), &victim.good).unwrap();
    let mut doctor = victim.client.doctor(Some("copy")).unwrap();
    assert!(doctor.step(64).unwrap());
    let pool = victim.client.open("copy", &Default::default()).unwrap();
    assert_eq!(put(&pool, "\"new\""), 19);
    while doctor.step(64).unwrap() {}
    assert_eq!(doctor.reports()[0].last_good_seq, Some(19));
}

/// An enemy stores a tail between two words, near the end, after the examination has begun.
#[test]
fn tails_that_lead_nowhere() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &sized(20_000)).unwrap();
    (0..9).for_each(|_| _ = put(&pool, "1"));
    let raw = plasmite_core::pool::Pool::open(pool.path(), false).unwrap();
    let hot = &raw.shared().ring().memory.control().hot;
    let (tail, head) = (hot.tail.load(SeqCst), hot.head.load(SeqCst));
    for bad in [head - 4, head + 4, head - 8, tail + 1, u64::MAX] {
        let mut doctor = client.doctor(Some("p")).unwrap();
        hot.tail.store(bad, SeqCst);
        while doctor.step(1).unwrap() {}
        hot.tail.store(tail, SeqCst);
        assert_eq!(doctor.reports()[0].status, Status::Corrupt, "{bad}");
    }
}

#[test]
fn what_is_no_pool_at_all() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(dir.path().join(format!("{name}.plasmite")), bytes).unwrap();
    };
    let header = |version: u8| {
        let mut bytes = b"PLSM".to_vec();
        bytes.resize(20_000, 0);
        bytes[4] = version;
        bytes
    };
    file("empty", b"");
    file("text", b"{\"not\":\"a pool\"}\n");
    file("zeros", &[0; 30_000]);
    file("blank", &header(4));
    file("old", &header(3));
    file("new", &header(9));
    std::fs::create_dir(dir.path().join("directory.plasmite")).unwrap();
    put(
        &client.create("good", &PoolOptions::default()).unwrap(),
        "1",
    );
    for (name, finding) in [
        ("empty", Finding::NotAPool),
        ("text", Finding::NotAPool),
        ("zeros", Finding::NotAPool),
        ("blank", Finding::Superblock),
        ("old", Finding::Format),
        ("new", Finding::Format),
    ] {
        let report = examine(&client, name, 1).unwrap();
        assert_eq!(findings(&report), [finding], "{name}");
        let code = if finding == Finding::Format {
            "format"
        } else {
            "corrupt"
        };
        assert_eq!(report.issues[0].finding.code(), code);
    }
    let old = examine(&client, "old", 1).unwrap();
    assert!(old.hints[0].contains("pool migrate"), "{old:?}");
    let kind = |reference: &str| client.doctor(Some(reference)).err().unwrap().kind();
    assert_eq!(kind("missing"), ErrorKind::NotFound);
    assert_eq!(kind("directory"), ErrorKind::Io);
    assert_eq!(kind("/dev/null"), ErrorKind::Io);
    assert_eq!(kind("http://host/pool"), ErrorKind::Usage);

    let mut doctor = client.doctor(None).unwrap();
    while doctor.step(1000).unwrap() {}
    let rows: Vec<_> = doctor
        .reports()
        .iter()
        .map(|row| (row.path.file_stem().unwrap().to_str().unwrap(), row.status))
        .collect();
    let bad = Status::Corrupt;
    assert_eq!(
        rows,
        [
            ("blank", bad),
            ("directory", Status::Unreadable),
            ("empty", bad),
            ("good", Status::Ok),
            ("new", bad),
            ("old", bad),
            ("text", bad),
            ("zeros", bad),
        ]
    );
    let row = &doctor.reports()[1];
    assert_eq!(row.pool_ref, row.path.to_str().unwrap());
    assert_eq!((row.issue_count, row.issues[0].finding.code()), (1, "io"));
    assert_eq!(doctor.progress().pools_done, 8);
    let nowhere = Client::new(Some(&dir.path().join("nowhere"))).unwrap();
    assert_eq!(
        nowhere.doctor(None).err().unwrap().kind(),
        ErrorKind::NotFound
    );
    std::fs::create_dir(dir.path().join("nothing")).unwrap();
    let nothing = Client::new(Some(&dir.path().join("nothing"))).unwrap();
    assert!(!nothing.doctor(None).unwrap().step(1).unwrap());
}

#[test]
fn with_the_right_to_read_alone() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let open_up = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    put(&pool, "1");
    open_up(dir.path(), 0o755);
    open_up(pool.path(), 0o444);
    let as_nobody = |work: &dyn Fn()| {
        fork(|| {
            common::become_nobody();
            work();
        })
        .join();
    };
    as_nobody(&|| assert_eq!(examine(&client, "p", 1).unwrap().last_good_seq, Some(1)));
    open_up(pool.path(), 0o000);
    as_nobody(&|| {
        let error = client.doctor(Some("p")).err().unwrap();
        assert_eq!(
            (error.kind(), error.path()),
            (ErrorKind::Permission, Some(pool.path()))
        );
        let mut doctor = client.doctor(None).unwrap();
        assert!(!doctor.step(1).unwrap());
        assert_eq!(doctor.reports()[0].issues[0].finding.code(), "permission");
    });
}

#[test]
fn deleted_meanwhile() {
    let _watchdog = watchdog();
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    for n in 1..=100 {
        assert_eq!(put(&pool, "1"), n);
    }
    let mut doctor = client.doctor(Some("p")).unwrap();
    let mut all = client.doctor(None).unwrap();
    assert!(doctor.step(64).unwrap() && all.step(64).unwrap());
    client.delete("p").unwrap();
    let end = loop {
        match doctor.step(64) {
            Ok(true) => {}
            end => break end,
        }
    };
    assert_eq!(end.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(doctor.reports().is_empty() && !doctor.step(64).unwrap());
    while all.step(64).unwrap() {}
    assert!(all.reports().is_empty());
}
