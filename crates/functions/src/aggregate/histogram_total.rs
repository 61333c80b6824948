//! The sum or the mean of native histograms.

use promqlite_model::histogram::{
    Combined, FloatHistogram, HistogramAvg, HistogramSum, HistogramView, MixedSchemas,
};

/// The sum or the mean of the histograms of one group at one step.
#[derive(Debug)]
pub(super) enum HistogramTotal {
    Sum(HistogramSum),
    Avg(HistogramAvg),
}

impl HistogramTotal {
    pub(super) fn new(first: HistogramView<'_>, averages: bool) -> Self {
        if averages { Self::Avg(HistogramAvg::new(first)) } else { Self::Sum(HistogramSum::new(first)) }
    }

    pub(super) fn add(&mut self, histogram: HistogramView<'_>) -> Result<Combined, MixedSchemas> {
        match self {
            Self::Sum(sum) => sum.add(histogram),
            Self::Avg(avg) => avg.add(histogram),
        }
    }

    pub(super) fn merge(&mut self, other: Self) -> Result<Combined, MixedSchemas> {
        match (self, other) {
            (Self::Sum(ours), Self::Sum(theirs)) => ours.merge(&theirs),
            (Self::Avg(ours), Self::Avg(theirs)) => ours.merge(theirs),
            _ => unreachable!("invariant: partial accumulators belong to one fold"),
        }
    }

    pub(super) fn hints_conflict(&self) -> bool {
        match self {
            Self::Sum(sum) => sum.hints_conflict(),
            Self::Avg(avg) => avg.hints_conflict(),
        }
    }

    pub(super) fn finish(&self) -> FloatHistogram {
        let mut result = match self {
            Self::Sum(sum) => sum.finish(),
            Self::Avg(avg) => avg.finish(),
        };
        result.compact(0);
        result
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Sum(sum) => sum.bytes(),
                Self::Avg(avg) => avg.bytes(),
            }
    }
}
