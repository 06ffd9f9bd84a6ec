//! The proptest strategy for models: drawn by seed, shrunk by removing statements and then by simplifying.

use proptest::prelude::Rng;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use std::collections::BTreeSet;

use crate::engine::generate;
use crate::model::Model;
use crate::profile::Profile;
use crate::topics::Topic;

/// Draws models of some topics.
#[derive(Clone, Debug)]
pub struct Models {
    topics: Vec<Topic>,
    profile: Profile,
}

/// Models of the given topics that a subject of this profile can run.
pub fn models(topics: &[Topic], profile: Profile) -> Models {
    Models {
        topics: topics.to_vec(),
        profile,
    }
}

impl Strategy for Models {
    type Tree = ModelTree;
    type Value = Model;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = runner.rng().next_u64();
        let topic = self.topics[seed as usize % self.topics.len()];
        Ok(ModelTree::new(generate(seed, topic, &self.profile)))
    }
}

/// A model that is being shrunk.
#[derive(Clone, Debug)]
pub struct ModelTree {
    current: Model,
    /// What `complicate` goes back to.
    previous: Option<Model>,
    /// How many nodes are removed at once; 0 once removing is done.
    chunk: usize,
    at: usize,
    simpler: Option<Vec<Model>>,
}

impl ModelTree {
    fn new(model: Model) -> ModelTree {
        let chunk = model.removable() / 2;
        ModelTree {
            current: model,
            previous: None,
            chunk,
            at: 0,
            simpler: None,
        }
    }

    fn try_next(&mut self, candidate: Model) -> bool {
        self.previous = Some(std::mem::replace(&mut self.current, candidate));
        true
    }

    fn remove_next(&mut self) -> Option<Model> {
        while self.chunk > 0 {
            let nodes = self.current.removable();
            if self.at < nodes {
                let end = (self.at + self.chunk).min(nodes);
                let chosen: BTreeSet<usize> = (self.at..end).collect();
                self.at = end;
                return Some(self.current.without(&chosen));
            }
            self.at = 0;
            self.chunk /= 2;
        }
        None
    }
}

impl ValueTree for ModelTree {
    type Value = Model;

    fn current(&self) -> Model {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.previous.take().is_some() {
            // The last candidate still fails: what is left of it is numbered anew.
            self.at = self.at.saturating_sub(self.chunk);
            self.simpler = None;
        }
        if let Some(candidate) = self.remove_next() {
            return self.try_next(candidate);
        }
        if self.simpler.is_none() {
            let mut simpler = self.current.simplifications();
            simpler.reverse();
            self.simpler = Some(simpler);
        }
        match self.simpler.as_mut().and_then(Vec::pop) {
            Some(candidate) => self.try_next(candidate),
            None => false,
        }
    }

    fn complicate(&mut self) -> bool {
        match self.previous.take() {
            Some(previous) => {
                self.current = previous;
                true
            }
            None => false,
        }
    }
}
