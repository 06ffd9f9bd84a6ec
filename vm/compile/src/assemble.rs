//! From a finished flow graph to the bytes of a code object: cells, depth, exception table, locations.

use std::rc::Rc;

use crate::code::{CO_FAST_CELL, CO_FAST_FREE, CO_FAST_LOCAL};
use crate::flow::*;
use crate::opcode::*;
use crate::unit::Unit;

/// What assembly makes of a unit.
pub struct Assembled {
    pub code: Vec<u8>,
    pub linetable: Vec<u8>,
    pub exceptiontable: Vec<u8>,
    pub stacksize: i32,
}

/// Where the cells and free variables of a unit end up among its local variables.
struct CellPlan {
    fixed: Vec<usize>,
    cells: usize,
}

impl CellPlan {
    fn new(unit: &Unit<'_>) -> CellPlan {
        let locals = unit.varnames.len();
        let count = unit.cellvars.len() + unit.freevars.len();
        let mut fixed: Vec<usize> = (locals..locals + count).collect();
        for (at, name) in unit.cellvars.items.iter().enumerate() {
            if let Some(local) = unit.varnames.find(*name) {
                fixed[at] = local;
            }
        }
        CellPlan {
            fixed,
            cells: unit.cellvars.len(),
        }
    }

    /// Cells in the order of their places, arguments first.
    fn cells_in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.cells).collect();
        order.sort_by_key(|cell| self.fixed[*cell]);
        order
    }

    /// Closes the gaps that cells which are arguments leave.
    fn close_gaps(&mut self, locals: usize) {
        let mut dropped = 0;
        for (at, place) in self.fixed.iter_mut().enumerate() {
            if *place == at + locals {
                *place -= dropped;
            } else {
                dropped += 1;
            }
        }
    }
}

fn insert_prefix(unit: &mut Unit<'_>, plan: &CellPlan, is_generator: bool) {
    let mut prefix = Vec::new();
    if !unit.freevars.is_empty() {
        prefix.push(Instr::new(
            COPY_FREE_VARS,
            unit.freevars.len() as i32,
            NO_LOC,
        ));
    }
    for cell in plan.cells_in_order() {
        prefix.push(Instr::new(MAKE_CELL, cell as i32, NO_LOC));
    }
    if is_generator {
        let line = unit.firstlineno;
        let loc = Loc {
            lineno: line,
            end_lineno: line,
            col_offset: -1,
            end_col_offset: -1,
        };
        prefix.push(Instr::new(RETURN_GENERATOR, 0, loc));
        prefix.push(Instr::new(POP_TOP, 0, NO_LOC));
    }
    unit.graph.block_mut(0).instrs.splice(0..0, prefix);
}

fn fix_cell_offsets(unit: &mut Unit<'_>, plan: &CellPlan) {
    for block in &mut unit.graph.blocks {
        for instr in &mut block.instrs {
            if matches!(
                instr.opcode,
                MAKE_CELL
                    | LOAD_CLOSURE
                    | LOAD_DEREF
                    | STORE_DEREF
                    | DELETE_DEREF
                    | LOAD_CLASSDEREF
            ) {
                instr.oparg = plan.fixed[instr.oparg as usize] as i32;
            }
        }
    }
}

fn trim_unused_consts(unit: &mut Unit<'_>) {
    let mut highest = 0;
    for id in unit.graph.order() {
        for instr in &unit.graph.block(id).instrs {
            if matches!(instr.opcode, LOAD_CONST | KW_NAMES) {
                highest = highest.max(instr.oparg as usize);
            }
        }
    }
    unit.consts.items.truncate(highest + 1);
}

/// How deep the stack gets; leaves the depth at the start of every block.
fn stack_depth(graph: &mut Graph, first_depth: i32) -> Result<i32, Malformed> {
    fn push(graph: &mut Graph, stack: &mut Vec<BlockId>, id: BlockId, depth: i32) {
        let block = graph.block_mut(id);
        if block.start_depth < depth && block.start_depth < 100 {
            block.start_depth = depth;
            stack.push(id);
        }
    }
    for block in &mut graph.blocks {
        block.start_depth = i32::MIN;
    }
    let mut stack = Vec::new();
    let mut deepest = 0;
    push(graph, &mut stack, 0, first_depth);
    while let Some(id) = stack.pop() {
        let mut depth = graph.block(id).start_depth;
        let mut next = graph.block(id).next;
        for at in 0..graph.block(id).instrs.len() {
            let instr = graph.block(id).instrs[at];
            let effect = |jump| {
                stack_effect(instr.opcode, instr.oparg, jump)
                    .ok_or(Malformed("compiler stack_effect failed"))
            };
            let after = depth + effect(false)?;
            deepest = deepest.max(after);
            if is_jump(instr.opcode) || is_block_push(instr.opcode) {
                let at_target = depth + effect(true)?;
                deepest = deepest.max(at_target);
                push(graph, &mut stack, instr.target, at_target);
            }
            depth = after;
            if matches!(instr.opcode, JUMP | JUMP_NO_INTERRUPT) || is_scope_exit(instr.opcode) {
                next = NO_BLOCK;
                break;
            }
        }
        if next != NO_BLOCK {
            push(graph, &mut stack, next, depth);
        }
    }
    Ok(deepest)
}

/// Tells every instruction which handler is in force, and removes the marks that said so.
fn label_exception_targets(graph: &mut Graph) {
    type Handlers = Vec<BlockId>;
    for block in &mut graph.blocks {
        block.visited = false;
    }
    let mut todo: Vec<(BlockId, Handlers)> = vec![(0, Vec::new())];
    graph.blocks[0].visited = true;
    while let Some((id, mut handlers)) = todo.pop() {
        let mut instrs = std::mem::take(&mut graph.block_mut(id).instrs);
        for instr in &mut instrs {
            if is_block_push(instr.opcode) {
                let target = graph.block_mut(instr.target);
                if !target.visited {
                    target.visited = true;
                    todo.push((instr.target, handlers.clone()));
                }
                if matches!(instr.opcode, SETUP_WITH | SETUP_CLEANUP) {
                    graph.block_mut(instr.target).preserve_lasti = true;
                }
                handlers.push(instr.target);
                instr.opcode = NOP;
                continue;
            }
            if instr.opcode == POP_BLOCK {
                handlers.pop();
                instr.opcode = NOP;
                continue;
            }
            instr.except = handlers.last().copied().unwrap_or(NO_BLOCK);
            if is_jump(instr.opcode) {
                let target = graph.block_mut(instr.target);
                if !target.visited {
                    target.visited = true;
                    todo.push((instr.target, handlers.clone()));
                }
            }
        }
        let block = graph.block_mut(id);
        block.instrs = instrs;
        let next = block.next;
        if !block.no_fallthrough && next != NO_BLOCK && !graph.block(next).visited {
            graph.block_mut(next).visited = true;
            todo.push((next, handlers));
        }
    }
}

/// Jumps get the opcode of their direction.
fn normalize_jumps(graph: &mut Graph, order: &[BlockId]) -> Result<(), Malformed> {
    for block in &mut graph.blocks {
        block.visited = false;
    }
    for id in order {
        graph.block_mut(*id).visited = true;
        let Some(last) = graph.block(*id).instrs.last().copied() else {
            continue;
        };
        if !is_jump(last.opcode) {
            continue;
        }
        let forward = !graph.block(last.target).visited;
        let opcode = match (last.opcode, forward) {
            (JUMP | JUMP_NO_INTERRUPT, true) => JUMP_FORWARD,
            (JUMP, false) => JUMP_BACKWARD,
            (JUMP_NO_INTERRUPT, false) => JUMP_BACKWARD_NO_INTERRUPT,
            (POP_JUMP_IF_NOT_NONE, true) => POP_JUMP_FORWARD_IF_NOT_NONE,
            (POP_JUMP_IF_NOT_NONE, false) => POP_JUMP_BACKWARD_IF_NOT_NONE,
            (POP_JUMP_IF_NONE, true) => POP_JUMP_FORWARD_IF_NONE,
            (POP_JUMP_IF_NONE, false) => POP_JUMP_BACKWARD_IF_NONE,
            (POP_JUMP_IF_FALSE, true) => POP_JUMP_FORWARD_IF_FALSE,
            (POP_JUMP_IF_FALSE, false) => POP_JUMP_BACKWARD_IF_FALSE,
            (POP_JUMP_IF_TRUE, true) => POP_JUMP_FORWARD_IF_TRUE,
            (POP_JUMP_IF_TRUE, false) => POP_JUMP_BACKWARD_IF_TRUE,
            (JUMP_IF_TRUE_OR_POP, false) => {
                return Err(Malformed(
                    "unexpected JUMP_IF_TRUE_OR_POP jumping backwards",
                ));
            }
            (JUMP_IF_FALSE_OR_POP, false) => {
                return Err(Malformed(
                    "unexpected JUMP_IF_FALSE_OR_POP jumping backwards",
                ));
            }
            (opcode, _) => opcode,
        };
        if let Some(last) = graph.block_mut(*id).instrs.last_mut() {
            last.opcode = opcode;
        }
    }
    Ok(())
}

fn instr_size(instr: &Instr) -> i32 {
    let oparg = if has_arg(instr.opcode) {
        instr.oparg
    } else {
        0
    };
    let extended =
        i32::from(oparg > 0xff) + i32::from(oparg > 0xffff) + i32::from(oparg > 0xff_ffff);
    extended + 1 + caches(instr.opcode) as i32
}

/// Lays out the blocks; jump distances and instruction sizes depend on each other.
fn assign_offsets(graph: &mut Graph, order: &[BlockId]) {
    loop {
        let mut total = 0;
        for id in order {
            let block = graph.block_mut(*id);
            block.offset = total;
            total += block.instrs.iter().map(instr_size).sum::<i32>();
        }
        let mut changed = false;
        for id in order {
            let mut offset = graph.block(*id).offset;
            for at in 0..graph.block(*id).instrs.len() {
                let instr = graph.block(*id).instrs[at];
                let size = instr_size(&instr);
                offset += size;
                if !is_jump(instr.opcode) {
                    continue;
                }
                let distance = (graph.block(instr.target).offset - offset).abs();
                let instr = &mut graph.block_mut(*id).instrs[at];
                instr.oparg = distance;
                changed |= instr_size(instr) != size;
            }
        }
        if !changed {
            return;
        }
    }
}

fn write_code(graph: &Graph, order: &[BlockId]) -> Vec<u8> {
    let mut code = Vec::new();
    for id in order {
        for instr in &graph.block(*id).instrs {
            let oparg = if has_arg(instr.opcode) {
                instr.oparg
            } else {
                0
            };
            for shift in [24, 16, 8] {
                if oparg >> shift != 0 {
                    code.extend([EXTENDED_ARG as u8, (oparg >> shift) as u8]);
                }
            }
            code.extend([instr.opcode as u8, oparg as u8]);
            code.resize(code.len() + 2 * caches(instr.opcode), 0);
        }
    }
    code
}

fn write_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 64 {
        out.push(0x40 | (value & 0x3f) as u8);
        value >>= 6;
    }
    out.push(value as u8);
}

fn write_signed_varint(out: &mut Vec<u8>, value: i32) {
    let magnitude = value.unsigned_abs() << 1;
    write_varint(out, if value < 0 { magnitude | 1 } else { magnitude });
}

const LOCATION_ONE_LINE: i32 = 10;
const LOCATION_NO_COLUMNS: i32 = 13;
const LOCATION_LONG: i32 = 14;
const LOCATION_NONE: i32 = 15;

/// One entry of the location table, for `length` code units.
fn write_location(out: &mut Vec<u8>, loc: &Loc, length: i32, line: &mut i32) {
    let mut start = |code: i32| out.push(0x80 | (code << 3 | (length - 1)) as u8);
    if loc.lineno < 0 {
        return start(LOCATION_NONE);
    }
    let delta = loc.lineno - *line;
    let (column, end_column) = (loc.col_offset, loc.end_col_offset);
    let one_line = loc.end_lineno == loc.lineno;
    if column < 0 || end_column < 0 {
        if one_line || loc.end_lineno == -1 {
            start(LOCATION_NO_COLUMNS);
            write_signed_varint(out, delta);
            *line = loc.lineno;
            return;
        }
    } else if one_line {
        if delta == 0 && column < 80 && (0..16).contains(&(end_column - column)) {
            start(column >> 3);
            out.push(((column & 7) << 4 | (end_column - column)) as u8);
            return;
        }
        if (0..3).contains(&delta) && column < 128 && end_column < 128 {
            start(LOCATION_ONE_LINE + delta);
            out.extend([column as u8, end_column as u8]);
            *line = loc.lineno;
            return;
        }
    }
    start(LOCATION_LONG);
    write_signed_varint(out, delta);
    write_varint(out, (loc.end_lineno - loc.lineno) as u32);
    write_varint(out, (column + 1) as u32);
    write_varint(out, (end_column + 1) as u32);
    *line = loc.lineno;
}

fn write_line_table(graph: &Graph, order: &[BlockId], firstlineno: i32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut line = firstlineno;
    for id in order {
        for instr in &graph.block(*id).instrs {
            let mut size = instr_size(instr);
            while size > 8 {
                write_location(&mut out, &instr.loc, 8, &mut line);
                size -= 8;
            }
            write_location(&mut out, &instr.loc, size, &mut line);
        }
    }
    out
}

/// One number of the exception table: six bits a byte, the highest first.
fn write_exception_number(out: &mut Vec<u8>, value: i32, mut first: u8) {
    for shift in [24, 18, 12, 6] {
        if value >= 1 << shift {
            out.push((value >> shift & 0x3f) as u8 | 0x40 | first);
            first = 0;
        }
    }
    out.push((value & 0x3f) as u8 | first);
}

fn write_exception_table(graph: &Graph, order: &[BlockId]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut entry = |start: i32, end: i32, handler: BlockId| {
        if handler == NO_BLOCK {
            return;
        }
        let block = graph.block(handler);
        let lasti = i32::from(block.preserve_lasti);
        write_exception_number(&mut out, start, 0x80);
        write_exception_number(&mut out, end - start, 0);
        write_exception_number(&mut out, block.offset, 0);
        write_exception_number(&mut out, (block.start_depth - 1 - lasti) << 1 | lasti, 0);
    };
    let mut handler = NO_BLOCK;
    let mut start = -1;
    let mut offset = 0;
    for id in order {
        offset = graph.block(*id).offset;
        for instr in &graph.block(*id).instrs {
            if instr.except != handler {
                entry(start, offset, handler);
                start = offset;
                handler = instr.except;
            }
            offset += instr_size(instr);
        }
    }
    entry(start, offset, handler);
    out
}

/// Names and kinds of all local variables: plain ones, cells, free ones.
pub fn local_variables(
    unit: &Unit<'_>,
    text: impl Fn(twinheap_syntax::names::Name) -> Rc<str>,
) -> (Vec<Rc<str>>, Vec<u8>) {
    let mut names = Vec::new();
    let mut kinds = Vec::new();
    for name in &unit.varnames.items {
        names.push(text(*name));
        let is_cell = unit.cellvars.find(*name).is_some();
        kinds.push(if is_cell {
            CO_FAST_LOCAL | CO_FAST_CELL
        } else {
            CO_FAST_LOCAL
        });
    }
    for name in &unit.cellvars.items {
        if unit.varnames.find(*name).is_none() {
            names.push(text(*name));
            kinds.push(CO_FAST_CELL);
        }
    }
    for name in &unit.freevars.items {
        names.push(text(*name));
        kinds.push(CO_FAST_FREE);
    }
    (names, kinds)
}

/// Runs all passes; `is_generator` is for the code's flags, `has_frame` for the symbol table's.
pub fn assemble(
    unit: &mut Unit<'_>,
    is_generator: bool,
    first_depth: i32,
) -> Result<Assembled, Malformed> {
    unit.graph.normalize()?;
    unit.graph.extend_blocks();
    let mut plan = CellPlan::new(unit);
    insert_prefix(unit, &plan, is_generator);
    plan.close_gaps(unit.varnames.len());
    fix_cell_offsets(unit, &plan);
    let mut consts = std::mem::take(&mut unit.consts);
    unit.graph.optimize(&mut consts);
    unit.consts = consts;
    unit.graph.duplicate_exits_without_line();
    trim_unused_consts(unit);
    unit.graph.propagate_lines();
    unit.graph.guarantee_lines_for_exits(unit.firstlineno);
    let stacksize = stack_depth(&mut unit.graph, first_depth)?;
    label_exception_targets(&mut unit.graph);
    let order = unit.graph.order();
    for id in &order {
        unit.graph.clean_block(*id);
    }
    normalize_jumps(&mut unit.graph, &order)?;
    assign_offsets(&mut unit.graph, &order);
    Ok(Assembled {
        code: write_code(&unit.graph, &order),
        linetable: write_line_table(&unit.graph, &order, unit.firstlineno),
        exceptiontable: write_exception_table(&unit.graph, &order),
        stacksize,
    })
}
