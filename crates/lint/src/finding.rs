//! What a lint tells, and the list of all it may tell.

use promqlite_syntax::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It could be written better.
    Info,
    /// The answer is likely not what was meant.
    Warning,
    /// The answer cannot be what was meant.
    Error,
}

impl Severity {
    /// `info`, `warning` or `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// Its name; the same in every version.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub summary: &'static str,
}

/// Something that may be wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which kind.
    pub code: &'static Code,
    /// The part of the text that it is about.
    pub span: Span,
    /// What is wrong here.
    pub message: String,
    /// What to do.
    pub help: String,
}

const fn code(name: &'static str, severity: Severity, summary: &'static str) -> Code {
    Code { name, severity, summary }
}

pub(crate) static AGGREGATED_QUANTILES: Code = code(
    "aggregated-quantiles",
    Severity::Warning,
    "Quantiles of a summary are summed or averaged, which gives no quantile of anything.",
);
pub(crate) static COUNTER_WITHOUT_RATE: Code = code(
    "counter-without-rate",
    Severity::Info,
    "A counter is used as it stands: its value depends on when the process started.",
);
pub(crate) static DELTA_OF_COUNTER: Code = code(
    "delta-of-counter",
    Severity::Warning,
    "A function for gauges is used on a counter, and takes its resets for changes.",
);
pub(crate) static JOIN_WITHOUT_LABEL: Code = code(
    "join-without-label",
    Severity::Error,
    "Series are matched on a label that one side has lost before.",
);
pub(crate) static QUANTILE_WITHOUT_LE: Code = code(
    "quantile-without-le",
    Severity::Error,
    "The buckets of a classic histogram are aggregated without keeping `le`.",
);
pub(crate) static QUANTILE_WITHOUT_RATE: Code = code(
    "quantile-without-rate",
    Severity::Info,
    "A quantile is taken over all observations since the process started.",
);
pub(crate) static RANGE_TOO_SHORT: Code = code(
    "range-too-short",
    Severity::Warning,
    "A range is shorter than two scrapes, so that most windows hold fewer than two samples.",
);
pub(crate) static RATE_AFTER_AGGREGATION: Code = code(
    "rate-after-aggregation",
    Severity::Warning,
    "Counters are aggregated before their rate is taken, which hides resets.",
);
pub(crate) static RATE_OF_GAUGE: Code = code(
    "rate-of-gauge",
    Severity::Warning,
    "A function for counters is used on a gauge, and takes each decrease for a reset.",
);
pub(crate) static REGEX_MATCHES_ALL: Code =
    code("regex-matches-all", Severity::Info, "A matcher lets every series pass.");
pub(crate) static REGEX_WITHOUT_PATTERN: Code = code(
    "regex-without-pattern",
    Severity::Info,
    "A regular expression that is plain text could be an equality.",
);
pub(crate) static UNIT_MISMATCH: Code =
    code("unit-mismatch", Severity::Warning, "Values of different units are compared, added or subtracted.");
pub(crate) static UNKNOWN_LABEL: Code =
    code("unknown-label", Severity::Warning, "No series of the metric has the label.");
pub(crate) static UNKNOWN_METRIC: Code =
    code("unknown-metric", Severity::Warning, "The data holds no such metric.");
pub(crate) static UNKNOWN_VALUE: Code =
    code("unknown-value", Severity::Info, "No series of the metric has this value of the label.");

/// All codes, sorted by name.
pub static CODES: &[&Code] = &[
    &AGGREGATED_QUANTILES,
    &COUNTER_WITHOUT_RATE,
    &DELTA_OF_COUNTER,
    &JOIN_WITHOUT_LABEL,
    &QUANTILE_WITHOUT_LE,
    &QUANTILE_WITHOUT_RATE,
    &RANGE_TOO_SHORT,
    &RATE_AFTER_AGGREGATION,
    &RATE_OF_GAUGE,
    &REGEX_MATCHES_ALL,
    &REGEX_WITHOUT_PATTERN,
    &UNIT_MISMATCH,
    &UNKNOWN_LABEL,
    &UNKNOWN_METRIC,
    &UNKNOWN_VALUE,
];
