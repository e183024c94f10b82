//! The commands as workers: `pls feed` and `pls follow`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::ChildStdin;
use std::sync::atomic::Ordering;

use super::common::{data_of, message, say, Witness};
use super::now;
use super::told::{for_each_line, Told};
use plasmite_core::store::{Client, OpenOptions};

/// Messages that were lost, as `pls follow` gives notice of them: several gaps may be one notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Loss {
    first: u64,
    last: u64,
    count: u64,
}

/// Hears `pls follow` out, with its notices.
pub(crate) fn follow(
    told: &Told,
    output: impl Read,
    errors: impl Read + Send + 'static,
    dir: &Path,
    spread: u64,
) {
    let notices = std::thread::spawn(|| notices(errors));
    let client = Client::new(Some(dir)).unwrap();
    let pool = client.open("p", &OpenOptions { read_only: true }).unwrap();
    let mut witness = Witness::default();
    witness.next = Some(1);
    let mut gaps = Vec::new();
    told.begins();
    for_each_line(output, |text| {
        let seq = seq_of(text);
        if let Some(first) = witness.next.filter(|next| *next < seq) {
            let last = seq - 1;
            witness.lost(first, last, pool.bounds().unwrap().oldest);
            gaps.push((first, last));
            told.gaps.fetch_add(1, Ordering::SeqCst);
        }
        told.saw(&mut witness, seq, data_of(text.as_bytes()), spread);
    });
    let notices = notices.join().unwrap();
    told.notices.store(notices.len() as u64, Ordering::SeqCst);
    told_of(&gaps, &notices);
}

/// The notices of messages lost; all else that is said goes on to standard error.
fn notices(errors: impl Read) -> Vec<Loss> {
    let mut losses = Vec::new();
    for_each_line(errors, |text| {
        let parsed = serde_json::from_str(text).unwrap_or(serde_json::Value::Null);
        let notice = &parsed["notice"];
        if notice["kind"] != "drop" {
            return say(&format!("pls follow: {text}\n"));
        }
        let number = |name: &str| notice["details"][name].as_u64().unwrap();
        losses.push(Loss {
            first: number("last_seen_seq") + 1,
            last: number("next_seen_seq") - 1,
            count: number("dropped_count"),
        });
    });
    losses
}

/// That notice was given of every gap, in order, up to those whose notice was not due yet when it was killed. The message
/// behind the gap of the last notice may not have been shown.
fn told_of(gaps: &[(u64, u64)], notices: &[Loss]) {
    let mut gaps = gaps.iter();
    for (index, notice) in notices.iter().enumerate() {
        let mut sum: Option<Loss> = None;
        while sum.is_none_or(|sum| sum.last < notice.last) {
            let Some(&(first, last)) = gaps.next() else {
                assert_eq!(index + 1, notices.len(), "{notice:?}, but no such gap");
                return;
            };
            let count = last - first + 1;
            sum = Some(Loss {
                first: sum.map_or(first, |sum| sum.first),
                last,
                count: sum.map_or(count, |sum| sum.count + count),
            });
        }
        assert_eq!(sum.as_ref(), Some(notice), "a notice of other gaps");
    }
}

/// Gives `pls feed` one message after another, and hears its receipts.
pub(crate) fn feed(
    told: &Told,
    mut input: ChildStdin,
    output: impl Read,
    writer: u64,
    spread: u64,
) {
    let mut receipts = BufReader::new(output).lines();
    for n in 1.. {
        let begin = now();
        let text = message(writer, n, spread) + "\n";
        if input.write_all(text.as_bytes()).is_err() {
            return;
        }
        let Some(Ok(receipt)) = receipts.next() else {
            return;
        };
        if !receipt.ends_with('}') {
            return;
        }
        told.acknowledge([n, seq_of(&receipt), 1, begin, now()]);
        if n == 1 {
            told.begins();
        }
    }
}

/// The seq of an envelope or a receipt.
fn seq_of(text: &str) -> u64 {
    let rest = text
        .strip_prefix("{\"seq\":")
        .unwrap_or_else(|| panic!("no seq: {text}"));
    rest[..rest.find(',').unwrap()].parse().unwrap()
}
