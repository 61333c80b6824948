//! Sums and differences.

use std::cmp::Ordering;

use super::HistogramView;
use super::bounds::exponential_bound;
use super::cells::{Cells, reduced, widened};
use super::custom::{roll_up, shared_bounds};
use super::numeric::{Cell, Kahan};
use super::side::{Places, Side, SideRef};

/// One histogram has exponential buckets, the other custom ones: there is no sum of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("histograms with exponential and with custom buckets cannot be combined")]
pub struct MixedSchemas;

/// What combining two histograms brought to light; both deserve an annotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Combined {
    /// One hint says that the counter was reset, the other that it was not. Binary operators drop the result
    /// then (warning "conflicting counter resets"); elsewhere it stands.
    pub hint_collision: bool,
    /// The custom bounds differ, and only the shared ones are left (info "mismatched custom buckets").
    pub bounds_reconciled: bool,
}

impl std::ops::BitOrAssign for Combined {
    fn bitor_assign(&mut self, other: Self) {
        self.hint_collision |= other.hint_collision;
        self.bounds_reconciled |= other.bounds_reconciled;
    }
}

impl<C: Cell> Cells<C> {
    /// Adds `sign · other`. On an error nothing has changed.
    pub(super) fn combine(&mut self, other: HistogramView<'_>, sign: f64) -> Result<Combined, MixedSchemas> {
        if self.schema.is_custom() != other.schema.is_custom() {
            return Err(MixedSchemas);
        }
        let (hint, hint_collision) = self.hint.merge(other.hint);
        self.hint = hint;
        self.count.add(sign * other.count);
        self.sum.add(sign * other.sum);
        let bounds_reconciled = self.schema.is_custom() && self.custom_bounds != other.custom_bounds;
        if bounds_reconciled {
            self.combine_at_shared_bounds(other, sign);
        } else if self.schema.is_custom() {
            merge(&mut self.positive, other.positive, sign, |_| true);
        } else {
            self.combine_exponential(other, sign);
        }
        Ok(Combined { hint_collision, bounds_reconciled })
    }

    fn combine_exponential(&mut self, other: HistogramView<'_>, sign: f64) {
        let zero_count = self.reconcile_zero_buckets(other);
        self.zero_count.add(sign * zero_count);
        self.reduce_to(other.schema);
        let (schema, threshold) = (self.schema.get(), self.zero_threshold);
        let shift = other.schema.get() - schema;
        let outside_zero = |index| exponential_bound(index, schema) > threshold;
        for (side, added) in [(&mut self.positive, other.positive), (&mut self.negative, other.negative)] {
            if shift > 0 {
                merge(side, reduced(added, shift).as_ref(), sign, outside_zero);
            } else {
                merge(side, added, sign, outside_zero);
            }
        }
    }

    /// Raises the zero threshold until it suits both; returns what `other` has within it.
    fn reconcile_zero_buckets(&mut self, other: HistogramView<'_>) -> f64 {
        let (mut count, mut threshold) = (other.zero_count, other.zero_threshold);
        while threshold != self.zero_threshold {
            if self.zero_threshold > threshold {
                (count, threshold) = other.widened_zero_bucket(self.zero_threshold);
            }
            if threshold > self.zero_threshold {
                self.widen(threshold);
            }
        }
        count
    }

    fn combine_at_shared_bounds(&mut self, other: HistogramView<'_>, sign: f64) {
        let shared = shared_bounds(&self.custom_bounds, other.custom_bounds);
        let mut targets = vec![Kahan::new(0.0); shared.len() + 1];
        roll_up(self.positive.as_ref(), &self.custom_bounds, &shared, &mut targets, |target, count| {
            target.absorb(count.compensated());
        });
        roll_up(other.positive, other.custom_bounds, &shared, &mut targets, |target, count| {
            target.add(sign * count);
        });
        self.positive.clear();
        for (index, target) in targets.into_iter().enumerate() {
            let cell = C::from_compensated(target);
            if !cell.is_zero() {
                self.positive.push(index as i32, cell);
            }
        }
        self.custom_bounds = shared;
    }
}

impl HistogramView<'_> {
    /// Count and threshold of the zero bucket if it reached at least to `threshold`.
    pub(super) fn widened_zero_bucket(self, threshold: f64) -> (f64, f64) {
        widened(self.schema, self.zero_threshold, self.zero_count, (self.positive, self.negative), threshold)
    }
}

/// Adds the buckets of `other`, without the first ones that `counts` refuses.
fn merge<C: Cell>(side: &mut Side<C>, other: SideRef<'_>, sign: f64, counts: impl Fn(i32) -> bool) {
    let Some(first) = other.first_index() else { return };
    if side.spans == other.spans && counts(first) {
        side.counts.iter_mut().zip(other.counts).for_each(|(cell, &count)| cell.add(sign * count));
        return;
    }
    if counts(first) && added_in_place(side, other, sign) {
        return;
    }
    let mut out = Side::with_capacity(side.spans.len() + 1, side.counts.len().max(other.counts.len()));
    let mut left = side.as_ref().iter().peekable();
    let mut right = other.iter().skip_while(|&(index, _)| !counts(index)).peekable();
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => break,
        };
        let ours = if order.is_le() { left.next() } else { None };
        let theirs = if order.is_ge() { right.next() } else { None };
        match (ours, theirs) {
            (Some((index, mut cell)), Some((_, count))) => {
                cell.add(sign * count);
                out.push(index, cell);
            }
            (Some((index, cell)), None) => out.push(index, cell),
            (None, Some((index, count))) => out.push(index, C::new(sign * count)),
            (None, None) => unreachable!("one side was peeked"),
        }
    }
    drop(left);
    *side = out;
}

/// Adds the buckets of `other` if there are places for all of them already; else does nothing and says so.
fn added_in_place<C: Cell>(side: &mut Side<C>, other: SideRef<'_>, sign: f64) -> bool {
    let mut places = Places::new(&side.spans);
    if !other.runs().all(|(first, run)| places.find(first, run.len()).is_some()) {
        return false;
    }
    let mut places = Places::new(&side.spans);
    for (first, run) in other.runs() {
        let place = places.find(first, run.len()).expect("invariant: found before");
        let cells = side.counts[place..place + run.len()].iter_mut();
        cells.zip(run).for_each(|(cell, &count)| cell.add(sign * count));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::CounterResetHint;
    use crate::histogram::testing::h;

    fn plus(a: &str, b: &str) -> (String, Combined) {
        let (sum, seen) = h(a).view().plus(h(b).view()).unwrap();
        (sum.view().literal(), seen)
    }

    #[test]
    fn sums_at_the_coarser_schema() {
        let coarse = "{{schema:-1 sum:4 count:1 buckets:[1] offset:1}}";
        let fine = "{{schema:0 sum:4 count:4 buckets:[2 2] offset:1}}";
        let sum = "{{schema:-1 count:5 sum:8 offset:1 buckets:[5]}}";
        assert_eq!(plus(coarse, fine), (sum.into(), Combined::default()));
        assert_eq!(plus(fine, coarse), (sum.into(), Combined::default()));
    }

    #[test]
    fn zero_bucket_swallows_what_it_reaches() {
        let a = "{{z_bucket:1 z_bucket_w:0.001 offset:-2 buckets:[3 4 5]}}";
        let b = "{{z_bucket:2 z_bucket_w:0.3}}";
        let sum = "{{z_bucket:10 z_bucket_w:0.5 buckets:[5]}}";
        assert_eq!(plus(a, b).0, sum);
        assert_eq!(plus(b, a).0, sum);
        // The negative side pushes the threshold to 1, which swallows a positive bucket more.
        let c = "{{z_bucket_w:0.001 offset:-2 buckets:[3 4 5] n_buckets:[7]}}";
        assert_eq!(plus(c, "{{z_bucket_w:0.6}}").0, "{{z_bucket:19 z_bucket_w:1}}");
    }

    #[test]
    fn custom_bounds_meet_at_the_shared_ones() {
        let a = "{{schema:-53 sum:1 count:1 custom_values:[10] buckets:[1]}}";
        let b = "{{schema:-53 sum:1 count:1 custom_values:[2 10] buckets:[1]}}";
        let (sum, seen) = plus(a, b);
        assert_eq!(sum, "{{schema:-53 count:2 sum:2 custom_values:[10] buckets:[2]}}");
        assert!(seen.bounds_reconciled);

        let last = "{{schema:-53 sum:55 count:15 custom_values:[2 4 6] buckets:[1 2 5 7]}}";
        let now = "{{schema:-53 sum:555 count:450 custom_values:[1 2 3 4 5 6 7 8] buckets:[10 20 30 40 50 60 70 80 90]}}";
        let (difference, seen) = h(now).view().minus(h(last).view()).unwrap();
        let expected = h("{{schema:-53 sum:500 count:435 custom_values:[2 4 6] buckets:[29 68 105 233]}}");
        assert_eq!(difference, expected);
        assert!(seen.bounds_reconciled);

        let (disjoint, _) = plus(a, "{{schema:-53 sum:1 count:1 custom_values:[3] buckets:[1]}}");
        assert_eq!(disjoint, "{{schema:-53 count:2 sum:2 custom_values:[] buckets:[2]}}");
    }

    #[test]
    fn exponential_and_custom_do_not_mix() {
        let custom = h("{{schema:-53 sum:1 count:1 custom_values:[10] buckets:[1]}}");
        let mut exponential = h("{{count:1 sum:1 buckets:[1]}}");
        let before = exponential.clone();
        assert_eq!(exponential.add(custom.view()), Err(MixedSchemas));
        assert_eq!(exponential, before);
        assert_eq!(custom.view().minus(before.view()).unwrap_err(), MixedSchemas);
    }

    #[test]
    fn conflicting_hints_are_told() {
        let hinted = |hint| h("{{count:1 sum:1 buckets:[1]}}").with_hint(hint);
        let (sum, seen) =
            hinted(CounterResetHint::Reset).view().plus(hinted(CounterResetHint::NotReset).view()).unwrap();
        assert!(seen.hint_collision);
        assert_eq!(sum.view().hint(), CounterResetHint::Unknown);
    }

    #[test]
    fn differences_may_be_negative() {
        let m = h("{{count:4 sum:4 buckets:[1 2 1]}}");
        let (difference, _) = m.view().minus(m.view().times(2.0).view()).unwrap();
        assert_eq!(
            difference.view().literal(),
            "{{count:-4 sum:-4 counter_reset_hint:gauge buckets:[-1 -2 -1]}}"
        );
    }
}
