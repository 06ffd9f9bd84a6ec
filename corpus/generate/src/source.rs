//! Mutation of real programs: any Python file's syntax tree is spliced, swapped, doubled and perturbed.

/// A mutant of a Python file.
pub fn mutate_source(_source: &str, _others: &[&str], _seed: u64) -> Option<String> {
    None
}
