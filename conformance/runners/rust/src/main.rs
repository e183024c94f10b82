//! Runs a manifest of the conformance suite through the Rust SDK: `plasmite-conformance MANIFEST [--workdir DIR]`.
//! What it does is said in `conformance/format.md`.

mod engine;
mod host;
mod ops;
mod values;

use engine::Runner;
use serde_json::{json, Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use values::{shown, Wrong};

/// The emptied working directory of a manifest of version 0.
fn prepare_v0(path: &Path, manifest: &Value) -> Result<PathBuf, Wrong> {
    let named = manifest.get("workdir");
    let name = named.map_or(Some("work"), Value::as_str);
    let allowed = |name: &&str| {
        let rest = name.strip_prefix("work");
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        rest.is_some_and(|rest| {
            rest.is_empty() || (rest.len() > 1 && rest.starts_with('-') && rest.bytes().all(letter))
        })
    };
    let name = name
        .filter(allowed)
        .ok_or_else(|| format!("a bad workdir: {}", shown(named)))?;
    let parent = fs::canonicalize(path).map_err(|error| error.to_string())?;
    let work = parent.with_file_name(name);
    match fs::symlink_metadata(&work) {
        Ok(there) if there.is_symlink() => {
            return Err(format!("the workdir {name} is a symbolic link"))
        }
        Ok(_) => fs::remove_dir_all(&work).map_err(|error| error.to_string())?,
        Err(_) => {}
    }
    fs::create_dir(&work).map_err(|error| error.to_string())?;
    Ok(work)
}

struct Run {
    name: Value,
    steps: usize,
    captures: Map<String, Value>,
}

fn run(arguments: &[String], run: &mut Run) -> Result<(), Wrong> {
    let path = Path::new(arguments.first().ok_or("which manifest?")?);
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let manifest: Value =
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    run.name = manifest["name"].clone();
    let version = manifest["conformance_version"]
        .as_u64()
        .filter(|version| *version < 2);
    let version = version.ok_or_else(|| {
        format!(
            "unknown conformance_version {}",
            shown(manifest.get("conformance_version"))
        )
    })?;
    let workdir = match (version, arguments) {
        (0, _) => prepare_v0(path, &manifest)?,
        (_, [_, flag, workdir]) if flag == "--workdir" => PathBuf::from(workdir),
        _ => return Err("version 1 needs --workdir".to_owned()),
    };
    let captures = manifest["captures"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let runner = Runner::new(version, workdir, captures)?;
    let mut outcome = Ok(());
    for (index, step) in manifest["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        outcome = runner
            .step(step, &index.to_string())
            .map_err(|failure| failure.text);
        if outcome.is_err() {
            break;
        }
        run.steps += 1;
    }
    let closed = runner.close();
    run.captures = engine::locked(&runner.captures).clone();
    outcome.and(closed)
}

fn main() -> ExitCode {
    let started = Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut done = Run {
        name: Value::Null,
        steps: 0,
        captures: Map::new(),
    };
    let outcome = run(&arguments, &mut done);
    let mut line = json!({
        "manifest": done.name, "host": std::env::var("PLASMITE_CONFORMANCE_HOST").ok(), "outcome": if outcome.is_ok() { "pass" } else { "fail" },
        "steps": done.steps, "ms": started.elapsed().as_millis() as u64,
    });
    match &outcome {
        Ok(()) => line["captures"] = Value::Object(done.captures),
        Err(wrong) => {
            eprintln!("{wrong}");
            line["error"] = json!(wrong);
        }
    }
    println!("{line}");
    ExitCode::from(u8::from(outcome.is_err()))
}
