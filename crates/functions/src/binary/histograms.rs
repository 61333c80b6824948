//! Operators with a histogram on one side at least.

use promqlite_model::histogram::{FloatHistogram, HistogramView};

use super::rows::{Outcome, Sample};
use super::{BinaryOp, Comparison};

/// Combines two samples of which one at least is a histogram.
pub(super) fn combine_with_histogram(
    _op: BinaryOp,
    _comparison: Comparison,
    _left: Sample<'_>,
    _right: Sample<'_>,
) -> Outcome {
    Outcome::Unsupported
}

/// The histogram times −1, which makes it a gauge.
pub(super) fn negate(h: HistogramView<'_>) -> FloatHistogram {
    h.to_owned()
}
