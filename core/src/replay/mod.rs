//! Replaying messages with the gaps they once had: when each is due, and waiting for it.
//!
//! [`schedule`] is pure: times of messages and a speed give due times. [`pacer`] adds the clock, sleep and cancel.

mod pacer;
mod schedule;

pub use pacer::{Paced, Pacer};
pub use schedule::Schedule;
