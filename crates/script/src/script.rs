//! A parsed script.

use promqlite::{LabelSet, Millis, Timestamp};

use crate::matching::{AnnotationRule, TextMatch};
use crate::values::{Expansion, ItemValue};

/// A whole script, parsed and ready to run.
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) commands: Vec<Command>,
}

impl Script {
    /// The commands in order.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The `eval` commands in order.
    pub fn evals(&self) -> impl Iterator<Item = &Eval> {
        self.commands.iter().filter_map(|command| match command {
            Command::Eval(eval) => Some(&**eval),
            Command::Clear | Command::Load(_) => None,
        })
    }
}

/// A command of a script.
#[derive(Clone, Debug)]
pub enum Command {
    /// `clear`: forget all data.
    Clear,
    /// `load`: add data.
    Load(Load),
    /// `eval`: run a query and judge its result.
    Eval(Box<Eval>),
}

/// The labels of a series in a script: name and value, sorted by name.
pub type SeriesLabels = LabelSet;

/// Data to be added.
#[derive(Clone, Debug)]
pub struct Load {
    /// Line of the command, from 1.
    pub line: usize,
    /// Distance of two values in ms.
    pub interval: Millis,
    /// Whether classic histograms are stored with custom buckets besides.
    pub with_nhcb: bool,
    /// The series, each once, in order of their first line.
    pub series: Vec<LoadedSeries>,
}

/// One series of a load.
#[derive(Clone, Debug)]
pub struct LoadedSeries {
    /// Line of the series, from 1.
    pub line: usize,
    /// Its labels.
    pub labels: SeriesLabels,
    /// Its values; number k is the sample at k intervals.
    pub values: Vec<ItemValue>,
    /// Per value the start timestamp relative to the sample in ms; empty without an `@st` line.
    pub start_offsets: Vec<Option<i64>>,
}

/// A query and what must come out.
#[derive(Clone, Debug)]
pub struct Eval {
    /// Line of the command, from 1.
    pub line: usize,
    /// The query as written.
    pub query: String,
    /// When it is evaluated.
    pub mode: Mode,
    /// The expected result.
    pub expected: Expected,
    /// Whether an instant vector's order counts.
    pub ordered: bool,
    /// The error that is expected instead of a result.
    pub fail: Option<TextMatch>,
    /// What is expected of warnings.
    pub warnings: AnnotationRule,
    /// What is expected of infos.
    pub infos: AnnotationRule,
}

impl Eval {
    /// The name of the sub-test: `line N/QUERY`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("line {}/{}", self.line, self.query)
    }
}

/// When a query is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// At one instant.
    Instant(Timestamp),
    /// At `start`, `start + step`, … up to `end`.
    Range {
        /// First step.
        start: Timestamp,
        /// Last possible step.
        end: Timestamp,
        /// Distance of two steps.
        step: Millis,
    },
}

/// The expected result.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Instant vector of an instant query, matrix of a range query.
    Series(Vec<ExpectedSeries>),
    /// Range vector of an instant query.
    RangeVector(RangeVectorTimes, Vec<ExpectedSeries>),
    /// A scalar.
    Scalar(f64),
    /// A string.
    String(String),
}

/// The times of an expected range vector: value k of a series is expected at `start + k·step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeVectorTimes {
    /// Time of the first value.
    pub start: Timestamp,
    /// No value lies behind it; the query is evaluated here.
    pub end: Timestamp,
    /// Distance of two values.
    pub step: Millis,
}

/// An expected series.
#[derive(Clone, Debug)]
pub struct ExpectedSeries {
    /// Its labels.
    pub labels: SeriesLabels,
    /// Its position among the lines, from 1. A string or range line counts, an `expect` line of another kind does not.
    pub position: usize,
    /// Its values.
    pub values: Expansion,
}
