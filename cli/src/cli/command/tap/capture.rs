//! One stream of a program: on to where it would have gone, and line by line into the pool.

use super::lines::Lines;
use super::recorder::Recorder;
use rustix::event::{poll, PollFd, PollFlags};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

/// As much as a pipe holds.
const CHUNK: usize = 64 << 10;

/// Reads a stream to its end. `onward` is where its bytes go as they are, as soon as they come; when that fails, recording
/// goes on. Gives why it failed, unless its reader has gone.
pub(super) fn capture(
    mut source: impl Read,
    name: &str,
    mut onward: Option<File>,
    limit: usize,
    recorder: &Recorder,
) -> Option<io::Error> {
    let mut failure = None;
    let mut chunk = vec![0; CHUNK];
    let mut lines = Lines::new(limit);
    let mut message = Vec::new();
    loop {
        let read = match source.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // A pipe that cannot be read gives nothing more.
            Err(_) | Ok(0) => break,
            Ok(read) => read,
        };
        if let Some(file) = &mut onward {
            if let Err(error) = write_all(file, &chunk[..read]) {
                onward = None;
                failure = Some(error).filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
            }
        }
        lines.push(&chunk[..read], |line, left_out| {
            recorder.line(name, line, left_out, &mut message);
        });
        recorder.flush();
    }
    lines.finish(|line, left_out| recorder.line(name, line, left_out, &mut message));
    recorder.flush();
    failure
}

/// Writes everything, also where somebody has set the descriptor not to block.
fn write_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut fds = [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::OUT)];
                // Woken early it just tries again.
                let _ = poll(&mut fds, None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
