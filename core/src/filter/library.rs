//! The names a program may use: jaq's libraries, less what reaches outside of the message.

use jaq_core::load::{self, parse::Def};
use jaq_core::native::Fun;

use super::natives;
use super::run::Engine;

/// What is taken out, with the reason or with what to use instead.
const REFUSED: &[(&str, &str)] = &[
    ("env", "pass the value in the expression"),
    ("$ENV", "pass the value in the expression"),
    ("input", "every message is looked at by itself"),
    ("inputs", "every message is looked at by itself"),
    ("input_filename", "every message is looked at by itself"),
    ("input_line_number", "use .seq"),
    ("debug", "nothing is printed by a filter"),
    ("stderr", "nothing is printed by a filter"),
    ("halt", "use --one, or a maximum, to stop"),
    ("halt_error", "use --one, or a maximum, to stop"),
    ("localtime", "use gmtime"),
    ("strflocaltime", "use strftime"),
    ("get_search_list", "modules cannot be loaded in a filter"),
];

/// The names by which the engine's library calls some of those.
const REFUSED_INSIDE: &[&str] = &["debug_empty", "stderr_empty"];

pub(super) fn is_refused(name: &str) -> bool {
    REFUSED.iter().any(|(refused, _)| *refused == name)
}

/// What to do instead of using a name that is taken out.
pub(super) fn instead_of(name: &str) -> &'static str {
    REFUSED
        .iter()
        .find(|(refused, _)| *refused == name)
        .map_or("", |(_, instead)| instead)
}

/// What is made for our values instead.
const REPLACED: &[&str] = &[
    "nan",
    "infinite",
    "type",
    "matches",
    "split_matches",
    "split_",
    "add",
    "to_entries",
    "ltrimstr",
    "rtrimstr",
];

/// Filters written in jq.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let own = load::parse(include_str!("library.jq"), |parser| parser.defs());
    jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .filter(|definition| !is_refused(definition.name) && !REPLACED.contains(&definition.name))
        .chain(own.unwrap_or_default())
}

/// Filters written in Rust.
pub(super) fn functions() -> impl Iterator<Item = Fun<Engine>> {
    jaq_core::funs()
        .chain(jaq_std::funs())
        .filter(|(name, ..)| {
            ![REPLACED, REFUSED_INSIDE]
                .iter()
                .any(|list| list.contains(name))
                && !is_refused(name)
        })
        // Ours ask them once they have looked at the format.
        .map(|(name, args, function)| match name {
            "strptime" => ("strptime_", args, function),
            "strftime" => ("strftime_", args, function),
            _ => (name, args, function),
        })
        .chain(natives::functions())
}

/// Names and numbers of arguments, as `builtins` gives them.
pub(super) fn names() -> impl Iterator<Item = String> {
    let written = definitions().map(|definition| (definition.name, definition.args.len()));
    let native = functions().map(|(name, args, _)| (name, args.len()));
    written
        .chain(native)
        .filter(|(name, _)| !name.ends_with('_') && !name.starts_with(['@', '!']))
        .map(|(name, count)| format!("{name}/{count}"))
}
