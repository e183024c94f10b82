//! Conversions that fail or are killed: the old pool stays, and nothing else.

mod common;

use std::fs::{self, File};
use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};
use std::time::Duration;

use common::old_pool::{document, envelopes, is_healthy, names, old_pool, OldPool};
use common::{fork, put, scratch, scratch_in_memory, watchdog, Random};
use plasmite_core::migrate::Migrated;
use plasmite_core::store::{Client, OpenOptions, PoolOptions};
use plasmite_core::sys::file_lock;
use plasmite_core::{Error, ErrorKind};

fn migrate(client: &Client, new: Option<&str>) -> Result<Migrated, Error> {
    client.migrate("p", new, &PoolOptions::default())
}

/// Both ways fail like this, and the directory holds what it held before.
fn refused(client: &Client, kind: ErrorKind) -> Error {
    let dir = client.pool_dir();
    let before = names(dir);
    let contents = fs::read(dir.join("p.plasmite")).ok();
    let error = migrate(client, None).unwrap_err();
    let other = migrate(client, Some("new")).unwrap_err();
    assert_eq!(
        (error.kind(), other.kind()),
        (kind, kind),
        "{error:?} {other:?}"
    );
    assert!(error.path().is_some(), "{error:?}");
    assert_eq!(names(dir), before);
    assert_eq!(fs::read(dir.join("p.plasmite")).ok(), contents);
    error
}

#[test]
fn damaged_pools() {
    let _watchdog = watchdog();
    let (dir, client) = scratch_in_memory();
    let path = dir.path().join("p.plasmite");
    let mut old = OldPool::new(12_000, 16, 3000);
    for seq in 7..20 {
        old.put(seq, seq, &document(&["t"], &format!("[{seq}]")));
    }
    let check = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        match migrate(&client, Some("new")) {
            Ok(made) => {
                // The payload of this format has no checksum: what is JSON still may have changed.
                assert!(made.messages <= 13, "{what}: {made:?}");
                is_healthy(&client, "new");
                fs::remove_file(dir.path().join("new.plasmite")).unwrap();
            }
            Err(error) => {
                let known = matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Usage);
                assert!(known && error.path() == Some(&path), "{what}: {error:?}");
                assert!(error.offset().is_some() || error.kind() == ErrorKind::Usage);
            }
        }
        assert_eq!(names(dir.path()), ["p.plasmite"], "{what}");
    };
    let in_use = |at: usize| at < 120 || at >= old.frames[0].0 || at < 4600;
    for at in (0..old.bytes.len()).filter(|at| in_use(*at)) {
        if (128..4000).contains(&at) || (at > 4000 && at % 3 != 0) {
            continue;
        }
        let mut bytes = old.bytes.clone();
        bytes[at] ^= [0x01, 0x80, 0xff][at % 3];
        check(&bytes, &format!("byte {at}"));
    }
    for cut in (0..old.bytes.len()).step_by(97) {
        check(&old.bytes[..cut], &format!("cut to {cut}"));
    }
    let mut random = Random(5);
    for round in 0..300 {
        let mut bytes = old.bytes.clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len() as u64 - 8) as usize;
            bytes[at..at + 8].copy_from_slice(&random.next().to_le_bytes());
        }
        check(&bytes, &format!("round {round}"));
    }
}

#[test]
fn the_place_of_the_damage_is_named() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let path = dir.path().join("p.plasmite");
    let old = old_pool(0, 5..15);
    let (at, seq) = old.frames[4];
    for (offset, what) in [
        (0, "no mark"),
        (4, "not committed"),
        (36, "do not agree"),
        (16, "another message"),
        (70, "damaged"),
    ] {
        let mut bytes = old.bytes.clone();
        bytes[at + offset] ^= 0xff;
        fs::write(&path, &bytes).unwrap();
        let error = refused(&client, ErrorKind::Corrupt);
        assert_eq!(
            (error.seq(), error.offset()),
            (Some(seq), Some(at as u64)),
            "{error:?}"
        );
        assert!(error.message().contains(what), "{error:?}");
    }
    let marker = old.frames[5].0 - 16;
    let place = old.bytes[marker..]
        .windows(8)
        .position(|part| part == b"PLSMCMIT");
    let mut bytes = old.bytes.clone();
    bytes[marker + place.unwrap()] = 0;
    fs::write(&path, &bytes).unwrap();
    assert!(refused(&client, ErrorKind::Corrupt)
        .message()
        .contains("commit marker"));
}

#[test]
fn what_cannot_be_converted() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let path = dir.path().join("p.plasmite");
    assert!(refused(&client, ErrorKind::NotFound).hint().is_some());
    fs::create_dir(&path).unwrap();
    refused(&client, ErrorKind::Io);
    fs::remove_dir(&path).unwrap();
    for (bytes, kind) in [
        (b"".as_slice(), ErrorKind::Corrupt),
        (b"PLSM", ErrorKind::Corrupt),
        (b"PLSM\x03\0\0\0", ErrorKind::Corrupt),
        (b"PLSM\x02\0\0\0 and more", ErrorKind::Usage),
        (b"PLSM\x09\0\0\0 and more", ErrorKind::Usage),
        (b"{\"not\":\"a pool\"}", ErrorKind::Corrupt),
    ] {
        fs::write(&path, bytes).unwrap();
        refused(&client, kind);
    }
    fs::remove_file(&path).unwrap();
    put(&client.create("p", &PoolOptions::default()).unwrap(), "1");
    let error = refused(&client, ErrorKind::Usage);
    assert!(error.message().contains("format 4 already"), "{error:?}");

    fs::write(&path, &old_pool(0, 1..9).bytes).unwrap();
    let same = migrate(&client, Some("p")).unwrap_err();
    assert_eq!(same.kind(), ErrorKind::Usage);
    for url in ["http://host/p", "https://host/p"] {
        assert_eq!(
            migrate(&client, Some(url)).unwrap_err().kind(),
            ErrorKind::Usage
        );
        let refused = client.migrate(url, None, &PoolOptions::default());
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Usage);
    }
    fs::write(dir.path().join("new.plasmite"), "taken").unwrap();
    fs::write(dir.path().join("p.plasmite.bak"), "taken").unwrap();
    let error = refused(&client, ErrorKind::AlreadyExists);
    assert!(error.message().contains("p.plasmite.bak"), "{error:?}");
    assert_eq!(
        fs::read(dir.path().join("p.plasmite.bak")).unwrap(),
        b"taken"
    );
}

#[test]
fn a_writer_keeps_it() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let path = dir.path().join("p.plasmite");
    fs::write(&path, &old_pool(0, 1..9).bytes).unwrap();
    let writer = File::open(&path).unwrap();
    let held = file_lock::try_exclusive(&writer).unwrap();
    assert!(held.is_some());
    refused(&client, ErrorKind::Busy);
    drop(held);
    migrate(&client, None).unwrap();
    assert_eq!(envelopes(&client, "p").len(), 8);
    // The conversion keeps no lock.
    let old = File::open(dir.path().join("p.plasmite.bak")).unwrap();
    assert!(file_lock::try_exclusive(&old).unwrap().is_some());
}

#[test]
fn owner_mode_and_links() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let path = dir.path().join("p.plasmite");
    let write = |mode| {
        let _ = fs::remove_file(dir.path().join("p.plasmite.bak"));
        fs::write(&path, &old_pool(0, 1..9).bytes).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    };
    write(0o664);
    let is_root = fs::metadata(&path).unwrap().uid() == 0;
    if is_root {
        std::os::unix::fs::chown(&path, Some(1234), Some(4321)).unwrap();
    } else {
        common::left_out("the owner can be kept by root alone");
    }
    let before = fs::metadata(&path).unwrap();
    migrate(&client, None).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(
        (after.mode() & 0o777, after.uid(), after.gid()),
        (0o664, before.uid(), before.gid())
    );
    assert_ne!(before.ino(), after.ino());
    assert_eq!(
        fs::metadata(dir.path().join("p.plasmite.bak"))
            .unwrap()
            .ino(),
        before.ino()
    );

    // Through a symbolic link: the file is replaced where it lies, and the link stays.
    fs::remove_file(&path).unwrap();
    write(0o600);
    fs::create_dir(dir.path().join("there")).unwrap();
    let real = dir.path().join("there/real");
    fs::rename(&path, &real).unwrap();
    symlink(&real, &path).unwrap();
    let made = migrate(&client, None).unwrap();
    assert_eq!(names(&dir.path().join("there")), ["real", "real.bak"]);
    assert!(path.is_symlink() && made.backup.unwrap().ends_with("there/real.bak"));
    assert_eq!(envelopes(&client, "p").len(), 8);
}

/// What a crash leaves between its two last steps is cleared away by the next try.
#[test]
fn after_a_crash() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let path = dir.path().join("p.plasmite");
    let bytes = old_pool(0, 1..9).bytes;
    fs::write(&path, &bytes).unwrap();
    fs::hard_link(&path, dir.path().join("p.plasmite.bak")).unwrap();
    fs::write(dir.path().join(".p.plasmite.new"), "half").unwrap();
    migrate(&client, None).unwrap();
    assert_eq!(names(dir.path()), ["p.plasmite", "p.plasmite.bak"]);
    assert_eq!(fs::read(dir.path().join("p.plasmite.bak")).unwrap(), bytes);
    assert_eq!(envelopes(&client, "p").len(), 8);
}

#[test]
fn killed_at_any_moment() {
    let _watchdog = watchdog();
    let mut random = Random(77);
    let bytes = old_pool(504, 1..40).bytes;
    let mut converted = 0;
    for round in 0..80 {
        let (dir, client) = scratch();
        let path = dir.path().join("p.plasmite");
        fs::write(&path, &bytes).unwrap();
        let child = fork(|| drop(migrate(&client, None)));
        std::thread::sleep(Duration::from_micros(random.below(3_000)));
        child.kill();
        if fs::read(&path).unwrap() == bytes {
            migrate(&client, None).unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        } else {
            converted += 1;
        }
        assert_eq!(
            names(dir.path()),
            ["p.plasmite", "p.plasmite.bak"],
            "round {round}"
        );
        assert_eq!(fs::read(dir.path().join("p.plasmite.bak")).unwrap(), bytes);
        assert_eq!(envelopes(&client, "p").len(), 39);
        is_healthy(&client, "p");
        let pool = client.open("p", &OpenOptions::default()).unwrap();
        assert_eq!(put(&pool, "1"), 40);
    }
    println!("{converted} of 80 were done before they were killed");
}
