//! The control page: the few words of a pool that change.

use crate::format::past::Past;
use crate::sys::atomic::{fence, AtomicU32, AtomicU64, Ordering};

/// The pool has been deleted; its file only waits to be unlinked. Many bits away from any other state,
/// so that damage to a word does not delete a pool.
pub const STATE_DELETED: u32 = 0x6465_6c21;

/// The tail while a recovery stores the other words: behind every head, so that nothing is retained, and no tail that a writer
/// leaves. If it is still there, the recovery was broken off.
pub const BROKEN_OFF: u64 = 1 << 63;

/// "Nobody waits" in [`Control::wanted`].
pub const WANTED_NONE: u64 = u64::MAX;

/// The words that every append touches.
///
/// All but `tail` share one cache line on purpose: lock and publish then cost a writer one line
/// transfer when another core had it, instead of one each.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Hot {
    /// Writer lock: 0 when free, else the owner's 31-bit id and the bit "someone waits".
    pub lock: AtomicU32,
    /// What sleeping readers sleep on; changes whenever they are to be woken.
    pub epoch: AtomicU32,
    /// Position after the newest committed frame. Storing it is the commit.
    pub head: AtomicU64,
    unused: AtomicU64,
    /// Seq of the next message. A hint for writers; the frame before `head` is the truth.
    pub next_seq: AtomicU64,
    /// Time of the newest message in ns, under which no later one may fall.
    pub last_time: AtomicU64,
    /// Lowest seq that any sleeping reader waits for.
    pub wanted: AtomicU64,
    /// [`STATE_DELETED`], or not deleted, whatever else it is.
    pub state: AtomicU32,
    /// Changes when a flush ends; flushers that wait for another's sync sleep on it.
    pub sync_epoch: AtomicU32,
    unused_end: AtomicU64,
    /// Position of the oldest retained frame. On a line of its own and moved in strides: every look at a
    /// message ends with a look at it, which must not take the other words' line from the writers.
    pub tail: AtomicU64,
    unused_line: [AtomicU64; 7],
}

/// The words that recovery goes by, all in one 512-byte sector: the disk writes it whole or not.
#[derive(Debug)]
#[repr(C, align(512))]
pub struct Recovery {
    /// Everything before this position was on the disk when the last sync ended.
    pub synced: AtomicU64,
    /// The value `synced` had before that sync began, which is therefore surely on the disk itself.
    pub synced_before: AtomicU64,
    /// No seq at or below it is ever given again: that of the newest message before `synced`, or of the newest that a
    /// recovery knows to be lost.
    pub synced_seq: AtomicU64,
    /// How often recovery may have taken anything back from readers.
    pub generation: AtomicU64,
    /// Boot in which the pool was last found good.
    pub boot: [AtomicU64; 2],
    /// Device of the file then.
    pub device: AtomicU64,
    /// Inode of the file then.
    pub inode: AtomicU64,
    /// Not 0: a sync failed, and the kernel may have dropped what it should have written.
    pub sync_failed: AtomicU64,
    /// Messages that the last sync made durable; a hint for gathering more.
    pub sync_group: AtomicU64,
    /// Next seq that the last recovery found. What readers saw from it on in an earlier generation
    /// is lost, and its seqs may be given again. Stored before the generation that it belongs to.
    pub recovered_next: AtomicU64,
    /// The tail that the last recovery found. Of messages with seqs below `parted_next` it kept those from here to
    /// `synced`, and cut off all others. This word is stored before `synced`, the other when the next seq is on the disk.
    pub parted_from: AtomicU64,
    /// See `parted_from`.
    pub parted_next: AtomicU64,
    /// What recoveries found, for tokens of before them; see [`Past`](super::past).
    pub past: Past,
    /// Before the tail that recoveries found lie, from here to `left_out_to`, intact messages which damage parts from
    /// what they kept. None when it is not below that.
    pub left_out_from: AtomicU64,
    /// See `left_out_from`.
    pub left_out_to: AtomicU64,
}

/// Where a pool was last found good: as which file, and in which boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// The boot.
    pub boot: [u64; 2],
    /// Device of the file.
    pub device: u64,
    /// Inode of the file.
    pub inode: u64,
}

impl Recovery {
    /// Whether the pool was last found good there. Whatever is looked at after a yes is what that recovery left, or later.
    pub fn is_at_home(&self, home: &Home) -> bool {
        let at_home = self.boot[0].load(Ordering::Relaxed) == home.boot[0]
            && self.boot[1].load(Ordering::Relaxed) == home.boot[1]
            && self.device.load(Ordering::Relaxed) == home.device
            && self.inode.load(Ordering::Relaxed) == home.inode;
        // Of a copy in the same boot the first word may be of before the recovery, and the inode alone tell of it.
        fence(Ordering::Acquire);
        at_home
    }

    /// Begins the generation after this one, with what the recovery found.
    pub fn note_recovery(&self, generation: u64, next_seq: u64) {
        let next_before = self.recovered_next.load(Ordering::Relaxed);
        if generation > 0 && next_before > 0 && !self.past.knows(generation) {
            // By a build that left no more than this.
            self.past.note(generation, next_before);
        }
        let new = generation.wrapping_add(1);
        self.past.note(new, next_seq);
        self.recovered_next.store(next_seq, Ordering::Relaxed);
        self.generation.store(new, Ordering::Release);
    }

    /// The next seq found by the recoveries since a generation, the lowest of those that are known; `None` when there was
    /// none.
    pub fn lowest_since(&self, generation: u64) -> Option<u64> {
        // Acquire: what the recovery of this generation found is there, or of a later one.
        let now = self.generation.load(Ordering::Acquire);
        if generation == now {
            return None;
        }
        let last = self.recovered_next.load(Ordering::Relaxed);
        // One that is yet to come is of a life of the pool that a restored copy has taken back: none is known to be of
        // both lives.
        let after = if generation < now { generation } else { 0 };
        let known = self.past.lowest(after, now);
        Some(known.map_or(last, |known| known.min(last)).max(1))
    }

    /// Says that the pool is not known to be good there, before anything that is stored after this.
    pub fn leave_home(&self, home: &Home) {
        self.boot[0].store(!home.boot[0], Ordering::Relaxed);
        fence(Ordering::Release);
    }

    /// Says that the pool is good there; the words that decide it are stored last.
    pub fn come_home(&self, home: &Home) {
        // Not at home while only some of the words are new, whichever of them differ.
        self.leave_home(home);
        self.boot[1].store(home.boot[1], Ordering::Relaxed);
        self.device.store(home.device, Ordering::Relaxed);
        self.inode.store(home.inode, Ordering::Relaxed);
        self.boot[0].store(home.boot[0], Ordering::Release);
    }
}

/// The whole page.
#[derive(Debug)]
#[repr(C)]
pub struct Control {
    /// Touched by every append.
    pub hot: Hot,
    /// Touched by flush, open and recovery.
    pub recovery: Recovery,
}

impl Control {
    /// A page as a new pool has it.
    pub fn new() -> Control {
        let zero = || AtomicU64::new(0);
        Control {
            hot: Hot {
                lock: AtomicU32::new(0),
                epoch: AtomicU32::new(0),
                head: zero(),
                unused: zero(),
                next_seq: AtomicU64::new(1),
                last_time: zero(),
                wanted: AtomicU64::new(WANTED_NONE),
                state: AtomicU32::new(0),
                sync_epoch: AtomicU32::new(0),
                unused_end: zero(),
                tail: zero(),
                unused_line: std::array::from_fn(|_| zero()),
            },
            recovery: Recovery {
                synced: zero(),
                synced_before: zero(),
                synced_seq: zero(),
                generation: zero(),
                boot: [zero(), zero()],
                device: zero(),
                inode: zero(),
                sync_failed: zero(),
                sync_group: zero(),
                recovered_next: zero(),
                parted_from: zero(),
                parted_next: zero(),
                past: Past::new(),
                left_out_from: zero(),
                left_out_to: zero(),
            },
        }
    }
}

impl Default for Control {
    fn default() -> Control {
        Control::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn words_lie_where_the_format_says() {
        assert_eq!(offset_of!(Control, hot), 0);
        assert_eq!(offset_of!(Hot, epoch), 4);
        assert_eq!(offset_of!(Hot, head), 8);
        assert_eq!(offset_of!(Hot, tail), 64);
        assert_eq!(offset_of!(Hot, next_seq), 24);
        assert_eq!(offset_of!(Hot, last_time), 32);
        assert_eq!(offset_of!(Hot, wanted), 40);
        assert_eq!(offset_of!(Hot, state), 48);
        assert_eq!(offset_of!(Hot, sync_epoch), 52);
        assert_eq!(std::mem::size_of::<Hot>(), 128);
        assert_eq!(offset_of!(Control, recovery), 512);
        assert_eq!(offset_of!(Recovery, inode), 56);
        assert_eq!(offset_of!(Recovery, sync_group), 72);
        assert_eq!(offset_of!(Recovery, recovered_next), 80);
        assert_eq!(offset_of!(Recovery, parted_from), 88);
        assert_eq!(offset_of!(Recovery, parted_next), 96);
        assert_eq!(offset_of!(Recovery, past), 104);
        assert_eq!(std::mem::size_of::<Past>(), 256);
        assert_eq!(offset_of!(Recovery, left_out_from), 360);
        assert_eq!(offset_of!(Recovery, left_out_to), 368);
        assert_eq!(std::mem::size_of::<Recovery>(), 512);
        assert!(std::mem::size_of::<Control>() <= 4096);
    }
}
