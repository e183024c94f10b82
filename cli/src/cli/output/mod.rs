//! What the commands print, and how.

pub(super) mod bar;
pub(super) mod chat;
pub(super) mod error;
mod hint;
pub(super) mod human;
pub(super) mod message;
pub(super) mod notice;
pub(super) mod paint;
pub(super) mod pretty;
pub(super) mod progress;
pub(super) mod status_line;
pub(super) mod stderr;
pub(super) mod stdout;
pub(super) mod table;
