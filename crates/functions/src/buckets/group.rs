//! A classic histogram as a group of rows.

use promqlite_model::Batch;

use super::{Bucket, BucketQuantile, bucket_fraction, bucket_quantile};

/// The rows of one classic histogram, a row per bucket, in the order of their bounds.
#[derive(Debug, Clone)]
pub struct ClassicHistogram {
    members: Vec<(f64, u32)>,
}

impl ClassicHistogram {
    /// A histogram of rows with these bounds.
    #[must_use]
    pub fn new(mut members: Vec<(f64, u32)>) -> Self {
        // Sorted once here, so that no step has to sort.
        members.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())));
        Self { members }
    }

    /// The bound and row of each bucket, lowest bound first.
    #[must_use]
    pub fn members(&self) -> &[(f64, u32)] {
        &self.members
    }

    /// Collects the buckets that are present at a step; `false` if there are none.
    pub fn gather(&self, batch: &Batch, step: usize, buckets: &mut Vec<Bucket>) -> bool {
        buckets.clear();
        for &(upper, row) in &self.members {
            if let Some(count) = batch.float(row as usize, step) {
                buckets.push(Bucket { upper, count });
            }
        }
        !buckets.is_empty()
    }

    /// Quantile `q[step]` at each step where the histogram has buckets. `batch` holds the rows.
    pub fn quantiles(&self, batch: &Batch, q: &[f64], mut put: impl FnMut(usize, BucketQuantile)) {
        let mut buckets = Vec::with_capacity(self.members.len());
        for (step, &q) in q.iter().enumerate() {
            if self.gather(batch, step, &mut buckets) {
                put(step, bucket_quantile(q, &mut buckets));
            }
        }
    }

    /// The fraction between `lower[step]` and `upper[step]` at each step where the histogram has buckets.
    pub fn fractions(&self, batch: &Batch, lower: &[f64], upper: &[f64], mut put: impl FnMut(usize, f64)) {
        let mut buckets = Vec::with_capacity(self.members.len());
        for (step, (&lower, &upper)) in lower.iter().zip(upper).enumerate() {
            if self.gather(batch, step, &mut buckets) {
                put(step, bucket_fraction(lower, upper, &mut buckets));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_at_each_step_from_what_is_there() {
        let mut batch = Batch::empty(4, 3);
        for (row, counts) in [[Some(10.0), None, None], [Some(8.0), Some(3.0), None], [Some(5.0), None, None]]
            .into_iter()
            .enumerate()
        {
            for (step, count) in counts.into_iter().enumerate() {
                if let Some(count) = count {
                    batch.set_float(row, step, count);
                }
            }
        }
        let histogram = ClassicHistogram::new(vec![(f64::INFINITY, 0), (0.5, 1), (0.1, 2)]);
        assert_eq!(histogram.members().iter().map(|m| m.1).collect::<Vec<_>>(), [2, 1, 0]);
        let mut found = Vec::new();
        histogram.quantiles(&batch, &[0.25; 3], |step, quantile| found.push((step, quantile.value)));
        assert_eq!(found.len(), 2);
        assert!((found[0].1 - 0.05).abs() < 1e-12 && found[1].1.is_nan());
        let mut found = Vec::new();
        histogram.fractions(&batch, &[0.0; 3], &[0.1; 3], |step, fraction| found.push((step, fraction)));
        assert_eq!(found[0], (0, 0.5));
        assert!(found[1].1.is_nan());
    }
}
