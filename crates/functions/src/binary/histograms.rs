//! Operators with a histogram on one side at least.

use promqlite_model::Annotation;
use promqlite_model::histogram::HistogramView;

use super::rows::{Outcome, Sample};
use super::{BinaryOp, Comparison};

/// Combines two samples of which one at least is a histogram.
pub(super) fn combine_with_histogram(
    op: BinaryOp,
    comparison: Comparison,
    left: Sample<'_>,
    right: Sample<'_>,
) -> Outcome {
    match (left, right) {
        (Sample::Histogram(h), Sample::Float(v)) => histogram_and_float(op, h, v),
        (Sample::Float(v), Sample::Histogram(h)) if op == BinaryOp::Mul => Outcome::Histogram(h.times(v)),
        (Sample::Histogram(l), Sample::Histogram(r)) => two_histograms(op, comparison, l, r),
        _ => Outcome::Unsupported,
    }
}

fn histogram_and_float(op: BinaryOp, h: HistogramView<'_>, v: f64) -> Outcome {
    Outcome::Histogram(match op {
        BinaryOp::Mul => h.times(v),
        BinaryOp::Div => h.divided_by(v),
        BinaryOp::TrimUpper => h.keep_below(v),
        BinaryOp::TrimLower => h.keep_above(v),
        _ => return Outcome::Unsupported,
    })
}

fn two_histograms(
    op: BinaryOp,
    comparison: Comparison,
    l: HistogramView<'_>,
    r: HistogramView<'_>,
) -> Outcome {
    let holds = match op {
        BinaryOp::Add | BinaryOp::Sub => return sum_or_difference(op, l, r),
        BinaryOp::Eq => l == r,
        BinaryOp::Ne => l != r,
        _ => return Outcome::Unsupported,
    };
    match comparison {
        Comparison::Filter => Outcome::Keep(holds),
        Comparison::Bool => Outcome::Float(f64::from(u8::from(holds))),
    }
}

fn sum_or_difference(op: BinaryOp, l: HistogramView<'_>, r: HistogramView<'_>) -> Outcome {
    let (combined, what) =
        if op == BinaryOp::Add { (l.plus(r), "addition") } else { (l.minus(r), "subtraction") };
    match combined {
        Err(_) => Outcome::Dropped(Annotation::IncompatibleBucketLayout { op: op.as_str() }),
        Ok((_, seen)) if seen.hint_collision => Outcome::Dropped(Annotation::HistogramResetCollision(what)),
        Ok((result, seen)) if seen.bounds_reconciled => {
            Outcome::Noted(result, Annotation::ReconciledCustomBuckets(what))
        }
        Ok((result, _)) => Outcome::Histogram(result),
    }
}
