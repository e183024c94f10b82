//! Who may do what with a pool: modes, shared pools, links, directories in which everybody may write.
#![allow(unsafe_code)]

mod common;

use std::os::unix::fs::{chown, lchown, symlink, PermissionsExt};
use std::path::Path;

use common::{fork, get, put, scratch, watchdog};
use plasmite_core::store::{AppendOptions, OpenOptions, PoolOptions, Wait};
use plasmite_core::ErrorKind;

const GROUP: u32 = 54_321;

fn mode_of(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn with_mode(mode: u32) -> PoolOptions {
    PoolOptions {
        file_mode: Some(mode),
        ..PoolOptions::default()
    }
}

/// Runs `work` as another user, in these groups; whether that could be done.
fn as_other_user(group: u32, work: impl FnOnce()) -> bool {
    // SAFETY: a plain question.
    if unsafe { libc::geteuid() } != 0 {
        common::left_out("becoming another user needs root");
        return false;
    }
    fork(|| {
        // SAFETY: plain calls, in a process of its own with one thread.
        unsafe {
            assert_eq!(libc::setgroups(1, &group), 0);
            assert_eq!(libc::setresgid(group, group, group), 0);
            assert_eq!(libc::setresuid(12_345, 12_345, 12_345), 0);
        }
        work();
    })
    .join();
    true
}

#[test]
fn modes_of_new_pools() {
    let (dir, client) = scratch();
    for (name, umask, mode, expected) in [
        ("default", 0, None, 0o600),
        ("strict", 0o077, None, 0o600),
        ("strictest", 0o777, None, 0),
        ("group", 0o007, Some(0o660), 0o660),
        ("masked", 0o022, Some(0o666), 0o644),
        ("read", 0, Some(0o644), 0o644),
    ] {
        let below = dir.path().join(name);
        let path = below.join("p.plasmite");
        fork(|| {
            std::fs::create_dir(&below).unwrap();
            // SAFETY: a plain call, in a process of its own.
            unsafe { libc::umask(umask) };
            let options = mode.map_or(PoolOptions::default(), with_mode);
            let pool = client.create(path.to_str().unwrap(), &options).unwrap();
            // Writers open the file once more, which its mode may forbid to all but root.
            // SAFETY: a plain question.
            if expected & 0o600 == 0o600 || unsafe { libc::geteuid() } == 0 {
                put(&pool, "1");
            }
        })
        .join();
        assert_eq!(mode_of(&path), expected, "{name}");
    }
    // Directories that had to be made are its maker's own.
    let made = dir.path().join("a/b/p.plasmite");
    client
        .create(made.to_str().unwrap(), &PoolOptions::default())
        .unwrap();
    assert_eq!(mode_of(&dir.path().join("a")), 0o700);
    assert_eq!(mode_of(&dir.path().join("a/b")), 0o700);
}

/// The documented ways to share a pool.
#[test]
fn shared_with_a_group() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let share = |name: &str, mode: u32| {
        let pool = client.create(name, &with_mode(mode)).unwrap();
        // As the umask of those who share would leave it.
        set_mode(pool.path(), mode);
        let given = chown(pool.path(), None, Some(GROUP));
        given.is_ok().then_some(pool)
    };
    let (Some(written), Some(read)) = (share("written", 0o660), share("read", 0o640)) else {
        common::left_out("giving a file to a group needs root");
        return;
    };
    chown(dir.path(), None, Some(GROUP)).unwrap();
    set_mode(dir.path(), 0o2750);
    put(&written, "1");
    put(&read, "1");
    as_other_user(GROUP, || {
        let pool = client.open("written", &OpenOptions::default()).unwrap();
        assert!(!pool.is_read_only());
        assert_eq!(put(&pool, "2"), 2);
        pool.flush().unwrap();
        let pool = client.open("read", &OpenOptions::default()).unwrap();
        assert!(pool.is_read_only());
        assert_eq!(get(&pool, 1).unwrap(), "1");
        let error = pool
            .append_json(b"2", &AppendOptions::default())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission);
        // Neither may be deleted: the directory is not theirs.
        for name in ["written", "read"] {
            assert_eq!(
                client.delete(name).unwrap_err().kind(),
                ErrorKind::Permission
            );
        }
    });
    // A member of no group that counts sees nothing.
    as_other_user(GROUP + 1, || {
        let error = client.open("written", &OpenOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert!(error.hint().is_some() && error.path().is_some());
    });
    assert_eq!(get(&written, 2).unwrap(), "2");
}

#[test]
fn a_follower_that_may_only_read_keeps_up() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let pool = client.create("p", &with_mode(0o644)).unwrap();
    set_mode(pool.path(), 0o644);
    set_mode(dir.path(), 0o755);
    let board = common::Board::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let did = as_other_user(GROUP, || {
                let pool = client.open("p", &OpenOptions::default()).unwrap();
                assert!(pool.is_read_only());
                let stream = pool.tail(&Default::default()).unwrap();
                board.set(0, 1);
                let mut out = Vec::new();
                for _ in 0..1000 {
                    stream.next_envelope(Wait::Forever, &mut out).unwrap();
                }
            });
            if !did {
                board.set(0, 1);
            }
        });
        board.await_at_least(0, 1);
        for n in 1..=1000 {
            assert_eq!(put(&pool, "1"), n);
        }
    });
}

#[test]
fn links_are_followed_if_they_can_be_trusted() {
    let (dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    put(&pool, "1");
    let link = |name: &str, target: &str| {
        let path = dir.path().join(format!("{name}.plasmite"));
        symlink(target, &path).unwrap();
        path
    };
    let planted = link("planted", "p.plasmite");
    link("twice", "planted.plasmite");
    link("round", "round.plasmite");
    let kind = |name: &str| {
        client
            .open(name, &OpenOptions::default())
            .err()
            .map(|error| error.kind())
    };
    assert_eq!((kind("planted"), kind("twice")), (None, None));
    assert_eq!(kind("round"), Some(ErrorKind::Io));
    link("dangling", "nowhere");
    assert_eq!(kind("dangling"), Some(ErrorKind::NotFound));
    // A link to a pool is the pool.
    let opened = client.open("planted", &OpenOptions::default()).unwrap();
    assert_eq!(put(&opened, "2"), 2);
    assert_eq!(get(&pool, 2).unwrap(), "2");
    // And deleted as the pool, wherever that lies.
    std::fs::create_dir(dir.path().join("far")).unwrap();
    let far = dir.path().join("far/q.plasmite");
    let far_pool = client.create(far.to_str().unwrap(), &PoolOptions::default());
    let linked = link("linked", "far/q.plasmite");
    client.delete("linked").unwrap();
    assert!(!far_pool.unwrap().is_current().unwrap());
    assert!(!far.exists() && linked.symlink_metadata().is_err());
    if lchown(&planted, Some(4321), None).is_err() {
        common::left_out("a link of another user needs root");
        return;
    }
    set_mode(dir.path(), 0o1777);
    for name in ["planted", "twice"] {
        let error = client.open(name, &OpenOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert!(
            error.message().contains("symbolic link of another user"),
            "{error:?}"
        );
        assert!(error.path().is_some());
        // Nor is something made or deleted behind it.
        let error = client.ensure(name, &PoolOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert_eq!(
            client.delete(name).unwrap_err().kind(),
            ErrorKind::Permission
        );
    }
    assert_eq!(kind("p"), None);
    set_mode(dir.path(), 0o700);
    assert_eq!(kind("planted"), None);
}

/// Names stay in the directory of their client, whatever is in them.
#[test]
fn names_do_not_leave_the_directory() {
    let (dir, client) = scratch();
    std::fs::write(dir.path().join("secret"), "secret").unwrap();
    for name in [
        "..",
        ".",
        "...",
        "-x",
        "~",
        "$HOME",
        "%2e%2e%2fsecret",
        "a\\b",
        "c:d",
    ] {
        let path = client.resolve(name).unwrap();
        assert_eq!(path.parent(), Some(dir.path()), "{name}");
        assert!(path.to_str().unwrap().ends_with(".plasmite"), "{name}");
        let pool = client.create(name, &PoolOptions::default()).unwrap();
        assert_eq!(pool.path().parent(), Some(dir.path()), "{name}");
    }
    for name in ["a\0b", "\n", "", "file:///etc/passwd"] {
        let error = client.create(name, &PoolOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{name:?}");
    }
}

#[test]
fn a_directory_in_which_everybody_may_replace_files() {
    let (dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let hints = || {
        let mut doctor = client.doctor(Some("p")).unwrap();
        while doctor.step(u64::MAX).unwrap() {}
        (
            doctor.reports()[0].issue_count,
            doctor.reports()[0].hints.clone(),
        )
    };
    for mode in [0o700, 0o1777, 0o775] {
        set_mode(dir.path(), mode);
        assert_eq!(
            (pool.warnings(), hints()),
            (vec![], (0, vec![])),
            "{mode:o}"
        );
    }
    set_mode(dir.path(), 0o777);
    let warnings = pool.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("chmod o-w"),
        "{warnings:?}"
    );
    assert_eq!(hints(), (0, vec![format!("warning: {}", warnings[0])]));
}

/// Nobody is told that a pool is gone because somebody tried to delete it who may not: there the directory's mode allows
/// it, and yet the system refuses.
#[test]
fn a_refused_deletion_in_a_sticky_directory() {
    let (dir, client) = scratch();
    let pool = client.create("p", &with_mode(0o666)).unwrap();
    set_mode(pool.path(), 0o666);
    set_mode(dir.path(), 0o1777);
    let refused = || {
        as_other_user(GROUP, || {
            for _ in 0..3 {
                let error = client.delete("p").unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Permission);
                // Refused before anything was said to those who have it open.
                assert!(error.message().contains("directory"), "{error:?}");
            }
        })
    };
    if !refused() {
        return;
    }
    assert!(pool.is_current().unwrap());
    // The file's owner may, also where others' names are.
    chown(pool.path(), Some(12_345), None).unwrap();
    assert!(as_other_user(GROUP, || client.delete("p").unwrap()));
    assert!(!pool.is_current().unwrap());
}

/// In a directory like /tmp a pool may have been put there by somebody else, to read what others write to it.
#[test]
fn a_pool_of_another_user_where_everybody_may_put_files() {
    let (dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    set_mode(dir.path(), 0o1777);
    set_mode(pool.path(), 0o666);
    let warnings = || {
        client
            .open("p", &OpenOptions::default())
            .unwrap()
            .warnings()
    };
    assert_eq!(warnings(), Vec::<String>::new());
    if chown(pool.path(), Some(4321), None).is_err() {
        common::left_out("a file of another user needs the right to make one");
        return;
    }
    let found = warnings();
    assert!(
        found.len() == 1 && found[0].contains("belongs to user 4321"),
        "{found:?}"
    );
    // Nobody else may put a file here.
    set_mode(dir.path(), 0o755);
    assert_eq!(warnings(), Vec::<String>::new());
}
