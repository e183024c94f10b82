//! Files that are no pools, pools of other formats, and files that may not be touched.
#![allow(unsafe_code)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{fork, put, scratch, watchdog};
use plasmite_core::store::{Client, OpenOptions, PoolOptions};
use plasmite_core::ErrorKind;

/// Opens in both ways and expects this error; deletes nothing and changes nothing.
fn refused(client: &Client, path: &Path, kind: ErrorKind) {
    let before = std::fs::metadata(path)
        .ok()
        .map(|data| (data.len(), data.modified().unwrap()));
    for read_only in [true, false] {
        let reference = path.to_str().unwrap();
        let error = client
            .open(reference, &OpenOptions { read_only })
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(error.path(), Some(path));
        let taken = client
            .create(reference, &PoolOptions::default())
            .unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists, "{taken:?}");
        assert_eq!(
            client
                .ensure(reference, &PoolOptions::default())
                .unwrap_err()
                .kind(),
            kind
        );
    }
    let after = std::fs::metadata(path)
        .ok()
        .map(|data| (data.len(), data.modified().unwrap()));
    assert_eq!(before, after);
}

#[test]
fn files_that_are_no_pools() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = dir.path().join(format!("{name}.plasmite"));
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let header = |version: u32| {
        let mut bytes = vec![0; 64 * 1024];
        bytes[..4].copy_from_slice(b"PLSM");
        bytes[4..8].copy_from_slice(&version.to_le_bytes());
        bytes
    };
    let noise: Vec<u8> = {
        let mut random = common::Random(3);
        (0..20_000).map(|_| random.next() as u8).collect()
    };
    put(
        &client.create("good", &PoolOptions::default()).unwrap(),
        "1",
    );
    let cases = [
        (file("empty", b""), ErrorKind::Corrupt),
        (file("short", b"PLSM"), ErrorKind::Corrupt),
        (file("text", b"{\"not\":\"a pool\"}\n"), ErrorKind::Corrupt),
        (file("noise", &noise), ErrorKind::Corrupt),
        (file("zeros", &[0; 30_000]), ErrorKind::Corrupt),
        (file("blank", &header(4)), ErrorKind::Corrupt),
        (file("old", &header(3)), ErrorKind::Usage),
        (file("new", &header(5)), ErrorKind::Usage),
        (
            file(
                "program",
                &std::fs::read("/proc/self/exe").unwrap()[..50_000],
            ),
            ErrorKind::Corrupt,
        ),
    ];
    for (path, kind) in &cases {
        refused(&client, path, *kind);
    }
    let error = client.open("old", &OpenOptions::default()).unwrap_err();
    assert!(error.message().contains("format 3") && error.hint().is_some());
    let directory = dir.path().join("directory.plasmite");
    std::fs::create_dir(&directory).unwrap();
    refused(&client, &directory, ErrorKind::Io);
    let fifo = dir.path().join("fifo.plasmite");
    let name = std::ffi::CString::new(fifo.to_str().unwrap()).unwrap();
    // SAFETY: a NUL-terminated path.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    refused(&client, &fifo, ErrorKind::Io);
    refused(&client, Path::new("/dev/null"), ErrorKind::Io);
    // None of them keeps the others from being listed.
    let list = client.list().unwrap();
    assert_eq!(list.len(), cases.len() + 3);
    assert!(list.windows(2).all(|pair| pair[0].name < pair[1].name));
    for entry in &list {
        assert_eq!(entry.info.is_ok(), entry.name == "good", "{entry:?}");
    }
    // A plain file may be deleted, whatever is in it; a directory may not.
    for (path, _) in &cases {
        client.delete(path.to_str().unwrap()).unwrap();
        assert!(!path.exists());
    }
    assert_eq!(
        client.delete("directory").unwrap_err().kind(),
        ErrorKind::Io
    );
    for (reference, kind) in [
        ("missing", ErrorKind::NotFound),
        ("good.plasmite/below", ErrorKind::Usage),
        ("./good.plasmite/below", ErrorKind::NotFound),
        ("", ErrorKind::Usage),
        ("a\nb", ErrorKind::Usage),
        ("http://host/pool", ErrorKind::Usage),
    ] {
        let error = client.open(reference, &OpenOptions::default()).unwrap_err();
        let expected = if reference.starts_with("good") {
            ErrorKind::NotFound
        } else {
            kind
        };
        assert_eq!(error.kind(), expected, "{reference:?}: {error:?}");
        assert!(error.hint().is_some() || kind == ErrorKind::Usage);
    }
}

#[test]
fn real_pools_of_format_3() {
    let data = std::env::var("PLASMITE_TEST_DATA").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    let Ok(entries) = std::fs::read_dir(data.join("pools-v3")) else {
        common::left_out("no shared test data: no pools-v3 in PLASMITE_TEST_DATA");
        return;
    };
    let (dir, client) = scratch();
    let mut count = 0;
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path
            .extension()
            .is_some_and(|extension| extension == "plasmite")
        {
            let copy = dir.path().join(path.file_name().unwrap());
            std::fs::copy(&path, &copy).unwrap();
            refused(&client, &copy, ErrorKind::Usage);
            assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&path).unwrap());
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn without_permission() {
    let _watchdog = watchdog();
    let (dir, client) = scratch();
    let open_up = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    open_up(pool.path(), 0o000);
    open_up(dir.path(), 0o755);
    let as_nobody = |work: &dyn Fn()| {
        fork(|| {
            // SAFETY: plain calls; the child gives up root, if it has it, for nobody.
            unsafe {
                libc::setgid(65534);
                libc::setuid(65534);
            }
            work();
        })
        .join();
    };
    let is_refused = |error: plasmite_core::Error| {
        assert_eq!(error.kind(), ErrorKind::Permission, "{error:?}");
        assert!(error.path().is_some() && error.hint().is_some());
    };
    as_nobody(&|| {
        for read_only in [true, false] {
            is_refused(client.open("p", &OpenOptions { read_only }).unwrap_err());
        }
        is_refused(client.delete("p").unwrap_err());
        let list = client.list().unwrap();
        assert_eq!(
            list[0].info.as_ref().unwrap_err().kind(),
            ErrorKind::Permission
        );
    });
    open_up(dir.path(), 0o555);
    // SAFETY: no arguments.
    if unsafe { libc::geteuid() } != 0 {
        open_up(dir.path(), 0o755);
        common::left_out("a directory of another user needs root");
        return;
    }
    as_nobody(&|| is_refused(client.create("q", &PoolOptions::default()).unwrap_err()));
    open_up(dir.path(), 0o000);
    as_nobody(&|| {
        is_refused(client.open("p", &OpenOptions::default()).unwrap_err());
        is_refused(client.create("q", &PoolOptions::default()).unwrap_err());
        is_refused(client.list().unwrap_err());
        is_refused(client.exists("p").unwrap_err());
    });
    open_up(dir.path(), 0o755);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
