//! Why a checked query cannot be planned for the given times.

use thiserror::Error;

use promqlite_syntax::Span;

/// An error of query creation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LowerError {
    /// A range query of something that has no value per step.
    #[error("invalid expression type \"{got}\" for range query, must be Scalar or instant Vector")]
    RangeQueryType {
        /// The type in words.
        got: &'static str,
    },
    /// The engine does not allow `@`.
    #[error("@ modifier is disabled")]
    AtDisabled,
    /// The engine does not allow negative offsets.
    #[error("negative offset is disabled")]
    NegativeOffsetDisabled,
    /// A duration expression without a usable value.
    #[error("{}:{}: {reason}", span.start, span.end)]
    Duration {
        /// The expression's byte range.
        span: Span,
        /// What is wrong with it.
        reason: DurationFault,
    },
    /// A query step that is not positive.
    #[error("the query step must be at least 1ms, got {got_ms}ms: pass a positive step")]
    Step {
        /// The step.
        got_ms: i64,
    },
    /// `anchored` or `smoothed` in front of a function that does not know it.
    #[error("{modifier} modifier can only be used with: {allowed} - not with {function}")]
    Extension {
        /// The modifier.
        modifier: &'static str,
        /// The functions that know it, separated by commas.
        allowed: String,
        /// The function.
        function: &'static str,
    },
}

impl LowerError {
    /// Whether Prometheus raises the error when a query is created or when it runs.
    #[must_use]
    pub fn kind(&self) -> LowerErrorKind {
        match self {
            Self::Extension { .. } => LowerErrorKind::Execution,
            _ => LowerErrorKind::BadData,
        }
    }
}

/// The error type of the HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LowerErrorKind {
    /// `bad_data`
    BadData,
    /// `execution`
    Execution,
}

/// What is wrong with a duration expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum DurationFault {
    /// A range or step that is zero or negative.
    #[error("duration must be greater than 0")]
    NotPositive,
    /// No number.
    #[error("duration is NaN or infinite")]
    NotFinite,
    /// Beyond 292 years.
    #[error("duration is out of range")]
    OutOfRange,
    /// `x / 0`
    #[error("division by zero")]
    DivisionByZero,
    /// `x % 0`
    #[error("modulo by zero")]
    ModuloByZero,
}
