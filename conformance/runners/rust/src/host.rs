//! Everything that is not Plasmite: processes, files, and what version 0 has of its own.

use crate::engine::{locked, Fault, Handle, Runner, Step};
use crate::ops::Op;
use rustix::process::{kill_process, Pid, Signal};
use serde_json::{json, Map, Value};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Fault {
        Fault::Step(error.to_string())
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Fault {
        Fault::Step(error.to_string())
    }
}

pub(crate) fn find(op: &str, version: u64) -> Option<Op> {
    Some(match (version, op) {
        (1, "spawn") => spawn,
        (1, "join") => join,
        (1, "kill") => kill,
        (1, "await") => await_file,
        (1, "sleep") => sleep,
        (1, "start_server" | "stop_server") => order_server,
        (1, "file") => file,
        (0, "corrupt_pool_header") => corrupt_pool_header,
        (0, "chmod_path") => chmod_path,
        (0, "spawn_poke") => spawn_poke,
        (0, "retention_gap") => retention_gap,
        _ => return None,
    })
}

pub(crate) fn variable(name: &str) -> Result<String, Fault> {
    std::env::var(name).map_err(|_| Fault::Step(format!("{name} is not set")))
}

// Processes

const SIGNALS: [(&str, Signal); 8] = [
    ("KILL", Signal::KILL),
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("STOP", Signal::STOP),
    ("CONT", Signal::CONT),
    ("SEGV", Signal::SEGV),
    ("ABRT", Signal::ABORT),
    ("BUS", Signal::BUS),
];

fn spawn(step: &Step<'_>) -> Result<Value, Fault> {
    let host = match step.text("host")? {
        "self" => variable("PLASMITE_CONFORMANCE_HOST")?,
        "peer" => variable("PLASMITE_CONFORMANCE_PEER")?,
        name => name.to_owned(),
    };
    let hosts: Value = serde_json::from_slice(&fs::read(variable("PLASMITE_CONFORMANCE_HOSTS")?)?)?;
    let command: Vec<&str> = hosts[&host]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| format!("there is no host {host}"))?;
    let workdir = &step.runner.workdir;
    let stem = workdir.join(format!("spawn-{}", step.field("keep")?));
    let manifest = json!({
        "conformance_version": 1, "name": format!("spawn-{}", step.field("keep")?), "captures": *locked(&step.runner.captures), "steps": step.fields["steps"],
    });
    fs::write(stem.with_extension("json"), manifest.to_string())?;
    let child = Command::new(program)
        .args(arguments)
        .arg(stem.with_extension("json"))
        .arg("--workdir")
        .arg(workdir)
        .env("PLASMITE_CONFORMANCE_HOST", &host)
        .stdin(Stdio::null())
        .stdout(File::create(stem.with_extension("out"))?)
        .stderr(File::create(stem.with_extension("err"))?)
        .spawn()?;
    step.keep(Handle::Process(Arc::new(Mutex::new(child))))?;
    Ok(json!({}))
}

fn join(step: &Step<'_>) -> Result<Value, Fault> {
    let Handle::Process(child) = step.on()? else {
        return Err("that is no process".into());
    };
    let status = locked(&child).wait()?;
    let stem = step
        .runner
        .workdir
        .join(format!("spawn-{}", step.field("on")?));
    let told = fs::read_to_string(stem.with_extension("out"))?;
    let line: Value = told
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .unwrap_or_default();
    let signal = SIGNALS
        .iter()
        .find(|(_, signal)| Some(signal.as_raw()) == status.signal())
        .map(|(name, _)| name);
    let captures = line.get("captures").cloned().unwrap_or_else(|| json!({}));
    Ok(
        json!({"exit": status.code(), "signal": signal, "captures": captures, "stderr": fs::read_to_string(stem.with_extension("err"))?}),
    )
}

fn kill(step: &Step<'_>) -> Result<Value, Fault> {
    let (Handle::Process(child), name) = (step.on()?, step.text("signal")?) else {
        return Err("that is no process".into());
    };
    let (_, signal) = SIGNALS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("unknown signal {name}"))?;
    let pid = Pid::from_child(&locked(&child));
    kill_process(pid, *signal).map_err(std::io::Error::from)?;
    Ok(json!({}))
}

/// Starts or stops the server, as server.py does it.
fn order_server(step: &Step<'_>) -> Result<Value, Fault> {
    let given = step.fields.get("input").cloned();
    let done = Command::new(variable("PLASMITE_CONFORMANCE_SERVER")?)
        .arg(step.field("op")?)
        .arg(given.unwrap_or_else(|| json!({})).to_string())
        .stdin(Stdio::null())
        .output()?;
    match done.status.success() {
        true => Ok(json!({})),
        false => Err(Fault::Step(
            String::from_utf8_lossy(&done.stderr).into_owned(),
        )),
    }
}

fn await_file(step: &Step<'_>) -> Result<Value, Fault> {
    let (path, started) = (path(step)?, Instant::now());
    while !path.exists() {
        if started.elapsed() > Duration::from_secs(30) {
            return Err(Fault::Step(format!(
                "{} has not come in 30 s",
                path.display()
            )));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(json!({}))
}

fn sleep(step: &Step<'_>) -> Result<Value, Fault> {
    step.need("ms")?;
    std::thread::sleep(Duration::from_millis(
        step.number("ms")?.unwrap_or_default(),
    ));
    Ok(json!({}))
}

// Files

fn path(step: &Step<'_>) -> Result<PathBuf, Fault> {
    Ok(step.runner.workdir.join(step.text("path")?))
}

/// Opens a file at the step's offset; a negative one counts from the end.
fn at_offset(step: &Step<'_>) -> Result<File, Fault> {
    let offset = step
        .need("offset")?
        .as_i64()
        .ok_or("offset is no integer")?;
    let from = u64::try_from(offset).map_or(SeekFrom::End(offset), SeekFrom::Start);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path(step)?)?;
    file.seek(from)?;
    Ok(file)
}

fn file(step: &Step<'_>) -> Result<Value, Fault> {
    let path = path(step)?;
    match step.text("do")? {
        "write" => {
            let content = match step.has("text") {
                true => step.text("text")?.as_bytes().to_vec(),
                false => unhex(step.text("hex")?)?,
            };
            match step.has("offset") {
                true => at_offset(step)?.write_all(&content)?,
                false => fs::write(path, content)?,
            }
        }
        "flip" => {
            let mut byte = [0];
            at_offset(step)?.read_exact(&mut byte)?;
            at_offset(step)?.write_all(&[!byte[0]])?;
        }
        "copy" => {
            let from = step.text("from")?;
            let root = match from.starts_with("fixtures/") {
                true => PathBuf::from(variable("PLASMITE_CONFORMANCE_DIR")?),
                false => step.runner.workdir.clone(),
            };
            fs::write(path, fs::read(root.join(from))?)?;
        }
        "rename" => fs::rename(path, step.runner.workdir.join(step.text("to")?))?,
        "remove" => match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        },
        "truncate" => OpenOptions::new()
            .write(true)
            .open(path)?
            .set_len(step.number("size")?.ok_or("no size")?)?,
        "chmod" => fs::set_permissions(path, mode(step)?)?,
        "mkdir" => fs::create_dir_all(path)?,
        unknown => return Err(Fault::Step(format!("unknown file operation {unknown}"))),
    }
    Ok(json!({}))
}

fn mode(step: &Step<'_>) -> Result<fs::Permissions, Fault> {
    let mode = u32::from_str_radix(step.text("mode")?, 8).map_err(|_| "a bad mode")?;
    Ok(fs::Permissions::from_mode(mode))
}

pub(crate) fn unhex(text: &str) -> Result<Vec<u8>, Fault> {
    let pairs = text.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).map_err(|_| "bad hex")?;
        u8::from_str_radix(pair, 16).map_err(|_| "bad hex".into())
    });
    pairs.collect()
}

// Version 0

fn corrupt_pool_header(step: &Step<'_>) -> Result<Value, Fault> {
    fs::write(
        step.runner
            .workdir
            .join(format!("{}.plasmite", step.field("pool")?)),
        "NOPE",
    )?;
    Ok(json!({}))
}

fn chmod_path(step: &Step<'_>) -> Result<Value, Fault> {
    fs::set_permissions(path(step)?, mode(step)?)?;
    Ok(json!({}))
}

fn spawn_poke(step: &Step<'_>) -> Result<Value, Fault> {
    let mut commands = Vec::new();
    for message in step
        .need("messages")?
        .as_array()
        .ok_or("messages is no array")?
    {
        let mut command = Command::new(variable("PLASMITE_BIN")?);
        command
            .arg("--dir")
            .arg(&step.runner.workdir)
            .args(["feed", step.field("pool")?]);
        command.arg(
            message
                .get("data")
                .ok_or("a message has no data")?
                .to_string(),
        );
        command.args(
            message["tags"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|tag| format!("--tag={tag}")),
        );
        commands.push(command);
    }
    let running: Result<Vec<_>, _> = commands
        .iter_mut()
        .map(|command| command.stdin(Stdio::null()).stdout(Stdio::null()).spawn())
        .collect();
    let statuses: Vec<_> = running?.iter_mut().map(|writer| writer.wait()).collect();
    match statuses
        .iter()
        .all(|status| status.as_ref().is_ok_and(|status| status.success()))
    {
        true => Ok(json!({})),
        false => Err("a writer failed".into()),
    }
}

fn retention_gap(step: &Step<'_>) -> Result<Value, Fault> {
    let path = PathBuf::from(variable("PLASMITE_CONFORMANCE_DIR")?).join("v0-retention-gap.json");
    let scenario: Value = serde_json::from_slice(&fs::read(path)?)?;
    let given =
        json!({"base": step.field("pool")?, "size": step.number("size_bytes")?.unwrap_or(65536)});
    let captures = Map::from_iter([("in".to_owned(), given)]);
    let inner = Runner::new(1, step.runner.workdir.clone(), captures)?;
    inner
        .steps(&scenario["steps"], "")
        .map_err(|failure| failure.text)?;
    Ok(json!({}))
}
