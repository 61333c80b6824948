//! Samples of one series as plain columns.

use std::sync::Arc;

use promqlite_model::histogram::{HistogramColumn, HistogramView};
use promqlite_model::{HistogramSamples, NO_HISTOGRAM, Samples, TimeRange};

use super::times::{SharedTimes, Times};
use crate::bits::{same_float, same_histogram};

/// One sample on its way into a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    pub(super) t_ms: i64,
    /// 0 if unknown.
    pub(super) start_ms: i64,
    pub(super) value: SampleValue<'a>,
}

/// A float or a borrowed native histogram.
#[derive(Clone, Copy, Debug)]
pub(super) enum SampleValue<'a> {
    Float(f64),
    Histogram(HistogramView<'a>),
}

impl<'a> Sample<'a> {
    /// Sample `i` of `samples`.
    pub(super) fn of(samples: &Samples<'a>, i: usize) -> Self {
        let value = match samples.histogram(i) {
            Some(histogram) => SampleValue::Histogram(histogram),
            None => SampleValue::Float(samples.values[i]),
        };
        Self { t_ms: samples.times[i], start_ms: samples.start_time(i), value }
    }
}

impl SampleValue<'_> {
    /// Whether both are the same to the bit.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => same_float(*a, *b),
            (Self::Histogram(a), Self::Histogram(b)) => same_histogram(*a, *b),
            _ => false,
        }
    }

    /// What stands in the float column: the sum, for a histogram.
    fn float(&self) -> f64 {
        match self {
            Self::Float(v) => *v,
            Self::Histogram(h) => h.sum(),
        }
    }
}

/// Times and values in strictly ascending order of time. Series of plain floats pay 16 bytes a sample, 8 where they
/// share their times with others; what few series have sits behind `extra`.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    times: Times,
    values: Vec<f64>,
    extra: Option<Box<Extra>>,
}

#[derive(Clone, Debug, Default)]
struct Extra {
    /// As long as `times`, or empty if no sample has one.
    start_times: Vec<i64>,
    /// As long as `times`, or empty if all samples are floats.
    index: Vec<u32>,
    histograms: HistogramColumn,
}

impl Column {
    pub(super) fn with_capacity(samples: usize) -> Self {
        Self { times: Times::with_capacity(samples), values: Vec::with_capacity(samples), extra: None }
    }

    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn first_ms(&self) -> Option<i64> {
        self.times.first().copied()
    }

    pub(super) fn last_ms(&self) -> Option<i64> {
        self.times.last().copied()
    }

    pub(super) fn samples(&self) -> Samples<'_> {
        let (start_times, histograms) = match &self.extra {
            None => (&[][..], None),
            Some(extra) => {
                let histograms = (!extra.index.is_empty())
                    .then_some(HistogramSamples { index: &extra.index, column: &extra.histograms });
                (&extra.start_times[..], histograms)
            }
        };
        Samples { times: &self.times, values: &self.values, start_times, histograms }
    }

    /// The samples in `range`.
    pub(super) fn samples_in(&self, range: TimeRange) -> Samples<'_> {
        self.samples().slice(range.slice(&self.times))
    }

    /// Adds a sample after the others.
    pub(super) fn push(&mut self, sample: Sample<'_>) {
        debug_assert!(self.last_ms().is_none_or(|last| last < sample.t_ms), "invariant: times ascend");
        let before = self.len();
        self.times.push(sample.t_ms);
        self.values.push(sample.value.float());
        let histogram = match sample.value {
            SampleValue::Float(_) if sample.start_ms == 0 && self.extra.is_none() => return,
            SampleValue::Float(_) => None,
            SampleValue::Histogram(h) => Some(h),
        };
        let extra = self.extra.get_or_insert_default();
        if histogram.is_some() || !extra.index.is_empty() {
            extra.index.resize(before, NO_HISTOGRAM);
            extra.index.push(histogram.map_or(NO_HISTOGRAM, |h| extra.histograms.push(h)));
        }
        if sample.start_ms != 0 || !extra.start_times.is_empty() {
            extra.start_times.resize(before, 0);
            extra.start_times.push(sample.start_ms);
        }
    }

    /// Adds `samples`, all of them later than the others.
    pub(super) fn extend(&mut self, samples: &Samples<'_>) {
        let plain = self.extra.is_none()
            && samples.histograms.is_none_or(|h| h.index.iter().all(|&i| i == NO_HISTOGRAM))
            && samples.start_times.iter().all(|&t| t == 0);
        if plain {
            self.times.extend_from_slice(samples.times);
            self.values.extend_from_slice(samples.values);
        } else {
            (0..samples.len()).for_each(|i| self.push(Sample::of(samples, i)));
        }
    }

    /// Gives back memory that is reserved and not used, and shares times.
    pub(super) fn shrink(&mut self, shared: &mut SharedTimes) {
        self.times.share(shared);
        self.values.shrink_to_fit();
        if let Some(extra) = &mut self.extra {
            extra.start_times.shrink_to_fit();
            extra.index.shrink_to_fit();
        }
    }

    /// The shared times of a column of which [`Self::shrink`] would change nothing.
    pub(super) fn compact_times(&self) -> Option<&Arc<[i64]>> {
        self.times.shared().filter(|_| self.values.capacity() == self.values.len())
    }

    /// Bytes on the heap, unused capacity included.
    pub(super) fn bytes(&self) -> usize {
        let extra = self.extra.as_ref().map_or(0, |e| {
            size_of::<Extra>() + e.start_times.capacity() * 8 + e.index.capacity() * 4 + e.histograms.bytes()
        });
        self.times.bytes() + self.values.capacity() * 8 + extra
    }
}
