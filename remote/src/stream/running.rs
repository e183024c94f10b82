//! Beginning, moving and closing a stream: what starts and ends its thread.

use std::sync::mpsc::{self, SyncSender};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use plasmite_core::store::Start;
use plasmite_core::sys::thread;
use plasmite_core::{Error, Result};

use super::frames::Frame;
use super::line::{Connection, Line};
use super::plan::Plan;
use super::reader::Reader;
use super::{lock, State, Stream};

/// A thread with its connections. It gives what another one goes on with, unless it came to the end.
pub(super) struct Running {
    line: Arc<Line>,
    thread: JoinHandle<Option<Plan>>,
}

/// What a thread is to read.
type Task = (Plan, Option<Connection>);

/// For how long closing waits for the thread. It ends at once, unless it is about to connect to a host that is silent; then
/// it ends by itself when that attempt does, without touching anything.
const CLOSING: Duration = Duration::from_millis(100);

impl Stream {
    /// Connects and starts the reader.
    pub(super) fn begin(&self, state: &mut State) -> Result<()> {
        let line = Arc::new(Line::new(&self.pool));
        let mut plan = state.plan.clone();
        let connection = self.connect(&line, &mut plan)?;
        let (running, task) = self.start(line)?;
        self.stands_as(state, &plan);
        self.give(running, &task, (plan, Some(connection)));
        Ok(())
    }

    /// Asks for what is planned, and takes note of where that begins.
    fn connect(&self, line: &Line, plan: &mut Plan) -> Result<Connection> {
        let mut connection = line.connect(plan)?;
        let largest = self.pool.link.settings.largest;
        match connection.next(largest, self.pool.name()) {
            Ok(Frame::Position(place)) => {
                plan.stands_at(place);
                Ok(connection)
            }
            Ok(Frame::Failed(error) | Frame::Broken(error)) => Err(error),
            Ok(_) => Err(Error::usage(
                "the server is too old for this client: its tails do not tell where they stand",
            )
            .with_path(self.pool.name())
            .with_hint("upgrade the server")),
            Err(error) => {
                Err(Error::from_io(&error, "read the answer of the server")
                    .with_path(self.pool.name()))
            }
        }
    }

    /// Starts a thread that waits for its task.
    fn start(&self, line: Arc<Line>) -> Result<(Running, SyncSender<Task>)> {
        let (give, take) = mpsc::sync_channel::<Task>(1);
        let (of_thread, inbox, policy) = (Arc::clone(&line), Arc::clone(&self.inbox), self.policy);
        let thread = thread::spawn("plasmite-tail", None, move || {
            let (plan, connection) = take.recv().ok()?;
            let rest = Reader::new(&of_thread, &inbox, plan, policy).run(connection);
            inbox.end();
            rest
        })
        .map_err(|error| Error::from_io(&error, "start a thread for the stream"))?;
        Ok((Running { line, thread }, give))
    }

    fn give(&self, running: Running, to: &SyncSender<Task>, task: Task) {
        // It waits for nothing else.
        let _ = to.send(task);
        *lock(&self.running) = Some(running);
    }

    fn stands_as(&self, state: &mut State, plan: &Plan) {
        if let Some(place) = plan.position() {
            self.inbox.stand_at(place);
        }
        state.plan = plan.clone();
    }

    /// Goes elsewhere, on a new connection; the maximum begins anew, filters and end stay as they are. When that fails
    /// the stream goes on where it stood.
    ///
    /// # Errors
    /// As [`crate::Pool::tail`].
    pub fn seek(&self, start: &Start) -> Result<()> {
        let mut state = self.state_of_ours()?;
        let mut plan = state.plan.clone();
        plan.go_to(start);
        plan.set_left(self.max);
        let line = Arc::new(Line::new(&self.pool));
        let (running, task) = self.start(Arc::clone(&line))?;
        // The old connection ends first: of those a server has so many, and this stream's may be the last.
        let rest = self.stop().and_then(|old| old.thread.join().ok().flatten());
        match self.connect(&line, &mut plan) {
            Ok(connection) => {
                self.inbox.restart();
                state.done = false;
                state.left = self.max;
                self.stands_as(&mut state, &plan);
                self.give(running, &task, (plan, Some(connection)));
                self.inbox.raise();
                Ok(())
            }
            Err(error) => {
                self.inbox.go_on();
                match rest {
                    Some(rest) => self.give(running, &task, (rest, None)),
                    // It was at its end.
                    None => {
                        drop(task);
                        let _ = running.thread.join();
                    }
                }
                Err(error)
            }
        }
    }

    /// Tells the thread to end.
    fn stop(&self) -> Option<Running> {
        let running = lock(&self.running).take()?;
        self.inbox.stop();
        running.line.break_off();
        Some(running)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.check_process().is_ok() {
            if let Some(running) = self.stop() {
                if self.inbox.wait_ended(CLOSING) {
                    let _ = running.thread.join();
                }
            }
        } else if let Ok(mut running) = self.running.try_lock() {
            // The connections are the parent's, and its thread may hold their lock.
            std::mem::forget(running.take());
        }
    }
}
