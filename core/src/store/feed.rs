//! Appending what an ingest reads: each record's text is parsed once, by the append.

use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{Ingest, Step, Verdict};
use crate::json::validate;
use crate::message::envelope;
use crate::store::{AppendOptions, Pool, Receipt};

impl Pool {
    /// Appends the next record of an input; see [`append_next`].
    ///
    /// # Errors
    /// As [`append_next`].
    #[inline]
    pub fn append_next(
        &self,
        input: &mut Ingest,
        options: &AppendOptions<'_>,
        copied_tags: &mut Vec<u8>,
    ) -> Result<Step<Receipt>> {
        append_next(input, options, copied_tags, |text, options| {
            self.append_json(text, options)
        })
    }
}

/// Appends the next record of an input with `append`, to which its text goes. A record that is no JSON, or too large
/// for the pool, is a fault of the input; with [`Options::copy`](crate::ingest::Options) a complete message is stored
/// with its data and tags, which `copied_tags` then holds as a JSON array. Otherwise that is empty.
///
/// # Errors
/// Those of `append` for everything that is no fault of the record (Usage: tags given beside those of a
/// message). The record is then still the next one.
#[inline]
pub fn append_next(
    input: &mut Ingest,
    options: &AppendOptions<'_>,
    copied_tags: &mut Vec<u8>,
    append: impl Fn(&[u8], &AppendOptions<'_>) -> Result<Receipt>,
) -> Result<Step<Receipt>> {
    copied_tags.clear();
    let record = |text: &[u8], options: &AppendOptions<'_>| {
        append(text, options).map_err(|error| verdict(error, text))
    };
    match input.options().copy {
        true => input.next_with(|text| append_copy(text, options, copied_tags, record)),
        false => input.next_with(|text| record(text, options)),
    }
}

fn append_copy(
    text: &[u8],
    options: &AppendOptions<'_>,
    copied_tags: &mut Vec<u8>,
    record: impl Fn(&[u8], &AppendOptions<'_>) -> std::result::Result<Receipt, Verdict>,
) -> std::result::Result<Receipt, Verdict> {
    let Some(message) = envelope::split(text).map_err(Verdict::NotJson)? else {
        return record(text, options);
    };
    if !options.tags.is_empty() {
        let error = Error::usage("tags given beside a message that is copied with its own")
            .with_hint("leave the tags out, or do not copy messages");
        return Err(Verdict::Abort(error));
    }
    let tags: Vec<&[u8]> = message.tags.iter().map(String::as_bytes).collect();
    let options = AppendOptions {
        tags: &tags,
        ..*options
    };
    let receipt = record(message.data, &options)?;
    message.write_tags(copied_tags);
    Ok(receipt)
}

/// Whether a failed append is the fault of its record.
#[cold]
fn verdict(error: Error, text: &[u8]) -> Verdict {
    if error.is_too_large() {
        return Verdict::TooLarge(error);
    }
    match error.kind() {
        ErrorKind::Usage => match validate(text) {
            Err(error) => Verdict::NotJson(error),
            Ok(()) => Verdict::Abort(error),
        },
        _ => Verdict::Abort(error),
    }
}
