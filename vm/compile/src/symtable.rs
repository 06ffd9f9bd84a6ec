//! The symbol table: which scope each name of each block belongs to.

use twinheap_syntax::ast::*;
use twinheap_syntax::error::{ErrorKind, Finder, SyntaxError};
use twinheap_syntax::names::{Name, Names};
use twinheap_syntax::token::known;

use crate::code::{CO_FUTURE_ANNOTATIONS, FastMap, FastSet};
use crate::fold::too_deep;
use crate::mangle::mangle;

pub const DEF_GLOBAL: u32 = 1;
pub const DEF_LOCAL: u32 = 2;
pub const DEF_PARAM: u32 = 2 << 1;
pub const DEF_NONLOCAL: u32 = 2 << 2;
pub const USE: u32 = 2 << 3;
pub const DEF_FREE_CLASS: u32 = 2 << 5;
pub const DEF_IMPORT: u32 = 2 << 6;
pub const DEF_ANNOT: u32 = 2 << 7;
pub const DEF_COMP_ITER: u32 = 2 << 8;
pub const DEF_BOUND: u32 = DEF_LOCAL | DEF_PARAM | DEF_IMPORT;
const SCOPE_OFFSET: u32 = 11;
const SCOPE_MASK: u32 = 15;

/// Where a name lives; 0 is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Unknown = 0,
    Local = 1,
    GlobalExplicit = 2,
    GlobalImplicit = 3,
    Free = 4,
    Cell = 5,
}

fn scope_of_flags(flags: u32) -> Scope {
    match flags >> SCOPE_OFFSET & SCOPE_MASK {
        1 => Scope::Local,
        2 => Scope::GlobalExplicit,
        3 => Scope::GlobalImplicit,
        4 => Scope::Free,
        5 => Scope::Cell,
        _ => Scope::Unknown,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockType {
    Function,
    Class,
    Module,
    Annotation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionType {
    None,
    List,
    Set,
    Dict,
    Generator,
}

/// Names with flags, in the order of their first mention.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    pub entries: Vec<(Name, u32)>,
    index: FastMap<Name, u32>,
}

const LINEAR: usize = 8;

impl Symbols {
    fn position(&self, name: Name) -> Option<usize> {
        if self.entries.len() <= LINEAR {
            return self.entries.iter().position(|entry| entry.0 == name);
        }
        self.index.get(&name).map(|at| *at as usize)
    }

    pub fn get(&self, name: Name) -> Option<u32> {
        self.position(name).map(|at| self.entries[at].1)
    }

    fn set(&mut self, name: Name, flags: u32) {
        if let Some(at) = self.position(name) {
            self.entries[at].1 = flags;
            return;
        }
        self.entries.push((name, flags));
        match self.entries.len() - 1 {
            LINEAR => {
                for (at, entry) in self.entries.iter().enumerate() {
                    self.index.insert(entry.0, at as u32);
                }
            }
            at if at > LINEAR => {
                self.index.insert(name, at as u32);
            }
            _ => {}
        }
    }
}

/// A block: the module, a class, a function, a lambda or a comprehension.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: Name,
    pub symbols: Symbols,
    pub varnames: Vec<Name>,
    pub children: Vec<usize>,
    directives: Vec<(Name, Span)>,
    pub block_type: BlockType,
    pub comprehension: ComprehensionType,
    pub nested: bool,
    pub generator: bool,
    pub coroutine: bool,
    pub varargs: bool,
    pub varkeywords: bool,
    pub needs_class_closure: bool,
    comp_iter_target: bool,
    comp_iter_expr: u32,
    span: Span,
}

impl Entry {
    pub fn scope(&self, name: Name) -> Scope {
        scope_of_flags(self.symbols.get(name).unwrap_or(0))
    }

    /// The names whose scope is `scope` or that have one of `flags`, sorted by their text.
    pub fn names_by_type(&self, scope: Scope, flags: u32, names: &Names) -> Vec<Name> {
        let wanted = |value: u32| scope_of_flags(value) == scope || value & flags != 0;
        let mut found: Vec<Name> = self
            .symbols
            .entries
            .iter()
            .filter(|entry| wanted(entry.1))
            .map(|entry| entry.0)
            .collect();
        found.sort_unstable_by(|a, b| names.text(*a).cmp(names.text(*b)));
        found
    }
}

pub type Analyzed<T = ()> = Result<T, Box<SyntaxError>>;

/// All blocks; the module is number 0. Blocks are found by the address of their node.
pub struct SymbolTable<'a> {
    pub entries: Vec<Entry>,
    by_node: FastMap<usize, usize>,
    stack: Vec<usize>,
    names: &'a mut Names,
    features: i32,
    private: Option<Name>,
    depth: i32,
    limit: i32,
    class_name: Name,
    super_name: Name,
}

/// The key of a node: its address, which stays put while a tree is compiled.
pub fn node_key<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}

pub fn error_at(message: String, span: Span) -> Box<SyntaxError> {
    Box::new(SyntaxError {
        finder: Finder::SymbolTable,
        lineno: Some(span.lineno),
        offset: Some(span.col_offset + 1),
        end_lineno: Some(span.end_lineno),
        end_offset: Some(span.end_col_offset + 1),
        ..SyntaxError::bare(ErrorKind::SyntaxError, message)
    })
}

/// What code generation needs of the table.
pub struct Scopes {
    pub entries: Vec<Entry>,
    by_node: FastMap<usize, usize>,
}

impl Scopes {
    pub fn find(&self, key: usize) -> usize {
        self.by_node.get(&key).copied().unwrap_or(0)
    }
}

pub fn build(
    module: &Mod,
    names: &mut Names,
    features: i32,
    depth: i32,
    limit: i32,
) -> Analyzed<Scopes> {
    let class_name = names.intern("__class__");
    let super_name = names.intern("super");
    let top = names.intern("top");
    let mut table = SymbolTable {
        entries: Vec::new(),
        by_node: FastMap::default(),
        stack: Vec::new(),
        names,
        features,
        private: None,
        depth,
        limit,
        class_name,
        super_name,
    };
    table.enter(top, BlockType::Module, node_key(module), Span::default());
    match module {
        Mod::Module { body, .. } | Mod::Interactive { body } => table.stmts(body)?,
        Mod::Expression { body } => table.expr(body)?,
        Mod::FunctionType { .. } => {
            let message = "this compiler does not handle FunctionTypes";
            return Err(Box::new(SyntaxError::bare(ErrorKind::SystemError, message)));
        }
    }
    table.stack.clear();
    let mut global = FastSet::default();
    table.analyze_block(0, None, &mut global)?;
    Ok(Scopes {
        entries: table.entries,
        by_node: table.by_node,
    })
}

impl SymbolTable<'_> {
    fn current(&self) -> usize {
        self.stack[self.stack.len() - 1]
    }

    fn cur(&mut self) -> &mut Entry {
        let current = self.current();
        &mut self.entries[current]
    }

    fn enter(&mut self, name: Name, block_type: BlockType, key: usize, span: Span) {
        let previous = self.stack.last().copied();
        let mut nested = false;
        let mut comp_iter_expr = 0;
        if let Some(previous) = previous {
            let entry = &self.entries[previous];
            nested = entry.nested || entry.block_type == BlockType::Function;
            comp_iter_expr = entry.comp_iter_expr;
        }
        let id = self.entries.len();
        self.entries.push(Entry {
            name,
            symbols: Symbols::default(),
            varnames: Vec::new(),
            children: Vec::new(),
            directives: Vec::new(),
            block_type,
            comprehension: ComprehensionType::None,
            nested,
            generator: false,
            coroutine: false,
            varargs: false,
            varkeywords: false,
            needs_class_closure: false,
            comp_iter_target: false,
            comp_iter_expr,
            span,
        });
        self.by_node.insert(key, id);
        self.stack.push(id);
        if block_type != BlockType::Annotation
            && let Some(previous) = previous
        {
            self.entries[previous].children.push(id);
        }
    }

    fn exit(&mut self) {
        self.stack.pop();
    }

    fn mangled(&mut self, name: Name) -> Name {
        mangle(self.names, self.private, name)
    }

    fn lookup(&mut self, name: Name) -> u32 {
        let mangled = self.mangled(name);
        self.cur().symbols.get(mangled).unwrap_or(0)
    }

    fn add_def(&mut self, name: Name, flag: u32, span: Span) -> Analyzed {
        self.add_def_to(self.current(), name, flag, span)
    }

    fn add_def_to(&mut self, id: usize, name: Name, flag: u32, span: Span) -> Analyzed {
        let mangled = self.mangled(name);
        let entry = &mut self.entries[id];
        let old = entry.symbols.get(mangled).unwrap_or(0);
        if flag & DEF_PARAM != 0 && old & DEF_PARAM != 0 {
            let message = format!(
                "duplicate argument '{}' in function definition",
                self.names.text(name)
            );
            return Err(error_at(message, span));
        }
        let mut value = old | flag;
        if entry.comp_iter_target {
            if value & (DEF_GLOBAL | DEF_NONLOCAL) != 0 {
                let message = format!(
                    "comprehension inner loop cannot rebind assignment expression target '{}'",
                    self.names.text(name)
                );
                return Err(error_at(message, span));
            }
            value |= DEF_COMP_ITER;
        }
        entry.symbols.set(mangled, value);
        if flag & DEF_PARAM != 0 {
            entry.varnames.push(mangled);
        } else if flag & DEF_GLOBAL != 0 {
            let value = self.entries[0].symbols.get(mangled).unwrap_or(0) | flag;
            self.entries[0].symbols.set(mangled, value);
        }
        Ok(())
    }

    fn record_directive(&mut self, name: Name, span: Span) {
        let mangled = self.mangled(name);
        self.cur().directives.push((mangled, span));
    }

    fn enter_depth(&mut self) -> Analyzed {
        self.depth += 1;
        if self.depth > self.limit {
            Err(too_deep())
        } else {
            Ok(())
        }
    }

    fn stmts(&mut self, stmts: &[Stmt]) -> Analyzed {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn exprs(&mut self, exprs: &[Expr]) -> Analyzed {
        exprs.iter().try_for_each(|expr| self.expr(expr))
    }

    fn opt(&mut self, expr: Option<&Expr>) -> Analyzed {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }

    fn defaults(&mut self, args: &Arguments) -> Analyzed {
        self.exprs(&args.defaults)?;
        args.kw_defaults
            .iter()
            .try_for_each(|default| self.opt(default.as_ref()))
    }

    fn function(&mut self, stmt: &Stmt, def: &FunctionDef, is_async: bool) -> Analyzed {
        self.add_def(def.name, DEF_LOCAL, stmt.span)?;
        self.defaults(&def.args)?;
        self.annotations(stmt, &def.args, def.returns.as_ref())?;
        self.exprs(&def.decorator_list)?;
        self.enter(def.name, BlockType::Function, node_key(stmt), stmt.span);
        if is_async {
            self.cur().coroutine = true;
        }
        self.arguments(&def.args)?;
        self.stmts(&def.body)?;
        self.exit();
        Ok(())
    }

    fn class(&mut self, stmt: &Stmt, def: &ClassDef) -> Analyzed {
        self.add_def(def.name, DEF_LOCAL, stmt.span)?;
        self.exprs(&def.bases)?;
        def.keywords
            .iter()
            .try_for_each(|keyword| self.expr(&keyword.value))?;
        self.exprs(&def.decorator_list)?;
        self.enter(def.name, BlockType::Class, node_key(stmt), stmt.span);
        let outer = self.private.replace(def.name);
        self.stmts(&def.body)?;
        self.private = outer;
        self.exit();
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt) -> Analyzed {
        self.enter_depth()?;
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(stmt, def, false)?,
            StmtKind::AsyncFunctionDef(def) => self.function(stmt, def, true)?,
            StmtKind::ClassDef(def) => self.class(stmt, def)?,
            StmtKind::Return(value) => self.opt(value.as_deref())?,
            StmtKind::Delete(targets) => self.exprs(targets)?,
            StmtKind::Assign(assign) => {
                self.exprs(&assign.targets)?;
                self.expr(&assign.value)?;
            }
            StmtKind::AnnAssign(assign) => self.annotated_assignment(stmt, assign)?,
            StmtKind::AugAssign(assign) => {
                self.expr(&assign.target)?;
                self.expr(&assign.value)?;
            }
            StmtKind::For(data) | StmtKind::AsyncFor(data) => {
                self.expr(&data.target)?;
                self.expr(&data.iter)?;
                self.stmts(&data.body)?;
                self.stmts(&data.orelse)?;
            }
            StmtKind::While(data) => {
                self.expr(&data.test)?;
                self.stmts(&data.body)?;
                self.stmts(&data.orelse)?;
            }
            StmtKind::If(data) => {
                self.expr(&data.test)?;
                self.stmts(&data.body)?;
                self.stmts(&data.orelse)?;
            }
            StmtKind::Match(data) => {
                self.expr(&data.subject)?;
                for case in &data.cases {
                    self.pattern(&case.pattern)?;
                    self.opt(case.guard.as_ref())?;
                    self.stmts(&case.body)?;
                }
            }
            StmtKind::Raise { exc, cause } => {
                self.opt(exc.as_deref())?;
                self.opt(cause.as_deref())?;
            }
            StmtKind::Try(data) | StmtKind::TryStar(data) => self.try_stmt(data)?,
            StmtKind::Assert { test, msg } => {
                self.expr(test)?;
                self.opt(msg.as_deref())?;
            }
            StmtKind::Import(names) | StmtKind::ImportFrom { names, .. } => {
                names.iter().try_for_each(|alias| self.alias(alias))?;
            }
            StmtKind::Global(names) => self.declaration(stmt, names, DEF_GLOBAL)?,
            StmtKind::Nonlocal(names) => self.declaration(stmt, names, DEF_NONLOCAL)?,
            StmtKind::Expr(value) => self.expr(value)?,
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::With(data) | StmtKind::AsyncWith(data) => {
                for item in &data.items {
                    self.expr(&item.context_expr)?;
                    self.opt(item.optional_vars.as_ref())?;
                }
                self.stmts(&data.body)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn try_stmt(&mut self, data: &Try) -> Analyzed {
        self.stmts(&data.body)?;
        self.stmts(&data.orelse)?;
        for handler in &data.handlers {
            self.opt(handler.typ.as_ref())?;
            if let Some(name) = handler.name {
                self.add_def(name, DEF_LOCAL, handler.span)?;
            }
            self.stmts(&handler.body)?;
        }
        self.stmts(&data.finalbody)
    }

    fn annotated_assignment(&mut self, stmt: &Stmt, assign: &AnnAssign) -> Analyzed {
        if let ExprKind::Name { id, .. } = assign.target.kind {
            let flags = self.lookup(id);
            let in_module = self.current() == 0;
            if flags & (DEF_GLOBAL | DEF_NONLOCAL) != 0 && !in_module && assign.simple {
                let what = if flags & DEF_GLOBAL != 0 {
                    "global"
                } else {
                    "nonlocal"
                };
                let message = format!("annotated name '{}' can't be {what}", self.names.text(id));
                return Err(error_at(message, stmt.span));
            }
            if assign.simple {
                self.add_def(id, DEF_ANNOT | DEF_LOCAL, assign.target.span)?;
            } else if assign.value.is_some() {
                self.add_def(id, DEF_LOCAL, assign.target.span)?;
            }
        } else {
            self.expr(&assign.target)?;
        }
        self.annotation(&assign.annotation)?;
        self.opt(assign.value.as_ref())
    }

    fn declaration(&mut self, stmt: &Stmt, names: &[Name], flag: u32) -> Analyzed {
        let what = if flag == DEF_GLOBAL {
            "global"
        } else {
            "nonlocal"
        };
        for name in names {
            let flags = self.lookup(*name);
            if flags & (DEF_PARAM | DEF_LOCAL | USE | DEF_ANNOT) != 0 {
                let text = self.names.text(*name);
                let message = if flags & DEF_PARAM != 0 {
                    format!("name '{text}' is parameter and {what}")
                } else if flags & USE != 0 {
                    format!("name '{text}' is used prior to {what} declaration")
                } else if flags & DEF_ANNOT != 0 {
                    format!("annotated name '{text}' can't be {what}")
                } else {
                    format!("name '{text}' is assigned to before {what} declaration")
                };
                return Err(error_at(message, stmt.span));
            }
            self.add_def(*name, flag, stmt.span)?;
            self.record_directive(*name, stmt.span);
        }
        Ok(())
    }

    fn alias(&mut self, alias: &Alias) -> Analyzed {
        let name = alias.asname.unwrap_or(alias.name);
        if name == known::STAR {
            if self.cur().block_type != BlockType::Module {
                return Err(error_at(
                    "import * only allowed at module level".into(),
                    alias.span,
                ));
            }
            return Ok(());
        }
        let text = self.names.text(name);
        let stored = match text.split_once('.') {
            Some((first, _)) => {
                let first = first.to_string();
                self.names.intern(&first)
            }
            None => name,
        };
        self.add_def(stored, DEF_IMPORT, alias.span)
    }

    fn annotation(&mut self, annotation: &Expr) -> Analyzed {
        let future = self.features & CO_FUTURE_ANNOTATIONS != 0;
        if future {
            self.enter(
                known::UNDERSCORE,
                BlockType::Annotation,
                node_key(annotation),
                annotation.span,
            );
        }
        self.expr(annotation)?;
        if future {
            self.exit();
        }
        Ok(())
    }

    fn annotations(&mut self, stmt: &Stmt, args: &Arguments, returns: Option<&Expr>) -> Analyzed {
        let future = self.features & CO_FUTURE_ANNOTATIONS != 0;
        if future {
            self.enter(
                known::UNDERSCORE,
                BlockType::Annotation,
                node_key(stmt),
                stmt.span,
            );
        }
        let vararg = args.vararg.as_deref();
        let kwarg = args.kwarg.as_deref();
        let all = args
            .posonlyargs
            .iter()
            .chain(&args.args)
            .chain(vararg)
            .chain(kwarg)
            .chain(&args.kwonlyargs);
        for arg in all {
            self.opt(arg.annotation.as_deref())?;
        }
        if future {
            self.exit();
        }
        match returns {
            Some(returns) => self.annotation(returns),
            None => Ok(()),
        }
    }

    fn arguments(&mut self, args: &Arguments) -> Analyzed {
        for arg in args
            .posonlyargs
            .iter()
            .chain(&args.args)
            .chain(&args.kwonlyargs)
        {
            self.add_def(arg.arg, DEF_PARAM, arg.span)?;
        }
        if let Some(arg) = &args.vararg {
            self.add_def(arg.arg, DEF_PARAM, arg.span)?;
            self.cur().varargs = true;
        }
        if let Some(arg) = &args.kwarg {
            self.add_def(arg.arg, DEF_PARAM, arg.span)?;
            self.cur().varkeywords = true;
        }
        Ok(())
    }

    fn not_in_annotation(&mut self, what: &str, span: Span) -> Analyzed {
        if self.cur().block_type != BlockType::Annotation {
            return Ok(());
        }
        Err(error_at(
            format!("'{what}' can not be used within an annotation"),
            span,
        ))
    }

    fn not_in_comprehension(&mut self, span: Span) -> Analyzed {
        let what = match self.cur().comprehension {
            ComprehensionType::None => return Ok(()),
            ComprehensionType::List => "list comprehension",
            ComprehensionType::Set => "set comprehension",
            ComprehensionType::Dict => "dict comprehension",
            ComprehensionType::Generator => "generator expression",
        };
        Err(error_at(format!("'yield' inside {what}"), span))
    }

    fn expr(&mut self, expr: &Expr) -> Analyzed {
        self.enter_depth()?;
        match &expr.kind {
            ExprKind::NamedExpr { target, value } => {
                self.not_in_annotation("named expression", expr.span)?;
                self.named_expr(expr, target, value)?;
            }
            ExprKind::BoolOp { values, .. } => self.exprs(values)?,
            ExprKind::BinOp { left, right, .. } => {
                self.expr(left)?;
                self.expr(right)?;
            }
            ExprKind::UnaryOp { operand, .. } => self.expr(operand)?,
            ExprKind::Lambda(lambda) => {
                self.defaults(&lambda.args)?;
                let name = self.names.intern("lambda");
                self.enter(name, BlockType::Function, node_key(expr), expr.span);
                self.arguments(&lambda.args)?;
                self.expr(&lambda.body)?;
                self.exit();
            }
            ExprKind::IfExp(data) => {
                self.expr(&data.test)?;
                self.expr(&data.body)?;
                self.expr(&data.orelse)?;
            }
            ExprKind::Dict(dict) => {
                dict.keys
                    .iter()
                    .try_for_each(|key| self.opt(key.as_ref()))?;
                self.exprs(&dict.values)?;
            }
            ExprKind::Set(elts)
            | ExprKind::JoinedStr(elts)
            | ExprKind::List { elts, .. }
            | ExprKind::Tuple { elts, .. } => self.exprs(elts)?,
            ExprKind::GeneratorExp(_)
            | ExprKind::ListComp(_)
            | ExprKind::SetComp(_)
            | ExprKind::DictComp(_) => self.any_comprehension(expr)?,
            ExprKind::Yield(value) => {
                self.not_in_annotation("yield expression", expr.span)?;
                self.opt(value.as_deref())?;
                self.cur().generator = true;
                self.not_in_comprehension(expr.span)?;
            }
            ExprKind::YieldFrom(value) => {
                self.not_in_annotation("yield expression", expr.span)?;
                self.expr(value)?;
                self.cur().generator = true;
                self.not_in_comprehension(expr.span)?;
            }
            ExprKind::Await(value) => {
                self.not_in_annotation("await expression", expr.span)?;
                self.expr(value)?;
                self.cur().coroutine = true;
            }
            ExprKind::Compare(compare) => {
                self.expr(&compare.left)?;
                self.exprs(&compare.comparators)?;
            }
            ExprKind::Call(call) => {
                self.expr(&call.func)?;
                self.exprs(&call.args)?;
                call.keywords
                    .iter()
                    .try_for_each(|keyword| self.expr(&keyword.value))?;
            }
            ExprKind::FormattedValue(data) => {
                self.expr(&data.value)?;
                self.opt(data.format_spec.as_ref())?;
            }
            ExprKind::Constant { .. } => {}
            ExprKind::Attribute { value, .. } | ExprKind::Starred { value, .. } => {
                self.expr(value)?
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                self.expr(slice)?;
            }
            ExprKind::Slice { lower, upper, step } => {
                for bound in [lower, upper, step] {
                    self.opt(bound.as_deref())?;
                }
            }
            ExprKind::Name { id, ctx } => {
                let load = *ctx == ExprContext::Load;
                self.add_def(*id, if load { USE } else { DEF_LOCAL }, expr.span)?;
                if load && *id == self.super_name && self.cur().block_type == BlockType::Function {
                    self.add_def(self.class_name, USE, expr.span)?;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn any_comprehension(&mut self, expr: &Expr) -> Analyzed {
        let (kind, generators, elt, value) = match &expr.kind {
            ExprKind::GeneratorExp(comp) => (
                ComprehensionType::Generator,
                &comp.generators,
                &comp.elt,
                None,
            ),
            ExprKind::ListComp(comp) => {
                (ComprehensionType::List, &comp.generators, &comp.elt, None)
            }
            ExprKind::SetComp(comp) => (ComprehensionType::Set, &comp.generators, &comp.elt, None),
            ExprKind::DictComp(comp) => (
                ComprehensionType::Dict,
                &comp.generators,
                &comp.key,
                Some(&comp.value),
            ),
            _ => return Ok(()),
        };
        self.comprehension(expr, kind, generators, elt, value)
    }

    fn named_expr(&mut self, expr: &Expr, target: &Expr, value: &Expr) -> Analyzed {
        if self.cur().comp_iter_expr > 0 {
            let message =
                "assignment expression cannot be used in a comprehension iterable expression";
            return Err(error_at(message.into(), expr.span));
        }
        if self.cur().comprehension != ComprehensionType::None {
            self.extend_named_expr_scope(target)?;
        }
        self.expr(value)?;
        self.expr(target)
    }

    /// An assignment expression in a comprehension binds in the scope around it.
    fn extend_named_expr_scope(&mut self, target: &Expr) -> Analyzed {
        let ExprKind::Name { id, .. } = target.kind else {
            return Ok(());
        };
        for at in (0..self.stack.len()).rev() {
            let block = self.stack[at];
            let entry = &self.entries[block];
            let flags = entry.symbols.get(id).unwrap_or(0);
            if entry.comprehension != ComprehensionType::None {
                if flags & DEF_COMP_ITER != 0 {
                    let message = format!(
                        "assignment expression cannot rebind comprehension iteration variable '{}'",
                        self.names.text(id)
                    );
                    return Err(error_at(message, target.span));
                }
                continue;
            }
            match entry.block_type {
                BlockType::Function => {
                    let flag = if flags & DEF_GLOBAL != 0 {
                        DEF_GLOBAL
                    } else {
                        DEF_NONLOCAL
                    };
                    self.add_def(id, flag, target.span)?;
                    self.record_directive(id, target.span);
                    return self.add_def_to(block, id, DEF_LOCAL, target.span);
                }
                BlockType::Module => {
                    self.add_def(id, DEF_GLOBAL, target.span)?;
                    self.record_directive(id, target.span);
                    return self.add_def_to(block, id, DEF_GLOBAL, target.span);
                }
                BlockType::Class => {
                    let message = "assignment expression within a comprehension cannot be used in a class body";
                    return Err(error_at(message.into(), target.span));
                }
                BlockType::Annotation => {}
            }
        }
        Ok(())
    }

    fn comprehension(
        &mut self,
        expr: &Expr,
        kind: ComprehensionType,
        generators: &[Comprehension],
        elt: &Expr,
        value: Option<&Expr>,
    ) -> Analyzed {
        let outermost = &generators[0];
        self.cur().comp_iter_expr += 1;
        self.expr(&outermost.iter)?;
        self.cur().comp_iter_expr -= 1;
        let scope_name = self.names.intern(match kind {
            ComprehensionType::List => "listcomp",
            ComprehensionType::Set => "setcomp",
            ComprehensionType::Dict => "dictcomp",
            _ => "genexpr",
        });
        self.enter(scope_name, BlockType::Function, node_key(expr), expr.span);
        self.cur().comprehension = kind;
        if outermost.is_async {
            self.cur().coroutine = true;
        }
        let span = self.cur().span;
        let implicit = self.names.intern(".0");
        self.add_def(implicit, DEF_PARAM, span)?;
        self.cur().comp_iter_target = true;
        self.expr(&outermost.target)?;
        self.cur().comp_iter_target = false;
        self.exprs(&outermost.ifs)?;
        for generator in &generators[1..] {
            self.cur().comp_iter_target = true;
            self.expr(&generator.target)?;
            self.cur().comp_iter_target = false;
            self.cur().comp_iter_expr += 1;
            self.expr(&generator.iter)?;
            self.cur().comp_iter_expr -= 1;
            self.exprs(&generator.ifs)?;
            if generator.is_async {
                self.cur().coroutine = true;
            }
        }
        self.opt(value)?;
        self.expr(elt)?;
        let is_generator = kind == ComprehensionType::Generator;
        self.cur().generator = is_generator;
        let is_async = self.cur().coroutine && !is_generator;
        self.exit();
        if is_async {
            self.cur().coroutine = true;
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &Pattern) -> Analyzed {
        self.enter_depth()?;
        match &pattern.kind {
            PatternKind::MatchValue(value) => self.expr(value)?,
            PatternKind::MatchSingleton(_) => {}
            PatternKind::MatchSequence(patterns) | PatternKind::MatchOr(patterns) => {
                self.patterns(patterns)?
            }
            PatternKind::MatchStar(name) => {
                if let Some(name) = name {
                    self.add_def(*name, DEF_LOCAL, pattern.span)?;
                }
            }
            PatternKind::MatchMapping(data) => {
                self.exprs(&data.keys)?;
                self.patterns(&data.patterns)?;
                if let Some(name) = data.rest {
                    self.add_def(name, DEF_LOCAL, pattern.span)?;
                }
            }
            PatternKind::MatchClass(data) => {
                self.expr(&data.cls)?;
                self.patterns(&data.patterns)?;
                self.patterns(&data.kwd_patterns)?;
            }
            PatternKind::MatchAs {
                pattern: inner,
                name,
            } => {
                if let Some(inner) = inner {
                    self.pattern(inner)?;
                }
                if let Some(name) = name {
                    self.add_def(*name, DEF_LOCAL, pattern.span)?;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn patterns(&mut self, patterns: &[Pattern]) -> Analyzed {
        patterns
            .iter()
            .try_for_each(|pattern| self.pattern(pattern))
    }

    fn directive_error(&self, id: usize, name: Name, message: String) -> Box<SyntaxError> {
        let span = self.entries[id]
            .directives
            .iter()
            .find(|directive| directive.0 == name)
            .map(|found| found.1);
        error_at(message, span.unwrap_or_default())
    }

    /// Decides on the scope of one name; gives whether it is bound here or free.
    fn analyze_name(
        &self,
        id: usize,
        (name, flags): (Name, u32),
        bound: Option<&mut FastSet<Name>>,
        global: &mut FastSet<Name>,
    ) -> Analyzed<Scope> {
        if flags & DEF_GLOBAL != 0 {
            if flags & DEF_NONLOCAL != 0 {
                let message = format!("name '{}' is nonlocal and global", self.names.text(name));
                return Err(self.directive_error(id, name, message));
            }
            global.insert(name);
            if let Some(bound) = bound {
                bound.remove(&name);
            }
            return Ok(Scope::GlobalExplicit);
        }
        if flags & DEF_NONLOCAL != 0 {
            let Some(bound) = bound else {
                let message = "nonlocal declaration not allowed at module level".to_string();
                return Err(self.directive_error(id, name, message));
            };
            if !bound.contains(&name) {
                let message = format!("no binding for nonlocal '{}' found", self.names.text(name));
                return Err(self.directive_error(id, name, message));
            }
            return Ok(Scope::Free);
        }
        if flags & DEF_BOUND != 0 {
            global.remove(&name);
            return Ok(Scope::Local);
        }
        if bound.is_some_and(|bound| bound.contains(&name)) {
            return Ok(Scope::Free);
        }
        Ok(Scope::GlobalImplicit)
    }

    /// Decides for a block and those inside it; gives the names that are free in it.
    fn analyze_block(
        &mut self,
        id: usize,
        mut bound: Option<FastSet<Name>>,
        global: &mut FastSet<Name>,
    ) -> Analyzed<FastSet<Name>> {
        let block_type = self.entries[id].block_type;
        let is_class = block_type == BlockType::Class;
        let mut new_bound = FastSet::default();
        let mut new_global = FastSet::default();
        let mut free = FastSet::default();
        if is_class {
            new_global.extend(global.iter().copied());
            if let Some(bound) = &bound {
                new_bound.extend(bound.iter().copied());
            }
        }
        let count = self.entries[id].symbols.entries.len();
        let mut scopes = Vec::with_capacity(count);
        for at in 0..count {
            let entry = self.entries[id].symbols.entries[at];
            let scope = self.analyze_name(id, entry, bound.as_mut(), global)?;
            if scope == Scope::Free {
                free.insert(entry.0);
            }
            if scope == Scope::Local && block_type == BlockType::Function {
                new_bound.insert(entry.0);
            }
            scopes.push(scope);
        }
        if is_class {
            new_bound.insert(self.class_name);
        } else {
            if let Some(bound) = &bound {
                new_bound.extend(bound.iter().copied());
            }
            new_global.extend(global.iter().copied());
        }
        let children = std::mem::take(&mut self.entries[id].children);
        let mut new_free = FastSet::default();
        for (at, child) in children.iter().enumerate() {
            let last = at + 1 == children.len();
            let child_bound = if last {
                std::mem::take(&mut new_bound)
            } else {
                new_bound.clone()
            };
            let mut child_global = if last {
                std::mem::take(&mut new_global)
            } else {
                new_global.clone()
            };
            new_free.extend(self.analyze_block(*child, Some(child_bound), &mut child_global)?);
        }
        self.entries[id].children = children;
        if block_type == BlockType::Function {
            for (at, scope) in scopes.iter_mut().enumerate() {
                let name = self.entries[id].symbols.entries[at].0;
                if *scope == Scope::Local && new_free.remove(&name) {
                    *scope = Scope::Cell;
                }
            }
        } else if is_class && new_free.remove(&self.class_name) {
            self.entries[id].needs_class_closure = true;
        }
        self.update_symbols(id, &scopes, bound.as_ref(), &new_free);
        free.extend(new_free);
        Ok(free)
    }

    fn update_symbols(
        &mut self,
        id: usize,
        scopes: &[Scope],
        bound: Option<&FastSet<Name>>,
        free: &FastSet<Name>,
    ) {
        let entry = &mut self.entries[id];
        for (symbol, scope) in entry.symbols.entries.iter_mut().zip(scopes) {
            symbol.1 |= (*scope as u32) << SCOPE_OFFSET;
        }
        for name in free {
            match entry.symbols.get(*name) {
                Some(flags) => {
                    if entry.block_type == BlockType::Class && flags & (DEF_BOUND | DEF_GLOBAL) != 0
                    {
                        entry.symbols.set(*name, flags | DEF_FREE_CLASS);
                    }
                }
                None => {
                    if bound.is_none_or(|bound| bound.contains(name)) {
                        entry
                            .symbols
                            .set(*name, (Scope::Free as u32) << SCOPE_OFFSET);
                    }
                }
            }
        }
    }
}
