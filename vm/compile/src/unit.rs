//! What is known about one scope while its code is generated.

use std::rc::Rc;

use twinheap_syntax::ast::Stmt;
use twinheap_syntax::names::Name;

use crate::code::FastMap;
use crate::flow::{BlockId, ConstTable, Graph, Instr, Loc};
use crate::opcode::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeType {
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    Comprehension,
}

/// Names in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct NameTable {
    pub items: Vec<Name>,
    index: FastMap<Name, u32>,
}

const LINEAR: usize = 8;

impl NameTable {
    pub fn from_names(names: &[Name]) -> NameTable {
        let mut table = NameTable::default();
        for name in names {
            table.add(*name);
        }
        table
    }

    pub fn find(&self, name: Name) -> Option<usize> {
        if self.items.len() <= LINEAR {
            return self.items.iter().position(|item| *item == name);
        }
        self.index.get(&name).map(|at| *at as usize)
    }

    pub fn add(&mut self, name: Name) -> usize {
        if let Some(at) = self.find(name) {
            return at;
        }
        let at = self.items.len();
        self.items.push(name);
        if at == LINEAR {
            self.index.extend(
                self.items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| (*item, at as u32)),
            );
        } else if at > LINEAR {
            self.index.insert(name, at as u32);
        }
        at
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// What has to be undone when control leaves a statement early.
#[derive(Clone, Copy, Debug)]
pub enum FrameBlock<'t> {
    WhileLoop,
    ForLoop,
    TryExcept,
    FinallyTry(&'t [Stmt]),
    FinallyEnd,
    With(&'t Stmt),
    AsyncWith(&'t Stmt),
    HandlerCleanup(Option<Name>),
    PopValue,
    ExceptionHandler,
    ExceptionGroupHandler,
    AsyncComprehensionGenerator,
}

/// A frame block with the places that `continue` and `break` go to.
#[derive(Clone, Copy, Debug)]
pub struct FrameBlockInfo<'t> {
    pub kind: FrameBlock<'t>,
    pub block: BlockId,
    pub exit: BlockId,
}

/// The state of code generation for one scope.
pub struct Unit<'t> {
    pub scope_type: ScopeType,
    /// The number of the scope in the symbol table.
    pub entry: usize,
    pub name: Name,
    pub name_text: Rc<str>,
    pub qualname: Rc<str>,
    pub private: Option<Name>,
    pub varnames: NameTable,
    pub cellvars: NameTable,
    pub freevars: NameTable,
    pub names: NameTable,
    pub consts: ConstTable,
    pub argcount: usize,
    pub posonlyargcount: usize,
    pub kwonlyargcount: usize,
    pub firstlineno: i32,
    pub loc: Loc,
    pub frame_blocks: Vec<FrameBlockInfo<'t>>,
    pub graph: Graph,
    pub current: BlockId,
    needs_new_block: bool,
}

impl Unit<'_> {
    pub fn new(
        scope_type: ScopeType,
        entry: usize,
        name: Name,
        name_text: Rc<str>,
        firstlineno: i32,
    ) -> Self {
        let mut graph = Graph::default();
        let current = graph.new_block();
        Unit {
            scope_type,
            entry,
            name,
            qualname: name_text.clone(),
            name_text,
            private: None,
            varnames: NameTable::default(),
            cellvars: NameTable::default(),
            freevars: NameTable::default(),
            names: NameTable::default(),
            consts: ConstTable::default(),
            argcount: 0,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            firstlineno,
            loc: Loc {
                lineno: firstlineno,
                end_lineno: firstlineno,
                col_offset: 0,
                end_col_offset: 0,
            },
            frame_blocks: Vec::new(),
            graph,
            current,
            needs_new_block: false,
        }
    }

    pub fn use_next_block(&mut self, block: BlockId) {
        self.graph.block_mut(self.current).next = block;
        self.current = block;
        self.needs_new_block = false;
    }

    pub fn add(&mut self, opcode: Opcode, oparg: i32, target: BlockId, loc: Loc) {
        if self.needs_new_block {
            let block = self.graph.new_block();
            self.use_next_block(block);
        }
        let block = self.graph.block_mut(self.current);
        let mut instr = Instr::new(opcode, oparg, loc);
        instr.target = target;
        block.instrs.push(instr);
        if opcode == RETURN_VALUE {
            block.returns = true;
        }
        if is_jump(opcode) || is_scope_exit(opcode) {
            self.needs_new_block = true;
        }
    }
}
