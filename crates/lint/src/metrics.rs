//! Metric kinds and units, told by names.

use promqlite_storage::MetricKind;

/// What Prometheus' naming rules say about a metric.
pub(crate) fn kind_of_name(name: &str) -> MetricKind {
    match name.rsplit('_').next() {
        Some("total" | "bucket" | "count" | "sum") if name.contains('_') => MetricKind::Counter,
        Some("info") if name.contains('_') => MetricKind::Info,
        _ => MetricKind::Unknown,
    }
}

/// The family that a series' name belongs to: without the suffixes of counters, histograms and summaries.
pub(crate) fn family(name: &str) -> &str {
    ["_total", "_bucket", "_count", "_sum"].iter().find_map(|s| name.strip_suffix(s)).unwrap_or(name)
}

/// The units whose names may end a metric's name, as they are or after `_`, in the rules of Prometheus and
/// OpenMetrics and in common use against them.
const UNITS: [&str; 17] = [
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "minutes",
    "hours",
    "days",
    "bytes",
    "kilobytes",
    "megabytes",
    "bits",
    "ratio",
    "percent",
    "celsius",
    "volts",
    "meters",
    "joules",
];

/// The unit that a name ends in, if it ends in one.
pub(crate) fn unit_of_name(name: &str) -> Option<&'static str> {
    if name.ends_with("_count") {
        return None;
    }
    let last = family(name).rsplit('_').next()?;
    UNITS.into_iter().find(|unit| *unit == last)
}
