//! How far a search looks. One that found a match may have read on to the end of the text, for a longer alternative or
//! one that comes first, and the next search reads all of it again: searches are linear each, but not together.

use std::sync::OnceLock;

pub(super) use regex_automata::hybrid::dfa::Cache;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::Input;

use super::meter;

/// An automaton for an expression, made when it is asked for, whose only use is to see when it is dead.
pub(super) struct Reach {
    expression: String,
    syntax: syntax::Config,
    /// Size of the compiled expression, at most.
    size: usize,
    may_be_empty: bool,
    /// None for what this automaton cannot do: an expression that is too large for it.
    automaton: OnceLock<Option<DFA>>,
}

impl Reach {
    pub(super) fn new(expression: &str, syntax: syntax::Config, size: usize) -> Reach {
        let parsed = syntax::parse_with(expression, &syntax);
        let shortest = parsed.map(|parsed| parsed.properties().minimum_len());
        Reach {
            expression: expression.to_owned(),
            syntax,
            size,
            may_be_empty: !matches!(shortest, Ok(Some(1..))),
            automaton: OnceLock::new(),
        }
    }

    /// Whether a match can be empty.
    pub(super) fn may_be_empty(&self) -> bool {
        self.may_be_empty
    }

    /// Where a search that begins at `from` has seen enough, at the latest.
    pub(super) fn of(&self, cache: &mut Option<Cache>, text: &[u8], from: usize) -> usize {
        self.seen(cache, text, from).unwrap_or(text.len())
    }

    fn seen(&self, cache: &mut Option<Cache>, text: &[u8], from: usize) -> Option<usize> {
        if self.automaton.get().is_none() {
            meter::work(1000 + self.expression.len() * 8);
        }
        let automaton = self.automaton.get_or_init(|| self.build()).as_ref()?;
        let cache = cache.get_or_insert_with(|| automaton.create_cache());
        let rest = text.get(from..)?;
        let input = Input::new(text).span(from..text.len());
        let mut state = automaton.start_state_forward(cache, &input).ok()?;
        for (at, byte) in rest.iter().enumerate() {
            state = automaton.next_state(cache, state, *byte).ok()?;
            if state.is_dead() {
                return Some(from + at + 1);
            }
            if state.is_quit() {
                return None;
            }
        }
        None
    }

    fn build(&self) -> Option<DFA> {
        let compiled = thompson::Config::new()
            .utf8(false)
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(self.size));
        DFA::builder()
            .syntax(self.syntax)
            .thompson(compiled)
            .configure(
                DFA::config()
                    .unicode_word_boundary(true)
                    .skip_cache_capacity_check(true),
            )
            .build(&self.expression)
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_look_as_far_as_they_must() {
        let of = |expression: &str, from: usize| {
            let reach = Reach::new(expression, syntax::Config::new().utf8(false), 1 << 16);
            reach.of(&mut None, b"aaaa bbbb", from)
        };
        // An automaton is dead one byte late, or two.
        for (expression, from, needed) in [
            ("a", 0, 1),
            ("a+", 0, 4),
            ("a+", 1, 4),
            ("a*b|a", 0, 4),
            ("b", 0, 6),
            ("a.*z|a", 2, 9),
            ("z", 0, 9),
            ("z", 9, 9),
        ] {
            let seen = of(expression, from);
            assert!(
                (needed..=needed + 2).contains(&seen),
                "{expression}: {seen}"
            );
        }
        assert_eq!(of("z", 10), 9);
    }

    #[test]
    fn what_can_be_empty_is_known() {
        let empty = |expression: &str| {
            Reach::new(expression, syntax::Config::new().utf8(false), 1 << 16).may_be_empty()
        };
        for expression in ["", "a*", "^", "a|", "(?:a*b)?", "\\b", "(?i)x{0,3}"] {
            assert!(empty(expression), "{expression}");
        }
        for expression in ["a", "a+", "^a", "a|b", "\\w"] {
            assert!(!empty(expression), "{expression}");
        }
    }
}
