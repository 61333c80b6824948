//! Duration expressions: float64 seconds, truncated to milliseconds.

use promqlite_model::Millis;
use promqlite_syntax::ast::{DurationExpr, DurationKind, DurationOp, DurationOperand, DurationValue};
use promqlite_syntax::with_stack;

use super::error::{DurationFault, LowerError};

/// What `step()` and `range()` stand for, in seconds. Both are 0 in instant queries.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueryDurations {
    pub step: f64,
    pub range: f64,
}

/// Which values make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Ranges and steps.
    Positive,
    /// Offsets.
    Any,
}

/// Durations fit nanoseconds in an i64.
const MAX_SECONDS: f64 = 9_223_372_036.854_775;

impl QueryDurations {
    /// The length in milliseconds. The parser has checked the sign of literals.
    pub(super) fn resolve(self, value: &DurationValue, sign: Sign) -> Result<Millis, LowerError> {
        let expr = match value {
            DurationValue::Fixed(fixed) => return Ok(Millis(fixed.ns / 1_000_000)),
            DurationValue::Expr(expr) => expr,
        };
        let seconds = self.expr(expr)?;
        let fault = if !seconds.is_finite() {
            DurationFault::NotFinite
        } else if sign == Sign::Positive && seconds <= 0.0 {
            DurationFault::NotPositive
        } else if seconds.abs() > MAX_SECONDS {
            DurationFault::OutOfRange
        } else {
            return Ok(Millis((seconds * 1000.0) as i64));
        };
        Err(fail(expr, fault))
    }

    fn expr(self, expr: &DurationExpr) -> Result<f64, LowerError> {
        with_stack(|| match &expr.kind {
            DurationKind::Step => Ok(self.step),
            DurationKind::Range => Ok(self.range),
            DurationKind::Plus(operand) => self.operand(operand),
            DurationKind::Minus(operand) => Ok(-self.operand(operand)?),
            DurationKind::MinOf(a, b) => Ok(go_min(self.operand(a)?, self.operand(b)?)),
            DurationKind::MaxOf(a, b) => Ok(-go_min(-self.operand(a)?, -self.operand(b)?)),
            DurationKind::Binary { op, lhs, rhs } => {
                let (a, b) = (self.operand(lhs)?, self.operand(rhs)?);
                match op {
                    DurationOp::Add => Ok(a + b),
                    DurationOp::Sub => Ok(a - b),
                    DurationOp::Mul => Ok(a * b),
                    DurationOp::Div if b == 0.0 => Err(fail(expr, DurationFault::DivisionByZero)),
                    DurationOp::Div => Ok(a / b),
                    DurationOp::Mod if b == 0.0 => Err(fail(expr, DurationFault::ModuloByZero)),
                    DurationOp::Mod => Ok(a % b),
                    DurationOp::Pow => Ok(a.powf(b)),
                }
            }
        })
    }

    fn operand(self, operand: &DurationOperand) -> Result<f64, LowerError> {
        match operand {
            DurationOperand::Literal(number) => Ok(number.value),
            DurationOperand::Expr(expr) => self.expr(expr),
        }
    }
}

/// The smaller one; NaN if either is NaN, unless the other one is -Inf.
fn go_min(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.min(b)
    }
}

fn fail(expr: &DurationExpr, reason: DurationFault) -> LowerError {
    LowerError::Duration { span: expr.span, reason }
}
