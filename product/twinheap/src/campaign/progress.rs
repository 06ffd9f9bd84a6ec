//! The live line of a campaign: programs per second, findings, signatures, validity, goals reached.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use twinheap_observation::transitions::{Goal, Transition, goals};
use twinheap_store::CampaignStore;

use super::work::Found;
use crate::settings;

/// Without a terminal, a line is written so often.
const PLAIN_LINE_EVERY: Duration = Duration::from_secs(30);

pub struct Progress {
    bar: ProgressBar,
    plain: bool,
    begun: Instant,
    time: Duration,
    last_line: Instant,
    programs: u64,
    reached: u64,
    diverging: u64,
    signatures: BTreeSet<String>,
    /// Suspicions and findings that wait for their turn.
    waiting: (usize, usize),
    minimised: usize,
    transitions: BTreeSet<Transition>,
    missing_goals: Vec<Goal>,
    all_goals: usize,
}

impl Progress {
    /// The line of a campaign that may have been begun before.
    pub fn new(time: Duration, quiet: bool, store: &CampaignStore) -> Result<Progress, String> {
        let terminal = std::io::stderr().is_terminal();
        let bar = settings::progress_bar(time.as_secs().max(1), quiet, "{elapsed} {bar:24} {msg}");
        let transitions: BTreeSet<Transition> = store.transitions()?.into_keys().collect();
        let all = goals();
        let all_goals = all.len();
        let missing_goals = all
            .into_iter()
            .filter(|goal| !transitions.iter().any(|found| goal.is_reached_by(*found)))
            .collect();
        Ok(Progress {
            bar,
            plain: !quiet && !terminal,
            begun: Instant::now(),
            time,
            last_line: Instant::now(),
            programs: 0,
            reached: 0,
            diverging: 0,
            signatures: store
                .findings()?
                .into_iter()
                .map(|finding| finding.signature)
                .collect(),
            waiting: (0, 0),
            minimised: 0,
            transitions,
            missing_goals,
            all_goals,
        })
    }

    /// Hears of what a worker found, and how many suspicions and findings wait.
    pub fn note(&mut self, found: &Found, waiting: (usize, usize)) {
        self.waiting = waiting;
        match found {
            Found::Batch(record) => {
                self.programs += record.figures.programs;
                self.reached += record.figures.reached;
                self.diverging += record.figures.diverge;
                self.signatures.extend(
                    record
                        .findings
                        .iter()
                        .map(|finding| finding.signature.clone()),
                );
                for transition in record.transitions.keys() {
                    if self.transitions.insert(*transition) {
                        self.missing_goals
                            .retain(|goal| !goal.is_reached_by(*transition));
                    }
                }
            }
            Found::Minimised(_) => self.minimised += 1,
            Found::Confirmed(_) => {}
            Found::Dismissed(signature) => {
                self.signatures.remove(signature);
            }
            Found::Side(finding) => {
                self.signatures.insert(finding.signature.clone());
            }
        }
        self.tick();
    }

    /// Shows how things stand.
    pub fn tick(&mut self) {
        let elapsed = self.begun.elapsed();
        self.bar
            .set_position(elapsed.as_secs().min(self.time.as_secs()));
        self.bar.set_message(self.text(elapsed));
        if self.plain && self.last_line.elapsed() >= PLAIN_LINE_EVERY {
            self.last_line = Instant::now();
            eprintln!("{} s: {}", elapsed.as_secs(), self.text(elapsed));
        }
    }

    fn text(&self, elapsed: Duration) -> String {
        let share = |part: u64| part as f64 * 100.0 / self.programs.max(1) as f64;
        format!(
            "{} programs ({:.0}/s), {:.1}% valid, {} diverge, {} signatures ({} unconfirmed, {} wait to be made small), {} small, goals {}/{}",
            self.programs,
            self.programs as f64 / elapsed.as_secs_f64().max(0.001),
            share(self.reached),
            self.diverging,
            self.signatures.len(),
            self.waiting.0,
            self.waiting.1,
            self.minimised,
            self.all_goals - self.missing_goals.len(),
            self.all_goals
        )
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
