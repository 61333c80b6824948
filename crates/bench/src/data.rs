//! The data sets, by formula. `benches/peers/data.go` makes the same samples.

use std::fmt::Write as _;

use promqlite::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite::{MemStore, SampleBuf, Samples};
use serde::{Deserialize, Serialize};

/// A data set: what a group of cases runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dataset {
    /// Prometheus' range benchmark: 1,443 series and `sparse`, 18,640 samples 10 s apart.
    Range,
    /// Prometheus' join benchmark: two metrics of 1,000 instances, 13,640 samples 10 s apart.
    Joins,
    /// Prometheus' native-histogram benchmark: 3,000 series, 2,000 samples 15 s apart.
    Histograms,
    /// The same with custom buckets.
    CustomHistograms,
    /// 100,000 series of `up` and 10,000 of ten other metrics, two samples each.
    Scale100k,
    /// 1,000,000 series of `up` and 100,000 of ten other metrics, two samples each.
    Scale1m,
    /// A classic histogram: 10,000 instances × 10 buckets, 260 samples 15 s apart.
    ScaleRate,
    /// 100 series over 365 days, a sample each 5 minutes.
    Year,
    /// No data: for parsing.
    Empty,
}

/// Every data set, in the order in which the list runs.
pub const DATASETS: [Dataset; 9] = [
    Dataset::Empty,
    Dataset::Range,
    Dataset::Joins,
    Dataset::Histograms,
    Dataset::CustomHistograms,
    Dataset::Scale100k,
    Dataset::Scale1m,
    Dataset::ScaleRate,
    Dataset::Year,
];

/// Samples per series of [`Dataset::Range`].
pub const RANGE_SAMPLES: i64 = 8640 + 10_000;
/// Samples per series of [`Dataset::Joins`].
pub const JOIN_SAMPLES: i64 = 8640 + 5000;

impl Dataset {
    /// The name that the command line and the records use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Joins => "joins",
            Self::Histograms => "histograms",
            Self::CustomHistograms => "custom_histograms",
            Self::Scale100k => "scale100k",
            Self::Scale1m => "scale1m",
            Self::ScaleRate => "scale_rate",
            Self::Year => "year",
            Self::Empty => "empty",
        }
    }

    /// Makes the data, in a store that is as compact as after a bulk load.
    #[must_use]
    pub fn load(self) -> MemStore {
        let store = MemStore::new();
        match self {
            Self::Range => range(&store),
            Self::Joins => joins(&store),
            Self::Histograms => histograms(&store, false),
            Self::CustomHistograms => histograms(&store, true),
            Self::Scale100k => scale(&store, 100_000),
            Self::Scale1m => scale(&store, 1_000_000),
            Self::ScaleRate => scale_rate(&store),
            Self::Year => year(&store),
            Self::Empty => {}
        }
        store.optimize();
        store
    }
}

/// Appends `samples` samples, `step_ms` apart from 0, valued `value(s)`.
fn fill(store: &MemStore, labels: &[(&str, &str)], samples: i64, step_ms: i64, value: impl Fn(i64) -> f64) {
    let times: Vec<i64> = (0..samples).map(|s| s * step_ms).collect();
    let values: Vec<f64> = (0..samples).map(value).collect();
    let id = store.series_of(labels.iter().copied());
    store.append_samples(id, &Samples::floats(&times, &values));
}

fn range(store: &MemStore) {
    let series = range_series();
    let count = series.len() as f64;
    for (i, labels) in series.iter().enumerate() {
        let labels: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (*n, v.as_str())).collect();
        fill(store, &labels, RANGE_SAMPLES, 10_000, |s| s as f64 + i as f64 / count);
    }
    let per_series = RANGE_SAMPLES / 50;
    for s in 0..RANGE_SAMPLES {
        let l = (s / per_series).to_string();
        let id = store.series_of([("__name__", "sparse"), ("l", &l)]);
        store.append(id, s * 10_000, s as f64 / count);
    }
}

/// Label sets of `a_N`, `b_N` and `h_N`, in the order that values depend on.
fn range_series() -> Vec<Vec<(&'static str, String)>> {
    let sizes = [
        ("a_one", "b_one", "h_one", 1),
        ("a_ten", "b_ten", "h_ten", 10),
        ("a_hundred", "b_hundred", "h_hundred", 100),
    ];
    let bounds: Vec<String> = (0..10).map(|le| le.to_string()).chain(["+Inf".to_owned()]).collect();
    let mut all = Vec::new();
    for (a, b, h, size) in sizes {
        for l in 0..size {
            let labels = |name: &str| {
                let mut labels = vec![("__name__", name.to_owned())];
                if size > 1 {
                    labels.push(("l", l.to_string()));
                }
                labels
            };
            all.push(labels(a));
            all.push(labels(b));
            for le in &bounds {
                let mut bucket = labels(h);
                bucket.push(("le", le.clone()));
                all.push(bucket);
            }
        }
    }
    all
}

fn joins(store: &MemStore) {
    let metrics = ["rpc_request_success_total", "rpc_request_error_total"];
    for (m, name) in metrics.into_iter().enumerate() {
        for i in 0..1000 {
            let instance = uuid(i);
            let labels = [
                ("__name__", name),
                ("cluster", "prod-west"),
                ("env", "production"),
                ("job", "rpc-frontend"),
                ("namespace", "frontend"),
                ("region", "us-west-1"),
                ("team", "edge"),
                ("instance", &instance),
            ];
            let offset = (m as u64 * 1000 + i) as f64 / 2000.0;
            fill(store, &labels, JOIN_SAMPLES, 10_000, |s| s as f64 + offset);
        }
    }
}

/// A UUID that looks random and is the same each time.
fn uuid(i: u64) -> String {
    let (a, b) = (mix(2 * i), mix(2 * i + 1));
    let mut text = String::with_capacity(36);
    let parts = (a >> 32, (a >> 16) & 0xffff, a & 0xffff, b >> 48, b & 0xffff_ffff_ffff);
    write!(text, "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", parts.0, parts.1, parts.2, parts.3, parts.4)
        .expect("strings take all text");
    text
}

/// The finaliser of SplitMix64.
fn mix(i: u64) -> u64 {
    let mut z = i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn histograms(store: &MemStore, custom: bool) {
    let name = if custom { "custom_histogram_series" } else { "native_histogram_series" };
    let mut samples = SampleBuf::default();
    for s in 0..2000 {
        let parts = if custom { custom_histogram(s) } else { native_histogram(s) };
        let histogram = FloatHistogram::from_parts(parts).expect("a valid histogram");
        samples.push_histogram(s * 15_000, histogram.view());
    }
    for i in 0..3000 {
        let id = store.series_of([("__name__", name), ("foo", "bar"), ("h", &i.to_string())]);
        store.append_samples(id, &samples.samples());
    }
}

/// The first sample of each series has a finer schema than the rest, as in Prometheus' benchmark.
fn native_histogram(s: i64) -> HistogramParts {
    let i = s as f64;
    let span = |offset, length| Span { offset, length };
    if s == 0 {
        return HistogramParts {
            schema: 3,
            count: 13.0,
            sum: 0.0,
            positive_spans: vec![span(-5, 2), span(2, 3), span(2, 2)],
            positive_counts: vec![1.0, 3.0, 1.0, 2.0, 1.0, 1.0, 4.0],
            ..HistogramParts::default()
        };
    }
    let counts = vec![i + 1.0, i + 2.0, i + 1.0, i + 1.0];
    HistogramParts {
        schema: 1,
        zero_threshold: 0.001,
        zero_count: i + 2.0,
        count: 12.0 + 9.0 * i,
        sum: 18.4 * (i + 1.0),
        positive_spans: vec![span(0, 2), span(1, 2)],
        positive_counts: counts.clone(),
        negative_spans: vec![span(0, 2), span(1, 2)],
        negative_counts: counts,
        ..HistogramParts::default()
    }
}

fn custom_histogram(s: i64) -> HistogramParts {
    let i = s as f64;
    let span = |offset, length| Span { offset, length };
    HistogramParts {
        schema: -53,
        count: 5.0 + 4.0 * i,
        sum: 18.4 * (i + 1.0),
        positive_spans: vec![span(0, 2), span(1, 2)],
        positive_counts: vec![i + 1.0, i + 2.0, i + 1.0, i + 1.0],
        custom_bounds: vec![0.0, 1.0, 2.0, 3.0, 4.0],
        ..HistogramParts::default()
    }
}

fn scale(store: &MemStore, series: u64) {
    let two = |labels: &[(&str, &str)], i: u64| {
        fill(store, labels, 2, 15_000, |s| (i * 7919 % 1_000_003) as f64 + s as f64)
    };
    for i in 0..series {
        let (job, instance) = (format!("job-{:03}", i % 100), format!("host-{i:07}:9100"));
        two(&[("__name__", "up"), ("job", &job), ("instance", &instance)], i);
    }
    for i in 0..series / 10 {
        let name = format!("other_{}", i % 10);
        let (job, instance) = (format!("job-{:03}", i / 10 % 100), format!("host-{i:07}:9100"));
        two(&[("__name__", &name), ("job", &job), ("instance", &instance)], i);
    }
}

fn scale_rate(store: &MemStore) {
    for i in 0..10_000 {
        let instance = format!("host-{i:05}:9100");
        for (b, le) in
            ["0.01", "0.05", "0.1", "0.5", "1", "2.5", "5", "10", "30", "+Inf"].into_iter().enumerate()
        {
            let labels =
                [("__name__", "request_seconds_bucket"), ("job", "api"), ("instance", &instance), ("le", le)];
            fill(store, &labels, 260, 15_000, |s| (s * (b as i64 + 1)) as f64 + i as f64 / 10_000.0);
        }
    }
}

fn year(store: &MemStore) {
    for i in 0..100 {
        let labels = [("__name__", "year"), ("l", &i.to_string())];
        fill(store, &labels, 365 * 288, 300_000, |s| s as f64 + i as f64 / 100.0);
    }
}
