//! Clients and pools: create, open, list, delete, append, read.

mod common;

use common::Scratch;
use plasmite_sdk::{
    AppendOptions, BatchItem, Bounds, Client, Durability, ErrorKind, LockWait, OpenOptions,
    PoolOptions, Tags,
};
use std::time::Duration;

#[test]
fn a_client_names_pools() {
    let scratch = Scratch::new();
    let client = &scratch.client;
    assert_eq!(client.pool_dir().unwrap(), scratch.dir.path());
    assert_eq!(
        client.resolve("lab").unwrap(),
        scratch.dir.path().join("lab.plasmite")
    );
    assert_eq!(client.resolve("./x").unwrap(), std::path::Path::new("./x"));
    assert_eq!(client.resolve("").unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(client.resolve("a\0b").unwrap_err().kind(), ErrorKind::Usage);
    assert!(!client.exists("lab").unwrap());
    scratch.pool("lab");
    assert!(client.exists("lab").unwrap());
}

#[test]
fn create_open_ensure_delete() {
    let scratch = Scratch::new();
    let client = &scratch.client;
    let missing = client.open_pool("lab").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(
        missing.path().unwrap().ends_with("lab.plasmite")
            && missing.message().contains("not found"),
        "{missing:?}"
    );
    let (_, created) = client
        .ensure("lab", &PoolOptions::new().size(1 << 16))
        .unwrap();
    assert!(created);
    let (pool, created) = client.ensure("lab", &PoolOptions::new()).unwrap();
    assert!(!created);
    let info = pool.info().unwrap();
    assert_eq!(info.file_size, 1 << 16);
    assert_eq!(info.bounds, Bounds::default());
    assert_eq!((info.oldest_time_ns, info.newest_time_ns), (None, None));
    assert_eq!(info.id, pool.id().unwrap());
    assert_eq!(pool.name(), "lab");
    assert_eq!(pool.path(), scratch.dir.path().join("lab.plasmite"));
    assert!(pool.is_current().unwrap() && !pool.is_read_only());
    let again = client.create("lab", &PoolOptions::new()).unwrap_err();
    assert_eq!(
        (
            again.kind(),
            again.kind().exit_code(),
            again.kind().http_status()
        ),
        (ErrorKind::AlreadyExists, 4, 409)
    );
    client.delete("lab").unwrap();
    assert!(!pool.is_current().unwrap());
    assert_eq!(
        pool.append(b"1", &AppendOptions::new()).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        client.delete("lab").unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn options_of_a_new_pool() {
    let scratch = Scratch::new();
    let bare = scratch
        .client
        .create("bare", &PoolOptions::new().index_capacity(0))
        .unwrap();
    assert_eq!(bare.info().unwrap().index_capacity, 0);
    assert_eq!(
        scratch
            .client
            .create("tiny", &PoolOptions::new().size(1))
            .unwrap_err()
            .kind(),
        ErrorKind::Usage
    );
    scratch
        .client
        .create("shared", &PoolOptions::new().file_mode(0o640))
        .unwrap();
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        scratch
            .client
            .resolve(name)
            .unwrap()
            .metadata()
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("bare"), 0o600);
    assert_eq!(mode("shared") & !0o640, 0);
}

#[test]
fn lists() {
    let scratch = Scratch::new();
    assert!(scratch.client.list().unwrap().is_empty());
    assert!(Client::new(scratch.dir.path().join("missing"))
        .unwrap()
        .list()
        .unwrap()
        .is_empty());
    scratch.filled("b", &["1"]);
    scratch.pool("a");
    std::fs::write(scratch.dir.path().join("c.plasmite"), "no pool").unwrap();
    let list = scratch.client.list().unwrap();
    let entries: Vec<_> = list.iter().map(Result::unwrap).collect();
    assert_eq!(
        entries.iter().map(|entry| entry.name).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    assert_eq!(
        entries[1].info.as_ref().unwrap().bounds,
        Bounds {
            oldest: 1,
            newest: 1,
            count: 1
        }
    );
    assert!(entries[1].modified_ns.is_some() && entries[1].path.ends_with("b.plasmite"));
    assert_eq!(
        entries[2].info.as_ref().unwrap_err().kind(),
        ErrorKind::Corrupt
    );
    assert_eq!(list.entry(3).unwrap_err().kind(), ErrorKind::Usage);
    assert!(scratch
        .client
        .list_json()
        .unwrap()
        .text()
        .unwrap()
        .starts_with("{\"pools\":[{\"name\":\"a\","));
}

#[test]
fn appends() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let tagged = AppendOptions::new()
        .tag("x")
        .tag("é")
        .durability(Durability::Flush)
        .lock_wait(LockWait::Try);
    let receipt = pool.append(br#"{"a":1}"#, &tagged).unwrap();
    assert_eq!(receipt.seq, 1);
    let message = pool.get(1).unwrap();
    assert_eq!(
        (message.seq(), message.time_ns(), message.data_json()),
        (1, receipt.time_ns, r#"{"a":1}"#)
    );
    assert_eq!(message.tags(), ["x", "é"]);
    let own = AppendOptions::new()
        .time_ns(receipt.time_ns + 5)
        .lock_wait(LockWait::For(Duration::from_secs(1)));
    assert_eq!(
        pool.append(b"2", &own).unwrap().time_ns,
        receipt.time_ns + 5
    );
    let early = AppendOptions::new().time_ns(1).lock_wait(LockWait::Forever);
    assert_eq!(
        pool.append(b"3", &early).unwrap_err().kind(),
        ErrorKind::Usage
    );
    assert!(pool
        .append(b"3", &AppendOptions::new().expect_newest(1))
        .is_err());
    assert_eq!(
        pool.append(b"3", &AppendOptions::new().expect_newest(2))
            .unwrap()
            .seq,
        3
    );
    let bad = pool
        .append(br#"{"a":}"#, &AppendOptions::new())
        .unwrap_err();
    assert_eq!((bad.kind(), bad.maybe_written()), (ErrorKind::Usage, false));
    assert!(bad.offset().is_some(), "{bad:?}");
    pool.flush().unwrap();
    assert_eq!(
        pool.bounds().unwrap(),
        Bounds {
            oldest: 1,
            newest: 3,
            count: 3
        }
    );
}

#[test]
fn an_append_that_gives_the_message() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let options = AppendOptions::new().tag("x").time_ns(5_000_000_000);
    let (receipt, message) = pool.append_envelope(b"{ \"a\": 1 }", &options).unwrap();
    assert_eq!((receipt.seq, receipt.time_ns), (1, 5_000_000_000));
    assert_eq!(&*message, &*pool.get_json(1).unwrap());
    let failed = pool.append_envelope(b"{", &options).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Usage);
}

#[test]
fn lite3_documents_and_reservations() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let data = plasmite_sdk::json_to_lite3(br#"{"a":[1,2]}"#).unwrap();
    pool.append_data(&data, &AppendOptions::new().tag("t").check_fully(true))
        .unwrap();
    assert_eq!(
        pool.append_data(b"junk", &AppendOptions::new())
            .unwrap_err()
            .kind(),
        ErrorKind::Corrupt
    );
    let document = pool.view(1).unwrap().lite3().unwrap();
    plasmite_sdk::check_lite3(&document).unwrap();
    assert_eq!(
        pool.append_document(&document, &AppendOptions::new())
            .unwrap()
            .seq,
        2
    );
    let copy = pool.get(2).unwrap();
    assert_eq!(
        (copy.data_json(), copy.tags()),
        (r#"{"a":[1,2]}"#, &["t".to_owned()][..])
    );

    drop(pool.reserve(data.len(), &AppendOptions::new()).unwrap());
    let mut room = pool.reserve(data.len(), &AppendOptions::new()).unwrap();
    room.payload().copy_from_slice(&data);
    assert_eq!(room.commit().unwrap().seq, 3, "one given up takes no seq");
    assert_eq!(pool.get(3).unwrap().data_json(), r#"{"a":[1,2]}"#);
}

#[test]
fn batches_are_all_or_nothing() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let tags: Tags<'_> = ["own"].into_iter().collect();
    let data = plasmite_sdk::json_to_lite3(b"[true]").unwrap();
    let items = [
        BatchItem::json(b"1").tags(&tags),
        BatchItem::lite3_data(&data),
    ];
    let receipts = pool
        .append_batch(&items, &AppendOptions::new().tag("all"))
        .unwrap();
    assert_eq!(
        receipts
            .iter()
            .map(|receipt| receipt.seq)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(pool.get(1).unwrap().tags(), ["all", "own"]);
    assert_eq!(pool.get(2).unwrap().data_json(), "[true]");
    let bad = [BatchItem::json(b"1"), BatchItem::json(b"nope")];
    assert_eq!(
        pool.append_batch(&bad, &AppendOptions::new())
            .unwrap_err()
            .kind(),
        ErrorKind::Usage
    );
    assert_eq!(pool.bounds().unwrap().newest, 2);
}

#[test]
fn a_missing_message() {
    let scratch = Scratch::new();
    let pool = scratch.filled("lab", &["1"]);
    for seq in [0, 2, u64::MAX] {
        for error in [
            pool.get(seq).unwrap_err(),
            pool.get_json(seq).unwrap_err(),
            pool.view(seq).unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.seq(), error.path()),
                (ErrorKind::NotFound, Some(seq), None)
            );
        }
    }
}

#[test]
fn reading_only() {
    let scratch = Scratch::new();
    scratch.filled("lab", &["1"]);
    let pool = scratch
        .client
        .open_pool_with("lab", &OpenOptions::new().read_only(true))
        .unwrap();
    assert!(pool.is_read_only());
    assert_eq!(
        pool.get_json(1).unwrap().text().unwrap(),
        pool.get(1).unwrap().json()
    );
    assert_eq!(
        pool.append(b"2", &AppendOptions::new()).unwrap_err().kind(),
        ErrorKind::Permission
    );
}

#[test]
fn layouts() {
    let scratch = Scratch::new();
    let pool = scratch.filled("lab", &["1", "2", "3"]);
    let layout = pool.layout(2).unwrap();
    assert_eq!(
        layout
            .frames
            .iter()
            .map(|frame| frame.seq)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(
        layout.frames[1].offset,
        layout.frames[0].offset + layout.frames[0].len
    );
    assert!(layout.tail < layout.head);
    assert_eq!(pool.layout(usize::MAX).unwrap().frames.len(), 3);
}

#[cfg(feature = "serde")]
#[test]
fn values_of_own_types() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Reading<'a> {
        sensor: &'a str,
        value: f64,
    }
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let reading = Reading {
        sensor: "temp",
        value: 23.5,
    };
    pool.append_value(&reading, &AppendOptions::new()).unwrap();
    let message = pool.get(1).unwrap();
    assert_eq!(message.data::<Reading<'_>>().unwrap(), reading);
    assert_eq!(message.data::<u32>().unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn the_library_about_itself() {
    assert_eq!(plasmite_sdk::version(), env!("CARGO_PKG_VERSION"));
    assert_eq!(plasmite_sdk::version_number(), 1_000_000);
    assert!(plasmite_sdk::abi_version() >= 1 && !plasmite_sdk::build_info().is_empty());
    let formats = plasmite_sdk::pool_formats();
    assert!(formats.oldest_read <= formats.written && formats.written <= formats.newest_read);
    assert!(plasmite_sdk::has_feature("views") && !plasmite_sdk::has_feature("nonsense"));
    assert_eq!(ErrorKind::ALL.map(ErrorKind::name)[2], "NotFound");
    assert_eq!(
        ErrorKind::ALL.map(|kind| kind.exit_code()),
        [1, 2, 3, 4, 5, 6, 7, 8, 9]
    );
    plasmite_sdk::install_guard().unwrap();
    plasmite_sdk::set_log(Some(|_, _| {}), 5);
    plasmite_sdk::set_log(None, 0);
}

#[test]
fn times_and_codecs() {
    assert_eq!(
        plasmite_sdk::parse_time("1970-01-01T00:00:01.5Z").unwrap(),
        1_500_000_000
    );
    assert_eq!(
        plasmite_sdk::parse_time("nope").unwrap_err().kind(),
        ErrorKind::Usage
    );
    assert_eq!(
        plasmite_sdk::parse_duration("2m").unwrap(),
        Duration::from_secs(120)
    );
    assert!(plasmite_sdk::parse_duration("2").is_err());
    for good in ["1", "{\"\\u0000\":18446744073709551615}", " [] "] {
        plasmite_sdk::check_json(good.as_bytes()).unwrap();
    }
    for bad in ["", "1 2", "{\"a\":1e999}", "\"\\ud800\""] {
        assert_eq!(
            plasmite_sdk::check_json(bad.as_bytes()).unwrap_err().kind(),
            ErrorKind::Usage,
            "{bad:?}"
        );
    }
    assert_eq!(
        plasmite_sdk::check_lite3(b"x").unwrap_err().kind(),
        ErrorKind::Corrupt
    );
}
