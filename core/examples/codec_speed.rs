//! Measures the codec on the standard message against `serde_json` in the same run: `cargo run --release --example codec_speed`.

use std::hint::black_box;
use std::time::Instant;

use plasmite_core::json::Encoder;
use plasmite_core::lite3::{check, check_shallow, Value};
use plasmite_core::message::{Encoding, Message, TimeCache};
use serde::ser::{Serialize, SerializeStruct, Serializer};

const FLAT: &str = r#"{"id":123456,"name":"sensor-17","value":23.571,"ok":true,"ts":1769846709123,"unit":"deg C","n":5}"#;
const STANDARD: &str =
    r#"{"id":123456,"name":"sensor-17 north wing","value":23.571,"ok":true,"ts":1769846709123}"#;
const NESTED: &str = r#"{"event":"push","repo":{"id":81,"name":"a/b"},"actor":{"id":5,"login":"someone"},"tags":["x","y"],"n":3}"#;

/// Best time of one call in ns, over short runs of about 20 us.
fn time(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..10).for_each(|_| call());
    let rounds = (200_000 / (start.elapsed().as_nanos() as u64 + 1)).clamp(1, 2000);
    let mut best = f64::MAX;
    for _ in 0..300 {
        let start = Instant::now();
        (0..rounds).for_each(|_| call());
        best = best.min(start.elapsed().as_nanos() as f64 / rounds as f64);
    }
    best
}

/// The same message for `serde_json`: fields by hand, the data as its `Value`.
struct Envelope<'a> {
    seq: u64,
    data: &'a serde_json::Value,
}

struct Meta;

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Envelope", 4)?;
        fields.serialize_field("seq", &self.seq)?;
        fields.serialize_field("time", "2026-01-31T08:05:09.123456789Z")?;
        fields.serialize_field("meta", &Meta)?;
        fields.serialize_field("data", self.data)?;
        fields.end()
    }
}

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Meta", 1)?;
        fields.serialize_field("tags", &["sensor"])?;
        fields.end()
    }
}

fn main() {
    let folder = std::env::args().nth(1);
    if folder.as_deref() == Some("profile") {
        return profile();
    }
    let mut texts: Vec<(String, String)> = [
        ("standard", STANDARD),
        ("flat of 7", FLAT),
        ("nested", NESTED),
    ]
    .map(|(n, t)| (n.into(), t.into()))
    .into();
    if let Some(folder) = folder {
        for name in [
            "twitter_api_response.json",
            "github_events.json",
            "numbers.json",
            "instruments.json",
        ] {
            let text = std::fs::read_to_string(format!("{folder}/documents/{name}"))
                .expect("the shared test data");
            texts.push((name.into(), text));
        }
    }
    measure_varied();
    println!(
        "{:28} {:>8} {:>22} {:>22} {:>10} {:>8}",
        "ns per call", "bytes", "encode / IgnoredAny", "envelope / to_writer", "get", "check"
    );
    for (name, text) in &texts {
        measure(name, text);
    }
}

/// The standard message of `bench/`, with other numbers and notes each time, so that no branch is learnt by heart.
fn varied() -> Vec<String> {
    const NOTES: [&str; 4] = [
        "inlet valve within limits",
        "outlet pressure steady",
        "recalibrated by shift 3",
        "no change",
    ];
    let mut state = 42u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    (0..4096)
        .map(|_| {
            let (sensor, whole, part) = (random(90) + 10, random(900) + 100, random(99) + 1);
            let (note, count) = (NOTES[random(4) as usize], 1_000_000 + random(9_000_000));
            let ok = part % 2 == 1;
            format!(
                r#"{{"sensor":"boiler-{sensor}","reading":{whole}.{part:02},"count":{count},"ok":{ok},"note":"{note}"}}"#
            )
        })
        .collect()
}

fn measure_varied() {
    let texts = varied();
    let mut encoder = Encoder::new();
    let each = |work: &mut dyn FnMut(&[u8])| {
        let mut best = f64::MAX;
        for _ in 0..200 {
            let start = Instant::now();
            texts.iter().for_each(|text| work(text.as_bytes()));
            best = best.min(start.elapsed().as_nanos() as f64 / texts.len() as f64);
        }
        best
    };
    let encode = each(&mut |text| {
        black_box(encoder.encode_inside(black_box(text))).unwrap();
    });
    let ignored = each(&mut |text| {
        black_box(serde_json::from_slice::<serde::de::IgnoredAny>(text)).unwrap();
    });
    println!(
        "varied: encode {encode:.1} ns, IgnoredAny {ignored:.1} ns, {:.2}",
        encode / ignored
    );
}

/// Only the way in of such messages, again and again: something for a profiler to look at.
fn profile() {
    let texts = varied();
    let mut encoder = Encoder::new();
    let rounds = std::env::args()
        .nth(2)
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_000_000u32);
    for text in texts.iter().cycle().take(rounds as usize) {
        black_box(encoder.encode_inside(black_box(text.as_bytes()))).unwrap();
    }
}

fn measure(name: &str, text: &str) {
    let mut encoder = Encoder::new();
    let mut document = Vec::new();
    let encode = time(|| {
        document.clear();
        black_box(encoder.encode(black_box(text.as_bytes()), &mut document)).unwrap();
    });
    let inside = time(|| {
        black_box(encoder.encode_inside(black_box(text.as_bytes()))).unwrap();
    });
    let ignored = time(|| {
        black_box(serde_json::from_slice::<serde::de::IgnoredAny>(black_box(
            text.as_bytes(),
        )))
        .unwrap();
    });
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut block = Vec::new();
    plasmite_core::message::tags::encode([b"sensor".as_slice()], &mut block).unwrap();
    let message = Message {
        seq: 123_456,
        time_ns: 1_769_846_709_123_456_789,
        encoding: Encoding::Lite3Data,
        payload: &document[..],
        tags: &block[..],
    };
    let mut times = TimeCache::new();
    let mut out = Vec::new();
    let write = time(|| {
        out.clear();
        black_box(&message)
            .write_envelope(&mut out, &mut times)
            .unwrap();
        black_box(&out);
    });
    let envelope = Envelope {
        seq: message.seq,
        data: &value,
    };
    let mut theirs = Vec::new();
    let serde = time(|| {
        theirs.clear();
        serde_json::to_writer(&mut theirs, black_box(&envelope)).unwrap();
        black_box(&theirs);
    });
    if text.len() < 1000 {
        assert_eq!(
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&theirs)
        );
    }
    let key: &[u8] = if text.contains("\"value\"") {
        b"value"
    } else {
        b"n"
    };
    let get = time(|| {
        black_box(
            Value::root(black_box(&document[..]))
                .unwrap()
                .get(black_box(key)),
        )
        .unwrap();
    });
    let full = time(|| check(black_box(&document)).unwrap());
    let shallow = time(|| check_shallow(black_box(&document)).unwrap());
    println!(
        "{name:28} {:8} {encode:8.1} /{ignored:8.1} {:4.2} {write:7.1} /{serde:8.1} {:4.2} {get:6.1} {full:10.1} {shallow:6.1} {inside:8.1}",
        text.len(),
        encode / ignored,
        write / serde,
    );
}
