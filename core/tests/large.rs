//! Every record of the shared test data through a pool: appended, read back, compared.

mod codec;

use codec::{data, files, read};
use plasmite_core::store::{AppendOptions, Client, Next, PoolOptions, TailOptions, Wait};
use plasmite_core::ErrorKind;
use serde_json::Value;

/// The data of an envelope.
fn data_of(envelope: &[u8]) -> &[u8] {
    let mark = b",\"data\":";
    let at = envelope
        .windows(mark.len())
        .position(|window| window == mark);
    &envelope[at.expect("an envelope has data") + mark.len()..envelope.len() - 1]
}

/// Whether two values are the same; numbers as promised: i64 and u64 exactly, the rest as doubles.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64().map(f64::to_bits) == b.as_f64().map(f64::to_bits)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        }
        (a, b) => a == b,
    }
}

fn through_a_pool(folder: &str) {
    let Some(data) = data() else { return };
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(Some(dir.path())).unwrap();
    let options = PoolOptions {
        size: 64 << 20,
        ..PoolOptions::default()
    };
    let pool = client.create("p", &options).unwrap();
    let stream = pool.tail(&TailOptions::default()).unwrap();
    let (mut taken, mut refused) = (0, 0);
    let mut out = Vec::new();
    for path in files(&data.join(folder)) {
        let bytes = read(&path);
        let name = path.display();
        let by_line = path.to_string_lossy().contains("jsonl");
        let texts: Vec<&[u8]> = if by_line {
            bytes.split(|byte| *byte == b'\n').collect()
        } else {
            vec![&bytes]
        };
        for (line, text) in texts.into_iter().enumerate() {
            let receipt = match pool.append_json(text, &AppendOptions::default()) {
                Ok(receipt) => receipt,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Usage, "{name}:{line}: {error:?}");
                    refused += 1;
                    continue;
                }
            };
            taken += 1;
            out.clear();
            pool.get_envelope(receipt.seq, &mut out).unwrap();
            // Nesting beyond the twin's own limit is compared as text by the codec's tests.
            if let Ok(written) = serde_json::from_slice::<Value>(text) {
                let found = serde_json::from_slice(data_of(&out)).unwrap();
                assert!(same(&written, &found), "{name}:{line}");
            }
            let mut again = Vec::new();
            let next = stream.next_envelope(Wait::Try, &mut again).unwrap();
            assert!(matches!(next, Next::Message(seq) if seq == receipt.seq));
            assert_eq!(again, out, "{name}:{line}");
        }
    }
    println!("{folder}: {taken} taken, {refused} refused");
    assert!(taken > 0);
}

#[test]
fn streams() {
    through_a_pool("streams");
}

#[test]
fn documents() {
    through_a_pool("documents");
}

#[test]
fn adversarial_texts() {
    through_a_pool("adversarial");
}
