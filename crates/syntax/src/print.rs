//! Trees back to text on one line, in the form of Prometheus' printer.

use std::fmt::{self, Display, Formatter};

use crate::ast::{
    Aggregate, At, Binary, Call, Cardinality, DurationExpr, DurationKind, DurationOperand, DurationValue,
    Expr, Fill, LabelName, Matcher, MatrixSelector, NumberLiteral, StringLiteral, Subquery, VectorSelector,
};
use crate::duration::format_duration;
use crate::number::{format_number, format_number_g};
use crate::quote::go_quote;
use crate::stack::with_stack;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        with_stack(|| match self {
            Expr::Aggregate(node) => node.fmt(f),
            Expr::Binary(node) => node.fmt(f),
            Expr::Call(node) => node.fmt(f),
            Expr::Matrix(node) => node.fmt(f),
            Expr::Subquery(node) => node.fmt(f),
            Expr::Number(node) => node.fmt(f),
            Expr::String(node) => node.fmt(f),
            Expr::Paren(node) => write!(f, "({})", *node.expr),
            Expr::Unary(node) => write!(f, "{}{}", node.op, *node.expr),
            Expr::Vector(node) => node.fmt(f),
        })
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", AggregateHead(self))?;
        if let Some(param) = &self.param {
            write!(f, "{}, ", **param)?;
        }
        write!(f, "{})", *self.expr)
    }
}

/// The aggregator with its clause: `sum by (a) ` with a trailing space, or `sum`.
pub(crate) struct AggregateHead<'a>(pub(crate) &'a Aggregate);

impl Display for AggregateHead<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let node = self.0;
        write!(f, "{}", node.op)?;
        if node.without {
            write!(f, " without ({}) ", Labels(&node.grouping))
        } else if !node.grouping.is_empty() {
            write!(f, " by ({}) ", Labels(&node.grouping))
        } else {
            Ok(())
        }
    }
}

/// A list of label names, quoted where they must be.
struct Labels<'a>(&'a [LabelName]);

impl Display for Labels<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, label) in self.0.iter().enumerate() {
            let separator = if i > 0 { ", " } else { "" };
            write!(f, "{separator}{}", label_text(label.name.as_bytes()))?;
        }
        Ok(())
    }
}

/// A label name as it is written: bare if it is an identifier, else quoted.
fn label_text(name: &[u8]) -> String {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bare = name.iter().all(word) && name.first().is_some_and(|byte| !byte.is_ascii_digit());
    if bare { String::from_utf8_lossy(name).into_owned() } else { go_quote(name) }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", *self.lhs, BinaryMiddle(self), *self.rhs)
    }
}

/// The operator with its modifiers: `== bool on (a) group_left ()`.
pub(crate) struct BinaryMiddle<'a>(pub(crate) &'a Binary);

impl Display for BinaryMiddle<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.op)?;
        if self.0.return_bool {
            f.write_str(" bool")?;
        }
        let Some(matching) = &self.0.matching else { return Ok(()) };
        let side = match matching.card {
            Cardinality::ManyToOne => Some("group_left"),
            Cardinality::OneToMany => Some("group_right"),
            Cardinality::OneToOne | Cardinality::ManyToMany => None,
        };
        if matching.on || !matching.labels.is_empty() || side.is_some() {
            let word = if matching.on { "on" } else { "ignoring" };
            write!(f, " {word} ({})", Labels(&matching.labels))?;
        }
        if let Some(side) = side {
            write!(f, " {side} ({})", Labels(&matching.include))?;
        }
        let Fill { lhs, rhs } = matching.fill;
        match (lhs, rhs) {
            (Some(left), Some(right)) if left == right => write!(f, " fill ({})", format_number_g(left)),
            _ => {
                if let Some(value) = lhs {
                    write!(f, " fill_left ({})", format_number_g(value))?;
                }
                if let Some(value) = rhs {
                    write!(f, " fill_right ({})", format_number_g(value))?;
                }
                Ok(())
            }
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.func)?;
        for (i, arg) in self.args.iter().enumerate() {
            let separator = if i > 0 { ", " } else { "" };
            write!(f, "{separator}{}", **arg)?;
        }
        f.write_str(")")
    }
}

impl Display for Matcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", label_text(self.name.as_bytes()), self.op, go_quote(self.value.as_bytes()))
    }
}

/// A selector without its modifiers.
struct Bare<'a>(&'a VectorSelector);

impl Display for Bare<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.0.name.as_deref().unwrap_or("");
        let is_name = |matcher: &&Matcher| {
            !name.is_empty()
                && matcher.op == crate::ast::MatchOp::Equal
                && matcher.name == "__name__"
                && matcher.value == name
        };
        let mut matchers: Vec<String> =
            self.0.matchers.iter().filter(|matcher| !is_name(matcher)).map(Matcher::to_string).collect();
        f.write_str(name)?;
        if matchers.is_empty() {
            return Ok(());
        }
        matchers.sort_unstable();
        write!(f, "{{{}}}", matchers.join(","))
    }
}

impl Display for VectorSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Bare(self), AtText(self.at))?;
        if let Some(extended) = self.extended {
            write!(f, " {extended}")?;
        }
        write!(f, "{}", Offset(&self.offset))
    }
}

impl Display for MatrixSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", Bare(&self.selector), self.range)?;
        if let Some(extended) = self.selector.extended {
            write!(f, " {extended}")?;
        }
        write!(f, "{}{}", AtText(self.selector.at), Offset(&self.selector.offset))
    }
}

impl Display for Subquery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", *self.expr, SubqueryTail(self))
    }
}

/// What follows a subquery's expression: `[5m:1m] @ 1.000 offset 5m`.
pub(crate) struct SubqueryTail<'a>(pub(crate) &'a Subquery);

impl Display for SubqueryTail<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let node = self.0;
        write!(f, "[{}:", node.range)?;
        if let Some(step) = &node.step {
            write!(f, "{step}")?;
        }
        write!(f, "]{}{}", AtText(node.at), Offset(&node.offset))
    }
}

struct AtText(Option<At>);

impl Display for AtText {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(At::Start) => f.write_str(" @ start()"),
            Some(At::End) => f.write_str(" @ end()"),
            Some(At::Time(ms)) => {
                let sign = if ms < 0 { "-" } else { "" };
                let ms = ms.unsigned_abs();
                write!(f, " @ {sign}{}.{:03}", ms / 1000, ms % 1000)
            }
        }
    }
}

struct Offset<'a>(&'a Option<DurationValue>);

impl Display for Offset<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(offset) if offset.fixed_ns() != Some(0) => write!(f, " offset {offset}"),
            _ => Ok(()),
        }
    }
}

impl Display for DurationValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            DurationValue::Fixed(fixed) => f.write_str(&format_duration(fixed.ns / 1_000_000)),
            DurationValue::Expr(expr) => expr.fmt(f),
        }
    }
}

impl Display for DurationExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        with_stack(|| if self.wrapped { write!(f, "({})", self.kind) } else { self.kind.fmt(f) })
    }
}

impl Display for DurationKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            DurationKind::Step | DurationKind::Range => write!(f, "{}()", self.op_name()),
            DurationKind::Plus(operand) => operand.fmt(f),
            DurationKind::Minus(operand) => write!(f, "-{operand}"),
            DurationKind::Binary { op, lhs, rhs } => write!(f, "{lhs} {op} {rhs}"),
            DurationKind::MinOf(lhs, rhs) | DurationKind::MaxOf(lhs, rhs) => {
                write!(f, "{}({lhs}, {rhs})", self.op_name())
            }
        }
    }
}

impl Display for DurationOperand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            DurationOperand::Literal(number) => number.fmt(f),
            DurationOperand::Expr(expr) => DurationExpr::fmt(expr, f),
        }
    }
}

impl Display for NumberLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.duration {
            // Truncated twice, as in Prometheus: 1001ms prints 1s.
            let ns = (self.value * 1e9) as i64;
            f.write_str(&format_duration(ns / 1_000_000))
        } else {
            f.write_str(&format_number(self.value))
        }
    }
}

impl Display for StringLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&go_quote(self.value.as_bytes()))
    }
}
