//! Hints about pools that are not there: what to type instead.

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::remote::{self, is_url};
use crate::shell::quoted;
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
        refuse_create(context, reference)?;
        return Ok(client.ensure(reference, &options)?.0);
    }
    client
        .open_pool(reference)
        .map_err(|error| about_missing(context, error, reference, remedy).into())
}

/// Refuses to write to a pool that this user may only read.
pub(super) fn refuse_read_only(pool: &Pool, what: &str) -> Result<(), Error> {
    match pool.is_read_only() {
        false => Ok(()),
        true => Err(Error::new(
            ErrorKind::Permission,
            format!("the pool may be read only, so nothing can be {what} in it"),
        )
        .with_path(pool.path().to_string_lossy())),
    }
}

/// Refuses to make a pool on a server in passing.
pub(super) fn refuse_create(context: &Context, reference: &str) -> Result<(), Error> {
    let command = create_command(context, reference);
    remote::refuse(
        context.is_remote(reference),
        "--create",
        "it makes none on a server",
        &format!("leave it out; to make the pool there, run: {command}"),
    )
}

/// Adds to a NotFound about a whole pool, or to the refusal of an older one, what to do about it.
pub(super) fn about_missing(
    context: &Context,
    error: Error,
    reference: &str,
    remedy: Remedy,
) -> Error {
    if context.is_remote(reference) {
        return about_missing_there(context, error, reference);
    }
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

/// The same for a pool of a server.
fn about_missing_there(context: &Context, error: Error, reference: &str) -> Error {
    match error.kind() {
        ErrorKind::Usage if error.hint().is_some_and(names_migrate) => {
            error.with_hint("convert it on the server's machine with `pool migrate`")
        }
        ErrorKind::NotFound if is_about_a_pool(&error) => {
            let command = create_command(context, reference);
            error.with_hint(format!("to make the pool on the server, run: {command}"))
        }
        _ => error,
    }
}

/// Whether a NotFound is about a whole pool, and from a server that knows what a pool is.
fn is_about_a_pool(error: &Error) -> bool {
    let is_foreign = error
        .hint()
        .is_some_and(|hint| hint.contains("is it a Plasmite server"));
    error.seq().is_none() && !is_foreign
}

/// Adds to a NotFound about a pool that the command needs as it is how to see which pools there are.
pub(super) fn about_unknown(context: &Context, error: Error, reference: &str) -> Error {
    if error.kind() != ErrorKind::NotFound || !is_about_a_pool(&error) {
        return error;
    }
    let list = list_command(context, reference);
    let list = format!("see the pools there are with: {list}");
    error.with_hint(match reference.contains('/') && !is_url(reference) {
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

/// `pool list` for what this reference is among.
fn list_command(context: &Context, reference: &str) -> String {
    if is_url(reference) {
        return command(context, &["pool", "list"], &remote::server_of(reference));
    }
    let mut line = words(context, &["pool", "list"]);
    line.extend(context.remote_words().iter().map(|word| quoted(word)));
    line.join(" ")
}

fn command(context: &Context, command: &[&str], reference: &str) -> String {
    let mut line = match is_url(reference) {
        // The directory does not count there.
        true => [&[context.program], command]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect(),
        false => words(context, command),
    };
    let options = match context.is_remote(reference) {
        true => context.remote_words(),
        false => Vec::new(),
    };
    let options = options.iter().map(|word| quoted(word));
    match reference.starts_with('-') {
        true => {
            line.extend(options);
            line.extend(["--".to_owned(), quoted(reference)]);
        }
        false => {
            line.push(quoted(reference));
            line.extend(options);
        }
    }
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
