//! `match` statements and their patterns.

use super::{Parsed, Parser, Rejected};
use crate::ast::*;
use crate::names::Name;
use crate::token::{Tok, known};

impl Parser<'_> {
    /// A `match` statement, or `None` when `match` is an ordinary name here.
    pub(super) fn match_stmt(&mut self) -> Parsed<Option<Stmt>> {
        let start = self.pos;
        let Ok(subject) = self.match_header() else {
            self.pos = start;
            return Ok(None);
        };
        let mut cases = Vec::new();
        while !self.eat(Tok::Dedent) {
            cases.push(self.nested(Self::case_block)?);
        }
        self.require(10)?;
        Ok(Some(self.stmt(
            start,
            StmtKind::Match(Box::new(Match { subject, cases })),
        )))
    }

    fn match_header(&mut self) -> Parsed<Expr> {
        self.advance();
        let start = self.pos;
        let mut subject = self.star_named_expression()?;
        let starred = matches!(subject.kind, ExprKind::Starred { .. });
        if self.peek() == Tok::Comma {
            let mut elts = vec![subject];
            while self.eat(Tok::Comma) {
                if self.peek() == Tok::Colon {
                    break;
                }
                elts.push(self.star_named_expression()?);
            }
            subject = self.expr(
                start,
                ExprKind::Tuple {
                    elts,
                    ctx: ExprContext::Load,
                },
            );
        } else if starred {
            return Err(Rejected);
        }
        self.expect(Tok::Colon)?;
        self.expect(Tok::Newline)?;
        self.expect(Tok::Indent)?;
        if self.at_name(known::CASE) {
            Ok(subject)
        } else {
            Err(Rejected)
        }
    }

    fn case_block(&mut self) -> Parsed<MatchCase> {
        if !self.at_name(known::CASE) {
            return Err(Rejected);
        }
        self.advance();
        let pattern = self.patterns()?;
        let guard = if self.eat(Tok::If) {
            Some(self.named_expression()?)
        } else {
            None
        };
        self.expect(Tok::Colon)?;
        let body = self.block()?;
        Ok(MatchCase {
            pattern,
            guard,
            body,
        })
    }

    fn pat(&self, start: usize, kind: PatternKind) -> Pattern {
        Pattern {
            span: self.span_from(start),
            kind,
        }
    }

    fn patterns(&mut self) -> Parsed<Pattern> {
        let start = self.pos;
        let first = self.maybe_star_pattern()?;
        if self.peek() != Tok::Comma {
            let starred = matches!(first.kind, PatternKind::MatchStar(_));
            return if starred { Err(Rejected) } else { Ok(first) };
        }
        let patterns = self.rest_of_sequence(first, &[Tok::Colon, Tok::If])?;
        Ok(self.pat(start, PatternKind::MatchSequence(patterns)))
    }

    /// The patterns after the first, up to but without one of `ends`.
    fn rest_of_sequence(&mut self, first: Pattern, ends: &[Tok]) -> Parsed<Vec<Pattern>> {
        let mut patterns = vec![first];
        while self.eat(Tok::Comma) {
            if ends.contains(&self.peek()) {
                break;
            }
            patterns.push(self.maybe_star_pattern()?);
        }
        Ok(patterns)
    }

    fn maybe_star_pattern(&mut self) -> Parsed<Pattern> {
        if self.peek() != Tok::Star {
            return self.pattern();
        }
        let start = self.pos;
        self.advance();
        let name = self.capture_or_wildcard()?;
        Ok(self.pat(start, PatternKind::MatchStar(name)))
    }

    /// A name to bind, or `None` for the underscore.
    fn capture_or_wildcard(&mut self) -> Parsed<Option<Name>> {
        if self.at_name(known::UNDERSCORE) {
            self.advance();
            return Ok(None);
        }
        self.capture_target().map(Some)
    }

    fn capture_target(&mut self) -> Parsed<Name> {
        if self.at_name(known::UNDERSCORE) {
            return Err(Rejected);
        }
        let name = self.expect_name()?;
        if matches!(self.peek(), Tok::Dot | Tok::Lpar | Tok::Equal) {
            Err(Rejected)
        } else {
            Ok(name)
        }
    }

    fn pattern(&mut self) -> Parsed<Pattern> {
        self.nested(Self::pattern_inner)
    }

    fn pattern_inner(&mut self) -> Parsed<Pattern> {
        let start = self.pos;
        let mut pattern = self.closed_pattern()?;
        if self.peek() == Tok::Vbar {
            let mut patterns = vec![pattern];
            while self.eat(Tok::Vbar) {
                patterns.push(self.closed_pattern()?);
            }
            pattern = self.pat(start, PatternKind::MatchOr(patterns));
        }
        if self.eat(Tok::As) {
            let name = Some(self.capture_target()?);
            return Ok(self.pat(
                start,
                PatternKind::MatchAs {
                    pattern: Some(Box::new(pattern)),
                    name,
                },
            ));
        }
        Ok(pattern)
    }

    fn closed_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.pos;
        match self.peek() {
            Tok::Number | Tok::Minus | Tok::String => {
                let value = Box::new(self.literal_expr()?);
                Ok(self.pat(start, PatternKind::MatchValue(value)))
            }
            Tok::None => self.singleton(Constant::None),
            Tok::True => self.singleton(Constant::True),
            Tok::False => self.singleton(Constant::False),
            Tok::Name => self.name_pattern(),
            Tok::Lpar => self.group_or_sequence(),
            Tok::Lsqb => {
                self.advance();
                let patterns = self.bracketed_sequence(Tok::Rsqb)?;
                Ok(self.pat(start, PatternKind::MatchSequence(patterns)))
            }
            Tok::Lbrace => self.mapping_pattern(),
            _ => Err(Rejected),
        }
    }

    fn singleton(&mut self, value: Constant) -> Parsed<Pattern> {
        let start = self.pos;
        self.advance();
        Ok(self.pat(start, PatternKind::MatchSingleton(value)))
    }

    fn signed_number(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        if !self.eat(Tok::Minus) {
            return if self.peek() == Tok::Number {
                self.number()
            } else {
                Err(Rejected)
            };
        }
        if self.peek() != Tok::Number {
            return Err(Rejected);
        }
        let operand = Box::new(self.number()?);
        Ok(self.expr(
            start,
            ExprKind::UnaryOp {
                op: UnaryOp::USub,
                operand,
            },
        ))
    }

    /// A number with its sign, a complex number as a sum, or strings.
    fn literal_expr(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        if self.peek() == Tok::String {
            return self.strings();
        }
        let real = self.signed_number()?;
        let op = match self.peek() {
            Tok::Plus => Operator::Add,
            Tok::Minus => Operator::Sub,
            _ => return Ok(real),
        };
        let number = if let ExprKind::UnaryOp { operand, .. } = &real.kind {
            operand
        } else {
            &real
        };
        if matches!(
            number.kind,
            ExprKind::Constant {
                value: Constant::Complex(..),
                ..
            }
        ) {
            return Err(Rejected);
        }
        self.advance();
        if self.peek() != Tok::Number {
            return Err(Rejected);
        }
        let right = Box::new(self.number()?);
        if !matches!(
            right.kind,
            ExprKind::Constant {
                value: Constant::Complex(..),
                ..
            }
        ) {
            return Err(Rejected);
        }
        Ok(self.expr(
            start,
            ExprKind::BinOp {
                left: Box::new(real),
                op,
                right,
            },
        ))
    }

    /// A name with any attributes after it.
    fn name_or_attr(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let id = self.expect_name()?;
        let mut value = self.expr(
            start,
            ExprKind::Name {
                id,
                ctx: ExprContext::Load,
            },
        );
        while self.eat(Tok::Dot) {
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
        Ok(value)
    }

    /// A capture, the wildcard, a value with dots, or a class.
    fn name_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.pos;
        if !matches!(self.peek_at(1), Tok::Dot | Tok::Lpar | Tok::Equal) {
            let name = self.capture_or_wildcard()?;
            return Ok(self.pat(
                start,
                PatternKind::MatchAs {
                    pattern: None,
                    name,
                },
            ));
        }
        if self.at_name(known::UNDERSCORE) && self.peek_at(1) == Tok::Equal {
            self.advance();
            return Ok(self.pat(
                start,
                PatternKind::MatchAs {
                    pattern: None,
                    name: None,
                },
            ));
        }
        let value = self.name_or_attr()?;
        if self.peek() == Tok::Lpar {
            return self.class_pattern(start, value);
        }
        if self.peek() == Tok::Equal || matches!(value.kind, ExprKind::Name { .. }) {
            return Err(Rejected);
        }
        Ok(self.pat(start, PatternKind::MatchValue(Box::new(value))))
    }

    fn class_pattern(&mut self, start: usize, cls: Expr) -> Parsed<Pattern> {
        self.advance();
        let mut class = MatchClass {
            cls,
            patterns: Vec::new(),
            kwd_attrs: Vec::new(),
            kwd_patterns: Vec::new(),
        };
        while self.peek() != Tok::Rpar {
            if self.peek() == Tok::Name && self.peek_at(1) == Tok::Equal {
                class.kwd_attrs.push(self.expect_name()?);
                self.advance();
                class.kwd_patterns.push(self.pattern()?);
            } else if class.kwd_attrs.is_empty() {
                class.patterns.push(self.pattern()?);
            } else {
                return Err(Rejected);
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::Rpar)?;
        Ok(self.pat(start, PatternKind::MatchClass(Box::new(class))))
    }

    fn bracketed_sequence(&mut self, close: Tok) -> Parsed<Vec<Pattern>> {
        if self.eat(close) {
            return Ok(Vec::new());
        }
        let first = self.maybe_star_pattern()?;
        let patterns = self.rest_of_sequence(first, &[close])?;
        self.expect(close)?;
        Ok(patterns)
    }

    fn group_or_sequence(&mut self) -> Parsed<Pattern> {
        let start = self.pos;
        self.advance();
        if self.eat(Tok::Rpar) {
            return Ok(self.pat(start, PatternKind::MatchSequence(Vec::new())));
        }
        let first = self.maybe_star_pattern()?;
        if self.peek() == Tok::Comma {
            let patterns = self.rest_of_sequence(first, &[Tok::Rpar])?;
            self.expect(Tok::Rpar)?;
            return Ok(self.pat(start, PatternKind::MatchSequence(patterns)));
        }
        self.expect(Tok::Rpar)?;
        if matches!(first.kind, PatternKind::MatchStar(_)) {
            Err(Rejected)
        } else {
            Ok(first)
        }
    }

    fn mapping_key(&mut self) -> Parsed<Expr> {
        let start = self.pos;
        let value = match self.peek() {
            Tok::None => Constant::None,
            Tok::True => Constant::True,
            Tok::False => Constant::False,
            Tok::Name => {
                let value = self.name_or_attr()?;
                return if matches!(value.kind, ExprKind::Name { .. }) {
                    Err(Rejected)
                } else {
                    Ok(value)
                };
            }
            _ => return self.literal_expr(),
        };
        self.advance();
        Ok(self.expr(start, ExprKind::Constant { value, kind: false }))
    }

    fn mapping_pattern(&mut self) -> Parsed<Pattern> {
        let start = self.pos;
        self.advance();
        let mut mapping = MatchMapping {
            keys: Vec::new(),
            patterns: Vec::new(),
            rest: None,
        };
        while self.peek() != Tok::Rbrace {
            if self.eat(Tok::DoubleStar) {
                mapping.rest = Some(self.capture_target()?);
                self.eat(Tok::Comma);
                break;
            }
            mapping.keys.push(self.mapping_key()?);
            self.expect(Tok::Colon)?;
            mapping.patterns.push(self.pattern()?);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.expect(Tok::Rbrace)?;
        Ok(self.pat(start, PatternKind::MatchMapping(Box::new(mapping))))
    }
}
