//! What the codec's tests share: the twin to compare with, the shared test data, a watchdog.
#![allow(dead_code, unreachable_pub)] // every test file takes a part of it

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use plasmite_core::json::{write_lite3, Encoded, Encoder};
use plasmite_core::limits::MAX_DEPTH;
use plasmite_core::lite3::{check, check_shallow, Kind, Value};
use plasmite_core::message::{document, Encoding, Message, TimeCache};
use plasmite_core::ErrorKind;

#[allow(clippy::duplicate_mod)] // a test may take both folders
#[path = "../common/left_out.rs"]
mod left_out;
use left_out::left_out;

/// The folder of the shared test data, if it is there.
pub fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("PLASMITE_TEST_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    if folder.is_dir() {
        return Some(folder);
    }
    left_out(&format!("no shared test data at {}", folder.display()));
    None
}

/// The bytes of a file, decompressed if it ends in `.zst`.
pub fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|end| end != "zst") {
        return bytes;
    }
    let mut out = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(&bytes[..]).expect("a zstd file");
    decoder.read_to_end(&mut out).expect("a whole zstd file");
    out
}

/// Every file below the folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the test data") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The records of a JSON Lines file.
pub fn records(path: &Path) -> Vec<serde_json::Value> {
    let bytes = read(path);
    let lines = bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).expect("a JSON line"))
        .collect()
}

/// Runs the body on a thread with a small stack; a hang fails the test after 30 s.
pub fn on_small_stack(body: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    let thread = thread
        .spawn(move || {
            body();
            let _ = done.send(());
        })
        .expect("a thread");
    if let Err(mpsc::RecvTimeoutError::Timeout) = wait.recv_timeout(Duration::from_secs(30)) {
        panic!("no end after 30 s");
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Takes one text in and out and compares it with the naive twin, `serde_json`, which has the same
/// rules: first place and last value of a key, order kept, u64 and i64 exact, doubles rounded
/// correctly, shortest output. True when the text was taken.
pub fn compare(encoder: &mut Encoder, text: &[u8], name: &str) -> bool {
    let mut payload = b"in front".to_vec();
    let encoded = match encoder.encode(text, &mut payload) {
        Ok(encoded) => encoded,
        Err(error) => {
            assert_eq!(payload, b"in front", "{name}: output of a failed call");
            assert_eq!(error.kind(), ErrorKind::Usage, "{name}: {error:?}");
            assert!(
                error.offset().is_some_and(|at| at <= text.len() as u64),
                "{name}: {error:?}"
            );
            match serde_json::from_slice::<serde_json::Value>(text) {
                Ok(_) => panic!("{name}: refused: {error:?}"),
                Err(theirs) if theirs.to_string().contains("recursion") => {}
                Err(_) => assert!(!error.message().contains("deep"), "{name}: {error:?}"),
            }
            return false;
        }
    };
    let payload = &payload[b"in front".len()..];
    let out = match encoded {
        Encoded::Text => payload.to_vec(),
        Encoded::Lite3 => {
            check(payload).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            check_shallow(payload).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let mut out = Vec::new();
            write_lite3(Value::root(payload).unwrap(), &mut out).unwrap();
            out
        }
    };
    match serde_json::from_slice::<serde_json::Value>(text) {
        Ok(value) => {
            let expected = twin_text(&value);
            if out != expected {
                panic!(
                    "{name}:\n{}\n{}",
                    String::from_utf8_lossy(&out),
                    String::from_utf8_lossy(&expected)
                );
            }
            if encoded == Encoded::Lite3 {
                same(Value::root(payload).unwrap(), &value, name);
            }
        }
        Err(error) if error.to_string().contains("recursion") => {
            let mut again = Vec::new();
            encoder.encode(&out, &mut again).unwrap();
            assert_eq!(payload, again, "{name}");
        }
        Err(error) => panic!("{name}: taken, but {error}"),
    }
    true
}

/// The twin's compact text; its doubles as `ryu` writes them.
fn twin_text(value: &serde_json::Value) -> Vec<u8> {
    struct Ryu;
    impl serde_json::ser::Formatter for Ryu {
        fn write_f64<W: ?Sized + std::io::Write>(
            &mut self,
            out: &mut W,
            value: f64,
        ) -> std::io::Result<()> {
            out.write_all(ryu::Buffer::new().format_finite(value).as_bytes())
        }
    }
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Ryu);
    serde::Serialize::serialize(value, &mut serializer).expect("a value");
    out
}

/// Whether looking into the document finds exactly the value.
pub fn same(ours: Value<&[u8]>, theirs: &serde_json::Value, name: &str) {
    use serde_json::Value as Json;
    match (ours.type_of(), theirs) {
        (Kind::Null, Json::Null) => assert!(ours.is_null()),
        (Kind::Bool, Json::Bool(value)) => assert_eq!(ours.as_bool(), Some(*value), "{name}"),
        (Kind::Int, Json::Number(value)) => assert_eq!(ours.as_i64(), value.as_i64(), "{name}"),
        (Kind::Float, Json::Number(value)) => {
            assert!(value.is_f64(), "{name}");
            assert_eq!(
                ours.as_f64().map(f64::to_bits),
                value.as_f64().map(f64::to_bits),
                "{name}"
            );
        }
        (Kind::String, Json::String(value)) => {
            assert_eq!(ours.as_str().unwrap(), Some(value.as_str()), "{name}")
        }
        (Kind::Array, Json::Array(values)) => {
            assert_eq!(ours.len().unwrap(), values.len(), "{name}");
            for (index, (entry, value)) in ours.entries().unwrap().zip(values).enumerate() {
                let entry = entry.unwrap();
                assert_eq!(entry.key, None);
                assert_eq!(
                    ours.at(index).unwrap().unwrap().offset(),
                    entry.value.offset(),
                    "{name}"
                );
                same(entry.value, value, name);
            }
            assert!(ours.at(values.len()).unwrap().is_none());
        }
        (Kind::Object, Json::Object(members)) => {
            assert_eq!(ours.len().unwrap(), members.len(), "{name}");
            assert_eq!(ours.entries().unwrap().count(), members.len(), "{name}");
            for (entry, (key, value)) in ours.entries().unwrap().zip(members) {
                let entry = entry.unwrap();
                let (start, len) = entry.key.unwrap();
                assert_eq!(&ours.source()[start..start + len], key.as_bytes(), "{name}");
                let found = ours
                    .get(key.as_bytes())
                    .unwrap()
                    .unwrap_or_else(|| panic!("{name}: {key} not found"));
                assert_eq!(found.offset(), entry.value.offset(), "{name}");
                same(found, value, name);
            }
            assert!(ours.get(b"no such key \x01").unwrap().is_none());
        }
        (kind, value) => panic!("{name}: {kind:?} instead of {value}"),
    }
}

/// Does everything one can do to a document that may be anything.
pub fn use_everything(bytes: &[u8]) {
    let mut out = b"x".to_vec();
    let sound = check(bytes).is_ok();
    let _ = check_shallow(bytes);
    if let Ok(root) = Value::root(bytes) {
        let written = write_lite3(root, &mut out).is_ok();
        assert!(written || out == b"x");
        assert!(
            written || !sound,
            "a document that passes the check must be written"
        );
        if sound {
            serde_json::from_slice::<serde_json::Value>(&out[1..])
                .expect("JSON from a checked document");
        }
        for key in [&b"meta"[..], b"data", b"k3", b"a", b"", b"key-17"] {
            let found = root.get(key);
            assert!(found.is_ok() || !sound);
        }
        look(root, 4);
    }
    let _ = document::split(bytes);
    let mut whole = Vec::new();
    let _ = document::Assembler::new().from_lite3(&[], bytes, &mut whole);
    for encoding in [
        Encoding::Lite3Data,
        Encoding::Lite3Document,
        Encoding::JsonText,
    ] {
        let message = Message {
            seq: 1,
            time_ns: 0,
            encoding,
            payload: bytes,
            tags: bytes,
        };
        let _ = message.write_envelope(&mut out, &mut TimeCache::new());
        let _ = message.to_lite3_document(&mut out);
    }
}

/// Follows entries some levels down.
fn look(value: Value<&[u8]>, levels: usize) {
    let _ = (
        value.len(),
        value.as_i64(),
        value.as_f64(),
        value.as_bool(),
        value.as_str(),
        value.string_range(),
    );
    let _ = value.at(3);
    let Ok(entries) = value.entries() else { return };
    for entry in entries.take(20).flatten() {
        if levels > 0 {
            look(entry.value, levels - 1);
        }
    }
}

/// Nested containers, `depth` deep: arrays, objects, or both in turn.
pub fn nested(depth: usize, form: usize) -> String {
    let object = |level: usize| form == 1 || form == 2 && level % 2 == 1;
    let mut text = String::new();
    for level in 0..depth {
        text.push_str(if object(level) { "{\"k\":" } else { "[" });
    }
    text.push('1');
    for level in (0..depth).rev() {
        text.push(if object(level) { '}' } else { ']' });
    }
    text
}

/// The deepest that goes in.
pub const DEEPEST: usize = MAX_DEPTH;
