//! Why a query ended without a result.

use promqlite_storage::StorageError;

/// Where a query was when it was stopped; part of Prometheus' texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before evaluation began.
    Execution,
    /// While it ran.
    Evaluation,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Execution => "query execution",
            Self::Evaluation => "expression evaluation",
        })
    }
}

/// Errors of evaluation. The texts are Prometheus' own where it has one.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// The deadline passed.
    #[error("query timed out in {0}")]
    Timeout(Phase),
    /// The caller cancelled the query.
    #[error("query was canceled in {0}")]
    Canceled(Phase),
    /// More samples than [`Limits::max_samples`](crate::Limits::max_samples) were needed at once.
    #[error("query processing would load too many samples into memory in query execution")]
    TooManySamples,
    /// The query needs more memory than [`Limits::max_bytes`](crate::Limits::max_bytes).
    #[error(
        "query needs {needed} bytes at once, more than its memory limit of {limit}: select fewer series, a shorter range or fewer steps, or raise the limit"
    )]
    TooManyBytes {
        /// What would have been held, in bytes.
        needed: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// An expression has more series than [`Limits::max_series`](crate::Limits::max_series).
    #[error(
        "expression has {got} series, more than the limit of {limit}: add matchers to its selectors, or raise the limit"
    )]
    TooManySeries {
        /// Number of series.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// A query or subquery has more steps than [`Limits::max_steps`](crate::Limits::max_steps).
    #[error(
        "expression is evaluated at {got} steps, more than the limit of {limit}: use a longer step or a shorter range, or raise the limit"
    )]
    TooManySteps {
        /// Number of steps.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// A subquery has more points than [`Limits::max_subquery_points`](crate::Limits::max_subquery_points).
    #[error(
        "subquery has {got} points (series times steps), more than the limit of {limit}: use a longer step, a shorter range or fewer series, or raise the limit"
    )]
    TooManySubqueryPoints {
        /// Number of points.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// The store failed.
    #[error("expanding series: {0}")]
    Storage(#[from] StorageError),
    /// The data does not allow the operation: duplicate labels, ambiguous matches, parameters out of range.
    #[error("{0}")]
    Evaluation(String),
}

impl ExecError {
    /// The error of two series of one vector that have equal labels.
    pub(crate) fn duplicate_labels() -> Self {
        Self::Evaluation("vector cannot contain metrics with the same labelset".into())
    }
}
