//! Whether an expression defines a filter that calls itself.

use std::iter::once;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::Part;

/// Names in scope, innermost last: name, number of arguments, and whether its own definition is being read.
type Scope<'a> = Vec<(&'a str, usize, bool)>;

/// The first call of a definition from within itself.
pub(super) fn recursive_call<'a>(term: &Term<&'a str>) -> Option<&'a str> {
    in_term(term, &mut Vec::new())
}

fn in_term<'a>(term: &Term<&'a str>, scope: &mut Scope<'a>) -> Option<&'a str> {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => None,
        Term::Str(_, parts) => {
            let terms = parts.iter().filter_map(|part| match part {
                StrPart::Term(term) => Some(term),
                StrPart::Str(_) | StrPart::Char(_) => None,
            });
            in_any(terms, scope)
        }
        Term::Arr(inner) => inner.as_deref().and_then(|term| in_term(term, scope)),
        Term::Obj(entries) => {
            let terms = entries.iter();
            in_any(terms.flat_map(|(key, value)| once(key).chain(value)), scope)
        }
        Term::Neg(inner) | Term::Label(_, inner) => in_term(inner, scope),
        Term::BinOp(left, op, right) => {
            let pattern = match op {
                BinaryOp::Pipe(Some(pattern)) => in_pattern(pattern, scope),
                _ => None,
            };
            pattern
                .or_else(|| in_term(left, scope))
                .or_else(|| in_term(right, scope))
        }
        Term::Fold(_, xs, pattern, args) => in_pattern(pattern, scope)
            .or_else(|| in_term(xs, scope))
            .or_else(|| in_any(args.iter(), scope)),
        Term::TryCatch(body, catch) => in_any(once(&**body).chain(catch.as_deref()), scope),
        Term::IfThenElse(branches, last) => {
            let terms = branches
                .iter()
                .flat_map(|(condition, then)| [condition, then]);
            in_any(terms.chain(last.as_deref()), scope)
        }
        Term::Def(definitions, body) => in_definitions(definitions, body, scope),
        Term::Call(name, args) => {
            let called = scope
                .iter()
                .rev()
                .find(|(known, count, _)| known == name && *count == args.len());
            match called {
                Some((_, _, true)) => Some(name),
                _ => in_any(args.iter(), scope),
            }
        }
        Term::Path(head, path) => {
            let parts = path.0.iter().flat_map(|(part, _)| match part {
                Part::Index(index) => [Some(index), None],
                Part::Range(from, to) => [from.as_ref(), to.as_ref()],
            });
            in_any(once(&**head).chain(parts.flatten()), scope)
        }
    }
}

fn in_any<'a: 't, 't>(
    mut terms: impl Iterator<Item = &'t Term<&'a str>>,
    scope: &mut Scope<'a>,
) -> Option<&'a str> {
    terms.find_map(|term| in_term(term, scope))
}

fn in_definitions<'a>(
    definitions: &[Def<&'a str, Term<&'a str>>],
    body: &Term<&'a str>,
    scope: &mut Scope<'a>,
) -> Option<&'a str> {
    let outside = scope.len();
    let found = definitions
        .iter()
        .find_map(|definition| {
            let own = scope.len();
            scope.push((definition.name, definition.args.len(), true));
            for arg in definition.args.iter().filter(|arg| !arg.starts_with('$')) {
                scope.push((arg, 0, false));
            }
            let found = in_term(&definition.body, scope);
            scope.truncate(own + 1);
            scope[own].2 = false;
            found
        })
        .or_else(|| in_term(body, scope));
    scope.truncate(outside);
    found
}

fn in_pattern<'a>(pattern: &Pattern<&'a str>, scope: &mut Scope<'a>) -> Option<&'a str> {
    match pattern {
        Pattern::Var(_) => None,
        Pattern::Arr(items) => items.iter().find_map(|item| in_pattern(item, scope)),
        Pattern::Obj(entries) => entries
            .iter()
            .find_map(|(key, item)| in_term(key, scope).or_else(|| in_pattern(item, scope))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jaq_core::load::parse;

    fn found(expression: &str) -> Option<&str> {
        recursive_call(&parse(expression, |parser| parser.term()).unwrap())
    }

    #[test]
    fn definitions_that_call_themselves_are_found() {
        for (expression, name) in [
            ("def f: f; f", "f"),
            (
                "def f($n): if $n > 0 then f($n - 1) else true end; f(3)",
                "f",
            ),
            ("def f(g): g; def h: f(h); h", "h"),
            ("def f: def g: f; g; f", "f"),
            ("[.data[] | (def up: .a | up?; up)] | length > 1", "up"),
            ("def f: . as {(f): $x} | $x; f", "f"),
            ("def f: reduce f as $x (0; .); f", "f"),
            ("def f: \"\\(f)\"; f", "f"),
            ("def f: .[f]; f", "f"),
            ("def f: {a: f}; f", "f"),
            ("def f: try f catch .; f", "f"),
            ("def f: if . then 1 else f end; f", "f"),
        ] {
            assert_eq!(found(expression), Some(name), "{expression}");
        }
    }

    #[test]
    fn others_are_not() {
        for expression in [
            "def f: 1; f + f",
            "def f: def f: 1; f; f",
            "def f(f): f; f(1)",
            "def f: 1; def g: f; g | f",
            "def f($x): f; def f: 1; f",
            "recurse | repeat(.)",
        ] {
            assert_eq!(found(expression), None, "{expression}");
        }
    }
}
