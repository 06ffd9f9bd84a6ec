//! Extra counters for libFuzzer: transitions of objects and pairs of opcodes, which guide it in interpreters
//! that are not instrumented.

use twinheap_compile::code::{CodeObject, Const};

const COUNT: usize = 1 << 14;

/// libFuzzer finds this array by its section, reads it after each input and clears it before the next.
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static mut COUNTERS: [u8; COUNT] = [0; COUNT];

/// Counts one more of what this number stands for.
pub fn count(number: u64) {
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
