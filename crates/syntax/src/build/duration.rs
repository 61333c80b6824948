//! Actions of duration expressions.

use super::{Builder, Tok};
use crate::ast::{
    DurationExpr, DurationKind, DurationOp, DurationOperand, DurationValue, FixedDuration, NumberLiteral,
    UnaryOp,
};
use crate::span::Span;
use crate::stack::Boxed;
use crate::token::{Keyword, TokenKind};

/// Durations must stay below this many seconds: 2^63 ns.
const MAX_SECONDS: f64 = 9_223_372_036.854_776;

/// A duration in the making.
#[derive(Debug)]
pub(crate) struct Dur {
    operand: DurationOperand,
    depth: u32,
    /// Behind the last token.
    end: usize,
}

impl<'s> Builder<'s> {
    fn check_duration_range(&self, number: &NumberLiteral, at: Span, end: usize) {
        if number.value.is_nan() || number.value.abs() > MAX_SECONDS {
            self.fail("duration out of range", at, end);
        }
    }

    /// Records an error if duration expressions are off.
    fn need_expressions(&self, at: Span, end: usize) {
        if !self.options.features.duration_expr {
            self.fail("experimental duration expression is not enabled", at, end);
        }
    }

    fn duration_node(&self, kind: DurationKind, depth: u32, span: Span, end: usize) -> Dur {
        if !self.may_nest(depth, span, end) {
            let stand_in = NumberLiteral { value: 1.0, duration: false, span };
            return Dur { operand: DurationOperand::Literal(stand_in), depth: 1, end };
        }
        let expr = DurationExpr { kind, wrapped: false, span };
        Dur { operand: DurationOperand::Expr(Boxed::new(expr)), depth: depth + 1, end }
    }

    pub(crate) fn duration_literal(&self, number: NumberLiteral) -> Dur {
        let end = number.span.end;
        self.check_duration_range(&number, number.span, end);
        Dur { operand: DurationOperand::Literal(number), depth: 1, end }
    }

    pub(crate) fn offset_literal(&self, op: UnaryOp, sign: Tok<'s>, number: NumberLiteral) -> Dur {
        let number = fold_sign(op, sign, number);
        self.check_duration_range(&number, sign.span(), number.span.end);
        Dur { operand: DurationOperand::Literal(number), depth: 1, end: number.span.end }
    }

    pub(crate) fn offset_call(&self, op: UnaryOp, sign: Tok<'s>, call: Dur) -> Dur {
        self.need_expressions(sign.span(), call.end);
        self.signed(op, sign, call)
    }

    fn signed(&self, op: UnaryOp, sign: Tok<'s>, operand: Dur) -> Dur {
        let span = Span::new(sign.start, operand.operand.span().end);
        let Dur { operand, depth, end } = operand;
        let kind = match op {
            UnaryOp::Plus => DurationKind::Plus(operand),
            UnaryOp::Minus => DurationKind::Minus(operand),
        };
        self.duration_node(kind, depth, span, end)
    }

    pub(crate) fn duration_unary(&self, op: UnaryOp, sign: Tok<'s>, operand: Dur) -> Dur {
        match operand.operand {
            DurationOperand::Literal(number) => {
                let number = fold_sign(op, sign, number);
                self.check_duration_range(&number, sign.span(), operand.end);
                Dur { operand: DurationOperand::Literal(number), ..operand }
            }
            DurationOperand::Expr(_) if op == UnaryOp::Plus => operand,
            DurationOperand::Expr(_) => self.signed(op, sign, operand),
        }
    }

    pub(crate) fn duration_binary(&self, lhs: Dur, op: DurationOp, token: Tok<'s>, rhs: Dur) -> Dur {
        let (left, right) = (lhs.operand.span(), rhs.operand.span());
        self.need_expressions(left, rhs.end);
        let zero = matches!(&rhs.operand, DurationOperand::Literal(number) if number.value == 0.0);
        match op {
            DurationOp::Div if zero => self.fail("division by zero", token.span(), rhs.end),
            DurationOp::Mod if zero => self.fail("modulo by zero", token.span(), rhs.end),
            _ => {}
        }
        let depth = lhs.depth.max(rhs.depth);
        let kind = DurationKind::Binary { op, lhs: lhs.operand, rhs: rhs.operand };
        self.duration_node(kind, depth, left.to(right), rhs.end)
    }

    /// `step()` or `range()`.
    pub(crate) fn duration_word(&self, word: Tok<'s>, end: usize) -> Dur {
        let span = Span::new(word.start, end);
        self.need_expressions(span, end);
        let kind = match word.kind {
            TokenKind::Keyword(Keyword::Step) => DurationKind::Step,
            _ => DurationKind::Range,
        };
        self.duration_node(kind, 0, span, end)
    }

    /// `min_of(x, y)` or `max_of(x, y)`.
    pub(crate) fn duration_pick(&self, word: Tok<'s>, lhs: Dur, rhs: Dur, end: usize) -> Dur {
        let span = lhs.operand.span().to(rhs.operand.span());
        self.need_expressions(lhs.operand.span(), end);
        let depth = lhs.depth.max(rhs.depth);
        let kind = match word.kind {
            TokenKind::Keyword(Keyword::MinOf) => DurationKind::MinOf(lhs.operand, rhs.operand),
            _ => DurationKind::MaxOf(lhs.operand, rhs.operand),
        };
        self.duration_node(kind, depth, span, end)
    }

    pub(crate) fn duration_paren(&self, open: Tok<'s>, inner: Dur, close: Tok<'s>) -> Dur {
        self.need_expressions(inner.operand.span(), close.end());
        let mut wrapped = match inner.operand {
            DurationOperand::Expr(_) => inner,
            DurationOperand::Literal(_) => {
                let span = Span::new(open.start, close.end());
                self.duration_node(DurationKind::Plus(inner.operand), inner.depth, span, close.end())
            }
        };
        if let DurationOperand::Expr(expr) = &mut wrapped.operand {
            expr.wrapped = true;
        }
        wrapped.end = close.end();
        wrapped
    }

    /// A range or a step: a literal must be positive.
    pub(super) fn positive(&self, duration: Dur) -> DurationValue {
        if let DurationOperand::Literal(number) = &duration.operand
            && number.value <= 0.0
        {
            self.fail("duration must be greater than 0", number.span, duration.end);
        }
        self.any(duration)
    }

    /// An offset: any sign.
    pub(super) fn any(&self, duration: Dur) -> DurationValue {
        match duration.operand {
            DurationOperand::Literal(number) => DurationValue::Fixed(FixedDuration {
                ns: (number.value * 1e9).round() as i64,
                span: number.span,
            }),
            DurationOperand::Expr(expr) => DurationValue::Expr(expr.into_inner()),
        }
    }
}

fn fold_sign(op: UnaryOp, sign: Tok<'_>, number: NumberLiteral) -> NumberLiteral {
    let value = if op == UnaryOp::Minus { -number.value } else { number.value };
    NumberLiteral { value, span: Span::new(sign.start, number.span.end), ..number }
}
