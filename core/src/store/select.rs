//! Which messages a cursor delivers: tags, then filters.

use crate::error::Result;
use crate::message::tags;
use crate::ring::window::NARROW;
use crate::store::cursor::Cursor;
use crate::store::{TailOptions, View};

/// Steps of filters after which a cursor lets its caller look up: a millisecond or so, since event loops call from their
/// only thread.
const PATIENCE: u64 = 1 << 12;

impl Cursor {
    /// Takes the tags and filters of the options.
    pub(super) fn want(&mut self, options: &TailOptions<'_>) {
        self.wanted = options.tags.iter().map(|tag| tag.to_vec()).collect();
        self.wanted_signature = options
            .tags
            .iter()
            .fold(0, |bits, tag| bits | tags::signature_of(tag));
        self.filters = options.filters.to_vec();
        for filter in &self.filters {
            self.wanted_signature |= filter.signature();
        }
        if !self.wants_all() {
            self.reach = NARROW;
        }
    }

    /// Takes those of another cursor.
    pub(super) fn want_same(&mut self, other: &Cursor) {
        self.wanted = other.wanted.clone();
        self.wanted_signature = other.wanted_signature;
        self.filters = other.filters.clone();
    }

    /// Whether every message is wanted.
    pub(super) fn wants_all(&self) -> bool {
        self.wanted.is_empty() && self.filters.is_empty()
    }

    /// Whether the message just found is wanted; `None` when it was overwritten meanwhile.
    ///
    /// # Errors
    /// Corrupt, and those of filters.
    #[inline]
    pub(super) fn matches(&mut self) -> Result<Option<bool>> {
        if self.header.signature & self.wanted_signature != self.wanted_signature {
            return Ok(Some(false));
        }
        if self.wants_all() {
            return Ok(Some(true));
        }
        if self.is_private() {
            if !self.wanted.is_empty() {
                let block = self.window.body(self.header_at, &self.header).1;
                if !tags::contains_all(block, &self.wanted)? {
                    return Ok(Some(false));
                }
            }
            return self.passes_private();
        }
        self.matches_in_place()
    }

    fn passes_private(&mut self) -> Result<Option<bool>> {
        if self.filters.is_empty() {
            return Ok(Some(true));
        }
        let mut effort = self.effort;
        let message = self.message()?;
        let mut passes = Ok(Some(true));
        for filter in &self.filters {
            passes = filter.matches(&message, || true, &mut effort);
            if !matches!(passes, Ok(Some(true))) {
                break;
            }
        }
        self.effort = effort;
        passes
    }

    fn matches_in_place(&mut self) -> Result<Option<bool>> {
        let view = View::in_place(self.ring(), self.header_at, &self.header);
        let mut effort = self.effort;
        let mut passes = view
            .message()
            .and_then(|message| tags::contains_all(message.tags, &self.wanted))
            .map(Some);
        for filter in &self.filters {
            if !matches!(passes, Ok(Some(true))) {
                break;
            }
            passes = view
                .message()
                .and_then(|message| filter.matches(&message, || view.still_valid(), &mut effort));
        }
        self.effort = effort;
        // Overwritten meanwhile: what was seen means nothing, an error neither.
        if view.still_valid() {
            passes
        } else {
            Ok(None)
        }
    }

    /// Whether the filters have worked for long enough to let the caller look up.
    #[inline]
    pub(super) fn is_tired(&mut self) -> bool {
        if self.effort < PATIENCE {
            return false;
        }
        self.effort = 0;
        true
    }
}
