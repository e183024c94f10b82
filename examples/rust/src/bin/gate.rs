//! A deploy script waits for the test runner to say "green".
//!
//!     cargo run --bin gate -- ./data wait &
//!     cargo run --bin gate -- ./data report green abc123

use plasmite::{AppendOptions, Client, Filter, Pool, PoolOptions, Result, Start, TailOptions};
use std::process::ExitCode;

#[derive(serde::Serialize, serde::Deserialize)]
struct Report {
    status: String,
    commit: String,
}

/// Returns when a message from now on says green.
fn wait_for_green(ci: &Pool) -> Result<()> {
    let green = Filter::new(r#".data.status == "green""#)?;
    let options = TailOptions::new().start(Start::Now).filter(&green).max(1);
    for message in ci.tail(&options)? {
        let report: Report = message?.data()?;
        println!("green: {}", report.commit);
    }
    Ok(())
}

fn run(directory: &str, command: &[String]) -> Result<()> {
    let (ci, _created) = Client::new(directory)?.ensure("ci", &PoolOptions::new())?;
    match command {
        [_wait] => wait_for_green(&ci),
        [_report, status, commit @ ..] => {
            let report = Report {
                status: status.clone(),
                commit: commit.first().cloned().unwrap_or_default(),
            };
            ci.append_value(&report, &AppendOptions::new()).map(drop)
        }
        [] => Ok(()),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let known = match arguments.get(1).map(String::as_str) {
        Some("wait") => arguments.len() == 2,
        Some("report") => (3..=4).contains(&arguments.len()),
        _ => false,
    };
    if !known {
        eprintln!("usage: gate DIRECTORY wait | gate DIRECTORY report STATUS [COMMIT]");
        return ExitCode::from(2);
    }
    match run(&arguments[0], &arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gate: {error}");
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(error.kind().exit_code())
        }
    }
}
