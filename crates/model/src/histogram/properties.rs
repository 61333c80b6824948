//! Laws that hold for any histogram.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::cells::Cells;
use super::numeric::{Cell, Kahan};
use super::{
    CounterResetHint, FloatHistogram, HistogramAvg, HistogramColumn, HistogramParts, HistogramSum,
    HistogramSumColumn, HistogramView, Schema, Span,
};

/// Spans and small whole counts, some of them 0: sums of those are exact in any order.
fn side(first: std::ops::Range<i32>) -> impl Strategy<Value = (Vec<Span>, Vec<f64>)> {
    let runs = vec((0i32..4, vec(0u8..5, 0..4)), 0..4);
    (first, runs).prop_map(|(first, runs)| {
        let mut spans = Vec::new();
        let mut counts = Vec::new();
        for (i, (gap, run)) in runs.into_iter().enumerate() {
            spans.push(Span { offset: if i == 0 { first } else { gap }, length: run.len() as u32 });
            counts.extend(run.into_iter().map(f64::from));
        }
        (spans, counts)
    })
}

fn with_totals(mut parts: HistogramParts) -> FloatHistogram {
    let buckets: f64 = parts.positive_counts.iter().chain(&parts.negative_counts).sum();
    parts.count = buckets + parts.zero_count;
    FloatHistogram::from_parts(parts).expect("a sound layout")
}

const THRESHOLDS: &[f64] = &[0.0, 0.001, 0.3, 0.5, 1.0, 3.0];

fn exponential() -> impl Strategy<Value = FloatHistogram> {
    exponential_of(-4i32..=8, THRESHOLDS)
}

fn exponential_of(
    schemas: impl Strategy<Value = i32>,
    thresholds: &'static [f64],
) -> impl Strategy<Value = FloatHistogram> {
    (schemas, prop::sample::select(thresholds), 0u8..4, side(-6..6), side(-6..6), -100i32..100).prop_map(
        |(schema, zero_threshold, zero_count, positive, negative, sum)| {
            let mut histogram = with_totals(HistogramParts {
                schema,
                zero_count: f64::from(zero_count),
                sum: f64::from(sum),
                positive_spans: positive.0,
                positive_counts: positive.1,
                negative_spans: negative.0,
                negative_counts: negative.1,
                ..HistogramParts::default()
            });
            // No bucket starts within the zero bucket, as with all histograms that are measured.
            if zero_threshold > 0.0 {
                histogram.0.widen(zero_threshold);
            }
            histogram
        },
    )
}

fn custom() -> impl Strategy<Value = FloatHistogram> {
    let bounds = prop::sample::subsequence(vec![-4.0, -1.0, 0.0, 0.5, 1.0, 2.0, 5.0, 10.0], 0..=8);
    (bounds, vec(0u8..5, 9), -100i32..100).prop_map(|(custom_bounds, counts, sum)| {
        let length = custom_bounds.len() + 1;
        with_totals(HistogramParts {
            schema: Schema::CUSTOM.get(),
            sum: f64::from(sum),
            positive_spans: vec![Span { offset: 0, length: length as u32 }],
            positive_counts: counts[..length].iter().copied().map(f64::from).collect(),
            custom_bounds,
            ..HistogramParts::default()
        })
    })
}

fn any_histogram() -> impl Strategy<Value = FloatHistogram> {
    prop_oneof![exponential(), custom()]
}

/// Two histograms that can be added. They have one schema or no zero thresholds: a threshold amid a bucket of
/// the coarser schema makes Prometheus count what is below it twice, if the finer histogram is on the right.
fn pair() -> impl Strategy<Value = (FloatHistogram, FloatHistogram)> {
    let one_schema = (-4i32..=8)
        .prop_flat_map(|s| (exponential_of(Just(s), THRESHOLDS), exponential_of(Just(s), THRESHOLDS)));
    let no_thresholds = (exponential_of(-4i32..=8, &[0.0]), exponential_of(-4i32..=8, &[0.0]));
    prop_oneof![one_schema, no_thresholds, (custom(), custom())]
}

fn compacted(histogram: &FloatHistogram) -> FloatHistogram {
    let mut out = histogram.clone();
    out.compact(0);
    out
}

fn bucket_sum(histogram: HistogramView<'_>) -> f64 {
    let buckets = histogram.positive_counts().iter().chain(histogram.negative_counts());
    buckets.sum::<f64>() + histogram.zero_count()
}

/// A sum worked out bucket by bucket in a map: for histograms of one schema and no zero threshold.
fn naive_sum(a: HistogramView<'_>, b: HistogramView<'_>) -> [BTreeMap<i32, f64>; 2] {
    let mut out = [BTreeMap::new(), BTreeMap::new()];
    for h in [a, b] {
        for (map, side) in out.iter_mut().zip([h.positive, h.negative]) {
            side.iter().for_each(|(index, count)| *map.entry(index).or_insert(0.0) += count);
        }
    }
    out
}

proptest! {
    #[test]
    fn addition_commutes((a, b) in pair()) {
        let (ab, seen_ab) = a.view().plus(b.view()).unwrap();
        let (ba, seen_ba) = b.view().plus(a.view()).unwrap();
        prop_assert_eq!(ab, ba);
        prop_assert_eq!(seen_ab, seen_ba);
    }

    #[test]
    fn addition_loses_no_observation((a, b) in pair()) {
        let mut sum = a.clone();
        sum.add(b.view()).unwrap();
        prop_assert_eq!(bucket_sum(sum.view()), bucket_sum(a.view()) + bucket_sum(b.view()));
        prop_assert_eq!(sum.view().count(), bucket_sum(sum.view()));
    }

    #[test]
    fn addition_agrees_with_a_map_of_buckets(a in exponential(), b in exponential()) {
        let flat = |h: &FloatHistogram| FloatHistogram(Cells { schema: Schema::default(), zero_threshold: 0.0, ..h.0.clone() });
        let (a, b) = (flat(&a), flat(&b));
        let mut sum = a.clone();
        sum.add(b.view()).unwrap();
        for (side, map) in [sum.view().positive, sum.view().negative].into_iter().zip(naive_sum(a.view(), b.view())) {
            prop_assert_eq!(side.iter().collect::<Vec<_>>(), map.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn subtraction_undoes_addition((a, b) in pair()) {
        let (sum, _) = a.view().plus(b.view()).unwrap();
        let (back, _) = sum.view().minus(b.view()).unwrap();
        // The layout stays as coarse as the sum made it.
        let mut expected = a.clone();
        expected.add(b.view().times(0.0).view()).unwrap();
        if sum.view().schema() == a.view().schema() && sum.view().zero_threshold() == a.view().zero_threshold()
            && sum.view().custom_bounds() == a.view().custom_bounds()
        {
            prop_assert_eq!(&back, &compacted(&a));
        }
        prop_assert_eq!(back.view().count(), expected.view().count());
        prop_assert_eq!(bucket_sum(back.view()), bucket_sum(expected.view()));
    }

    #[test]
    fn compensated_sums_of_whole_numbers_are_plain_sums((a, b) in pair()) {
        let mut plain = a.clone();
        plain.add(b.view()).unwrap();
        let mut sum = HistogramSum::new(a.view());
        sum.add(b.view()).unwrap();
        prop_assert_eq!(sum.finish(), plain);
    }

    #[test]
    fn an_average_of_equals_is_the_same_again(a in any_histogram(), n in 1usize..5) {
        let mut avg = HistogramAvg::new(a.view());
        for _ in 1..n {
            avg.add(a.view()).unwrap();
        }
        prop_assert!(avg.finish().view().almost_equals(a.view()));
    }

    #[test]
    fn compaction_keeps_what_is_read(a in any_histogram(), max_empty in 0usize..5, q in 0.0f64..=1.0) {
        let mut b = a.clone();
        b.compact(max_empty);
        prop_assert_eq!(compacted(&b), compacted(&a));
        prop_assert_eq!(a.view().populated_buckets().collect::<Vec<_>>(), b.view().populated_buckets().collect::<Vec<_>>());
        prop_assert_eq!(a.to_string(), b.to_string());
        // Which sides are *stored* may change, and with them where the zero bucket is taken to end.
        let stored = |h: &FloatHistogram| (h.0.positive.counts.is_empty(), h.0.negative.counts.is_empty());
        if stored(&a) == stored(&b) {
            let (x, y) = (a.view().quantile(q).value, b.view().quantile(q).value);
            prop_assert!(x == y || (x.is_nan() && y.is_nan()), "{} {}", x, y);
        }
    }

    #[test]
    fn bounds_ascend(a in any_histogram()) {
        // Without a zero threshold, since buckets wholly inside the zero bucket are cut to nothing and less.
        let a = FloatHistogram(Cells { zero_threshold: 0.0, ..a.0 });
        let buckets: Vec<_> = a.view().buckets().collect();
        prop_assert!(buckets.iter().all(|b| b.lower < b.upper || b.lower == 0.0));
        prop_assert!(buckets.windows(2).all(|w| w[0].upper <= w[1].lower));
        let mut back: Vec<_> = a.view().buckets().rev().collect();
        back.reverse();
        prop_assert_eq!(back, buckets);
    }

    #[test]
    fn quantiles_do_not_fall(a in any_histogram(), p in 0.0f64..=1.0, q in 0.0f64..=1.0) {
        let a = FloatHistogram(Cells { zero_threshold: 0.0, ..a.0 });
        let (low, high) = (a.view().quantile(p.min(q)).value, a.view().quantile(p.max(q)).value);
        prop_assert!(a.view().count() == 0.0 || high.is_nan() || low.is_nan() || low <= high + high.abs() * 1e-12, "{} {}", low, high);
    }

    #[test]
    fn fractions_add_up(a in exponential(), cut in -100.0f64..100.0) {
        let a = FloatHistogram(Cells { zero_threshold: 0.0, ..a.0 });
        let below = a.view().fraction(f64::NEG_INFINITY, cut).value;
        let above = a.view().fraction(cut, f64::INFINITY).value;
        prop_assert!(a.view().count() == 0.0 || (below + above - 1.0).abs() < 1e-12);
    }

    #[test]
    fn trimming_splits_the_observations(a in exponential(), cut in -20.0f64..20.0) {
        let (below, above) = (a.view().keep_below(cut), a.view().keep_above(cut));
        let total = below.view().count() + above.view().count();
        prop_assert!((total - a.view().count()).abs() < 1e-9, "{} of {}", total, a.view().count());
    }

    #[test]
    fn growing_counters_are_not_reset((a, b) in pair()) {
        let mut later = a.clone();
        later.add(b.view()).unwrap();
        prop_assert!(!later.view().is_reset_after(a.view()));
        // A change of the custom bounds hides what happened below them.
        if later.view().count() > a.view().count() {
            prop_assert!(a.view().is_reset_after(later.view()));
        }
    }

    #[test]
    fn resolution_falls_in_any_number_of_steps(a in exponential(), to in -4i32..=8) {
        let target = Schema::new(to).unwrap();
        let (mut once, mut stepwise) = (a.clone(), a.clone());
        once.reduce_to(target);
        for schema in (to..8).rev() {
            stepwise.reduce_to(Schema::new(schema).unwrap());
        }
        prop_assert_eq!(&once, &stepwise);
        prop_assert_eq!(bucket_sum(once.view()), bucket_sum(a.view()));
    }

    #[test]
    fn views_of_a_column_are_what_was_pushed(all in vec(any_histogram(), 1..12)) {
        let mut column = HistogramColumn::new();
        for round in 0..2 {
            let indices: Vec<u32> = all.iter().map(|h| column.push(h)).collect();
            prop_assert_eq!(column.len(), all.len());
            for (&i, h) in indices.iter().zip(&all) {
                let view = column.get(i);
                prop_assert_eq!(&view.to_owned(), h);
                prop_assert!(view == h.view() && view.hint() == h.view().hint());
                prop_assert_eq!(view.size(), h.view().size());
                prop_assert_eq!(view.to_string(), h.to_string());
                prop_assert_eq!(view.quantile(0.3).value.to_bits(), h.view().quantile(0.3).value.to_bits());
            }
            column.clear();
            prop_assert!(column.is_empty(), "round {}", round);
        }
    }

    #[test]
    fn literals_read_back(a in any_histogram()) {
        let again = super::testing::h(&a.view().literal());
        prop_assert_eq!(compacted(&again), compacted(&a));
    }

    #[test]
    fn classic_buckets_come_back(a in custom()) {
        let classic = a.view().to_classic().unwrap();
        let again = super::from_classic(&classic, None, Some(a.view().sum())).unwrap();
        prop_assert_eq!(compacted(&again), compacted(&a));
    }

    #[test]
    fn compensation_never_hurts(values in vec(-1e6f64..1e6, 1..50)) {
        let mut sum = Kahan::new(0.0);
        values.iter().for_each(|&v| sum.add(v));
        // The same values in units that make the sum exact.
        let exact = values.iter().map(|v| (v * 2f64.powi(60)) as i128).sum::<i128>() as f64 / 2f64.powi(60);
        prop_assert!((sum.value() - exact).abs() <= exact.abs() * 1e-15 + 1e-15);
    }

    #[test]
    fn no_layout_panics(
        schema in -60i32..20,
        spans in vec((any::<i32>(), 0u32..4), 0..4),
        counts in vec(any::<f64>(), 0..6),
        bounds in vec(any::<f64>(), 0..3),
        threshold in any::<f64>(),
    ) {
        let spans: Vec<Span> = spans.into_iter().map(|(offset, length)| Span { offset, length }).collect();
        let parts = HistogramParts {
            schema,
            zero_threshold: threshold,
            positive_spans: spans,
            positive_counts: counts,
            custom_bounds: bounds,
            ..HistogramParts::default()
        };
        if let Ok(histogram) = FloatHistogram::from_parts(parts) {
            let view = histogram.view();
            let _ = (view.check_counts(), view.literal(), view.quantile(0.5), view.fraction(0.0, 1.0), view.stddev());
            let (sum, _) = view.plus(view).unwrap();
            prop_assert_eq!(sum.view().schema(), view.schema());
        }
    }
}

#[test]
fn neighbours_share_their_layout() {
    let histogram = super::testing::h("{{schema:2 count:6 buckets:[1 2 3]}}");
    let mut column = HistogramColumn::new();
    column.push(&histogram);
    let first = column.bytes();
    for _ in 0..1000 {
        column.push(&histogram);
    }
    assert!((column.bytes() - first) / 1000 <= 48 + 3 * 8, "{} bytes", column.bytes());
}

#[test]
fn weights_follow_the_size() {
    let histogram = super::testing::h("{{schema:-53 custom_values:[1 2] buckets:[1 2 3]}}");
    assert_eq!(histogram.view().size(), 168 + 8 * 6);
    assert_eq!(histogram.view().stored_weight(), 14);
    assert_eq!(histogram.view().result_weight(), 14);
    assert_eq!(histogram.view().without_buckets().size(), 168);
}

#[test]
fn staleness_is_in_the_sum() {
    assert!(FloatHistogram::stale().view().is_stale());
    assert!(!super::testing::h("{{sum:NaN}}").view().is_stale());
    let mut column = HistogramColumn::new();
    let i = column.push(&FloatHistogram::stale());
    assert!(column.get(i).is_stale());
}

/// Histograms in runs of one layout whose numbers mostly grow, now and then with hints and odd numbers.
fn grown() -> impl Strategy<Value = Vec<FloatHistogram>> {
    let odd = prop::sample::select(vec![-1.0, 0.5, 1e16, -1e16, 1e308, f64::NAN, f64::INFINITY, -0.0]);
    let growth = prop_oneof![40 => (0u8..3).prop_map(f64::from), 1 => odd];
    let hint = prop_oneof![
        9 => Just(CounterResetHint::Unknown),
        1 => prop::sample::select(vec![
            CounterResetHint::Reset,
            CounterResetHint::NotReset,
            CounterResetHint::Gauge,
        ]),
    ];
    let run = (any_histogram(), vec((vec(growth, 20), hint), 1..6)).prop_map(|(mut histogram, steps)| {
        let mut grow = |(growth, hint): (Vec<f64>, _)| {
            let mut growth = growth.into_iter().cycle();
            histogram.0.for_each(|number| *number += growth.next().expect("a cycle"));
            if histogram.0.schema.is_custom() {
                histogram.0.zero_count = 0.0;
            }
            histogram.clone().with_hint(hint)
        };
        steps.into_iter().map(&mut grow).collect::<Vec<_>>()
    });
    vec(run, 1..5).prop_map(|runs| runs.concat())
}

/// All numbers as bits, where any NaN is as good as another.
fn bits(histogram: &FloatHistogram) -> Vec<u64> {
    let bits = |v: f64| if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() };
    histogram.0.numbers().map(bits).collect()
}

proptest! {
    #[test]
    fn columns_find_the_resets_that_histograms_show(histograms in grown()) {
        let mut column = HistogramColumn::new();
        histograms.iter().for_each(|h| { column.push(h); });
        for (i, pair) in histograms.windows(2).enumerate() {
            let expected = pair[1].view().is_reset_after(pair[0].view());
            prop_assert_eq!(column.is_reset(i as u32, i as u32 + 1), expected, "{} {}", pair[0].view(), pair[1].view());
        }
    }

    #[test]
    fn columns_of_sums_add_as_single_sums_do(histograms in grown()) {
        let mut column = HistogramColumn::new();
        histograms.iter().for_each(|h| { column.push(h); });
        let mut sums = HistogramSumColumn::default();
        let Some(first) = sums.layout_of(histograms[0].view()) else { return Ok(()) };
        // A neighbour that must not be touched.
        let other = sums.start(first, histograms[0].view());
        let i = sums.start(first, histograms[0].view());
        let mut expected = HistogramSum::new(histograms[0].view());
        for (j, histogram) in histograms.iter().enumerate().skip(1) {
            let layout = sums.layout_of(histogram.view());
            if layout.is_some_and(|layout| sums.add(i, layout, &column, j as u32)) {
                expected.add(histogram.view()).unwrap();
            } else {
                prop_assert!(!histogram.view().is_plain() || !histogram.view().same_layout(histograms[0].view()));
            }
        }
        let sum = sums.sum(i);
        prop_assert_eq!(bits(&sum.finish()), bits(&expected.finish()));
        prop_assert!(sum.finish().view().same_layout(expected.finish().view()));
        prop_assert_eq!(sum.finish().view().hint(), expected.finish().view().hint());
        prop_assert_eq!(sum.hints_conflict(), expected.hints_conflict());
        prop_assert_eq!(bits(&sums.sum(other).finish()), bits(&histograms[0]));
    }

    #[test]
    fn copies_without_buckets_are_those_of_views(histograms in grown()) {
        let (mut column, mut copies) = (HistogramColumn::new(), HistogramColumn::new());
        for histogram in &histograms {
            let i = column.push(histogram);
            let copy = copies.push_totals(&column, i, CounterResetHint::NotReset);
            prop_assert_eq!(copies.get(copy), histogram.view().without_buckets());
            prop_assert_eq!(copies.hint(copy), CounterResetHint::NotReset);
        }
        let which: Vec<u32> = (0..column.len() as u32).rev().collect();
        let copied = copies.extend_with_totals(&column, &which, |_, from, i| {
            if i % 2 == 0 { from.hint(i) } else { CounterResetHint::Gauge }
        });
        prop_assert_eq!(copied.len(), which.len());
        for (copy, &i) in copied.zip(&which) {
            prop_assert_eq!(copies.get(copy), column.get(i).without_buckets());
            let hint = if i % 2 == 0 { column.hint(i) } else { CounterResetHint::Gauge };
            prop_assert_eq!(copies.hint(copy), hint);
        }
    }

    /// Buckets of `b` that `a` has already are added in their places, others are put between; both are sums by index.
    #[test]
    fn sums_in_place_are_sums((a, b) in (exponential_of(Just(0), &[0.0]), exponential_of(Just(0), &[0.0]))) {
        let mut whole = a.clone();
        whole.add(b.view()).unwrap();
        let layout = whole.clone();
        whole.add(b.view()).unwrap();
        prop_assert!(whole.view().same_layout(layout.view()));
        let sides = [whole.0.positive.as_ref(), whole.0.negative.as_ref()];
        let expected = naive_sum(layout.view(), b.view());
        for (side, expected) in sides.into_iter().zip(expected) {
            prop_assert_eq!(side.iter().collect::<BTreeMap<_, _>>(), expected);
        }
    }
}
