//! Equality to the bit, where NaN equals itself and the zeros differ.

use promqlite_model::histogram::HistogramView;

/// Whether two floats are the same to the bit.
pub(crate) fn same_float(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}

/// Whether two histograms have the same layout, and the same counts to the bit. The reset hint counts too.
pub(crate) fn same_histogram(a: HistogramView<'_>, b: HistogramView<'_>) -> bool {
    a.hint() == b.hint()
        && a.schema() == b.schema()
        && a.positive_spans() == b.positive_spans()
        && a.negative_spans() == b.negative_spans()
        && same_float(a.zero_threshold(), b.zero_threshold())
        && same_float(a.zero_count(), b.zero_count())
        && same_float(a.count(), b.count())
        && same_float(a.sum(), b.sum())
        && same_floats(a.positive_counts(), b.positive_counts())
        && same_floats(a.negative_counts(), b.negative_counts())
        && same_floats(a.custom_bounds(), b.custom_bounds())
}

fn same_floats(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_float(*a, *b))
}
