//! From readers into the in-memory store.
//!
//! Files come series by series or scrape by scrape. Long runs of one series go straight into the store; single
//! samples are gathered, sorted by series and handed over together, since a store takes many samples of a series
//! at once far quicker than one by one.

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
    gathered: Gathered,
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

impl Loaded {
    fn append_run(&mut self, store: &MemStore, id: SeriesId, times: &[i64], values: &[f64]) {
        self.append += store.append_samples(id, &Samples::floats(times, values));
        if let (Some(&first), Some(&last)) = (times.first(), times.last()) {
            self.note_span(first, last);
        }
    }

    fn note_span(&mut self, first: i64, last: i64) {
        let span = TimeRange::new(first, last);
        self.span = Some(self.span.map_or(span, |known| known.union(span)));
    }
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

/// Samples from which on a run goes straight into the store.
const LONG_RUN: usize = 16;

/// Samples of any series, waiting in the order of their coming.
#[derive(Debug, Default)]
struct Gathered {
    series: Vec<u32>,
    times: Vec<i64>,
    values: Vec<f64>,
    /// By series: how many of its samples are waiting.
    waiting: Vec<u32>,
    /// The series that have samples waiting.
    touched: Vec<u32>,
    sorted: Run,
}

/// Samples that may wait: some MB at most.
const MAX_GATHERED: usize = 1 << 17;

impl Gathered {
    fn is_waiting(&self, series: u32) -> bool {
        self.waiting.get(series as usize).is_some_and(|&count| count > 0)
    }

    fn add(&mut self, run: &Run) {
        let index = run.series as usize;
        if self.waiting.len() <= index {
            self.waiting.resize(index + 1, 0);
        }
        if self.waiting[index] == 0 {
            self.touched.push(run.series);
        }
        self.waiting[index] += run.times.len() as u32;
        self.series.extend(std::iter::repeat_n(run.series, run.times.len()));
        self.times.extend_from_slice(&run.times);
        self.values.extend_from_slice(&run.values);
    }

    /// Gives the samples of each series to `each`, in runs that ascend in time, and forgets them.
    fn drain(&mut self, mut each: impl FnMut(u32, &[i64], &[f64])) {
        let Run { times, values, .. } = &mut self.sorted;
        times.resize(self.times.len(), 0);
        values.resize(self.times.len(), 0.0);
        // From counts to the place where the series' samples start, and by placing them to where they end.
        let mut start = 0;
        for &series in &self.touched {
            let count = std::mem::replace(&mut self.waiting[series as usize], start);
            start += count;
        }
        for ((&series, &time), &value) in self.series.iter().zip(&self.times).zip(&self.values) {
            let at = &mut self.waiting[series as usize];
            (times[*at as usize], values[*at as usize]) = (time, value);
            *at += 1;
        }
        let mut start = 0;
        for &series in &self.touched {
            let end = std::mem::take(&mut self.waiting[series as usize]) as usize;
            let mut rest = start..end;
            for run in times[start..end].chunk_by(|earlier, later| earlier < later) {
                each(series, run, &values[rest.start..rest.start + run.len()]);
                rest.start += run.len();
            }
            start = end;
        }
        self.touched.clear();
        self.series.clear();
        self.times.clear();
        self.values.clear();
    }
}

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
            gathered: Gathered::default(),
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
        self.end_run();
        let Self { store, ids, gathered, loaded, .. } = self;
        gathered.drain(|series, times, values| {
            loaded.append_run(store, ids[series as usize], times, values);
        });
        self.loaded.append
    }

    /// Passes the current run on: into the store if it is long, else to the samples that wait.
    fn end_run(&mut self) {
        if self.run.times.is_empty() {
            return;
        }
        // What came first must stay first.
        if self.run.times.len() >= LONG_RUN && !self.gathered.is_waiting(self.run.series) {
            let id = self.ids[self.run.series as usize];
            self.loaded.append_run(self.store, id, &self.run.times, &self.run.values);
        } else {
            self.gathered.add(&self.run);
        }
        self.run.times.clear();
        self.run.values.clear();
        if self.gathered.times.len() >= MAX_GATHERED {
            self.flush();
        }
    }

    pub(super) fn finish(mut self) -> Loaded {
        self.flush();
        self.loaded.series = self.ids.len() as u64;
        self.loaded
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
            self.end_run();
            self.run.series = series.0;
        }
        self.run.times.push(t_ms);
        self.run.values.push(value);
    }

    fn histogram(&mut self, series: SeriesHandle, t_ms: i64, histogram: HistogramView<'_>) {
        self.end_run();
        if self.gathered.is_waiting(series.0) {
            self.flush();
        }
        let summary = &mut self.loaded.append;
        match self.store.append_histogram(self.ids[series.0 as usize], t_ms, histogram) {
            Appended::New => summary.added += 1,
            Appended::Duplicate => summary.duplicates += 1,
            Appended::Conflict => summary.conflicts += 1,
        }
        self.loaded.note_span(t_ms, t_ms);
    }

    fn metadata(&mut self, metadata: Metadata) {
        self.store.set_metadata(metadata);
    }
}

#[cfg(test)]
mod tests {
    use promqlite_model::histogram::FloatHistogram;
    use promqlite_model::{Matcher, SampleBuf};
    use promqlite_storage::{SelectRequest, Storage};
    use proptest::prelude::*;

    use super::*;

    /// What a reader may do.
    #[derive(Clone, Debug)]
    enum Step {
        /// Samples of one series, from a time on.
        Floats {
            series: usize,
            t_ms: i64,
            count: i64,
            value: f64,
        },
        Histogram {
            series: usize,
            t_ms: i64,
        },
        Flush,
    }

    fn step() -> impl Strategy<Value = Step> {
        let floats = (0usize..4, 0i64..60, prop_oneof![1i64..4, 14i64..40], 0i64..3).prop_map(
            |(series, t_ms, count, value)| Step::Floats { series, t_ms, count, value: value as f64 },
        );
        let histogram = (0usize..4, 0i64..60).prop_map(|(series, t_ms)| Step::Histogram { series, t_ms });
        prop_oneof![8 => floats, 1 => histogram, 1 => Just(Step::Flush)]
    }

    fn dump(store: &MemStore) -> Vec<String> {
        let no_matchers: [Matcher; 0] = [];
        let selection = store.select(&SelectRequest::new(&no_matchers, TimeRange::ALL)).unwrap();
        let series = (0..selection.len()).map(|i| {
            let mut buffer = SampleBuf::default();
            let samples = selection.samples(i, TimeRange::ALL, &mut buffer).unwrap();
            let values = (0..samples.len())
                .map(|k| (samples.times[k], samples.values[k], samples.histogram(k).is_some()));
            format!("{} {:?}", selection.labels(i).display(store.symbols()), values.collect::<Vec<_>>())
        });
        let mut all: Vec<String> = series.collect();
        all.sort();
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// Gathering changes nothing but the speed.
        #[test]
        fn as_if_appended_one_by_one(steps in prop::collection::vec(step(), 0..40)) {
            let names = ["a", "b", "c", "d"];
            let (plain, store) = (MemStore::new(), MemStore::new());
            let mut sink = StoreSink::new(&store);
            let mut summary = AppendSummary::default();
            let mut note = |appended: Appended| match appended {
                Appended::New => summary.added += 1,
                Appended::Duplicate => summary.duplicates += 1,
                Appended::Conflict => summary.conflicts += 1,
            };
            let histogram = FloatHistogram::default();
            for step in steps {
                match step {
                    Step::Floats { series, t_ms, count, value } => {
                        let id = plain.series_of([("__name__", names[series])]);
                        let handle = sink.series(&[("__name__", names[series])]);
                        for t_ms in t_ms..t_ms + count {
                            note(plain.append(id, t_ms, value));
                            sink.sample(handle, t_ms, value);
                        }
                    }
                    Step::Histogram { series, t_ms } => {
                        let id = plain.series_of([("__name__", names[series])]);
                        let handle = sink.series(&[("__name__", names[series])]);
                        note(plain.append_histogram(id, t_ms, histogram.view()));
                        sink.histogram(handle, t_ms, histogram.view());
                    }
                    Step::Flush => {
                        sink.flush();
                    }
                }
            }
            prop_assert_eq!(sink.finish().append, summary);
            prop_assert_eq!(dump(&store), dump(&plain));
        }
    }
}
