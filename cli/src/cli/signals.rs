//! Which signals may be caught.

use signal_hook::consts::SIGXFSZ;
use signal_hook::low_level::signal_name;
use std::borrow::Cow;
use std::ffi::c_int;
use std::sync::Arc;

/// Those of the signals that this process does not ignore. One that was ignored from the start (`nohup`, a job in the
/// background of a script) is to stay so, also for the programs started from here.
pub(super) fn not_ignored(signals: &[c_int]) -> Vec<c_int> {
    let ignored = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| ignored_mask(&status))
        .unwrap_or(0);
    let kept = signals
        .iter()
        .filter(|signal| ignored >> (**signal - 1) & 1 == 0);
    kept.copied().collect()
}

/// Signal N is ignored when bit N - 1 is set.
fn ignored_mask(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// Lets a write beyond the limit of file sizes (`ulimit -f`) fail instead of ending the program without a word. Caught,
/// not ignored: programs started from here begin with what is usual.
pub(super) fn outlive_size_limits() {
    if !not_ignored(&[SIGXFSZ]).is_empty() {
        // Without it the program ends as it would have.
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    }
}

/// The name of a signal, as in `SIGTERM`.
pub(super) fn name(signal: c_int) -> Cow<'static, str> {
    /// The first one that programs may use for what they like.
    const FIRST_REAL_TIME: c_int = 34;
    match signal_name(signal) {
        Some(name) => name.into(),
        None if signal == 16 => "SIGSTKFLT".into(),
        None if signal == 30 => "SIGPWR".into(),
        None if signal == FIRST_REAL_TIME => "SIGRTMIN".into(),
        None if signal > FIRST_REAL_TIME => format!("SIGRTMIN+{}", signal - FIRST_REAL_TIME).into(),
        None => format!("SIG{signal}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_found() {
        let status = "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001003\nSigCgt:\t0\n";
        assert_eq!(ignored_mask(status), Some(0x1003));
        assert_eq!(ignored_mask("Name:\tx\n"), None);
    }

    #[test]
    fn signals_have_names() {
        let names = [
            (9, "SIGKILL"),
            (10, "SIGUSR1"),
            (30, "SIGPWR"),
            (34, "SIGRTMIN"),
            (36, "SIGRTMIN+2"),
        ];
        for (signal, expected) in names {
            assert_eq!(name(signal), expected);
        }
    }
}
