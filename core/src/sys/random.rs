//! Random numbers for identities. Not for secrets.

#![allow(unsafe_code)]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};

use crate::sys::retry::uninterrupted;

/// Fills the buffer from the kernel's generator.
pub fn fill(buffer: &mut [u8]) {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        let told = uninterrupted(|| {
            // SAFETY: `rest` is valid for writes of its length.
            let count = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
            usize::try_from(count).map_err(|_| io::Error::last_os_error())
        });
        match told {
            Ok(count) => filled += count,
            // A sandbox may not have the call.
            Err(_) => return fill_without(rest),
        }
    }
}

/// From the generator's file; without that from what differs from process to process and from call to call.
#[cold]
fn fill_without(buffer: &mut [u8]) {
    let file = std::fs::File::open("/dev/urandom");
    if file.and_then(|mut file| file.read_exact(buffer)).is_ok() {
        return;
    }
    for (index, piece) in buffer.chunks_mut(8).enumerate() {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(crate::sys::clock::wall_ns());
        hasher.write_u32(std::process::id());
        hasher.write_usize(index);
        piece.copy_from_slice(&hasher.finish().to_ne_bytes()[..piece.len()]);
    }
}

/// A random word.
pub fn word() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_differs_each_time() {
        for fill in [fill, fill_without] {
            let (mut one, mut other) = ([0; 41], [0; 41]);
            fill(&mut one);
            fill(&mut other);
            for at in (0..33).step_by(8) {
                assert_ne!(one[at..at + 8], other[at..at + 8], "{at}");
                assert_ne!(one[at..at + 8], [0; 8], "{at}");
            }
        }
    }
}
