//! The syntax tree: what the user wrote, every node with its byte range.
//!
//! Nothing is bound or typed here. `check` in promqlite-plan does that.

use crate::bytes::ByteString;
use crate::span::Span;
use crate::stack::Boxed;

pub use crate::ops::{
    AggregateOp, AggregateParam, BinaryOp, Cardinality, DurationOp, Extended, MatchOp, UnaryOp,
};

/// A link to a sub-expression. Reads like `&Expr`; safe to drop at any depth.
pub type ExprBox = Boxed<Expr>;

/// A PromQL expression.
#[derive(Clone, PartialEq, Debug)]
pub enum Expr {
    /// `sum by (job) (x)`
    Aggregate(Aggregate),
    /// `a + b`
    Binary(Binary),
    /// `rate(x[5m])`
    Call(Call),
    /// `x[5m]`
    Matrix(MatrixSelector),
    /// `x[5m:1m]`
    Subquery(Box<Subquery>),
    /// `1.5`, or a duration as a scalar: `5m`
    Number(NumberLiteral),
    /// `"text"`
    String(StringLiteral),
    /// `(x)`
    Paren(Paren),
    /// `-x`
    Unary(Unary),
    /// `x{job="a"}`
    Vector(VectorSelector),
}

impl Expr {
    /// The node's byte range.
    pub fn span(&self) -> Span {
        match self {
            Expr::Aggregate(node) => node.span,
            Expr::Binary(node) => node.span,
            Expr::Call(node) => node.span,
            Expr::Matrix(node) => node.span,
            Expr::Subquery(node) => node.span,
            Expr::Number(node) => node.span,
            Expr::String(node) => node.span,
            Expr::Paren(node) => node.span,
            Expr::Unary(node) => node.span,
            Expr::Vector(node) => node.span,
        }
    }

    /// The expression below all enclosing parentheses.
    pub fn unparen(&self) -> &Expr {
        let mut expr = self;
        while let Expr::Paren(paren) = expr {
            expr = &paren.expr;
        }
        expr
    }
}

/// A label name in a list such as that of `by` or `on`. Never empty, and UTF-8.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LabelName {
    /// The name, unquoted.
    pub name: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// An aggregation.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregate {
    /// The aggregator.
    pub op: AggregateOp,
    /// The aggregator's word.
    pub op_span: Span,
    /// The vector to aggregate.
    pub expr: ExprBox,
    /// The parameter: present exactly when [`AggregateOp::param`] is.
    pub param: Option<ExprBox>,
    /// The labels of `by` or `without`, in source order. Empty when there is no clause.
    pub grouping: Vec<LabelName>,
    /// Whether the clause is `without`.
    pub without: bool,
    /// From the aggregator to the closing parenthesis of the body or of the trailing label list.
    pub span: Span,
}

/// A binary operation.
#[derive(Clone, PartialEq, Debug)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// The operator's token.
    pub op_span: Span,
    /// Where errors about the operator are reported: the first byte behind the left operand's range that is no space.
    /// It differs from `op_span.start` when a comment or a trailing `anchored` stands between.
    pub op_position: usize,
    /// Left operand.
    pub lhs: ExprBox,
    /// Right operand.
    pub rhs: ExprBox,
    /// Whether the `bool` modifier is present.
    pub return_bool: bool,
    /// How the elements of both sides are paired. The parser always sets it;
    /// [`normalize`](crate::normalize) removes it where an operand is no vector.
    pub matching: Option<Matching>,
    /// Both operands.
    pub span: Span,
}

/// The matching clause of a binary operation.
#[derive(Clone, PartialEq, Debug)]
pub struct Matching {
    /// Cardinality as written; set operators without a group modifier are many-to-many.
    pub card: Cardinality,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<LabelName>,
    /// Whether the clause is `on`. False for `ignoring` and when there is no clause.
    pub on: bool,
    /// The labels of `group_left` or `group_right`, to be copied from the "one" side.
    pub include: Vec<LabelName>,
    /// Values for missing partners.
    pub fill: Fill,
}

/// Values that stand in for a missing partner in a binary operation (experimental).
#[derive(Clone, Copy, Debug, Default)]
pub struct Fill {
    /// Stands in for a missing left element.
    pub lhs: Option<f64>,
    /// Stands in for a missing right element.
    pub rhs: Option<f64>,
}

impl Fill {
    /// Whether any value is given.
    pub fn is_set(&self) -> bool {
        self.lhs.is_some() || self.rhs.is_some()
    }
}

impl PartialEq for Fill {
    /// Compares bit patterns, so that NaN equals itself.
    fn eq(&self, other: &Self) -> bool {
        self.lhs.map(f64::to_bits) == other.lhs.map(f64::to_bits)
            && self.rhs.map(f64::to_bits) == other.rhs.map(f64::to_bits)
    }
}

/// A function call.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// The function's name as written. Function names are case-sensitive.
    pub func: String,
    /// The name's token.
    pub func_span: Span,
    /// The arguments in order.
    pub args: Vec<ExprBox>,
    /// From the opening to the closing parenthesis.
    pub parens: Span,
    /// From the name to the closing parenthesis.
    pub span: Span,
}

/// A selector of instant vectors.
#[derive(Clone, PartialEq, Debug)]
pub struct VectorSelector {
    /// The metric name written in front of the braces. A name quoted inside the braces is only a matcher.
    pub name: Option<String>,
    /// The name's token; the whole selector's range without a name.
    pub name_span: Span,
    /// The matchers in source order; with a `name`, `__name__="name"` comes last.
    pub matchers: Vec<Matcher>,
    /// The `offset` as written.
    pub offset: Option<DurationValue>,
    /// The `@` modifier.
    pub at: Option<At>,
    /// `anchored` or `smoothed`, wherever it was written (before or behind the range).
    pub extended: Option<Extended>,
    /// From the name to the closing brace, extended by `offset` and `@`, not by `anchored` and `smoothed`.
    /// Inside a [`MatrixSelector`] modifiers behind the range do not extend it.
    pub span: Span,
}

/// A label matcher.
#[derive(Clone, PartialEq, Debug)]
pub struct Matcher {
    /// Label name. Quoted names are not validated, so they need not be UTF-8.
    pub name: ByteString,
    /// The comparison.
    pub op: MatchOp,
    /// What to compare with.
    pub value: ByteString,
    /// The label's token; for a name outside or quoted inside the braces, that name's token.
    pub name_span: Span,
    /// From the label to the value.
    pub span: Span,
}

/// The time that `@` pins a selector or a subquery to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum At {
    /// A time in milliseconds since the Unix epoch, rounded from the written seconds.
    Time(i64),
    /// `@ start()`
    Start,
    /// `@ end()`
    End,
}

/// A selector of range vectors.
#[derive(Clone, PartialEq, Debug)]
pub struct MatrixSelector {
    /// The selector. Carries `offset`, `@` and `anchored`/`smoothed`, although these follow the range in the source.
    pub selector: Box<VectorSelector>,
    /// The window's length.
    pub range: DurationValue,
    /// From `[` to `]`.
    pub brackets: Span,
    /// From the selector to `]`, extended by later `offset` and `@`.
    pub span: Span,
}

/// A subquery.
#[derive(Clone, PartialEq, Debug)]
pub struct Subquery {
    /// What is evaluated at every inner step.
    pub expr: ExprBox,
    /// The window's length.
    pub range: DurationValue,
    /// The inner step; absent means the default.
    pub step: Option<DurationValue>,
    /// The `offset` as written.
    pub offset: Option<DurationValue>,
    /// The `@` modifier.
    pub at: Option<At>,
    /// From `[` to `]`.
    pub brackets: Span,
    /// From the expression to `]`, extended by `offset` and `@`.
    pub span: Span,
}

/// A number literal.
#[derive(Clone, Copy, Debug)]
pub struct NumberLiteral {
    /// The value; seconds for a duration.
    pub value: f64,
    /// Whether it was written as a duration (`5m`).
    pub duration: bool,
    /// The token, from its sign if one was folded in.
    pub span: Span,
}

impl PartialEq for NumberLiteral {
    /// Compares bit patterns, so that NaN equals itself and -0 differs from 0.
    fn eq(&self, other: &Self) -> bool {
        self.value.to_bits() == other.value.to_bits()
            && self.duration == other.duration
            && self.span == other.span
    }
}

/// A string literal.
#[derive(Clone, PartialEq, Debug)]
pub struct StringLiteral {
    /// The value, unquoted.
    pub value: ByteString,
    /// The token with its quotes.
    pub span: Span,
}

/// An expression in parentheses.
#[derive(Clone, PartialEq, Debug)]
pub struct Paren {
    /// What is inside.
    pub expr: ExprBox,
    /// With both parentheses.
    pub span: Span,
}

/// A sign in front of an expression that is no number literal.
#[derive(Clone, PartialEq, Debug)]
pub struct Unary {
    /// The sign.
    pub op: UnaryOp,
    /// The operand.
    pub expr: ExprBox,
    /// From the sign to the operand's end.
    pub span: Span,
}

/// A range, step or offset.
#[derive(Clone, PartialEq, Debug)]
pub enum DurationValue {
    /// A (signed) literal.
    Fixed(FixedDuration),
    /// A duration expression, to be evaluated at query start.
    Expr(DurationExpr),
}

impl DurationValue {
    /// The byte range.
    pub fn span(&self) -> Span {
        match self {
            Self::Fixed(fixed) => fixed.span,
            Self::Expr(expr) => expr.span,
        }
    }

    /// The fixed value in nanoseconds, if it is one.
    pub fn fixed_ns(&self) -> Option<i64> {
        match self {
            Self::Fixed(fixed) => Some(fixed.ns),
            Self::Expr(_) => None,
        }
    }
}

/// A duration written as a literal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FixedDuration {
    /// Length in nanoseconds. Only offsets may be zero or negative.
    pub ns: i64,
    /// The literal with its sign.
    pub span: Span,
}

/// A duration that is computed at query start (float64 seconds).
#[derive(Clone, PartialEq, Debug)]
pub struct DurationExpr {
    /// What to compute.
    pub kind: DurationKind,
    /// Whether it stood in parentheses.
    pub wrapped: bool,
    /// The operands' range; from the sign for a unary; the whole call for `step()` and `range()`.
    /// Parentheses and `min_of(` around two operands are excluded. Run-time errors quote it.
    pub span: Span,
}

/// The operations of duration expressions.
#[derive(Clone, PartialEq, Debug)]
pub enum DurationKind {
    /// `step()`: the query's step.
    Step,
    /// `range()`: the query's end minus its start.
    Range,
    /// `+x`; also a literal in parentheses.
    Plus(DurationOperand),
    /// `-x`
    Minus(DurationOperand),
    /// `x + y`
    Binary {
        /// The operator.
        op: DurationOp,
        /// Left operand.
        lhs: DurationOperand,
        /// Right operand.
        rhs: DurationOperand,
    },
    /// `min_of(x, y)`
    MinOf(DurationOperand, DurationOperand),
    /// `max_of(x, y)`
    MaxOf(DurationOperand, DurationOperand),
}

impl DurationKind {
    /// The operator's name in AST JSON: `+ - * / % ^ step range min_of max_of`.
    pub fn op_name(&self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Range => "range",
            Self::Plus(_) => "+",
            Self::Minus(_) => "-",
            Self::Binary { op, .. } => op.as_str(),
            Self::MinOf(..) => "min_of",
            Self::MaxOf(..) => "max_of",
        }
    }

    /// The left and the right operand; a unary has only a right one.
    pub fn operands(&self) -> (Option<&DurationOperand>, Option<&DurationOperand>) {
        match self {
            Self::Step | Self::Range => (None, None),
            Self::Plus(rhs) | Self::Minus(rhs) => (None, Some(rhs)),
            Self::Binary { lhs, rhs, .. } | Self::MinOf(lhs, rhs) | Self::MaxOf(lhs, rhs) => {
                (Some(lhs), Some(rhs))
            }
        }
    }
}

/// An operand of a duration expression.
#[derive(Clone, PartialEq, Debug)]
pub enum DurationOperand {
    /// A literal, in seconds.
    Literal(NumberLiteral),
    /// A nested expression.
    Expr(Boxed<DurationExpr>),
}

impl DurationOperand {
    /// The byte range.
    pub fn span(&self) -> Span {
        match self {
            Self::Literal(number) => number.span,
            Self::Expr(expr) => expr.span,
        }
    }
}
