//! The contents of a histogram over any kind of number, and what changes its layout.

use super::bounds::exponential_bound;
use super::numeric::Cell;
use super::side::{Side, SideRef};
use super::{CounterResetHint, Schema};

/// A histogram whose numbers are plain or compensated.
#[derive(Clone, Debug)]
pub(super) struct Cells<C> {
    pub(super) schema: Schema,
    pub(super) hint: CounterResetHint,
    pub(super) zero_threshold: f64,
    pub(super) zero_count: C,
    pub(super) count: C,
    pub(super) sum: C,
    pub(super) positive: Side<C>,
    pub(super) negative: Side<C>,
    pub(super) custom_bounds: Vec<f64>,
}

impl<C: Cell> Cells<C> {
    /// The same histogram over another kind of number.
    pub(super) fn map<D>(&self, mut f: impl FnMut(C) -> D) -> Cells<D> {
        Cells {
            schema: self.schema,
            hint: self.hint,
            zero_threshold: self.zero_threshold,
            zero_count: f(self.zero_count),
            count: f(self.count),
            sum: f(self.sum),
            positive: self.positive.map(&mut f),
            negative: self.negative.map(&mut f),
            custom_bounds: self.custom_bounds.clone(),
        }
    }

    /// Every number of the histogram.
    pub(super) fn numbers(&self) -> impl Iterator<Item = C> + '_ {
        let totals = [self.count, self.sum, self.zero_count];
        totals
            .into_iter()
            .chain(self.positive.counts.iter().copied())
            .chain(self.negative.counts.iter().copied())
    }

    /// Changes every number of the histogram.
    pub(super) fn for_each(&mut self, mut f: impl FnMut(&mut C)) {
        f(&mut self.count);
        f(&mut self.sum);
        f(&mut self.zero_count);
        self.positive.counts.iter_mut().for_each(&mut f);
        self.negative.counts.iter_mut().for_each(&mut f);
    }

    /// Drops empty buckets, except in runs of at most `max_empty` between populated ones; absent buckets in
    /// such gaps are filled in.
    pub(super) fn compact(&mut self, max_empty: usize) {
        compact(&mut self.positive, max_empty);
        compact(&mut self.negative, max_empty);
    }

    /// Merges buckets until the schema is no finer than `schema`. Custom buckets stay as they are.
    pub(super) fn reduce_to(&mut self, schema: Schema) {
        if self.schema.is_custom() || schema.is_custom() || schema >= self.schema {
            return;
        }
        let shift = self.schema.get() - schema.get();
        self.positive = reduced(self.positive.as_ref(), shift);
        self.negative = reduced(self.negative.as_ref(), shift);
        self.schema = schema;
    }

    /// Raises the zero threshold to `threshold` or, if that would cut a populated bucket, to its far end. What
    /// the zero bucket swallows moves into it; empty buckets are dropped.
    pub(super) fn widen(&mut self, threshold: f64) {
        let sides = (self.positive.as_ref(), self.negative.as_ref());
        let (count, threshold) = widened(self.schema, self.zero_threshold, self.zero_count, sides, threshold);
        self.zero_count = count;
        self.zero_threshold = threshold;
        for side in [&mut self.positive, &mut self.negative] {
            let mut kept = Side::default();
            for (index, count) in side.as_ref().iter() {
                let inner = exponential_bound(index - 1, self.schema.get());
                if inner >= threshold && !count.is_zero() {
                    kept.push(index, count);
                }
            }
            *side = kept;
        }
    }
}

/// What count and threshold the zero bucket would have if it reached at least to `threshold`.
pub(super) fn widened<C: Cell>(
    schema: Schema,
    current: f64,
    zero_count: C,
    (positive, negative): (SideRef<'_, C>, SideRef<'_, C>),
    mut threshold: f64,
) -> (C, f64) {
    if threshold <= current {
        return (zero_count, threshold);
    }
    loop {
        let mut count = zero_count;
        swallow(schema, positive, &mut count, &mut threshold);
        let reached = threshold;
        swallow(schema, negative, &mut count, &mut threshold);
        // When the negative side pushes the edge outwards, the positive side has to be looked at again.
        if reached == threshold {
            return (count, threshold);
        }
    }
}

/// Adds the buckets that start inside the threshold, and moves it out of the middle of a populated one.
fn swallow<C: Cell>(schema: Schema, side: SideRef<'_, C>, count: &mut C, threshold: &mut f64) {
    for (index, bucket) in side.iter() {
        if exponential_bound(index - 1, schema.get()) >= *threshold {
            return;
        }
        count.absorb(bucket);
        let outer = exponential_bound(index, schema.get());
        if outer > *threshold {
            if !bucket.is_zero() {
                *threshold = outer;
            }
            return;
        }
    }
}

/// The buckets at a resolution of `shift` schemas less. Empty buckets stay.
pub(super) fn reduced<C: Cell>(side: SideRef<'_, C>, shift: i32) -> Side<C> {
    let mut out: Side<C> = Side::with_capacity(side.spans.len(), side.counts.len());
    for (index, count) in side.iter() {
        let target = ((index - 1) >> shift) + 1;
        match out.last_at(target) {
            Some(last) => last.absorb(count),
            None => out.push(target, count),
        }
    }
    out
}

fn compact<C: Cell>(side: &mut Side<C>, max_empty: usize) {
    if max_empty == 0 {
        if side.counts.iter().any(|c| c.is_zero()) {
            side.retain(|count| !count.is_zero());
        }
        return;
    }
    let mut out = Side::with_capacity(side.spans.len(), side.counts.len());
    let mut next = None;
    for (index, count) in side.as_ref().iter().filter(|(_, count)| !count.is_zero()) {
        let gap = next.map_or(0..0, |next| next..index);
        if gap.len() <= max_empty {
            gap.for_each(|empty| out.push(empty, C::new(0.0)));
        }
        out.push(index, count);
        next = Some(index + 1);
    }
    *side = out;
}

#[cfg(test)]
mod tests {
    use crate::histogram::testing::h;
    use crate::histogram::{FloatHistogram, HistogramParts, Schema, Span};

    #[test]
    fn reduction_merges_neighbours() {
        let mut fine = h("{{schema:1 count:10 offset:-3 buckets:[1 2 3 4]}}");
        fine.reduce_to(Schema::new(0).unwrap());
        assert_eq!(fine, h("{{schema:0 count:10 offset:-1 buckets:[3 7]}}"));
        fine.reduce_to(Schema::MAX);
        assert_eq!(fine.view().schema().get(), 0);
    }

    #[test]
    fn compaction_at_both_settings() {
        let span = |offset, length| Span { offset, length };
        let parts = HistogramParts {
            positive_spans: vec![span(0, 6)],
            positive_counts: vec![0.0, 1.0, 0.0, 0.0, 2.0, 0.0],
            ..HistogramParts::default()
        };
        let base = FloatHistogram::from_parts(parts).unwrap();
        for (max_empty, spans, counts) in [
            (0, vec![span(1, 1), span(2, 1)], vec![1.0, 2.0]),
            (1, vec![span(1, 1), span(2, 1)], vec![1.0, 2.0]),
            (2, vec![span(1, 4)], vec![1.0, 0.0, 0.0, 2.0]),
        ] {
            let mut compacted = base.clone();
            compacted.compact(max_empty);
            assert_eq!(compacted.view().positive_spans(), spans);
            assert_eq!(compacted.view().positive_counts(), counts);
            compacted.compact(max_empty);
            assert_eq!(compacted.view().positive_counts(), counts);
        }
    }
}
