//! The engine's own worker.

use super::common::{data_of, message, patient};
use super::now;
use plasmite_core::json::Encoder;
use plasmite_core::store::{
    BatchItem, Client, GapPolicy, ItemEncoding, Next, OpenOptions, Pool, TailOptions, Wait,
};

fn say(line: &str) {
    // SAFETY: a valid buffer; standard output past the harness.
    let sent = unsafe { libc::write(1, line.as_ptr().cast(), line.len()) };
    if sent != line.len() as isize {
        // SAFETY: nobody listens.
        unsafe { libc::_exit(0) };
    }
}

/// ROLE DIR POOL WRITER SPREAD N
pub(crate) fn run(words: &str) {
    let words: Vec<&str> = words.split(' ').collect();
    let number = |index: usize| words[index].parse::<u64>().unwrap();
    let (writer, spread, mut n) = (number(3), number(4), number(5));
    let client = Client::new(Some(words[1].as_ref())).unwrap();
    let read_only = words[0] == "read" && writer.is_multiple_of(2);
    let pool = client.open(words[2], &OpenOptions { read_only }).unwrap();
    if words[0] == "read" {
        read(&pool);
    }
    say("r\n");
    let count = if words[0] == "batch" { 3 } else { 1 };
    loop {
        let texts: Vec<String> = (n..n + count).map(|n| message(writer, n, spread)).collect();
        let begin = now();
        let seq = match words[0] {
            "batch" => batch(&pool, &texts),
            "reserve" => reserve(&pool, &texts[0]),
            _ => {
                pool.append_json(texts[0].as_bytes(), &patient())
                    .unwrap()
                    .seq
            }
        };
        say(&format!("a {n} {seq} {count} {begin} {}\n", now()));
        n += count;
    }
}

fn batch(pool: &Pool, texts: &[String]) -> u64 {
    let mut first = None;
    let items = texts.iter().map(|text| {
        Ok(BatchItem {
            bytes: text.as_bytes(),
            encoding: ItemEncoding::Json,
            tags: &[],
            timestamp_ns: None,
        })
    });
    pool.append_batch(
        items.collect::<Vec<_>>().into_iter(),
        &patient(),
        |receipt| {
            first.get_or_insert(receipt.seq);
        },
    )
    .unwrap();
    first.unwrap()
}

fn reserve(pool: &Pool, text: &str) -> u64 {
    let mut data = Vec::new();
    Encoder::new().encode(text.as_bytes(), &mut data).unwrap();
    let mut room = pool.reserve(data.len(), &patient()).unwrap();
    let to = room.payload_mut();
    for (index, byte) in data.iter().enumerate() {
        // SAFETY: in bounds; the room is ours until the commit.
        unsafe { to.add(index).write_volatile(*byte) };
    }
    room.commit().unwrap().seq
}

fn read(pool: &Pool) -> ! {
    let options = TailOptions {
        gap: GapPolicy::Event,
        ..TailOptions::default()
    };
    let stream = pool.tail(&options).unwrap();
    say("r\n");
    let mut out = Vec::new();
    loop {
        out.clear();
        match stream.next_envelope(Wait::Forever, &mut out).unwrap() {
            Next::Message(seq) => say(&format!("m {seq} {}\n", data_of(&out))),
            Next::Gap(gap) => {
                let oldest = pool.bounds().unwrap().oldest;
                say(&format!("g {} {} {oldest}\n", gap.first, gap.last));
            }
            other => panic!("{other:?}"),
        }
    }
}
