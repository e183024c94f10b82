//! Batches of messages, and the tool that reads them.

use super::arguments::{Arguments, Taken};
use super::outcome::{Done, Outcome};
use super::tools::{missing, CHECK_NAME};
use crate::json;
use crate::serve::error::Answer;
use crate::serve::pools::OpenPool;
use crate::serve::state::State;
use crate::serve::tail::{Collar, Leash};
use crate::{
    Error, ErrorKind, Filter, GapPolicy, Next, Part, Pool, Start, TailOptions, View, Wait,
};
use std::future::Future;
use std::pin::{pin, Pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, sleep_until, Instant};

/// For which a batch is looked for; it then has what was found.
const LONGEST: Duration = Duration::from_secs(10);
/// For the last look at the end of a wait.
pub(super) const LAST: Duration = Duration::from_millis(200);

/// Most messages of a batch, and how many it has unless told.
pub(super) const MOST: u64 = 200;
pub(super) const USUAL: u64 = 20;

/// Most MiB of a batch's messages, since an answer is made in memory as a whole. One message there always is.
pub(super) const MOST_MIB: usize = 2;

/// Which messages are wanted.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) count: u64,
    /// Nothing older than this, in ns since 1970.
    pub(super) since: Option<u64>,
    pub(super) tags: Vec<String>,
    pub(super) filter: Option<Filter>,
}

impl Selection {
    /// The newest few.
    pub(super) fn newest() -> Selection {
        Selection {
            count: USUAL,
            since: None,
            tags: Vec::new(),
            filter: None,
        }
    }

    /// The arguments that all batches have.
    pub(super) fn take(arguments: &mut Arguments<'_>) -> Taken<Selection> {
        Ok(Selection {
            count: arguments.number("count", 1, MOST)?.unwrap_or(USUAL),
            since: None,
            tags: arguments.tags()?,
            filter: arguments.filter("where")?,
        })
    }

    /// Whether messages may be passed over.
    fn is_filtered(&self) -> bool {
        !self.tags.is_empty() || self.filter.is_some()
    }

    fn options(&self) -> TailOptions<'_> {
        let mut options = TailOptions::new();
        for tag in &self.tags {
            options = options.tag(tag);
        }
        match &self.filter {
            Some(filter) => options.filter(filter),
            None => options,
        }
    }
}

/// Messages of a pool, by rising seq, and where to go on.
#[derive(Debug, Default)]
pub(super) struct Batch {
    messages: Vec<Vec<u8>>,
    /// The highest seq that was looked at.
    pub(super) next_after: Option<u64>,
    last: Option<u64>,
    oldest: Option<u64>,
    newest: Option<u64>,
    pub(super) fell_behind: bool,
    /// Whether its time was up before it had all that is wanted of what there is.
    pub(super) cut: bool,
    /// What is to be told of messages that did not fit.
    left_out: Option<&'static str>,
    bytes: usize,
}

impl Batch {
    fn new(pool: &Pool) -> Result<Batch, Error> {
        let bounds = pool.bounds()?;
        let held = bounds.count > 0;
        Ok(Batch {
            oldest: held.then_some(bounds.oldest),
            newest: held.then_some(bounds.newest),
            ..Batch::default()
        })
    }

    /// Without a look: the place to go on at is where it was.
    fn unread(pool: &Pool, after: u64) -> Result<Batch, Error> {
        Ok(Batch {
            next_after: Some(after),
            cut: true,
            ..Batch::new(pool)?
        })
    }

    /// The newest that are wanted. The collar is for the stream that looks for them.
    fn newest(pool: &Pool, wanted: &Selection, collar: &Collar) -> Result<Batch, Error> {
        let mut batch = Batch::new(pool)?;
        batch.next_after = batch.newest;
        let Some(newest) = batch.newest else {
            return Ok(batch);
        };
        let from = wanted.since.map_or(Start::Oldest, Start::Time);
        let options = wanted.options().start(from).backwards(true);
        let mut stream = pool.tail(&options)?;
        collar.fasten(&stream);
        while (batch.messages.len() as u64) < wanted.count {
            match stream.next(Wait::Try)? {
                // Appended since the bounds were taken.
                Next::Message(view) if view.seq() > newest => {}
                Next::Message(view) => {
                    if !batch.add(&view)? {
                        batch.left_out = Some("Older ones that match did not fit into one answer.");
                        break;
                    }
                }
                Next::Gap(_) => {}
                Next::Cancelled => {
                    batch.cut = true;
                    break;
                }
                _ => break,
            }
        }
        batch.messages.reverse();
        Ok(batch)
    }

    /// The first that are wanted after a seq, out of what is there.
    fn after(pool: &Pool, after: u64, wanted: &Selection, collar: &Collar) -> Result<Batch, Error> {
        let mut batch = Batch::new(pool)?;
        batch.next_after = Some(after);
        let Some(newest) = batch.newest.filter(|newest| *newest > after) else {
            return Ok(batch);
        };
        batch.fell_behind = batch.oldest.is_some_and(|oldest| oldest > after + 1);
        let options = wanted
            .options()
            .start(Start::Seq(after + 1))
            .end_seq(newest)
            .gap(GapPolicy::Event);
        let mut stream = pool.tail(&options)?;
        collar.fasten(&stream);
        batch.next_after = Some(newest);
        loop {
            match stream.next(Wait::Try)? {
                Next::Message(view) if wanted.since.is_some_and(|since| view.time_ns() < since) => {
                }
                Next::Message(view) => {
                    if !batch.add(&view)? {
                        batch.left_out = Some(
                            "The next ones did not fit into one answer: give next_after_seq back as after_seq.",
                        );
                        batch.next_after = Some(view.seq() - 1);
                        break;
                    }
                    if batch.messages.len() as u64 == wanted.count {
                        batch.next_after = batch.last;
                        break;
                    }
                }
                Next::Gap(_) => batch.fell_behind = true,
                Next::Cancelled => {
                    // Behind what was looked at, which may lie before the first seq that is there.
                    let looked = stream.stats()?.next_seq.saturating_sub(1);
                    batch.next_after = Some(looked.clamp(after, newest));
                    batch.cut = true;
                    break;
                }
                _ => break,
            }
        }
        Ok(batch)
    }

    /// Takes a message; false when it does not fit any more.
    fn add(&mut self, view: &View<'_>) -> Result<bool, Error> {
        let mut message = Vec::new();
        view.write_json(Part::Envelope, &mut message)?;
        let bytes = self.bytes + message.len();
        if !self.messages.is_empty() && bytes > MOST_MIB << 20 {
            return Ok(false);
        }
        self.bytes = bytes;
        self.messages.push(message);
        self.last = self.last.max(Some(view.seq()));
        Ok(true)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// As JSON; a wait also says whether its time ran out.
    pub(super) fn json(&self, timed_out: Option<bool>) -> Vec<u8> {
        let size: usize = self.messages.iter().map(|message| message.len() + 1).sum();
        let mut out = Vec::with_capacity(size + 200);
        let truth = |value: bool| if value { &b"true"[..] } else { b"false" };
        json::object(&mut out, |top| {
            top.member("messages", |out| {
                json::array(&self.messages, out, |message, out| {
                    out.extend_from_slice(message)
                });
            });
            for (name, number) in [
                ("next_after_seq", self.next_after),
                ("last_returned_seq", self.last),
                ("oldest_available_seq", self.oldest),
                ("newest_available_seq", self.newest),
            ] {
                match number {
                    Some(number) => top.number(name, number),
                    None => top.member(name, |out| out.extend_from_slice(b"null")),
                };
            }
            top.member("fell_behind", |out| {
                out.extend_from_slice(truth(self.fell_behind))
            });
            if let Some(timed_out) = timed_out {
                top.member("timed_out", |out| out.extend_from_slice(truth(timed_out)));
            }
        });
        out
    }
}

/// A batch, read where that may take its time. It ends early when nobody waits for it any more, when its time is up
/// and when the server stops.
///
/// # Errors
/// Busy when its time was up before there was a place to read.
pub(super) async fn batch(
    state: &State,
    open: &Arc<OpenPool>,
    after: Option<u64>,
    wanted: &Arc<Selection>,
) -> Answer<Batch> {
    let until = Instant::now() + LONGEST;
    match wanted.is_filtered() {
        true => match read_until(state, open, after, wanted, until).await? {
            Some(batch) => Ok(batch),
            None => Err(Error::new(
                ErrorKind::Busy,
                "the server is busy: as many searches as there may be are running",
            )
            .with_hint("try again in a moment")
            .into()),
        },
        false => {
            let leash = Leash::default();
            let read = reading(open, after, wanted, leash.collar());
            let read = pin!(state.storage.run(read));
            Ok(on_leash(state, read, leash, until).await?)
        }
    }
}

/// A batch for someone who waits until then: never refused because much else is going on.
pub(super) async fn batch_after(
    state: &State,
    open: &Arc<OpenPool>,
    after: u64,
    wanted: &Arc<Selection>,
    until: Instant,
) -> Answer<Batch> {
    // Nothing new costs one look, which needs no other thread.
    if open.pool.bounds()?.newest <= after {
        let leash = Leash::default();
        return Ok(Batch::after(&open.pool, after, wanted, &leash.collar())?);
    }
    match read_until(state, open, Some(after), wanted, until).await? {
        Some(batch) => Ok(batch),
        None => Ok(Batch::unread(&open.pool, after)?),
    }
}

/// A batch read at a place of a scan; `None` when there was none until then.
async fn read_until(
    state: &State,
    open: &Arc<OpenPool>,
    after: Option<u64>,
    wanted: &Arc<Selection>,
    until: Instant,
) -> Answer<Option<Batch>> {
    let mut stopping = state.stopping.clone();
    let place = tokio::select! {
        // What is free now is taken, also when the time is up.
        biased;
        place = state.storage.scan_place() => place?,
        () = sleep_until(until) => return Ok(None),
        () = stopping.came() => return Ok(None),
    };
    let leash = Leash::default();
    let read = pin!(place.run(reading(open, after, wanted, leash.collar())));
    on_leash(state, read, leash, until).await.map(Some)
}

fn reading(
    open: &Arc<OpenPool>,
    after: Option<u64>,
    wanted: &Arc<Selection>,
    collar: Collar,
) -> impl FnOnce() -> Result<Batch, Error> + Send + 'static {
    let (open, wanted) = (Arc::clone(open), Arc::clone(wanted));
    move || match after {
        Some(after) => Batch::after(&open.pool, after, &wanted, &collar),
        None => Batch::newest(&open.pool, &wanted, &collar),
    }
}

/// Waits for a read, and pulls its leash when it is to end. When the client goes away this future does, and the leash
/// with it.
async fn on_leash(
    state: &State,
    mut read: Pin<&mut impl Future<Output = Answer<Batch>>>,
    leash: Leash,
    until: Instant,
) -> Answer<Batch> {
    let mut stopping = state.stopping.clone();
    // A server that stops still gives what is found at once.
    let stopped = async {
        stopping.came().await;
        sleep(LAST).await;
    };
    tokio::select! {
        read = &mut read => return read,
        () = sleep_until(until) => {}
        () = stopped => {}
    }
    leash.pull();
    read.await
}

/// `plasmite_read`
pub(super) async fn read(state: &Arc<State>, mut arguments: Arguments<'_>) -> Outcome {
    let name = arguments.pool("pool")?;
    let after = arguments.number("after_seq", 0, u64::MAX)?;
    let since = arguments.moment("since")?;
    let selection = Selection::take(&mut arguments)?;
    arguments.end()?;
    let selection = Arc::new(Selection { since, ..selection });
    let open = state
        .pools
        .get(&state.storage, &name)
        .await
        .map_err(|refusal| missing(refusal.error, CHECK_NAME))?;
    let batch = batch(state, &open, after, &selection)
        .await
        .map_err(|refusal| gone(refusal.error))?;
    Ok(Done {
        text: told(&batch, &name),
        content: batch.json(None),
    })
}

/// A pool that went while it was read.
pub(super) fn gone(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => missing(error, CHECK_NAME),
        _ => error,
    }
}

/// What was found, in a sentence.
pub(super) fn told(batch: &Batch, name: &str) -> String {
    let mut text = match batch.len() {
        0 => format!("No message of the pool {name:?} matches."),
        1 => format!("1 message of the pool {name:?}."),
        count => format!("{count} messages of the pool {name:?}."),
    };
    if let Some(left_out) = batch.left_out {
        text.push(' ');
        text.push_str(left_out);
    }
    if batch.cut {
        text.push_str(" Its time was up before all messages were looked at.");
    }
    if batch.fell_behind {
        text.push_str(" Others before them were overwritten.");
    }
    text
}
