//! Commands run by a user who owns nothing here.

use super::{finish, library_dir, Ran, Scratch};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

/// Lets everybody look into a directory.
pub(crate) fn readable_by_all(path: &Path) {
    fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Runs a command as a user who owns nothing here. Root may do everything, so it becomes nobody; others are who they are,
/// and the modes bind them.
pub(crate) fn as_nobody(scratch: &Scratch, args: &[&str]) -> Ran {
    let mut command = scratch.command(args);
    if rustix::process::geteuid().is_root() {
        // Where the programs were built may be closed to nobody.
        let here = scratch.path().join("bin");
        fs::create_dir_all(&here).unwrap();
        readable_by_all(&here);
        let program = here.join("plasmite");
        if !program.exists() {
            fs::copy(env!("CARGO_BIN_EXE_plasmite"), &program).unwrap();
            if let Some(library) = library_dir() {
                fs::copy(
                    library.join("libplasmite.so.1"),
                    here.join("libplasmite.so.1"),
                )
                .unwrap();
            }
        }
        let mut own = scratch.bare(program.to_str().unwrap());
        own.env("LD_LIBRARY_PATH", &here).args(command.get_args());
        own.uid(65_534).gid(65_534);
        command = own;
    }
    finish(command.stdin(Stdio::null()).output().unwrap())
}
