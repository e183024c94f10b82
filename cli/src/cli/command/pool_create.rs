//! `pool create`

use crate::cli::args::CreateArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::human;
use crate::cli::output::table::{short_path, Table};
use crate::json;
use crate::{Client, Error, ErrorKind, Pool, PoolOptions};
use unicode_width::UnicodeWidthStr;

pub(super) fn run(context: &mut Context, args: &CreateArgs) -> Outcome {
    let client = context.client()?;
    check_all(&client, &args.names)?;
    let mut options = PoolOptions::new();
    if let Some(size) = args.size {
        if size == 0 {
            return Err(
                Error::new(ErrorKind::Usage, "a pool of size 0 holds nothing")
                    .with_hint("leave --size out for 1M, or give a larger size")
                    .into(),
            );
        }
        options = options.size(size);
    }
    if let Some(slots) = args.index_capacity {
        options = options.index_capacity(slots);
    }
    let pools = create_all(&client, &args.names, &options)?;
    match (args.json.wanted(), context.out.is_terminal()) {
        (true, _) => report(context, &pools)?,
        (false, true) => for_people(context, &pools)?,
        (false, false) => table(context, &client, &pools)?,
    }
    Ok(SUCCESS)
}

/// Looks at every name before the first file is made.
fn check_all(client: &Client, names: &[String]) -> Result<(), Failure> {
    let mut paths = Vec::new();
    for name in names {
        let path = client.resolve(name)?;
        let taken = |message: String| {
            Error::new(ErrorKind::AlreadyExists, message)
                .with_path(path.to_string_lossy())
                .with_hint("no pool was made; choose another name, or delete that pool first")
        };
        if paths.contains(&path) {
            return Err(taken(format!("the pool {name:?} is named twice")).into());
        }
        if client.exists(name)? {
            return Err(taken(format!("the pool {name:?} exists already")).into());
        }
        paths.push(path);
    }
    Ok(())
}

fn create_all(
    client: &Client,
    names: &[String],
    options: &PoolOptions,
) -> Result<Vec<Pool>, Failure> {
    let mut pools = Vec::new();
    for name in names {
        match client.create(name, options) {
            Ok(pool) => pools.push(pool),
            // Not foreseeable by the checks: a full disk, say. What exists must not go unsaid.
            Err(error) if !pools.is_empty() => {
                let made: Vec<&str> = pools.iter().map(Pool::name).collect();
                return Err(error
                    .with_cause(format!("made before that: {}", made.join(", ")))
                    .into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(pools)
}

fn report(context: &mut Context, pools: &[Pool]) -> Result<(), Failure> {
    let infos = pools
        .iter()
        .map(Pool::info_json)
        .collect::<Result<Vec<_>, _>>()?;
    let mut text = Vec::new();
    json::object(&mut text, |top| {
        top.member("created", |out| {
            json::array(&infos, out, |info, out| out.extend_from_slice(info))
        });
    });
    context.out.report(&text)
}

fn table(context: &mut Context, client: &Client, pools: &[Pool]) -> Result<(), Failure> {
    let directory = client.pool_dir()?;
    let mut table = Table::new(&["NAME", "SIZE", "INDEX", "PATH"]);
    for pool in pools {
        let info = pool.info()?;
        let (size, slots) = (info.file_size.to_string(), info.index_capacity.to_string());
        table.row([
            pool.name().to_owned(),
            size,
            slots,
            short_path(pool.path(), &directory),
        ]);
    }
    table.print(&mut context.out)
}

fn for_people(context: &mut Context, pools: &[Pool]) -> Result<(), Failure> {
    if let [pool] = pools {
        let info = pool.info()?;
        let size = human::size(info.file_size);
        context.out.line(&format!(
            "Created {} ({size}, {} index slots)",
            pool.name(),
            info.index_capacity
        ))?;
        return context.out.line(&format!("  {}", pool.path().display()));
    }
    let mut size = 0;
    for pool in pools {
        size += pool.info()?.file_size;
    }
    context.out.line(&format!(
        "Created {} ({} together)",
        human::count(pools.len(), "pool"),
        human::size(size)
    ))?;
    let width = pools.iter().map(|pool| pool.name().width()).max();
    for pool in pools {
        let padding = " ".repeat(width.unwrap_or(0).saturating_sub(pool.name().width()));
        let path = pool.path().display();
        context
            .out
            .line(&format!("  {}{padding}  {path}", pool.name()))?;
    }
    Ok(())
}
