//! `pool info`

use super::advice::{self, Remedy};
use crate::cli::args::InfoArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::{bar, human, paint};
use crate::cli::terminal::{self, printable};
use crate::{format_time, Info, Pool};

pub(super) fn run(context: &mut Context, args: &InfoArgs) -> Outcome {
    let client = context.client_of("pool info", &args.remote, &[&args.pool])?;
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
        .line(&format!("Newest: {}", moment(info.newest_time_ns)?))?;
    for warning in pool.warnings()? {
        context.out.line(&format!("Warning: {warning}"))?;
    }
    Ok(())
}

/// Columns of the labels.
const LABELS: usize = 10;
/// A bar is as wide as the terminal allows, between these.
const BAR: std::ops::RangeInclusive<usize> = 8..=60;

fn for_people(context: &mut Context, pool: &Pool, info: &Info) -> Result<(), Failure> {
    let now = human::now_ns();
    let moment = |time_ns: Option<u64>| -> Result<String, Failure> {
        Ok(match time_ns {
            Some(time_ns) => format!("{} ({})", human::age(time_ns, now), human::second(time_ns)?),
            None => "-".into(),
        })
    };
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
    let writers = match pool.writers()? {
        0 => "none at work".into(),
        count => human::count(count as usize, "program"),
    };
    let rows = [
        ("Pool", printable(pool.name())),
        ("Path", printable(&pool.path().to_string_lossy())),
        ("Size", human::size(info.file_size)),
        ("Used", used(context, info)),
        ("Messages", messages),
        ("Rate", rate(info)),
        ("Oldest", moment(info.oldest_time_ns)?),
        ("Newest", moment(info.newest_time_ns)?),
        ("Writers", writers),
        ("Index", index),
        ("Ring", human::size(info.ring_size)),
    ];
    for (label, text) in rows {
        row(context, label, paint::CYAN, &text)?;
    }
    for warning in pool.warnings()? {
        row(context, "Warning", paint::YELLOW, &warning)?;
    }
    Ok(())
}

fn row(context: &mut Context, label: &str, color: &str, text: &str) -> Result<(), Failure> {
    let padding = " ".repeat(LABELS.saturating_sub(label.len()));
    let label = context.out.label(label, color);
    context.out.line(&format!("{label}{padding}{text}"))
}

/// A bar, and in numbers.
fn used(context: &Context, info: &Info) -> String {
    let percent = human::percent(info.used_bytes, info.ring_size);
    let text = format!("{percent} ({})", human::size(info.used_bytes));
    // The last column stays free: some terminals break the line there.
    let room = terminal::columns().saturating_sub(LABELS + text.len() + 3);
    if room < *BAR.start() {
        return text;
    }
    let (full, left) = bar::parts(info.used_bytes, info.ring_size, room.min(*BAR.end()));
    let full = context.out.label(&full, paint::GREEN);
    format!("{full}{left}  {text}")
}

/// Over the time between the oldest and the newest message.
fn rate(info: &Info) -> String {
    let (Some(oldest), Some(newest)) = (info.oldest_time_ns, info.newest_time_ns) else {
        return "-".into();
    };
    // So many gaps between messages lie in that time.
    let gaps = info.bounds.count.saturating_sub(1);
    match newest.saturating_sub(oldest) {
        _ if gaps == 0 => "-".into(),
        0 => "all at once".into(),
        span => {
            let bytes = u128::from(info.used_bytes) * u128::from(gaps) / u128::from(gaps + 1);
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            format!(
                "{} over {}",
                human::rate(gaps, bytes, span),
                human::span(span)
            )
        }
    }
}
