//! Mounts that only the test sees.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::path::Path;

use super::{fork, left_out, Board};

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

/// Gives this process mounts of its own: as root in namespaces of its own, if it is not root here.
fn split_off() -> std::io::Result<()> {
    // SAFETY: plain calls.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    let mut what = libc::CLONE_NEWNS;
    if user != 0 {
        what |= libc::CLONE_NEWUSER;
    }
    // SAFETY: a plain call; only this process's view is split off.
    if unsafe { libc::unshare(what) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    if user != 0 {
        std::fs::write("/proc/self/setgroups", "deny")?;
        std::fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
        std::fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    }
    match mount("", Path::new("/"), "", libc::MS_REC | libc::MS_PRIVATE, "") {
        true => Ok(()),
        false => Err(std::io::Error::last_os_error()),
    }
}

/// What a system answers that does not let this user have mounts: no right, no namespaces of users, none left of them.
fn is_refusal(error: i32) -> bool {
    [
        libc::EPERM,
        libc::EACCES,
        libc::EINVAL,
        libc::ENOSYS,
        libc::ENOSPC,
    ]
    .contains(&error)
}

/// Runs `work` in a process with mounts of its own, where that is allowed.
pub(crate) fn with_mounts(what: &str, work: impl FnOnce()) {
    let refused = Board::new();
    fork(|| match split_off() {
        Ok(()) => work(),
        Err(error) => {
            let number = error.raw_os_error();
            assert!(number.is_some_and(is_refusal), "{error}");
            refused.set(0, 1);
        }
    })
    .join();
    if refused.get(0) == 1 {
        left_out(&format!("{what} needs the right to mount"));
    }
}
