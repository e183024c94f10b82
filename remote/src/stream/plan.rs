//! What a stream asks its server for: at first, and again from where it stood.

use std::time::Duration;

use plasmite_core::message::time;
use plasmite_core::store::{moved_token, Start, TailOptions};
use plasmite_core::{Error, Result};

use crate::address::encode;

/// How often an idle server gives a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A connection that is silent for longer is lost.
pub(super) const SILENCE: Duration = Duration::from_secs(15);

/// Where a server's stream stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The seq that comes next.
    pub(super) next_seq: u64,
    /// A token that leads there.
    pub(super) token: String,
    /// It is still looking for its start, and this is how far that has come: whoever resumed here would miss the rest.
    pub(super) searching: bool,
}

/// Where a stream stands that has found its start.
#[cfg(test)]
pub(super) fn place(next_seq: u64, token: &str) -> Place {
    Place {
        next_seq,
        token: token.to_owned(),
        searching: false,
    }
}

/// The options of a stream, and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    start: Start,
    end_seq: Option<u64>,
    backwards: bool,
    /// The server finds the end of one that begins. It is told later ones as well, and knows when nothing comes before the end.
    snapshot: bool,
    /// The newest message once the snapshot had begun.
    newest: Option<u64>,
    /// `end_seq` has the snapshot's end in it, which stays wherever the stream goes.
    has_end: bool,
    tags: Vec<String>,
    filters: Vec<String>,
    /// Messages that may still come.
    left: Option<u64>,
    /// Where the server's stream stood.
    position: Option<Place>,
    /// Seq of the last message that came.
    last: Option<u64>,
}

impl Plan {
    pub(super) fn new(options: &TailOptions<'_>) -> Result<Plan> {
        let tag = |tag: &&[u8]| {
            std::str::from_utf8(tag)
                .map(str::to_owned)
                .map_err(|_| Error::usage("a tag is not UTF-8"))
        };
        let mut plan = Plan {
            start: Start::Oldest,
            end_seq: options.end_seq,
            backwards: options.backwards,
            snapshot: options.snapshot,
            newest: None,
            has_end: false,
            tags: options.tags.iter().map(tag).collect::<Result<_>>()?,
            filters: options
                .filters
                .iter()
                .map(|filter| filter.expression().to_owned())
                .collect(),
            left: options.max,
            position: None,
            last: None,
        };
        plan.go_to(&options.start);
        Ok(plan)
    }

    /// Goes elsewhere; all else stays.
    pub(super) fn go_to(&mut self, start: &Start) {
        self.end_seq = self.end();
        self.has_end |= self.newest.take().is_some();
        self.start = start.clone();
        self.position = None;
        self.last = None;
    }

    /// Sets how many messages may still come.
    pub(super) fn set_left(&mut self, left: Option<u64>) {
        self.left = left;
    }

    /// A message came.
    pub(super) fn came(&mut self, seq: u64) {
        self.pass(seq);
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        if let Start::Last(count) = &mut self.start {
            *count = count.saturating_sub(1);
        }
    }

    /// The server told where its stream stands. Whether that is elsewhere than before.
    pub(super) fn stands_at(&mut self, place: Place) -> bool {
        let next_seq = place.next_seq;
        let before = self.position.replace(place);
        before.is_none_or(|before| before.next_seq != next_seq)
    }

    /// Where the server's stream stood.
    pub(super) fn position(&self) -> Option<&Place> {
        self.position.as_ref()
    }

    /// A message is passed over, or missing ones were told.
    pub(super) fn pass(&mut self, seq: u64) {
        self.last = Some(seq);
        if let Some(place) = &mut self.position {
            place.next_seq = seq.saturating_add(1);
        }
    }

    /// Whether there is nothing more to ask for.
    pub(super) fn is_done(&self) -> bool {
        let done_back = self.backwards
            && (self.last == Some(1)
                || (self.last.is_some() && matches!(self.start, Start::Last(0))));
        self.left == Some(0) || done_back
    }

    /// The time before which messages are not wanted: what a stream going backwards cannot be asked again.
    pub(super) fn not_before(&self) -> u64 {
        match (self.backwards, &self.start) {
            (true, Start::Time(ns)) => *ns,
            _ => 0,
        }
    }

    /// Whether it will end by itself.
    pub(super) fn is_finite(&self) -> bool {
        self.snapshot || self.backwards || self.end_seq.is_some()
    }

    /// Whether it goes on from where another connection stood.
    pub(super) fn resumes(&self) -> bool {
        self.resume_at().is_some()
    }

    /// The seq to look at behind that of a message.
    pub(super) fn behind(&self, seq: u64) -> u64 {
        match self.backwards {
            true => seq.saturating_sub(1),
            false => seq.saturating_add(1),
        }
    }

    fn resume_at(&self) -> Option<String> {
        let place = self.position.as_ref()?;
        let seq = match (self.backwards, self.last) {
            (true, Some(last)) => self.behind(last),
            (true, None) => return None,
            (false, None) if place.searching => return None,
            (false, _) => place.next_seq,
        };
        moved_token(&place.token, seq)
    }

    /// The last seq that is wanted, as far as it is known here.
    fn end(&self) -> Option<u64> {
        match (self.end_seq, self.newest) {
            (Some(end), Some(newest)) => Some(end.min(newest)),
            (end, newest) => end.or(newest),
        }
    }

    /// The newest message, once a connection has begun the snapshot: fixed, so that later ones that go on with it end
    /// there too.
    pub(super) fn end_at(&mut self, newest: u64) {
        self.newest = Some(newest);
    }

    /// Whether a connection that is made now begins the snapshot, and its end has to be found out then: not before, as
    /// the last few are counted from the newest message at the server.
    pub(super) fn wants_end(&self) -> bool {
        self.snapshot && !self.backwards && !self.has_end && !self.resumes()
    }

    /// The query.
    pub(super) fn query(&self) -> String {
        let mut query = format!(
            "?control=true&gap_policy=event&heartbeat_ms={}",
            HEARTBEAT.as_millis()
        );
        let mut add = |name: &str, value: &str| {
            query.push('&');
            query.push_str(name);
            query.push('=');
            query.push_str(&encode(value));
        };
        let mut left = self.left;
        match (self.resume_at(), &self.start) {
            (Some(token), start) => {
                add("resume", &token);
                if let (true, Start::Last(count)) = (self.backwards, start) {
                    left = Some(left.map_or(*count, |left| left.min(*count)));
                }
            }
            (None, Start::Oldest) => add("start", "oldest"),
            (None, Start::Now) => add("start", "now"),
            (None, Start::Last(count)) => add("tail", &count.to_string()),
            (None, Start::Seq(seq)) => add("since_seq", &seq.to_string()),
            (None, Start::Time(ns)) => add("since", &time::format(*ns)),
            (None, Start::Token(token)) => add("resume", token),
        }
        let end = match self.wants_end() {
            true => self.end_seq,
            false => self.end(),
        };
        if let Some(end) = end {
            add("end_seq", &end.to_string());
        }
        if self.snapshot && !self.backwards {
            add("snapshot", "true");
        }
        if let Some(left) = left {
            add("max", &left.to_string());
        }
        if self.backwards {
            add("backwards", "true");
        }
        for tag in &self.tags {
            add("tag", tag);
        }
        for filter in &self.filters {
            add("where", filter);
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(options: &TailOptions<'_>) -> Plan {
        Plan::new(options).unwrap()
    }

    #[test]
    fn first_and_later_queries() {
        let tags: &[&[u8]] = &[b"a b", b""];
        let mut plan = plan(&TailOptions {
            start: Start::Last(5),
            max: Some(4),
            tags,
            ..TailOptions::default()
        });
        let query = plan.query();
        assert!(query.contains("&tail=5&max=4&tag=a%20b&tag="), "{query}");
        plan.stands_at(place(3, "pls1.id.0.3"));
        plan.came(7);
        let query = plan.query();
        assert!(query.contains("&resume=pls1.id.0.8&max=3"), "{query}");
        plan.stands_at(place(20, "pls1.id.0.20"));
        assert!(plan.query().contains("resume=pls1.id.0.20"));
        for seq in 20..23 {
            plan.came(seq);
        }
        assert!(plan.is_done());
    }

    #[test]
    fn a_start_that_was_not_found_yet_is_looked_for_again() {
        let mut plan = plan(&TailOptions {
            start: Start::Last(5),
            ..TailOptions::default()
        });
        plan.stands_at(Place {
            searching: true,
            ..place(9, "pls1.id.0.9")
        });
        assert!(plan.query().contains("&tail=5"));
        plan.came(4);
        assert!(plan.query().contains("&resume=pls1.id.0.5"));
    }

    #[test]
    fn backwards() {
        let mut plan = plan(&TailOptions {
            start: Start::Last(3),
            backwards: true,
            ..TailOptions::default()
        });
        plan.stands_at(place(9, "pls1.id.0.9"));
        assert!(
            plan.query().contains("&tail=3&backwards=true"),
            "nothing came yet"
        );
        plan.came(9);
        assert!(plan
            .query()
            .contains("&resume=pls1.id.0.8&max=2&backwards=true"));
        plan.came(4);
        plan.came(2);
        assert!(plan.is_done());
    }

    #[test]
    fn ends() {
        let mut plan = plan(&TailOptions {
            snapshot: true,
            end_seq: Some(7),
            ..TailOptions::default()
        });
        assert!(plan.wants_end() && plan.is_finite());
        plan.end_at(9);
        plan.stands_at(place(1, "pls1.id.0.1"));
        assert!(!plan.wants_end() && plan.query().contains("&end_seq=7"));
        plan.end_at(3);
        assert!(plan.query().contains("&end_seq=3"));
        plan.go_to(&Start::Oldest);
        assert!(!plan.wants_end() && plan.query().contains("&end_seq=3"));
    }

    #[test]
    fn the_last_few_of_a_snapshot_are_counted_from_its_end() {
        let mut plan = plan(&TailOptions {
            start: Start::Last(3),
            snapshot: true,
            ..TailOptions::default()
        });
        for newest in [9, 20] {
            let query = plan.query();
            assert!(query.contains("&tail=3&snapshot=true"), "{query}");
            plan.end_at(newest);
            plan.stands_at(Place {
                searching: true,
                ..place(8, "pls1.id.0.8")
            });
        }
        plan.came(18);
        let query = plan.query();
        assert!(
            query.contains("&resume=pls1.id.0.19&end_seq=20&"),
            "{query}"
        );
    }
}
