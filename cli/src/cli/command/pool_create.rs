//! `pool create`

use crate::cli::args::CreateArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::human;
use crate::cli::output::table::{short_path, Table};
use crate::cli::remote::pool_of;
use crate::json;
use crate::{Client, Error, ErrorKind, Info, Pool, PoolOptions};
use unicode_width::UnicodeWidthStr;

pub(super) fn run(context: &mut Context, args: &CreateArgs) -> Outcome {
    let references: Vec<&str> = args.names.iter().map(String::as_str).collect();
    let client = context.client_of("pool create", &args.remote, &references)?;
    check_all(context, &client, &args.names)?;
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
    let told = match (args.json.wanted(), context.out.is_terminal()) {
        (true, _) => report(context, &pools),
        (false, true) => for_people(context, &pools),
        (false, false) => table(context, &client, &pools),
    };
    told.and_then(|()| context.out.flush()).map_err(|failure| {
        failure.but_done(&format!("made all the same: {}", args.names.join(", ")))
    })?;
    Ok(SUCCESS)
}

/// Looks at every name before the first file is made.
fn check_all(context: &Context, client: &Client, names: &[String]) -> Result<(), Failure> {
    let mut paths = Vec::new();
    for name in names {
        let path = match context.server_of(name) {
            Some(server) => format!("{server}/{}", pool_of(name)).into(),
            None => client.resolve(name)?,
        };
        let taken = |message: String| {
            Error::new(ErrorKind::AlreadyExists, message)
                .with_path(path.to_string_lossy())
                .with_hint("no pool was made; choose another name, or delete that pool first")
        };
        if paths.contains(&path) {
            return Err(taken(format!("the pool {name:?} is named twice")).into());
        }
        if path
            .metadata()
            .is_ok_and(|there| !context.is_remote(name) && !there.is_file())
        {
            let message = "cannot create the pool: a directory or a special file is there";
            return Err(Error::new(ErrorKind::AlreadyExists, message)
                .with_path(path.to_string_lossy())
                .with_hint("no pool was made; give a name, or the path of a new file")
                .into());
        }
        match client.exists(name) {
            Ok(false) => {}
            Ok(true) => return Err(taken(format!("the pool {name:?} exists already")).into()),
            // A server that tells nothing about its pools may make them all the same.
            Err(error) if error.kind() == ErrorKind::Permission && context.is_remote(name) => {}
            Err(error) => return Err(error.into()),
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

/// What there is to know about a new pool. A server that may only be written to tells nothing.
fn info(pool: &Pool) -> Result<Option<Info>, Error> {
    match pool.info() {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.kind() == ErrorKind::Permission => Ok(None),
        Err(error) => Err(error),
    }
}

fn report(context: &mut Context, pools: &[Pool]) -> Result<(), Failure> {
    let infos = pools
        .iter()
        .map(|pool| {
            match pool.info_json() {
                Err(error) if error.kind() == ErrorKind::Permission => {}
                told => return Ok(told?.to_vec()),
            }
            let mut known = Vec::new();
            json::object(&mut known, |object| {
                object
                    .text("name", pool.name())
                    .text("path", &pool.path().to_string_lossy());
            });
            Ok(known)
        })
        .collect::<Result<Vec<_>, Error>>()?;
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
        let (size, slots) = info(pool)?.map_or_else(Default::default, |info| {
            (info.file_size.to_string(), info.index_capacity.to_string())
        });
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
        let size = info(pool)?.map_or_else(String::new, |info| {
            let size = human::size(info.file_size);
            format!(" ({size}, {} index slots)", info.index_capacity)
        });
        context
            .out
            .line(&format!("Created {}{size}", pool.name()))?;
        return context.out.line(&format!("  {}", pool.path().display()));
    }
    let sizes = pools
        .iter()
        .map(|pool| Ok(info(pool)?.map(|info| info.file_size)));
    let sizes = sizes.collect::<Result<Option<Vec<u64>>, Error>>()?;
    let together = sizes.map_or_else(String::new, |sizes| {
        format!(" ({} together)", human::size(sizes.iter().sum()))
    });
    context.out.line(&format!(
        "Created {}{together}",
        human::count(pools.len(), "pool")
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
