//! The rate family over histograms against a twin that looks at every window anew, sample by sample.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramParts, HistogramView, Span};
use promqlite_model::{Annotation, Samples};
use proptest::prelude::*;

use super::*;
use crate::range::start_time;

#[derive(Debug)]
enum Point {
    Float(f64),
    Histogram(FloatHistogram),
}

/// One window as the definition reads.
struct Naive<'a> {
    counter: bool,
    /// What the change is divided by.
    per: f64,
    starts: bool,
    window: Samples<'a>,
    notes: &'a mut Annotations,
}

impl Naive<'_> {
    fn note(&mut self, annotation: Annotation) {
        self.notes.add(annotation, Some(Pos(0)));
    }

    fn at(&self, i: usize) -> HistogramView<'_> {
        self.window.histogram(i).expect("a histogram")
    }

    fn is_reset(&self, i: usize) -> bool {
        let values = self.window.values;
        let smaller = match (self.window.histogram(i - 1), self.window.histogram(i)) {
            (Some(before), Some(now)) => now.is_reset_after(before),
            _ => values[i] < values[i - 1],
        };
        smaller || (self.starts && start_time::restarted(&self.window, i))
    }

    fn point(&mut self, begin: i64, end: i64) -> Option<Point> {
        let n = self.window.len();
        let zero = if n > 0 && self.starts { start_time::known_zero(&self.window, 0, begin) } else { None };
        if n < 2 && (n == 0 || zero.is_none()) {
            return None;
        }
        if self.starts && (1..n).any(|i| start_time::overlaps(&self.window, i)) {
            self.note(Annotation::OverlappingStartTime { metric: "m".into(), occurrences: 1 });
        }
        let histograms = (0..n).filter(|&i| self.window.histogram(i).is_some()).count();
        if histograms != 0 && histograms != n {
            self.note(Annotation::MixedFloatsHistograms { metric: "m".into() });
            return None;
        }
        if histograms == 0 {
            let change = self.change_of_floats(zero.is_some());
            let factor = self.factor(begin, end, zero, (self.window.values[0], change));
            return Some(Point::Float(change * factor));
        }
        let mut change = self.change_of_histograms(zero.is_some())?;
        change.mul(self.factor(begin, end, zero, (self.at(0).count(), change.view().count())));
        Some(Point::Histogram(change))
    }

    fn change_of_floats(&self, known_zero: bool) -> f64 {
        let values = self.window.values;
        let mut change = values[values.len() - 1] - values[0];
        for i in (1..values.len()).filter(|&i| self.counter && self.is_reset(i)) {
            change += values[i - 1];
        }
        if known_zero { change + values[0] } else { change }
    }

    fn change_of_histograms(&mut self, known_zero: bool) -> Option<FloatHistogram> {
        let n = self.window.len();
        let gauge = |h: HistogramView<'_>| h.hint() == CounterResetHint::Gauge;
        if self.counter && (0..n).any(|i| gauge(self.at(i))) {
            self.note(Annotation::HistogramNotCounter { metric: "m".into() });
        }
        if n == 1 {
            return Some(self.at(0).to_owned());
        }
        let mut used: Vec<FloatHistogram> = (0..n).map(|i| self.at(i).to_owned()).collect();
        let original = used[0].clone();
        if self.counter && self.is_reset(1) {
            used[0] = FloatHistogram::empty_like(self.at(1));
        }
        let resets: Vec<usize> = (2..n).filter(|&i| self.counter && self.is_reset(i)).collect();
        if !self.counter {
            used = vec![used[0].clone(), used[n - 1].clone()];
        }
        let schemas = || used.iter().map(|h| h.view().schema());
        if schemas().any(|schema| schema.is_custom() != used[0].view().schema().is_custom()) {
            self.note(Annotation::MixedExponentialCustom { metric: "m".into() });
            return None;
        }
        let mut change = used[used.len() - 1].clone();
        change.reduce_to(schemas().min().expect("two samples"));
        if change.sub(used[0].view()).expect("one kind").bounds_reconciled {
            self.note(Annotation::ReconciledCustomBuckets("subtraction"));
        }
        if !self.counter && used.iter().any(|h| !gauge(h.view())) {
            self.note(Annotation::HistogramNotGauge { metric: "m".into() });
        }
        for added in resets.iter().map(|&i| &used[i - 1]).chain(known_zero.then_some(&original)) {
            match change.add(added.view()) {
                Ok(seen) if seen.bounds_reconciled => {
                    self.note(Annotation::ReconciledCustomBuckets("addition"));
                }
                Ok(_) => {}
                Err(_) => {
                    self.note(Annotation::MixedExponentialCustom { metric: "m".into() });
                    return None;
                }
            }
        }
        change.set_hint(CounterResetHint::Gauge);
        change.compact(0);
        Some(change)
    }

    fn factor(&self, begin: i64, end: i64, zero: Option<i64>, (first, change): (f64, f64)) -> f64 {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        let (t, n) = (self.window.times, self.window.len());
        let mut sampled = seconds(t[n - 1] - t[0]);
        let gap = if n == 1 { 0.0 } else { sampled / (n - 1) as f64 };
        let (mut before, mut after) = (seconds(t[0] - begin), seconds(end - t[n - 1]));
        if let Some(zero) = zero {
            (before, sampled) = (0.0, seconds(t[n - 1] - zero));
        } else {
            if before >= gap * 1.1 {
                before = gap / 2.0;
            }
            if self.counter && change > 0.0 && first >= 0.0 && sampled * (first / change) < before {
                before = sampled * (first / change);
            }
        }
        if after >= gap * 1.1 {
            after = gap / 2.0;
        }
        let factor = if sampled == 0.0 { 1.0 } else { (sampled + before + after) / sampled };
        factor / self.per
    }
}

/// The layouts that a series changes between; some hold buckets inside their zero bucket, or explicit empty ones.
fn layout(which: usize) -> HistogramParts {
    let span = |offset, length| Span { offset, length };
    let (schema, zero_threshold, positive, negative) = match which {
        0 => (1, 0.001, vec![span(0, 2), span(1, 2)], vec![span(0, 2), span(1, 2)]),
        1 => (1, 0.001, vec![span(0, 5)], vec![span(0, 2), span(1, 2)]),
        2 => (3, 0.0, vec![span(-5, 2), span(2, 3), span(2, 2)], vec![]),
        3 => (1, 0.7, vec![span(-3, 4)], vec![span(-1, 3)]),
        4 => (0, 0.001, vec![], vec![span(2, 1)]),
        5 | 6 => (-53, 0.0, vec![span(0, 2), span(1, 2)], vec![]),
        _ => (-53, 0.0, vec![span(0, 3)], vec![]),
    };
    let custom_bounds = match which {
        5 => vec![0.0, 1.0, 2.0, 3.0, 4.0],
        6 => vec![0.0, 1.0, 2.5, 3.0, 4.0],
        7.. => vec![1.0, 3.0],
        _ => vec![],
    };
    let counts = |spans: &[Span]| vec![0.0; spans.iter().map(|s| s.length as usize).sum()];
    let (positive_counts, negative_counts) = (counts(&positive), counts(&negative));
    HistogramParts {
        schema,
        zero_threshold,
        positive_spans: positive,
        positive_counts,
        negative_spans: negative,
        negative_counts,
        custom_bounds,
        ..HistogramParts::default()
    }
}

fn hint() -> impl Strategy<Value = CounterResetHint> {
    use CounterResetHint::{Gauge, NotReset, Reset, Unknown};
    prop_oneof![30 => Just(Unknown), 2 => Just(NotReset), 1 => Just(Reset), 1 => Just(Gauge)]
}

/// What happens between two samples of a series.
#[derive(Clone, Debug)]
struct Step {
    gap_ms: i64,
    /// Another layout, or none.
    layout: Option<usize>,
    hint: CounterResetHint,
    is_float: bool,
    /// A reset to nothing.
    restart: bool,
    /// What each number grows by; one may shrink or be hostile.
    growth: Vec<f64>,
    start_ms: i64,
}

fn step(layouts: std::ops::Range<usize>, gauge: bool) -> impl Strategy<Value = Step> {
    let growth = prop_oneof![
        60 => (0..4_u8).prop_map(f64::from),
        1 => Just(-1.0),
        1 => prop::sample::select(vec![0.1, 1e16, f64::NAN, f64::INFINITY, 1e308, -1e308]),
    ];
    let layout = prop_oneof![12 => Just(None), 1 => layouts.prop_map(Some)];
    let hint = hint().prop_map(move |hint| if gauge { CounterResetHint::Gauge } else { hint });
    let rare = |odds: u8| (0..odds).prop_map(|n| n == 0);
    let gap = prop_oneof![8 => Just(1000_i64), 2 => 1..3_000_i64, 1 => 10_000..60_000_i64];
    let start = prop_oneof![6 => Just(0), 2 => Just(1), 3 => -4_000..30_000_i64];
    (gap, layout, hint, rare(60), rare(25), prop::collection::vec(growth, 12), start).prop_map(
        |(gap_ms, layout, hint, is_float, restart, growth, start_ms)| Step {
            gap_ms,
            layout,
            hint,
            is_float,
            restart,
            growth,
            start_ms,
        },
    )
}

fn buffer(steps: &[Step], first_layout: usize) -> SampleBuf {
    let mut buf = SampleBuf::default();
    let (mut t, mut parts) = (0, layout(first_layout));
    for step in steps {
        t += step.gap_ms;
        if let Some(which) = step.layout {
            let totals = (parts.count, parts.sum, parts.zero_count);
            parts = layout(which);
            (parts.count, parts.sum, parts.zero_count) = totals;
        }
        let numbers = [&mut parts.count, &mut parts.sum, &mut parts.zero_count];
        let buckets = parts.positive_counts.iter_mut().chain(&mut parts.negative_counts);
        for (number, growth) in numbers.into_iter().chain(buckets).zip(step.growth.iter().cycle()) {
            *number = if step.restart { growth.abs() } else { *number + growth };
        }
        if parts.schema == -53 {
            parts.zero_count = 0.0;
        }
        parts.hint = step.hint;
        let histogram = FloatHistogram::from_parts(parts.clone()).expect("a valid histogram");
        if step.is_float {
            buf.push(t, parts.count);
        } else {
            buf.push_histogram(t, histogram.view());
        }
        // 1 stands for a counter that started with the series, others for times around the sample.
        buf.set_start_time(if step.start_ms > 1 { t - step.start_ms } else { step.start_ms });
    }
    buf
}

fn buffers() -> impl Strategy<Value = SampleBuf> {
    let kinds = prop::sample::select(vec![0..1_usize, 0..2, 0..5, 5..6, 5..8, 0..8]);
    (kinds, prop::bool::weighted(0.15)).prop_flat_map(|(layouts, gauge)| {
        let first = layouts.start;
        prop::collection::vec(step(layouts, gauge), 0..60).prop_map(move |steps| buffer(&steps, first))
    })
}

fn setups() -> impl Strategy<Value = Setup> {
    let range = prop::sample::select(vec![1_000_i64, 2_500, 8_000, 30_000, 100_000]);
    let end_step = prop::sample::select(vec![0_i64, 500, 1_000, 3_300, 20_000]);
    (range, end_step, -2_000..20_000_i64, 1..70_usize, any::<bool>()).prop_map(
        |(range, end_step, first_end, len, start_times)| Setup {
            first_end,
            end_step,
            len,
            range,
            lookback: 300_000,
            args: vec![],
            start_times,
        },
    )
}

/// To the bit, except that any NaN is as good as another.
fn same_numbers(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

fn same(a: HistogramView<'_>, b: HistogramView<'_>) -> bool {
    let numbers = |h: HistogramView<'_>| {
        let totals = [h.count(), h.sum(), h.zero_count()];
        [&totals, h.positive_counts(), h.negative_counts()].concat()
    };
    (a.schema(), a.hint(), a.positive_spans(), a.negative_spans(), a.custom_bounds())
        == (b.schema(), b.hint(), b.positive_spans(), b.negative_spans(), b.custom_bounds())
        && a.zero_threshold() == b.zero_threshold()
        && numbers(a).iter().zip(numbers(b)).all(|(&a, b)| same_numbers(a, b))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn rates_of_histograms_equal_those_of_fresh_windows(buf in buffers(), setup in setups()) {
        let samples = buf.samples();
        for name in ["rate", "increase", "delta"] {
            let outcome = run(name, Way::Mixed, samples, &setup);
            let windows = setup.windows(samples);
            let mut notes = Annotations::default();
            for k in 0..setup.len {
                let (begin, end) = (windows.begin(k), windows.end(k));
                let inside = |bound: i64| samples.times.partition_point(|&t| t <= bound);
                let mut naive = Naive {
                    counter: name != "delta",
                    per: if name == "rate" { setup.range as f64 / 1000.0 } else { 1.0 },
                    starts: setup.start_times && name != "delta",
                    window: samples.slice(inside(begin)..inside(end)),
                    notes: &mut notes,
                };
                let got = (outcome.batch.float(0, k), outcome.batch.histogram(0, k));
                let agrees = match (naive.point(begin, end), got) {
                    (None, (None, None)) => true,
                    (Some(Point::Float(expected)), (Some(got), None)) => same_numbers(expected, got),
                    (Some(Point::Histogram(expected)), (None, Some(got))) => same(expected.view(), got),
                    _ => false,
                };
                prop_assert!(agrees, "{name}, window {k}: {got:?}");
            }
            let expected = Outcome { batch: Batch::empty(1, 1), notes, error: None }.remarks();
            prop_assert_eq!(outcome.remarks(), expected);
        }
    }
}
