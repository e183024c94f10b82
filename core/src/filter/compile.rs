//! From an expression to a program, and what to say when there is none.

use jaq_core::compile::Undefined;
use jaq_core::load::{self, parse, Arena, File, Loader};
use jaq_core::Compiler;

use super::meter::on_large_stack;
use super::plan::Node;
use super::recursion::recursive_call;
use super::run::{Engine, Program};
use super::{library, FilterOptions, DEFAULT_STEPS, LONGEST};
use crate::error::{Error, ErrorKind, Result};

/// Parsing, compiling and freeing recurse with the expression; longer ones get a stack of their own.
const SHORT: usize = 256;

/// Compiles an expression.
pub(super) fn compile(expression: &str, options: &FilterOptions) -> Result<Program> {
    if expression.len() > LONGEST {
        return Err(Error::usage(format!(
            "the filter is {} bytes long, more than {LONGEST}",
            expression.len()
        ))
        .with_hint("write it shorter, or use several filters"));
    }
    if expression.len() <= SHORT {
        return compile_here(expression, options);
    }
    on_large_stack(|| compile_here(expression, options))
        .map_err(|error| Error::from_io(&error, "compile the filter"))?
}

fn compile_here(expression: &str, options: &FilterOptions) -> Result<Program> {
    let arena = Arena::default();
    let file = File {
        code: expression,
        path: (),
    };
    let modules = Loader::new(library::definitions())
        .load(&arena, file)
        .map_err(|errors| refused(expression, errors))?;
    let term = load::parse(expression, |parser| parser.term());
    let recursive = term.as_ref().and_then(recursive_call);
    if let (Some(name), true) = (recursive, options.no_recursion) {
        return Err(at(
            expression,
            name,
            format!("the definition of `{name}` calls itself, which is not allowed here"),
        )
        .with_hint("use recurse, range, limit, until, walk or paths instead"));
    }
    let filter = Compiler::<_, Engine>::default()
        .with_funs(library::functions())
        .compile(modules)
        .map_err(|errors| undefined(expression, errors))?;
    let plan =
        match term.as_ref().map_or(Ok(None), Node::of) {
            Ok(plan) => plan,
            Err(fault) => return Err(at(expression, fault.place, fault.what).with_hint(
                "see the syntax of Rust's regex crate; a backslash is written twice in jq strings",
            )),
        };
    Ok(Program::new(
        filter,
        plan,
        options.steps.unwrap_or(DEFAULT_STEPS),
        recursive.is_some(),
    ))
}

/// The error of an expression that cannot be read.
fn refused(expression: &str, errors: load::Errors<&str, ()>) -> Error {
    let found = |text: &str| match text.chars().next() {
        None => "the end".to_owned(),
        Some(first) => {
            let word: String = text
                .chars()
                .take_while(|char| char.is_alphanumeric() || "_$@.".contains(*char))
                .take(32)
                .collect();
            format!(
                "`{}`",
                if word.is_empty() {
                    first.to_string()
                } else {
                    word
                }
            )
        }
    };
    for (_, error) in errors {
        match error {
            load::Error::Io(modules) => {
                if let Some((path, _)) = modules.first() {
                    return at(expression, path, "modules cannot be loaded in a filter")
                        .with_hint("write the definitions into the expression");
                }
            }
            load::Error::Lex(errors) => {
                if let Some((expected, text)) = errors.first() {
                    let what = format!("expected {}, found {}", expected.as_str(), found(text));
                    return not_jq(expression, text, &what);
                }
            }
            load::Error::Parse(errors) => {
                if let Some((expected, text)) = errors.first() {
                    let what = match expected {
                        parse::Expect::Nothing => "expected the end".to_owned(),
                        parse::Expect::Just(word) => format!("expected `{word}`"),
                        other => format!("expected {}", other.as_str()),
                    };
                    return not_jq(expression, text, &format!("{what}, found {}", found(text)));
                }
            }
        }
    }
    not_jq(expression, "", "it cannot be read")
}

fn not_jq(expression: &str, place: &str, what: &str) -> Error {
    let error = at(
        expression,
        place,
        format!("the filter is not valid jq: {what}"),
    );
    if expression.trim().is_empty() {
        return error.with_hint("write a condition such as .data.status == \"green\"");
    }
    if expression.contains("===") || expression.contains("&&") || expression.contains("||") {
        return error.with_hint("jq compares with == and combines with `and` and `or`");
    }
    if expression.contains('\'') {
        return error.with_hint("strings stand in double quotes: .data.status == \"green\"");
    }
    error.with_hint(
        "a condition looks like .data.status == \"green\" and .data.n > 3; see the jq manual",
    )
}

/// The error of a name that is not known.
fn undefined(expression: &str, errors: jaq_core::compile::Errors<&str, ()>) -> Error {
    let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
    let Some((name, kind)) = first else {
        return Error::new(ErrorKind::Internal, "the filter cannot be compiled");
    };
    if library::is_refused(name) {
        return at(
            expression,
            name,
            format!("`{name}` is not available in filters, which see the message alone"),
        )
        .with_hint(library::instead_of(name));
    }
    let what = match kind {
        Undefined::Filter(0) => format!("there is no filter `{name}`"),
        Undefined::Filter(1) => format!("there is no filter `{name}` with 1 argument"),
        Undefined::Filter(count) => format!("there is no filter `{name}` with {count} arguments"),
        ref other => format!("there is no {} `{name}`", other.as_str()),
    };
    let error = at(
        expression,
        name,
        format!("the filter is not valid jq: {what}"),
    );
    match kind {
        Undefined::Filter(0) => {
            let field = match name {
                "seq" | "time" | "meta" | "data" => format!(".{name}"),
                _ => format!(".data.{name}"),
            };
            error.with_hint(format!(
                "fields start with a dot ({field}), strings stand in double quotes (\"{name}\")"
            ))
        }
        _ => error.with_hint("see the jq manual for the names there are"),
    }
}

/// An error about a place in the expression, which is named by character and, for programs, by byte.
fn at(expression: &str, place: &str, what: impl Into<String>) -> Error {
    let offset = place
        .as_ptr()
        .addr()
        .checked_sub(expression.as_ptr().addr())
        .filter(|offset| !place.is_empty() && *offset <= expression.len())
        .unwrap_or(expression.len());
    let character = expression
        .get(..offset)
        .map_or(offset, |before| before.chars().count());
    Error::usage(format!("{}, at character {}", what.into(), character + 1))
        .with_offset(offset as u64)
}

#[cfg(test)]
mod tests {
    use crate::filter::{Filter, FilterOptions};

    /// What stands at the top of a message is not to be looked for in its data.
    #[test]
    fn a_missing_dot_is_put_where_the_field_is() {
        for (expression, field) in [
            ("data.status == \"x\"", ".data"),
            ("meta.tags[0] == \"a\"", ".meta"),
            ("seq > 3", ".seq"),
            ("time > \"2026\"", ".time"),
            ("status == \"x\"", ".data.status"),
        ] {
            let error = Filter::new(expression, &FilterOptions::default()).unwrap_err();
            let hint = error.hint().unwrap();
            assert!(hint.contains(&format!("({field})")), "{expression}: {hint}");
        }
    }
}
