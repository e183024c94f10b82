//! Hints about pools that are not there: what to type instead.

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::{Client, Error, ErrorKind, Pool, PoolOptions};

/// How a command can make the pool it misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Only by another command.
    Create,
    /// By its own `--create`; the command can be repeated as typed.
    RepeatWithFlag,
    /// By its own `--create`; its input came from a pipe and is gone.
    Flag,
}

/// Opens a pool, or with `create` makes it like that when there is none.
pub(super) fn open_or_create(
    context: &Context,
    client: &Client,
    reference: &str,
    create: Option<PoolOptions>,
    remedy: Remedy,
) -> Result<Pool, Failure> {
    if let Some(options) = create {
        return Ok(client.ensure(reference, &options)?.0);
    }
    client
        .open_pool(reference)
        .map_err(|error| about_missing(context, error, reference, remedy).into())
}

/// Adds to a NotFound about a whole pool, or to the refusal of an older one, what to do about it.
pub(super) fn about_missing(
    context: &Context,
    error: Error,
    reference: &str,
    remedy: Remedy,
) -> Error {
    if error.kind() == ErrorKind::Usage && error.hint().is_some_and(names_migrate) {
        let command = migrate_command(context, reference);
        return error.with_hint(format!("to convert it, run: {command}"));
    }
    if error.kind() != ErrorKind::NotFound || error.seq().is_some() {
        return error;
    }
    let hint = match remedy {
        _ if reference.contains('/') => {
            format!("check the path; {}", created_by(context, reference, remedy))
        }
        Remedy::RepeatWithFlag => {
            format!("to make the pool, run: {}", repeated_with_create(context))
        }
        _ => created_by(context, reference, remedy),
    };
    error.with_hint(hint)
}

/// Adds to a NotFound about a pool that the command needs as it is how to see which pools there are.
pub(super) fn about_unknown(context: &Context, error: Error, reference: &str) -> Error {
    if error.kind() != ErrorKind::NotFound || error.seq().is_some() {
        return error;
    }
    let list = format!("see the pools there are with: {}", list_command(context));
    error.with_hint(match reference.contains('/') {
        true => format!("check the path; {list}"),
        false => list,
    })
}

/// Whether a hint of the library is to convert the pool.
pub(super) fn names_migrate(hint: &str) -> bool {
    hint.contains("`pool migrate`")
}

/// `pool migrate` for this reference, with the directory as typed.
pub(super) fn migrate_command(context: &Context, reference: &str) -> String {
    command(context, &["pool", "migrate"], reference)
}

fn created_by(context: &Context, reference: &str, remedy: Remedy) -> String {
    match remedy {
        Remedy::Create => format!(
            "to make the pool, run: {}",
            create_command(context, reference)
        ),
        Remedy::RepeatWithFlag | Remedy::Flag => "add --create to make the pool".into(),
    }
}

/// `pool create` for this reference, with the directory as typed.
pub(super) fn create_command(context: &Context, reference: &str) -> String {
    command(context, &["pool", "create"], reference)
}

/// `pool info` for this reference, with the directory as typed.
pub(super) fn info_command(context: &Context, reference: &str) -> String {
    command(context, &["pool", "info"], reference)
}

/// `pool list`, with the directory as typed.
pub(super) fn list_command(context: &Context) -> String {
    words(context, &["pool", "list"]).join(" ")
}

fn command(context: &Context, command: &[&str], reference: &str) -> String {
    let mut line = words(context, command);
    if reference.starts_with('-') {
        line.push("--".to_owned());
    }
    line.push(quoted(reference));
    line.join(" ")
}

fn words(context: &Context, command: &[&str]) -> Vec<String> {
    let mut line = vec![context.program.to_owned()];
    if let Some(directory) = context.dir() {
        line.extend(["--dir".to_owned(), quoted(&directory.to_string_lossy())]);
    }
    line.extend(command.iter().map(|word| (*word).to_owned()));
    line
}

/// The command as typed, with `--create`.
fn repeated_with_create(context: &Context) -> String {
    let mut words: Vec<String> = context
        .typed
        .iter()
        .map(|word| quoted(&word.to_string_lossy()))
        .collect();
    let end = context
        .typed
        .iter()
        .position(|word| word == "--")
        .unwrap_or(words.len());
    words.insert(end, "--create".to_owned());
    words.insert(0, context.program.to_owned());
    words.join(" ")
}

/// An argument for a POSIX shell. In single quotes nothing is expanded.
pub(super) fn quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=".contains(&byte);
    match !argument.is_empty() && argument.bytes().all(plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quoting_is_safe_in_a_shell() {
        for (argument, expected) in [
            ("lab-1/x.plasmite", "lab-1/x.plasmite"),
            ("", "''"),
            ("$(rm -rf x)", "'$(rm -rf x)'"),
            ("it's", r"'it'\''s'"),
            (r#"{"a":1}"#, r#"'{"a":1}'"#),
        ] {
            assert_eq!(quoted(argument), expected);
        }
    }
}
