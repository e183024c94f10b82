//! After the machine went down, or the file was copied or restored: make the control words agree
//! with the frames. On a healthy pool this changes nothing but identity and generation; intact messages that the tail had
//! passed already, and nobody has overwritten, are retained again.

use crate::error::{Error, Result};
use crate::format::control::{Control, Home, BROKEN_OFF};
use crate::format::frame::Size;
use crate::limits;
use crate::pool::append::Locked;
use crate::pool::flush::ControlOnDisk;
use crate::pool::left_out::LeftOut;
use crate::pool::owner::LockWait;
use crate::pool::survey::{survey, Survey};
use crate::pool::{signs, Pool};
use crate::ring::before::Before;
use crate::ring::memory::Memory;
use crate::ring::wake;
use crate::sys::atomic::{fence, Ordering};
use crate::sys::log::{self, Level};
use crate::sys::{boot, futex};

impl Pool {
    fn home(&self) -> Home {
        let identity = self.shared().identity();
        Home {
            boot: boot::boot_id(),
            device: identity.device,
            inode: identity.inode,
        }
    }

    /// Whether the pool was last found good in this boot, as this very file.
    pub(crate) fn is_at_home(&self) -> bool {
        let control = self.shared().ring().memory.control_in_file();
        control.recovery.is_at_home(&self.home())
    }

    fn survey(&self) -> Survey {
        let shared = self.shared();
        survey(shared.ring(), !shared.superblock().times_unordered())
    }

    /// For a reader that opens before anybody recovered, as far as it can tell.
    pub(super) fn come_before(&self) -> &Before {
        let memory = &self.shared().ring().memory;
        memory.come_before(|| Before::new(memory.control_in_file(), self.home()))
    }

    /// Lets such a reader go by what recovery will find.
    pub(super) fn stand_in(&self, before: &Before) {
        let found = self.survey();
        let control = Control::new();
        let Control { hot, recovery } = &control;
        hot.tail.store(found.tail, Ordering::Relaxed);
        hot.head.store(found.head, Ordering::Relaxed);
        hot.next_seq.store(found.next_seq, Ordering::Relaxed);
        hot.last_time.store(found.last_time, Ordering::Relaxed);
        let file = &self.shared().ring().memory.control_in_file().recovery;
        let next_before = file.recovered_next.load(Ordering::Relaxed);
        recovery
            .recovered_next
            .store(next_before, Ordering::Relaxed);
        recovery.past.note_all(&file.past);
        recovery.note_recovery(before.generation, found.next_seq);
        before.stand_in(control);
    }

    /// Takes the lock and recovers: after a change of identity, or (`despite_home`) because the control words do not fit the
    /// frames.
    pub(crate) fn recover(&self, despite_home: bool) -> Result<()> {
        let wait = LockWait::For(std::time::Duration::from_millis(
            limits::DEFAULT_LOCK_WAIT_MS,
        ));
        let (mut locked, _) = self.lock_as_it_is(wait)?;
        if self.is_at_home() && !despite_home {
            // Another process was faster; what a dead one left is ours to repair all the same.
            return self.put_in_order(&mut locked);
        }
        self.recover_locked(&mut locked)
    }

    /// Recovers. Wherever this is broken off, by a death, a power cut or an error, the next one finds what it has found: the
    /// words that a survey begins with are on the disk before any other is touched.
    pub(super) fn recover_locked(&self, locked: &mut Locked<'_>) -> Result<()> {
        let at_home = self.is_at_home();
        let ring = self.shared().ring();
        let hot = &ring.memory.control().hot;
        let recovery = &ring.memory.control().recovery;
        // Before the look: what it sees is then what the sync writes.
        let failures = self.before_sync();
        let mut found = self.survey();
        self.part_from_cut_off(&mut found);
        let left_out = self.leaves_out(&found);
        self.sync_file()?;
        // Whoever comes after a death or an error in the middle of this believes nothing that it finds, and begins anew.
        locked.in_order = false;
        recovery.leave_home(&self.home());
        // Before the words by which those count as cut off, when it is done again.
        LeftOut::note(left_out.as_ref(), ring);
        recovery.parted_from.store(found.tail, Ordering::Release);
        self.note_synced(&found);
        self.sync_control()?;
        recovery.synced_before.store(found.head, Ordering::Relaxed);
        let now = Survey {
            tail: hot.tail.load(Ordering::Relaxed),
            head: hot.head.load(Ordering::Relaxed),
            next_seq: hot.next_seq.load(Ordering::Relaxed),
            last_time: hot.last_time.load(Ordering::Relaxed),
        };
        if found != now {
            // Readers of this moment must not see a mixture: nothing is retained in between.
            hot.tail.store(BROKEN_OFF, Ordering::Relaxed);
            fence(Ordering::Release);
            hot.head.store(found.head, Ordering::Release);
            hot.next_seq.store(found.next_seq, Ordering::Release);
            hot.last_time.store(found.last_time, Ordering::Relaxed);
            hot.tail.store(found.tail, Ordering::Release);
        }
        if found != now || !at_home {
            // Even when all fits: a power cut may have left an older state of everything, and who saw more must be able to
            // tell. At once: readers who have seen the other words wait for it.
            let generation = recovery.generation.load(Ordering::Relaxed);
            recovery.note_recovery(generation, found.next_seq);
        }
        if found != now {
            self.rebuild_index(&found);
            log::emit(Level::Warn, || {
                format!(
                    "{}: recovered; positions {}..{} of the control page became {}..{}, next seq {}",
                    self.path().display(),
                    now.tail,
                    now.head,
                    found.tail,
                    found.head,
                    found.next_seq
                )
            });
        }
        if let Some(left_out) = &left_out {
            log::emit(Level::Warn, || {
                format!("{}: {}", self.path().display(), signs::left_out(left_out))
            });
        }
        if found != now {
            // The word that is stored next counts beside the next seq alone.
            self.sync_control()?;
        }
        recovery
            .parted_next
            .store(found.next_seq, Ordering::Release);
        // A flush of before this, which went on meanwhile, may have raised them.
        self.note_synced(&found);
        recovery.synced_before.store(found.head, Ordering::Relaxed);
        self.forgive(failures);
        recovery.come_home(&self.home());
        self.sync_file()?;
        locked.in_order = true;
        wake::disturb(hot);
        futex::wake(&hot.epoch, u32::MAX);
        Ok(())
    }

    /// Everything that was found is on the disk, and no seq below the next one is given again.
    fn note_synced(&self, found: &Survey) {
        let recovery = &self.shared().ring().memory.control().recovery;
        recovery
            .synced_seq
            .store(found.next_seq - 1, Ordering::Relaxed);
        recovery.synced.store(found.head, Ordering::Release);
    }

    fn sync_control(&self) -> Result<()> {
        ControlOnDisk::new(self.shared()).sync().map_err(|error| {
            Error::from_io(&error, "write the pool's control page to the disk")
                .with_path(self.path())
        })
    }

    fn rebuild_index(&self, found: &Survey) {
        let ring = self.shared().ring();
        if ring.geometry.index_slots == 0 {
            return;
        }
        let mut at = found.tail;
        while at < found.head {
            let Some(size) = ring.size_at(at, found.head) else {
                return;
            };
            if let Size::Message(_) = size {
                if let Some(slot) = ring
                    .header_at(at, found.head)
                    .and_then(|header| ring.geometry.slot_of(header.seq))
                {
                    ring.memory.index()[slot as usize].store(at, Ordering::Relaxed);
                }
            }
            at += size.len();
        }
    }
}
