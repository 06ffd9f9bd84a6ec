//! Statements.

use super::target::set_context;
use super::{Parsed, Parser, Rejected};
use crate::ast::*;
use crate::names::Name;
use crate::token::{Tok, known};

fn augmented_operator(kind: Tok) -> Option<Operator> {
    Some(match kind {
        Tok::PlusEqual => Operator::Add,
        Tok::MinEqual => Operator::Sub,
        Tok::StarEqual => Operator::Mult,
        Tok::AtEqual => Operator::MatMult,
        Tok::SlashEqual => Operator::Div,
        Tok::PercentEqual => Operator::Mod,
        Tok::AmperEqual => Operator::BitAnd,
        Tok::VbarEqual => Operator::BitOr,
        Tok::CircumflexEqual => Operator::BitXor,
        Tok::LeftShiftEqual => Operator::LShift,
        Tok::RightShiftEqual => Operator::RShift,
        Tok::DoubleStarEqual => Operator::Pow,
        Tok::DoubleSlashEqual => Operator::FloorDiv,
        _ => return None,
    })
}

impl Parser<'_> {
    pub(super) fn at_compound_statement(&self) -> bool {
        matches!(
            self.peek(),
            Tok::Def
                | Tok::At
                | Tok::Async
                | Tok::If
                | Tok::Class
                | Tok::With
                | Tok::For
                | Tok::Try
                | Tok::While
        )
    }

    /// One statement, or the simple statements of one line.
    pub(super) fn statement_into(&mut self, body: &mut Vec<Stmt>) -> Parsed<()> {
        let start = self.pos;
        self.any_statement_into(body)?;
        self.sound.push((start as u32, self.pos as u32));
        Ok(())
    }

    fn any_statement_into(&mut self, body: &mut Vec<Stmt>) -> Parsed<()> {
        let start = self.pos;
        let statement = match self.peek() {
            Tok::Def => self.function_def(start, Vec::new())?,
            Tok::At => self.decorated()?,
            Tok::Async => self.async_statement()?,
            Tok::If => self.nested(Self::if_stmt)?,
            Tok::Class => self.class_def(start, Vec::new())?,
            Tok::With => self.with_stmt(start, false)?,
            Tok::For => self.for_stmt(start, false)?,
            Tok::Try => self.try_stmt()?,
            Tok::While => self.while_stmt()?,
            Tok::Name if self.at_name(known::MATCH) => match self.match_stmt()? {
                Some(statement) => statement,
                None => {
                    self.suspects.push(start as u32);
                    return self.simple_stmts_into(body);
                }
            },
            _ => return self.simple_stmts_into(body),
        };
        body.push(statement);
        Ok(())
    }

    fn simple_stmts_into(&mut self, body: &mut Vec<Stmt>) -> Parsed<()> {
        loop {
            let statement = self.simple_stmt()?;
            body.push(statement);
            if self.eat(Tok::Newline) {
                return Ok(());
            }
            self.expect(Tok::Semi)?;
            if self.eat(Tok::Newline) {
                return Ok(());
            }
        }
    }

    pub(super) fn block(&mut self) -> Parsed<Vec<Stmt>> {
        let mut body = Vec::new();
        if !self.eat(Tok::Newline) {
            self.simple_stmts_into(&mut body)?;
            return Ok(body);
        }
        self.expect(Tok::Indent)?;
        while !self.eat(Tok::Dedent) {
            self.statement_into(&mut body)?;
        }
        Ok(body)
    }

    fn colon_block(&mut self) -> Parsed<Vec<Stmt>> {
        self.expect(Tok::Colon)?;
        self.nested(Self::block)
    }

    fn simple_stmt(&mut self) -> Parsed<Stmt> {
        let start = self.pos;
        let kind = match self.peek() {
            Tok::Return => {
                self.advance();
                let value = if self.at_star_expression() {
                    Some(Box::new(self.star_expressions()?))
                } else {
                    None
                };
                StmtKind::Return(value)
            }
            Tok::Import => self.import_name()?,
            Tok::From => self.import_from()?,
            Tok::Raise => self.raise_stmt()?,
            Tok::Pass => self.keyword_statement(StmtKind::Pass),
            Tok::Break => self.keyword_statement(StmtKind::Break),
            Tok::Continue => self.keyword_statement(StmtKind::Continue),
            Tok::Del => {
                self.advance();
                let targets = self.del_targets()?;
                if !matches!(self.peek(), Tok::Semi | Tok::Newline) {
                    return Err(Rejected);
                }
                StmtKind::Delete(targets)
            }
            Tok::Yield => {
                let value = self.yield_expr()?;
                if self.peek() == Tok::Equal {
                    return Err(Rejected);
                }
                StmtKind::Expr(Box::new(value))
            }
            Tok::Assert => {
                self.advance();
                let test = Box::new(self.expression()?);
                let msg = if self.eat(Tok::Comma) {
                    Some(Box::new(self.expression()?))
                } else {
                    None
                };
                StmtKind::Assert { test, msg }
            }
            Tok::Global => {
                self.advance();
                StmtKind::Global(self.name_list()?)
            }
            Tok::Nonlocal => {
                self.advance();
                StmtKind::Nonlocal(self.name_list()?)
            }
            _ => self.expression_statement(start)?,
        };
        Ok(self.stmt(start, kind))
    }

    fn keyword_statement(&mut self, kind: StmtKind) -> StmtKind {
        self.advance();
        kind
    }

    fn name_list(&mut self) -> Parsed<Vec<Name>> {
        let mut names = vec![self.expect_name()?];
        while self.eat(Tok::Comma) {
            names.push(self.expect_name()?);
        }
        Ok(names)
    }

    fn raise_stmt(&mut self) -> Parsed<StmtKind> {
        self.advance();
        if matches!(self.peek(), Tok::Newline | Tok::Semi) {
            return Ok(StmtKind::Raise {
                exc: None,
                cause: None,
            });
        }
        let exc = Some(Box::new(self.expression()?));
        let cause = if self.eat(Tok::From) {
            Some(Box::new(self.expression()?))
        } else {
            None
        };
        Ok(StmtKind::Raise { exc, cause })
    }

    /// An expression, or one of the assignments, which start like one.
    fn expression_statement(&mut self, start: usize) -> Parsed<StmtKind> {
        let first = self.star_expressions()?;
        match self.peek() {
            Tok::Newline | Tok::Semi => Ok(StmtKind::Expr(Box::new(first))),
            Tok::Equal => self.assignment(first),
            Tok::Colon => self.annotated_assignment(start, first),
            kind => match augmented_operator(kind) {
                Some(op) => self.augmented_assignment(first, op),
                None => Ok(StmtKind::Expr(Box::new(first))),
            },
        }
    }

    fn assignment(&mut self, first: Expr) -> Parsed<StmtKind> {
        let mut targets = Vec::new();
        let mut value = first;
        while self.eat(Tok::Equal) {
            set_context(&mut value, ExprContext::Store, true)?;
            targets.push(value);
            value = self.yield_or_star_expressions()?;
        }
        let type_comment = self.type_comment();
        Ok(StmtKind::Assign(Box::new(Assign {
            targets,
            value,
            type_comment,
        })))
    }

    fn single_target(&self, target: &mut Expr) -> Parsed<()> {
        match target.kind {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {
                set_context(target, ExprContext::Store, false)
            }
            _ => Err(Rejected),
        }
    }

    fn augmented_assignment(&mut self, mut target: Expr, op: Operator) -> Parsed<StmtKind> {
        self.single_target(&mut target)?;
        if op == Operator::MatMult {
            self.require(5)?;
        }
        self.advance();
        let value = self.yield_or_star_expressions()?;
        Ok(StmtKind::AugAssign(Box::new(AugAssign {
            target,
            op,
            value,
        })))
    }

    fn annotated_assignment(&mut self, start: usize, mut target: Expr) -> Parsed<StmtKind> {
        self.single_target(&mut target)?;
        let simple =
            matches!(target.kind, ExprKind::Name { .. }) && self.tokens[start].kind == Tok::Name;
        self.advance();
        let annotation = self.expression()?;
        let value = if self.eat(Tok::Equal) {
            Some(self.yield_or_star_expressions()?)
        } else {
            None
        };
        self.require(6)?;
        Ok(StmtKind::AnnAssign(Box::new(AnnAssign {
            target,
            annotation,
            value,
            simple,
        })))
    }

    fn dotted_name(&mut self) -> Parsed<Name> {
        let first = self.expect_name()?;
        if self.peek() != Tok::Dot {
            return Ok(first);
        }
        let mut text = self.names.text(first).to_string();
        while self.eat(Tok::Dot) {
            let next = self.expect_name()?;
            text.push('.');
            text.push_str(self.names.text(next));
        }
        Ok(self.names.intern(&text))
    }

    fn optional_as(&mut self) -> Parsed<Option<Name>> {
        if self.eat(Tok::As) {
            Ok(Some(self.expect_name()?))
        } else {
            Ok(None)
        }
    }

    fn import_name(&mut self) -> Parsed<StmtKind> {
        self.advance();
        let mut names = Vec::new();
        loop {
            let start = self.pos;
            let name = self.dotted_name()?;
            let asname = self.optional_as()?;
            names.push(Alias {
                span: self.span_from(start),
                name,
                asname,
            });
            if !self.eat(Tok::Comma) {
                return Ok(StmtKind::Import(names));
            }
        }
    }

    fn import_from(&mut self) -> Parsed<StmtKind> {
        self.advance();
        let mut level = 0;
        loop {
            match self.peek() {
                Tok::Dot => level += 1,
                Tok::Ellipsis => level += 3,
                _ => break,
            }
            self.advance();
        }
        let module = if self.peek() == Tok::Import && level > 0 {
            None
        } else {
            Some(self.dotted_name()?)
        };
        self.expect(Tok::Import)?;
        let names = self.import_from_targets()?;
        Ok(StmtKind::ImportFrom {
            module,
            names,
            level,
        })
    }

    fn import_from_targets(&mut self) -> Parsed<Vec<Alias>> {
        let start = self.pos;
        if self.eat(Tok::Star) {
            return Ok(vec![Alias {
                span: self.span_from(start),
                name: known::STAR,
                asname: None,
            }]);
        }
        let bracketed = self.eat(Tok::Lpar);
        let mut names = Vec::new();
        loop {
            let start = self.pos;
            let name = self.expect_name()?;
            let asname = self.optional_as()?;
            names.push(Alias {
                span: self.span_from(start),
                name,
                asname,
            });
            if !self.eat(Tok::Comma) || (bracketed && self.peek() == Tok::Rpar) {
                break;
            }
        }
        if bracketed {
            self.expect(Tok::Rpar)?;
        }
        Ok(names)
    }

    fn decorated(&mut self) -> Parsed<Stmt> {
        let mut decorators = Vec::new();
        while self.eat(Tok::At) {
            decorators.push(self.named_expression()?);
            self.expect(Tok::Newline)?;
        }
        let start = self.pos;
        match self.peek() {
            Tok::Def => self.function_def(start, decorators),
            Tok::Class => self.class_def(start, decorators),
            Tok::Async if self.peek_at(1) == Tok::Def => {
                self.advance();
                self.function_def(start, decorators)
            }
            _ => Err(Rejected),
        }
    }

    fn async_statement(&mut self) -> Parsed<Stmt> {
        let start = self.pos;
        self.require(5)?;
        self.advance();
        match self.peek() {
            Tok::Def => self.function_def(start, Vec::new()),
            Tok::With => self.with_stmt(start, true),
            Tok::For => self.for_stmt(start, true),
            _ => Err(Rejected),
        }
    }

    fn function_def(&mut self, start: usize, decorator_list: Vec<Expr>) -> Parsed<Stmt> {
        let is_async = self.tokens[start].kind == Tok::Async;
        self.expect(Tok::Def)?;
        let name = self.expect_name()?;
        self.expect(Tok::Lpar)?;
        let args = self.parameters(Tok::Rpar)?;
        self.expect(Tok::Rpar)?;
        let returns = if self.eat(Tok::Rarrow) {
            Some(self.expression()?)
        } else {
            None
        };
        self.expect(Tok::Colon)?;
        let type_comment = if self.peek() == Tok::Newline && self.peek_at(1) == Tok::TypeComment {
            if self.peek_at(2) != Tok::Newline || self.peek_at(3) != Tok::Indent {
                return Err(Rejected);
            }
            self.advance();
            self.type_comment()
        } else {
            self.type_comment()
        };
        let body = self.nested(Self::block)?;
        let def = Box::new(FunctionDef {
            name,
            args,
            body,
            decorator_list,
            returns,
            type_comment,
        });
        if is_async {
            self.require(5)?;
            return Ok(self.stmt(start, StmtKind::AsyncFunctionDef(def)));
        }
        Ok(self.stmt(start, StmtKind::FunctionDef(def)))
    }

    fn class_def(&mut self, start: usize, decorator_list: Vec<Expr>) -> Parsed<Stmt> {
        self.expect(Tok::Class)?;
        let name = self.expect_name()?;
        let (bases, keywords) = if self.eat(Tok::Lpar) {
            self.arguments(Vec::new())?
        } else {
            Default::default()
        };
        let body = self.colon_block()?;
        let def = ClassDef {
            name,
            bases,
            keywords,
            body,
            decorator_list,
        };
        Ok(self.stmt(start, StmtKind::ClassDef(Box::new(def))))
    }

    fn if_stmt(&mut self) -> Parsed<Stmt> {
        let start = self.pos;
        self.advance();
        let test = self.named_expression()?;
        let body = self.colon_block()?;
        let orelse = if self.peek() == Tok::Elif {
            vec![self.nested(Self::if_stmt)?]
        } else {
            self.else_block()?
        };
        Ok(self.stmt(start, StmtKind::If(Box::new(If { test, body, orelse }))))
    }

    fn else_block(&mut self) -> Parsed<Vec<Stmt>> {
        if self.eat(Tok::Else) {
            self.colon_block()
        } else {
            Ok(Vec::new())
        }
    }

    fn while_stmt(&mut self) -> Parsed<Stmt> {
        let start = self.pos;
        self.advance();
        let test = self.named_expression()?;
        let body = self.colon_block()?;
        let orelse = self.else_block()?;
        Ok(self.stmt(
            start,
            StmtKind::While(Box::new(While { test, body, orelse })),
        ))
    }

    fn for_stmt(&mut self, start: usize, is_async: bool) -> Parsed<Stmt> {
        self.advance();
        let target = self.star_targets()?;
        self.expect(Tok::In)?;
        let iter = self.star_expressions()?;
        self.expect(Tok::Colon)?;
        let type_comment = self.type_comment();
        let body = self.nested(Self::block)?;
        let orelse = self.else_block()?;
        let data = Box::new(For {
            target,
            iter,
            body,
            orelse,
            type_comment,
        });
        Ok(self.stmt(
            start,
            if is_async {
                StmtKind::AsyncFor(data)
            } else {
                StmtKind::For(data)
            },
        ))
    }

    /// Whether the bracket at the current token closes right before a colon.
    fn bracket_ends_before_colon(&self) -> bool {
        let level = self.tokens[self.pos].level - 1;
        let close = self.tokens[self.pos..]
            .iter()
            .position(|token| token.level == level);
        close.is_some_and(|offset| self.peek_at(offset + 1) == Tok::Colon)
    }

    fn with_stmt(&mut self, start: usize, is_async: bool) -> Parsed<Stmt> {
        self.advance();
        let mut items = None;
        if self.peek() == Tok::Lpar && self.bracket_ends_before_colon() {
            let before = self.pos;
            match self.bracketed_with_items() {
                Ok(found) => {
                    if !is_async {
                        self.require(9)?;
                    }
                    items = Some(found);
                }
                Err(Rejected) => self.pos = before,
            }
        }
        let bracketed = items.is_some();
        let items = match items {
            Some(items) => items,
            None => self.with_items(Tok::Colon)?,
        };
        self.expect(Tok::Colon)?;
        let type_comment = if bracketed { None } else { self.type_comment() };
        let body = self.nested(Self::block)?;
        let data = Box::new(With {
            items,
            body,
            type_comment,
        });
        Ok(self.stmt(
            start,
            if is_async {
                StmtKind::AsyncWith(data)
            } else {
                StmtKind::With(data)
            },
        ))
    }

    fn bracketed_with_items(&mut self) -> Parsed<Vec<WithItem>> {
        self.expect(Tok::Lpar)?;
        let items = self.with_items(Tok::Rpar)?;
        self.expect(Tok::Rpar)?;
        if self.peek() == Tok::Colon {
            Ok(items)
        } else {
            Err(Rejected)
        }
    }

    fn with_items(&mut self, close: Tok) -> Parsed<Vec<WithItem>> {
        let mut items = Vec::new();
        loop {
            let context_expr = self.expression()?;
            let optional_vars = if self.eat(Tok::As) {
                Some(self.star_target()?)
            } else {
                None
            };
            items.push(WithItem {
                context_expr,
                optional_vars,
            });
            if !self.eat(Tok::Comma) || (close == Tok::Rpar && self.peek() == Tok::Rpar) {
                break;
            }
        }
        if self.peek() == close {
            Ok(items)
        } else {
            Err(Rejected)
        }
    }

    fn try_stmt(&mut self) -> Parsed<Stmt> {
        let start = self.pos;
        self.advance();
        let body = self.colon_block()?;
        let mut handlers = Vec::new();
        let is_star = self.peek() == Tok::Except && self.peek_at(1) == Tok::Star;
        while self.peek() == Tok::Except {
            handlers.push(self.except_handler(is_star)?);
        }
        let orelse = if handlers.is_empty() {
            Vec::new()
        } else {
            self.else_block()?
        };
        let finalbody = if self.eat(Tok::Finally) {
            self.colon_block()?
        } else {
            Vec::new()
        };
        if handlers.is_empty() && finalbody.is_empty() {
            return Err(Rejected);
        }
        let data = Box::new(Try {
            body,
            handlers,
            orelse,
            finalbody,
        });
        if is_star {
            self.require(11)?;
            return Ok(self.stmt(start, StmtKind::TryStar(data)));
        }
        Ok(self.stmt(start, StmtKind::Try(data)))
    }

    fn except_handler(&mut self, is_star: bool) -> Parsed<ExceptHandler> {
        let start = self.pos;
        self.advance();
        if is_star {
            self.expect(Tok::Star)?;
        }
        let (mut typ, mut name) = (None, None);
        if is_star || self.peek() != Tok::Colon {
            typ = Some(self.expression()?);
            name = self.optional_as()?;
        }
        let body = self.colon_block()?;
        Ok(ExceptHandler {
            span: self.span_from(start),
            typ,
            name,
            body,
        })
    }
}
