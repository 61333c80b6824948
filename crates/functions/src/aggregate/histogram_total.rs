//! The sum or the mean of native histograms.

use promqlite_model::histogram::{
    Combined, FloatHistogram, HistogramAvg, HistogramSum, HistogramSumColumn, HistogramView, MixedSchemas,
};

/// The sum or the mean of the histograms of one group at one step.
#[derive(Debug)]
pub(super) enum HistogramTotal {
    /// A sum of histograms of one layout, in the column that is passed to each method.
    Alike(u32),
    Sum(HistogramSum),
    Avg(HistogramAvg),
}

impl HistogramTotal {
    /// A total of its own.
    pub(super) fn new(first: HistogramView<'_>, averages: bool) -> Self {
        if averages { Self::Avg(HistogramAvg::new(first)) } else { Self::Sum(HistogramSum::new(first)) }
    }

    pub(super) fn add(
        &mut self,
        histogram: HistogramView<'_>,
        column: &HistogramSumColumn,
    ) -> Result<Combined, MixedSchemas> {
        self.take_out(column);
        match self {
            Self::Sum(sum) => sum.add(histogram),
            Self::Avg(avg) => avg.add(histogram),
            Self::Alike(_) => unreachable!("invariant: it was taken out"),
        }
    }

    /// Makes this a total of its own.
    pub(super) fn take_out(&mut self, column: &HistogramSumColumn) {
        if let Self::Alike(i) = self {
            *self = Self::Sum(column.sum(*i));
        }
    }

    /// Takes over another total; both were taken out.
    pub(super) fn merge(&mut self, other: Self) -> Result<Combined, MixedSchemas> {
        match (self, other) {
            (Self::Sum(ours), Self::Sum(theirs)) => ours.merge(&theirs),
            (Self::Avg(ours), Self::Avg(theirs)) => ours.merge(theirs),
            _ => unreachable!("invariant: partial accumulators belong to one fold, and sums were taken out"),
        }
    }

    /// The result, and whether some histograms said that the counter was reset and others that it was not.
    pub(super) fn finish(mut self, column: &HistogramSumColumn) -> (FloatHistogram, bool) {
        self.take_out(column);
        let (mut result, conflict) = match &self {
            Self::Sum(sum) => (sum.finish(), sum.hints_conflict()),
            Self::Avg(avg) => (avg.finish(), avg.hints_conflict()),
            Self::Alike(_) => unreachable!("invariant: it was taken out"),
        };
        result.compact(0);
        (result, conflict)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Alike(_) => 0,
                Self::Sum(sum) => sum.bytes(),
                Self::Avg(avg) => avg.bytes(),
            }
    }
}
