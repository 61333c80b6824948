//! Rows of batches against each other: floats at full speed, histograms step by step.

use promqlite_model::histogram::{FloatHistogram, HistogramView};
use promqlite_model::{Annotation, Batch, words_for};

use super::histograms::combine_with_histogram;
use super::{BinaryOp, Comparison, FloatOperand, FloatRow, StepProblems, combine_floats};

/// One side of an operator.
#[derive(Debug, Clone, Copy)]
pub enum Operand<'a> {
    /// A series of a vector.
    Row {
        /// Where it is.
        batch: &'a Batch,
        /// Which row it is.
        row: usize,
        /// The value that stands in at steps where only the other side has a sample.
        fill: Option<f64>,
    },
    /// A scalar: a number per step.
    Scalar(&'a [f64]),
    /// A series that does not exist at all, filled in wherever the other side has a sample.
    Filled(f64),
}

/// A sample of one side at one step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sample<'a> {
    Float(f64),
    Histogram(HistogramView<'a>),
}

impl Sample<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::Float(_) => "float",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// What an operator makes of two samples.
#[derive(Debug)]
pub(super) enum Outcome {
    Float(f64),
    Histogram(FloatHistogram),
    /// A filter: the element passes if it holds.
    Keep(bool),
    /// The samples' types do not go together.
    Unsupported,
    /// No result, for this reason.
    Dropped(Annotation),
    /// A result with a remark.
    Noted(FloatHistogram, Annotation),
}

impl<'a> Operand<'a> {
    fn histograms(self) -> bool {
        match self {
            Self::Row { batch, row, .. } => batch.histograms().is_some_and(|histograms| histograms.any(row)),
            Self::Scalar(_) | Self::Filled(_) => false,
        }
    }

    fn is_scalar(self) -> bool {
        matches!(self, Self::Scalar(_))
    }

    fn sample(self, step: usize) -> Option<Sample<'a>> {
        match self {
            Self::Row { batch, row, .. } => match batch.float(row, step) {
                Some(value) => Some(Sample::Float(value)),
                None => batch.histogram(row, step).map(Sample::Histogram),
            },
            Self::Scalar(values) => Some(Sample::Float(values[step])),
            Self::Filled(_) => None,
        }
    }

    fn fill(self) -> Option<Sample<'a>> {
        match self {
            Self::Row { fill, .. } => fill.map(Sample::Float),
            Self::Scalar(_) => None,
            Self::Filled(value) => Some(Sample::Float(value)),
        }
    }
}

/// Computes a row of `out`, all its cells. `order` is the place of this pair in evaluation order: it decides
/// which of a step's problems is the last and stays in `problems`.
///
/// The result is empty where a side is absent and not filled. A filter lets pass the left sample, or the
/// vector's sample against a scalar.
///
/// # Panics
/// When `op` is a set operator, or both sides are scalars.
#[expect(clippy::too_many_arguments, reason = "an operator, two sides, and two places to write to")]
pub fn combine_rows(
    op: BinaryOp,
    comparison: Comparison,
    left: Operand<'_>,
    right: Operand<'_>,
    out: &mut Batch,
    out_row: usize,
    order: u32,
    problems: &mut StepProblems,
) {
    assert!(!(left.is_scalar() && right.is_scalar()), "invariant: a vector on one side at least");
    // A single step is not worth setting up the loops for.
    if out.steps() == 1 || left.histograms() || right.histograms() || op.is_trim() {
        combine_step_by_step(op, comparison, left, right, out, out_row, order, problems);
        return;
    }
    let steps = out.steps();
    let (mut left_buffer, mut right_buffer) = (Vec::new(), Vec::new());
    let (mut left_bits, mut right_bits) = (Vec::new(), Vec::new());
    let (l, r) = (
        float_operand(left, right, steps, &mut left_buffer, &mut left_bits),
        float_operand(right, left, steps, &mut right_buffer, &mut right_bits),
    );
    if out.histograms().is_some_and(|histograms| histograms.any(out_row)) {
        (0..steps).for_each(|step| out.clear(out_row, step));
    }
    let mut row = out.row_mut(out_row);
    let (values, valid) = row.floats();
    combine_floats(op, comparison, l, r, values, valid);
}

/// The floats of a side. Where it is to be filled, `buffer` and `bits` hold the filled row.
fn float_operand<'a>(
    side: Operand<'a>,
    other: Operand<'a>,
    steps: usize,
    buffer: &'a mut Vec<f64>,
    bits: &'a mut Vec<u64>,
) -> FloatOperand<'a> {
    let (fill, other_bits) = match (side, other) {
        (Operand::Scalar(values), _) => return FloatOperand::Scalar(values),
        (Operand::Row { batch, row, fill: None }, _) => {
            return FloatOperand::Vector(FloatRow { values: batch.row(row), valid: batch.valid().row(row) });
        }
        (Operand::Row { fill: Some(fill), .. } | Operand::Filled(fill), Operand::Row { batch, row, .. }) => {
            (fill, batch.valid().row(row))
        }
        (Operand::Row { fill: Some(fill), .. } | Operand::Filled(fill), _) => (fill, &[][..]),
    };
    if let Operand::Row { batch, row, .. } = side {
        buffer.extend_from_slice(batch.row(row));
        bits.extend_from_slice(batch.valid().row(row));
    } else {
        buffer.resize(steps, 0.0);
        bits.resize(words_for(steps), 0);
    }
    fill_missing(buffer, bits, other_bits, fill);
    FloatOperand::Vector(FloatRow { values: buffer, valid: bits })
}

/// Fills a row in where it has no sample and `other` has one.
fn fill_missing(values: &mut [f64], valid: &mut [u64], other: &[u64], fill: f64) {
    for (i, (word, other)) in valid.iter_mut().zip(other).enumerate() {
        let mut missing = other & !*word;
        *word |= other;
        while missing != 0 {
            values[i * 64 + missing.trailing_zeros() as usize] = fill;
            missing &= missing - 1;
        }
    }
}

/// The bits of a row's steps that hold anything, float or histogram.
pub fn presence(batch: &Batch, row: usize, words: &mut Vec<u64>) {
    words.clear();
    words.extend_from_slice(batch.valid().row(row));
    if let Some(histograms) = batch.histograms().filter(|histograms| histograms.any(row)) {
        for step in (0..batch.steps()).filter(|&step| histograms.has(row, step)) {
            words[step / 64] |= 1 << (step % 64);
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "as combine_rows")]
fn combine_step_by_step(
    op: BinaryOp,
    comparison: Comparison,
    left: Operand<'_>,
    right: Operand<'_>,
    out: &mut Batch,
    out_row: usize,
    order: u32,
    problems: &mut StepProblems,
) {
    for step in 0..out.steps() {
        let (l, r) = match (left.sample(step), right.sample(step)) {
            (Some(l), Some(r)) => (Some(l), Some(r)),
            (Some(l), None) => (Some(l), right.fill()),
            (None, Some(r)) => (left.fill(), Some(r)),
            (None, None) => (None, None),
        };
        out.clear(out_row, step);
        let (Some(l), Some(r)) = (l, r) else { continue };
        let passes = if left.is_scalar() { r } else { l };
        match combine_samples(op, comparison, l, r) {
            Outcome::Float(value) => out.set_float(out_row, step, value),
            Outcome::Histogram(histogram) => out.set_histogram(out_row, step, histogram.view()),
            Outcome::Keep(false) => {}
            Outcome::Keep(true) => match passes {
                Sample::Float(value) => out.set_float(out_row, step, value),
                Sample::Histogram(histogram) => out.set_histogram(out_row, step, histogram),
            },
            Outcome::Unsupported => {
                let problem =
                    Annotation::IncompatibleTypes { op: op.as_str(), left: l.kind(), right: r.kind() };
                problems.record(step, order, problem);
            }
            Outcome::Dropped(problem) => problems.record(step, order, problem),
            Outcome::Noted(histogram, problem) => {
                out.set_histogram(out_row, step, histogram.view());
                problems.record(step, order, problem);
            }
        }
    }
}

fn combine_samples(op: BinaryOp, comparison: Comparison, left: Sample<'_>, right: Sample<'_>) -> Outcome {
    match (left, right) {
        (Sample::Float(l), Sample::Float(r)) => combine_two_floats(op, comparison, l, r),
        (l, r) => combine_with_histogram(op, comparison, l, r),
    }
}

fn combine_two_floats(op: BinaryOp, comparison: Comparison, l: f64, r: f64) -> Outcome {
    match super::combine_numbers(op, l, r) {
        None => Outcome::Unsupported,
        Some(holds) if op.is_comparison() && comparison == Comparison::Filter => Outcome::Keep(holds == 1.0),
        Some(value) => Outcome::Float(value),
    }
}

/// Negates a row in place: floats change their sign, histograms are multiplied by −1.
pub fn negate_row(batch: &mut Batch, row: usize) {
    let mut cells = batch.row_mut(row);
    super::negate(cells.floats().0);
    if batch.histograms().is_some_and(|histograms| histograms.any(row)) {
        for step in 0..batch.steps() {
            if let Some(view) = batch.histogram(row, step) {
                let negated = view.negated();
                batch.set_histogram(row, step, negated.view());
            }
        }
    }
}
