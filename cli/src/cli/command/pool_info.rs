//! `pool info`

use super::advice::{self, Remedy};
use crate::cli::args::InfoArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::human;
use crate::{format_time, Info, Pool};

pub(super) fn run(context: &mut Context, args: &InfoArgs) -> Outcome {
    let client = context.client()?;
    let pool = client
        .open_pool(&args.pool)
        .map_err(|error| advice::about_missing(context, error, &args.pool, Remedy::Create))?;
    if args.json.wanted() {
        context.out.report(&pool.info_json()?)?;
        return Ok(SUCCESS);
    }
    let info = pool.info()?;
    match context.out.is_terminal() {
        true => for_people(context, &pool, &info)?,
        false => for_programs(context, &pool, &info)?,
    }
    Ok(SUCCESS)
}

fn for_programs(context: &mut Context, pool: &Pool, info: &Info) -> Result<(), Failure> {
    let now = human::now_ns();
    let moment = |time_ns: Option<u64>| -> Result<String, Failure> {
        Ok(match time_ns {
            Some(time_ns) => format!("{} ({})", format_time(time_ns)?, human::age(time_ns, now)),
            None => "-".into(),
        })
    };
    let bounds = match info.bounds.count {
        0 => "-".into(),
        count => format!(
            "oldest={} newest={} count={count}",
            info.bounds.oldest, info.bounds.newest
        ),
    };
    let size = format!(
        "{} bytes (index: offset={} slots={} bytes={}; ring: offset={} size={})",
        info.file_size,
        info.index_offset,
        info.index_capacity,
        info.index_size_bytes,
        info.ring_offset,
        info.ring_size
    );
    let used = human::percent(info.used_bytes, info.ring_size);
    context.out.line(&format!("Pool: {}", pool.name()))?;
    context
        .out
        .line(&format!("Path: {}", pool.path().display()))?;
    context.out.line(&format!("Size: {size}"))?;
    context.out.line(&format!("Bounds: {bounds}"))?;
    context.out.line(&format!(
        "Utilization: used={}B free={}B ({used})",
        info.used_bytes, info.free_bytes
    ))?;
    context
        .out
        .line(&format!("Oldest: {}", moment(info.oldest_time_ns)?))?;
    context
        .out
        .line(&format!("Newest: {}", moment(info.newest_time_ns)?))
}

fn for_people(context: &mut Context, pool: &Pool, info: &Info) -> Result<(), Failure> {
    let now = human::now_ns();
    let moment = |time_ns: Option<u64>| -> Result<String, Failure> {
        Ok(match time_ns {
            Some(time_ns) => format!("{} ({})", human::age(time_ns, now), human::second(time_ns)?),
            None => "-".into(),
        })
    };
    let used = human::percent(info.used_bytes, info.ring_size);
    let messages = match info.bounds.count {
        0 => "empty".into(),
        count => format!(
            "{count} (seq {}..{})",
            info.bounds.oldest, info.bounds.newest
        ),
    };
    let index = match info.index_capacity {
        0 => "none".into(),
        slots => format!("{slots} slots ({})", human::size(info.index_size_bytes)),
    };
    context.out.line(&format!("Pool      {}", pool.name()))?;
    context
        .out
        .line(&format!("Path      {}", pool.path().display()))?;
    context.out.line(&format!(
        "Size      {} ({used} used)",
        human::size(info.file_size)
    ))?;
    context.out.line(&format!("Messages  {messages}"))?;
    context
        .out
        .line(&format!("Oldest    {}", moment(info.oldest_time_ns)?))?;
    context
        .out
        .line(&format!("Newest    {}", moment(info.newest_time_ns)?))?;
    context.out.line(&format!("Index     {index}"))?;
    context
        .out
        .line(&format!("Ring      {}", human::size(info.ring_size)))
}
