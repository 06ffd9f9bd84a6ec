//! Functions, lambdas and classes: their code, closures, defaults, annotations and decorators.

use twinheap_syntax::ast::*;
use twinheap_syntax::names::Name;

use super::{Compiler, Generated, Inner, malformed};
use crate::code::{CO_FUTURE_ANNOTATIONS, Const};
use crate::flow::Malformed;
use crate::fold::docstring;
use crate::opcode::*;
use crate::symtable::{Scope, node_key};
use crate::unit::ScopeType;
use crate::unparse::unparse;

const HAS_DEFAULTS: usize = 1;
const HAS_KEYWORD_DEFAULTS: usize = 2;
const HAS_ANNOTATIONS: usize = 4;
const HAS_CLOSURE: usize = 8;

impl<'t> Compiler<'t> {
    /// Pushes the function that runs `inner`.
    pub(super) fn make_closure(&mut self, inner: Inner, mut flags: usize) -> Generated {
        if !inner.free.is_empty() {
            for name in &inner.free {
                let in_class = self.unit.scope_type == ScopeType::Class && *name == self.own.class;
                let is_cell =
                    in_class || self.scopes.entries[self.unit.entry].scope(*name) == Scope::Cell;
                let at = if is_cell {
                    self.unit.cellvars.find(*name)
                } else {
                    self.unit
                        .freevars
                        .find(*name)
                        .map(|at| at + self.unit.cellvars.len())
                };
                let Some(at) = at else {
                    return Err(malformed(&Malformed(
                        "a free variable is not known around its scope",
                    )));
                };
                self.op_i(LOAD_CLOSURE, at);
            }
            flags |= HAS_CLOSURE;
            self.op_i(BUILD_TUPLE, inner.free.len());
        }
        let at = self.unit.consts.add(Const::Code(inner.code)) as usize;
        self.op_i(LOAD_CONST, at);
        self.op_i(MAKE_FUNCTION, flags);
        Ok(())
    }

    fn apply_decorators(&mut self, decorators: &[Expr]) {
        let outer = self.unit.loc;
        for decorator in decorators.iter().rev() {
            self.set_loc(decorator.span);
            self.call_op(0);
        }
        self.unit.loc = outer;
    }

    fn default_arguments(&mut self, args: &'t Arguments) -> Generated<usize> {
        let mut flags = 0;
        if !args.defaults.is_empty() {
            self.exprs(&args.defaults)?;
            self.op_i(BUILD_TUPLE, args.defaults.len());
            flags |= HAS_DEFAULTS;
        }
        let mut keys = Vec::new();
        for (arg, default) in args.kwonlyargs.iter().zip(&args.kw_defaults) {
            if let Some(default) = default {
                keys.push(self.mangled(arg.arg));
                self.expr(default)?;
            }
        }
        if !keys.is_empty() {
            let constant = self.names_constant(&keys);
            self.load_const(constant);
            self.op_i(BUILD_CONST_KEY_MAP, keys.len());
            flags |= HAS_KEYWORD_DEFAULTS;
        }
        Ok(flags)
    }

    /// The value of an annotation, or its text where annotations are not evaluated.
    pub(super) fn annotation_value(&mut self, annotation: &'t Expr) -> Generated {
        if self.flags & CO_FUTURE_ANNOTATIONS == 0 {
            return self.expr(annotation);
        }
        let text = unparse(annotation, self.names);
        self.load_const(Constant::Str(text.into()));
        Ok(())
    }

    fn argument_annotation(
        &mut self,
        name: Name,
        annotation: Option<&'t Expr>,
    ) -> Generated<usize> {
        let Some(annotation) = annotation else {
            return Ok(0);
        };
        let mangled = self.mangled(name);
        let key = self.name_constant(mangled);
        self.load_const(key);
        match &annotation.kind {
            ExprKind::Starred { value, .. } if self.flags & CO_FUTURE_ANNOTATIONS == 0 => {
                self.expr(value)?;
                self.op_i(UNPACK_SEQUENCE, 1);
            }
            _ => self.annotation_value(annotation)?,
        }
        Ok(2)
    }

    /// Pushes a tuple of names and annotations; false if there are none.
    fn annotations(&mut self, args: &'t Arguments, returns: Option<&'t Expr>) -> Generated<bool> {
        let mut count = 0;
        let all = args
            .args
            .iter()
            .chain(&args.posonlyargs)
            .chain(args.vararg.as_deref());
        for arg in all.chain(&args.kwonlyargs).chain(args.kwarg.as_deref()) {
            count += self.argument_annotation(arg.arg, arg.annotation.as_deref())?;
        }
        if returns.is_some() {
            let name = self.names.intern("return");
            count += self.argument_annotation(name, returns)?;
        }
        if count > 0 {
            self.op_i(BUILD_TUPLE, count);
        }
        Ok(count > 0)
    }

    fn check_argument_names(&self, args: &Arguments) -> Generated {
        let all = args
            .posonlyargs
            .iter()
            .chain(&args.args)
            .chain(args.vararg.as_deref());
        for arg in all.chain(&args.kwonlyargs).chain(args.kwarg.as_deref()) {
            self.check_forbidden(arg.arg, ExprContext::Store)?;
        }
        Ok(())
    }

    fn set_argument_counts(&mut self, args: &Arguments) {
        self.unit.argcount = args.args.len();
        self.unit.posonlyargcount = args.posonlyargs.len();
        self.unit.kwonlyargcount = args.kwonlyargs.len();
    }

    pub(super) fn function(
        &mut self,
        stmt: &'t Stmt,
        def: &'t FunctionDef,
        is_async: bool,
    ) -> Generated {
        self.check_argument_names(&def.args)?;
        self.exprs(&def.decorator_list)?;
        let firstlineno = def
            .decorator_list
            .first()
            .map_or(stmt.span.lineno, |first| first.span.lineno);
        let mut flags = self.default_arguments(&def.args)?;
        if self.annotations(&def.args, def.returns.as_ref())? {
            flags |= HAS_ANNOTATIONS;
        }
        let scope_type = if is_async {
            ScopeType::AsyncFunction
        } else {
            ScopeType::Function
        };
        self.enter_scope(def.name, scope_type, node_key(stmt), firstlineno);
        let doc = if self.optimize < 2 {
            docstring(&def.body)
        } else {
            None
        };
        self.add_const(doc.map_or(Constant::None, |text| Constant::Str(text.clone())));
        self.set_argument_counts(&def.args);
        self.stmts(&def.body[usize::from(doc.is_some())..])?;
        let inner = self.exit_scope(true)?;
        self.make_closure(inner, flags)?;
        self.apply_decorators(&def.decorator_list);
        self.name_op(def.name, ExprContext::Store)
    }

    pub(super) fn lambda(&mut self, expr: &'t Expr, lambda: &'t Lambda) -> Generated {
        self.check_argument_names(&lambda.args)?;
        let flags = self.default_arguments(&lambda.args)?;
        let name = self.names.intern("<lambda>");
        self.enter_scope(name, ScopeType::Lambda, node_key(expr), expr.span.lineno);
        self.add_const(Constant::None);
        self.set_argument_counts(&lambda.args);
        self.expr(&lambda.body)?;
        let is_generator = self.scopes.entries[self.unit.entry].generator;
        if !is_generator {
            self.op(RETURN_VALUE);
        }
        let inner = self.exit_scope(!is_generator)?;
        self.make_closure(inner, flags)
    }

    pub(super) fn class(&mut self, stmt: &'t Stmt, def: &'t ClassDef) -> Generated {
        self.exprs(&def.decorator_list)?;
        let firstlineno = def
            .decorator_list
            .first()
            .map_or(stmt.span.lineno, |first| first.span.lineno);
        self.enter_scope(def.name, ScopeType::Class, node_key(stmt), firstlineno);
        self.unit.private = Some(def.name);
        self.name_op(self.own.name, ExprContext::Load)?;
        self.name_op(self.own.module, ExprContext::Store)?;
        let qualname = Constant::Str(std::rc::Rc::from(self.unit.qualname.clone()));
        self.load_const(qualname);
        self.name_op(self.own.qualname, ExprContext::Store)?;
        self.body(&def.body)?;
        self.unset_loc();
        if self.scopes.entries[self.unit.entry].needs_class_closure {
            self.op_i(LOAD_CLOSURE, 0);
            self.op_i(COPY, 1);
            self.name_op(self.own.classcell, ExprContext::Store)?;
        } else {
            self.load_const(Constant::None);
        }
        self.op(RETURN_VALUE);
        let inner = self.exit_scope(true)?;
        self.op(PUSH_NULL);
        self.op(LOAD_BUILD_CLASS);
        self.make_closure(inner, 0)?;
        let name = self.name_constant(def.name);
        self.load_const(name);
        self.call_arguments(2, &def.bases, &def.keywords)?;
        self.apply_decorators(&def.decorator_list);
        self.name_op(def.name, ExprContext::Store)
    }
}
