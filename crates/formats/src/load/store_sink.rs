//! From readers into the in-memory store.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use promqlite_model::histogram::HistogramView;
use promqlite_model::{Samples, TimeRange};
use promqlite_storage::{AppendSummary, Appended, MemStore, Metadata, SeriesId};

use crate::sink::{SampleSink, SeriesHandle};

/// A [`SampleSink`] that appends to a [`MemStore`], runs of samples of one series at once.
pub struct StoreSink<'a> {
    store: &'a MemStore,
    name: Option<&'a str>,
    labels: &'a [(String, String)],
    ids: Vec<SeriesId>,
    handles: HashMap<SeriesId, SeriesHandle, RandomState>,
    run: Run,
    loaded: Loaded,
}

impl std::fmt::Debug for StoreSink<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreSink").field("loaded", &self.loaded).finish_non_exhaustive()
    }
}

/// What has gone into the store.
#[derive(Clone, Debug, Default)]
pub(super) struct Loaded {
    /// What became of the samples.
    pub(super) append: AppendSummary,
    /// Distinct series.
    pub(super) series: u64,
    /// From the oldest to the newest sample.
    pub(super) span: Option<TimeRange>,
}

/// Consecutive samples of one series, ascending in time.
#[derive(Debug, Default)]
struct Run {
    series: u32,
    times: Vec<i64>,
    values: Vec<f64>,
}

/// Samples that a run may have.
const MAX_RUN: usize = 4096;

impl<'a> StoreSink<'a> {
    /// A sink for `store`.
    #[must_use]
    pub fn new(store: &'a MemStore) -> Self {
        Self {
            store,
            name: None,
            labels: &[],
            ids: Vec::new(),
            handles: HashMap::default(),
            run: Run::default(),
            loaded: Loaded::default(),
        }
    }

    /// Gives series without a metric name this one.
    #[must_use]
    pub fn with_name(mut self, name: Option<&'a str>) -> Self {
        self.name = name;
        self
    }

    /// Gives every series these labels, in place of labels of the same names.
    #[must_use]
    pub fn with_labels(mut self, labels: &'a [(String, String)]) -> Self {
        self.labels = labels;
        self
    }

    /// Appends what is still held back; returns what became of all samples.
    pub fn flush(&mut self) -> AppendSummary {
        if let (Some(&first), Some(&last)) = (self.run.times.first(), self.run.times.last()) {
            let samples = Samples::floats(&self.run.times, &self.run.values);
            let summary = self.store.append_samples(self.ids[self.run.series as usize], &samples);
            self.loaded.append.added += summary.added;
            self.loaded.append.duplicates += summary.duplicates;
            self.loaded.append.conflicts += summary.conflicts;
            self.note_span(first, last);
            self.run.times.clear();
            self.run.values.clear();
        }
        self.loaded.append
    }

    pub(super) fn finish(mut self) -> Loaded {
        self.flush();
        self.loaded.series = self.ids.len() as u64;
        self.loaded
    }

    fn note_span(&mut self, first: i64, last: i64) {
        let span = TimeRange::new(first, last);
        self.loaded.span = Some(self.loaded.span.map_or(span, |known| known.union(span)));
    }

    fn id_of(&self, labels: &[(&str, &str)]) -> SeriesId {
        let has_name = labels.iter().any(|(name, value)| *name == "__name__" && !value.is_empty());
        let name = self.name.filter(|_| !has_name).map(|name| ("__name__", name));
        let extra = self.labels.iter().map(|(n, v)| (&**n, &**v));
        self.store.series_of(labels.iter().copied().chain(name).chain(extra))
    }
}

impl SampleSink for StoreSink<'_> {
    fn series(&mut self, labels: &[(&str, &str)]) -> SeriesHandle {
        let id = self.id_of(labels);
        *self.handles.entry(id).or_insert_with(|| {
            self.ids.push(id);
            SeriesHandle(u32::try_from(self.ids.len() - 1).expect("invariant: fewer than 2^32 series"))
        })
    }

    #[inline]
    fn sample(&mut self, series: SeriesHandle, t_ms: i64, value: f64) {
        let goes_on = self.run.series == series.0
            && self.run.times.len() < MAX_RUN
            && self.run.times.last().is_none_or(|&last| last < t_ms);
        if !goes_on {
            self.flush();
            self.run.series = series.0;
        }
        self.run.times.push(t_ms);
        self.run.values.push(value);
    }

    fn histogram(&mut self, series: SeriesHandle, t_ms: i64, histogram: HistogramView<'_>) {
        self.flush();
        let summary = &mut self.loaded.append;
        match self.store.append_histogram(self.ids[series.0 as usize], t_ms, histogram) {
            Appended::New => summary.added += 1,
            Appended::Duplicate => summary.duplicates += 1,
            Appended::Conflict => summary.conflicts += 1,
        }
        self.note_span(t_ms, t_ms);
    }

    fn metadata(&mut self, metadata: Metadata) {
        self.store.set_metadata(metadata);
    }
}
