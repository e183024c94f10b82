//! Whole messages as Lite3: one, or many in frames.

use super::{answer, check_tags, member, receipts_json, How, Outcome, Patience};
use crate::json;
use crate::serve::body::Object;
use crate::serve::error::{Answer, Refusal};
use crate::{format_time, lite3_to_json, BatchItem, Error, ErrorKind, Pool};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A whole message as Lite3, of which only tags and data are looked at here.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    meta: Object<Meta<'a>>,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    tags: Vec<Cow<'a, str>>,
}

/// What a client sends cannot corrupt anything of ours: it is its request that is wrong.
fn bad(error: Error) -> Refusal {
    match error.kind() {
        ErrorKind::Corrupt => Refusal {
            status: StatusCode::BAD_REQUEST,
            error,
        },
        _ => Refusal::from(error),
    }
}

/// All of the frames or none: each has a seq that does not count, its time in ns (0 for none) and its length, all
/// big-endian, then the document.
pub(super) fn documents(
    pool: &Pool,
    body: &[u8],
    how: &How,
    patience: Patience,
) -> Answer<Outcome> {
    let Some(options) = how.options(patience) else {
        return Ok(Outcome::WouldWait);
    };
    let mut items = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let cut = || {
            Refusal::usage(format!(
                "the frame at byte {} is cut short",
                body.len() - rest.len()
            ))
        };
        let (head, behind) = rest.split_first_chunk::<20>().ok_or_else(cut)?;
        let (mut time, mut length) = ([0; 8], [0; 4]);
        time.copy_from_slice(&head[8..16]);
        length.copy_from_slice(&head[16..]);
        let length = u32::from_be_bytes(length) as usize;
        let (document, behind) = behind.split_at_checked(length).ok_or_else(cut)?;
        let item = BatchItem::lite3_document(document);
        items.push(match u64::from_be_bytes(time) {
            0 => item,
            time_ns => item.time_ns(time_ns),
        });
        rest = behind;
    }
    match pool.append_batch(&items, &options) {
        Ok(receipts) => Ok(Outcome::Done {
            answer: answer(receipts_json(&receipts)?),
            messages: receipts.len() as u64,
            bytes: body.len() as u64,
        }),
        Err(error) if how.would_wait(patience, &error) => Ok(Outcome::WouldWait),
        Err(error) => Err(bad(error)),
    }
}

pub(super) fn document(pool: &Pool, body: &[u8], how: &How, patience: Patience) -> Answer<Outcome> {
    let Some(options) = how.options(patience) else {
        return Ok(Outcome::WouldWait);
    };
    let text = lite3_to_json(body).map_err(bad)?;
    let Object(sent): Object<Document<'_>> = serde_json::from_slice(&text).map_err(|error| {
        bad(Error::new(
            ErrorKind::Corrupt,
            format!(
                "the document is no message, {{\"meta\":{{\"tags\":[…]}},\"data\":…}}: {error}"
            ),
        ))
    })?;
    let Object(meta) = &sent.meta;
    check_tags(&meta.tags)?;
    match pool.append_document(body, &options) {
        Ok(receipt) => {
            let time = format_time(receipt.time_ns)?;
            let mut message = Vec::with_capacity(text.len() + 96);
            json::object(&mut message, |object| {
                object.number("seq", receipt.seq).text("time", &time);
                object.object("meta", |object| {
                    object.member("tags", |out| {
                        json::array(&meta.tags, out, |tag, out| json::string(tag, out));
                    });
                });
                object.member("data", |out| {
                    out.extend_from_slice(sent.data.get().as_bytes());
                });
            });
            Ok(Outcome::Done {
                answer: member("message", &message),
                messages: 1,
                bytes: body.len() as u64,
            })
        }
        Err(error) if how.would_wait(patience, &error) => Ok(Outcome::WouldWait),
        Err(error) => Err(bad(error)),
    }
}
