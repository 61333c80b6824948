//! What can be wrong with a script, and with the data that it loads.

use promqlite::histogram::{InvalidClassic, InvalidHistogram, MixedSchemas};

/// Why a script cannot be run at all. Shows Prometheus' text; [`line`](Self::line) says where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ScriptError {
    line: usize,
    text: String,
}

impl ScriptError {
    pub(crate) fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }

    /// A command that is malformed as a whole.
    pub(crate) fn command(line: usize, message: impl std::fmt::Display) -> Self {
        Self::new(line, format!("unknown position: parse error: {message}"))
    }

    /// A bad definition or expectation of an eval.
    pub(crate) fn eval(line: usize, eval_line: usize, query: &str, message: impl std::fmt::Display) -> Self {
        Self::new(line, format!("error in eval {query} (line {eval_line}): {message}"))
    }

    /// The line at fault, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

/// Why data could not be loaded. The rest of the script does not run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A sample lies before the newest one of its series.
    #[error(
        "line {line}: {series}: the sample at {t_ms} ms lies before the newest one at {newest_ms} ms; continue a series with `_xN`"
    )]
    OutOfOrder {
        /// Line of the series.
        line: usize,
        /// The series.
        series: String,
        /// Time of the sample.
        t_ms: i64,
        /// Time of the series' newest sample.
        newest_ms: i64,
    },
    /// The series has another value at the time of a sample.
    #[error("line {line}: {series}: there is another value at {t_ms} ms already")]
    Conflict {
        /// Line of the series.
        line: usize,
        /// The series.
        series: String,
        /// Time of the sample.
        t_ms: i64,
    },
    /// A histogram that no store would take.
    #[error("line {line}: {series}: {source}")]
    Histogram {
        /// Line of the series.
        line: usize,
        /// The series.
        series: String,
        /// What is wrong with it.
        source: InvalidHistogram,
    },
    /// `load_with_nhcb` met a bucket without bound.
    #[error("line {line}: {series}: a bucket needs the label `le`")]
    NoBound {
        /// Line of the load.
        line: usize,
        /// The series.
        series: String,
    },
    /// `load_with_nhcb` met classic histograms that make no custom buckets.
    #[error("line {line}: {series} at {t_ms} ms: {source}")]
    Classic {
        /// Line of the load.
        line: usize,
        /// The series to be made.
        series: String,
        /// When.
        t_ms: i64,
        /// What is wrong.
        source: InvalidClassic,
    },
    /// `load_with_nhcb` met a staleness marker in a classic histogram.
    #[error("line {line}: {series} at {t_ms} ms: a staleness marker makes no histogram")]
    StaleClassic {
        /// Line of the load.
        line: usize,
        /// The series to be made.
        series: String,
        /// When.
        t_ms: i64,
    },
}

/// Why the values of a series line cannot be expanded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum ExpandError {
    #[error("the line has more than {} values", crate::values::MAX_VALUES)]
    TooMany,
    #[error("{0}")]
    Histogram(#[from] InvalidHistogram),
    #[error("{0} does not fit a 32-bit number")]
    Number(i64),
    #[error("error combining histograms: cannot merge from schema {from} to {to}")]
    Schemas { from: i32, to: i32 },
    #[error("error combining histograms: {0}")]
    Mixed(#[from] MixedSchemas),
}
