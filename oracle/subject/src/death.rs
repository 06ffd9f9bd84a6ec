//! Names the death of a worker: which signal, which panic, which limit, and its last words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use twinheap_observation::outcome::Outcome;
use twinheap_observation::wire::Limits;

/// How much of the last words is kept.
const LAST_WORDS: usize = 4_096;

/// Turns an exit status and what was last said on standard error into an outcome.
pub fn name_death(status: ExitStatus, last_words: &[u8], limits: &Limits) -> Outcome {
    let start = last_words.len().saturating_sub(LAST_WORDS);
    let message = String::from_utf8_lossy(&last_words[start..])
        .trim()
        .to_owned();
    if message.contains("memory allocation of") && message.contains("failed") {
        return Outcome::OutOfMemory {
            limit_bytes: limits.address_space_bytes,
        };
    }
    let Some(signal) = status.signal() else {
        let code = status.code().unwrap_or(-1);
        return Outcome::Exited(format!("process exit status {code}"));
    };
    if signal == libc::SIGXCPU {
        return Outcome::TimedOut {
            limit_milliseconds: limits.cpu_seconds * 1_000,
        };
    }
    let cause = if message.contains("panicked at") {
        "panic".to_owned()
    } else if message.contains("Fatal Python error") {
        format!("fatal error, {}", signal_name(signal))
    } else {
        signal_name(signal)
    };
    Outcome::Crashed { cause, message }
}

/// The usual name of a signal.
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGILL => "SIGILL",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGSYS => "SIGSYS",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGXFSZ => "SIGXFSZ",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}
