//! The plain list that stores are compared with.

use std::collections::{BTreeMap, BTreeSet};

use promqlite_model::histogram::{CounterResetHint, HistogramView};
use promqlite_model::{Matcher, Samples, TimeRange, Timestamp};

use crate::bits::{same_float, same_histogram};

use super::Options;
use super::fixture::{FixtureSample, FixtureSeries, FixtureValue};

/// A label set as text.
pub(super) type TextLabels = BTreeMap<String, String>;

pub(super) struct Naive {
    pub(super) series: Vec<NaiveSeries>,
    reset_hints: bool,
}

pub(super) struct NaiveSeries {
    pub(super) labels: TextLabels,
    pub(super) samples: Vec<FixtureSample>,
}

impl Naive {
    pub(super) fn new(series: &[FixtureSeries], options: Options) -> Self {
        let one = |s: &FixtureSeries| NaiveSeries {
            labels: s.labels.iter().filter(|(_, value)| !value.is_empty()).cloned().collect(),
            samples: s.samples.clone(),
        };
        Self { series: series.iter().map(one).collect(), reset_hints: options.reset_hints }
    }

    /// The series that pass all matchers, with or without samples.
    pub(super) fn select(&self, matchers: &[Matcher]) -> Vec<&NaiveSeries> {
        self.series.iter().filter(|s| matchers.iter().all(|m| m.matches(s.label(m.name())))).collect()
    }

    /// All label names.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.series.iter().flat_map(|s| s.labels.keys().map(String::as_str)).collect()
    }

    pub(super) fn time_range(&self) -> Option<TimeRange> {
        let times = || self.series.iter().flat_map(|s| &s.samples).map(|s| s.t_ms);
        Some(TimeRange::new(times().min()?, times().max()?))
    }

    /// Says how `got` differs from `want`, if it does. Floats are compared by their bits.
    pub(super) fn difference(&self, got: &Samples<'_>, want: &[&FixtureSample]) -> Option<String> {
        if got.values.len() != got.times.len() {
            return Some(format!("{} times but {} values", got.times.len(), got.values.len()));
        }
        if !got.times.iter().copied().eq(want.iter().map(|s| s.t_ms)) {
            let times: Vec<i64> = want.iter().map(|s| s.t_ms).collect();
            return Some(format!("want the times {}, got {}", brief(&times), brief(got.times)));
        }
        want.iter().enumerate().find_map(|(i, sample)| {
            let (value, t) = (got.values[i], sample.t_ms);
            match (&sample.value, got.histogram(i)) {
                (FixtureValue::Float(want), None) if same_float(*want, value) => None,
                (FixtureValue::Float(want), None) => Some(format!(
                    "at {t} ms: want {want} ({:#x}), got {value} ({:#x})",
                    want.to_bits(),
                    value.to_bits()
                )),
                (FixtureValue::Float(_), Some(_)) => {
                    Some(format!("at {t} ms: want a float, got a histogram"))
                }
                (FixtureValue::Histogram(_), None) => {
                    Some(format!("at {t} ms: want a histogram, got the float {value}"))
                }
                (FixtureValue::Histogram(want), Some(got)) => {
                    self.histogram_difference(want.view(), got, value, t)
                }
            }
        })
    }

    /// The histogram with nothing but what is compared.
    fn comparable<'a>(&self, h: HistogramView<'a>) -> HistogramView<'a> {
        match h.hint() {
            hint if self.reset_hints || hint == CounterResetHint::Gauge => h,
            _ => h.with_hint(CounterResetHint::Unknown),
        }
    }

    fn histogram_difference(
        &self,
        want: HistogramView<'_>,
        got: HistogramView<'_>,
        value: f64,
        t: i64,
    ) -> Option<String> {
        if !same_histogram(self.comparable(got), self.comparable(want)) {
            return Some(format!("at {t} ms: want {want:?}, got {got:?}"));
        }
        (!same_float(value, want.sum()))
            .then(|| format!("at {t} ms: want the histogram's sum {} as value, got {value}", want.sum()))
    }
}

impl NaiveSeries {
    /// The label's value, empty if it is absent.
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    pub(super) fn samples_in(&self, range: TimeRange) -> Vec<&FixtureSample> {
        self.samples.iter().filter(|s| range.contains(Timestamp(s.t_ms))).collect()
    }
}

fn brief(times: &[i64]) -> String {
    match times {
        [first, .., last] if times.len() > 12 => format!("[{first}, … {} in all …, {last}]", times.len()),
        _ => format!("{times:?}"),
    }
}
