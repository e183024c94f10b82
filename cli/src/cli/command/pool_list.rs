//! `pool list`

use super::advice;
use crate::cli::args::ListArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::table::{short_path, Table};
use crate::cli::output::{bar, human};
use crate::cli::remote::server_of;
use crate::{format_time, ListEntry};
use std::path::Path;

pub(super) fn run(context: &mut Context, args: &ListArgs) -> Outcome {
    let client = match &args.server {
        Some(server) => context.client_of_server("pool list", &args.remote, server)?,
        None => context.client_of("pool list", &args.remote, &[])?,
    };
    if args.json.wanted() {
        context.out.report(&client.list_json()?)?;
        return Ok(SUCCESS);
    }
    let list = client.list()?;
    let entries = list.iter().collect::<Result<Vec<_>, _>>()?;
    let directory = client.pool_dir()?;
    let all_well = entries.iter().all(|entry| entry.info.is_ok());
    match context.out.is_terminal() && all_well {
        true => for_people(context, args, &entries, &directory)?,
        false => for_programs(context, &entries, &directory)?,
    }
    Ok(SUCCESS)
}

/// Columns of the bars.
const BAR: usize = 8;

fn for_programs(
    context: &mut Context,
    entries: &[ListEntry<'_>],
    directory: &Path,
) -> Result<(), Failure> {
    let mut table = Table::new(&[
        "NAME", "STATUS", "SIZE", "OLDEST", "NEWEST", "MTIME", "PATH", "DETAIL",
    ]);
    for entry in entries {
        let modified = entry
            .modified_ns
            .map(format_time)
            .transpose()?
            .unwrap_or_default();
        let path = short_path(entry.path, directory);
        let name = entry.name.to_owned();
        match &entry.info {
            Ok(info) => {
                let bound = |seq: u64| {
                    if info.bounds.count > 0 {
                        seq.to_string()
                    } else {
                        String::new()
                    }
                };
                let (oldest, newest) = (bound(info.bounds.oldest), bound(info.bounds.newest));
                table.row([
                    name,
                    "OK".into(),
                    info.file_size.to_string(),
                    oldest,
                    newest,
                    modified,
                    path,
                    String::new(),
                ]);
            }
            Err(error) => {
                let unknown = String::new;
                let detail = format!("{}: {}", error.kind(), error.message());
                table.row([
                    name,
                    "ERR".into(),
                    unknown(),
                    unknown(),
                    unknown(),
                    modified,
                    path,
                    detail,
                ]);
            }
        }
    }
    table.print(&mut context.out)
}

fn for_people(
    context: &mut Context,
    args: &ListArgs,
    entries: &[ListEntry<'_>],
    directory: &Path,
) -> Result<(), Failure> {
    if entries.is_empty() {
        let of_server = args
            .server
            .as_deref()
            .map(|server| format!("{}/NAME", server_of(server)));
        let create = advice::create_command(context, of_server.as_deref().unwrap_or("NAME"));
        return context.out.line(&format!(
            "No pools in {}; make one with: {create}",
            directory.display()
        ));
    }
    let now = human::now_ns();
    let mut table = Table::new(&["NAME", "SIZE", "USED", "MSGS", "MODIFIED", "PATH"]);
    for entry in entries {
        if let Ok(info) = &entry.info {
            let modified = entry
                .modified_ns
                .map_or_else(String::new, |time_ns| human::age(time_ns, now));
            let (size, count) = (human::size(info.file_size), info.bounds.count.to_string());
            let (full, left) = bar::parts(info.used_bytes, info.ring_size, BAR);
            let whole = u128::from(info.ring_size.max(1));
            let percent = u128::from(info.used_bytes) * 100 / whole;
            table.row([
                entry.name.to_owned(),
                size,
                format!("{full}{left} {percent:>3}%"),
                count,
                modified,
                short_path(entry.path, directory),
            ]);
        }
    }
    table.print_aligned(&mut context.out, &["SIZE", "MSGS", "MODIFIED"])
}
