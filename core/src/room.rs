//! Memory in amounts that messages decide. Rust's own containers end the process when there is none; whoever may write to a
//! pool must not be able to end its readers by long messages.

use crate::error::{Error, Result};

/// From how many bytes on a message is large. What less takes, a process has left for its own data or it has nothing.
pub const LARGE: usize = 64 << 10;

/// Makes room for so many items more.
///
/// # Errors
/// Io when there is no memory for them; the items are then as before.
#[inline]
pub fn make<T>(items: &mut Vec<T>, more: usize) -> Result<()> {
    if items.capacity() - items.len() >= more {
        return Ok(());
    }
    grow(items, more)
}

/// Twice as much as there was, as a vector does by itself; or what is needed, where there is not that much.
#[cold]
#[inline(never)]
fn grow<T>(items: &mut Vec<T>, more: usize) -> Result<()> {
    items
        .try_reserve(more)
        .or_else(|_| items.try_reserve_exact(more))
        .map_err(|_| {
            let count = items.len().saturating_add(more);
            Error::out_of_memory(count.saturating_mul(size_of::<T>()))
        })
}

/// So many words that are 0.
///
/// # Errors
/// Io when there is no memory for them.
#[inline]
pub fn zeros(count: usize) -> Result<Vec<u64>> {
    if count <= LARGE / 8 {
        return Ok(vec![0; count]);
    }
    let mut words = Vec::new();
    words
        .try_reserve_exact(count)
        .map_err(|_| Error::out_of_memory(count.saturating_mul(8)))?;
    words.resize(count, 0);
    Ok(words)
}

/// Looks whether there is memory for so many bytes just now, before something asks for them that cannot do without.
///
/// # Errors
/// Io when there is not.
pub fn look(bytes: usize) -> Result<()> {
    make(&mut Vec::<u8>::new(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_no_machine_has_is_refused() {
        let most = isize::MAX as usize;
        let mut items = vec![7u8];
        let error = make(&mut items, most - 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.hint().is_some_and(|hint| hint.contains("ulimit -v")));
        assert_eq!(items, [7]);
        assert_eq!(zeros(most / 8).unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(look(most).unwrap_err().kind(), ErrorKind::Io);
        // Lengths whose sum no word can tell.
        assert!(make(&mut vec![7u64], usize::MAX).is_err());
    }

    #[test]
    fn room_is_made_ahead() {
        let mut items = Vec::<u8>::new();
        let mut moves = 0;
        for _ in 0..100_000 {
            let before = items.capacity();
            make(&mut items, 1).unwrap();
            moves += u32::from(items.capacity() != before);
            items.push(1);
        }
        assert!(moves < 30, "{moves}");
        assert_eq!(zeros(100_000).unwrap(), vec![0; 100_000]);
        assert!(look(LARGE).is_ok());
    }
}
