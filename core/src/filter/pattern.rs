//! Regular expressions of programs: compiled once a thread, searched in linear time, paid for in steps.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::bytes::{Regex, RegexBuilder};

use super::meter;

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
        let (mut global, mut skips_empty) = (false, false);
        for flag in flags.chars() {
            match flag {
                'g' => global = true,
                'n' => skips_empty = true,
                'i' => _ = builder.case_insensitive(true),
                'x' => _ = builder.ignore_whitespace(true),
                'm' => _ = builder.multi_line(true),
                's' => _ = builder.dot_matches_new_line(true),
                'p' => _ = builder.multi_line(true).dot_matches_new_line(true),
                'l' => _ = builder.swap_greed(true),
                other => return Err(format!("{other} is not a regular expression flag")),
            }
        }
        let mut fault = String::new();
        for (size, cost) in SIZES {
            match builder.size_limit(size).build() {
                Ok(regex) => {
                    return Ok(Pattern {
                        regex,
                        global,
                        skips_empty,
                        cost,
                    })
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

    /// Whether a search is cheap whatever the text.
    pub(super) fn is_small(&self) -> bool {
        self.cost <= SIZES[1].1
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

    /// Whether it is found; counts the search.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.count(text.len());
        self.is_found(text)
    }

    /// Whether it is found; the caller has counted the search.
    pub(super) fn is_found(&self, text: &[u8]) -> bool {
        if self.skips_empty {
            return self.regex.find_iter(text).any(|found| !found.is_empty());
        }
        self.regex.is_match(text)
    }
}
