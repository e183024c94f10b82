//! Pools of format 3, which builds up to version 1.2 made.

#[path = "../../../core/tests/common/old_file.rs"]
mod old_file;

use old_file::OldPool;
use std::fs;
use std::path::Path;

/// Writes a pool with the messages 7 to 9, whose times may fall; gives its bytes.
pub(crate) fn write(pools: &Path, name: &str, falling: bool) -> Vec<u8> {
    fs::create_dir_all(pools).expect("a directory");
    let mut old = OldPool::new(20_000, 16, 64);
    for seq in 7..10u64 {
        let text = format!("{{\"meta\":{{\"tags\":[\"t{seq}\"]}},\"data\":{{\"n\":{seq}}}}}");
        let payload = plasmite::json_to_lite3(text.as_bytes()).expect("a payload");
        let time = if falling { 100 - seq } else { seq } * 1_000_000_000;
        old.put(seq, time, &payload);
    }
    fs::write(pools.join(format!("{name}.plasmite")), &old.bytes).expect("written");
    old.bytes
}
