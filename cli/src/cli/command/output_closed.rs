//! Noticing that nobody reads standard output while the command waits for messages.

use rustix::event::{poll, PollFd, PollFlags};
use std::fs::{File, FileType};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;

/// Calls `closed` when the reader of standard output goes away: without it, `follow | head -1` would wait for one more
/// message before it noticed. Watches from a thread of its own, which ends with the program.
pub(super) fn watch(closed: impl FnOnce() + Send + 'static) {
    let readers_can_go = |kind: FileType| kind.is_fifo() || kind.is_socket();
    let stdout = io::stdout().as_fd().try_clone_to_owned();
    let kind = stdout
        .and_then(|fd| File::from(fd).metadata())
        .map(|metadata| metadata.file_type());
    if !kind.is_ok_and(readers_can_go) {
        return;
    }
    // Not being able to watch only costs that early notice.
    let _ = std::thread::Builder::new()
        .name("stdout".into())
        .spawn(move || {
            let stdout = io::stdout();
            loop {
                // Asked for nothing, poll still tells of errors: a pipe without a reader.
                let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
                match poll(&mut fds, None) {
                    Err(error) if io::Error::from(error).kind() == ErrorKind::Interrupted => {}
                    Err(_) => return,
                    Ok(_) if fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => {
                        return closed()
                    }
                    Ok(_) => return,
                }
            }
        });
}
