//! The flow graph: basic blocks of instructions, and the passes that rework them.

use std::hash::{Hash, Hasher};

use crate::code::{Const, FastHasher};
use crate::opcode::*;
use crate::values::is_true;
use twinheap_syntax::ast::{Constant, Span};

/// The number of a block within its unit; blocks are numbered as they are made.
pub type BlockId = u32;
pub const NO_BLOCK: BlockId = u32::MAX;

/// Where an instruction comes from; a line of -1 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loc {
    pub lineno: i32,
    pub end_lineno: i32,
    pub col_offset: i32,
    pub end_col_offset: i32,
}

pub const NO_LOC: Loc = Loc {
    lineno: -1,
    end_lineno: -1,
    col_offset: -1,
    end_col_offset: -1,
};
/// The place of instructions added without a line, whose other fields CPython leaves at zero.
pub const NO_LINE: Loc = Loc {
    lineno: -1,
    end_lineno: 0,
    col_offset: 0,
    end_col_offset: 0,
};

impl From<Span> for Loc {
    fn from(span: Span) -> Loc {
        Loc {
            lineno: span.lineno,
            end_lineno: span.end_lineno,
            col_offset: span.col_offset,
            end_col_offset: span.end_col_offset,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Instr {
    pub opcode: Opcode,
    pub oparg: i32,
    pub target: BlockId,
    /// The handler in force; set by the assembler.
    pub except: BlockId,
    pub loc: Loc,
}

impl Instr {
    pub fn new(opcode: Opcode, oparg: i32, loc: Loc) -> Instr {
        Instr {
            opcode,
            oparg,
            target: NO_BLOCK,
            except: NO_BLOCK,
            loc,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Block {
    pub instrs: Vec<Instr>,
    pub next: BlockId,
    pub predecessors: u32,
    pub start_depth: i32,
    pub offset: i32,
    pub no_fallthrough: bool,
    pub preserve_lasti: bool,
    pub visited: bool,
    pub exit: bool,
    pub returns: bool,
}

impl Block {
    pub fn new() -> Block {
        Block {
            instrs: Vec::new(),
            next: NO_BLOCK,
            predecessors: 0,
            start_depth: i32::MIN,
            offset: 0,
            no_fallthrough: false,
            preserve_lasti: false,
            visited: false,
            exit: false,
            returns: false,
        }
    }

    pub fn has_line(&self) -> bool {
        self.instrs.iter().any(|instr| instr.loc.lineno > 0)
    }
}

impl Default for Block {
    fn default() -> Block {
        Block::new()
    }
}

const MAX_COPY_SIZE: usize = 4;

/// The blocks of one unit; number 0 is the entry.
#[derive(Debug, Default)]
pub struct Graph {
    pub blocks: Vec<Block>,
}

/// Something is wrong with the graph: a mistake of the compiler's.
#[derive(Clone, Debug)]
pub struct Malformed(pub &'static str);

impl Graph {
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id as usize]
    }

    pub fn block_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[id as usize]
    }

    pub fn new_block(&mut self) -> BlockId {
        self.blocks.push(Block::new());
        (self.blocks.len() - 1) as BlockId
    }

    /// The blocks in the order of the code, from the entry on.
    pub fn order(&self) -> Vec<BlockId> {
        let mut order = Vec::with_capacity(self.blocks.len());
        let mut id = 0;
        while id != NO_BLOCK {
            order.push(id);
            id = self.block(id).next;
        }
        order
    }

    /// All blocks, the one made last first.
    fn newest_first(&self) -> impl Iterator<Item = BlockId> + use<> {
        (0..self.blocks.len() as BlockId).rev()
    }

    fn skip_empty(&self, mut id: BlockId) -> BlockId {
        while self.block(id).instrs.is_empty() && self.block(id).next != NO_BLOCK {
            id = self.block(id).next;
        }
        id
    }

    /// Marks exits and blocks that do not fall through, and makes jumps skip empty blocks.
    pub fn normalize(&mut self) -> Result<(), Malformed> {
        for id in self.newest_first() {
            let count = self.block(id).instrs.len();
            for at in 0..count {
                let opcode = self.block(id).instrs[at].opcode;
                if is_scope_exit(opcode) {
                    self.block_mut(id).exit = true;
                    self.block_mut(id).no_fallthrough = true;
                    continue;
                }
                let jumps = matches!(
                    opcode,
                    JUMP | JUMP_NO_INTERRUPT
                        | POP_JUMP_IF_NOT_NONE
                        | POP_JUMP_IF_NONE
                        | POP_JUMP_IF_FALSE
                        | POP_JUMP_IF_TRUE
                        | JUMP_IF_FALSE_OR_POP
                        | JUMP_IF_TRUE_OR_POP
                        | FOR_ITER
                );
                if !jumps {
                    continue;
                }
                if matches!(opcode, JUMP | JUMP_NO_INTERRUPT) {
                    self.block_mut(id).no_fallthrough = true;
                }
                if at != count - 1 {
                    return Err(Malformed("malformed control flow graph."));
                }
                let target = self.skip_empty(self.block(id).instrs[at].target);
                self.block_mut(id).instrs[at].target = target;
            }
        }
        Ok(())
    }

    /// A jump to a short exit without lines becomes a copy of that exit.
    pub fn extend_blocks(&mut self) {
        for id in self.newest_first() {
            let Some(last) = self.block(id).instrs.last() else {
                continue;
            };
            if !matches!(last.opcode, JUMP | JUMP_FORWARD | JUMP_BACKWARD) {
                continue;
            }
            let target = self.block(last.target);
            if !target.exit || target.instrs.len() > MAX_COPY_SIZE || target.has_line() {
                continue;
            }
            let copied = target.instrs.clone();
            let block = self.block_mut(id);
            if let Some(last) = block.instrs.last_mut() {
                last.opcode = NOP;
            }
            block.instrs.extend(copied);
            block.exit = true;
        }
    }

    /// Removes the no-operations that carry no line of their own.
    pub fn clean_block(&mut self, id: BlockId) {
        if !self
            .block(id)
            .instrs
            .iter()
            .any(|instr| instr.opcode == NOP)
        {
            return;
        }
        let mut instrs = std::mem::take(&mut self.block_mut(id).instrs);
        let count = instrs.len();
        let mut kept = 0;
        let mut previous_line = -1;
        for at in 0..count {
            let line = instrs[at].loc.lineno;
            if instrs[at].opcode == NOP {
                if line < 0 || previous_line == line {
                    continue;
                }
                if at + 1 < count {
                    let next_line = instrs[at + 1].loc.lineno;
                    if next_line == line {
                        continue;
                    }
                    if next_line < 0 {
                        instrs[at + 1].loc = instrs[at].loc;
                        continue;
                    }
                } else {
                    let mut next = self.block(id).next;
                    while next != NO_BLOCK && self.block(next).instrs.is_empty() {
                        next = self.block(next).next;
                    }
                    if next != NO_BLOCK && self.block(next).instrs[0].loc.lineno == line {
                        continue;
                    }
                }
            }
            instrs[kept] = instrs[at];
            kept += 1;
            previous_line = line;
        }
        instrs.truncate(kept);
        self.block_mut(id).instrs = instrs;
    }

    fn mark_reachable(&mut self) {
        let mut stack = vec![0];
        self.blocks[0].predecessors = 1;
        while let Some(id) = stack.pop() {
            let block = self.block(id);
            let mut targets = Vec::new();
            if block.next != NO_BLOCK && !block.no_fallthrough {
                targets.push(block.next);
            }
            let jumps = block
                .instrs
                .iter()
                .filter(|instr| is_jump(instr.opcode) || is_block_push(instr.opcode));
            targets.extend(jumps.map(|instr| instr.target));
            for target in targets {
                let block = self.block_mut(target);
                if block.predecessors == 0 {
                    stack.push(target);
                }
                block.predecessors += 1;
            }
        }
    }

    fn eliminate_empty_blocks(&mut self) {
        let mut id = 0;
        while id != NO_BLOCK {
            let next = self.block(id).next;
            if next != NO_BLOCK {
                let next = self.skip_empty(next);
                self.block_mut(id).next = next;
            }
            id = self.block(id).next;
        }
        for id in self.order() {
            let Some(last) = self.block(id).instrs.last() else {
                continue;
            };
            if is_jump(last.opcode) {
                let target = self.skip_empty(last.target);
                if let Some(last) = self.block_mut(id).instrs.last_mut() {
                    last.target = target;
                }
            }
        }
    }

    pub fn optimize(&mut self, consts: &mut ConstTable) {
        for id in self.order() {
            self.optimize_block(id, consts);
            self.clean_block(id);
        }
        self.extend_blocks();
        self.mark_reachable();
        for id in self.order() {
            let block = self.block_mut(id);
            if block.predecessors == 0 {
                block.instrs.clear();
                block.no_fallthrough = false;
            }
        }
        self.eliminate_empty_blocks();
        for id in self.order() {
            self.clean_block(id);
        }
        let mut maybe_empty = false;
        for id in self.order() {
            let next = self.block(id).next;
            let block = self.block_mut(id);
            let Some(last) = block.instrs.last_mut() else {
                continue;
            };
            if matches!(last.opcode, JUMP | JUMP_NO_INTERRUPT) && last.target == next {
                last.opcode = NOP;
                block.no_fallthrough = false;
                maybe_empty = true;
            }
        }
        if maybe_empty {
            self.eliminate_empty_blocks();
        }
    }

    fn optimize_block(&mut self, id: BlockId, consts: &mut ConstTable) {
        let mut at = 0;
        while at < self.block(id).instrs.len() {
            let instr = self.block(id).instrs[at];
            let mut target = None;
            if is_jump(instr.opcode) || is_block_push(instr.opcode) {
                let real = self.skip_empty(instr.target);
                self.block_mut(id).instrs[at].target = real;
                target = self.block(real).instrs.first().copied();
            }
            let threaded = match (instr.opcode, target) {
                (LOAD_CONST, _) => {
                    self.fold_const_jump(id, at, consts);
                    false
                }
                (BUILD_TUPLE, _) => {
                    fold_build_tuple(&mut self.block_mut(id).instrs, at, consts);
                    false
                }
                (SWAP, _) => {
                    at = optimize_swap(&mut self.block_mut(id).instrs, at);
                    false
                }
                (PUSH_NULL, _) => {
                    fold_push_null(&mut self.block_mut(id).instrs, at);
                    false
                }
                (_, Some(target)) => self.thread_jump(id, at, &target),
                _ => false,
            };
            if !threaded {
                at += 1;
            }
        }
    }

    /// A test of a constant: the jump is taken always or never.
    fn fold_const_jump(&mut self, id: BlockId, at: usize, consts: &ConstTable) {
        let block = self.block_mut(id);
        let Some(next) = block.instrs.get(at + 1).copied() else {
            return;
        };
        let Const::Value(value) = &consts.items[block.instrs[at].oparg as usize] else {
            return;
        };
        match next.opcode {
            POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE => {
                let taken = is_true(value) == (next.opcode == POP_JUMP_IF_TRUE);
                block.instrs[at].opcode = NOP;
                block.instrs[at + 1].opcode = if taken { JUMP } else { NOP };
                block.no_fallthrough |= taken;
            }
            JUMP_IF_FALSE_OR_POP | JUMP_IF_TRUE_OR_POP => {
                let taken = is_true(value) == (next.opcode == JUMP_IF_TRUE_OR_POP);
                if taken {
                    block.instrs[at + 1].opcode = JUMP;
                    block.no_fallthrough = true;
                } else {
                    block.instrs[at].opcode = NOP;
                    block.instrs[at + 1].opcode = NOP;
                }
            }
            IS_OP if matches!(value, Constant::None) => {
                let Some(jump) = block.instrs.get(at + 2).map(|instr| instr.opcode) else {
                    return;
                };
                if !matches!(jump, POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE) {
                    return;
                }
                let not_none = (next.oparg != 0) != (jump == POP_JUMP_IF_FALSE);
                block.instrs[at].opcode = NOP;
                block.instrs[at + 1].opcode = NOP;
                block.instrs[at + 2].opcode = if not_none {
                    POP_JUMP_IF_NOT_NONE
                } else {
                    POP_JUMP_IF_NONE
                };
            }
            _ => {}
        }
    }

    /// A jump to a jump goes to where that one goes; true if the instruction is to be looked at again.
    fn thread_jump(&mut self, id: BlockId, at: usize, target: &Instr) -> bool {
        let instr = self.block(id).instrs[at];
        let same_line = instr.loc.lineno == target.loc.lineno;
        let next_of_target = self.block(instr.target).next;
        let (opcode, goal) = match (instr.opcode, target.opcode) {
            (JUMP_IF_FALSE_OR_POP, POP_JUMP_IF_FALSE) => (POP_JUMP_IF_FALSE, target.target),
            (JUMP_IF_FALSE_OR_POP, JUMP | JUMP_IF_FALSE_OR_POP) => {
                (JUMP_IF_FALSE_OR_POP, target.target)
            }
            (JUMP_IF_FALSE_OR_POP, JUMP_IF_TRUE_OR_POP | POP_JUMP_IF_TRUE) => {
                (POP_JUMP_IF_FALSE, next_of_target)
            }
            (JUMP_IF_TRUE_OR_POP, POP_JUMP_IF_TRUE) => (POP_JUMP_IF_TRUE, target.target),
            (JUMP_IF_TRUE_OR_POP, JUMP | JUMP_IF_TRUE_OR_POP) => {
                (JUMP_IF_TRUE_OR_POP, target.target)
            }
            (JUMP_IF_TRUE_OR_POP, JUMP_IF_FALSE_OR_POP | POP_JUMP_IF_FALSE) => {
                (POP_JUMP_IF_TRUE, next_of_target)
            }
            (
                POP_JUMP_IF_NOT_NONE | POP_JUMP_IF_NONE | POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE
                | JUMP,
                JUMP,
            ) => (instr.opcode, target.target),
            _ => return false,
        };
        if !same_line || goal == instr.target {
            return false;
        }
        let instr = &mut self.block_mut(id).instrs[at];
        instr.opcode = opcode;
        instr.target = goal;
        true
    }

    fn is_exit_without_line(&self, id: BlockId) -> bool {
        let block = self.block(id);
        block.exit && block.instrs.iter().all(|instr| instr.loc.lineno < 0)
    }

    /// Gives every exit without a line one predecessor only, so that it can take over its line.
    pub fn duplicate_exits_without_line(&mut self) {
        for id in self.newest_first() {
            let Some(last) = self.block(id).instrs.last().copied() else {
                continue;
            };
            if !is_jump(last.opcode) {
                continue;
            }
            let target = last.target;
            if !self.is_exit_without_line(target) || self.block(target).predecessors <= 1 {
                continue;
            }
            let new = self.new_block();
            let old = self.block(target);
            let mut copy = Block::new();
            copy.instrs.clone_from(&old.instrs);
            copy.exit = old.exit;
            copy.no_fallthrough = true;
            copy.instrs[0].loc = last.loc;
            copy.predecessors = 1;
            copy.next = old.next;
            *self.block_mut(new) = copy;
            if let Some(last) = self.block_mut(id).instrs.last_mut() {
                last.target = new;
            }
            let old = self.block_mut(target);
            old.predecessors -= 1;
            old.next = new;
        }
        for id in self.newest_first() {
            loop {
                let next = self.block(id).next;
                if next == NO_BLOCK || !self.block(next).instrs.is_empty() {
                    break;
                }
                self.block_mut(id).next = self.block(next).next;
            }
        }
        for id in self.newest_first() {
            let block = self.block(id);
            let next = block.next;
            if block.no_fallthrough || next == NO_BLOCK || !self.is_exit_without_line(next) {
                continue;
            }
            if let Some(last) = block.instrs.last() {
                let loc = last.loc;
                self.block_mut(next).instrs[0].loc = loc;
            }
        }
    }

    /// Instructions without a line take that of the one before them, in their block or its only predecessor.
    pub fn propagate_lines(&mut self) {
        for id in self.order() {
            let mut previous = NO_LOC;
            for instr in &mut self.block_mut(id).instrs {
                if instr.loc.lineno < 0 {
                    instr.loc = previous;
                } else {
                    previous = instr.loc;
                }
            }
            let block = self.block(id);
            let Some(last) = block.instrs.last().copied() else {
                continue;
            };
            let next = block.next;
            if !block.no_fallthrough && next != NO_BLOCK {
                self.inherit_line(next, previous);
            }
            if is_jump(last.opcode) {
                self.inherit_line(last.target, previous);
            }
        }
    }

    fn inherit_line(&mut self, id: BlockId, loc: Loc) {
        let block = self.block_mut(id);
        if block.predecessors == 1
            && let Some(first) = block.instrs.first_mut()
            && first.loc.lineno < 0
        {
            first.loc = loc;
        }
    }

    /// Every return gets some line, at worst the last one seen.
    pub fn guarantee_lines_for_exits(&mut self, first_line: i32) {
        let mut line = first_line;
        for id in self.order() {
            let Some(last) = self.block(id).instrs.last().copied() else {
                continue;
            };
            if last.loc.lineno >= 0 {
                line = last.loc.lineno;
            } else if last.opcode == RETURN_VALUE {
                for instr in &mut self.block_mut(id).instrs {
                    instr.loc.lineno = line;
                }
            }
        }
    }
}

/// The constants of a unit while they are collected.
#[derive(Debug, Default)]
pub struct ConstTable {
    pub items: Vec<Const>,
    /// The hash of a constant above its number plus one, in the first free place from the one that the hash tells.
    /// A display of megabytes has a million constants: small places, and hashes that are made once, keep what each
    /// of them costs from growing with their number.
    slots: Vec<u64>,
}

impl ConstTable {
    pub fn add(&mut self, value: Const) -> i32 {
        if 4 * (self.items.len() + 1) > 3 * self.slots.len() {
            self.grow();
        }
        let hash = short_hash(&value);
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        while self.slots[place] != 0 {
            let slot = self.slots[place];
            let number = slot as u32 - 1;
            if (slot >> 32) as u32 == hash && self.items[number as usize] == value {
                return number as i32;
            }
            place = (place + 1) & mask;
        }
        self.items.push(value);
        self.slots[place] = u64::from(hash) << 32 | self.items.len() as u64;
        self.items.len() as i32 - 1
    }

    fn grow(&mut self) {
        let mut slots = vec![0; (2 * self.slots.len()).max(16)];
        let mask = slots.len() - 1;
        for slot in self.slots.iter().filter(|slot| **slot != 0) {
            let mut place = (*slot >> 32) as usize & mask;
            while slots[place] != 0 {
                place = (place + 1) & mask;
            }
            slots[place] = *slot;
        }
        self.slots = slots;
    }
}

/// The hash of a constant in 32 bits, of which the lower ones are good as well.
fn short_hash(value: &Const) -> u32 {
    let mut state = FastHasher::default();
    value.hash(&mut state);
    (state.finish().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

fn fold_push_null(instrs: &mut [Instr], at: usize) {
    // The test of the opcode's low bit is CPython's own; LOAD_GLOBAL is even.
    if let Some(next) = instrs.get_mut(at + 1)
        && next.opcode == LOAD_GLOBAL
    {
        next.oparg |= 1;
        instrs[at].opcode = NOP;
        instrs[at].oparg = 0;
    }
}

fn fold_build_tuple(instrs: &mut [Instr], at: usize, consts: &mut ConstTable) {
    let size = instrs[at].oparg;
    if let Some(next) = instrs.get_mut(at + 1)
        && next.opcode == UNPACK_SEQUENCE
        && next.oparg == size
    {
        match size {
            1 => {
                next.opcode = NOP;
                instrs[at].opcode = NOP;
                return;
            }
            2 | 3 => {
                next.opcode = SWAP;
                instrs[at].opcode = NOP;
                return;
            }
            _ => {}
        }
    }
    let Some(first) = at.checked_sub(size as usize) else {
        return;
    };
    let mut items = Vec::with_capacity(size as usize);
    for instr in &instrs[first..at] {
        if !matches!(instr.opcode, LOAD_CONST) {
            return;
        }
        match &consts.items[instr.oparg as usize] {
            Const::Value(value) => items.push(value.clone()),
            Const::Code(_) => return,
        }
    }
    let index = consts.add(Const::Value(Constant::Tuple(items.into())));
    for instr in &mut instrs[first..at] {
        instr.opcode = NOP;
    }
    instrs[at].opcode = LOAD_CONST;
    instrs[at].oparg = index;
}

/// Shortens a run of swaps, then moves what they swap; gives the last place of the run.
fn optimize_swap(instrs: &mut [Instr], at: usize) -> usize {
    if instrs[at].oparg == 1 {
        instrs[at].opcode = NOP;
        return at;
    }
    let last = shorten_swaps(instrs, at);
    apply_static_swaps(instrs, last);
    last
}

/// Replaces a run of swaps and no-operations by the shortest run with the same effect.
fn shorten_swaps(instrs: &mut [Instr], at: usize) -> usize {
    let run = instrs[at + 1..]
        .iter()
        .take_while(|instr| matches!(instr.opcode, SWAP | NOP))
        .count()
        + 1;
    let instrs = &mut instrs[at..at + run];
    let swaps: Vec<usize> = instrs
        .iter()
        .filter(|instr| instr.opcode == SWAP)
        .map(|instr| instr.oparg as usize)
        .collect();
    if swaps.len() < 2 {
        return at;
    }
    let depth = swaps.iter().copied().max().unwrap_or(0);
    let mut stack: Vec<Option<usize>> = (0..depth).map(Some).collect();
    for swap in swaps {
        stack.swap(0, swap - 1);
    }
    let mut free = run;
    for start in 0..depth {
        if stack[start].is_none() || stack[start] == Some(start) {
            continue;
        }
        // A cycle of the permutation, walked with position 0 put into it.
        let mut place = start;
        loop {
            if place != 0 {
                free -= 1;
                instrs[free].opcode = SWAP;
                instrs[free].oparg = place as i32 + 1;
            }
            match stack[place].take() {
                Some(next) => place = next,
                None => break,
            }
        }
    }
    for instr in &mut instrs[..free] {
        instr.opcode = NOP;
    }
    at + run - 1
}

fn is_swappable(opcode: Opcode) -> bool {
    matches!(opcode, STORE_FAST | POP_TOP)
}

fn next_swappable(instrs: &[Instr], after: usize, line: i32) -> Option<usize> {
    for (at, instr) in instrs.iter().enumerate().skip(after + 1) {
        if line >= 0 && instr.loc.lineno != line {
            return None;
        }
        if instr.opcode == NOP {
            continue;
        }
        return is_swappable(instr.opcode).then_some(at);
    }
    None
}

/// The local variable that an instruction stores to.
fn stored_local(instr: &Instr) -> Option<i32> {
    (instr.opcode == STORE_FAST).then_some(instr.oparg)
}

/// Whether no store of the last value of a variable would move.
fn may_reorder(instrs: &[Instr], first: usize, other: usize) -> bool {
    let (a, b) = (stored_local(&instrs[first]), stored_local(&instrs[other]));
    if a.is_none() && b.is_none() {
        return true;
    }
    a != b
        && !instrs[first + 1..other].iter().any(|instr| {
            stored_local(instr).is_some_and(|local| a == Some(local) || b == Some(local))
        })
}

/// Swaps the instructions that would take swapped values, instead of the values.
fn apply_static_swaps(instrs: &mut [Instr], last: usize) {
    for at in (0..=last).rev() {
        if instrs[at].opcode != SWAP {
            if instrs[at].opcode == NOP || is_swappable(instrs[at].opcode) {
                continue;
            }
            return;
        }
        let Some(first) = next_swappable(instrs, at, -1) else {
            return;
        };
        let line = instrs[first].loc.lineno;
        let mut other = first;
        for _ in 1..instrs[at].oparg {
            match next_swappable(instrs, other, line) {
                Some(next) => other = next,
                None => return,
            }
        }
        if !may_reorder(instrs, first, other) {
            return;
        }
        instrs[at].opcode = NOP;
        instrs.swap(first, other);
    }
}
