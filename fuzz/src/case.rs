//! An input as a target sees it: its bytes and the Python source that they stand for.

use std::fmt;
use std::marker::PhantomData;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::Corpus;
use twinheap_observation::Stage;

use crate::flight;
use crate::twins::{Twins, with_twins};

/// What a target makes of bytes, and what it compares.
pub trait Kind {
    const TARGET: &'static str;
    /// What the VM must be able to run for this target; empty where that is no question.
    const NEEDS: &'static str;
    const STAGES: &'static [Stage];

    /// The program that the bytes stand for; an error refuses them.
    fn source(data: &[u8]) -> arbitrary::Result<String>;

    /// Runs it on both sides.
    fn compare(twins: &mut Twins, data: &[u8], source: &str) -> Corpus {
        twins.compare::<Self>(data, source)
    }
}

pub struct Case<K> {
    data: Vec<u8>,
    source: String,
    kind: PhantomData<K>,
}

impl<K: Kind> Case<K> {
    /// Compares both sides; should the process end meanwhile, its keeper tells by which input.
    pub fn compare(&self) -> Corpus {
        flight::take_off(&self.data);
        let kept = with_twins(|twins| {
            if twins.lacks(K::NEEDS) {
                return Corpus::Keep;
            }
            K::compare(twins, &self.data, &self.source)
        });
        flight::land();
        kept
    }
}

impl<'a, K: Kind> Arbitrary<'a> for Case<K> {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Case<K>> {
        let length = input.len();
        Case::new(input.bytes(length)?)
    }

    fn arbitrary_take_rest(input: Unstructured<'a>) -> arbitrary::Result<Case<K>> {
        Case::new(input.take_rest())
    }
}

impl<K: Kind> Case<K> {
    fn new(data: &[u8]) -> arbitrary::Result<Case<K>> {
        Ok(Case {
            source: K::source(data)?,
            data: data.to_vec(),
            kind: PhantomData,
        })
    }
}

/// What `cargo fuzz fmt` prints.
impl<K: Kind> fmt::Debug for Case<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "# {}, {} bytes\n{}",
            K::TARGET,
            self.data.len(),
            self.source
        )
    }
}
