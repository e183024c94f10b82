//! Calls that a signal interrupted. On local file systems most are never interrupted; on FUSE each may be.

use std::io;

/// Makes a call again for as long as a signal interrupts it. For calls that change nothing, or the same again.
pub fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The same for a call that can be done once only. What says that it is done already, after an interrupted try, is that
/// try's work.
pub fn uninterrupted_once(
    mut call: impl FnMut() -> io::Result<()>,
    done: io::ErrorKind,
) -> io::Result<()> {
    let mut tried = false;
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => tried = true,
            Err(error) if tried && error.kind() == done => return Ok(()),
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(interruptions: usize, last: io::Result<()>) -> impl FnMut() -> io::Result<()> {
        let mut left = interruptions;
        let mut last = Some(last);
        move || {
            if left == 0 {
                return last.take().unwrap();
            }
            left -= 1;
            Err(io::Error::from_raw_os_error(libc::EINTR))
        }
    }

    #[test]
    fn only_interrupted_calls_are_made_again() {
        let missing = || Err(io::Error::from(io::ErrorKind::NotFound));
        assert!(uninterrupted(after(3, Ok(()))).is_ok());
        assert!(uninterrupted(after(3, missing())).is_err());
        let gone = io::ErrorKind::NotFound;
        assert!(uninterrupted_once(after(3, Ok(())), gone).is_ok());
        assert!(uninterrupted_once(after(3, missing()), gone).is_ok());
        assert!(uninterrupted_once(after(0, missing()), gone).is_err());
        assert!(uninterrupted_once(after(1, missing()), io::ErrorKind::AlreadyExists).is_err());
    }
}
