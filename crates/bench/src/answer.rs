//! A digest of an answer that engines of different make can compare.

use promqlite::histogram::HistogramView;
use promqlite::{SampleValue, Value};
use serde::{Deserialize, Serialize};

/// What an answer adds up to. Additions run in any order, so totals are compared with a tolerance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Number of series.
    pub series: u64,
    /// Number of samples.
    pub samples: u64,
    /// Float samples that are NaN.
    pub nans: u64,
    /// Float samples that are infinite.
    pub infinities: u64,
    /// Sum of all finite floats, and of count, sum, zero bucket and buckets of all histograms.
    pub total: f64,
    /// The same of absolute values: the measure for the tolerance.
    pub magnitude: f64,
}

impl Answer {
    /// The digest of a value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let mut answer = Self { series: value.series_count() as u64, ..Self::default() };
        match value {
            Value::Scalar(_, v) => answer.add(*v),
            Value::String(..) => {}
            Value::Vector(_, samples) => {
                for sample in samples {
                    match &sample.value {
                        SampleValue::Float(v) => answer.add(*v),
                        SampleValue::Histogram(h) => answer.add_histogram(h.view()),
                    }
                }
            }
            Value::Matrix(series) => {
                for one in series {
                    one.floats.iter().for_each(|(_, v)| answer.add(v));
                    one.histograms.iter().for_each(|(_, h)| answer.add_histogram(h.view()));
                }
            }
        }
        answer
    }

    /// Whether two engines gave the same answer: equal counts, totals within 1e-9 of the magnitude.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        let counts = |a: &Self| (a.series, a.samples, a.nans, a.infinities);
        let tolerance = 1e-9 * self.magnitude.max(other.magnitude).max(1e-300);
        counts(self) == counts(other) && (self.total - other.total).abs() <= tolerance
    }

    fn add(&mut self, v: f64) {
        self.samples += 1;
        self.part(v);
    }

    fn part(&mut self, v: f64) {
        if v.is_nan() {
            self.nans += 1;
        } else if v.is_infinite() {
            self.infinities += 1;
        } else {
            self.total += v;
            self.magnitude += v.abs();
        }
    }

    fn add_histogram(&mut self, h: HistogramView<'_>) {
        self.samples += 1;
        [h.count(), h.sum(), h.zero_count()].into_iter().for_each(|v| self.part(v));
        h.positive_counts().iter().chain(h.negative_counts()).for_each(|v| self.part(*v));
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn totals_may_differ_by_rounding_only() {
        let answer = Answer { series: 1, samples: 2, total: 3.0, magnitude: 1e6, ..Answer::default() };
        assert!(answer.agrees(&Answer { total: 3.0 + 1e-6, ..answer }));
        assert!(!answer.agrees(&Answer { total: 3.01, ..answer }));
        assert!(!answer.agrees(&Answer { samples: 3, ..answer }));
    }
}
