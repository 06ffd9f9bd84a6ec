//! A side on a thread of its own, which starts its processes and sees them end.
//!
//! Workers die with the thread that started them (`PR_SET_PDEATHSIG` is about threads), so a side must not be passed
//! around between threads that come and go; and two sides that are tended can work at the same time.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use twinheap_observation::wire::{Hello, RunRequest};
use twinheap_subject::Answer;

use crate::side::{Side, SideKind};

/// What a side is asked to do.
enum Task {
    Hello,
    TakeUp(Box<SideKind>),
    Run(Vec<RunRequest>),
    Retire,
}

/// What it answers.
enum Done {
    Hello(Result<Box<Hello>, String>),
    TakenUp(Result<(), String>),
    /// The answers, and how many processes were started by then.
    Ran(Vec<Answer>, u32),
}

/// A side and the thread that tends it.
pub(crate) struct Tended {
    tasks: Option<Sender<Task>>,
    done: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
    started: u32,
}

const LOST: &str = "the thread that tends a side is gone";

impl Tended {
    pub(crate) fn open(kind: &SideKind) -> Tended {
        let (tasks, to_do) = channel();
        let (answers, done) = channel();
        let kind = kind.clone();
        let thread = std::thread::spawn(move || tend(kind.open(), &to_do, &answers));
        Tended {
            tasks: Some(tasks),
            done,
            thread: Some(thread),
            started: 0,
        }
    }

    fn ask(&self, task: Task) -> Result<(), String> {
        let tasks = self.tasks.as_ref().ok_or(LOST)?;
        tasks.send(task).map_err(|_| LOST.to_owned())
    }

    pub(crate) fn hello(&mut self) -> Result<Hello, String> {
        self.ask(Task::Hello)?;
        match self.done.recv() {
            Ok(Done::Hello(hello)) => hello.map(|hello| *hello),
            _ => Err(LOST.to_owned()),
        }
    }

    pub(crate) fn take_up(&mut self, kind: &SideKind) -> Result<(), String> {
        self.ask(Task::TakeUp(Box::new(kind.clone())))?;
        match self.done.recv() {
            Ok(Done::TakenUp(taken_up)) => taken_up,
            _ => Err(LOST.to_owned()),
        }
    }

    /// Gives it programs to run; [`Tended::answers`] waits for what comes of them.
    pub(crate) fn begin(&mut self, requests: Vec<RunRequest>) {
        // Where the thread is gone, nothing will come, which the waiting tells.
        let _ = self.ask(Task::Run(requests));
    }

    /// The answers to the programs that it was given, `count` of them.
    pub(crate) fn answers(&mut self, count: usize) -> Vec<Answer> {
        match self.done.recv() {
            Ok(Done::Ran(answers, started)) => {
                self.started = started;
                answers
            }
            _ => vec![Answer::HarnessError(LOST.to_owned()); count],
        }
    }

    /// How many processes it has started.
    pub(crate) fn started(&self) -> u32 {
        self.started
    }

    /// The next program meets a fresh process.
    pub(crate) fn retire(&mut self) {
        let _ = self.ask(Task::Retire);
    }
}

impl Drop for Tended {
    fn drop(&mut self) {
        drop(self.tasks.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn tend(mut side: Side, tasks: &Receiver<Task>, answers: &Sender<Done>) {
    while let Ok(task) = tasks.recv() {
        let done = match task {
            Task::Hello => Done::Hello(side.hello().map(Box::new)),
            Task::TakeUp(kind) => Done::TakenUp(side.take_up(&kind)),
            Task::Run(requests) => Done::Ran(side.run_batch(&requests), side.started()),
            Task::Retire => {
                side.retire();
                continue;
            }
        };
        if answers.send(done).is_err() {
            return;
        }
    }
}
