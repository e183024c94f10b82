//! The shared test data, which is not part of the project.

use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Its folder, if it is there.
pub(crate) fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("PLASMITE_TEST_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    if folder.is_dir() {
        return Some(folder);
    }
    super::left_out(&format!("no shared test data at {}", folder.display()));
    None
}

/// The bytes of a file, decompressed if it ends in `.zst`.
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|end| end != "zst") {
        return bytes;
    }
    let mut out = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(&bytes[..]).expect("a zstd file");
    decoder.read_to_end(&mut out).expect("a whole zstd file");
    out
}

/// The records of a JSON Lines file.
pub(crate) fn records(path: &Path) -> Vec<Value> {
    let text = String::from_utf8(bytes(path)).expect("UTF-8");
    super::json_lines(&text)
}
