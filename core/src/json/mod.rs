//! JSON text to Lite3 and back.
//!
//! Text comes in by RFC 8259, in UTF-8, without extensions. Every value comes out equal:
//!
//! - Integers from -2^63 to 2^64-1 are exact; all other numbers are doubles, correctly rounded. A
//!   number too large for a double is refused. `-0` is the double -0.0.
//! - A key that comes twice keeps its first place and its last value. Keys keep their order.
//! - Lone surrogate escapes and bytes that are not UTF-8 are refused; U+0000 is a character like any other.
//! - Arrays and objects nest up to [`MAX_DEPTH`](crate::limits::MAX_DEPTH).
//!
//! What Lite3 cannot hold exactly is kept as canonical text: compact, numbers and escapes in their
//! output form, so that it can be copied out as it is.

mod encode;
mod escape;
mod fault;
mod number;
mod object;
mod parse;
mod parts;
mod scan;
mod text;
mod write;

pub(crate) use encode::{build_value, Stop};
pub use encode::{Encoded, Encoder};
pub(crate) use escape::escaped_len;
pub use escape::write_string;
pub(crate) use fault::in_input;
pub use object::{object, Members};
pub use parts::{string_value, Part, Parts};
pub(crate) use scan::string_run;
pub use text::{validate, validate_around};
pub use write::write_lite3;
