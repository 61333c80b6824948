//! What came of running a script, as plain data.

use std::fmt;

use crate::error::LoadError;

/// What came of a whole script.
#[derive(Clone, Debug, Default)]
pub struct ScriptReport {
    /// One report per `eval` that ran, in order.
    pub evals: Vec<EvalReport>,
    /// The load that failed and ended the run.
    pub aborted: Option<LoadError>,
}

impl ScriptReport {
    /// Number of evals that passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.evals.iter().filter(|eval| eval.outcome.is_ok()).count()
    }

    /// Number of evals that failed; a load that failed is not among them.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.evals.len() - self.passed()
    }

    /// Whether nothing failed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.aborted.is_none() && self.failed() == 0
    }
}

/// What came of one `eval`.
#[derive(Clone, Debug)]
pub struct EvalReport {
    /// Line of the eval, from 1.
    pub line: usize,
    /// The query as written.
    pub query: String,
    /// Whether all was as expected.
    pub outcome: Result<(), Failure>,
}

impl EvalReport {
    /// The name of the sub-test: `line N/QUERY`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("line {}/{}", self.line, self.query)
    }
}

/// Why an eval failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Prometheus' text.
    pub message: String,
    /// Expected and actual result, series by series; empty where there is no result to compare.
    pub comparison: Vec<Comparison>,
}

/// A series of the expected result, the actual one, or both. Scalars and strings count as one series `{}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The series.
    pub series: String,
    /// The expected values, if it is expected.
    pub expected: Option<String>,
    /// The actual values, if it is there.
    pub actual: Option<String>,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
