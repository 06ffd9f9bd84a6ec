//! Makes a program small while it keeps showing the same thing: first on the program model, then on the source.
//!
//! What "the same thing" is, the caller says: a [`Judge`] takes candidate sources and tells which of them still
//! show it. Candidates come in batches, so that a judge can run them side by side; the order within a batch is
//! the order of preference.

#![deny(unsafe_code)]

mod model;
mod parts;
mod source;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

pub use model::Reducible;

/// Candidates handed to the judge at once.
const BATCH: usize = 12;

/// Tells which of these sources still show what the original showed.
pub trait Judge {
    fn judge(&mut self, candidates: &[String]) -> Vec<bool>;
}

impl<F: FnMut(&[String]) -> Vec<bool>> Judge for F {
    fn judge(&mut self, candidates: &[String]) -> Vec<bool> {
        self(candidates)
    }
}

/// How much was tried, and how much of it held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    pub tried: usize,
    pub held: usize,
}

/// A reduction under way: the judge, the time it may take, and what it took so far.
pub struct Reduction<'a> {
    judge: &'a mut dyn Judge,
    deadline: Instant,
    /// Digests of candidates that did not hold, so that no round asks for them again.
    refused: HashSet<u64>,
    pub effort: Effort,
}

impl<'a> Reduction<'a> {
    pub fn new(judge: &'a mut dyn Judge, deadline: Instant) -> Reduction<'a> {
        Reduction {
            judge,
            deadline,
            refused: HashSet::new(),
            effort: Effort::default(),
        }
    }

    /// Makes a model smaller, then its source.
    pub fn reduce<M: Reducible>(&mut self, model: &M) -> (M, String) {
        let model = model::reduce(self, model);
        let source = self.reduce_source(&model.source());
        (model, source)
    }

    /// Makes a source smaller; what does not parse stays as it is.
    pub fn reduce_source(&mut self, source: &str) -> String {
        source::reduce(self, source)
    }

    /// Whether the time is up.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// The first candidate that holds.
    fn first_that_holds(&mut self, candidates: &[String]) -> Option<usize> {
        let mut begun = 0;
        while begun < candidates.len() && !self.is_over() {
            let batch = &candidates[begun..candidates.len().min(begun + BATCH)];
            if let Some(at) = self.ask(batch).iter().position(|held| *held) {
                return Some(begun + at);
            }
            begun += batch.len();
        }
        None
    }

    /// The judge's word on every candidate; a judge that answers too little is taken to say no. What was refused
    /// before is not asked again.
    fn ask(&mut self, candidates: &[String]) -> Vec<bool> {
        let digest = |text: &String| {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            hasher.finish()
        };
        let digests: Vec<u64> = candidates.iter().map(digest).collect();
        let new: Vec<usize> = (0..candidates.len())
            .filter(|at| !self.refused.contains(&digests[*at]))
            .collect();
        let mut held = vec![false; candidates.len()];
        if new.is_empty() {
            return held;
        }
        let asked: Vec<String> = new.iter().map(|at| candidates[*at].clone()).collect();
        let mut answers = self.judge.judge(&asked);
        answers.resize(asked.len(), false);
        self.effort.tried += asked.len();
        for (at, answer) in new.into_iter().zip(answers) {
            held[at] = answer;
            if answer {
                self.effort.held += 1;
            } else {
                self.refused.insert(digests[at]);
            }
        }
        held
    }

    /// Finds items that can go, by halves, quarters and so on down to single ones (Zeller's ddmin, with all
    /// parts of one size asked for at once and those that hold by themselves tried together first).
    /// `build` gives the source without the items marked as gone.
    fn remove_items(&mut self, count: usize, build: &dyn Fn(&[bool]) -> String) -> Vec<bool> {
        let mut gone = vec![false; count];
        let mut size = count;
        while size > 0 && !self.is_over() {
            while self.remove_parts(&mut gone, size, build) && size > 1 && !self.is_over() {}
            size = if size > 1 { size.div_ceil(2) } else { 0 };
        }
        gone
    }

    /// One pass over the parts of a size; says whether anything went.
    fn remove_parts(
        &mut self,
        gone: &mut Vec<bool>,
        size: usize,
        build: &dyn Fn(&[bool]) -> String,
    ) -> bool {
        let left: Vec<usize> = (0..gone.len()).filter(|at| !gone[*at]).collect();
        let parts: Vec<&[usize]> = left.chunks(size).collect();
        let without = |gone: &[bool], parts: &[&[usize]]| {
            let mut marked = gone.to_vec();
            parts
                .iter()
                .flat_map(|part| part.iter())
                .for_each(|at| marked[*at] = true);
            marked
        };
        let mut went = false;
        for group in parts.chunks(BATCH) {
            if self.is_over() {
                break;
            }
            let sources: Vec<String> = group
                .iter()
                .map(|part| build(&without(gone, &[part])))
                .collect();
            let answers = self.ask(&sources);
            let mut holding: Vec<&[usize]> = group
                .iter()
                .zip(answers)
                .filter_map(|(part, held)| held.then_some(*part))
                .collect();
            // Together if they all can go; otherwise as many of the first as can.
            while !holding.is_empty() {
                let marked = without(gone, &holding);
                if holding.len() == 1 || self.ask(&[build(&marked)])[0] {
                    *gone = marked;
                    went = true;
                    break;
                }
                holding.truncate(holding.len() / 2);
            }
        }
        went
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Reduces a source while it still contains every one of the words.
    fn check(source: &str, words: &[&str], expected: &str) {
        let mut judge = |candidates: &[String]| -> Vec<bool> {
            let holds = |text: &String| words.iter().all(|word| text.contains(word));
            candidates.iter().map(holds).collect()
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut reduction = Reduction::new(&mut judge, deadline);
        assert_eq!(reduction.reduce_source(source), expected);
        assert!(reduction.effort.tried > 0);
    }

    #[test]
    fn statements_go() {
        check("a = 1\nb = 2\nprint(a)\nc = 3\n", &["b = 2"], "b = 2\n");
    }

    #[test]
    fn comments_go() {
        let source = "# one\na = 1\n\n    # two\nprint('# three')\n";
        check(source, &["print('# three')"], "print('# three')\n");
    }

    #[test]
    fn blocks_are_replaced_by_their_bodies() {
        let source = "def f(x):\n    for i in range(3):\n        if x:\n            boom(x)\n    return 1\nf(1)\n";
        check(source, &["boom"], "boom\n");
    }

    #[test]
    fn expressions_become_their_parts() {
        check("x = [1, foo(2, bar(3)), 4] + y\n", &["bar("], "bar()\n");
    }

    #[test]
    fn literals_shrink() {
        check("f('hello world', 123456)\n", &["f(", "'"], "f('')\n");
    }

    #[test]
    fn an_empty_block_gets_a_pass() {
        let source = "class A:\n    x = 1\n    y = 2\nprint(A)\n";
        check(source, &["class A"], "class A:\n    pass\n");
    }

    #[test]
    fn what_does_not_parse_loses_lines_and_characters() {
        check("a = 1\nx = = 1\nb = 2\n", &["= ="], "= =");
    }

    #[test]
    fn what_never_holds_again_stays() {
        let mut judge = |candidates: &[String]| vec![false; candidates.len()];
        let mut reduction = Reduction::new(&mut judge, Instant::now() + Duration::from_secs(5));
        let source = "a = 1\nfor i in a:\n    print(i)\n";
        assert_eq!(reduction.reduce_source(source), source);
    }
}
