//! A pool that a reader opened and nobody has recovered yet, as far as it can tell.
//!
//! Control page and ring may be from different moments then, and the reader may not mend that. It goes by control words of its
//! own where those in the file cannot be trusted, and lends nothing in place: recovery may give positions again without
//! the tail passing them, and nobody moves the tail of a stand-in.

use crate::format::control::{Control, Home};
use crate::sys::atomic::{AtomicBool, Ordering};
use crate::sys::set_once::SetOnce;

/// What the reader saw when it came.
#[derive(Debug)]
pub struct Before {
    /// What recovery, done here, will store in the page.
    home: Home,
    /// What the file had: recovery changes it after the words that readers go by, and before anything is overwritten.
    pub generation: u64,
    /// Tail and head that it had.
    ends: (u64, u64),
    stand_in: SetOnce<Control>,
    over: AtomicBool,
}

impl Before {
    /// Looks at the control page in the file.
    pub fn new(control: &Control, home: Home) -> Before {
        Before {
            home,
            generation: control.recovery.generation.load(Ordering::Acquire),
            ends: ends(control),
            stand_in: SetOnce::new(),
            over: AtomicBool::new(false),
        }
    }

    /// Lets these words stand in for the page. Only the first call counts.
    pub fn stand_in(&self, control: Control) {
        self.stand_in.set(control);
    }

    /// The words to go by, given those in the file.
    #[cold]
    pub fn control<'a>(&'a self, file: &'a Control) -> &'a Control {
        match self.stand_in.get() {
            Some(stand_in) if !self.is_over(file) => stand_in,
            _ => file,
        }
    }

    /// Whether the words in the file are good, and stay so. A reader that has seen anything that was written since, and has
    /// passed an acquire fence, is told so.
    #[cold]
    pub fn is_over(&self, file: &Control) -> bool {
        if self.over.load(Ordering::Acquire) {
            return true;
        }
        let recovery = &file.recovery;
        let over = recovery.is_at_home(&self.home)
            || recovery.generation.load(Ordering::Acquire) != self.generation
            || self.is_written_to(file);
        if over {
            self.over.store(true, Ordering::Release);
        }
        over
    }

    /// Whether somebody appends for whom the pool is at home, who sees another boot id than this reader: in another
    /// container, or where the system tells none. Nobody appends before having seen to it that the pool is good, and
    /// an append leaves other ends. So does a recovery, but with a tail not before the head until both are right. (A tail at
    /// the head is also that of a writer that has reclaimed everything and has not committed yet: a copy that it spoils
    /// meanwhile fails its checksum.)
    fn is_written_to(&self, file: &Control) -> bool {
        let (tail, head) = ends(file);
        tail < head && (tail, head) != self.ends
    }
}

/// Tail and head; the tail is of the same moment or later.
fn ends(control: &Control) -> (u64, u64) {
    let head = control.hot.head.load(Ordering::Acquire);
    (control.hot.tail.load(Ordering::Acquire), head)
}
