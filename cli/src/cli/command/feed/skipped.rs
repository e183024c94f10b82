//! Notices about records that were passed over.

use crate::cli::args::{FeedArgs, Form};
use crate::cli::context::Context;
use crate::cli::output::human::count;
use crate::cli::output::notice::Notice;
use crate::{Fault, IngestCounts, IngestMode, Pool};

/// Tells of one.
pub(super) fn tell(context: &Context, args: &FeedArgs, pool: &Pool, fault: &Fault) {
    let mode = match fault.mode {
        IngestMode::Sequence => "seq",
        IngestMode::Events => "event",
        IngestMode::Json => "json",
        IngestMode::Values if args.form == Form::Jq => "jq",
        // Lines, as far as anybody told.
        _ => "jsonl",
    };
    let message = format!("skipped: {}", fault.error.message());
    notice(args, "ingest_skip", &message).print(&context.err, |details| {
        details
            .text("mode", mode)
            .number("index", fault.place.index)
            .text("error_kind", fault.kind.name())
            .text("pool_path", &pool.path().to_string_lossy())
            .number("line", fault.place.line)
            .text("snippet", &fault.snippet);
    });
}

/// Tells how many there were in the end.
pub(super) fn tell_all(context: &Context, args: &FeedArgs, pool: &Pool, counts: IngestCounts) {
    let total = counts.records + counts.faults;
    let records = count(usize::try_from(total).unwrap_or(usize::MAX), "record");
    let message = format!(
        "{} of {records} skipped, {} appended",
        counts.faults, counts.records
    );
    notice(args, "ingest_summary", &message).print(&context.err, |details| {
        details
            .number("total", total)
            .number("ok", counts.records)
            .number("failed", counts.faults)
            .text("pool_path", &pool.path().to_string_lossy());
    });
}

fn notice<'a>(args: &'a FeedArgs, kind: &'a str, message: &'a str) -> Notice<'a> {
    Notice {
        kind,
        command: "feed",
        pool: &args.pool,
        message,
    }
}
