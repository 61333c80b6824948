//! Windows with native histograms.

use promqlite_model::histogram::{CounterResetHint, HistogramParts, Span};

use super::*;

fn histogram(count: f64, sum: f64, offset: i32, buckets: &[f64]) -> FloatHistogram {
    FloatHistogram::from_parts(HistogramParts {
        count,
        sum,
        positive_spans: vec![Span { offset, length: buckets.len() as u32 }],
        positive_counts: buckets.to_vec(),
        ..HistogramParts::default()
    })
    .expect("a valid histogram")
}

fn custom(count: f64, sum: f64, bounds: &[f64], buckets: &[f64]) -> FloatHistogram {
    FloatHistogram::from_parts(HistogramParts {
        schema: -53,
        count,
        sum,
        positive_spans: vec![Span { offset: 0, length: buckets.len() as u32 }],
        positive_counts: buckets.to_vec(),
        custom_bounds: bounds.to_vec(),
        ..HistogramParts::default()
    })
    .expect("a valid histogram")
}

fn gauge(count: f64) -> FloatHistogram {
    histogram(count, count, 0, &[count]).with_hint(CounterResetHint::Gauge)
}

/// A float or a histogram.
enum Sample {
    F(f64),
    H(FloatHistogram),
}
use Sample::{F, H};

fn mixed_series(points: &[(i64, Sample)]) -> SampleBuf {
    let mut buf = SampleBuf::default();
    for (t, sample) in points {
        match sample {
            F(v) => buf.push(t * 1000, *v),
            H(h) => buf.push_histogram(t * 1000, h.view()),
        }
    }
    buf
}

fn mixed(name: &str, points: &[(i64, Sample)], setup: &Setup) -> Outcome {
    run(name, Way::Mixed, mixed_series(points).samples(), setup)
}

fn minute() -> Setup {
    Setup::one(60_000, 60_000)
}

#[test]
fn increase_with_a_reset_in_one_bucket() {
    let points = [
        (0, H(histogram(4.0, 5.0, 0, &[1.0, 2.0, 1.0]))),
        (300, H(histogram(5.0, 6.0, 0, &[1.0, 1.0, 3.0]))),
        (600, H(histogram(6.0, 7.0, 0, &[1.0, 2.0, 3.0]))),
    ];
    let outcome = mixed("increase", &points, &Setup::one(600_000, 900_000));
    let expected = histogram(9.0, 10.5, 0, &[1.5, 3.0, 4.5]);
    assert_eq!(outcome.histogram(), Some(expected));
    assert_eq!(outcome.histogram().unwrap().view().hint(), CounterResetHint::Gauge);
    assert!(outcome.notes.is_empty());
}

#[test]
fn counts_bound_the_extrapolation_to_zero() {
    let points: Vec<_> = (0..=55)
        .map(|m| (m * 60, H(histogram(15.0 + 45.0 * m as f64, 0.0, 0, &[15.0 + 45.0 * m as f64]))))
        .collect();
    let outcome = mixed("increase", &points, &Setup::one(3_300_000, 5_400_000));
    let count = outcome.histogram().unwrap().view().count();
    assert!((count - 2490.0).abs() < 1e-9, "{count}");
}

#[test]
fn irate_reconciles_custom_bounds() {
    let points = [
        (0, H(custom(15.0, 55.0, &[2.0, 4.0, 6.0], &[1.0, 2.0, 5.0, 7.0]))),
        (
            60,
            H(custom(
                450.0,
                555.0,
                &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
                &[10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0],
            )),
        ),
    ];
    let outcome = mixed("irate", &points, &Setup::one(60_000, 61_000));
    let mut rate = outcome.histogram().unwrap();
    rate.mul(60.0);
    assert_eq!(rate.view().custom_bounds(), [2.0, 4.0, 6.0]);
    let counts = rate.view().positive_counts().to_vec();
    let close = counts.iter().zip([29.0, 68.0, 105.0, 233.0]).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(close, "{counts:?}");
    let text = "PromQL info: mismatched custom buckets were reconciled during subtraction (1:1)";
    assert_eq!(outcome.remarks(), [text]);
}

#[test]
fn one_sample_with_a_start_time() {
    let mut buf = SampleBuf::default();
    buf.push_histogram(120_000, histogram(60.0, 60.0, 0, &[60.0]).view());
    buf.set_start_time(60_000);
    let outcome = run("rate", Way::Mixed, buf.samples(), &Setup::one(180_000, 300_000).using_start_times());
    assert_eq!(outcome.histogram(), Some(histogram(0.2, 0.2, 0, &[0.2])));
}

#[test]
fn mixed_windows_yield_nothing_or_leave_histograms_out() {
    let points = || [(10, F(1.0)), (20, H(gauge(5.0))), (30, F(3.0))];
    let mix = "PromQL warning: encountered a mix of histograms and floats for metric name \"m\" (1:1)";
    for name in ["rate", "increase", "delta", "irate", "idelta", "sum_over_time", "avg_over_time"] {
        let outcome = mixed(name, &points(), &minute());
        assert_eq!((outcome.float(), outcome.histogram()), (None, None), "{name}");
        assert_eq!(outcome.remarks(), [mix], "{name}");
    }
    let ignored = "PromQL info: ignored histograms in a range containing both floats and histograms for metric name \"m\" (1:1)";
    let floats: [(&str, &[f64], f64); 9] = [
        ("min_over_time", &[], 1.0),
        ("max_over_time", &[], 3.0),
        ("ts_of_min_over_time", &[], 10.0),
        ("ts_of_max_over_time", &[], 30.0),
        ("stdvar_over_time", &[], 1.0),
        ("stddev_over_time", &[], 1.0),
        ("mad_over_time", &[], 1.0),
        ("quantile_over_time", &[0.5], 2.0),
        ("deriv", &[], 0.1),
    ];
    for (name, args, expected) in floats {
        let outcome = mixed(name, &points(), &minute().with_args(args));
        assert_eq!(outcome.float(), Some(expected), "{name}");
        assert_eq!(outcome.remarks(), [ignored], "{name}");
        let only = mixed(name, &[(20, H(gauge(5.0)))], &minute().with_args(args));
        assert_eq!((only.float(), only.remarks()), (None, vec![]), "{name}");
    }
    let one = mixed("predict_linear", &points()[..2], &minute().with_args(&[1.0]));
    assert_eq!((one.float(), one.remarks()), (None, vec![ignored.to_owned()]));
}

#[test]
fn type_switches_count() {
    let points = [(10, F(1.0)), (20, H(gauge(5.0))), (30, H(gauge(5.0))), (40, H(gauge(4.0))), (50, F(3.0))];
    let of = |name| mixed(name, &points, &minute()).float();
    assert_eq!(of("changes"), Some(3.0));
    assert_eq!(of("resets"), Some(3.0));
    assert_eq!(of("count_over_time"), Some(5.0));
    assert_eq!(of("ts_of_last_over_time"), Some(50.0));
    assert_eq!(mixed("last_over_time", &points[..4], &minute()).histogram(), Some(gauge(4.0)));
}

#[test]
fn gauges_and_counters_are_told_apart() {
    let not_counter = "PromQL warning: this native histogram metric is not a counter: \"m\" (1:1)";
    let not_gauge = "PromQL warning: this native histogram metric is not a gauge: \"m\" (1:1)";
    let gauges = [(10, H(gauge(1.0))), (20, H(gauge(2.0)))];
    let counters = [(10, H(histogram(1.0, 1.0, 0, &[1.0]))), (20, H(histogram(2.0, 2.0, 0, &[2.0])))];
    for (name, of_gauges, of_counters) in [
        ("rate", vec![not_counter], vec![]),
        ("increase", vec![not_counter], vec![]),
        ("irate", vec![not_counter], vec![]),
        ("delta", vec![], vec![not_gauge]),
        ("idelta", vec![], vec![not_gauge]),
    ] {
        assert_eq!(mixed(name, &gauges, &minute()).remarks(), of_gauges, "{name}");
        assert_eq!(mixed(name, &counters, &minute()).remarks(), of_counters, "{name}");
        assert!(mixed(name, &gauges, &minute()).histogram().is_some(), "{name}");
    }
}

#[test]
fn schemas_that_do_not_go_together() {
    let text = "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas for metric name \"m\" (1:1)";
    let points = [
        (10, H(gauge(1.0))),
        (20, H(custom(2.0, 2.0, &[1.0], &[1.0, 1.0]).with_hint(CounterResetHint::Gauge))),
    ];
    for name in ["delta", "idelta", "sum_over_time", "avg_over_time"] {
        let outcome = mixed(name, &points, &minute());
        assert!(outcome.histogram().is_none(), "{name}");
        assert_eq!(outcome.remarks(), [text], "{name}");
    }
}

#[test]
fn sums_and_averages() {
    let of = |sum: f64| H(histogram(1.0, sum, 0, &[1.0]));
    let points = [(10, of(1.0)), (20, of(1e100)), (30, of(1.0)), (40, of(-1e100))];
    assert_eq!(mixed("sum_over_time", &points, &minute()).histogram().unwrap().view().sum(), 2.0);
    assert_eq!(mixed("avg_over_time", &points, &minute()).histogram().unwrap().view().sum(), 0.5);
    let hinted = |hint| H(histogram(1.0, 1.0, 0, &[1.0]).with_hint(hint));
    let points = [(10, hinted(CounterResetHint::Reset)), (20, hinted(CounterResetHint::NotReset))];
    let outcome = mixed("sum_over_time", &points, &minute());
    assert!(outcome.histogram().is_some());
    let text = "PromQL warning: conflicting counter resets during histogram aggregation (1:1)";
    assert_eq!(outcome.remarks(), [text]);
}

#[test]
fn extended_windows() {
    let points = [
        (0, H(histogram(1.0, 1.0, 0, &[1.0]))),
        (60, H(histogram(4.0, 4.0, 0, &[4.0]))),
        (120, H(histogram(10.0, 10.0, 0, &[10.0]))),
    ];
    let buf = mixed_series(&points);
    let setup = Setup::one(90_000, 60_000);
    let of = |name, e| run(name, Way::Extended(e), buf.samples(), &setup).histogram();
    assert_eq!(of("increase", Extension::Anchored), Some(histogram(3.0, 3.0, 0, &[3.0])));
    assert_eq!(of("increase", Extension::Smoothed), Some(histogram(4.5, 4.5, 0, &[4.5])));
    let buf = mixed_series(&[(0, F(1.0)), (60, H(gauge(5.0)))]);
    let outcome = run("rate", Way::Extended(Extension::Anchored), buf.samples(), &setup);
    assert_eq!((outcome.float(), outcome.histogram()), (None, None));
    assert_eq!(outcome.remarks().len(), 1);
}
