//! Telling that the connection to a server was lost while messages are shown, and that it is there again.

use crate::cli::context::Context;
use crate::cli::output::notice::Notice;
use crate::cli::output::stderr::Stderr;
use std::sync::OnceLock;

/// The levels of the library's log at which it tells of lost connections, and that they are there again.
const LOST: u32 = 2;
const BACK: u32 = 3;

/// Whom to tell, and of what: the library calls a plain function.
static TOLD: OnceLock<Told> = OnceLock::new();

#[derive(Debug)]
struct Told {
    err: Stderr,
    command: &'static str,
    pool: String,
    path: String,
}

/// From now on says on standard error when the connection of a command's stream is lost, and when it
/// is there again. No message is lost by that: the stream goes on where it stood.
pub(super) fn tell_losses(context: &Context, command: &'static str, pool: &str, path: &str) {
    let told = Told {
        err: context.err.clone(),
        command,
        pool: pool.to_owned(),
        path: path.to_owned(),
    };
    if TOLD.set(told).is_ok() {
        crate::set_log(Some(tell), BACK);
    }
}

fn tell(level: u32, message: &str) {
    let Some(told) = TOLD.get().filter(|_| [LOST, BACK].contains(&level)) else {
        return;
    };
    let notice = Notice {
        kind: "connection",
        command: told.command,
        pool: &told.pool,
        message,
    };
    notice.print(&told.err, |details| {
        details.text("pool_path", &told.path);
    });
}
