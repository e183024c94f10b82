//! Lite3 documents in and out, and room that is filled in place.

#![allow(unsafe_code)]

use plasmite_core::store::{AppendOptions, Client, Pool, PoolOptions};
use plasmite_core::{ErrorKind, Result};

fn scratch() -> (tempfile::TempDir, Client) {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(Some(dir.path())).unwrap();
    (dir, client)
}

fn envelope(pool: &Pool, seq: u64) -> Result<String> {
    let mut out = Vec::new();
    pool.get_envelope(seq, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn data(text: &str) -> &str {
    &text[text.find(",\"data\":").unwrap() + 8..text.len() - 1]
}

#[test]
fn lite3_in_and_out() {
    let (_dir, client) = scratch();
    let pool = client.create("p", &PoolOptions::default()).unwrap();
    let tags: &[&[u8]] = &[b"t"];
    pool.append_json(
        br#"{"b":1,"a":[true,null]}"#,
        &AppendOptions {
            tags,
            ..Default::default()
        },
    )
    .unwrap();
    let mut document = Vec::new();
    pool.get(1)
        .unwrap()
        .message()
        .to_lite3_document(&mut document)
        .unwrap();
    pool.append_document(&document, &AppendOptions::default())
        .unwrap();
    let (first, second) = (envelope(&pool, 1).unwrap(), envelope(&pool, 2).unwrap());
    assert_eq!(data(&first), data(&second));
    assert!(second.contains(r#""tags":["t"]"#));
    let mut again = Vec::new();
    pool.get(2)
        .unwrap()
        .message()
        .to_lite3_document(&mut again)
        .unwrap();
    assert_eq!(again, document);
    assert_eq!(
        pool.append_document(b"", &AppendOptions::default())
            .unwrap_err()
            .kind(),
        ErrorKind::Corrupt
    );
    let payload = pool.get(1).unwrap().message().payload.to_vec();
    pool.append_data(&payload, &AppendOptions::default())
        .unwrap();
    assert_eq!(data(&envelope(&pool, 3).unwrap()), data(&first));
    let mut room = pool
        .reserve(
            payload.len(),
            &AppendOptions {
                tags,
                ..Default::default()
            },
        )
        .unwrap();
    for (index, byte) in payload.iter().enumerate() {
        // SAFETY: in bounds; the room is ours until the commit.
        unsafe { room.payload_mut().add(index).write(*byte) };
    }
    assert_eq!(room.commit().unwrap().seq, 4);
    assert_eq!(data(&envelope(&pool, 4).unwrap()), data(&first));
    drop(pool.reserve(100, &AppendOptions::default()).unwrap());
    assert_eq!(pool.bounds().unwrap().newest, 4);
    let view = pool.view(4).unwrap();
    let value = view.message().unwrap().data_value().unwrap().unwrap();
    assert_eq!(value.get(b"b").unwrap().unwrap().as_i64(), Some(1));
    assert!(view.still_valid());
}
