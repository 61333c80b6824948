//! Whether a counter was reset between two histograms.

use super::bounds::exponential_bound;
use super::cells::reduced;
use super::custom::{roll_up, shared_bounds};
use super::side::SideRef;
use super::{CounterResetHint, HistogramView};

impl HistogramView<'_> {
    /// Whether the counter was reset after `previous`, the histogram just before this one: a hint says so, or
    /// the count, the zero bucket or any other bucket shrank, or the layout changed as no living counter
    /// changes it. The sum does not matter.
    #[must_use]
    pub fn is_reset_after(self, previous: HistogramView<'_>) -> bool {
        match self.hint {
            CounterResetHint::Reset => return true,
            CounterResetHint::NotReset => return false,
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
        if self.count < previous.count {
            return true;
        }
        if self.schema.is_custom() && previous.schema.is_custom() {
            if self.custom_bounds != previous.custom_bounds {
                return self.shrank_at_shared_bounds(previous);
            }
            return shrank(self.positive, previous.positive, |_| true);
        }
        // Custom buckets have the least of all schema numbers, so that this finds the way back from them too.
        if self.schema.is_custom() || self.schema > previous.schema {
            return true;
        }
        self.zero_bucket_shrank(previous) || self.exponential_bucket_shrank(previous)
    }

    fn zero_bucket_shrank(self, previous: HistogramView<'_>) -> bool {
        if self.zero_threshold < previous.zero_threshold {
            return true;
        }
        let (count, threshold) = previous.widened_zero_bucket(self.zero_threshold);
        threshold != self.zero_threshold || self.zero_count < count
    }

    fn exponential_bucket_shrank(self, previous: HistogramView<'_>) -> bool {
        let (schema, threshold) = (self.schema.get(), self.zero_threshold);
        let shift = previous.schema.get() - schema;
        let outside_zero = |index| exponential_bound(index, schema) > threshold;
        let sides = [(self.positive, previous.positive), (self.negative, previous.negative)];
        sides.into_iter().any(|(current, previous)| {
            if shift > 0 {
                shrank(current, reduced(previous, shift).as_ref(), outside_zero)
            } else {
                shrank(current, previous, outside_zero)
            }
        })
    }

    fn shrank_at_shared_bounds(self, previous: HistogramView<'_>) -> bool {
        let shared = shared_bounds(self.custom_bounds, previous.custom_bounds);
        let rolled_up = |h: HistogramView<'_>| {
            let mut targets = vec![0.0; shared.len() + 1];
            roll_up(h.positive, h.custom_bounds, &shared, &mut targets, |target, count| *target += count);
            targets
        };
        rolled_up(self).iter().zip(rolled_up(previous)).any(|(&current, previous)| current < previous)
    }
}

/// Whether a bucket shrank or a populated one vanished; the first buckets that `counts` refuses are left out.
fn shrank(current: SideRef<'_>, previous: SideRef<'_>, counts: impl Fn(i32) -> bool) -> bool {
    let Some(first) = previous.first_index() else { return false };
    if current.spans == previous.spans && counts(first) {
        return current.counts.iter().zip(previous.counts).any(|(current, previous)| current < previous);
    }
    let mut current = current.iter().skip_while(|&(index, _)| !counts(index)).peekable();
    let previous = previous.iter().skip_while(|&(index, _)| !counts(index));
    for (index, count) in previous {
        while current.next_if(|&(i, _)| i < index).is_some() {}
        match current.peek() {
            Some(&(i, now)) if i == index && now < count => return true,
            Some(&(i, _)) if i == index => {}
            _ if count != 0.0 => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::histogram::CounterResetHint;
    use crate::histogram::testing::h;

    #[test]
    fn every_rule_decides() {
        for (previous, current, reset) in [
            ("{{count:4 buckets:[1 2 1]}}", "{{count:5 buckets:[1 2 2]}}", false),
            ("{{count:4 buckets:[1 2 1]}}", "{{count:3 buckets:[1 2 1]}}", true),
            ("{{count:4 buckets:[1 2 1]}}", "{{count:5 buckets:[1 1 3]}}", true),
            ("{{count:4 buckets:[1 2 1]}}", "{{count:5 buckets:[1 3]}}", true),
            ("{{count:4 buckets:[1 2 0]}}", "{{count:5 buckets:[1 3]}}", false),
            ("{{count:4 buckets:[1 2]}}", "{{count:5 offset:1 buckets:[5]}}", true),
            ("{{count:4 n_buckets:[1 2 1]}}", "{{count:5 n_buckets:[1 1 3]}}", true),
            ("{{schema:1 count:4 buckets:[1 2 1]}}", "{{schema:0 count:5 buckets:[1 3]}}", false),
            ("{{schema:1 count:4 buckets:[1 2 1]}}", "{{schema:0 count:5 buckets:[1 2]}}", true),
            ("{{schema:0 count:4 buckets:[1]}}", "{{schema:1 count:5 buckets:[1]}}", true),
            ("{{z_bucket_w:0.5 count:4}}", "{{z_bucket_w:0.1 count:4}}", true),
            (
                "{{z_bucket_w:0.1 z_bucket:1 count:2 offset:-2 buckets:[1]}}",
                "{{z_bucket_w:0.25 z_bucket:2 count:2}}",
                false,
            ),
            (
                "{{z_bucket_w:0.1 z_bucket:1 count:2 offset:-2 buckets:[1]}}",
                "{{z_bucket_w:0.2 z_bucket:2 count:2}}",
                true,
            ),
            (
                "{{z_bucket_w:0.1 z_bucket:1 count:2 offset:-2 buckets:[1]}}",
                "{{z_bucket_w:0.25 z_bucket:1 count:2}}",
                true,
            ),
            ("{{count:1 buckets:[1]}}", "{{schema:-53 count:1 custom_values:[1] buckets:[1]}}", true),
            ("{{schema:-53 count:1 custom_values:[1] buckets:[1]}}", "{{count:1 buckets:[1]}}", true),
            (
                "{{schema:-53 count:2 custom_values:[-2 1] buckets:[1 1]}}",
                "{{schema:-53 count:2 custom_values:[-2 1] buckets:[0 2]}}",
                true,
            ),
            (
                "{{schema:-53 count:2 custom_values:[1 2] buckets:[1 1]}}",
                "{{schema:-53 count:2 custom_values:[2 3] buckets:[2]}}",
                false,
            ),
            (
                "{{schema:-53 count:2 custom_values:[1 2] buckets:[1 1]}}",
                "{{schema:-53 count:2 custom_values:[2 3] buckets:[1 1]}}",
                true,
            ),
            ("{{count:1 sum:5}}", "{{count:NaN sum:4}}", false),
        ] {
            let (previous, current) = (h(previous), h(current));
            assert_eq!(
                current.view().is_reset_after(previous.view()),
                reset,
                "{} after {}",
                current.view(),
                previous.view()
            );
        }
    }

    #[test]
    fn hints_come_first() {
        let (big, small) = (h("{{count:9 buckets:[9]}}"), h("{{count:1 buckets:[1]}}"));
        assert!(big.view().with_hint(CounterResetHint::Reset).is_reset_after(small.view()));
        assert!(!small.view().with_hint(CounterResetHint::NotReset).is_reset_after(big.view()));
        assert!(small.view().with_hint(CounterResetHint::Gauge).is_reset_after(big.view()));
    }
}
