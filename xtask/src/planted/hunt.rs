//! Runs generated programs until enough of them differ with a bug and not without it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use twinheap_generate::{Profile, Topic, generate};
use twinheap_harness::PairPool;
use twinheap_observation::Program;

use crate::campaign::mixed_seed;
use crate::gate::STOP;

/// Programs that a hunter takes at once.
const BATCH: u64 = 32;

/// How a hunt ended.
#[derive(Debug, Default)]
pub struct Hunt {
    pub programs: u64,
    /// When the first program showed the bug; else how long it was looked for.
    pub time: Duration,
    /// The signatures that the bug goes by, with how many programs showed each.
    pub signatures: BTreeMap<String, u64>,
}

impl Hunt {
    pub fn is_found(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// The signature of most programs.
    pub fn chief(&self) -> Option<&str> {
        let most = self.signatures.iter().max_by_key(|(_, count)| **count);
        most.map(|(signature, _)| signature.as_str())
    }
}

/// What was seen so far.
#[derive(Default)]
struct Book {
    first: Option<Duration>,
    shown: u64,
    of_the_bug: BTreeMap<String, u64>,
    /// Signatures that the VM shows without the bug too, or that did not come back.
    others: Vec<String>,
}

pub struct Hunter<'a> {
    plain: &'a PairPool<'a>,
    mutated: &'a PairPool<'a>,
    profile: &'a Profile,
    topics: Vec<Topic>,
    seed: u64,
    begun: Instant,
    time: Duration,
    /// How many programs have to show the bug.
    wanted: u64,
    next: AtomicU64,
    programs: AtomicU64,
    over: AtomicBool,
    book: Mutex<Book>,
}

impl<'a> Hunter<'a> {
    pub fn new(
        (plain, mutated): (&'a PairPool<'a>, &'a PairPool<'a>),
        profile: &'a Profile,
        topics: Vec<Topic>,
        seed: u64,
        (time, wanted): (Duration, u64),
    ) -> Hunter<'a> {
        Hunter {
            plain,
            mutated,
            profile,
            topics,
            seed,
            begun: Instant::now(),
            time,
            wanted,
            next: AtomicU64::new(0),
            programs: AtomicU64::new(0),
            over: AtomicBool::new(false),
            book: Mutex::default(),
        }
    }

    /// Hunts with so many threads at once.
    pub fn hunt(self, jobs: usize) -> Result<Hunt, String> {
        std::thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| self.run());
            }
        });
        let book = self.book.into_inner().map_err(|_| "a hunter panicked")?;
        Ok(Hunt {
            programs: self.programs.into_inner(),
            time: book.first.unwrap_or_else(|| self.begun.elapsed()),
            signatures: book.of_the_bug,
        })
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
            || STOP.load(Ordering::Relaxed)
            || self.begun.elapsed() >= self.time
    }

    fn run(&self) {
        while !self.is_over() {
            let batch = self.next.fetch_add(1, Ordering::Relaxed);
            let topic = self.topics[(batch % self.topics.len() as u64) as usize];
            let programs: Vec<Program> = (0..BATCH)
                .map(|place| {
                    let model = generate(mixed_seed(self.seed, batch, place), topic, self.profile);
                    Program::new(topic.name(), &format!("{batch}-{place}"), &model.source())
                })
                .collect();
            let results = self.mutated.run(&programs, Some(&|_| true));
            self.programs.fetch_add(BATCH, Ordering::Relaxed);
            for result in results {
                if let Some(divergence) = result.divergence
                    && !self.is_over()
                {
                    self.note(&result.program, divergence.signature);
                }
            }
        }
    }

    /// Notes a signature; a new one is looked into first.
    fn note(&self, program: &Program, signature: String) {
        let is_new = |book: &Book| {
            !book.of_the_bug.contains_key(&signature) && !book.others.contains(&signature)
        };
        let Ok(true) = self.book.lock().map(|book| is_new(&book)) else {
            return self.count(signature);
        };
        let is_of_the_bug = self.is_of_the_bug(program, &signature);
        if let Ok(mut book) = self.book.lock() {
            if !is_of_the_bug {
                book.others.push(signature);
                return;
            }
            book.of_the_bug.entry(signature.clone()).or_default();
            book.first.get_or_insert_with(|| self.begun.elapsed());
        }
        self.count(signature);
    }

    fn count(&self, signature: String) {
        let Ok(mut book) = self.book.lock() else {
            return;
        };
        if let Some(count) = book.of_the_bug.get_mut(&signature) {
            *count += 1;
            book.shown += 1;
        }
        if book.shown >= self.wanted {
            self.over.store(true, Ordering::Relaxed);
        }
    }

    /// Whether fresh processes show it with the bug, and nothing of the kind without.
    fn is_of_the_bug(&self, program: &Program, signature: &str) -> bool {
        let shows = |pool: &PairPool<'_>| {
            pool.decide(program)
                .divergence
                .is_some_and(|found| found.signature == signature)
        };
        let without = self
            .plain
            .run(std::slice::from_ref(program), Some(&|_| true));
        let plain_agrees = without.iter().all(|result| {
            result
                .divergence
                .as_ref()
                .is_none_or(|found| found.signature != signature)
        });
        plain_agrees && shows(self.mutated) && !shows(self.plain)
    }
}
