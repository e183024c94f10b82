//! Examining pools, converting old ones, and salvaging damaged ones.

mod common;

#[path = "../../../core/tests/common/old_file.rs"]
mod old_file;

use common::Scratch;
use old_file::OldPool;
use plasmite_sdk::{
    json_to_lite3, AppendOptions, Bounds, DoctorStatus, ErrorKind, PoolOptions, Result,
};
use std::os::unix::fs::FileExt;

#[test]
fn one_pool() -> Result<()> {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    for n in 1..=50 {
        pool.append(format!("[{n}]").as_bytes(), &AppendOptions::new())?;
    }
    let place = pool.layout(50)?.frames[30];
    let mut doctor = scratch.client.doctor("lab")?;
    assert_eq!(doctor.report(0).unwrap_err().kind(), ErrorKind::Usage);
    while doctor.step(500)? {
        let progress = doctor.progress();
        assert!(progress.bytes_done <= progress.bytes && progress.path.is_some());
    }
    assert_eq!(
        (doctor.report_count(), doctor.progress().pools_done),
        (1, 1)
    );
    let report = doctor.report(0)?;
    assert_eq!((report.status, report.pool_ref), (DoctorStatus::Ok, "lab"));
    assert_eq!((report.path, report.last_good_seq), (pool.path(), Some(50)));
    assert!(report.issues.is_empty() && report.hints.is_empty() && report.checked_slots > 0);

    let file = std::fs::File::options().write(true).open(pool.path());
    file.unwrap()
        .write_all_at(&[0xff; 3], place.offset + 45)
        .unwrap();
    let mut doctor = scratch.client.doctor("lab")?;
    assert!(!doctor.step(0)?);
    let report = doctor.report(0)?;
    assert_eq!(
        (report.status, report.last_good_seq),
        (DoctorStatus::Corrupt, Some(30))
    );
    let bounds = Bounds {
        oldest: 1,
        newest: 50,
        count: 49,
    };
    assert_eq!((report.bounds, report.issue_count), (bounds, 1));
    let issue = &report.issues[0];
    assert_eq!((issue.code, issue.finding), ("corrupt", "frame"));
    assert_eq!((issue.seq, issue.offset), (Some(31), Some(place.offset)));
    assert_eq!(report.hints, [issue.advice]);
    assert!(doctor
        .json()?
        .text()?
        .starts_with("{\"reports\":[{\"pool_ref\":\"lab\""));
    Ok(())
}

#[test]
fn all_pools() -> Result<()> {
    let scratch = Scratch::new();
    assert_eq!(
        scratch.client.doctor("lost").unwrap_err().kind(),
        ErrorKind::NotFound
    );
    scratch.pool("b");
    scratch.pool("a");
    std::fs::create_dir(scratch.dir.path().join("c.plasmite")).unwrap();
    let mut doctor = scratch.client.doctor_all()?;
    while doctor.step(1)? {}
    let statuses: Vec<_> = (0..3)
        .map(|row| doctor.report(row).unwrap().status)
        .collect();
    assert_eq!(
        statuses,
        [DoctorStatus::Ok, DoctorStatus::Ok, DoctorStatus::Unreadable]
    );
    assert_eq!(doctor.report(2)?.issues[0].code, "io");
    Ok(())
}

#[test]
fn old_pools() -> Result<()> {
    let scratch = Scratch::new();
    let mut old = OldPool::new(20_000, 0, 0);
    for seq in 3..6 {
        let json = format!("{{\"meta\":{{\"tags\":[]}},\"data\":{{\"n\":{seq}}}}}");
        old.put(seq, seq, &json_to_lite3(json.as_bytes())?);
    }
    std::fs::write(scratch.dir.path().join("old.plasmite"), &old.bytes).unwrap();
    let client = &scratch.client;
    let options = PoolOptions::new().size(50_000);
    let made = client.migrate("old", Some("new"), &options)?;
    assert_eq!(
        (made.old_size, made.size, made.times_unordered),
        (20_000, 50_000, false)
    );
    assert_eq!(
        (made.bounds.oldest, made.bounds.count, made.backup),
        (3, 3, None)
    );
    let made = client.migrate("old", None, &PoolOptions::new())?;
    assert_eq!(
        made.backup,
        Some(scratch.dir.path().join("old.plasmite.bak"))
    );
    let json = client.open_pool("old")?.get_json(5)?;
    let wanted = "{\"seq\":5,\"time\":\"1970-01-01T00:00:00.000000005Z\",\"meta\":{\"tags\":[]},\"data\":{\"n\":5}}";
    assert_eq!(json.text()?, wanted);
    let again = client
        .migrate("old", None, &PoolOptions::new())
        .unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Usage);
    Ok(())
}

#[test]
fn damaged_pools() -> Result<()> {
    let scratch = Scratch::new();
    let client = &scratch.client;
    let pool = client.create("damaged", &PoolOptions::new().size(65_536))?;
    assert_eq!(pool.writers()?, 0);
    for n in 1..10 {
        let json = format!("{{\"n\":{n},\"text\":\"a message\"}}");
        pool.append(json.as_bytes(), &AppendOptions::new())?;
    }
    assert_eq!((pool.writers()?, pool.warnings()?), (1, vec![]));
    let file = std::fs::File::options()
        .write(true)
        .open(pool.path())
        .unwrap();
    let frames = pool.layout(9)?.frames;
    for frame in [3, 5, 6] {
        file.write_all_at(b"noise!!!", frames[frame].offset + 48)
            .unwrap();
    }
    drop(pool);
    let brought = client.salvage("damaged", "rescued", &PoolOptions::new())?;
    assert_eq!(
        (
            brought.bounds.oldest,
            brought.bounds.newest,
            brought.bounds.count
        ),
        (1, 9, 6)
    );
    assert_eq!(
        (brought.lost, brought.lost_ranges, brought.size),
        (3, 2, 65_536)
    );
    let ranges: Vec<_> = brought
        .ranges
        .iter()
        .map(|gap| (gap.first, gap.last, gap.count))
        .collect();
    assert_eq!(ranges, [(4, 4, 1), (6, 7, 2)]);
    let rescued = client.open_pool("rescued")?;
    assert!(rescued.get_json(9)?.text()?.contains("\"n\":9"));
    assert_eq!(rescued.get_json(6).unwrap_err().kind(), ErrorKind::NotFound);
    let kind = |from, to, size| {
        let options = PoolOptions::new().size(size);
        client.salvage(from, to, &options).unwrap_err().kind()
    };
    assert_eq!(kind("damaged", "rescued", 0), ErrorKind::AlreadyExists);
    assert_eq!(kind("missing", "new", 0), ErrorKind::NotFound);
    assert_eq!(kind("damaged", "new", 100), ErrorKind::Usage);
    assert_eq!(kind("damaged", "a\0b", 0), ErrorKind::Usage);
    file.set_len(100).unwrap();
    assert_eq!(kind("damaged", "new", 0), ErrorKind::Corrupt);
    assert!(!client.exists("new")?);
    Ok(())
}
