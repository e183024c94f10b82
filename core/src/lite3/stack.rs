//! A stack that lives on the thread's stack until it outgrows `N` items.

use crate::error::Result;
use crate::room;

/// Holds up to `N` items inline, all of them on the heap beyond that: no allocation for small documents.
pub(crate) struct InlineStack<T, const N: usize> {
    inline: [T; N],
    len: usize,
    heap: Vec<T>,
}

impl<T: Copy + Default, const N: usize> InlineStack<T, N> {
    #[inline]
    pub(crate) fn new() -> Self {
        InlineStack {
            inline: [T::default(); N],
            len: 0,
            heap: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        if self.heap.is_empty() && self.len < N {
            self.inline[self.len] = item;
        } else {
            self.push_heap(item);
        }
        self.len += 1;
    }

    #[cold]
    fn push_heap(&mut self, item: T) {
        if self.heap.is_empty() {
            self.heap.extend_from_slice(&self.inline[..self.len]);
        }
        self.heap.push(item);
    }

    /// Makes sure that so many items more can be pushed without memory being asked for.
    ///
    /// # Errors
    /// Io when there is no memory for them.
    #[inline]
    pub(crate) fn reserve(&mut self, more: usize) -> Result<()> {
        let items = match self.heap.is_empty() {
            true => self.len,
            false => 0,
        };
        room::make(&mut self.heap, items + more)
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let last = self.len.checked_sub(1)?;
        self.len = last;
        if self.heap.is_empty() {
            Some(self.inline[last])
        } else {
            // Emptied, the heap's room is kept in `Vec` but the inline items are used again.
            self.heap.pop()
        }
    }

    /// Keeps the lowest `len` items.
    #[inline]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.heap.truncate(len);
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[T] {
        if self.heap.is_empty() {
            &self.inline[..self.len]
        } else {
            &self.heap
        }
    }

    #[inline]
    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        if self.heap.is_empty() {
            &mut self.inline[..self.len]
        } else {
            &mut self.heap
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaves_like_a_vec_across_the_spill() {
        let mut stack = InlineStack::<u32, 4>::new();
        let mut twin = Vec::new();
        for round in 0..200u32 {
            if round % 23 < 15 {
                stack.push(round);
                twin.push(round);
            } else {
                assert_eq!(stack.pop(), twin.pop());
            }
            if round % 17 == 0 {
                let len = round as usize % 5;
                stack.truncate(len);
                twin.truncate(len);
            }
            assert_eq!(stack.as_slice(), twin.as_slice());
            assert_eq!(stack.as_mut_slice(), twin.as_mut_slice());
            assert_eq!(stack.len(), twin.len());
        }
    }
}
