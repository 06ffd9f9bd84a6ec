//! Calls.

use twinheap_syntax::ast::*;
use twinheap_syntax::names::Name;

use super::expr::TUPLE;
use super::{Compiler, Generated, STACK_USE_GUIDELINE};
use crate::code::FastMap;
use crate::opcode::*;
use crate::symtable::DEF_IMPORT;

impl<'t> Compiler<'t> {
    fn is_imported(&self, expr: &Expr) -> bool {
        match expr.kind {
            ExprKind::Name { id, .. } => {
                self.scopes.entries[0].symbols.get(id).unwrap_or(0) & DEF_IMPORT != 0
            }
            _ => false,
        }
    }

    fn check_keywords(&mut self, keywords: &[Keyword]) -> Generated {
        // Comparing each with each would take minutes for a call of a hundred thousand.
        let mut counts: FastMap<Name, u32> = FastMap::default();
        for name in keywords.iter().filter_map(|keyword| keyword.arg) {
            *counts.entry(name).or_default() += 1;
        }
        for (at, keyword) in keywords.iter().enumerate() {
            let Some(name) = keyword.arg else { continue };
            self.check_forbidden(name, ExprContext::Store)?;
            if counts[&name] == 1 {
                continue;
            }
            if let Some(other) = keywords[at + 1..]
                .iter()
                .find(|other| other.arg == Some(name))
            {
                self.set_loc(other.span);
                return self.error(format!(
                    "keyword argument repeated: {}",
                    self.names.text(name)
                ));
            }
        }
        Ok(())
    }

    fn keyword_names(&mut self, keywords: &[Keyword]) {
        let names: Vec<Name> = keywords.iter().filter_map(|keyword| keyword.arg).collect();
        let constant = self.names_constant(&names);
        let at = self.add_const(constant);
        self.op_i(KW_NAMES, at);
    }

    pub(super) fn call(&mut self, expr: &'t Expr, call: &'t Call) -> Generated {
        self.check_keywords(&call.keywords)?;
        if let ExprKind::Attribute {
            value,
            attr,
            ctx: ExprContext::Load,
        } = &call.func.kind
            && !self.is_imported(value)
            && is_plain(call)
        {
            return self.method_call(expr, call, value, *attr);
        }
        self.check_caller(&call.func);
        self.set_loc(call.func.span);
        self.op(PUSH_NULL);
        self.set_loc(expr.span);
        self.expr(&call.func)?;
        self.call_arguments(0, &call.args, &call.keywords)
    }

    fn method_call(
        &mut self,
        expr: &Expr,
        call: &'t Call,
        object: &'t Expr,
        attr: Name,
    ) -> Generated {
        self.expr(object)?;
        self.set_loc(call.func.span);
        self.start_at_attribute(&call.func, attr);
        self.op_name(LOAD_METHOD, attr);
        self.exprs(&call.args)?;
        if !call.keywords.is_empty() {
            call.keywords
                .iter()
                .try_for_each(|keyword| self.expr(&keyword.value))?;
            self.keyword_names(&call.keywords);
        }
        self.set_loc(expr.span);
        self.start_at_attribute(&call.func, attr);
        self.call_op(call.args.len() + call.keywords.len());
        Ok(())
    }

    /// The arguments and the call itself; `pushed` positional ones are on the stack.
    pub(super) fn call_arguments(
        &mut self,
        pushed: usize,
        args: &'t [Expr],
        keywords: &'t [Keyword],
    ) -> Generated {
        self.check_keywords(keywords)?;
        let is_starred = |arg: &Expr| matches!(arg.kind, ExprKind::Starred { .. });
        let is_big = args.len() + keywords.len() * 2 > STACK_USE_GUIDELINE;
        if !is_big
            && !args.iter().any(is_starred)
            && keywords.iter().all(|keyword| keyword.arg.is_some())
        {
            self.exprs(args)?;
            if !keywords.is_empty() {
                keywords
                    .iter()
                    .try_for_each(|keyword| self.expr(&keyword.value))?;
                self.keyword_names(keywords);
            }
            self.call_op(pushed + args.len() + keywords.len());
            return Ok(());
        }
        match args {
            [
                Expr {
                    kind: ExprKind::Starred { value, .. },
                    ..
                },
            ] if pushed == 0 => self.expr(value)?,
            _ => self.display(args, pushed, TUPLE)?,
        }
        if !keywords.is_empty() {
            self.keyword_dict(keywords)?;
        }
        self.op_i(CALL_FUNCTION_EX, usize::from(!keywords.is_empty()));
        Ok(())
    }

    /// Collects keyword arguments and `**` mappings in one dict.
    fn keyword_dict(&mut self, keywords: &'t [Keyword]) -> Generated {
        let mut has_dict = false;
        let mut waiting = 0;
        for (at, keyword) in keywords.iter().enumerate() {
            if keyword.arg.is_some() {
                waiting += 1;
                continue;
            }
            if waiting > 0 {
                self.part_of_keywords(&keywords[at - waiting..at])?;
                if has_dict {
                    self.op_i(DICT_MERGE, 1);
                }
                has_dict = true;
                waiting = 0;
            }
            if !has_dict {
                self.op_i(BUILD_MAP, 0);
                has_dict = true;
            }
            self.expr(&keyword.value)?;
            self.op_i(DICT_MERGE, 1);
        }
        if waiting > 0 {
            self.part_of_keywords(&keywords[keywords.len() - waiting..])?;
            if has_dict {
                self.op_i(DICT_MERGE, 1);
            }
        }
        Ok(())
    }

    fn part_of_keywords(&mut self, keywords: &'t [Keyword]) -> Generated {
        let count = keywords.len();
        let is_big = count * 2 > STACK_USE_GUIDELINE;
        let names: Vec<Name> = keywords.iter().filter_map(|keyword| keyword.arg).collect();
        if count > 1 && !is_big {
            keywords
                .iter()
                .try_for_each(|keyword| self.expr(&keyword.value))?;
            let constant = self.names_constant(&names);
            self.load_const(constant);
            self.op_i(BUILD_CONST_KEY_MAP, count);
            return Ok(());
        }
        if is_big {
            self.op_no_line(BUILD_MAP, 0);
        }
        for (keyword, name) in keywords.iter().zip(names) {
            let constant = self.name_constant(name);
            self.load_const(constant);
            self.expr(&keyword.value)?;
            if is_big {
                self.op_no_line(MAP_ADD, 1);
            }
        }
        if !is_big {
            self.op_i(BUILD_MAP, count);
        }
        Ok(())
    }
}

/// Few enough arguments, none of them unpacked.
fn is_plain(call: &Call) -> bool {
    let keywords = call.keywords.len();
    call.args.len() + keywords + usize::from(keywords != 0) < STACK_USE_GUIDELINE
        && !call
            .args
            .iter()
            .any(|arg| matches!(arg.kind, ExprKind::Starred { .. }))
        && call.keywords.iter().all(|keyword| keyword.arg.is_some())
}
