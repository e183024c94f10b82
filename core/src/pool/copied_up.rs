//! Readers of a pool that lay in a lower layer of an overlay when they opened it.
//!
//! The first process that opens such a file for writing makes the overlay copy it into the upper layer. Reads through an old
//! descriptor go to the copy from then on; an old mapping stays with the original, in which nothing happens any
//! more. So a reader on such a file system compares the two, and when they differ maps the copy in the place of
//! the original: to whoever is reading that looks as if the writers had been quick.

use std::os::unix::fs::FileExt;

use crate::error::{Error, Result};
use crate::format::control::{Control, Hot, Recovery, STATE_DELETED};
use crate::format::geometry::CONTROL_OFFSET;
use crate::pool::Pool;
use crate::sys::atomic::{fence, Ordering};

const RECOVERY: usize = std::mem::offset_of!(Control, recovery);

impl Pool {
    /// Sees to it that the mapping is of the file that writers use.
    ///
    /// # Errors
    /// Io, Permission.
    #[inline]
    pub(crate) fn follow_copy_up(&self) -> Result<()> {
        if self.shared().copies_up.load(Ordering::Relaxed) {
            return self.look_for_copy();
        }
        Ok(())
    }

    #[cold]
    fn look_for_copy(&self) -> Result<()> {
        let failed = |error| Error::from_io(&error, "look at the pool").with_path(self.path());
        let shared = self.shared();
        if !self.is_behind_file().map_err(failed)? {
            return Ok(());
        }
        // A descriptor of before the copying would be mapped as the original again.
        let copy = shared.reopen_for_reading().map_err(failed)?;
        let mapping = shared.ring().memory.mapping();
        mapping.replace(&copy).map_err(failed)?;
        shared.copies_up.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the file has words that can only be later than those in the mapping.
    fn is_behind_file(&self) -> std::io::Result<bool> {
        let mut bytes = [0; RECOVERY + std::mem::size_of::<Recovery>()];
        self.shared()
            .file()
            .read_exact_at(&mut bytes, CONTROL_OFFSET)?;
        // The mapping after the file: if they are the same pages, it cannot be behind.
        fence(Ordering::SeqCst);
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let control = self.shared().ring().memory.control_in_file();
        let generation = word(RECOVERY + std::mem::offset_of!(Recovery, generation));
        let head = word(std::mem::offset_of!(Hot, head));
        let state = word(std::mem::offset_of!(Hot, state)) as u32;
        Ok(
            generation > control.recovery.generation.load(Ordering::Acquire)
                || head > control.hot.head.load(Ordering::Acquire)
                || (state == STATE_DELETED && control.hot.state.load(Ordering::Acquire) != state),
        )
    }
}
