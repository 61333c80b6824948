//! The data that stores are filled with.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramParts, Span};
use promqlite_model::{NORMAL_NAN, STALE_NAN};

use super::Options;

/// A series to put into the store.
#[derive(Clone, Debug)]
pub struct FixtureSeries {
    /// Label names and values, in no order; a label with an empty value is absent.
    pub labels: Vec<(String, String)>,
    /// Samples, strictly ascending in time; there may be none.
    pub samples: Vec<FixtureSample>,
}

/// A sample to put into the store.
#[derive(Clone, Debug)]
pub struct FixtureSample {
    /// Time in ms since the Unix epoch.
    pub t_ms: i64,
    /// The value.
    pub value: FixtureValue,
}

/// A float or a native histogram.
#[derive(Clone, Debug)]
pub enum FixtureValue {
    /// A float; every bit of it counts.
    Float(f64),
    /// A native histogram.
    Histogram(FloatHistogram),
}

impl FixtureSeries {
    /// The labels as `(name, value)`.
    pub fn label_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn new(pairs: &[(&str, &str)], samples: impl IntoIterator<Item = (i64, f64)>) -> Self {
        let samples =
            samples.into_iter().map(|(t_ms, v)| FixtureSample { t_ms, value: FixtureValue::Float(v) });
        Self {
            labels: pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            samples: samples.collect(),
        }
    }
}

/// A named list of series.
pub(super) struct Fixture {
    pub(super) name: &'static str,
    pub(super) series: Vec<FixtureSeries>,
}

pub(super) fn all(options: Options) -> Vec<Fixture> {
    let mut fixtures = vec![
        Fixture { name: "empty", series: Vec::new() },
        Fixture { name: "requests", series: requests() },
        Fixture { name: "odd labels", series: odd_labels() },
        Fixture { name: "odd values", series: odd_values() },
        Fixture { name: "many series", series: many_series() },
        Fixture { name: "long series", series: long_series() },
    ];
    if options.extreme_times {
        fixtures.push(Fixture { name: "extreme times", series: extreme_times() });
    }
    if options.histograms {
        fixtures.push(Fixture { name: "histograms", series: histograms() });
    }
    fixtures
}

/// What a scrape of a few web servers looks like. Some series end early or begin late.
fn requests() -> Vec<FixtureSeries> {
    let mut series = Vec::new();
    for (i, instance) in ["web-1:9090", "web-2:9090", "db-1:9090"].into_iter().enumerate() {
        let every_15_s =
            |from: i64, to: i64| (from..to).map(move |k| (k * 15_000, (k * (i as i64 + 1)) as f64));
        for (j, code) in ["200", "404", "500", "503"].into_iter().enumerate() {
            let pairs = [("code", code), ("__name__", "http_requests_total"), ("instance", instance)];
            series.push(FixtureSeries::new(&pairs, every_15_s(j as i64 * 10, 60 - i as i64 * 10)));
        }
        series.push(FixtureSeries::new(&[("instance", instance), ("__name__", "up")], every_15_s(0, 60)));
    }
    series.push(FixtureSeries::new(&[("__name__", "up"), ("job", "batch")], [(7, 1.0)]));
    series
}

fn odd_labels() -> Vec<FixtureSeries> {
    let sets: &[&[(&str, &str)]] = &[
        &[],
        &[("__name__", "température"), ("größe", "XL")],
        &[("__name__", "my.dotted.metric"), ("a b", "c d")],
        &[("__name__", "m"), ("v", "quote\" backslash\\ newline\n tab\t")],
        &[("__name__", "m"), ("v", "🦀")],
        &[("__name__", "m"), ("v", "")],
        &[("__name__", "m"), ("v", " "), ("w", "")],
        &[("__name__", "m"), ("v", "a.b")],
        &[("__name__", "m"), ("v", "axb")],
        &[("__name__", "m"), ("v", "line\nbreak")],
        &[("z", "1"), ("Z", "2"), ("_", "3"), ("a", "4"), ("__name__", "m")],
        &[("z", "1"), ("Z", "2"), ("_", "3"), ("a", "5"), ("__name__", "m")],
        &[("__name__", ""), ("nameless", "yes")],
        &[("\u{0}", "\u{0}"), ("\u{10ffff}", "\u{10ffff}")],
    ];
    let with_samples = |(i, pairs): (usize, &&[(&str, &str)])| {
        FixtureSeries::new(pairs, [(1_000, i as f64), (2_000, 0.0), (3_000, -(i as f64))])
    };
    sets.iter().enumerate().map(with_samples).collect()
}

fn odd_values() -> Vec<FixtureSeries> {
    let values = [
        0.0,
        -0.0,
        1.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        NORMAL_NAN,
        STALE_NAN,
        0.1 + 0.2,
        1e16,
    ];
    let by_turns = |n: usize| values.iter().cycle().skip(n).take(40).enumerate().map(|(i, v)| (i as i64, *v));
    vec![
        FixtureSeries::new(&[("__name__", "odd"), ("n", "0")], by_turns(0)),
        FixtureSeries::new(&[("__name__", "odd"), ("n", "5")], by_turns(5)),
        FixtureSeries::new(&[("__name__", "stale")], [(10, STALE_NAN)]),
        FixtureSeries::new(&[("__name__", "same")], (0..50).map(|i| (i * 1_000, 42.0))),
        FixtureSeries::new(&[("__name__", "without_samples")], []),
    ]
}

fn many_series() -> Vec<FixtureSeries> {
    let one = |i: usize| {
        let (host, group) = (format!("host-{i}"), format!("group-{}", i % 7));
        let pairs = [("__name__", "load"), ("host", host.as_str()), ("group", group.as_str())];
        FixtureSeries::new(&pairs, [(i as i64, i as f64), (i as i64 + 1_000, -1.0)])
    };
    (0..240).map(one).collect()
}

fn long_series() -> Vec<FixtureSeries> {
    // Uneven distances, now and then a long gap.
    let times = (0..4_000i64).map(|i| i * 15_000 + i % 7 + (i / 1_500) * 86_400_000);
    let values = (0..4_000).map(|i| f64::from(i % 1_000));
    vec![
        FixtureSeries::new(&[("__name__", "long")], times.zip(values)),
        FixtureSeries::new(&[("__name__", "short")], [(30_000, 1.0)]),
    ]
}

fn extreme_times() -> Vec<FixtureSeries> {
    /// The end of the year 9999 in ms.
    const FAR: i64 = 253_402_300_799_999;
    vec![
        FixtureSeries::new(&[("__name__", "far")], [(-FAR, 1.0), (-1, 2.0), (0, 3.0), (1, 4.0), (FAR, 5.0)]),
        FixtureSeries::new(&[("__name__", "past")], [(-FAR, 1.0), (1 - FAR, 2.0)]),
        FixtureSeries::new(&[("__name__", "future")], [(FAR - 1, 1.0), (FAR, 2.0)]),
    ]
}

/// Exponential and custom buckets, changes of layout, gauges, staleness markers, floats in between.
fn histograms() -> Vec<FixtureSeries> {
    let built =
        |parts| FloatHistogram::from_parts(parts).expect("invariant: the fixtures are valid histograms");
    let exponential = |schema: i32, n: usize| {
        built(HistogramParts {
            hint: if n == 0 { CounterResetHint::Reset } else { CounterResetHint::Unknown },
            schema,
            zero_threshold: 1e-128,
            zero_count: n as f64,
            count: 13.0 * n as f64,
            sum: 0.1 * n as f64,
            positive_spans: vec![Span { offset: -2, length: 2 }, Span { offset: 3, length: 1 }],
            negative_spans: vec![Span { offset: 1, length: 1 }],
            positive_counts: vec![n as f64, 2.0 * n as f64, 4.0 * n as f64],
            negative_counts: vec![5.0 * n as f64],
            custom_bounds: Vec::new(),
        })
    };
    let custom = |n: usize| {
        built(HistogramParts {
            schema: -53,
            count: 3.0 * n as f64,
            sum: n as f64,
            positive_spans: vec![Span { offset: 0, length: 2 }],
            positive_counts: vec![n as f64, 2.0 * n as f64],
            custom_bounds: vec![0.5, 2.5],
            ..HistogramParts::default()
        })
    };
    let stale = FloatHistogram::stale();
    let gauge = |n| exponential(3, n).with_hint(CounterResetHint::Gauge);
    let series = |n: &str, values: Vec<FixtureValue>| {
        let mut series = FixtureSeries::new(&[("n", n), ("__name__", "latency_seconds")], []);
        let timed =
            values.into_iter().enumerate().map(|(i, value)| FixtureSample { t_ms: i as i64 * 15_000, value });
        series.samples.extend(timed);
        series
    };
    let (float, histogram) = (FixtureValue::Float, FixtureValue::Histogram);
    vec![
        series("one layout", (0..30).map(|n| histogram(exponential(0, n))).collect()),
        series("layouts", (0..30).map(|n| histogram(exponential(n as i32 % 9, n))).collect()),
        series("custom", (0..10).map(|n| histogram(custom(n))).collect()),
        series("gauge", (0..10).map(|n| histogram(gauge(n))).collect()),
        series(
            "mixed",
            vec![float(1.0), histogram(custom(1)), float(STALE_NAN), histogram(stale), float(2.0)],
        ),
        series("floats", (0..10).map(|n| float(f64::from(n))).collect()),
    ]
}
