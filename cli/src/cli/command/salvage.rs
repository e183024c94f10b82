//! `doctor --salvage`

use super::advice;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::human;
use crate::cli::output::table::{short_path, Table};
use crate::json;
use crate::{Client, Gap, PoolOptions, Salvaged};

/// Copies what is intact of `damaged` into the new pool `new`, and tells what is lost.
pub(super) fn run(context: &mut Context, damaged: &str, new: &str, as_json: bool) -> Outcome {
    let client = context.client("doctor --salvage", &[damaged, new])?;
    let made = client
        .salvage(damaged, new, &PoolOptions::new())
        .map_err(|error| advice::about_unknown(context, error, damaged))?;
    match (as_json, context.out.is_terminal()) {
        (true, _) => report(context, &client, damaged, new, &made)?,
        (false, true) => for_people(context, &client, damaged, new, &made)?,
        (false, false) => for_programs(context, &client, new, &made)?,
    }
    Ok(SUCCESS)
}

fn report(
    context: &mut Context,
    client: &Client,
    damaged: &str,
    new: &str,
    made: &Salvaged,
) -> Result<(), Failure> {
    let path = client.resolve(new)?;
    let mut text = Vec::new();
    json::object(&mut text, |top| {
        top.object("salvaged", |object| {
            object
                .text("source", damaged)
                .text("name", new)
                .text("path", &path.to_string_lossy())
                .number("file_size", made.size)
                .number("message_count", made.bounds.count)
                .object("bounds", |bounds| {
                    if made.bounds.count > 0 {
                        bounds
                            .number("oldest", made.bounds.oldest)
                            .number("newest", made.bounds.newest);
                    }
                })
                .number("lost_count", made.lost)
                .number("lost_ranges", made.lost_ranges)
                .member("lost", |out| ranges(&made.ranges, out));
        });
    });
    context.out.report(&text)
}

/// `[{"first":4,"last":6},…]`
fn ranges(lost: &[Gap], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, gap) in lost.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let text = format!("{{\"first\":{},\"last\":{}}}", gap.first, gap.last);
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b']');
}

fn for_programs(
    context: &mut Context,
    client: &Client,
    new: &str,
    made: &Salvaged,
) -> Result<(), Failure> {
    let mut table = Table::new(&["NAME", "MSGS", "OLDEST", "NEWEST", "LOST", "SIZE", "PATH"]);
    let bound = |seq: u64| match made.bounds.count {
        0 => String::new(),
        _ => seq.to_string(),
    };
    table.row([
        new.to_owned(),
        made.bounds.count.to_string(),
        bound(made.bounds.oldest),
        bound(made.bounds.newest),
        made.lost.to_string(),
        made.size.to_string(),
        short_path(&client.resolve(new)?, &client.pool_dir()?),
    ]);
    table.print(&mut context.out)
}

fn for_people(
    context: &mut Context,
    client: &Client,
    damaged: &str,
    new: &str,
    made: &Salvaged,
) -> Result<(), Failure> {
    let messages =
        |count: u64| human::count(usize::try_from(count).unwrap_or(usize::MAX), "message");
    let range = match made.bounds.count {
        0 => String::new(),
        _ => format!(" (seq {}..{})", made.bounds.oldest, made.bounds.newest),
    };
    let copied = messages(made.bounds.count);
    context
        .out
        .line(&format!("Salvaged {damaged} into {new}: {copied}{range}"))?;
    let path = client.resolve(new)?;
    context.out.line(&format!("  {}", path.display()))?;
    if made.lost == 0 {
        return context.out.line("  nothing is known to be lost");
    }
    const SHOWN: usize = 8;
    let mut parts: Vec<String> = made
        .ranges
        .iter()
        .take(SHOWN)
        .map(|gap| match gap.count {
            1 => gap.first.to_string(),
            _ => format!("{}..{}", gap.first, gap.last),
        })
        .collect();
    if made.lost_ranges > SHOWN as u64 {
        parts.push(format!("and {} more", made.lost_ranges - SHOWN as u64));
    }
    let lost = messages(made.lost);
    context
        .out
        .line(&format!("  lost: {lost}: {}", parts.join(", ")))
}
