//! A line to type on at the bottom of the terminal, while messages go by above it.
//!
//! [`open`] puts the line there. From then on [`aside`], through which all output goes, takes it away before something
//! is printed and draws it again below. The [`Screen`] gives the terminal back when it is dropped; signals that stop
//! or end the process give it back as well.

mod keys;
mod line;
mod screen;
mod signals;
mod text;

pub(super) use screen::{aside, columns, open, Keyboard};
pub(super) use text::printable;
