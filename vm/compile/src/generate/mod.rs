//! Code generation: walks the folded tree and fills the flow graph of one scope after the other.

mod call;
mod check;
mod comprehension;
mod expr;
mod function;
mod pattern;
mod stmt;
mod target;
mod tries;

use std::rc::Rc;

use twinheap_syntax::ast::*;
use twinheap_syntax::error::{ErrorKind, Finder, SyntaxError, Warning, WarningKind};
use twinheap_syntax::names::{Name, Names};
use twinheap_syntax::token::known;

use crate::assemble::{assemble, local_variables};
use crate::code::*;
use crate::flow::{BlockId, Loc, Malformed, NO_BLOCK, NO_LINE, NO_LOC};
use crate::fold::docstring;
use crate::mangle::mangle;
use crate::opcode::*;
use crate::symtable::{BlockType, Scope, Scopes, node_key};
use crate::unit::*;

pub type Generated<T = ()> = Result<T, Box<SyntaxError>>;

/// More operands than this are collected one by one instead of being pushed all at once.
const STACK_USE_GUIDELINE: usize = 30;
const MAX_FRAME_BLOCKS: usize = 20;

/// Names that the compiler itself uses.
struct OwnNames {
    annotations: Name,
    class: Name,
    classcell: Name,
    doc: Name,
    join: Name,
    module: Name,
    name: Name,
    qualname: Name,
}

/// What all scopes of a module share.
pub struct Settings<'a> {
    pub filename: &'a str,
    pub optimize: u32,
    /// The caller's flags and the module's features.
    pub flags: i32,
    pub future_line: i32,
}

pub struct Compiler<'t> {
    names: &'t mut Names,
    scopes: Scopes,
    filename: Rc<str>,
    optimize: u32,
    flags: i32,
    future_line: i32,
    interactive: bool,
    own: OwnNames,
    unit: Unit<'t>,
    outer: Vec<Unit<'t>>,
    pub warnings: Vec<Warning>,
}

fn malformed(error: &Malformed) -> Box<SyntaxError> {
    Box::new(SyntaxError::bare(ErrorKind::SystemError, error.0))
}

/// The code of an inner scope and the names that are free in it.
struct Inner {
    code: Rc<CodeObject>,
    free: Vec<Name>,
}

/// Whether a body annotates variables, inner scopes aside.
fn has_annotations(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::AnnAssign(_) => true,
        StmtKind::For(data) | StmtKind::AsyncFor(data) => {
            has_annotations(&data.body) || has_annotations(&data.orelse)
        }
        StmtKind::While(data) => has_annotations(&data.body) || has_annotations(&data.orelse),
        StmtKind::If(data) => has_annotations(&data.body) || has_annotations(&data.orelse),
        StmtKind::With(data) | StmtKind::AsyncWith(data) => has_annotations(&data.body),
        StmtKind::Try(data) | StmtKind::TryStar(data) => {
            data.handlers
                .iter()
                .any(|handler| has_annotations(&handler.body))
                || has_annotations(&data.body)
                || has_annotations(&data.finalbody)
                || has_annotations(&data.orelse)
        }
        _ => false,
    })
}

/// Compiles a folded tree whose scopes are known.
pub fn generate<'t>(
    module: &'t Mod,
    names: &'t mut Names,
    scopes: Scopes,
    settings: &Settings<'_>,
) -> Generated<(CodeObject, Vec<Warning>)> {
    let own = OwnNames {
        annotations: names.intern("__annotations__"),
        class: names.intern("__class__"),
        classcell: names.intern("__classcell__"),
        doc: names.intern("__doc__"),
        join: names.intern("join"),
        module: names.intern("__module__"),
        name: names.intern("__name__"),
        qualname: names.intern("__qualname__"),
    };
    let module_name = names.intern("<module>");
    let text = names.shared(module_name);
    let entry = scopes.find(node_key(module));
    let mut compiler = Compiler {
        names,
        scopes,
        filename: settings.filename.into(),
        optimize: settings.optimize,
        flags: settings.flags,
        future_line: settings.future_line,
        interactive: false,
        own,
        unit: Unit::new(ScopeType::Module, entry, module_name, text, 1),
        outer: Vec::new(),
        warnings: Vec::new(),
    };
    let code = compiler.module(module);
    let warnings = compiler.warnings;
    match code {
        Ok(code) => Ok((code, warnings)),
        Err(error) => Err(Box::new(SyntaxError { warnings, ..*error })),
    }
}

impl<'t> Compiler<'t> {
    fn module(&mut self, module: &'t Mod) -> Generated<CodeObject> {
        self.fill_tables();
        self.unit.loc.lineno = 0;
        self.op_i(RESUME, 0);
        self.unit.loc.lineno = 1;
        let mut add_none = true;
        match module {
            Mod::Module { body, .. } => self.body(body)?,
            Mod::Interactive { body } => {
                if has_annotations(body) {
                    self.op(SETUP_ANNOTATIONS);
                }
                self.interactive = true;
                self.stmts(body)?;
            }
            Mod::Expression { body } => {
                self.expr(body)?;
                add_none = false;
            }
            Mod::FunctionType { .. } => {
                let message = "module kind 4 should not be possible";
                return Err(Box::new(SyntaxError::bare(ErrorKind::SystemError, message)));
            }
        }
        self.finish(add_none)
    }

    /// Takes over the symbol table's names of the current unit.
    fn fill_tables(&mut self) {
        let entry = &self.scopes.entries[self.unit.entry];
        self.unit.varnames = NameTable::from_names(&entry.varnames);
        let mut cells = entry.names_by_type(Scope::Cell, 0, self.names);
        if entry.needs_class_closure {
            cells.insert(0, self.own.class);
        }
        let free = entry.names_by_type(Scope::Free, crate::symtable::DEF_FREE_CLASS, self.names);
        self.unit.cellvars = NameTable::from_names(&cells);
        self.unit.freevars = NameTable::from_names(&free);
    }

    fn enter_scope(&mut self, name: Name, scope_type: ScopeType, key: usize, firstlineno: i32) {
        let text = self.names.shared(name);
        let entry = self.scopes.find(key);
        let mut unit = Unit::new(scope_type, entry, name, text, firstlineno);
        unit.private = self.unit.private;
        self.outer.push(std::mem::replace(&mut self.unit, unit));
        self.fill_tables();
        self.unit.qualname = self.qualified_name();
        self.op_i(RESUME, 0);
    }

    fn qualified_name(&mut self) -> Rc<str> {
        if self.outer.len() < 2 {
            return self.unit.name_text.clone();
        }
        let parent = &self.outer[self.outer.len() - 1];
        if matches!(
            self.unit.scope_type,
            ScopeType::Function | ScopeType::AsyncFunction | ScopeType::Class
        ) {
            let mangled = mangle(self.names, parent.private, self.unit.name);
            if self.scopes.entries[parent.entry].scope(mangled) == Scope::GlobalExplicit {
                return self.unit.name_text.clone();
            }
        }
        let has_locals = matches!(
            parent.scope_type,
            ScopeType::Function | ScopeType::AsyncFunction | ScopeType::Lambda
        );
        let middle = if has_locals { ".<locals>." } else { "." };
        [&*parent.qualname, middle, &*self.unit.name_text]
            .concat()
            .into()
    }

    /// Ends the current scope: its code and free names; the scope around it is current again.
    fn exit_scope(&mut self, add_none: bool) -> Generated<Inner> {
        let code = self.finish(add_none)?;
        let Some(outer) = self.outer.pop() else {
            return Err(malformed(&Malformed("no scope around this one")));
        };
        let unit = std::mem::replace(&mut self.unit, outer);
        Ok(Inner {
            code: Rc::new(code),
            free: unit.freevars.items,
        })
    }

    fn code_flags(&self) -> i32 {
        let entry = &self.scopes.entries[self.unit.entry];
        let mut flags = 0;
        if entry.block_type == BlockType::Function {
            flags |= CO_NEWLOCALS | CO_OPTIMIZED;
            if entry.nested {
                flags |= CO_NESTED;
            }
            flags |= match (entry.generator, entry.coroutine) {
                (true, false) => CO_GENERATOR,
                (false, true) => CO_COROUTINE,
                (true, true) => CO_ASYNC_GENERATOR,
                (false, false) => 0,
            };
            if entry.varargs {
                flags |= CO_VARARGS;
            }
            if entry.varkeywords {
                flags |= CO_VARKEYWORDS;
            }
        }
        flags |= self.flags & PYCF_MASK;
        if self.is_top_level_await() && entry.coroutine && !entry.generator {
            flags |= CO_COROUTINE;
        }
        flags
    }

    fn is_top_level_await(&self) -> bool {
        self.flags & PYCF_ALLOW_TOP_LEVEL_AWAIT != 0
            && self.scopes.entries[self.unit.entry].block_type == BlockType::Module
    }

    fn finish(&mut self, add_none: bool) -> Generated<CodeObject> {
        if !self.unit.graph.block(self.unit.current).returns {
            self.unset_loc();
            if add_none {
                self.load_const(Constant::None);
            }
            self.op(RETURN_VALUE);
        }
        let flags = self.code_flags();
        let is_generator = flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR) != 0;
        let entry = &self.scopes.entries[self.unit.entry];
        let first_depth = i32::from(entry.generator || entry.coroutine);
        let done = assemble(&mut self.unit, is_generator, first_depth)
            .map_err(|error| malformed(&error))?;
        let (localsplusnames, localspluskinds) =
            local_variables(&self.unit, |name| self.names.shared(name));
        let unit = &mut self.unit;
        Ok(CodeObject {
            argcount: (unit.posonlyargcount + unit.argcount) as i32,
            posonlyargcount: unit.posonlyargcount as i32,
            kwonlyargcount: unit.kwonlyargcount as i32,
            stacksize: done.stacksize,
            flags,
            firstlineno: unit.firstlineno,
            code: done.code,
            consts: std::mem::take(&mut unit.consts.items),
            names: unit
                .names
                .items
                .iter()
                .map(|name| self.names.shared(*name))
                .collect(),
            localsplusnames,
            localspluskinds,
            filename: self.filename.clone(),
            name: unit.name_text.clone(),
            qualname: unit.qualname.clone(),
            linetable: done.linetable,
            exceptiontable: done.exceptiontable,
            known_names: None,
        })
    }

    /// The body of a module or class.
    fn body(&mut self, stmts: &'t [Stmt]) -> Generated {
        if self.unit.scope_type == ScopeType::Module
            && let Some(first) = stmts.first()
        {
            self.unit.loc = first.span.into();
        }
        if has_annotations(stmts) {
            self.op(SETUP_ANNOTATIONS);
        }
        let mut rest = stmts;
        if self.optimize < 2
            && docstring(stmts).is_some()
            && let StmtKind::Expr(value) = &stmts[0].kind
        {
            self.expr(value)?;
            self.unset_loc();
            self.name_op(self.own.doc, ExprContext::Store)?;
            rest = &stmts[1..];
        }
        self.stmts(rest)
    }

    fn op(&mut self, opcode: Opcode) {
        let loc = self.unit.loc;
        self.unit.add(opcode, 0, NO_BLOCK, loc);
    }

    fn op_i(&mut self, opcode: Opcode, oparg: usize) {
        let loc = self.unit.loc;
        self.unit.add(opcode, oparg as i32, NO_BLOCK, loc);
    }

    fn op_no_line(&mut self, opcode: Opcode, oparg: usize) {
        self.unit.add(opcode, oparg as i32, NO_BLOCK, NO_LINE);
    }

    fn jump(&mut self, opcode: Opcode, target: BlockId) {
        let loc = self.unit.loc;
        self.unit.add(opcode, 0, target, loc);
    }

    fn jump_no_line(&mut self, opcode: Opcode, target: BlockId) {
        self.unit.add(opcode, 0, target, NO_LINE);
    }

    fn new_block(&mut self) -> BlockId {
        self.unit.graph.new_block()
    }

    fn use_next_block(&mut self, block: BlockId) {
        self.unit.use_next_block(block);
    }

    fn set_loc(&mut self, span: Span) {
        self.unit.loc = span.into();
    }

    fn unset_loc(&mut self) {
        self.unit.loc = NO_LOC;
    }

    fn add_const(&mut self, value: Constant) -> usize {
        self.unit.consts.add(Const::Value(value)) as usize
    }

    fn load_const(&mut self, value: Constant) {
        let at = self.add_const(value);
        self.op_i(LOAD_CONST, at);
    }

    fn name_constant(&self, name: Name) -> Constant {
        Constant::Str(Rc::from(self.names.shared(name)))
    }

    fn names_constant(&self, names: &[Name]) -> Constant {
        Constant::Tuple(names.iter().map(|name| self.name_constant(*name)).collect())
    }

    fn int_constant(value: usize) -> Constant {
        Constant::Int(twinheap_syntax::int::Int::Small(value as i64))
    }

    fn mangled(&mut self, name: Name) -> Name {
        mangle(self.names, self.unit.private, name)
    }

    /// An instruction on an attribute or other name that is not a variable.
    fn op_name(&mut self, opcode: Opcode, name: Name) {
        let mangled = self.mangled(name);
        let at = self.unit.names.add(mangled);
        self.op_i(opcode, at);
    }

    fn error<T>(&self, message: impl Into<String>) -> Generated<T> {
        let Loc {
            lineno,
            end_lineno,
            col_offset,
            end_col_offset,
        } = self.unit.loc;
        Err(Box::new(SyntaxError {
            finder: Finder::Compiler,
            lineno: Some(lineno),
            offset: Some(col_offset + 1),
            end_lineno: Some(end_lineno),
            end_offset: Some(end_col_offset + 1),
            ..SyntaxError::bare(ErrorKind::SyntaxError, message)
        }))
    }

    fn warn(&mut self, message: String) {
        let loc = &self.unit.loc;
        let lineno = loc.lineno;
        let span = Span {
            lineno,
            col_offset: loc.col_offset,
            end_lineno: loc.end_lineno,
            end_col_offset: loc.end_col_offset,
        };
        self.warnings.push(Warning {
            kind: WarningKind::SyntaxWarning,
            message,
            lineno,
            position: 0,
            in_field: false,
            span: Some(span),
        });
    }

    fn check_forbidden(&self, name: Name, ctx: ExprContext) -> Generated {
        if name != known::DEBUG {
            return Ok(());
        }
        match ctx {
            ExprContext::Load => Ok(()),
            ExprContext::Store => self.error("cannot assign to __debug__"),
            ExprContext::Del => self.error("cannot delete __debug__"),
        }
    }

    /// Loads, stores or deletes a variable.
    fn name_op(&mut self, name: Name, ctx: ExprContext) -> Generated {
        self.check_forbidden(name, ctx)?;
        let mangled = self.mangled(name);
        let entry = &self.scopes.entries[self.unit.entry];
        let in_function = entry.block_type == BlockType::Function;
        let in_class = entry.block_type == BlockType::Class;
        let pick = |load, store, delete| match ctx {
            ExprContext::Load => load,
            ExprContext::Store => store,
            ExprContext::Del => delete,
        };
        match entry.scope(mangled) {
            scope @ (Scope::Free | Scope::Cell) => {
                let load = if in_class {
                    LOAD_CLASSDEREF
                } else {
                    LOAD_DEREF
                };
                let at = if scope == Scope::Cell {
                    self.unit.cellvars.find(mangled)
                } else {
                    self.unit
                        .freevars
                        .find(mangled)
                        .map(|at| at + self.unit.cellvars.len())
                };
                let Some(at) = at else {
                    return Err(malformed(&Malformed("a cell has no place")));
                };
                self.op_i(pick(load, STORE_DEREF, DELETE_DEREF), at);
            }
            Scope::Local if in_function => {
                let at = self.unit.varnames.add(mangled);
                self.op_i(pick(LOAD_FAST, STORE_FAST, DELETE_FAST), at);
            }
            scope
                if scope == Scope::GlobalExplicit
                    || scope == Scope::GlobalImplicit && in_function =>
            {
                let at = self.unit.names.add(mangled);
                let opcode = pick(LOAD_GLOBAL, STORE_GLOBAL, DELETE_GLOBAL);
                self.op_i(opcode, if opcode == LOAD_GLOBAL { at << 1 } else { at });
            }
            _ => {
                let at = self.unit.names.add(mangled);
                self.op_i(pick(LOAD_NAME, STORE_NAME, DELETE_NAME), at);
            }
        }
        Ok(())
    }

    fn push_frame_block(
        &mut self,
        kind: FrameBlock<'t>,
        block: BlockId,
        exit: BlockId,
    ) -> Generated {
        if self.unit.frame_blocks.len() >= MAX_FRAME_BLOCKS {
            return self.error("too many statically nested blocks");
        }
        self.unit
            .frame_blocks
            .push(FrameBlockInfo { kind, block, exit });
        Ok(())
    }

    fn pop_frame_block(&mut self) {
        self.unit.frame_blocks.pop();
    }

    fn stmts(&mut self, stmts: &'t [Stmt]) -> Generated {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn exprs(&mut self, exprs: &'t [Expr]) -> Generated {
        exprs.iter().try_for_each(|expr| self.expr(expr))
    }
}
