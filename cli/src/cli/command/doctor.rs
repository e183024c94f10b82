//! `doctor`

use super::{advice, salvage};
use crate::cli::args::DoctorArgs;
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome, SUCCESS};
use crate::cli::output::status_line::StatusLine;
use crate::cli::output::table::{short_path, Table};
use crate::cli::output::{human, paint};
use crate::{Client, Doctor, DoctorIssue, DoctorReport, DoctorStatus, ErrorKind};

/// Bytes looked at between two looks of the status line: a few milliseconds.
const SLICE: u64 = 8 << 20;
/// The label of what to do.
const ADVICE: &str = "Advice";
/// Pools that take their time.
const LARGE: u64 = 256 << 20;

pub(super) fn run(context: &mut Context, args: &DoctorArgs) -> Outcome {
    if let (Some(damaged), Some(new)) = (&args.pool, &args.salvage) {
        return salvage::run(context, damaged, new, args.json.wanted());
    }
    let pools: Vec<&str> = args.pool.as_deref().into_iter().collect();
    let client = context.client("doctor", &pools)?;
    let doctor = match &args.pool {
        Some(pool) => client
            .doctor(pool)
            .and_then(|doctor| examine(context, doctor))
            .map_err(|error| advice::about_unknown(context, error, pool))?,
        None => examine(context, client.doctor_all()?)?,
    };
    let reports = (0..doctor.report_count())
        .map(|index| doctor.report(index))
        .collect::<Result<Vec<_>, _>>()?;
    if args.json.wanted() {
        context.out.report(&doctor.json()?)?;
    } else if args.all && reports.is_empty() {
        no_pools(context, &client)?;
    } else {
        match (context.out.is_terminal(), args.all, &reports[..]) {
            (false, ..) => for_programs(context, &reports)?,
            (true, false, [report]) => one_for_people(context, report)?,
            (true, ..) => all_for_people(context, &client, &reports)?,
        }
    }
    Ok(exit_code(&reports))
}

/// Steps to the end.
fn examine(context: &Context, mut doctor: Doctor) -> crate::Result<Doctor> {
    let mut line: Option<StatusLine> = None;
    loop {
        let outcome = doctor.step(SLICE);
        let progress = doctor.progress();
        let line =
            line.get_or_insert_with(|| StatusLine::new(&context.err, progress.bytes >= LARGE));
        match outcome {
            Ok(true) => {}
            Ok(false) => {
                line.tick(&context.err, || "checked".into());
                line.hide(&context.err);
                return Ok(doctor);
            }
            Err(error) => {
                line.hide(&context.err);
                return Err(error);
            }
        }
        line.tick(&context.err, || {
            let path = progress.path.as_deref().and_then(|path| path.file_stem());
            format!(
                "checking {}: {} of {} ({})",
                path.unwrap_or_default().to_string_lossy(),
                human::size(progress.bytes_done),
                human::size(progress.bytes),
                human::percent(progress.bytes_done, progress.bytes)
            )
        });
    }
}

/// 7 for damage, else the kind of the first pool that could not be looked at.
fn exit_code(reports: &[DoctorReport<'_>]) -> u8 {
    if reports
        .iter()
        .any(|report| report.status == DoctorStatus::Corrupt)
    {
        return ErrorKind::Corrupt.exit_code();
    }
    let unreadable = reports
        .iter()
        .find(|report| report.status == DoctorStatus::Unreadable);
    let code = unreadable
        .and_then(|report| report.issues.first())
        .map(|issue| issue.code);
    match code {
        None => SUCCESS,
        Some("permission") => ErrorKind::Permission.exit_code(),
        Some(_) => ErrorKind::Io.exit_code(),
    }
}

fn no_pools(context: &mut Context, client: &Client) -> Result<(), Failure> {
    let directory = client.pool_dir()?;
    context
        .out
        .line(&format!("No pools in {}", directory.display()))
}

fn for_programs(context: &mut Context, reports: &[DoctorReport<'_>]) -> Result<(), Failure> {
    for report in reports {
        let pool = report.pool_ref.replace('\n', "\\n");
        let issue = first(report).replace('\n', "\\n");
        context.out.line(&match report.status {
            DoctorStatus::Ok => format!("OK: {pool}"),
            DoctorStatus::Unreadable => format!("ERR: {pool} issue={issue}"),
            _ => {
                let good = report
                    .last_good_seq
                    .map_or("-".into(), |seq| seq.to_string());
                format!("CORRUPT: {pool} last_good_seq={good} issue={issue}")
            }
        })?;
        remarks(context, report)?;
    }
    Ok(())
}

/// Warnings and advice, each on a line of its own below the pool's: standard error stays empty with damage.
fn remarks(context: &mut Context, report: &DoctorReport<'_>) -> Result<(), Failure> {
    let is_damaged = report.status == DoctorStatus::Corrupt;
    for (label, text) in told(context, report) {
        if label == ADVICE && !is_damaged {
            continue;
        }
        let text = text.replace('\n', "\\n");
        context.out.line(&format!("{label}: {text}"))?;
    }
    Ok(())
}

/// The warnings and the advice of a report, each with its label.
fn told(context: &Context, report: &DoctorReport<'_>) -> Vec<(&'static str, String)> {
    let told = report
        .hints
        .iter()
        .map(|hint| match hint.strip_prefix("warning: ") {
            Some(warning) => ("Warning", warning.to_owned()),
            None if advice::names_migrate(hint) => {
                let command = advice::migrate_command(context, report.pool_ref);
                (ADVICE, format!("convert it with: {command}"))
            }
            None => (ADVICE, (*hint).to_owned()),
        });
    told.collect()
}

/// The first issue in words.
fn first<'a>(report: &DoctorReport<'a>) -> &'a str {
    report.issues.first().map_or("", |issue| issue.message)
}

fn messages(report: &DoctorReport<'_>) -> String {
    let bounds = &report.bounds;
    let range = format!("(seq {}..{})", bounds.oldest, bounds.newest);
    match (report.status, bounds.count) {
        (DoctorStatus::Ok, 0) => "none: the pool is empty".into(),
        (DoctorStatus::Ok, count) => format!("{count} {range}"),
        (_, 0) => "none that can be read".into(),
        (_, count) => {
            let good = match report.last_good_seq {
                Some(seq) if seq < bounds.newest => format!(", without a break up to seq {seq}"),
                Some(_) => String::new(),
                None => ", damaged from the oldest on".into(),
            };
            format!("{count} intact {range}{good}")
        }
    }
}

fn checked(report: &DoctorReport<'_>) -> String {
    if report.checked_bytes == 0 && report.status != DoctorStatus::Ok {
        return "what kind of file it is".into();
    }
    let mut parts = vec!["superblock".to_owned(), "control page".to_owned()];
    let count = usize::try_from(report.bounds.count).unwrap_or(usize::MAX);
    if count > 0 {
        parts.push(format!(
            "{} with checksums, order, tags and contents ({})",
            human::count(count, "message"),
            human::size(report.checked_bytes)
        ));
    }
    if report.checked_slots > 0 {
        let slots = usize::try_from(report.checked_slots).unwrap_or(usize::MAX);
        parts.push(human::count(slots, "index slot"));
    }
    parts.join(", ")
}

fn issue_text(issue: &DoctorIssue<'_>) -> String {
    match issue.offset {
        Some(offset) => format!("{} (at byte {offset})", issue.message),
        None => issue.message.to_owned(),
    }
}

/// Whether it is a pool of another format.
fn is_format(report: &DoctorReport<'_>) -> bool {
    report.issues.iter().any(|issue| issue.code == "format")
}

fn one_for_people(context: &mut Context, report: &DoctorReport<'_>) -> Result<(), Failure> {
    let well = report.status == DoctorStatus::Ok;
    let color = if well { paint::GREEN } else { paint::RED };
    let mark = context.out.label(if well { "✓" } else { "✗" }, color);
    let issues = usize::try_from(report.issue_count).unwrap_or(usize::MAX);
    let verdict = match well {
        true => "in order".to_owned(),
        false => format!("damaged: {}", human::count(issues, "issue")),
    };
    let is_format = is_format(report);
    let verdict = if is_format {
        "of another format".into()
    } else {
        verdict
    };
    let mut rows: Vec<(&str, String)> = Vec::new();
    if !is_format {
        rows.push(("Messages", messages(report)));
        rows.push(("Checked", checked(report)));
    }
    rows.extend(
        report
            .issues
            .iter()
            .map(|issue| ("Issue", issue_text(issue))),
    );
    if report.issue_count > report.issues.len() as u64 {
        let more = report.issue_count - report.issues.len() as u64;
        rows.push(("Issue", format!("and {more} more")));
    }
    rows.extend(told(context, report));
    context
        .out
        .line(&format!("{mark} {} is {verdict}", report.pool_ref))?;
    for (label, text) in rows {
        let label = context.out.label(&format!("{label:<9}"), paint::YELLOW);
        context.out.line(&format!("  {label} {text}"))?;
    }
    Ok(())
}

/// One word for a table.
fn status(report: &DoctorReport<'_>) -> &'static str {
    match report.status {
        DoctorStatus::Ok => "OK",
        DoctorStatus::Unreadable => "ERR",
        _ if is_format(report) => "FORMAT",
        _ => "CORRUPT",
    }
}

fn all_for_people(
    context: &mut Context,
    client: &Client,
    reports: &[DoctorReport<'_>],
) -> Result<(), Failure> {
    let mut parts = Vec::new();
    for (status, what) in [
        ("OK", "in order"),
        ("CORRUPT", "damaged"),
        ("FORMAT", "of another format"),
        ("ERR", "unreadable"),
    ] {
        let count = reports
            .iter()
            .filter(|report| self::status(report) == status)
            .count();
        if count > 0 || status == "OK" {
            parts.push(format!("{count} {what}"));
        }
    }
    let pools = human::count(reports.len(), "pool");
    context
        .out
        .line(&format!("{pools}: {}", parts.join(", ")))?;
    let directory = client.pool_dir()?;
    let mut table = Table::new(&["POOL", "STATUS", "MSGS", "SEQ", "DETAIL"]);
    for report in reports {
        let bounds = &report.bounds;
        let range = match bounds.count {
            0 => String::new(),
            _ => format!("{}..{}", bounds.oldest, bounds.newest),
        };
        let detail = match report.status {
            DoctorStatus::Ok => report.hints.first().copied().unwrap_or_default(),
            _ => first(report),
        };
        let name = short_path(report.path, &directory);
        let messages = match report.status {
            DoctorStatus::Ok => bounds.count.to_string(),
            _ if bounds.count > 0 => bounds.count.to_string(),
            _ => String::new(),
        };
        table.row([
            name.strip_suffix(".plasmite").unwrap_or(&name).to_owned(),
            status(report).to_owned(),
            messages,
            range,
            detail.to_owned(),
        ]);
    }
    table.print(&mut context.out)
}
