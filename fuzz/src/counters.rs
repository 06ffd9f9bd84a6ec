//! Extra counters for libFuzzer: transitions of objects and pairs of opcodes, which guide it in interpreters
//! that are not instrumented.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, Once};

use twinheap_compile::code::{CodeObject, Const};
use twinheap_observation::transitions::{Goal, Transition, goals, unreached};

const COUNT: usize = 1 << 14;

/// libFuzzer finds this array by its section, reads it after each input and clears it before the next.
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static mut COUNTERS: [u8; COUNT] = [0; COUNT];

/// Set to `shapes`, only changes of shape guide, set to `goals`, only what a campaign should reach; set to `off`, it
/// leaves the array alone; set to `blind`, inputs are kept by chance, whatever they do, so that
/// runs with and without guidance can be compared: without any corpus programs would stay as small as they begin.
const SWITCH: &str = "TWINHEAP_COUNTERS";
/// Set to anything, programs run on CPython only and nothing is compared, to measure what guides in little time.
const ONLY: &str = "TWINHEAP_COUNTERS_ONLY";
/// Set to anything, it has the goals reached written out at the end.
const TALLY: &str = "TWINHEAP_GOALS";

/// Inputs are kept by chance until so many are.
const BLIND_SLOTS: u64 = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guidance {
    On,
    Shapes,
    Goals,
    Off,
    Blind,
}

thread_local! {
    static GOALS: Vec<Goal> = goals();
    static GUIDANCE: Cell<Option<Guidance>> = const { Cell::new(None) };
}

/// Not kept by the thread, as it is read when the process ends.
static REACHED: Mutex<BTreeSet<Transition>> = Mutex::new(BTreeSet::new());
static AT_EXIT: Once = Once::new();

/// Whether nothing is to be compared.
pub fn only_counts() -> bool {
    std::env::var_os(ONLY).is_some()
}

/// Counts what the objects of one input went through.
pub fn count_transitions(input: &[u8], transitions: &[Transition]) {
    if guidance() == Guidance::Blind {
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        raise(hasher.finish() % BLIND_SLOTS);
    }
    match guidance() {
        Guidance::Goals => count_goals(transitions),
        Guidance::Shapes => {
            let shapes = transitions.iter().filter(|one| !one.is_of_opcodes());
            shapes.for_each(|one| count(u64::from(one.0)));
        }
        _ => transitions.iter().for_each(|one| count(u64::from(one.0))),
    }
    if std::env::var_os(TALLY).is_some() {
        tally(transitions);
    }
}

/// Counts for each goal how many transitions of the input reach it.
fn count_goals(transitions: &[Transition]) {
    GOALS.with(|goals| {
        for transition in transitions {
            for (number, goal) in (0..).zip(goals) {
                if goal.is_reached_by(*transition) {
                    count(1 << 33 | number);
                }
            }
        }
    });
}

/// Takes the transitions up in the list that is written out at the end.
fn tally(transitions: &[Transition]) {
    AT_EXIT.call_once(|| {
        // SAFETY: the function takes nothing and never unwinds. Where no place is left for it, nothing is written.
        let _ = unsafe { libc::atexit(write_tally) };
    });
    if let Ok(mut reached) = REACHED.lock() {
        reached.extend(transitions);
    }
}

extern "C" fn write_tally() {
    let Ok(reached) = REACHED.lock() else {
        return;
    };
    let (missing, all) = unreached(&reached);
    let pairs = reached.iter().filter(|one| one.is_of_opcodes()).count();
    eprintln!(
        "twinheap: goals reached: {} of {all}; {} changes of shape, {pairs} pairs of opcodes",
        all - missing.len(),
        reached.len() - pairs
    );
}

fn guidance() -> Guidance {
    GUIDANCE.get().unwrap_or_else(|| {
        let wanted = std::env::var(SWITCH).unwrap_or_default();
        let guidance = match wanted.as_str() {
            "shapes" => Guidance::Shapes,
            "goals" => Guidance::Goals,
            "off" => Guidance::Off,
            "blind" => Guidance::Blind,
            _ => Guidance::On,
        };
        GUIDANCE.set(Some(guidance));
        guidance
    })
}

/// Counts one more of what this number stands for.
pub fn count(number: u64) {
    if !matches!(guidance(), Guidance::Off | Guidance::Blind) {
        raise(number);
    }
}

fn raise(number: u64) {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50;
    // SAFETY: the targets have one thread, and libFuzzer touches the array only between inputs; the index is
    // below 1 << 14.
    unsafe {
        let counter = (&raw mut COUNTERS).cast::<u8>().add(mixed as usize);
        *counter = (*counter).saturating_add(1);
    }
}

/// Counts the pairs of opcodes of a code object and of those inside it.
pub fn count_opcodes(code: &CodeObject) {
    let units = code.code.chunks_exact(2).map(|unit| unit[0]);
    let mut before = 0_u8;
    for opcode in units.filter(|opcode| *opcode != 0) {
        count(1 << 32 | u64::from(before) << 8 | u64::from(opcode));
        before = opcode;
    }
    for value in &code.consts {
        if let Const::Code(inner) = value {
            count_opcodes(inner);
        }
    }
}
