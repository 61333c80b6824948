//! The typed tree: an expression whose names are bound and whose types are right.
//!
//! Parentheses are gone; each node's span is that of its own text, so a position never points at a parenthesis
//! around it. What depends on the query's times is still as written.

use promqlite_functions::Function;
use promqlite_functions::aggregate::Aggregation;
use promqlite_functions::binary::BinaryOp;
use promqlite_model::{Matcher, Pos, ValueType};
use promqlite_syntax::ast::{At, DurationValue, Extended};
use promqlite_syntax::{Boxed, ByteString, Span};

use crate::node::{Grouping, Matching};

/// A link to a sub-expression; safe to drop at any depth.
pub type ExprBox = Boxed<Expr>;

/// A checked expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The type of its values.
    pub ty: ValueType,
    /// Its byte range in the text.
    pub span: Span,
    /// Whether its values are the same at every step.
    pub invariance: Invariance,
}

impl Expr {
    /// Where annotations about the expression point.
    #[must_use]
    pub fn pos(&self) -> Pos {
        position(self.span.start)
    }

    /// The sub-expressions in the order in which they are evaluated.
    #[must_use]
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Selector(_) | ExprKind::Range(_) => {
                Vec::new()
            }
            ExprKind::Subquery(subquery) => vec![&*subquery.input],
            ExprKind::Call { args, .. } => args.iter().map(|arg| &**arg).collect(),
            ExprKind::Aggregate { input, param, .. } => {
                std::iter::once(input).chain(param).map(|child| &**child).collect()
            }
            ExprKind::Binary { lhs, rhs, .. } => vec![&**lhs, &**rhs],
            ExprKind::Plus(operand) | ExprKind::Negate(operand) => vec![&**operand],
        }
    }
}

/// The position of a byte offset. Texts beyond 4 GiB are not told apart.
pub(crate) fn position(offset: usize) -> Pos {
    Pos(u32::try_from(offset).unwrap_or(u32::MAX))
}

/// Whether an expression has the same values at every step, as `@` makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariance {
    /// It may change from step to step.
    Varying,
    /// It is made of constants; there is nothing to be saved by evaluating it once.
    Constant,
    /// It reads data that `@` pins; evaluating it once is worth while.
    Pinned,
}

impl Invariance {
    /// The invariance of an operation on two operands.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Varying, _) | (_, Self::Varying) => Self::Varying,
            (Self::Constant, Self::Constant) => Self::Constant,
            _ => Self::Pinned,
        }
    }

    /// That of a selector or subquery.
    pub(crate) fn of_modifier(at: Option<At>) -> Self {
        if at.is_some() { Self::Pinned } else { Self::Varying }
    }
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A number.
    Number(f64),
    /// A string.
    String(ByteString),
    /// An instant selector.
    Selector(Selector),
    /// A range selector.
    Range(Box<RangeSelector>),
    /// A subquery.
    Subquery(Box<Subquery>),
    /// A function call.
    Call {
        /// The function.
        function: &'static Function,
        /// As many arguments as it takes, each of the declared type.
        args: Vec<ExprBox>,
    },
    /// An aggregation.
    Aggregate {
        /// The operator.
        aggregation: &'static Aggregation,
        /// The labels of `by` or `without`.
        grouping: Grouping,
        /// The vector.
        input: ExprBox,
        /// The parameter, present exactly when the operator takes one.
        param: Option<ExprBox>,
    },
    /// A binary operation.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Whether a comparison yields 0 and 1.
        return_bool: bool,
        /// Left operand, a scalar or a vector.
        lhs: ExprBox,
        /// Right operand, a scalar or a vector.
        rhs: ExprBox,
        /// How elements pair up. The default unless both operands are vectors.
        matching: Matching,
    },
    /// Unary plus.
    Plus(ExprBox),
    /// Unary minus.
    Negate(ExprBox),
}

/// An instant selector.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The matchers, the metric name's among them.
    pub matchers: Vec<Matcher>,
    /// The `offset` as written.
    pub offset: Option<DurationValue>,
    /// The `@` modifier.
    pub at: Option<At>,
    /// `anchored` or `smoothed`.
    pub extended: Option<Extended>,
}

/// A range selector.
#[derive(Clone, Debug)]
pub struct RangeSelector {
    /// The series and modifiers.
    pub selector: Selector,
    /// The window's length as written.
    pub range: DurationValue,
}

/// A subquery.
#[derive(Clone, Debug)]
pub struct Subquery {
    /// What is evaluated; an instant vector.
    pub input: ExprBox,
    /// The window's length as written.
    pub range: DurationValue,
    /// The step as written; the default one if absent.
    pub step: Option<DurationValue>,
    /// The `offset` as written.
    pub offset: Option<DurationValue>,
    /// The `@` modifier.
    pub at: Option<At>,
}
