//! Everything that talks to the operating system: memory, files, locks, sleep, time, fork.
//!
//! One system matter a file, each behind a safe interface; the layers above hold no system call and,
//! but for two named files of `ring`, no unsafe code.

pub mod atomic;
#[cfg(not(loom))]
pub mod boot;
#[cfg(not(loom))]
pub mod byte_lock;
#[cfg(not(loom))]
pub mod clock;
#[cfg(all(feature = "crash-points", not(loom)))]
pub mod crash;
pub mod crc;
#[cfg(not(loom))]
pub mod event_fd;
#[cfg(not(loom))]
pub mod file;
#[cfg(not(loom))]
pub mod file_lock;
#[cfg(not(loom))]
pub mod file_system;
#[cfg(not(loom))]
pub mod fork;
#[cfg(not(loom))]
pub mod fork_lock;
pub mod fork_word;
#[cfg(not(loom))]
pub mod futex;
#[cfg(not(loom))]
pub mod guard;
#[cfg(not(loom))]
pub mod log;
#[cfg(not(loom))]
pub mod map;
#[cfg(loom)]
pub mod mortal;
#[cfg(not(loom))]
pub mod names;
pub mod orders;
#[cfg(not(loom))]
pub mod random;
pub mod registry;
#[cfg(not(loom))]
pub mod retry;
#[cfg(not(loom))]
pub mod set_once;
#[cfg(not(loom))]
pub mod stack;
#[cfg(loom)]
pub mod stand_ins;
#[cfg(not(loom))]
pub mod thread;
#[cfg(not(loom))]
pub mod trust;
