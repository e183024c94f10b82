//! From typed words to a command, and from clap's complaints to our errors.

use super::Top;
use crate::cli::exit::Failure;
use crate::{Error, ErrorKind};
use clap::error::{ContextKind, ContextValue, ErrorKind as Complaint};
use clap::{Arg, Command, CommandFactory, FromArgMatches};
use std::ffi::OsString;

/// Parses the arguments, without the program's name.
pub(crate) fn parse(program: &'static str, typed: &[OsString]) -> Result<Top, Failure> {
    let words = respelled(typed);
    check_repeated(&words, "--dir").map_err(|error| error.with_hint(help_hint(program, &words)))?;
    check_repeated(&words, "--color")
        .map_err(|error| error.with_hint(help_hint(program, &words)))?;
    let command = Top::command().name(program).bin_name(program);
    command
        .try_get_matches_from(std::iter::once(&OsString::from(program)).chain(&words))
        .and_then(|matches| Top::from_arg_matches(&matches))
        .map_err(|complaint| explained(program, &words, &complaint))
}

/// The options: everything before `--`.
fn options(words: &[OsString]) -> &[OsString] {
    let end = words
        .iter()
        .position(|word| word == "--")
        .unwrap_or(words.len());
    &words[..end]
}

/// `---help` and `---version` are accepted spellings.
fn respelled(typed: &[OsString]) -> Vec<OsString> {
    let count = options(typed).len();
    let respell = |(index, word): (usize, &OsString)| match word.to_str() {
        Some("---help") if index < count => "--help".into(),
        Some("---version") if index < count => "--version".into(),
        _ => word.clone(),
    };
    typed.iter().enumerate().map(respell).collect()
}

/// An option of all commands may stand before and after the command, but then with one value.
fn check_repeated(words: &[OsString], option: &str) -> Result<(), Error> {
    let mut first: Option<&[u8]> = None;
    let mut rest = options(words).iter();
    while let Some(word) = rest.next() {
        let value = match word.as_encoded_bytes().strip_prefix(option.as_bytes()) {
            Some(b"") => rest.next().map(|next| next.as_encoded_bytes()),
            Some([b'=', value @ ..]) => Some(value),
            _ => None,
        };
        match (first, value) {
            (Some(first), Some(value)) if first != value => {
                let shown = [first, value].map(String::from_utf8_lossy);
                let message = format!("{option} was given twice: {} and {}", shown[0], shown[1]);
                return Err(Error::new(ErrorKind::Usage, message));
            }
            (None, Some(_)) => first = value,
            _ => {}
        }
    }
    Ok(())
}

/// clap's complaint in our form.
fn explained(program: &str, words: &[OsString], complaint: &clap::Error) -> Failure {
    let text = complaint.render().to_string();
    match complaint.kind() {
        Complaint::DisplayHelp => Failure::Text(text),
        Complaint::DisplayVersion => {
            Failure::Text(format!("plasmite {}\n", env!("CARGO_PKG_VERSION")))
        }
        Complaint::DisplayHelpOnMissingArgumentOrSubcommand => Failure::Help(text),
        Complaint::InvalidUtf8 => {
            let error = Error::new(ErrorKind::Usage, no_text(words));
            Failure::Error(error.with_hint(help_hint(program, words)))
        }
        _ => {
            let (message, tip) = shortened(&text);
            let hint = help_hint(program, words);
            let tip = match word_too_many(complaint, words)
                .map(str::to_owned)
                .or_else(|| of_pool(program, complaint))
                .or_else(|| json_wanted(complaint, words).map(str::to_owned))
            {
                Some(tip) => Some(tip),
                None => option_too_many(complaint, words).unwrap_or(tip),
            };
            let hint = tip.map_or(hint.clone(), |tip| format!("{tip}; {hint}"));
            Failure::Error(Error::new(ErrorKind::Usage, message).with_hint(hint))
        }
    }
}

/// What a word too many probably is.
fn word_too_many(complaint: &clap::Error, words: &[OsString]) -> Option<&'static str> {
    let Some(ContextValue::String(word)) = complaint.get(ContextKind::InvalidArg) else {
        return None;
    };
    if complaint.kind() != Complaint::UnknownArgument || word.starts_with('-') {
        return None;
    }
    let is = |name: &str| options(words).iter().any(|word| word == name);
    match (is("feed"), is("tap")) {
        (true, false) => Some("DATA is one word to the shell: put it in single quotes, or send several messages through a pipe"),
        (false, true) => Some("the command to run stands behind `--`"),
        _ => None,
    }
}

/// The command that is one of `pool`.
fn of_pool(program: &str, complaint: &clap::Error) -> Option<String> {
    let ContextValue::String(word) = complaint.get(ContextKind::InvalidSubcommand)? else {
        return None;
    };
    let top = Top::command();
    let is_of_pool = top.find_subcommand("pool")?.find_subcommand(word).is_some();
    is_of_pool.then(|| format!("the command is {program} pool {word}"))
}

/// What prints JSON where there is no `--json`.
fn json_wanted(complaint: &clap::Error, words: &[OsString]) -> Option<&'static str> {
    let ContextValue::String(word) = complaint.get(ContextKind::InvalidArg)? else {
        return None;
    };
    if complaint.kind() != Complaint::UnknownArgument || word != "--json" {
        return None;
    }
    let is = |name: &str| options(words).iter().any(|word| word == name);
    match (is("follow") || is("duplex"), is("fetch")) {
        (true, _) => Some("--jsonl prints one line of JSON for each message"),
        (false, true) => Some(
            "fetch prints JSON by itself, on one line in a pipe; follow has --jsonl for one line each",
        ),
        _ => None,
    }
}

/// What a word too many probably is that starts with `-`, in place of the tip that comes with the complaint: that takes it
/// for a value in any case.
fn option_too_many(complaint: &clap::Error, words: &[OsString]) -> Option<Option<String>> {
    let ContextValue::String(word) = complaint.get(ContextKind::InvalidArg)? else {
        return None;
    };
    if complaint.kind() != Complaint::UnknownArgument || !word.starts_with('-') {
        return None;
    }
    let words = options(words);
    let is = |name: &str| words.iter().any(|word| word == name);
    let top = Top::command();
    if find_option(&top, word).is_some() {
        let of_serve = top
            .find_subcommand("serve")
            .is_some_and(|serve| serve.get_opts().any(|option| is_named(option, word)));
        let before = of_serve && is("serve") && is("check");
        return Some(before.then(|| "options of serve stand before `check`".to_owned()));
    }
    let at = words.iter().position(|found| found == word.as_str())?;
    let option = words[..at].last()?.to_str()?;
    find_option(&top, option)?
        .get_action()
        .takes_values()
        .then(|| {
            let joined = format!("{option}={word}");
            Some(format!(
                "a value that starts with `-` is joined to its option: {joined}"
            ))
        })
}

/// The option of any command that is spelled so.
fn find_option<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let own = command
        .get_arguments()
        .find(|option| is_named(option, word));
    let of_others = || {
        let mut others = command.get_subcommands();
        others.find_map(|command| find_option(command, word))
    };
    own.or_else(of_others)
}

fn is_named(option: &Arg, word: &str) -> bool {
    match word.strip_prefix("--") {
        Some(name) => option.get_long() == Some(name),
        None => {
            let name = word.strip_prefix('-').map(str::chars);
            name.is_some_and(|mut name| name.next() == option.get_short() && name.next().is_none())
        }
    }
}

/// Which words should be text and are not. Behind `--` they may be those of a command to run.
fn no_text(words: &[OsString]) -> String {
    let bad = |words: &[OsString]| {
        let bad = words.iter().filter(|word| word.to_str().is_none());
        bad.map(|word| format!("{:?}", word.to_string_lossy()))
            .collect::<Vec<_>>()
    };
    let found = Some(bad(options(words))).filter(|found| !found.is_empty());
    let found = found.unwrap_or_else(|| bad(words)).join(", ");
    format!("what should be text is not UTF-8: {found}")
}

/// The complaint on one line without usage, and the tip that comes with some.
fn shortened(text: &str) -> (String, Option<String>) {
    let text = text.split("\n\nUsage:").next().unwrap_or(text);
    let text = text
        .split("\n\nFor more information")
        .next()
        .unwrap_or(text);
    let (text, tip) = match text.split_once("\n\n  tip:") {
        Some((text, tip)) => (text, Some(on_one_line(&tip.replace("\n\n  tip:", ",")))),
        None => (text, None),
    };
    (
        on_one_line(text.strip_prefix("error: ").unwrap_or(text)),
        tip,
    )
}

fn on_one_line(text: &str) -> String {
    text.split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where the nearest help is.
fn help_hint(program: &str, words: &[OsString]) -> String {
    let top = Top::command();
    let mut command = &top;
    let mut path = program.to_owned();
    let mut rest = options(words).iter();
    while let Some(word) = rest.next() {
        if word == "--dir" || word == "--color" {
            rest.next();
        } else if let Some(found) = word.to_str().and_then(|word| command.find_subcommand(word)) {
            path = format!("{path} {}", found.get_name());
            command = found;
        }
    }
    format!("see {path} --help")
}
