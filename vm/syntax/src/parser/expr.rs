//! Expressions.

use super::{MAX_DEPTH, Parsed, Parser, Rejected};
use crate::ast::*;
use crate::names::Name;
use crate::number::parse_number;
use crate::strings::concatenate_strings;
use crate::token::Tok;

/// Drops a chain link by link, as dropping it at once would need a stack as deep as the chain is long.
fn take_apart(chain: Expr) {
    let mut rest = Some(chain);
    while let Some(link) = rest.take() {
        rest = match link.kind {
            ExprKind::BinOp { left, .. } => Some(*left),
            ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => Some(*value),
            ExprKind::Call(call) => Some(call.func),
            _ => None,
        };
    }
}

/// The binary operators with their binding strength.
fn binary_operator(kind: Tok) -> Option<(Operator, u8)> {
    Some(match kind {
        Tok::Vbar => (Operator::BitOr, 1),
        Tok::Circumflex => (Operator::BitXor, 2),
        Tok::Amper => (Operator::BitAnd, 3),
        Tok::LeftShift => (Operator::LShift, 4),
        Tok::RightShift => (Operator::RShift, 4),
        Tok::Plus => (Operator::Add, 5),
        Tok::Minus => (Operator::Sub, 5),
        Tok::Star => (Operator::Mult, 6),
        Tok::Slash => (Operator::Div, 6),
        Tok::DoubleSlash => (Operator::FloorDiv, 6),
        Tok::Percent => (Operator::Mod, 6),
        Tok::At => (Operator::MatMult, 6),
        _ => return None,
    })
}

impl Parser<'_> {
    /// `expressions`: one, or a tuple without brackets; no stars.
    pub(super) fn expressions(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let first = self.expression()?;
        if self.peek() != Tok::Comma {
            return Ok(first);
        }
        let mut elts = vec![first];
        while self.eat(Tok::Comma) {
            if !self.at_expression() {
                break;
            }
            elts.push(self.expression()?);
        }
        Ok(self.expr(
            start,
            ExprKind::Tuple {
                elts,
                ctx: ExprContext::Load,
            },
        ))
    }

    /// Whether the next token can start an expression.
    fn at_expression(&self) -> bool {
        matches!(
            self.peek(),
            Tok::Name
                | Tok::Number
                | Tok::String
                | Tok::Lpar
                | Tok::Lsqb
                | Tok::Lbrace
                | Tok::Minus
                | Tok::Plus
                | Tok::Tilde
                | Tok::Not
                | Tok::Lambda
                | Tok::Await
                | Tok::None
                | Tok::True
                | Tok::False
                | Tok::Ellipsis
        )
    }

    pub(super) fn at_star_expression(&self) -> bool {
        self.peek() == Tok::Star || self.at_expression()
    }

    pub(super) fn star_expressions(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let first = self.star_expression()?;
        if self.peek() != Tok::Comma {
            return Ok(first);
        }
        let mut elts = vec![first];
        while self.eat(Tok::Comma) {
            if !self.at_star_expression() {
                break;
            }
            elts.push(self.star_expression()?);
        }
        Ok(self.expr(
            start,
            ExprKind::Tuple {
                elts,
                ctx: ExprContext::Load,
            },
        ))
    }

    fn star_expression(&mut self) -> Parsed<Expr> {
        if self.peek() == Tok::Star {
            self.starred_bitwise_or()
        } else {
            self.expression()
        }
    }

    fn starred_bitwise_or(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        self.advance();
        let value = Box::new(self.bitwise_or()?);
        Ok(self.expr(
            start,
            ExprKind::Starred {
                value,
                ctx: ExprContext::Load,
            },
        ))
    }

    /// `'*' expression`, as in calls and subscripts.
    pub(super) fn starred_expression(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        self.expect(Tok::Star)?;
        let value = Box::new(self.expression()?);
        Ok(self.expr(
            start,
            ExprKind::Starred {
                value,
                ctx: ExprContext::Load,
            },
        ))
    }

    pub(super) fn star_named_expression(&mut self) -> Parsed<Expr> {
        if self.peek() == Tok::Star {
            self.starred_bitwise_or()
        } else {
            self.named_expression()
        }
    }

    pub(super) fn named_expression(&mut self) -> Parsed<Expr> {
        if self.peek() == Tok::Name && self.peek_at(1) == Tok::ColonEqual {
            let start = self.pos;
            let id = self.expect_name()?;
            let target = Box::new(self.expr(
                start,
                ExprKind::Name {
                    id,
                    ctx: ExprContext::Store,
                },
            ));
            self.advance();
            let value = Box::new(self.expression()?);
            self.require(8)?;
            return Ok(self.expr(start, ExprKind::NamedExpr { target, value }));
        }
        let value = self.expression()?;
        if self.peek() == Tok::ColonEqual {
            Err(Rejected)
        } else {
            Ok(value)
        }
    }

    pub(super) fn yield_expr(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        self.expect(Tok::Yield)?;
        if self.eat(Tok::From) {
            let value = Box::new(self.expression()?);
            return Ok(self.expr(start, ExprKind::YieldFrom(value)));
        }
        let value = if self.at_star_expression() {
            Some(Box::new(self.star_expressions()?))
        } else {
            None
        };
        Ok(self.expr(start, ExprKind::Yield(value)))
    }

    pub(super) fn yield_or_star_expressions(&mut self) -> Parsed<Expr> {
        if self.peek() == Tok::Yield {
            self.yield_expr()
        } else {
            self.star_expressions()
        }
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.nested(Self::expression_inner)
    }

    fn expression_inner(&mut self) -> Parsed<Expr> {
        if self.peek() == Tok::Lambda {
            return self.lambda();
        }
        let start = self.pos;
        let body = self.disjunction()?;
        if self.peek() != Tok::If {
            return Ok(body);
        }
        let before_if = self.pos;
        self.advance();
        // A comprehension's condition is read by its own rule; here an `else` has to follow.
        let test = match self.disjunction() {
            Ok(test) if self.peek() == Tok::Else => test,
            Ok(_) => {
                self.pos = before_if;
                return Ok(body);
            }
            Err(Rejected) => return Err(Rejected),
        };
        self.advance();
        let orelse = self.expression()?;
        Ok(self.expr(
            start,
            ExprKind::IfExp(Box::new(IfExp { test, body, orelse })),
        ))
    }

    fn lambda(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        self.advance();
        let args = self.parameters(Tok::Colon)?;
        self.expect(Tok::Colon)?;
        let body = self.expression()?;
        Ok(self.expr(start, ExprKind::Lambda(Box::new(Lambda { args, body }))))
    }

    pub(super) fn disjunction(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let first = self.conjunction()?;
        if self.peek() != Tok::Or {
            return Ok(first);
        }
        let mut values = vec![first];
        while self.eat(Tok::Or) {
            values.push(self.conjunction()?);
        }
        Ok(self.expr(
            start,
            ExprKind::BoolOp {
                op: BoolOp::Or,
                values,
            },
        ))
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let first = self.inversion()?;
        if self.peek() != Tok::And {
            return Ok(first);
        }
        let mut values = vec![first];
        while self.eat(Tok::And) {
            values.push(self.inversion()?);
        }
        Ok(self.expr(
            start,
            ExprKind::BoolOp {
                op: BoolOp::And,
                values,
            },
        ))
    }

    fn inversion(&mut self) -> Parsed<Expr> {
        if self.peek() != Tok::Not {
            return self.comparison();
        }
        let start = self.pos;
        self.advance();
        let operand = Box::new(self.nested(Self::inversion)?);
        Ok(self.expr(
            start,
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            },
        ))
    }

    fn comparison_operator(&mut self) -> Parsed<Option<CmpOp>> {
        let op = match self.peek() {
            Tok::EqEqual => CmpOp::Eq,
            Tok::NotEqual => {
                let wanted: &[u8] = if self.flags.barry_as_bdfl {
                    b"<>"
                } else {
                    b"!="
                };
                if self.text(&self.tokens[self.pos]) != wanted {
                    return Err(Rejected);
                }
                CmpOp::NotEq
            }
            Tok::LessEqual => CmpOp::LtE,
            Tok::Less => CmpOp::Lt,
            Tok::GreaterEqual => CmpOp::GtE,
            Tok::Greater => CmpOp::Gt,
            Tok::In => CmpOp::In,
            Tok::Not if self.peek_at(1) == Tok::In => {
                self.advance();
                CmpOp::NotIn
            }
            Tok::Is if self.peek_at(1) == Tok::Not => {
                self.advance();
                CmpOp::IsNot
            }
            Tok::Is => CmpOp::Is,
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(op))
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let left = self.bitwise_or()?;
        let Some(first) = self.comparison_operator()? else {
            return Ok(left);
        };
        let mut ops = vec![first];
        let mut comparators = vec![self.bitwise_or()?];
        while let Some(op) = self.comparison_operator()? {
            ops.push(op);
            comparators.push(self.bitwise_or()?);
        }
        Ok(self.expr(
            start,
            ExprKind::Compare(Box::new(Compare {
                left,
                ops,
                comparators,
            })),
        ))
    }

    /// Notes one more link of a chain such as `a + b + c` or `a.b.c`, each of which is one level of the tree.
    fn link(&mut self, links: &mut u32, chain: Expr) -> Parsed<Expr> {
        *links += 1;
        self.deepest = self.deepest.max(*links);
        if *links < MAX_DEPTH {
            return Ok(chain);
        }
        self.too_deep = true;
        take_apart(chain);
        Err(Rejected)
    }

    pub(super) fn bitwise_or(&mut self) -> Parsed<Expr> {
        self.binary(1)
    }

    fn binary(&mut self, weakest: u8) -> Parsed<Expr> {
        let start = self.pos;
        let mut left = self.factor()?;
        let mut links = 0;
        while let Some((op, strength)) = binary_operator(self.peek()) {
            if strength < weakest {
                break;
            }
            if op == Operator::MatMult {
                self.require(5)?;
            }
            self.advance();
            let right = Box::new(self.binary(strength + 1)?);
            left = self.expr(
                start,
                ExprKind::BinOp {
                    left: Box::new(left),
                    op,
                    right,
                },
            );
            left = self.link(&mut links, left)?;
        }
        Ok(left)
    }

    fn factor(&mut self) -> Parsed<Expr> {
        let op = match self.peek() {
            Tok::Plus => UnaryOp::UAdd,
            Tok::Minus => UnaryOp::USub,
            Tok::Tilde => UnaryOp::Invert,
            _ => return self.power(),
        };
        let start = self.pos;
        self.advance();
        let operand = Box::new(self.nested(Self::factor)?);
        Ok(self.expr(start, ExprKind::UnaryOp { op, operand }))
    }

    fn power(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let left = self.await_primary()?;
        if self.peek() != Tok::DoubleStar {
            return Ok(left);
        }
        self.advance();
        let right = Box::new(self.nested(Self::factor)?);
        Ok(self.expr(
            start,
            ExprKind::BinOp {
                left: Box::new(left),
                op: Operator::Pow,
                right,
            },
        ))
    }

    fn await_primary(&mut self) -> Parsed<Expr> {
        if self.peek() != Tok::Await {
            return self.primary();
        }
        let start = self.pos;
        self.advance();
        let value = Box::new(self.primary()?);
        self.require(5)?;
        Ok(self.expr(start, ExprKind::Await(value)))
    }

    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let mut value = self.atom()?;
        let mut links = 0;
        loop {
            match self.peek() {
                Tok::Dot => {
                    self.advance();
                    let attr = self.expect_name()?;
                    value = self.expr(
                        start,
                        ExprKind::Attribute {
                            value: Box::new(value),
                            attr,
                            ctx: ExprContext::Load,
                        },
                    );
                }
                Tok::Lpar => {
                    let (args, keywords) = self.call_arguments()?;
                    value = self.expr(
                        start,
                        ExprKind::Call(Box::new(Call {
                            func: value,
                            args,
                            keywords,
                        })),
                    );
                }
                Tok::Lsqb => {
                    self.advance();
                    let slice = Box::new(self.slices()?);
                    self.expect(Tok::Rsqb)?;
                    value = self.expr(
                        start,
                        ExprKind::Subscript {
                            value: Box::new(value),
                            slice,
                            ctx: ExprContext::Load,
                        },
                    );
                }
                _ => return Ok(value),
            }
            value = self.link(&mut links, value)?;
        }
    }

    fn slices(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        if self.peek() != Tok::Star {
            let first = self.slice()?;
            if self.peek() != Tok::Comma {
                return Ok(first);
            }
            return self.slice_tuple(start, first);
        }
        let first = self.starred_expression()?;
        self.slice_tuple(start, first)
    }

    fn slice_tuple(&mut self, start: usize, first: Expr) -> Parsed<Expr> {
        let mut elts = vec![first];
        while self.eat(Tok::Comma) {
            if self.peek() == Tok::Rsqb {
                break;
            }
            elts.push(if self.peek() == Tok::Star {
                self.starred_expression()?
            } else {
                self.slice()?
            });
        }
        Ok(self.expr(
            start,
            ExprKind::Tuple {
                elts,
                ctx: ExprContext::Load,
            },
        ))
    }

    fn optional_bound(&mut self) -> Parsed<Option<Box<Expr>>> {
        if self.at_expression() {
            Ok(Some(Box::new(self.expression()?)))
        } else {
            Ok(None)
        }
    }

    fn slice(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let lower = if self.peek() == Tok::Colon {
            None
        } else {
            let value = self.named_expression()?;
            if self.peek() != Tok::Colon {
                return Ok(value);
            }
            if matches!(value.kind, ExprKind::NamedExpr { .. })
                && self.tokens[start].kind != Tok::Lpar
            {
                return Err(Rejected);
            }
            Some(Box::new(value))
        };
        self.expect(Tok::Colon)?;
        let upper = self.optional_bound()?;
        let step = if self.eat(Tok::Colon) {
            self.optional_bound()?
        } else {
            None
        };
        Ok(self.expr(start, ExprKind::Slice { lower, upper, step }))
    }

    fn constant(&mut self, value: Constant) -> Parsed<Expr> {
        let start = self.pos;
        self.advance();
        Ok(self.expr(start, ExprKind::Constant { value, kind: false }))
    }

    pub(super) fn number(&mut self) -> Parsed<Expr> {
        let text = self.text(&self.tokens[self.pos]);
        if self.flags.feature_version < 6 && text.contains(&b'_') {
            return Err(Rejected);
        }
        let value = parse_number(text).map_err(|_| Rejected)?;
        self.constant(value)
    }

    pub(super) fn strings(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        while self.peek() == Tok::String {
            self.advance();
        }
        // The tokens are set aside so that the string code can borrow the parser's names.
        let tokens: Vec<_> = self.tokens[start..self.pos].to_vec();
        concatenate_strings(
            self.source,
            &tokens,
            self.names,
            self.flags,
            &mut self.warnings,
            false,
            self.depth,
        )
        .map_err(|_| Rejected)
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        match self.peek() {
            Tok::Name => {
                let id = Name(self.tokens[start].name);
                self.advance();
                Ok(self.expr(
                    start,
                    ExprKind::Name {
                        id,
                        ctx: ExprContext::Load,
                    },
                ))
            }
            Tok::Number => self.number(),
            Tok::String => self.strings(),
            Tok::None => self.constant(Constant::None),
            Tok::True => self.constant(Constant::True),
            Tok::False => self.constant(Constant::False),
            Tok::Ellipsis => self.constant(Constant::Ellipsis),
            Tok::Lpar => self.parenthesized(),
            Tok::Lsqb => self.list(),
            Tok::Lbrace => self.dict_or_set(),
            _ => Err(Rejected),
        }
    }

    fn at_for(&self) -> bool {
        self.peek() == Tok::For || (self.peek() == Tok::Async && self.peek_at(1) == Tok::For)
    }

    /// A group, a tuple or a generator expression.
    fn parenthesized(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        self.advance();
        if self.eat(Tok::Rpar) {
            return Ok(self.expr(
                start,
                ExprKind::Tuple {
                    elts: Vec::new(),
                    ctx: ExprContext::Load,
                },
            ));
        }
        if self.peek() == Tok::Yield {
            let value = self.yield_expr()?;
            self.expect(Tok::Rpar)?;
            return Ok(value);
        }
        let starred = self.peek() == Tok::Star;
        let first = self.star_named_expression()?;
        if self.at_for() && !starred {
            let generators = self.for_if_clauses()?;
            self.expect(Tok::Rpar)?;
            return Ok(self.expr(
                start,
                ExprKind::GeneratorExp(Box::new(Comp {
                    elt: first,
                    generators,
                })),
            ));
        }
        if self.peek() == Tok::Comma {
            let elts = self.rest_of_elements(first, Tok::Rpar)?;
            return Ok(self.expr(
                start,
                ExprKind::Tuple {
                    elts,
                    ctx: ExprContext::Load,
                },
            ));
        }
        self.expect(Tok::Rpar)?;
        if starred { Err(Rejected) } else { Ok(first) }
    }

    /// The elements after the first, and the closing bracket.
    fn rest_of_elements(&mut self, first: Expr, close: Tok) -> Parsed<Vec<Expr>> {
        let mut elts = vec![first];
        while self.eat(Tok::Comma) {
            if self.peek() == close {
                break;
            }
            elts.push(self.star_named_expression()?);
        }
        self.expect(close)?;
        Ok(elts)
    }

    fn list(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        self.advance();
        if self.eat(Tok::Rsqb) {
            return Ok(self.expr(
                start,
                ExprKind::List {
                    elts: Vec::new(),
                    ctx: ExprContext::Load,
                },
            ));
        }
        let starred = self.peek() == Tok::Star;
        let first = self.star_named_expression()?;
        if self.at_for() && !starred {
            let generators = self.for_if_clauses()?;
            self.expect(Tok::Rsqb)?;
            return Ok(self.expr(
                start,
                ExprKind::ListComp(Box::new(Comp {
                    elt: first,
                    generators,
                })),
            ));
        }
        let elts = self.rest_of_elements(first, Tok::Rsqb)?;
        Ok(self.expr(
            start,
            ExprKind::List {
                elts,
                ctx: ExprContext::Load,
            },
        ))
    }

    fn dict_or_set(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        self.advance();
        if self.eat(Tok::Rbrace) {
            let dict = Dict {
                keys: Vec::new(),
                values: Vec::new(),
            };
            return Ok(self.expr(start, ExprKind::Dict(Box::new(dict))));
        }
        if self.peek() == Tok::DoubleStar {
            return self.dict(start, None);
        }
        let starred = self.peek() == Tok::Star;
        let first = self.star_named_expression()?;
        if self.peek() == Tok::Colon && !starred {
            return self.dict(start, Some(first));
        }
        if self.at_for() && !starred {
            let generators = self.for_if_clauses()?;
            self.expect(Tok::Rbrace)?;
            return Ok(self.expr(
                start,
                ExprKind::SetComp(Box::new(Comp {
                    elt: first,
                    generators,
                })),
            ));
        }
        let elts = self.rest_of_elements(first, Tok::Rbrace)?;
        Ok(self.expr(start, ExprKind::Set(elts)))
    }

    fn dict(&mut self, start: usize, first_key: Option<Expr>) -> Parsed<Expr> {
        let mut dict = Dict {
            keys: Vec::new(),
            values: Vec::new(),
        };
        if let Some(key) = first_key {
            let unbracketed = self.tokens[start + 1].kind != Tok::Lpar;
            if matches!(key.kind, ExprKind::NamedExpr { .. }) && unbracketed {
                return Err(Rejected);
            }
            self.expect(Tok::Colon)?;
            let value = self.expression()?;
            if self.at_for() {
                let generators = self.for_if_clauses()?;
                self.expect(Tok::Rbrace)?;
                return Ok(self.expr(
                    start,
                    ExprKind::DictComp(Box::new(DictComp {
                        key,
                        value,
                        generators,
                    })),
                ));
            }
            dict.keys.push(Some(key));
            dict.values.push(value);
            if !self.eat(Tok::Comma) {
                self.expect(Tok::Rbrace)?;
                return Ok(self.expr(start, ExprKind::Dict(Box::new(dict))));
            }
        }
        while self.peek() != Tok::Rbrace {
            if self.eat(Tok::DoubleStar) {
                dict.keys.push(None);
                dict.values.push(self.bitwise_or()?);
            } else {
                dict.keys.push(Some(self.expression()?));
                self.expect(Tok::Colon)?;
                dict.values.push(self.expression()?);
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::Rbrace)?;
        Ok(self.expr(start, ExprKind::Dict(Box::new(dict))))
    }

    fn for_if_clauses(&mut self) -> Parsed<Vec<Comprehension>> {
        let mut generators = Vec::new();
        while self.at_for() {
            let is_async = self.eat(Tok::Async);
            if is_async {
                self.require(6)?;
            }
            self.advance();
            let target = self.star_targets()?;
            self.expect(Tok::In)?;
            let iter = self.disjunction()?;
            let mut ifs = Vec::new();
            while self.eat(Tok::If) {
                ifs.push(self.disjunction()?);
            }
            generators.push(Comprehension {
                target,
                iter,
                ifs,
                is_async,
            });
        }
        Ok(generators)
    }

    /// The bracketed arguments of a call, where a generator expression may stand alone.
    fn call_arguments(&mut self) -> Parsed<(Vec<Expr>, Vec<Keyword>)> {
        let start = self.pos;
        self.advance();
        if self.eat(Tok::Rpar) {
            return Ok((Vec::new(), Vec::new()));
        }
        let is_keyword = self.peek() == Tok::Name && self.peek_at(1) == Tok::Equal;
        let plain = !is_keyword && !matches!(self.peek(), Tok::Star | Tok::DoubleStar);
        if plain {
            let first = self.named_expression()?;
            if self.at_for() {
                let generators = self.for_if_clauses()?;
                self.expect(Tok::Rpar)?;
                let generator = self.expr(
                    start,
                    ExprKind::GeneratorExp(Box::new(Comp {
                        elt: first,
                        generators,
                    })),
                );
                return Ok((vec![generator], Vec::new()));
            }
            if self.eat(Tok::Rpar) {
                return Ok((vec![first], Vec::new()));
            }
            self.expect(Tok::Comma)?;
            return self.arguments(vec![first]);
        }
        self.arguments(Vec::new())
    }

    /// Arguments up to and including the closing bracket; positional ones come first.
    pub(super) fn arguments(&mut self, mut args: Vec<Expr>) -> Parsed<(Vec<Expr>, Vec<Keyword>)> {
        let mut keywords = Vec::new();
        let mut saw_double_star = false;
        while self.peek() != Tok::Rpar {
            let start = self.pos;
            match self.peek() {
                Tok::Star if !saw_double_star => args.push(self.starred_expression()?),
                Tok::DoubleStar => {
                    self.advance();
                    saw_double_star = true;
                    let value = self.expression()?;
                    keywords.push(Keyword {
                        span: self.span_from(start),
                        arg: None,
                        value,
                    });
                }
                Tok::Name if self.peek_at(1) == Tok::Equal => {
                    let arg = Some(self.expect_name()?);
                    self.advance();
                    let value = self.expression()?;
                    keywords.push(Keyword {
                        span: self.span_from(start),
                        arg,
                        value,
                    });
                }
                _ if keywords.is_empty() => args.push(self.named_expression()?),
                _ => return Err(Rejected),
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::Rpar)?;
        Ok((args, keywords))
    }

    /// Parameters up to `close`, which is `)` for functions and `:` for lambdas.
    pub(super) fn parameters(&mut self, close: Tok) -> Parsed<Arguments> {
        let mut arguments = Arguments::default();
        let (mut saw_star, mut saw_slash) = (false, false);
        while self.peek() != close {
            match self.peek() {
                Tok::Slash if !saw_star && !saw_slash && !arguments.args.is_empty() => {
                    self.require(8)?;
                    saw_slash = true;
                    self.advance();
                    arguments.posonlyargs = std::mem::take(&mut arguments.args);
                }
                Tok::Star if !saw_star => {
                    saw_star = true;
                    self.advance();
                    if self.peek() == Tok::Comma {
                        let named_follows = self.peek_at(1) == Tok::Name;
                        if !named_follows {
                            return Err(Rejected);
                        }
                    } else {
                        arguments.vararg = Some(Box::new(self.parameter(close, true)?));
                    }
                }
                Tok::DoubleStar => {
                    self.advance();
                    let kwarg = self.parameter(close, false)?;
                    arguments.kwarg = Some(Box::new(kwarg));
                    self.eat(Tok::Comma);
                    self.parameter_type_comment(&mut arguments);
                    return if self.peek() == close {
                        Ok(arguments)
                    } else {
                        Err(Rejected)
                    };
                }
                _ => self.plain_parameter(&mut arguments, close, saw_star)?,
            }
            let comma = self.eat(Tok::Comma);
            if self.peek() == Tok::TypeComment {
                self.parameter_type_comment(&mut arguments);
            }
            if !comma {
                break;
            }
        }
        if self.peek() == close {
            Ok(arguments)
        } else {
            Err(Rejected)
        }
    }

    fn plain_parameter(
        &mut self,
        arguments: &mut Arguments,
        close: Tok,
        keyword_only: bool,
    ) -> Parsed<()> {
        let arg = self.parameter(close, false)?;
        let default = if self.eat(Tok::Equal) {
            Some(self.expression()?)
        } else {
            None
        };
        if keyword_only {
            arguments.kwonlyargs.push(arg);
            arguments.kw_defaults.push(default);
            return Ok(());
        }
        arguments.args.push(arg);
        match default {
            Some(default) => arguments.defaults.push(default),
            None if !arguments.defaults.is_empty() => return Err(Rejected),
            None => {}
        }
        Ok(())
    }

    /// Hangs a type comment on the parameter that was read last.
    fn parameter_type_comment(&mut self, arguments: &mut Arguments) {
        let Some(comment) = self.type_comment() else {
            return;
        };
        let last = if let Some(kwarg) = &mut arguments.kwarg {
            Some(&mut **kwarg)
        } else if let Some(arg) = arguments.kwonlyargs.last_mut() {
            Some(arg)
        } else if let Some(vararg) = &mut arguments.vararg {
            Some(&mut **vararg)
        } else {
            arguments.args.last_mut()
        };
        if let Some(arg) = last {
            arg.type_comment = Some(comment);
        }
    }

    fn parameter(&mut self, close: Tok, starred: bool) -> Parsed<Arg> {
        let start = self.pos;
        let arg = self.expect_name()?;
        let mut annotation = None;
        if close == Tok::Rpar && self.eat(Tok::Colon) {
            let value = if starred && self.peek() == Tok::Star {
                self.star_expression()?
            } else {
                self.expression()?
            };
            annotation = Some(Box::new(value));
        }
        Ok(Arg {
            span: self.span_from(start),
            arg,
            annotation,
            type_comment: None,
        })
    }
}
