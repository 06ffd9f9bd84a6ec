//! What is left to do for findings: suspicions wait for fresh processes, then to be made small, the most widespread
//! first; and the balance that keeps all of this from taking the time that running programs needs.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use twinheap_store::CampaignFinding;

/// Programs of a suspicion that fresh processes are asked about, one after another, until one shows it.
const EXAMPLES: usize = 3;

/// Signatures beyond so many are only recorded, and followed up by `findings minimise`; a subject in which nearly
/// every program shows a signature of its own would fill the memory.
const MOST_ENTRIES: usize = 10_000;

/// What is to be done next for a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Confirm,
    Minimise,
    AtWork,
    Done,
}

/// A signature that a campaign has met.
struct Entry {
    /// The first programs that showed it, the earliest first.
    examples: Vec<CampaignFinding>,
    programs: u64,
    step: Step,
    /// A number that grows from entry to entry.
    order: usize,
}

/// Work for a worker.
#[derive(Debug)]
pub enum Job {
    /// Ask fresh processes whether one of these programs shows the signature.
    Confirm(Vec<CampaignFinding>),
    Minimise(Box<CampaignFinding>),
}

/// The signatures met so far, and what is left to do for each.
#[derive(Default)]
pub struct Queue {
    entries: Mutex<BTreeMap<String, Entry>>,
}

impl Queue {
    /// A queue that goes on with what a database holds. What was made smaller until its time was up is left as it
    /// is, unless it is to be finished.
    pub fn of(known: Vec<CampaignFinding>, finish: bool) -> Queue {
        let queue = Queue::default();
        for mut finding in known {
            let was_tried = finding.complete || (finding.tried > 0 && !finish);
            let step = match (finding.is_confirmed(), was_tried) {
                (false, _) => Step::Confirm,
                (true, false) => Step::Minimise,
                (true, true) => Step::Done,
            };
            if let (Step::Minimise, Some(smaller)) = (step, finding.minimised.take()) {
                finding.source = smaller;
                finding.model = None;
            }
            queue.add(finding, step);
        }
        queue
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries
            .lock()
            .expect("no thread panics while it holds the queue")
    }

    fn add(&self, finding: CampaignFinding, step: Step) {
        let mut entries = self.entries();
        if entries.len() >= MOST_ENTRIES && !entries.contains_key(&finding.signature) {
            return;
        }
        let order = entries.len();
        let entry = entries.entry(finding.signature.clone()).or_insert(Entry {
            examples: Vec::new(),
            programs: 0,
            step,
            order,
        });
        entry.programs += finding.programs;
        if entry.step == Step::Done {
            return;
        }
        entry.examples.push(finding);
        entry
            .examples
            .sort_by_key(|example| (example.batch, example.place));
        entry.examples.truncate(EXAMPLES);
    }

    /// Takes up what warm processes showed.
    pub fn suspect(&self, finding: CampaignFinding) {
        self.add(finding, Step::Confirm);
    }

    /// Takes up what fresh processes have shown; says whether the signature is new.
    pub fn add_confirmed(&self, finding: CampaignFinding) -> bool {
        let is_new = !self.knows(&finding.signature);
        self.add(finding, Step::Minimise);
        is_new
    }

    pub fn knows(&self, signature: &str) -> bool {
        self.entries().contains_key(signature)
    }

    /// The next job, the one that most programs showed first. Without `small` only suspicions are handed out.
    pub fn take(&self, small: bool) -> Option<Job> {
        let mut entries = self.entries();
        let waits = |entry: &&mut Entry| match entry.step {
            Step::Confirm => true,
            Step::Minimise => small,
            Step::AtWork | Step::Done => false,
        };
        let entry = entries.values_mut().filter(waits).max_by_key(|entry| {
            let is_suspicion = entry.step == Step::Confirm;
            (entry.programs, is_suspicion, std::cmp::Reverse(entry.order))
        })?;
        let job = match entry.step {
            Step::Confirm => Job::Confirm(entry.examples.clone()),
            _ => Job::Minimise(Box::new(entry.examples[0].clone())),
        };
        entry.step = Step::AtWork;
        Some(job)
    }

    /// A suspicion was right: it is to be made small next.
    pub fn confirmed(&self, finding: &CampaignFinding) {
        if let Some(entry) = self.entries().get_mut(&finding.signature) {
            entry.step = Step::Minimise;
            entry.examples = vec![finding.clone()];
        }
    }

    /// A suspicion was wrong; should it come up again, it is looked at again.
    pub fn dismissed(&self, signature: &str) {
        self.entries().remove(signature);
    }

    pub fn done(&self, signature: &str) {
        if let Some(entry) = self.entries().get_mut(signature) {
            entry.step = Step::Done;
            entry.examples.clear();
        }
    }

    /// How many suspicions and how many findings wait.
    pub fn waiting(&self) -> (usize, usize) {
        let entries = self.entries();
        let count = |step| entries.values().filter(|entry| entry.step == step).count();
        (count(Step::Confirm), count(Step::Minimise))
    }

    /// Whether somebody is at work on a job, which may bring up others.
    pub fn is_at_work(&self) -> bool {
        let entries = self.entries();
        entries.values().any(|entry| entry.step == Step::AtWork)
    }
}

/// How the workers' time was spent.
pub struct Balance {
    /// The most that following findings up may take of all the time, in per cent.
    share: u64,
    running: AtomicU64,
    following: AtomicU64,
}

impl Balance {
    pub fn new(share: u64) -> Balance {
        Balance {
            share: share.min(100),
            running: AtomicU64::new(0),
            following: AtomicU64::new(0),
        }
    }

    pub fn ran(&self, time: Duration) {
        let micros = time.as_micros() as u64;
        self.running.fetch_add(micros, Ordering::Relaxed);
    }

    pub fn followed(&self, time: Duration) {
        let micros = time.as_micros() as u64;
        self.following.fetch_add(micros, Ordering::Relaxed);
    }

    /// Whether findings have had less than their share.
    pub fn may_follow(&self) -> bool {
        let running = self.running.load(Ordering::Relaxed);
        let following = self.following.load(Ordering::Relaxed);
        following * (100 - self.share) < running * self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(signature: &str, programs: u64, batch: i64) -> CampaignFinding {
        CampaignFinding {
            signature: signature.to_owned(),
            programs,
            batch,
            ..CampaignFinding::default()
        }
    }

    fn signature_of(job: Option<Job>) -> String {
        match job {
            Some(Job::Confirm(examples)) => format!("confirm {}", examples[0].signature),
            Some(Job::Minimise(finding)) => format!("minimise {}", finding.signature),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn the_widest_comes_first_and_is_confirmed_before_it_is_made_small() {
        let queue = Queue::default();
        queue.suspect(finding("narrow", 1, 0));
        queue.suspect(finding("wide", 2, 1));
        queue.suspect(finding("wide", 2, 0));
        assert_eq!(signature_of(queue.take(true)), "confirm wide");
        queue.confirmed(&finding("wide", 1, 0));
        assert_eq!(signature_of(queue.take(true)), "minimise wide");
        assert_eq!(signature_of(queue.take(true)), "confirm narrow");
        assert_eq!(signature_of(queue.take(true)), "nothing");
    }

    #[test]
    fn a_dismissed_suspicion_can_come_up_again() {
        let queue = Queue::default();
        queue.suspect(finding("a", 1, 0));
        assert_eq!(signature_of(queue.take(true)), "confirm a");
        queue.dismissed("a");
        assert!(!queue.knows("a"));
        queue.suspect(finding("a", 1, 3));
        assert_eq!(queue.waiting(), (1, 0));
    }

    #[test]
    fn without_small_only_suspicions_are_handed_out() {
        let queue = Queue::default();
        assert!(queue.add_confirmed(finding("a", 1, 0)));
        assert!(!queue.add_confirmed(finding("a", 1, 0)));
        assert_eq!(signature_of(queue.take(false)), "nothing");
        assert_eq!(signature_of(queue.take(true)), "minimise a");
    }

    #[test]
    fn following_up_keeps_to_its_share() {
        let balance = Balance::new(40);
        assert!(!balance.may_follow());
        balance.ran(Duration::from_secs(6));
        assert!(balance.may_follow());
        balance.followed(Duration::from_secs(4));
        assert!(!balance.may_follow());
    }
}
