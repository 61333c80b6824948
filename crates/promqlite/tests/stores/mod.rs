//! Stores that are large to look at and cheap to make.

#![allow(dead_code, reason = "each test binary uses some of these")]

use std::sync::Arc;

use promqlite::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite::storage::{SelectRequest, Selection, StorageError};
use promqlite::{Labels, MemStore, SampleBuf, Samples, Storage, Symbols, TimeRange, Timestamp};

/// The newest sample of all stores, ms.
pub(crate) const NOW: Timestamp = Timestamp(4 * 3600 * 1000);
/// The distance of samples of [`Fleet`], ms.
const EVERY: i64 = 60_000;

/// Many series `fleet{i="…", half="…"}` of which the samples are made when they are read: one a minute, equal to
/// the number of the series.
pub(crate) struct Fleet {
    symbols: Arc<Symbols>,
    labels: Arc<Vec<Labels>>,
}

impl Fleet {
    /// A fleet of `n` series.
    pub(crate) fn new(n: usize) -> Self {
        let symbols = Arc::new(Symbols::new());
        let labels = (0..n).map(|i| {
            let (i, half) = (i.to_string(), if i % 2 == 0 { "even" } else { "odd" });
            Labels::new(&symbols, [("__name__", "fleet"), ("i", &i), ("half", half)])
        });
        Self { labels: Arc::new(labels.collect()), symbols }
    }
}

impl Storage for Fleet {
    fn symbols(&self) -> &Arc<Symbols> {
        &self.symbols
    }

    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        let mut names = request.matchers.iter().filter(|m| m.name() == "__name__");
        let labels =
            if names.all(|m| m.matches("fleet")) { Arc::clone(&self.labels) } else { Arc::default() };
        Ok(Box::new(FleetSelection { labels }))
    }

    fn time_range(&self) -> Option<TimeRange> {
        Some(TimeRange::new(0, NOW.0))
    }
}

struct FleetSelection {
    labels: Arc<Vec<Labels>>,
}

impl Selection for FleetSelection {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn labels(&self, i: usize) -> &Labels {
        &self.labels[i]
    }

    fn samples<'a>(
        &'a self,
        i: usize,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError> {
        buf.clear();
        let first = (range.start.0.max(0) + EVERY - 1) / EVERY * EVERY;
        (first..=range.end.0.min(NOW.0)).step_by(EVERY as usize).for_each(|t| buf.push(t, i as f64));
        Ok(buf.samples())
    }
}

/// A store in memory of `n` series `kept{i="…"}` with a sample each.
pub(crate) fn kept(n: usize) -> MemStore {
    let store = MemStore::new();
    for i in 0..n {
        let series = store.series_of([("__name__", "kept"), ("i", &i.to_string())]);
        let _ = store.append(series, NOW.0, i as f64);
    }
    store
}

/// A store in memory: `wide` (2000 series, a sample every 15 s for an hour), `target_info` (one per series of
/// `wide`), `long` (a series of a million samples, one every 14.4 ms), `hist` (300 series of native histograms
/// with 160 buckets).
pub(crate) fn mixed() -> MemStore {
    let store = MemStore::new();
    for i in 0..2000 {
        let (instance, path) = (format!("host-{i}:9090"), format!("/a/{}", i % 50));
        let labels = [("__name__", "wide"), ("job", "j"), ("instance", &instance), ("path", &path)];
        let series = store.series_of(labels);
        for k in 0..240 {
            let _ = store.append(series, NOW.0 - 3_600_000 + k * 15_000, (i * 1000 + k) as f64 * 0.5);
        }
        let version = format!("{}.{}", i / 100, i % 100);
        let labels =
            [("__name__", "target_info"), ("job", "j"), ("instance", &instance), ("version", &version)];
        let _ = store.append(store.series_of(labels), NOW.0 - 60_000, 1.0);
    }
    let long = store.series_of([("__name__", "long")]);
    for k in 0..1_000_000_i64 {
        let _ = store.append(long, k * 144 / 10, ((k * 7919) % 100_003) as f64);
    }
    for i in 0..300_usize {
        let instance = format!("host-{i}:9090");
        let series = store.series_of([("__name__", "hist"), ("instance", &instance)]);
        for k in 0..20 {
            let histogram = histogram(i, k as f64);
            let _ = store.append_histogram(series, NOW.0 - 19 * 15_000 + k * 15_000, histogram.view());
        }
    }
    store
}

fn histogram(shift: usize, per_bucket: f64) -> FloatHistogram {
    let parts = HistogramParts {
        schema: 3,
        count: 160.0 * per_bucket,
        sum: 1000.0 * per_bucket,
        positive_spans: vec![Span { offset: shift as i32 % 7, length: 160 }],
        positive_counts: vec![per_bucket; 160],
        ..HistogramParts::default()
    };
    FloatHistogram::from_parts(parts).expect("a valid histogram")
}
