//! Mounts that only the test sees.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::path::Path;

use super::fork;

/// mount(2); whether that worked.
pub(crate) fn mount(
    source: &str,
    target: &Path,
    kind: &str,
    flags: libc::c_ulong,
    data: &str,
) -> bool {
    let text = |text: &str| CString::new(text).unwrap();
    let (source, kind, data) = (text(source), text(kind), text(data));
    let target = text(target.to_str().unwrap());
    // SAFETY: five valid strings or numbers.
    unsafe {
        libc::mount(
            source.as_ptr(),
            target.as_ptr(),
            kind.as_ptr(),
            flags,
            data.as_ptr().cast(),
        ) == 0
    }
}

/// Runs `work` in a process with mounts of its own, where that is allowed.
pub(crate) fn with_mounts(what: &str, work: impl FnOnce()) {
    // SAFETY: plain call; only this child's view of the mounts is split off.
    let probe = fork(|| assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNS) }, 0));
    let mut probe = probe;
    if probe.reap() != 0 {
        println!("left out: {what} needs the right to mount");
        return;
    }
    fork(|| {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNS) }, 0);
        assert!(mount(
            "",
            Path::new("/"),
            "",
            libc::MS_REC | libc::MS_PRIVATE,
            ""
        ));
        work();
    })
    .join();
}
