//! Arithmetic on whole histograms: in place, and as PromQL's operators have it.

use super::{Combined, CounterResetHint, FloatHistogram, HistogramView, MixedSchemas, Schema};

impl FloatHistogram {
    /// Adds `other`. Hints are merged, the schema becomes the coarser one, zero thresholds and custom bounds
    /// are reconciled; nothing is compacted. On an error nothing has changed.
    pub fn add(&mut self, other: HistogramView<'_>) -> Result<Combined, MixedSchemas> {
        self.0.combine(other, 1.0)
    }

    /// Subtracts `other`, otherwise as [`add`](Self::add): hints are merged too.
    pub fn sub(&mut self, other: HistogramView<'_>) -> Result<Combined, MixedSchemas> {
        self.0.combine(other, -1.0)
    }

    /// Multiplies every count and the sum. A negative factor makes a gauge. Nothing is compacted.
    pub fn mul(&mut self, factor: f64) {
        self.0.for_each(|v| *v *= factor);
        if factor < 0.0 {
            self.0.hint = CounterResetHint::Gauge;
        }
    }

    /// Divides every count and the sum. A negative divisor makes a gauge; zero removes all buckets but the
    /// zero bucket. Nothing else is compacted.
    pub fn div(&mut self, divisor: f64) {
        if divisor == 0.0 {
            self.0.positive.clear();
            self.0.negative.clear();
        }
        self.0.for_each(|v| *v /= divisor);
        if divisor < 0.0 {
            self.0.hint = CounterResetHint::Gauge;
        }
    }

    /// Drops empty buckets, except in runs of at most `max_empty` between populated ones; absent buckets in
    /// such gaps are filled in. `compact(0)` leaves no empty bucket.
    pub fn compact(&mut self, max_empty: usize) {
        self.0.compact(max_empty);
    }

    /// Merges buckets down to the resolution of `schema`. Does nothing if that is finer, or if either is
    /// custom.
    pub fn reduce_to(&mut self, schema: Schema) {
        self.0.reduce_to(schema);
    }
}

impl HistogramView<'_> {
    /// The binary operator `+`: compacted, hints merged.
    pub fn plus(self, other: HistogramView<'_>) -> Result<(FloatHistogram, Combined), MixedSchemas> {
        let mut sum = self.to_owned();
        let seen = sum.add(other)?;
        sum.compact(0);
        Ok((sum, seen))
    }

    /// The binary operator `-`: compacted, a gauge.
    pub fn minus(self, other: HistogramView<'_>) -> Result<(FloatHistogram, Combined), MixedSchemas> {
        let mut difference = self.to_owned();
        let seen = difference.sub(other)?;
        difference.compact(0);
        difference.set_hint(CounterResetHint::Gauge);
        Ok((difference, seen))
    }

    /// The binary operator `*` with a float on either side: compacted.
    #[must_use]
    pub fn times(self, factor: f64) -> FloatHistogram {
        let mut product = self.to_owned();
        product.mul(factor);
        product.compact(0);
        product
    }

    /// The binary operator `/` with a float on the right: compacted.
    #[must_use]
    pub fn divided_by(self, divisor: f64) -> FloatHistogram {
        let mut quotient = self.to_owned();
        quotient.div(divisor);
        quotient.compact(0);
        quotient
    }

    /// The unary operator `-`: not compacted, a gauge.
    #[must_use]
    pub fn negated(self) -> FloatHistogram {
        let mut negative = self.to_owned();
        negative.mul(-1.0);
        negative
    }
}

#[cfg(test)]
mod tests {
    use crate::histogram::CounterResetHint;
    use crate::histogram::testing::h;

    #[test]
    fn scaling() {
        let base =
            h("{{schema:0 count:30 sum:33 z_bucket:3 z_bucket_w:0.001 buckets:[3 3 3] n_buckets:[6 6 6]}}");
        let view = base.view();
        let negative = "{{count:-30 sum:-33 z_bucket:-3 z_bucket_w:0.001 counter_reset_hint:gauge buckets:[-3 -3 -3] n_buckets:[-6 -6 -6]}}";
        assert_eq!(view.times(-1.0).view().literal(), negative);
        assert_eq!(view.negated().view().literal(), negative);
        let infinite = "{{count:Inf sum:Inf z_bucket:Inf z_bucket_w:0.001}}";
        assert_eq!(view.divided_by(0.0).view().literal(), infinite);
        assert_eq!(view.times(0.0).view().literal(), "{{z_bucket_w:0.001}}");
        let undefined = view.times(0.0).view().divided_by(0.0);
        assert_eq!(undefined.view().literal(), "{{count:NaN sum:NaN z_bucket:NaN z_bucket_w:0.001}}");
        let hinted = view.with_hint(CounterResetHint::Reset);
        assert_eq!(hinted.divided_by(-0.0).view().hint(), CounterResetHint::Reset);
        assert_eq!(hinted.divided_by(-2.0).view().hint(), CounterResetHint::Gauge);
        assert_eq!(hinted.times(2.0).view().hint(), CounterResetHint::Reset);
    }
}
