//! Pools of a server through the library: what works here works there, with the same answers.
#![cfg(feature = "serve")]

mod common;

use common::both::{all, both, kind, LONG};
use common::server::Server;
use common::Scratch;
use plasmite::{
    json_to_lite3, AppendOptions, BatchItem, Client, ClientOptions, Durability, ErrorKind,
    LockWait, OpenOptions, PoolOptions, Start, Tags, TailOptions,
};
use std::time::Duration;

#[test]
fn pools_are_made_listed_and_deleted() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 65536);
    assert_eq!(there.name(), "lab");
    assert_eq!(there.path().to_str().unwrap(), both.url("lab"));
    assert_eq!(there.id().unwrap(), here.id().unwrap());
    assert!(!there.is_read_only() && there.is_current().unwrap());
    let again = both.there.create("lab", &PoolOptions::new());
    assert_eq!(kind(again), ErrorKind::AlreadyExists);
    let small = both.there.create("tiny", &PoolOptions::new().size(1));
    assert_eq!(kind(small), ErrorKind::Usage);
    let mode = PoolOptions::new().file_mode(0o644);
    assert_eq!(kind(both.there.create("mode", &mode)), ErrorKind::Usage);
    assert!(!both.there.exists("mode").unwrap());
    assert_eq!(kind(both.there.open_pool("none")), ErrorKind::NotFound);

    let (_, created) = both.there.ensure("lab", &PoolOptions::new()).unwrap();
    assert!(!created);
    let (_, created) = both.there.ensure("other", &PoolOptions::new()).unwrap();
    assert!(created && both.here.exists("other").unwrap());

    here.append(b"1", &AppendOptions::new()).unwrap();
    let (far, near) = (there.info().unwrap(), here.info().unwrap());
    assert_eq!(format!("{far:?}"), format!("{near:?}"));
    assert_eq!(there.bounds().unwrap(), here.bounds().unwrap());
    assert_eq!(there.writers().unwrap(), here.writers().unwrap());

    let list = both.there.list().unwrap();
    let names: Vec<String> = list
        .iter()
        .map(|entry| entry.unwrap().name.to_string())
        .collect();
    assert_eq!(names, ["lab", "other"]);
    let shown: serde_json::Value =
        serde_json::from_slice(&both.there.list_json().unwrap()).unwrap();
    assert_eq!(shown["pools"][0]["name"], "lab");
    assert_eq!(shown["pools"][0]["file_size"], 65536);

    let mut stream = there.tail(&TailOptions::new().start(Start::Now)).unwrap();
    both.there.delete("lab").unwrap();
    assert_eq!(kind(stream.next_json(LONG)), ErrorKind::NotFound);
    assert_eq!(
        kind(there.append(b"1", &AppendOptions::new())),
        ErrorKind::NotFound
    );
    assert!(!there.is_current().unwrap());
    assert_eq!(kind(both.there.delete("lab")), ErrorKind::NotFound);
}

#[test]
fn an_address_works_where_a_name_does() {
    let both = both(&[]);
    both.pool("lab", 65536);
    both.pool("pool", 65536);
    for url in [
        both.url("lab"),
        both.url("pool"),
        format!("http://{}/v0/pools/lab", both.server.address),
        both.url("lab.plasmite"),
    ] {
        let pool = both.here.open_pool(&url).expect(&url);
        pool.append(b"1", &AppendOptions::new()).unwrap();
        assert!(both.here.exists(&url).unwrap());
    }
    for bad in [
        "x://h/p",
        "http://h",
        "http://h/p?x",
        "http://h/a/b",
        "http://u@h/p",
    ] {
        assert_eq!(kind(both.here.open_pool(bad)), ErrorKind::Usage, "{bad}");
    }
    // What needs the file.
    let url = both.url("lab");
    assert_eq!(kind(both.here.resolve(&url)), ErrorKind::Usage);
    assert_eq!(kind(both.here.doctor(&url)), ErrorKind::Usage);
    assert_eq!(kind(both.there.doctor_all()), ErrorKind::Usage);
    assert_eq!(
        kind(both.here.migrate(&url, None, &PoolOptions::new())),
        ErrorKind::Usage
    );
    let pool = both.here.open_pool(&url).unwrap();
    assert_eq!(kind(pool.view(1)), ErrorKind::Usage);
    assert_eq!(kind(pool.layout(1)), ErrorKind::Usage);
    assert_eq!(
        kind(pool.tail(&TailOptions::new().in_place(true))),
        ErrorKind::Usage
    );
    // A forbidden Host is refused, whatever is asked.
    let closed = Client::new("http://127.0.0.1:1").unwrap();
    let error = closed.open_pool("lab").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(
        error.hint().is_some() && !error.maybe_written(),
        "{error:?}"
    );
}

#[test]
fn every_value_comes_back_the_same() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 1 << 20);
    let tags = ["a", "b c", "é\"\\"];
    let values = [
        "null",
        "true",
        "-0.0",
        "1e300",
        "18446744073709551615",
        "-9223372036854775808",
        "123456789.123456789",
        r#""é\u0000\ud83d\ude00""#,
        "[]",
        "{}",
        r#"{"z":1,"a":{"b":[1,2,{"c":null}]},"\u0000k":1}"#,
        "\n[ 1,\n 2 ]\r\n",
        r#"1},"tags":["stolen"],"x":{"a":1"#,
    ];
    for (index, json) in values.iter().enumerate() {
        let options = AppendOptions::new().tags(Tags::from_iter(&tags));
        let sent = there.append(json.as_bytes(), &options);
        let kept = here.append(json.as_bytes(), &options);
        let (sent, kept) = match (sent, kept) {
            (Ok(sent), Ok(kept)) => (sent, kept),
            (Err(sent), Err(kept)) => {
                assert_eq!((sent.kind(), sent.message()), (kept.kind(), kept.message()));
                assert_eq!(sent.offset(), kept.offset());
                assert_eq!(index, values.len() - 1, "only the last one is bad");
                continue;
            }
            (sent, kept) => panic!("{json}: {sent:?} there, {kept:?} here"),
        };
        for seq in [sent.seq, kept.seq] {
            assert_eq!(
                *there.get_json(seq).unwrap(),
                *here.get_json(seq).unwrap(),
                "{json}"
            );
            let (far, near) = (there.get(seq).unwrap(), here.get(seq).unwrap());

            assert_eq!(far.json(), near.json(), "{json}");
            assert_eq!(far.time_ns(), near.time_ns());
            match (there.get_lite3(seq), here.get_lite3(seq)) {
                (Ok(far), Ok(near)) => assert_eq!(far.payload[..], near.payload[..]),
                (far, near) => assert_eq!(kind(far), kind(near)),
            }
        }
        assert_eq!(
            here.get(sent.seq).unwrap().data_json().to_owned(),
            here.get(kept.seq).unwrap().data_json().to_owned()
        );
    }
    let snapshot = TailOptions::new().snapshot(true);
    let (mut far, mut near) = (
        there.tail(&snapshot).unwrap(),
        here.tail(&snapshot).unwrap(),
    );
    assert_eq!(all(&mut far), all(&mut near));
    assert_eq!(kind(there.get_json(999)), ErrorKind::NotFound);
    assert_eq!(there.get_json(999).unwrap_err().seq(), Some(999));
    assert_eq!(kind(there.get(0)), ErrorKind::NotFound);
}

#[test]
fn options_of_appends() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 1 << 20);
    let first = there
        .append(
            b"1",
            &AppendOptions::new()
                .time_ns(1_000_000_001)
                .durability(Durability::Flush),
        )
        .unwrap();
    assert_eq!((first.seq, first.time_ns), (1, 1_000_000_001));
    let late = AppendOptions::new().time_ns(5);
    assert_eq!(kind(there.append(b"1", &late)), ErrorKind::Usage);
    let expect = AppendOptions::new().expect_newest(7);
    assert_eq!(kind(there.append(b"1", &expect)), ErrorKind::AlreadyExists);
    assert_eq!(
        there
            .append(b"2", &AppendOptions::new().expect_newest(1))
            .unwrap()
            .seq,
        2
    );
    let (receipt, envelope) = there
        .append_envelope(b"[3]", &AppendOptions::new().tag("x"))
        .unwrap();
    assert_eq!(*envelope, *here.get_json(receipt.seq).unwrap());

    let lite3 = json_to_lite3(br#"{"a":1}"#).unwrap();
    let receipt = there
        .append_data(&lite3, &AppendOptions::new().tag("t"))
        .unwrap();
    assert!(here
        .get_json(receipt.seq)
        .unwrap()
        .ends_with(br#""meta":{"tags":["t"]},"data":{"a":1}}"#));
    let document = here.get_lite3(receipt.seq).unwrap().payload.to_vec();
    let again = there
        .append_document(
            &document,
            &AppendOptions::new().time_ns(receipt.time_ns + 5),
        )
        .unwrap();
    assert_eq!(again.time_ns, receipt.time_ns + 5);
    assert_eq!(here.get_lite3(again.seq).unwrap().payload[..], document[..]);
    assert_eq!(
        kind(there.append_document(b"nonsense", &AppendOptions::new())),
        ErrorKind::Corrupt
    );
    assert_eq!(
        kind(there.append_data(b"nonsense", &AppendOptions::new())),
        ErrorKind::Corrupt
    );

    let tags = Tags::from_iter(["one"]);
    let items = [
        BatchItem::json(b"{\n\"a\": 1}").tags(&tags),
        BatchItem::json(b"18446744073709551615"),
    ];
    let receipts = there
        .append_batch(&items, &AppendOptions::new().tag("all"))
        .unwrap();
    assert_eq!(receipts[1].seq, receipts[0].seq + 1);
    let shown = here.get_json(receipts[0].seq).unwrap();
    assert!(
        shown.ends_with(br#""meta":{"tags":["all","one"]},"data":{"a":1}}"#),
        "{shown:?}"
    );
    let items = [
        BatchItem::json(br#"{"b":2}"#).tags(&tags),
        BatchItem::lite3_data(&lite3),
        BatchItem::lite3_document(&document).time_ns(again.time_ns + 1_000_000_000_000_000),
    ];
    let receipts = there.append_batch(&items, &AppendOptions::new()).unwrap();
    assert_eq!(receipts.len(), 3);
    assert_eq!(receipts[2].time_ns, again.time_ns + 1_000_000_000_000_000);
    assert_eq!(
        here.get_lite3(receipts[2].seq).unwrap().payload[..],
        document[..]
    );
    let bad = [BatchItem::json(b"1"), BatchItem::json(b"{")];
    let before = here.bounds().unwrap();
    let error = there.append_batch(&bad, &AppendOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        error.message().starts_with("item 1 of the batch"),
        "{error}"
    );
    assert_eq!(here.bounds().unwrap(), before);
    there.append_batch(&[], &AppendOptions::new()).unwrap();
    there.flush().unwrap();

    let read_only = OpenOptions::new().read_only(true);
    let reader = both.there.open_pool_with("lab", &read_only).unwrap();
    assert!(reader.is_read_only());
    assert_eq!(
        kind(reader.append(b"1", &AppendOptions::new())),
        ErrorKind::Permission
    );
    let large = format!("\"{}\"", "x".repeat(1 << 20));
    let error = there
        .append(large.as_bytes(), &AppendOptions::new())
        .unwrap_err();
    assert!(
        error.is_too_large() && error.kind() == ErrorKind::Usage,
        "{error:?}"
    );
}

#[test]
fn a_message_too_large_for_its_pool_is_told_apart() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 65536);
    let large = format!("\"{}\"", "x".repeat(100_000));
    let far = there
        .append(large.as_bytes(), &AppendOptions::new())
        .unwrap_err();
    let near = here
        .append(large.as_bytes(), &AppendOptions::new())
        .unwrap_err();
    assert!(far.is_too_large() && near.is_too_large());
    assert_eq!(far.message(), near.message());
}

#[test]
fn waiting_for_the_writer_lock() {
    let both = both(&[]);
    let (there, here) = both.pool("lab", 65536);
    let held = here.reserve(8, &AppendOptions::new()).unwrap();
    for wait in [LockWait::Try, LockWait::For(Duration::from_millis(30))] {
        let error = there
            .append(b"1", &AppendOptions::new().lock_wait(wait))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert!(!error.maybe_written());
    }
    let writer = std::thread::spawn(move || {
        there.append(b"1", &AppendOptions::new().lock_wait(LockWait::Forever))
    });
    std::thread::sleep(Duration::from_millis(50));
    drop(held);
    assert_eq!(writer.join().unwrap().unwrap().seq, 1);
}

#[test]
fn tokens_and_access() {
    let scratch = Scratch::new();
    let token = scratch.path().join("token");
    std::fs::write(&token, "secret-1\n").unwrap();
    let file = token.to_str().unwrap();
    let server = Server::start(&scratch, &["--token-file", file, "--access", "write-only"]);
    Client::new(scratch.pools())
        .unwrap()
        .create("lab", &PoolOptions::new())
        .unwrap();
    let base = format!("http://{}", server.address);
    let options = || ClientOptions::new().pool_dir(&base).unwrap();
    let none = Client::with_options(&options()).unwrap();
    assert_eq!(kind(none.open_pool("lab")), ErrorKind::Permission);
    let wrong = Client::with_options(&options().token("other").unwrap()).unwrap();
    assert_eq!(kind(wrong.open_pool("lab")), ErrorKind::Permission);
    // A server that may only be written to is written to, though it tells nothing about its pools.
    let right = Client::with_options(&options().token_file(&token).unwrap()).unwrap();
    let pool = right.open_pool("lab").unwrap();
    assert_eq!(pool.append(b"1", &AppendOptions::new()).unwrap().seq, 1);
    assert_eq!(kind(pool.get_json(1)), ErrorKind::Permission);
    assert_eq!(kind(pool.tail(&TailOptions::new())), ErrorKind::Permission);
    assert_eq!(kind(right.list()), ErrorKind::Permission);
    // Settings that cannot be.
    let both = options().token("a").unwrap().token_file(&token).unwrap();
    assert_eq!(kind(Client::with_options(&both)), ErrorKind::Usage);
    let missing = options().token_file(scratch.path().join("none")).unwrap();
    assert_eq!(kind(Client::with_options(&missing)), ErrorKind::NotFound);
    let no_certificate = options().tls_ca_file(&token).unwrap();
    assert_eq!(
        kind(Client::with_options(&no_certificate)),
        ErrorKind::Usage
    );
    // A client of one server keeps its token from another.
    let elsewhere = Client::with_options(
        &ClientOptions::new()
            .pool_dir("http://127.0.0.1:1")
            .unwrap()
            .token_file(&token)
            .unwrap(),
    )
    .unwrap();
    assert_eq!(
        kind(elsewhere.open_pool(&format!("{base}/lab"))),
        ErrorKind::Permission
    );
}
