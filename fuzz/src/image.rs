//! Files of pools that were sound, and how an input alters them: bytes and words in all their parts, stretches copied and
//! blanked, frames made up with checksums that are right, lengths. Checksums are put right again when the input says so.

use std::fs::File;
use std::mem::{offset_of, size_of};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::OnceLock;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use plasmite_core::format::{control::Recovery, frame, superblock::Superblock};
use plasmite_core::store::{AppendOptions, BatchItem, ItemEncoding, Pool, PoolOptions};

use crate::scratch;

const PAGE: usize = 4096;
const RECOVERY: usize = PAGE + 512;
/// Words of the control page, by offset in the file.
const WORDS: [usize; 23] = [
    PAGE,
    PAGE + 8,
    PAGE + 24,
    PAGE + 32,
    PAGE + 40,
    PAGE + 48,
    PAGE + 64,
    RECOVERY,
    RECOVERY + 8,
    RECOVERY + 16,
    RECOVERY + 24,
    RECOVERY + 32,
    RECOVERY + 40,
    RECOVERY + 48,
    RECOVERY + 56,
    RECOVERY + 64,
    RECOVERY + 72,
    RECOVERY + 80,
    RECOVERY + offset_of!(Recovery, parted_from),
    RECOVERY + offset_of!(Recovery, parted_next),
    RECOVERY + offset_of!(Recovery, left_out_from),
    RECOVERY + offset_of!(Recovery, left_out_to),
    8192,
];

/// A sound pool.
pub struct Base {
    pub bytes: Vec<u8>,
    pub ring: usize,
    pub ring_size: usize,
    seed: u64,
    /// Offset in the file and length of each frame.
    frames: Vec<(usize, usize)>,
}

/// Sound pools of several kinds; the same ones in every process but for times and ids.
pub fn bases() -> &'static [Base] {
    static BASES: OnceLock<Vec<Base>> = OnceLock::new();
    BASES.get_or_init(|| {
        let sized = |size, index_capacity| PoolOptions {
            size,
            index_capacity,
            ..PoolOptions::default()
        };
        let fill = |pool: &Pool, count: u64| {
            for n in 1..=count {
                one(pool, n);
            }
        };
        vec![
            base(sized(9216, None), |_| ()),
            base(sized(9216, None), |pool| fill(pool, 6)),
            base(sized(9216, None), |pool| fill(pool, 50)),
            base(sized(10_600, Some(6)), |pool| fill(pool, 18)),
            base(sized(9500, Some(0)), |pool| fill(pool, 40)),
            base(sized(16_384, None), |pool| {
                fill(pool, 70);
                batch(pool);
                pool.flush().expect("a flush");
                batch(pool);
            }),
        ]
    })
}

/// A message whose form follows from its number.
fn one(pool: &Pool, n: u64) {
    let tags: &[&[u8]] = if n % 3 == 0 { &[b"three", b""] } else { &[] };
    let options = AppendOptions {
        tags,
        ..AppendOptions::default()
    };
    let text = match n % 6 {
        0 => format!("{n}"),
        1 => format!("\"text {n}\""),
        2 => format!("{{\"n\":{n},\"a\":[1.5,null,true]}}"),
        3 => format!("[{n},18446744073709551615]"),
        4 => format!("{{\"p\":\"{}\"}}", "x".repeat(n as usize % 90)),
        _ => return document(pool, n),
    };
    pool.append_json(text.as_bytes(), &options)
        .expect("an append");
}

fn document(pool: &Pool, n: u64) {
    let mut bytes = Vec::new();
    let text = format!("{{\"meta\":{{\"tags\":[\"t\"]}},\"data\":{{\"n\":{n}}}}}");
    let mut encoder = plasmite_core::json::Encoder::new();
    encoder.encode(text.as_bytes(), &mut bytes).expect("JSON");
    pool.append_document(&bytes, &AppendOptions::default())
        .expect("a message document");
}

fn batch(pool: &Pool) {
    let item = BatchItem {
        bytes: b"{\"of\":\"three\"}",
        encoding: ItemEncoding::Json,
        tags: &[b"three"],
        timestamp_ns: None,
    };
    pool.append_batch(
        [item; 3].into_iter().map(Ok),
        &AppendOptions::default(),
        |_| (),
    )
    .expect("a batch");
}

fn base(options: PoolOptions, fill: impl FnOnce(&Pool)) -> Base {
    scratch::remove_pool("base");
    let pool = scratch::client().create("base", &options).expect("a pool");
    fill(&pool);
    let info = pool.info().expect("a sound pool");
    let frames = pool.layout(usize::MAX).expect("a sound pool").frames;
    let bytes = std::fs::read(pool.path()).expect("its bytes");
    let page: &[u8] = &bytes[..PAGE];
    Base {
        seed: Superblock::parse(page, bytes.len() as u64)
            .expect("a sound superblock")
            .seed(),
        frames: frames
            .iter()
            .map(|frame| (frame.offset as usize, frame.len as usize))
            .collect(),
        ring: info.ring_offset as usize,
        ring_size: info.ring_size as usize,
        bytes,
    }
}

/// Takes a base and alters it as the input says.
pub fn altered(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let base = input.choose(bases())?;
    let mut bytes = base.bytes.clone();
    for _ in 0..40 {
        if input.is_empty() {
            break;
        }
        alter(base, &mut bytes, input)?;
    }
    Ok(bytes)
}

/// One change.
pub fn alter(base: &Base, bytes: &mut Vec<u8>, input: &mut Unstructured<'_>) -> Result<()> {
    match input.int_in_range(0..=9u8)? {
        0 => {
            let at = place(base, input)?;
            let len = input.int_in_range(1..=24usize)?;
            put(bytes, at, input.bytes(len.min(input.len()))?);
        }
        1 => {
            let at = *input.choose(&WORDS)?;
            let value = word(base, bytes, input)?;
            put(bytes, at, &value.to_le_bytes());
        }
        2 => {
            let (from, to) = (place(base, input)?, place(base, input)?);
            let len = usize::from(input.arbitrary::<u16>()?) % 2048;
            let end = (from + len).min(bytes.len());
            let copy = bytes.get(from..end).unwrap_or_default().to_vec();
            put(bytes, to, &copy);
        }
        3 => {
            let at = place(base, input)?;
            let len = usize::from(input.arbitrary::<u16>()?) % 2048;
            put(bytes, at, &vec![input.arbitrary::<u8>()?; len]);
        }
        4 => forge(base, bytes, input)?,
        5 => put_superblock_right(bytes),
        6 if !base.frames.is_empty() => {
            let (at, len) = *input.choose(&base.frames)?;
            put_frame_right(base, bytes, at, len, input.arbitrary::<u8>()?.into());
        }
        7 => {
            let len = input.int_in_range(0..=bytes.len() + PAGE)?;
            bytes.resize(len, 0);
        }
        8 => {
            // A field of the superblock.
            let at = 16 + 4 * input.int_in_range(0..=18usize)?;
            let value = word(base, bytes, input)?;
            put(bytes, at, &value.to_le_bytes());
            put_superblock_right(bytes);
        }
        _ if !base.frames.is_empty() => {
            // A field of a frame that was written.
            let (at, len) = *input.choose(&base.frames)?;
            let field = 4 * input.int_in_range(0..=9usize)?;
            let value = word(base, bytes, input)? as u32;
            put(bytes, at + field, &value.to_le_bytes());
            put_frame_right(base, bytes, at, len, 0);
        }
        _ => {}
    }
    Ok(())
}

/// An offset in one of the parts of the file.
pub fn place(base: &Base, input: &mut Unstructured<'_>) -> Result<usize> {
    let within = usize::from(input.arbitrary::<u16>()?);
    Ok(match input.int_in_range(0..=4u8)? {
        0 => within % 96,
        1 => PAGE + within % (RECOVERY - PAGE + size_of::<Recovery>()),
        2 => 8192 + within % (base.ring - 8192).max(1),
        3 => base.ring + within * 8 % base.ring_size,
        _ => base.ring + within % base.ring_size,
    })
}

/// A number that means something, or nearly.
fn word(base: &Base, bytes: &[u8], input: &mut Unstructured<'_>) -> Result<u64> {
    let near = i64::from(input.arbitrary::<i8>()?);
    let of = |at: usize| {
        let word = bytes.get(at..at + 8).and_then(|word| word.try_into().ok());
        word.map_or(0, u64::from_le_bytes)
    };
    let from = match input.int_in_range(0..=9u8)? {
        0 => 0,
        1 => of(PAGE + 8),
        2 => of(PAGE + 64),
        3 => of(PAGE + 24),
        4 => base.ring_size as u64,
        5 => base.bytes.len() as u64,
        6 => base.ring as u64,
        7 => 1 << (near as u64 % 64),
        8 => u64::MAX,
        _ => input.arbitrary()?,
    };
    let scale = if input.arbitrary()? { 8 } else { 1 };
    Ok(from.wrapping_add_signed(near * scale))
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    let len = what.len().min(bytes.len().saturating_sub(at));
    if len > 0 {
        bytes[at..at + len].copy_from_slice(&what[..len]);
    }
}

fn put_superblock_right(bytes: &mut [u8]) {
    if bytes.len() >= PAGE {
        let crc = frame::body_crc(&bytes[..PAGE - 4]);
        put(bytes, PAGE - 4, &crc.to_le_bytes());
    }
}

/// Puts the checksum of the frame at `at` right for a lap.
fn put_frame_right(base: &Base, bytes: &mut [u8], at: usize, len: usize, lap: u64) {
    let Some(frame) = bytes.get(at..at + len) else {
        return;
    };
    let mut words = [0; frame::HEADER_WORDS];
    for (word, eight) in words.iter_mut().zip(frame.chunks_exact(8)) {
        *word = eight.try_into().map_or(0, u64::from_le_bytes);
    }
    // The lap that the header names unless another one is asked for.
    let lap = if lap == 0 { words[4] >> 32 } else { lap - 1 };
    let body = (words[3] as u32 as usize).saturating_add(words[4] as usize & 0xff_ffff);
    let body_crc = frame::body_crc(
        frame
            .get(40..40usize.saturating_add(body))
            .unwrap_or_default(),
    );
    let position = lap * base.ring_size as u64 + (at - base.ring) as u64;
    let crc = frame::checksum(words, body_crc, position, base.seed);
    put(bytes, at + 4, &crc.to_le_bytes());
}

/// A frame with any payload and tags, whose lengths and checksum are right.
fn forge(base: &Base, bytes: &mut [u8], input: &mut Unstructured<'_>) -> Result<()> {
    let at = match (input.arbitrary()?, base.frames.is_empty()) {
        (true, false) => input.choose(&base.frames)?.0,
        _ => base.ring + usize::from(input.arbitrary::<u16>()?) * 8 % base.ring_size,
    };
    let flags = input.arbitrary()?;
    let lap = input.int_in_range(0..=3u32)?;
    let seq = word(base, bytes, input)?;
    let time_ns = word(base, bytes, input)?;
    let (payload, tags) = (
        input.int_in_range(0..=200usize)?,
        input.int_in_range(0..=20usize)?,
    );
    let payload = input.bytes(payload.min(input.len()))?;
    let tags = input.bytes(tags.min(input.len()))?;
    let body = [payload, tags].concat();
    let len = frame::len_for(body.len() as u64) as usize;
    let header = frame::Header {
        len: len as u64,
        crc: 0,
        seq,
        time_ns,
        payload_len: payload.len() as u32,
        signature: u32::MAX,
        tags_len: tags.len() as u32,
        flags,
        lap,
    };
    let mut made = vec![0; len];
    for (eight, word) in made.chunks_exact_mut(8).zip(header.words()) {
        eight.copy_from_slice(&word.to_le_bytes());
    }
    made[40..40 + body.len()].copy_from_slice(&body);
    let size = frame::Size::Message(len as u64).word();
    made[len - 4..].copy_from_slice(&size.to_le_bytes());
    put(bytes, at, &made);
    put_frame_right(base, bytes, at, len, u64::from(lap) + 1);
    Ok(())
}

/// Writes the bytes to a file, over what it held; then it says that it was found good there and in this boot, so that
/// nothing is recovered.
pub fn write(name: &str, bytes: &[u8], at_home: bool) -> File {
    let path = scratch::path(name);
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path);
    let file = file.expect("the file of a pool");
    file.set_len(bytes.len() as u64).expect("room");
    file.write_all_at(bytes, 0).expect("room");
    if at_home && bytes.len() >= RECOVERY + 64 {
        let data = file.metadata().expect("an open file");
        let mut home = [0; 16];
        home[..8].copy_from_slice(&data.dev().to_le_bytes());
        home[8..].copy_from_slice(&data.ino().to_le_bytes());
        file.write_all_at(&home, RECOVERY as u64 + 48)
            .expect("room");
    }
    file
}
