//! `pool migrate`

use super::advice;
use crate::cli::args::MigrateArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::human;
use crate::cli::output::table::{short_path, Table};
use crate::json;
use crate::{Client, Error, ErrorKind, Migrated, PoolOptions};
use std::path::{Path, PathBuf};

/// What there is to tell.
struct Told<'a> {
    old: &'a str,
    /// The new pool's reference.
    new: &'a str,
    path: PathBuf,
    /// Whether the messages needed a larger file than the old one.
    grown: bool,
    made: Migrated,
}

pub(super) fn run(context: &mut Context, args: &MigrateArgs) -> Outcome {
    let pools: Vec<&str> = [Some(&*args.old), args.new.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let client = context.client("pool migrate", &pools)?;
    let mut options = PoolOptions::new();
    if let Some(size) = args.size {
        if size == 0 {
            return Err(
                Error::new(ErrorKind::Usage, "a pool of size 0 holds nothing")
                    .with_hint("leave --size out for the size of the old pool")
                    .into(),
            );
        }
        options = options.size(size);
    }
    let new = args.new.as_deref();
    let made = client
        .migrate(&args.old, new, &options)
        .map_err(|error| advice::about_unknown(context, error, &args.old))?;
    let reference = new.unwrap_or(&args.old);
    let told = Told {
        old: &args.old,
        new: reference,
        path: client.resolve(reference)?,
        grown: args.size.is_none() && made.size > made.old_size,
        made,
    };
    match (args.json.wanted(), context.out.is_terminal()) {
        (true, _) => report(context, &told)?,
        (false, true) => for_people(context, &told)?,
        (false, false) => table(context, &client, &told)?,
    }
    Ok(SUCCESS)
}

fn report(context: &mut Context, told: &Told<'_>) -> Result<(), Failure> {
    let made = &told.made;
    let mut text = Vec::new();
    json::object(&mut text, |top| {
        top.object("migrated", |object| {
            object
                .text("source", told.old)
                .text("name", told.new)
                .text("path", &told.path.to_string_lossy());
            let backup = made.backup.as_deref().map(Path::to_string_lossy);
            object.member("backup", |out| match &backup {
                Some(path) => json::string(path, out),
                None => out.extend_from_slice(b"null"),
            });
            object
                .number("old_size", made.old_size)
                .number("file_size", made.size)
                .number("message_count", made.bounds.count)
                .object("bounds", |bounds| {
                    if made.bounds.count > 0 {
                        bounds
                            .number("oldest", made.bounds.oldest)
                            .number("newest", made.bounds.newest);
                    }
                })
                .member("times_unordered", |out| {
                    out.extend_from_slice(made.times_unordered.to_string().as_bytes());
                });
        });
    });
    context.out.report(&text)
}

fn table(context: &mut Context, client: &Client, told: &Told<'_>) -> Result<(), Failure> {
    let (made, directory) = (&told.made, client.pool_dir()?);
    let mut table = Table::new(&["NAME", "MSGS", "OLDEST", "NEWEST", "SIZE", "PATH", "BACKUP"]);
    let bound = |seq: u64| match made.bounds.count {
        0 => String::new(),
        _ => seq.to_string(),
    };
    let backup = made.backup.as_deref();
    table.row([
        told.new.to_owned(),
        made.bounds.count.to_string(),
        bound(made.bounds.oldest),
        bound(made.bounds.newest),
        made.size.to_string(),
        short_path(&told.path, &directory),
        backup.map_or_else(String::new, |path| short_path(path, &directory)),
    ]);
    table.print(&mut context.out)
}

fn for_people(context: &mut Context, told: &Told<'_>) -> Result<(), Failure> {
    let made = &told.made;
    let count = usize::try_from(made.bounds.count).unwrap_or(usize::MAX);
    let range = match count {
        0 => String::new(),
        _ => format!(" (seq {}..{})", made.bounds.oldest, made.bounds.newest),
    };
    let target = match &made.backup {
        Some(_) => String::new(),
        None => format!(" into {}", told.new),
    };
    let messages = human::count(count, "message");
    let mut lines = vec![
        format!("Converted {}{target}: {messages}{range}", told.old),
        format!("  {}", told.path.display()),
    ];
    if told.grown {
        lines.push(format!(
            "  {} instead of {}, which the messages need",
            human::size(made.size),
            human::size(made.old_size)
        ));
    }
    if made.times_unordered {
        lines.push("  times fall in it: --since looks at every message".into());
    }
    if let Some(backup) = &made.backup {
        lines.push(format!("  the old pool is kept as {}", backup.display()));
    }
    for line in lines {
        context.out.line(&line)?;
    }
    Ok(())
}
