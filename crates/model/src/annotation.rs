//! Warnings and infos that a query collects: oddities of the data, not errors.

use std::collections::BTreeMap;
use std::fmt;

use crate::Timestamp;
use crate::format::{float_g, quote};

/// Byte offset into the query of the node that an annotation points at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pos(pub u32);

/// How loud an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The result may be wrong.
    Warning,
    /// The query may not be what was meant.
    Info,
}

/// Everything that evaluation may remark. Texts are Prometheus' own; `metric` is empty when no name is known.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Annotation {
    /// `limit_ratio` with a ratio outside [−1, 1].
    InvalidRatio {
        /// The ratio.
        got: f64,
        /// What it counts as.
        capped: f64,
    },
    /// A quantile outside [0, 1].
    InvalidQuantile(f64),
    /// A bucket series whose `le` is no number.
    BadBucketLabel {
        /// The label's value.
        le: String,
        /// The metric's name.
        metric: String,
    },
    /// A window with floats and histograms.
    MixedFloatsHistograms {
        /// The metric's name.
        metric: String,
    },
    /// A group with floats and histograms.
    MixedFloatsHistogramsAggregation,
    /// A classic and a native histogram with equal labels.
    MixedClassicNative {
        /// The metric's name.
        metric: String,
    },
    /// A gauge histogram in a counter function.
    HistogramNotCounter {
        /// The metric's name.
        metric: String,
    },
    /// A counter histogram in a gauge function.
    HistogramNotGauge {
        /// The metric's name.
        metric: String,
    },
    /// Exponential and custom buckets together.
    MixedExponentialCustom {
        /// The metric's name.
        metric: String,
    },
    /// Histograms that a binary operator cannot combine.
    IncompatibleBucketLayout {
        /// The operator.
        op: &'static str,
    },
    /// `sort*` in a range query.
    SortInRangeQuery,
    /// Reset hints that contradict each other: in "addition", "subtraction" or "aggregation".
    HistogramResetCollision(&'static str),
    /// A start timestamp before the previous sample's time.
    OverlappingStartTime {
        /// The metric's name.
        metric: String,
        /// How often.
        occurrences: u64,
    },
    /// A rate of something that is not named like a counter.
    PossibleNonCounter {
        /// The metric's name.
        metric: String,
    },
    /// A rate of something that is not typed as a counter.
    PossibleNonCounterType {
        /// The `__type__` label.
        got: String,
        /// The metric's name.
        metric: String,
    },
    /// A classic histogram whose buckets were not cumulative.
    ForcedMonotonicity(ForcedMonotonicity),
    /// Operand types that a binary operator does not take.
    IncompatibleTypes {
        /// The operator.
        op: &'static str,
        /// "float" or "histogram".
        left: &'static str,
        /// "float" or "histogram".
        right: &'static str,
    },
    /// A float aggregation that left histograms out.
    IgnoredHistogramInAggregation {
        /// The aggregation.
        op: &'static str,
    },
    /// A float window function that left histograms out.
    IgnoredHistogramsInRange {
        /// The metric's name.
        metric: String,
    },
    /// NaN observations make a quantile NaN.
    QuantileNanResult {
        /// The metric's name.
        metric: String,
    },
    /// NaN observations move a quantile up.
    QuantileNanSkewed {
        /// The metric's name.
        metric: String,
    },
    /// NaN observations are in no fraction.
    FractionNanExcluded {
        /// The metric's name.
        metric: String,
    },
    /// Custom buckets with different bounds were brought together: in "addition", "subtraction" or "aggregation".
    ReconciledCustomBuckets(&'static str),
    /// A warning of a store, in its own words.
    Storage(String),
}

/// What was repaired in classic histograms; occurrences are merged.
#[derive(Clone, Debug, PartialEq)]
pub struct ForcedMonotonicity {
    /// The metric's name.
    pub metric: String,
    /// Lowest bound of a repaired bucket.
    pub min_bound: f64,
    /// Highest bound of a repaired bucket.
    pub max_bound: f64,
    /// Largest decrease.
    pub max_diff: f64,
    /// Number of repaired samples.
    pub samples: u64,
    /// First step.
    pub first: Timestamp,
    /// Last step.
    pub last: Timestamp,
}

/// What is said of a [`Annotation::PossibleNonCounter`], before its metric.
const NON_COUNTER: &str = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ";
const WARNING: &str = "PromQL warning: ";
const INFO: &str = "PromQL info: ";
const MONOTONICITY: &str = "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";

impl Annotation {
    /// Warning or info.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::PossibleNonCounter { .. }
            | Self::PossibleNonCounterType { .. }
            | Self::ForcedMonotonicity(_)
            | Self::IncompatibleTypes { .. }
            | Self::IgnoredHistogramInAggregation { .. }
            | Self::IgnoredHistogramsInRange { .. }
            | Self::QuantileNanResult { .. }
            | Self::QuantileNanSkewed { .. }
            | Self::FractionNanExcluded { .. }
            | Self::ReconciledCustomBuckets(_) => Level::Info,
            _ => Level::Warning,
        }
    }

    /// What makes two occurrences the same annotation: the text without what is merged.
    fn key(&self) -> String {
        match self {
            Self::ForcedMonotonicity(f) => format!("{MONOTONICITY}{}", for_metric(&f.metric)),
            Self::OverlappingStartTime { metric, .. } => {
                Self::OverlappingStartTime { metric: metric.clone(), occurrences: 1 }.to_string()
            }
            // Most queries that remark anything remark this: joining strings is much quicker than formatting.
            Self::PossibleNonCounter { metric } => [INFO, NON_COUNTER, metric].concat(),
            other => other.to_string(),
        }
    }

    fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::ForcedMonotonicity(a), Self::ForcedMonotonicity(b)) => {
                a.min_bound = a.min_bound.min(b.min_bound);
                a.max_bound = a.max_bound.max(b.max_bound);
                a.max_diff = a.max_diff.max(b.max_diff);
                a.samples += b.samples;
                a.first = a.first.min(b.first);
                a.last = a.last.max(b.last);
            }
            (
                Self::OverlappingStartTime { occurrences: a, .. },
                Self::OverlappingStartTime { occurrences: b, .. },
            ) => {
                *a += b;
            }
            _ => {}
        }
    }
}

fn for_metric(metric: &str) -> String {
    if metric.is_empty() { String::new() } else { format!(" for metric name {}", quote(metric)) }
}

/// The text without position, `PromQL warning: ` or `PromQL info: ` first.
impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Storage(text) = self {
            return f.write_str(text);
        }
        f.write_str(match self.level() {
            Level::Warning => WARNING,
            Level::Info => INFO,
        })?;
        match self {
            Self::InvalidRatio { got, capped } => {
                let (got, capped) = (float_g(*got), float_g(*capped));
                write!(f, "ratio value should be between -1 and 1, got {got}, capping to {capped}")
            }
            Self::InvalidQuantile(q) => {
                write!(f, "quantile value should be between 0 and 1, got {}", float_g(*q))
            }
            Self::BadBucketLabel { le, metric } => {
                let (le, metric) = (quote(le), for_metric(metric));
                write!(f, "bucket label \"le\" is missing or has a malformed value of {le}{metric}")
            }
            Self::MixedFloatsHistograms { metric } => {
                write!(f, "encountered a mix of histograms and floats for metric name {}", quote(metric))
            }
            Self::MixedFloatsHistogramsAggregation => {
                f.write_str("encountered a mix of histograms and floats for aggregation")
            }
            Self::MixedClassicNative { metric } => {
                write!(f, "vector contains a mix of classic and native histograms{}", for_metric(metric))
            }
            Self::HistogramNotCounter { metric } => {
                write!(f, "this native histogram metric is not a counter: {}", quote(metric))
            }
            Self::HistogramNotGauge { metric } => {
                write!(f, "this native histogram metric is not a gauge: {}", quote(metric))
            }
            Self::MixedExponentialCustom { metric } => write!(
                f,
                "vector contains a mix of histograms with exponential and custom buckets schemas for metric name {}",
                quote(metric)
            ),
            Self::IncompatibleBucketLayout { op } => {
                write!(f, "incompatible bucket layout encountered for binary operator {op}")
            }
            Self::SortInRangeQuery => f.write_str(
                "sort is ineffective for range queries since results are always ordered by labels",
            ),
            Self::HistogramResetCollision(what) => {
                write!(f, "conflicting counter resets during histogram {what}")
            }
            Self::OverlappingStartTime { metric, occurrences } => {
                let metric = quote(metric);
                write!(
                    f,
                    "sample has start time that overlaps with previous sample timestamp for metric {metric}"
                )?;
                if *occurrences > 1 { write!(f, " ({occurrences} occurrences)") } else { Ok(()) }
            }
            Self::PossibleNonCounter { metric } => write!(f, "{NON_COUNTER}{}", quote(metric)),
            Self::PossibleNonCounterType { got, metric } => write!(
                f,
                "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got {}: {}",
                quote(got),
                quote(metric)
            ),
            Self::ForcedMonotonicity(m) => m.fmt(f),
            Self::IncompatibleTypes { op, left, right } => write!(
                f,
                "incompatible sample types encountered for binary operator \"{op}\": {left} {op} {right}"
            ),
            Self::IgnoredHistogramInAggregation { op } => write!(f, "ignored histogram in {op} aggregation"),
            Self::IgnoredHistogramsInRange { metric } => write!(
                f,
                "ignored histograms in a range containing both floats and histograms for metric name {}",
                quote(metric)
            ),
            Self::QuantileNanResult { metric } => write!(
                f,
                "input to histogram_quantile has NaN observations, result is NaN{}",
                for_metric(metric)
            ),
            Self::QuantileNanSkewed { metric } => write!(
                f,
                "input to histogram_quantile has NaN observations, result is skewed higher{}",
                for_metric(metric)
            ),
            Self::FractionNanExcluded { metric } => write!(
                f,
                "input to histogram_fraction has NaN observations, which are excluded from all fractions{}",
                for_metric(metric)
            ),
            Self::ReconciledCustomBuckets(what) => {
                write!(f, "mismatched custom buckets were reconciled during {what}")
            }
            Self::Storage(_) => unreachable!("invariant: handled above"),
        }
    }
}

impl fmt::Display for ForcedMonotonicity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{MONOTONICITY}{}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
            for_metric(&self.metric),
            float_g(self.min_bound),
            float_g(self.max_bound),
            two_digits(self.max_diff),
            self.samples,
            rfc3339(self.first),
            rfc3339(self.last),
        )
    }
}

/// `%.2g`
fn two_digits(v: f64) -> String {
    let text = format!("{v:.1e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return float_g(v) };
    let exponent: i32 = exponent.parse().expect("LowerExp prints a decimal exponent");
    let rounded: f64 = text.parse().expect("LowerExp prints a float");
    if (-4..2).contains(&exponent) {
        return format!("{rounded}");
    }
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// UTC with whole seconds, after Howard Hinnant's `civil_from_days`.
fn rfc3339(t: Timestamp) -> String {
    let seconds = t.0.div_euclid(1000);
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (h, m, s) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z")
}

/// A set of annotations. Equal texts are one annotation, which keeps the latest position in the query.
#[derive(Clone, Debug, Default)]
pub struct Annotations(BTreeMap<String, (Annotation, Option<Pos>)>);

impl Annotations {
    /// Records an annotation; `pos` is `None` for those of stores.
    pub fn add(&mut self, annotation: Annotation, pos: Option<Pos>) {
        self.add_keyed(annotation.key(), annotation, pos);
    }

    fn add_keyed(&mut self, key: String, annotation: Annotation, pos: Option<Pos>) {
        match self.0.entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert((annotation, pos));
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let (known, at) = entry.get_mut();
                known.merge(&annotation);
                *at = (*at).max(pos);
            }
        }
    }

    /// Takes over all of `other`.
    pub fn merge(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for (key, (annotation, pos)) in other.0 {
            self.add_keyed(key, annotation, pos);
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of annotations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All annotations with their positions.
    pub fn iter(&self) -> impl Iterator<Item = (&Annotation, Option<Pos>)> {
        self.0.values().map(|(annotation, pos)| (annotation, *pos))
    }

    /// The texts of one level with `(line:column)` behind them, as Prometheus shows them for `query`.
    #[must_use]
    pub fn render(&self, level: Level, query: &str) -> Vec<String> {
        let of_level = self.iter().filter(|(annotation, _)| annotation.level() == level);
        of_level
            .map(|(annotation, pos)| match pos {
                Some(pos) => {
                    let (line, column) = line_column(query, pos);
                    format!("{annotation} ({line}:{column})")
                }
                None => annotation.to_string(),
            })
            .collect()
    }
}

fn line_column(query: &str, pos: Pos) -> (usize, usize) {
    let before = &query.as_bytes()[..(pos.0 as usize).min(query.len())];
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&b| b != b'\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forced(samples: u64, t: i64, diff: f64) -> Annotation {
        Annotation::ForcedMonotonicity(ForcedMonotonicity {
            metric: String::new(),
            min_bound: 1.0,
            max_bound: f64::INFINITY,
            max_diff: diff,
            samples,
            first: Timestamp(t),
            last: Timestamp(t),
        })
    }

    #[test]
    fn equal_texts_are_one_annotation_at_the_latest_position() {
        let mut notes = Annotations::default();
        notes.add(Annotation::InvalidQuantile(2.0), Some(Pos(9)));
        notes.add(Annotation::InvalidQuantile(2.0), Some(Pos(3)));
        assert_eq!(
            notes.render(Level::Warning, "quantile(2,\nfoo)"),
            ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]
        );
    }

    #[test]
    fn repaired_histograms_are_merged() {
        let mut notes = Annotations::default();
        notes.add(forced(1, 1_795_414_260_000, 1.0), Some(Pos(0)));
        notes.add(forced(1, 1_795_410_660_000, 120.0), Some(Pos(0)));
        let text = notes.render(Level::Info, "q").remove(0);
        assert!(
            text.ends_with(
                "from buckets 1 to +Inf, with a max diff of 1.2e+02, over 2 samples from 2026-11-23T05:11:00Z to 2026-11-23T06:11:00Z (1:1)"
            ),
            "{text}"
        );
    }
}
