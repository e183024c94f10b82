//! What a tail is asked for: its query, checked.

use super::plain::is_plain;
use super::Form;
use crate::serve::error::{Answer, Refusal};
use crate::serve::query::Query;
use crate::{
    parse_duration, parse_time, Filter, FilterOptions, GapPolicy, Pool, Result, Start, Stream,
    TailOptions,
};
use axum::http::HeaderMap;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Between signs of life of an idle stream of events.
const EVENT_BEAT: Duration = Duration::from_secs(15);
/// The shortest time between signs of life that can be asked for, in milliseconds.
const LEAST_BEAT_MS: u64 = 100;

/// Filters of one tail.
const MOST_FILTERS: usize = 16;

/// Where to start.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Oldest,
    Now,
    Last(u64),
    Seq(u64),
    Time(u64),
    Token(String),
    /// Behind the last event that a client has seen.
    After(u64),
}

/// What a tail is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    from: Place,
    end_seq: Option<u64>,
    max: Option<u64>,
    tags: Vec<String>,
    /// Expressions of filters, compiled when the stream is opened.
    filters: Vec<String>,
    /// Whether its filters, if any, take next to no time for a message, whatever the message is.
    pub(super) plain: bool,
    gap: GapPolicy,
    snapshot: bool,
    /// From the newest message to the oldest.
    pub(super) backwards: bool,
    /// How long it lives.
    life: Duration,
    /// Whether its client has said so; else it is the longest that this server has.
    has_timeout: bool,
    /// How often an idle one gives a sign of life.
    beat: Option<Duration>,
}

impl Wanted {
    /// Reads a query; `most_ms` is the server's limit.
    pub(crate) fn parse(
        query: &Query,
        headers: &HeaderMap,
        form: Form,
        most_ms: u64,
    ) -> Answer<Wanted> {
        let policies = [
            ("continue", GapPolicy::Continue),
            ("error", GapPolicy::Error),
            ("event", GapPolicy::Event),
        ];
        let policies = match form {
            // There is no place in the frames for anything but messages.
            Form::Lite3 => &policies[..1],
            Form::Lines | Form::Control | Form::Events => &policies[..],
        };
        let gap = query.word("gap_policy", policies)?.unwrap_or_default();
        let timeout_ms: Option<u64> = query.number("timeout_ms")?;
        let life_ms = timeout_ms.unwrap_or(most_ms);
        if life_ms > most_ms {
            return Err(Refusal::usage(format!(
                "timeout_ms is {life_ms}, and this server allows at most {most_ms}"
            ))
            .with_hint("ask again from the next seq when the stream ends"));
        }
        let heartbeat: Option<u64> = query.number("heartbeat_ms")?;
        if heartbeat.is_some_and(|ms| ms < LEAST_BEAT_MS) {
            return Err(Refusal::usage(format!(
                "heartbeat_ms is to be at least {LEAST_BEAT_MS}"
            )));
        }
        if heartbeat.is_some() && form == Form::Lite3 {
            return Err(Refusal::usage(
                "heartbeat_ms is for tail_lite3 only with control, since its frames are all messages",
            ));
        }
        let beat = match form {
            Form::Events => Some(heartbeat.map_or(EVENT_BEAT, Duration::from_millis)),
            Form::Lines | Form::Lite3 | Form::Control => heartbeat.map(Duration::from_millis),
        };
        let from = match (form, last_event_id(headers)?) {
            (Form::Events, Some(id)) => Place::After(id),
            _ => Place::parse(query)?,
        };
        let backwards = query.switch("backwards")?;
        let filters = filters(query)?;
        Ok(Wanted {
            from,
            end_seq: query.number("end_seq")?,
            max: query.number("max")?,
            tags: query
                .all("tag")
                // Forms fill in what was left out. A program says what it means.
                .filter(|tag| !tag.is_empty() || form == Form::Control)
                .map(str::to_owned)
                .collect(),
            plain: filters.iter().all(|filter| is_plain(filter)),
            filters,
            gap,
            snapshot: query.switch("snapshot")?,
            backwards,
            life: Duration::from_millis(life_ms),
            has_timeout: timeout_ms.is_some(),
            beat,
        })
    }

    /// Whether messages may be passed over.
    pub(super) fn is_filtered(&self) -> bool {
        !self.tags.is_empty() || !self.filters.is_empty()
    }

    /// Whether the first step has to look for the start, for as long as that takes.
    pub(super) fn searches(&self) -> bool {
        matches!(self.from, Place::Last(_)) && !self.backwards && !self.filters.is_empty()
    }

    /// When a tail that begins now has to end; `found` says whether it knows its start.
    pub(super) fn deadline(&self, found: bool) -> Option<Instant> {
        (found || self.has_timeout).then(|| Instant::now() + self.life)
    }

    /// When one that sends something now is to give a sign of life.
    pub(super) fn next_beat(&self) -> Option<Instant> {
        self.beat.map(|beat| Instant::now() + beat)
    }

    /// Opens the stream.
    pub(super) fn open(&self, pool: &Pool) -> Result<Stream> {
        let start = match &self.from {
            Place::Oldest => Start::Oldest,
            Place::Now => Start::Now,
            Place::Last(count) => Start::Last(*count),
            Place::Seq(seq) => Start::Seq(*seq),
            Place::Time(time_ns) => Start::Time(*time_ns),
            Place::Token(token) => Start::Token(token),
            Place::After(seq) if self.backwards => Start::Seq(seq.saturating_sub(1)),
            // A client that has seen more than there is saw another pool of this name, or what a crash took.
            Place::After(seq) if *seq > pool.bounds()?.newest => Start::Oldest,
            Place::After(seq) => Start::Seq(seq.saturating_add(1)),
        };
        // The expressions come from strangers: none may call itself.
        let strict = FilterOptions::new().no_recursion(true);
        let filters: Vec<Filter> = self
            .filters
            .iter()
            .map(|expression| Filter::with(expression, &strict))
            .collect::<Result<_>>()?;
        let mut options = TailOptions::new()
            .start(start)
            .gap(self.gap)
            .snapshot(self.snapshot)
            .backwards(self.backwards);
        for tag in &self.tags {
            options = options.tag(tag);
        }
        for filter in &filters {
            options = options.filter(filter);
        }
        if let Some(seq) = self.end_seq {
            options = options.end_seq(seq);
        }
        if let Some(max) = self.max {
            options = options.max(max);
        }
        pool.tail(&options)
    }
}

impl Place {
    fn parse(query: &Query) -> Answer<Place> {
        let starts = [("oldest", false), ("now", true)];
        let found = [
            query.number("since_seq")?.map(Place::Seq),
            query.number("tail")?.map(Place::Last),
            query
                .one("since")?
                .map(moment)
                .transpose()?
                .map(Place::Time),
            query
                .word("start", &starts)?
                .map(|now| if now { Place::Now } else { Place::Oldest }),
            query
                .one("resume")?
                .map(|token| Place::Token(token.to_owned())),
        ];
        let mut found = found.into_iter().flatten();
        match (found.next(), found.next()) {
            (None, _) => Ok(Place::Oldest),
            (Some(from), None) => Ok(from),
            (Some(_), Some(_)) => Err(Refusal::usage(
                "only one of since_seq, tail, since, start and resume says where to start",
            )),
        }
    }
}

/// The expressions of `where`.
fn filters(query: &Query) -> Answer<Vec<String>> {
    let filters: Vec<String> = query.all("where").map(str::to_owned).collect();
    match filters.len() > MOST_FILTERS {
        true => Err(Refusal::usage(format!(
            "where is given {} times, and may be given {MOST_FILTERS} times",
            filters.len()
        ))),
        false => Ok(filters),
    }
}

/// The seq of the last event that a client has seen; what is no seq of ours does not count.
fn last_event_id(headers: &HeaderMap) -> Answer<Option<u64>> {
    let Some(id) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let id = id.to_str().unwrap_or("").trim();
    match (id, id.parse()) {
        ("", _) => Ok(None),
        (_, Ok(seq)) => Ok(Some(seq)),
        (_, Err(_)) => Err(Refusal::usage(format!(
            "last-event-id is to be a seq, and is {id:?}"
        ))),
    }
}

/// A time: RFC 3339, or how long ago, in ns since 1970.
pub(crate) fn moment(text: &str) -> Answer<u64> {
    if let Ok(ago) = parse_duration(text) {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let time = now.saturating_sub(ago).as_nanos();
        return Ok(u64::try_from(time).unwrap_or(u64::MAX));
    }
    // A blank may stand for the `T`; elsewhere it was a `+` that nobody had encoded.
    let standard: String = text
        .char_indices()
        .map(|(place, character)| match (character, place) {
            (' ', 10) => 'T',
            (' ', _) => '+',
            (other, _) => other,
        })
        .collect();
    parse_time(&standard).map_err(|_| {
        Refusal::usage(format!(
            "since is to be an age like 30m, or a time like 2026-01-02T03:04:05Z, and is {text:?}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str, form: Form) -> Answer<Wanted> {
        let query = Query::parse(Some(query), crate::serve::routes::tail::QUERY);
        Wanted::parse(&query, &HeaderMap::new(), form, 30_000)
    }

    #[test]
    fn starts() {
        for (query, from) in [
            ("", Place::Oldest),
            ("start=now", Place::Now),
            ("start=oldest", Place::Oldest),
            ("tail=3", Place::Last(3)),
            ("since_seq=7", Place::Seq(7)),
            ("since_seq=0", Place::Seq(0)),
            ("since=1970-01-01T00:00:05Z", Place::Time(5_000_000_000)),
            (
                "since=1970-01-01T01:00:05+01:00",
                Place::Time(5_000_000_000),
            ),
            ("since=1970-01-01+00:00:05Z", Place::Time(5_000_000_000)),
            ("resume=abc", Place::Token("abc".into())),
        ] {
            assert_eq!(parse(query, Form::Lines).unwrap().from, from, "{query}");
        }
        assert!(matches!(
            parse("since=30m", Form::Lines).unwrap().from,
            Place::Time(1..)
        ));
        for bad in [
            "start=never",
            "tail=-1",
            "tail=x",
            "since=5é",
            "since=30",
            "since_seq=1&tail=1",
            "since_seq=1&since_seq=2",
            "since_seq=",
        ] {
            assert!(parse(bad, Form::Lines).is_err(), "{bad}");
        }
    }

    #[test]
    fn policies_and_times() {
        assert_eq!(
            parse("gap_policy=error", Form::Lines).unwrap().gap,
            GapPolicy::Error
        );
        assert!(parse("gap_policy=error", Form::Lite3).is_err());
        assert!(parse("gap_policy=continue", Form::Lite3).is_ok());
        assert_eq!(
            parse("gap_policy=event", Form::Control).unwrap().gap,
            GapPolicy::Event
        );
        assert!(parse("heartbeat_ms=1000", Form::Control)
            .unwrap()
            .beat
            .is_some());
        assert!(parse("gap_policy=what", Form::Events).is_err());
        assert_eq!(
            parse("timeout_ms=30000", Form::Lines).unwrap().life,
            Duration::from_secs(30)
        );
        assert!(parse("timeout_ms=30001", Form::Lines).is_err());
        assert!(parse("heartbeat_ms=1", Form::Lines).is_err());
        assert!(parse("heartbeat_ms=1000", Form::Lite3).is_err());
        assert!(parse("", Form::Lines).unwrap().beat.is_none());
        assert!(parse("", Form::Events).unwrap().beat.is_some());
    }

    #[test]
    fn resuming() {
        let mut headers = HeaderMap::new();
        headers.insert("last-event-id", "41".parse().unwrap());
        let query = Query::parse(Some("tail=5"), crate::serve::routes::tail::QUERY);
        let wanted = Wanted::parse(&query, &headers, Form::Events, 1).unwrap();
        assert_eq!(wanted.from, Place::After(41));
        let wanted = Wanted::parse(&query, &headers, Form::Lines, 1).unwrap();
        assert_eq!(wanted.from, Place::Last(5), "only events have ids");
        headers.insert("last-event-id", "x".parse().unwrap());
        assert!(Wanted::parse(&query, &headers, Form::Events, 1).is_err());
    }
}
