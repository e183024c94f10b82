//! Regular expressions of programs: compiled once a thread, searched in linear time, paid for in steps.
//!
//! Whoever searches on behind a match pays for more than the text: a search can have looked at all of it before it settled
//! for the match at its start.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::util::syntax;

use super::meter;
use super::reach::{Cache, Reach};

/// So many compiled expressions are kept by a thread.
const KEPT: usize = 64;

/// Sizes a compiled expression may have, in bytes, and the quarter steps that a byte of text then costs. The worst
/// case of a search takes time in proportion to both sizes.
const SIZES: [(usize, usize); 3] = [(64 << 10, 1), (512 << 10, 16), (4 << 20, 400)];

/// A compiled expression and the flags that a search minds.
#[derive(Clone)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    pub(super) global: bool,
    pub(super) skips_empty: bool,
    reach: Arc<Reach>,
    /// Quarter steps for each byte that is searched.
    cost: usize,
}

thread_local! {
    static CACHE: RefCell<HashMap<(String, String), Pattern>> = RefCell::default();
}

impl Pattern {
    /// The compiled expression; what is wrong with it or with its flags.
    pub(super) fn cached(expression: &str, flags: &str) -> Result<Pattern, String> {
        meter::work((expression.len() + flags.len()) / 16);
        CACHE.with(|cache| {
            let key = (expression.to_owned(), flags.to_owned());
            if let Some(found) = cache.borrow().get(&key) {
                return Ok(found.clone());
            }
            let pattern = Pattern::new(expression, flags)?;
            let mut cache = cache.borrow_mut();
            if cache.len() >= KEPT {
                cache.clear();
            }
            cache.insert(key, pattern.clone());
            Ok(pattern)
        })
    }

    pub(super) fn new(expression: &str, flags: &str) -> Result<Pattern, String> {
        meter::work(1000 + (expression.len() + flags.len()) * 8);
        let mut builder = RegexBuilder::new(expression);
        let mut syntax = syntax::Config::new().utf8(false);
        let (mut global, mut skips_empty) = (false, false);
        for flag in flags.chars() {
            match flag {
                'g' => global = true,
                'n' => skips_empty = true,
                'i' => syntax = syntax.case_insensitive(true),
                'x' => syntax = syntax.ignore_whitespace(true),
                'm' => syntax = syntax.multi_line(true),
                's' => syntax = syntax.dot_matches_new_line(true),
                'p' => syntax = syntax.multi_line(true).dot_matches_new_line(true),
                'l' => syntax = syntax.swap_greed(true),
                other => return Err(format!("{other} is not a regular expression flag")),
            }
        }
        builder
            .case_insensitive(syntax.get_case_insensitive())
            .ignore_whitespace(syntax.get_ignore_whitespace())
            .multi_line(syntax.get_multi_line())
            .dot_matches_new_line(syntax.get_dot_matches_new_line())
            .swap_greed(syntax.get_swap_greed());
        let mut fault = String::new();
        for (size, cost) in SIZES {
            match builder.size_limit(size).build() {
                Ok(regex) => {
                    let reach = Reach::new(expression, syntax, size);
                    return Ok(Pattern {
                        regex,
                        global,
                        skips_empty: skips_empty && reach.may_be_empty(),
                        reach: Arc::new(reach),
                        cost,
                    });
                }
                Err(regex::Error::CompiledTooBig(_)) => {
                    fault = "it is too large when compiled".to_owned();
                    meter::work(size / 64);
                }
                Err(other) => {
                    fault = other.to_string();
                    break;
                }
            }
        }
        Err(format!("{expression:?} is no regular expression: {fault}"))
    }

    /// Whether one search tells if it is found, and is cheap whatever the text.
    pub(super) fn is_plain(&self) -> bool {
        self.cost <= SIZES[1].1 && !self.skips_empty
    }

    /// What a search of so many bytes is worth in steps.
    #[inline]
    pub(super) fn steps(&self, len: usize) -> u64 {
        1 + (len as u64).saturating_mul(self.cost as u64) / 4
    }

    /// Counts a search of so many bytes.
    pub(super) fn count(&self, len: usize) {
        meter::work(usize::try_from(self.steps(len)).unwrap_or(usize::MAX));
    }

    /// Whether it is found; counts the searches.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.count(text.len());
        if !self.skips_empty {
            return self.is_found(text);
        }
        let mut searches = Searches::new(self, text);
        self.regex.find_iter(text).any(|found| {
            searches.count(found.end());
            !found.is_empty()
        })
    }

    /// Whether it is found by one search, which the caller has counted.
    pub(super) fn is_found(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}

/// Counts the searches of one text, each from the end of the match before; the text itself has been counted once.
pub(super) struct Searches<'a> {
    pattern: &'a Pattern,
    text: &'a [u8],
    /// Where the next one begins.
    from: usize,
    cache: Option<Cache>,
}

/// What is left of a text is counted whole when it is no longer than this: to find out more would cost more.
const SHORT: usize = 256;

impl<'a> Searches<'a> {
    pub(super) fn new(pattern: &'a Pattern, text: &'a [u8]) -> Searches<'a> {
        Searches {
            pattern,
            text,
            from: 0,
            cache: None,
        }
    }

    /// Counts what the search that found a match with this end has seen beyond it.
    pub(super) fn count(&mut self, end: usize) {
        let from = std::mem::replace(&mut self.from, end);
        let left = self.text.len() - end;
        if left <= SHORT {
            return self.pattern.count(left);
        }
        let reach = &self.pattern.reach;
        let seen = reach.of(&mut self.cache, self.text, from);
        self.pattern.count(seen.saturating_sub(end));
        // An empty match right behind another is passed over, and the search begun again behind it.
        if reach.may_be_empty() {
            let seen = reach.of(&mut self.cache, self.text, from + 1);
            self.pattern.count(seen.saturating_sub(end));
        }
    }
}
