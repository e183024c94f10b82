//! Many messages as JSON Lines.

use super::own_time::own_time;
use super::{answer, check_tags, receipts_json, How, Outcome, Patience, Sent};
use crate::serve::body;
use crate::serve::error::{Answer, Refusal};
use crate::{BatchItem, Error, Pool, Tags};

/// All of the lines or none.
pub(super) fn append(
    pool: &Pool,
    body: &[u8],
    how: &How,
    common: &[String],
    patience: Patience,
) -> Answer<Outcome> {
    let Some(options) = how.options(patience) else {
        return Ok(Outcome::WouldWait);
    };
    check_tags(common)?;
    let mut sent: Vec<Line<'_>> = Vec::new();
    for (line, number) in body.split(|byte| *byte == b'\n').zip(1..) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let at_line = |refusal: Refusal| Refusal {
            error: at_line(number, refusal.error),
            ..refusal
        };
        let message: Sent<'_> = body::parse(line).map_err(at_line)?;
        check_tags(message.tags.as_deref().unwrap_or_default()).map_err(at_line)?;
        if message.durability.is_some()
            || message.expect_newest.is_some()
            || message.lock_wait_ms.is_some()
        {
            return Err(at_line(Refusal::usage(
                "durability, expect_newest and lock_wait_ms of many messages are for the query",
            )));
        }
        let time_ns = message.time.as_deref().map(own_time).transpose();
        sent.push(Line {
            number,
            time_ns: time_ns.map_err(at_line)?,
            message,
        });
    }
    if sent.is_empty() {
        return Err(Refusal::usage("the body has no line with a message"));
    }
    let tags: Vec<Tags<'_>> = sent
        .iter()
        .map(|line| Tags::from_iter(line.message.tags.as_deref().unwrap_or_default()))
        .collect();
    let mut items = Vec::with_capacity(sent.len());
    let mut bytes = 0;
    for (line, tags) in sent.iter().zip(&tags) {
        let data = line.message.data.get().as_bytes();
        bytes += data.len() as u64;
        let item = BatchItem::json(data).tags(tags);
        items.push(match line.time_ns {
            Some(time_ns) => item.time_ns(time_ns),
            None => item,
        });
    }
    match pool.append_batch(&items, &options.tags(Tags::from_iter(common))) {
        Ok(receipts) => Ok(Outcome::Done {
            answer: answer(receipts_json(&receipts)?),
            messages: receipts.len() as u64,
            bytes,
        }),
        Err(error) if how.would_wait(patience, &error) => Ok(Outcome::WouldWait),
        Err(error) => Err(at_its_line(error, &sent).into()),
    }
}

/// A line, read.
struct Line<'a> {
    /// From 1.
    number: usize,
    message: Sent<'a>,
    time_ns: Option<u64>,
}

fn at_line(number: usize, error: Error) -> Error {
    let message = format!("line {number}: {}", error.message());
    error.with_message(message)
}

/// The error with the number of the line in place of that of the item, which counts no blank lines. What is wrong with
/// the batch as a whole has neither.
fn at_its_line(error: Error, sent: &[Line<'_>]) -> Error {
    let named = error.message().strip_prefix("item ").and_then(|rest| {
        let (index, what) = rest.split_once(" of the batch (from 0): ")?;
        let line = sent.get(index.parse::<usize>().ok()?)?;
        Some((line.number, what.to_owned()))
    });
    match named {
        Some((number, what)) => at_line(number, error.with_message(what)),
        None => error,
    }
}
