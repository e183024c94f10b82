//! Values of one's own types in and out.
#![cfg(feature = "serde")]

mod common;

use common::Scratch;
use plasmite_sdk::{
    json_to_lite3, AppendOptions, ErrorKind, Next, Pool, Start, TailOptions, Value, ViewBatch, Wait,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Reading {
    sensor: String,
    value: f64,
    count: u32,
    ok: Option<bool>,
    inner: Vec<Inner>,
    kind: Kind,
    by_number: BTreeMap<i32, char>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Inner(i64, Option<()>);

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
enum Kind {
    Plain,
    Wrapped(u8),
    Pair(i8, i8),
    Named { at: i64 },
}

fn reading(kind: Kind) -> Reading {
    Reading {
        sensor: "boiler \"17\" ü\0".to_owned(),
        value: 23.0,
        count: u32::MAX,
        ok: None,
        inner: (0..20).map(|n| Inner(n - 10, None)).collect(),
        kind,
        by_number: [(-1, 'a'), (7, 'ß')].into(),
    }
}

fn append<T: Serialize>(pool: &Pool, value: &T) -> u64 {
    pool.append_value(value, &AppendOptions::new()).unwrap().seq
}

#[test]
fn values_come_back_from_messages_and_views() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    for kind in [
        Kind::Plain,
        Kind::Wrapped(3),
        Kind::Pair(1, -1),
        Kind::Named { at: i64::MIN },
    ] {
        let value = reading(kind);
        let seq = append(&pool, &value);
        assert_eq!(pool.get(seq).unwrap().data::<Reading>().unwrap(), value);
        assert_eq!(pool.view(seq).unwrap().data::<Reading>().unwrap(), value);
        let mut stream = pool
            .tail(&TailOptions::new().start(Start::Seq(seq)))
            .unwrap();
        match stream.next(Wait::Try).unwrap() {
            Next::Message(view) => assert_eq!(view.data::<Reading>().unwrap(), value),
            other => panic!("{other:?}"),
        };
    }
}

/// What cannot stand in Lite3 is stored as text, and read all the same.
#[test]
fn every_root_and_number() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let both = |seq: u64, expected: serde_json::Value| {
        assert_eq!(
            pool.get(seq).unwrap().data::<serde_json::Value>().unwrap(),
            expected
        );
        assert_eq!(
            pool.view(seq).unwrap().data::<serde_json::Value>().unwrap(),
            expected
        );
    };
    for value in [
        serde_json::json!(null),
        serde_json::json!(true),
        serde_json::json!("text"),
        serde_json::json!(u64::MAX),
        serde_json::json!({"big": u64::MAX, "nested": [{"a": [1.5, -3, null, {}]}, []]}),
        serde_json::json!({"a\0b": 1}),
        serde_json::json!([]),
        serde_json::json!((0..100).collect::<Vec<_>>()),
    ] {
        both(append(&pool, &value), value);
    }
    let big = append(&pool, &u64::MAX);
    assert_eq!(pool.view(big).unwrap().data::<u64>().unwrap(), u64::MAX);
}

#[test]
fn texts_are_borrowed_where_nothing_changes_them() {
    #[derive(Deserialize, Debug)]
    struct Borrowed<'a> {
        text: &'a str,
        #[serde(borrow)]
        other: Cow<'a, str>,
    }
    let document = json_to_lite3(br#"{"text":"one","other":"two"}"#).unwrap();
    let value = Value::from_lite3(&document).unwrap();
    let made: Borrowed = value.to().unwrap();
    let range = document.as_ptr_range();
    assert!(range.contains(&made.text.as_ptr()) && made.text == "one");
    assert!(matches!(made.other, Cow::Borrowed("two")));

    let scratch = Scratch::new();
    let pool = scratch.filled("lab", &[r#"{"text":"one","other":"two"}"#]);
    // In place a writer may overwrite the text, so it cannot be lent out.
    let refused = pool.view(1).unwrap();
    assert_eq!(
        refused.data::<Borrowed>().unwrap_err().kind(),
        ErrorKind::Usage
    );
    let mut stream = pool.tail(&TailOptions::new()).unwrap();
    let mut batch = ViewBatch::new(4);
    match stream.next_views(&mut batch, Wait::Try).unwrap() {
        Next::Message(views) => {
            assert_eq!(views.len(), 1);
            for view in views {
                assert_eq!(view.data::<Borrowed>().unwrap().text, "one");
            }
        }
        other => panic!("{other:?}"),
    };
}

#[test]
fn other_forms_are_refused() {
    let scratch = Scratch::new();
    let pool = scratch.filled("lab", &[r#"{"sensor":1}"#, "-1", r#""x""#]);
    for seq in 1..=3 {
        for error in [
            pool.get(seq).unwrap().data::<Reading>().unwrap_err(),
            pool.view(seq).unwrap().data::<Reading>().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(
                error.message().contains(&format!("message {seq}")),
                "{error}"
            );
        }
    }
    assert!(pool.view(2).unwrap().data::<u64>().is_err());
    let unwritable: BTreeMap<(i32, i32), i32> = [((1, 2), 3)].into();
    let error = pool
        .append_value(&unwritable, &AppendOptions::new())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(pool.bounds().unwrap().count, 3);
}

/// serde_json writes null for a float that JSON has no number for.
#[test]
fn floats_without_a_number_are_refused_wherever_they_stand() {
    #[derive(Serialize)]
    enum Shape {
        Newtype(f64),
        Tuple(u8, f32),
        Struct { value: f64 },
    }
    #[derive(Serialize)]
    struct Wrapped(f64);
    #[derive(Serialize)]
    struct Pair(u8, f64);
    #[derive(Serialize)]
    struct Named {
        value: Option<f64>,
    }

    fn refused<T: Serialize>(pool: &Pool, value: T) {
        for error in [
            pool.append_value(&value, &AppendOptions::new())
                .unwrap_err(),
            pool.append_values([&value], &AppendOptions::new())
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(error.message().contains("JSON has no number"), "{error}");
        }
    }
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refused(&pool, float);
        refused(&pool, float as f32);
        refused(&pool, Some(float));
        refused(&pool, [1.0, float]);
        refused(&pool, vec![vec![float]]);
        refused(&pool, (1, float));
        refused(&pool, BTreeMap::from([("key", float)]));
        refused(&pool, Wrapped(float));
        refused(&pool, Pair(1, float));
        refused(&pool, Named { value: Some(float) });
        refused(&pool, Shape::Newtype(float));
        refused(&pool, Shape::Tuple(1, float as f32));
        refused(&pool, Shape::Struct { value: float });
    }
    assert_eq!(pool.bounds().unwrap().count, 0);

    // What is null stays null, and the largest floats are numbers.
    let seq = append(&pool, &(Named { value: None }, (), None::<u8>, f64::MAX));
    assert_eq!(
        pool.get(seq).unwrap().data_json(),
        r#"[{"value":null},null,null,1.7976931348623157e308]"#
    );
}

/// Pools take 512 levels, as Lite3 and as text, and so do threads of the usual size; in debug builds, which need more stack
/// for a level, those that serde's JSON takes.
#[test]
fn values_as_deep_as_pools_take_them() {
    const STORED: usize = 512;
    const READ: usize = if cfg!(debug_assertions) { 127 } else { STORED };
    let nested = |levels: usize, inner: &str| "[".repeat(levels) + inner + &"]".repeat(levels);
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let append = |text: String| pool.append(text.as_bytes(), &AppendOptions::new());
    let check = || {
        for inner in ["7", "18446744073709551615"] {
            let seq = append(nested(READ, inner)).unwrap().seq;
            let (message, view) = (pool.get(seq).unwrap(), pool.view(seq).unwrap());
            for value in [
                message.data::<serde_json::Value>().unwrap(),
                view.data::<serde_json::Value>().unwrap(),
            ] {
                let innermost = (0..READ).fold(&value, |value, _| &value.as_array().unwrap()[0]);
                assert_eq!(innermost.to_string(), inner);
            }
            assert_eq!(
                pool.append_value(
                    &message.data::<serde_json::Value>().unwrap(),
                    &AppendOptions::new()
                )
                .unwrap()
                .seq,
                seq + 1
            );
            for levels in READ + 1..=STORED {
                let seq = append(nested(levels, inner)).unwrap().seq;
                let (message, view) = (pool.get(seq).unwrap(), pool.view(seq).unwrap());
                for made in [
                    message.data::<serde_json::Value>(),
                    view.data::<serde_json::Value>(),
                ] {
                    assert_eq!(made.unwrap_err().kind(), ErrorKind::Usage);
                }
            }
        }
        assert!(append(nested(STORED + 1, "7")).is_err());
    };
    with_a_small_stack(check);
}

/// On a thread with the stack that threads have unless told otherwise, whatever the tests' threads have.
fn with_a_small_stack(check: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn_scoped(scope, check)
            .unwrap();
    });
}

/// Lite3 is checked wholly only when asked to be, and bytes in place may change: a container can be inside itself.
#[test]
fn damaged_documents_end() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let (mut deep, mut many) = (0, 0);
    let check = || {
        let long = format!("[[1],{:?}]", "x".repeat(1000));
        for text in ["[[1]]", "[1,1,1,1,[1]]", r#"{"a":{"a":1},"b":[1]}"#, &long] {
            let document = json_to_lite3(text.as_bytes()).unwrap();
            for at in 0..document.len() - 4 {
                let mut damaged = document.to_vec();
                damaged[at..at + 4].fill(0);
                let Ok(root) = Value::from_lite3(&damaged) else {
                    continue;
                };
                let made = root.to::<serde_json::Value>();
                match &made {
                    Err(error) if error.message().contains("inside each other") => deep += 1,
                    Err(error) if error.message().contains("more values") => many += 1,
                    _ => {}
                }
                if let Ok(receipt) = pool.append_data(&damaged, &AppendOptions::new()) {
                    let view = pool.view(receipt.seq).unwrap();
                    assert_eq!(view.data::<serde_json::Value>().is_ok(), made.is_ok());
                }
            }
        }
        assert!(deep > 0 && many > 0, "{deep}, {many}");
    };
    with_a_small_stack(check);
}

#[test]
fn batches_of_values() {
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    let values: Vec<_> = (0..100).map(|n| (n, "x".repeat(n))).collect();
    let receipts = pool
        .append_values(&values, &AppendOptions::new().tag("all"))
        .unwrap();
    assert_eq!(receipts.last().unwrap().seq, 100);
    assert_eq!(pool.get(100).unwrap().tags(), ["all"]);
    for (seq, value) in (1..).zip(&values) {
        assert_eq!(
            pool.view(seq).unwrap().data::<(usize, String)>().unwrap(),
            *value
        );
    }
    let bad: [BTreeMap<(i32, i32), i32>; 2] = [BTreeMap::new(), [((1, 2), 3)].into()];
    let error = pool.append_values(&bad, &AppendOptions::new()).unwrap_err();
    assert!(error.message().starts_with("item 1: "), "{error}");
    assert!(pool
        .append_values([0; 0], &AppendOptions::new())
        .unwrap()
        .is_empty());
    assert_eq!(pool.bounds().unwrap().count, 100);
}

/// A value may append others while it is written.
#[test]
fn an_append_within_an_append() {
    struct Nested<'a>(&'a Pool);
    impl Serialize for Nested<'_> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            append(self.0, &"inner");
            serializer.serialize_str("outer")
        }
    }
    let scratch = Scratch::new();
    let pool = scratch.pool("lab");
    assert_eq!(append(&pool, &Nested(&pool)), 2);
    assert_eq!(pool.get(1).unwrap().data_json(), r#""inner""#);
    assert_eq!(pool.get(2).unwrap().data_json(), r#""outer""#);
}
