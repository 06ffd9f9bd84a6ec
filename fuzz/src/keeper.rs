//! What stands around libFuzzer: options that fit, the committed seeds, and a word on every end of the process.
//!
//! A target starts itself once more and waits. The second process is libFuzzer's; the first tells how it ended, and
//! keeps the input that it was running if libFuzzer itself did not come to do so.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicI32, Ordering};

use twinheap_subject::system;

use crate::case::Kind;
use crate::flight::{self, At};
use crate::streams;

/// Set in libFuzzer's process, and so in those that it starts itself: they need no keeper.
const KEPT: &str = "TWINHEAP_FUZZ_KEPT";
/// The descriptor of the memory in which the process notes its inputs.
const FLIGHT: &str = "TWINHEAP_FUZZ_FLIGHT";
/// Set to `off`, it leaves the committed seeds out.
const SEEDS: &str = "TWINHEAP_SEEDS";

/// libFuzzer's exit codes for an end that it has told of itself.
const CRASHED: i32 = 77;
const TOLD: [i32; 4] = [CRASHED, 70, 71, 72];

/// Options that are given where the user gives no others.
const OPTIONS: [(&str, &str); 4] = [
    // The process limits its own memory, so that too much of it is an exception and not the end of the run.
    ("-rss_limit_mb=", "0"),
    ("-timeout=", "60"),
    // While a program runs, descriptor 2 is not libFuzzer's: it must write to another.
    ("-close_fd_mask=", "2"),
    // Keeping count of how rare each of an input's 20,000 features is takes as long as running both sides.
    ("-entropic=", "0"),
];
/// A program of thirty statements may take more than libFuzzer's 4,096 bytes. While it makes a crash small, libFuzzer
/// insists on the length of that.
const LONGEST: (&str, &str) = ("-max_len=", "16384");

/// Called by a target before libFuzzer reads its options.
pub fn begin<K: Kind>() {
    if let Some(descriptor) = std::env::var_os(FLIGHT) {
        // SAFETY: nothing else in this process runs yet.
        unsafe { std::env::remove_var(FLIGHT) };
        enter(&descriptor);
    } else if std::env::var_os(KEPT).is_none() {
        match keep(K::TARGET) {
            Ok(code) => std::process::exit(code),
            Err(error) => eprintln!("twinheap: no keeper for this run: {error}"),
        }
    }
    streams::remember_own();
    streams::watch_for_panics();
}

fn enter(descriptor: &OsStr) {
    system::die_with_parent();
    let Some(number) = descriptor.to_str().and_then(|text| text.parse().ok()) else {
        return;
    };
    // SAFETY: the keeper made the descriptor for this process, and nobody else here owns it.
    let file = unsafe { File::from_raw_fd(number) };
    if let Err(error) = flight::attach(&file) {
        eprintln!("twinheap: inputs are not noted: {error}");
    }
}

/// Starts libFuzzer's process and tells of its end; gives the exit code.
fn keep(target: &str) -> io::Result<i32> {
    let (arguments, artifacts) = arguments(target, std::env::args_os().skip(1).collect())?;
    let file = system::memory_file(c"flight", true)?;
    flight::prepare(&file)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .env(KEPT, "1")
        .env(FLIGHT, file.as_raw_fd().to_string())
        .spawn()?;
    pass_signals_on(child.id() as i32);
    let status = child.wait()?;
    tell(target, status, &file, &artifacts)
}

static CHILD: AtomicI32 = AtomicI32::new(0);

extern "C" fn pass_on(signal: i32) {
    // SAFETY: kill takes numbers only; the child is not waited for yet.
    unsafe { libc::kill(CHILD.load(Ordering::Relaxed), signal) };
}

/// A terminal's Ctrl-C reaches both processes, so it is only not followed here; other signals are passed on.
fn pass_signals_on(child: i32) {
    CHILD.store(child, Ordering::Relaxed);
    for signal in [libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: ignoring a signal runs no code.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGUSR1, libc::SIGUSR2] {
        // SAFETY: the handler only reads an atomic and makes a system call.
        unsafe { libc::signal(signal, pass_on as *const () as libc::sighandler_t) };
    }
}

/// What libFuzzer is given: the user's arguments, the options that fit, the seeds. And where artifacts go.
fn arguments(target: &str, given: Vec<OsString>) -> io::Result<(Vec<OsString>, PathBuf)> {
    const NO_FUZZING: [&str; 5] = [
        "-merge=",
        "-set_cover_merge=",
        "-minimize_crash=",
        "-cleanse_crash=",
        "-help=",
    ];
    let starts =
        |argument: &OsStr, option: &str| argument.as_encoded_bytes().starts_with(option.as_bytes());
    let mut made = Vec::new();
    let mut artifacts = std::env::current_dir()?;
    let mut inputs = 0;
    let mut fuzzing = true;
    for argument in given {
        fuzzing &= !NO_FUZZING.iter().any(|option| starts(&argument, option));
        let text = argument.to_string_lossy();
        if let Some(prefix) = text.strip_prefix("-artifact_prefix=") {
            // A crash may be told of from within a program's own directory.
            let absolute = std::path::absolute(prefix)?;
            let mut absolute = absolute.into_os_string();
            if prefix.ends_with('/') {
                fs::create_dir_all(&absolute)?;
                if !absolute.as_encoded_bytes().ends_with(b"/") {
                    absolute.push("/");
                }
            }
            artifacts = PathBuf::from(&absolute);
            let mut option = OsString::from("-artifact_prefix=");
            option.push(absolute);
            made.push(option);
            continue;
        }
        if !text.starts_with('-') {
            inputs += 1;
            fuzzing &= Path::new(&argument).is_dir();
        }
        made.push(argument);
    }
    if !made.iter().any(|given| starts(given, "-artifact_prefix=")) {
        artifacts.push("");
        let mut option = OsString::from("-artifact_prefix=");
        option.push(&artifacts);
        made.push(option);
    }
    let longest = fuzzing.then_some(LONGEST);
    for (option, value) in OPTIONS.into_iter().chain(longest) {
        if !made.iter().any(|given| starts(given, option)) {
            made.push(format!("{option}{value}").into());
        }
    }
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let wanted = std::env::var_os(SEEDS).is_none_or(|value| value != "off");
    // New inputs go to the first folder, so the seeds never come alone.
    if fuzzing && inputs > 0 && wanted && seeds.is_dir() {
        made.push(seeds.into());
    }
    Ok((made, artifacts))
}

/// Says how the process ended, where libFuzzer has not said it, and keeps the input.
fn tell(target: &str, status: ExitStatus, file: &File, artifacts: &Path) -> io::Result<i32> {
    let wreck = flight::search(file)?;
    let code = status.code();
    if wreck.at == At::Ground {
        if let Some(signal) = status.signal() {
            eprintln!(
                "twinheap: the run was ended by {} after {} inputs, while none was running",
                name_signal(signal),
                wreck.number
            );
        }
        return Ok(code.unwrap_or(CRASHED));
    }
    if let Some(code) = code.filter(|code| TOLD.contains(code)) {
        let what = match code {
            CRASHED => "a crash",
            70 => "too much time",
            71 => "too much memory",
            _ => "an interrupt",
        };
        eprintln!(
            "twinheap: the run of {target} was ended by {what} in input {}, {}",
            wreck.number,
            name_place(wreck.at)
        );
        return Ok(code);
    }
    let reason = match (status.signal(), code) {
        (Some(signal), _) => name_signal(signal),
        (None, Some(code)) => format!("an exit with code {code} that is not libFuzzer's"),
        (None, None) => "something unknown".to_owned(),
    };
    let mut hasher = DefaultHasher::new();
    wreck.input.hash(&mut hasher);
    let mut place = artifacts.as_os_str().to_owned();
    place.push(format!("ended-{:016x}", hasher.finish()));
    fs::write(&place, &wreck.input)?;
    eprintln!(
        "twinheap: ERROR: the run of {target} was ended by {reason} in input {}, {}; the input is kept as {}",
        wreck.number,
        name_place(wreck.at),
        Path::new(&place).display()
    );
    Ok(CRASHED)
}

fn name_place(at: At) -> &'static str {
    match at {
        At::CPython => "while CPython ran it",
        At::Vm => "while the VM ran it",
        At::Ground | At::Comparison => "while both sides were compared",
    }
}

fn name_signal(signal: i32) -> String {
    let name = match signal {
        libc::SIGKILL => "SIGKILL, from outside or from the kernel for want of memory",
        libc::SIGXCPU => "SIGXCPU, a limit of processor time",
        libc::SIGALRM => "SIGALRM, a timer that nobody heard",
        libc::SIGSYS => "SIGSYS, a forbidden system call",
        libc::SIGPIPE => "SIGPIPE, a closed pipe",
        libc::SIGTERM => "SIGTERM",
        libc::SIGINT => "SIGINT",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGABRT => "SIGABRT",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[&str], expected: &[&str]) {
        let given = given.iter().map(OsString::from).collect();
        let (made, _) = arguments("long_arith", given).expect("arguments");
        let made: Vec<&str> = made.iter().filter_map(|one| one.to_str()).collect();
        for one in expected {
            match one.strip_prefix('!') {
                Some(absent) => assert!(!made.iter().any(|made| made.contains(absent)), "{made:?}"),
                None => assert!(made.iter().any(|made| made.contains(one)), "{made:?}"),
            }
        }
    }

    #[test]
    fn options_of_the_user_come_first() {
        check(&["-timeout=3", "/tmp"], &["-timeout=3", "!-timeout=60"]);
        check(
            &["-runs=1"],
            &["-rss_limit_mb=0", "-close_fd_mask=2", "-max_len="],
        );
        check(&["-minimize_crash=1", "/etc/hostname"], &["!-max_len="]);
    }

    #[test]
    fn seeds_come_with_a_corpus_only() {
        check(&["/tmp"], &["seeds/long_arith"]);
        check(&[], &["!seeds/long_arith"]);
        check(&["-merge=1", "/tmp", "/tmp"], &["!seeds/long_arith"]);
        check(&["/etc/hostname"], &["!seeds/long_arith"]);
    }

    #[test]
    fn artifacts_have_a_place_of_their_own() {
        check(&["-artifact_prefix=/tmp/"], &["-artifact_prefix=/tmp/"]);
        check(&["-runs=1"], &["-artifact_prefix=/"]);
    }
}
