//! A directory of this process, in memory where there is such a place.

use std::path::PathBuf;
use std::sync::OnceLock;

use plasmite_core::store::Client;

/// Removed when the process ends well; a crash leaves it behind, named `plasmite-fuzz-…`.
struct Scratch(tempfile::TempDir);

fn scratch() -> &'static Scratch {
    static SCRATCH: OnceLock<Scratch> = OnceLock::new();
    SCRATCH.get_or_init(|| {
        // SAFETY: the handler only removes a directory.
        unsafe { libc::atexit(remove) };
        let named = tempfile::Builder::new().prefix("plasmite-fuzz-").to_owned();
        let dir = named.tempdir_in("/dev/shm").or_else(|_| named.tempdir());
        Scratch(dir.expect("a temporary directory"))
    })
}

extern "C" fn remove() {
    let _ = std::fs::remove_dir_all(scratch().0.path());
}

/// A client of that directory.
pub fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| Client::new(Some(scratch().0.path())).expect("a client"))
}

/// The file of the pool with this name.
pub fn path(name: &str) -> PathBuf {
    client().resolve(name).expect("a good name")
}

/// Removes the pool's file, if there is one.
pub fn remove_pool(name: &str) {
    let _ = std::fs::remove_file(path(name));
}
