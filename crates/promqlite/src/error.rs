//! Everything that can end a query, under one roof.

use promqlite_exec::ExecError;
use promqlite_plan::{LowerError, LowerErrorKind};
use promqlite_syntax::Diagnostic;

/// Why a query has no result. Texts are Prometheus' own where it has one.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The text is no query.
    #[error("{rendered}")]
    Parse {
        /// What is wrong where, to be shown under the text.
        diagnostic: Box<Diagnostic>,
        /// Prometheus' line: `1:15: parse error: …`.
        rendered: String,
    },
    /// The query cannot be planned for these times and settings.
    #[error(transparent)]
    Plan(#[from] LowerError),
    /// Evaluation failed.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

impl QueryError {
    pub(crate) fn parse(diagnostic: Diagnostic, text: &str) -> Self {
        let rendered = diagnostic.render(text);
        Self::Parse { diagnostic: Box::new(diagnostic), rendered }
    }

    /// The `errorType` of the HTTP API: `bad_data`, `execution`, `timeout`, `canceled` or `internal`.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Parse { .. } => "bad_data",
            Self::Plan(error) => match error.kind() {
                LowerErrorKind::BadData => "bad_data",
                LowerErrorKind::Execution => "execution",
            },
            Self::Exec(ExecError::Timeout(_)) => "timeout",
            Self::Exec(ExecError::Canceled(_)) => "canceled",
            Self::Exec(ExecError::Storage(_)) => "internal",
            Self::Exec(_) => "execution",
        }
    }

    /// The diagnostic of a text that does not parse.
    #[must_use]
    pub fn diagnostic(&self) -> Option<&Diagnostic> {
        match self {
            Self::Parse { diagnostic, .. } => Some(diagnostic),
            _ => None,
        }
    }
}
