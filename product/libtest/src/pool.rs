//! Files on interpreters, several at a time.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::{FileResult, Interpreter, Limits, run_file};

/// A file, and the methods of it that are wanted; all if none is named.
#[derive(Clone, Debug)]
pub struct Job {
    pub file: String,
    pub wanted: Vec<String>,
}

/// Runs every file on every interpreter, `parallel` at a time, and hands over each result as it comes: the numbers of
/// the file and of the interpreter, and what came of it. Stops early where the flag is set.
pub fn run_jobs(
    jobs: &[Job],
    interpreters: &[Interpreter],
    limits: &Limits,
    parallel: usize,
    stop: &AtomicBool,
    mut take: impl FnMut(usize, usize, io::Result<FileResult>),
) {
    let all = (0..jobs.len()).flat_map(|job| (0..interpreters.len()).map(move |who| (job, who)));
    let waiting: Mutex<VecDeque<(usize, usize)>> = Mutex::new(all.collect());
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..parallel.max(1) {
            let send = send.clone();
            let waiting = &waiting;
            scope.spawn(move || {
                loop {
                    let next = waiting
                        .lock()
                        .ok()
                        .and_then(|mut waiting| waiting.pop_front());
                    let Some((job, who)) = next.filter(|_| !stop.load(Ordering::Relaxed)) else {
                        return;
                    };
                    let Job { file, wanted } = &jobs[job];
                    let result = run_file(&interpreters[who], file, wanted, limits, stop);
                    if send.send((job, who, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        for (job, who, result) in receive {
            take(job, who, result);
        }
    });
}
