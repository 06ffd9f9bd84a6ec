//! The first phase: nodes of the program model go, then what is left becomes simpler.

use std::collections::BTreeSet;

use crate::Reduction;

/// A program as data that knows its own smaller forms.
pub trait Reducible: Clone {
    /// The program as source text.
    fn source(&self) -> String;
    /// How many nodes can be removed, numbered in preorder.
    fn removable(&self) -> usize;
    /// The program without these nodes and without what needs them.
    fn without(&self, nodes: &BTreeSet<usize>) -> Self;
    /// Forms that are simpler in one place, the simplest first.
    fn simplifications(&self) -> Vec<Self>;
}

/// Rounds of removing and simplifying; each makes room for the other.
const ROUNDS: usize = 4;

pub(crate) fn reduce<M: Reducible>(reduction: &mut Reduction<'_>, model: &M) -> M {
    let mut model = model.clone();
    for _ in 0..ROUNDS {
        let before = model.source();
        model = remove_nodes(reduction, &model);
        model = simplify(reduction, model);
        if model.source() == before || reduction.is_over() {
            break;
        }
    }
    model
}

fn remove_nodes<M: Reducible>(reduction: &mut Reduction<'_>, model: &M) -> M {
    let nodes =
        |gone: &[bool]| -> BTreeSet<usize> { (0..gone.len()).filter(|node| gone[*node]).collect() };
    let build = |gone: &[bool]| model.without(&nodes(gone)).source();
    let gone = reduction.remove_items(model.removable(), &build);
    if gone.iter().any(|went| *went) {
        model.without(&nodes(&gone))
    } else {
        model.clone()
    }
}

fn simplify<M: Reducible>(reduction: &mut Reduction<'_>, mut model: M) -> M {
    // Where a simplification held, the next is looked for from there on; what came before was just refused.
    let mut from = 0;
    while !reduction.is_over() {
        let before = model.source();
        let simpler: Vec<M> = model.simplifications().into_iter().skip(from).collect();
        let sources: Vec<String> = simpler.iter().map(Reducible::source).collect();
        let changed: Vec<usize> = (0..sources.len())
            .filter(|at| sources[*at] != before)
            .collect();
        let candidates: Vec<String> = changed.iter().map(|at| sources[*at].clone()).collect();
        let Some(held) = reduction.first_that_holds(&candidates) else {
            break;
        };
        from += changed[held];
        model = simpler[changed[held]].clone();
    }
    model
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// A list of numbers, one print each.
    #[derive(Clone)]
    struct Numbers(Vec<u32>);

    impl Reducible for Numbers {
        fn source(&self) -> String {
            self.0
                .iter()
                .map(|number| format!("print({number})\n"))
                .collect()
        }

        fn removable(&self) -> usize {
            self.0.len()
        }

        fn without(&self, nodes: &BTreeSet<usize>) -> Numbers {
            let left = self
                .0
                .iter()
                .enumerate()
                .filter(|(at, _)| !nodes.contains(at));
            Numbers(left.map(|(_, number)| *number).collect())
        }

        fn simplifications(&self) -> Vec<Numbers> {
            let halved = |at: usize| {
                let mut simpler = self.clone();
                simpler.0[at] /= 2;
                simpler
            };
            (0..self.0.len()).map(halved).collect()
        }
    }

    #[test]
    fn nodes_go_and_numbers_shrink() {
        let mut judge = |candidates: &[String]| -> Vec<bool> {
            let holds = |text: &String| {
                let numbers = text.split(|c: char| !c.is_ascii_digit());
                numbers
                    .filter_map(|word| word.parse::<u32>().ok())
                    .any(|number| number > 40)
            };
            candidates.iter().map(holds).collect()
        };
        let mut reduction = Reduction::new(&mut judge, Instant::now() + Duration::from_secs(20));
        let model = Numbers((0..100).map(|number| number * 7).collect());
        let (model, source) = reduction.reduce(&model);
        assert_eq!(model.0.len(), 1);
        assert!(model.0[0] > 40 && model.0[0] <= 82, "{:?}", model.0);
        assert!(source.trim().len() <= "print(82)".len(), "{source}");
    }
}
