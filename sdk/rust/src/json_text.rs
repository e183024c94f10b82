//! Values written as JSON text, into a buffer that each thread keeps for the next time; and read from it.

use crate::finite::Finite;
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// A larger buffer is not kept: one large message must not hold its memory for ever.
const KEPT: usize = 64 << 10;

thread_local! {
    static TEXT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends an empty buffer. A value that appends others while it is written finds none, and makes one.
#[inline]
pub(crate) fn with<T>(use_it: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    // While a thread ends its buffer may be gone already.
    let mut text = TEXT.try_with(Cell::take).unwrap_or_default();
    text.clear();
    let result = use_it(&mut text);
    if text.capacity() <= KEPT {
        let _ = TEXT.try_with(|kept| kept.set(text));
    }
    result
}

/// Writes a value behind what the buffer holds.
#[inline]
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, text: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(text, &Finite(value)).map_err(|error| {
        Error::new(
            ErrorKind::Usage,
            format!("the value cannot be written as JSON: {error}"),
        )
    })
}

/// Reads a value from text of the library, which has seen to it that it does not nest too deeply for a release build.
#[inline]
pub(crate) fn read<'de, T: Deserialize<'de>>(
    text: impl serde_json::de::Read<'de>,
) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::new(text);
    // Debug builds keep serde's: see `serde_value::DEEPEST`.
    if !cfg!(debug_assertions) {
        deserializer.disable_recursion_limit();
    }
    let value = T::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}
