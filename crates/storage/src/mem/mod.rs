//! The in-memory store.

mod column;
mod index;
mod late;
mod postings;
mod resolve;
mod selection;
mod series;
mod times;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use promqlite_model::histogram::HistogramView;
use promqlite_model::{Labels, LabelsBuilder, Matcher, Samples, Symbol, Symbols, TimeRange, Timestamp};

use crate::{Metadata, SelectRequest, Selection, Storage, StorageError, Watch};
use column::{Sample, SampleValue};
use index::Index;
use resolve::Resolver;
use selection::MemSelection;
use series::{Data, Series};
use times::SharedTimes;

/// Names a series of one [`MemStore`]. Ids are dense from 0, in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(u32);

impl SeriesId {
    /// The id as a number: how many series were created before.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What became of an appended sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Appended {
    /// It was added.
    New,
    /// The series already has this value at this time, to the bit. Nothing changed.
    Duplicate,
    /// The series has another value at this time. The one that came first stays.
    Conflict,
}

/// What became of several appended samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppendSummary {
    /// Samples that were added.
    pub added: u64,
    /// Samples that were there already.
    pub duplicates: u64,
    /// Samples that were left out, since the series has another value at their time.
    pub conflicts: u64,
}

impl AppendSummary {
    fn count(&mut self, appended: Appended) {
        match appended {
            Appended::New => self.added += 1,
            Appended::Duplicate => self.duplicates += 1,
            Appended::Conflict => self.conflicts += 1,
        }
    }
}

impl std::ops::AddAssign for AppendSummary {
    fn add_assign(&mut self, rhs: Self) {
        self.added += rhs.added;
        self.duplicates += rhs.duplicates;
        self.conflicts += rhs.conflicts;
    }
}

/// A store that keeps everything in memory.
///
/// Any number of threads may append and select at once; all methods take `&self`. A selection sees each of its
/// series as it was when it was selected. Samples may come in any order; of several samples at one time the
/// first that came stays. Selected series come in order of their creation.
///
/// Floats take 16 bytes a sample once [`MemStore::optimize`] has removed the slack of growing, and 8 where series have
/// the same times, as those that are scraped together.
///
/// ```
/// use promqlite_storage::{Appended, MemStore};
///
/// let store = MemStore::new();
/// let up = store.series_of([("__name__", "up"), ("job", "api")]);
/// assert_eq!(store.append(up, 15_000, 1.0), Appended::New);
/// assert_eq!(store.append(up, 0, 0.0), Appended::New);
/// assert_eq!(store.append(up, 15_000, 2.0), Appended::Conflict);
/// assert_eq!(store.sample_count(), 2);
/// ```
#[derive(Debug)]
pub struct MemStore {
    symbols: Arc<Symbols>,
    series: Arc<boxcar::Vec<Series>>,
    index: RwLock<Index>,
    metadata: RwLock<BTreeMap<String, Metadata>>,
    /// Times of the oldest and the newest sample; oldest > newest while there is none.
    oldest_ms: AtomicI64,
    newest_ms: AtomicI64,
    /// Number of series that have no sample yet.
    bare_series: AtomicUsize,
}

impl Default for MemStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self {
            symbols: Arc::new(Symbols::new()),
            series: Arc::new(boxcar::Vec::new()),
            index: RwLock::default(),
            metadata: RwLock::default(),
            oldest_ms: AtomicI64::new(i64::MAX),
            newest_ms: AtomicI64::new(i64::MIN),
            bare_series: AtomicUsize::new(0),
        }
    }

    /// The series with these labels, created if it is new. The labels must be interned in this store's
    /// [`symbols`](Storage::symbols); their order does not matter.
    ///
    /// # Panics
    /// When the store already holds 2^32 − 1 series.
    pub fn series(&self, labels: &Labels) -> SeriesId {
        if let Some(id) = self.index.read().expect(INDEX_LOCK).find(labels, &self.series) {
            return SeriesId(id);
        }
        let labels = self.normalised(labels);
        let mut index = self.index.write().expect(INDEX_LOCK);
        if let Some(id) = index.find(&labels, &self.series) {
            return SeriesId(id);
        }
        assert!(index.len() < u32::MAX as usize, "invariant: fewer than 2^32 - 1 series");
        self.bare_series.fetch_add(1, Ordering::Relaxed);
        let id = self.series.push(Series::new(labels)) as u32;
        index.insert(id, &self.series);
        SeriesId(id)
    }

    /// The series with these label names and values, created if it is new. Empty values are left out; of a
    /// repeated name the last value stays.
    pub fn series_of<'a>(&self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> SeriesId {
        self.series(&Labels::new(&self.symbols, pairs))
    }

    /// The labels of a series.
    ///
    /// # Panics
    /// When `id` is another store's.
    #[must_use]
    pub fn labels(&self, id: SeriesId) -> &Labels {
        &self.series_by_id(id).labels
    }

    /// Adds a float at `t_ms`, in ms since the Unix epoch.
    ///
    /// # Panics
    /// When `id` is another store's.
    pub fn append(&self, id: SeriesId, t_ms: i64, value: f64) -> Appended {
        self.append_sample(id, Sample { t_ms, start_ms: 0, value: SampleValue::Float(value) })
    }

    /// Adds a native histogram at `t_ms`, in ms since the Unix epoch.
    ///
    /// # Panics
    /// When `id` is another store's.
    pub fn append_histogram(&self, id: SeriesId, t_ms: i64, histogram: HistogramView<'_>) -> Appended {
        self.append_sample(id, Sample { t_ms, start_ms: 0, value: SampleValue::Histogram(histogram) })
    }

    /// Adds many samples of one series, with their start timestamps. Quickest when they are later than those
    /// the series has.
    ///
    /// # Panics
    /// When `id` is another store's.
    pub fn append_samples(&self, id: SeriesId, samples: &Samples<'_>) -> AppendSummary {
        if samples.is_empty() {
            return AppendSummary::default();
        }
        let summary = self.write(id, |data| data.append_all(samples));
        let (oldest, newest) =
            samples.times.iter().fold((i64::MAX, i64::MIN), |(lo, hi), &t| (lo.min(t), hi.max(t)));
        self.note_times(oldest, newest);
        summary
    }

    /// Records type, unit and help of a metric family, in place of what was known about it.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn set_metadata(&self, metadata: Metadata) {
        let mut all = self.metadata.write().expect(METADATA_LOCK);
        all.insert(metadata.family.clone(), metadata);
    }

    /// Number of series.
    #[must_use]
    pub fn series_count(&self) -> usize {
        self.series.count()
    }

    /// Number of samples of all series.
    #[must_use]
    pub fn sample_count(&self) -> u64 {
        self.series.iter().map(|(_, series)| series.lock().len() as u64).sum()
    }

    /// Bytes that the store takes, labels and indexes included, roughly.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of_series = |series: &Series| {
            size_of::<Series>() + 8 + series.labels.bytes() + series.lock().overhead_bytes()
        };
        self.sample_bytes()
            + self.symbols.bytes()
            + self.index.read().expect(INDEX_LOCK).bytes()
            + self.series.iter().map(|(_, series)| of_series(series)).sum::<usize>()
    }

    /// Bytes of [`bytes`](Self::bytes) that the samples take, unused memory of their columns included. The rest is for
    /// series: their labels, their place in indexes, the heads of their columns.
    #[must_use]
    pub fn sample_bytes(&self) -> usize {
        self.series.iter().map(|(_, series)| series.lock().sample_bytes()).sum()
    }

    /// Gives back the memory that growing reserved, keeps equal times of series once, and makes each series one column
    /// again, so that reads lend slices whatever their range. Worth its time after a bulk load; the next sample of a
    /// series copies its times once.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn optimize(&self) {
        let mut shared = SharedTimes::default();
        self.series.iter().for_each(|(_, series)| series.lock().optimize(&mut shared));
        self.index.write().expect(INDEX_LOCK).shrink();
    }

    fn append_sample(&self, id: SeriesId, sample: Sample<'_>) -> Appended {
        let appended = self.write(id, |data| data.append(sample));
        self.note_times(sample.t_ms, sample.t_ms);
        appended
    }

    fn write<T>(&self, id: SeriesId, change: impl FnOnce(&mut Data) -> T) -> T {
        let mut data = self.series_by_id(id).lock();
        let was_bare = data.is_empty();
        let result = change(&mut data);
        if was_bare && !data.is_empty() {
            self.bare_series.fetch_sub(1, Ordering::Relaxed);
        }
        result
    }

    fn series_by_id(&self, id: SeriesId) -> &Series {
        self.series.get(id.index()).expect("invariant: a series id is used with the store that gave it")
    }

    /// Most samples extend neither end: a look at shared memory is much cheaper than a write to it.
    fn note_times(&self, oldest: i64, newest: i64) {
        if oldest < self.oldest_ms.load(Ordering::Relaxed) {
            self.oldest_ms.fetch_min(oldest, Ordering::Relaxed);
        }
        if newest > self.newest_ms.load(Ordering::Relaxed) {
            self.newest_ms.fetch_max(newest, Ordering::Relaxed);
        }
    }

    /// The labels sorted, unique and without empty values, whoever made them.
    fn normalised(&self, labels: &Labels) -> Labels {
        let name = |i: usize| self.symbols.get(labels.as_slice()[i].name);
        let sorted = (1..labels.len()).all(|i| name(i - 1) < name(i));
        if sorted && labels.iter().all(|label| label.value != Symbol::EMPTY) {
            return labels.clone();
        }
        let mut builder = LabelsBuilder::default();
        for label in labels.iter() {
            builder.set(label.name, label.value);
        }
        builder.build(&self.symbols)
    }

    /// The ids of the series that pass the matchers; some of them if `watch` ends the search.
    fn resolve(&self, matchers: &[Matcher], watch: Option<&dyn Watch>) -> Vec<u32> {
        let index = self.index.read().expect(INDEX_LOCK);
        Resolver { index: &index, series: &self.series, symbols: &self.symbols, watch }.resolve(matchers)
    }

    /// Whether every series has samples in `range`, so that the index alone can answer.
    fn index_answers(&self, matchers: &[Matcher], range: TimeRange) -> bool {
        matchers.is_empty()
            && self.bare_series.load(Ordering::Relaxed) == 0
            && self.time_range().is_none_or(|held| range.start <= held.start && held.end <= range.end)
    }

    /// What `of` gives for the series that pass the matchers and may have samples in `range`, as sorted strings.
    fn collect_symbols(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        of: impl Fn(&Labels, &mut HashSet<Symbol, RandomState>),
    ) -> Vec<String> {
        let mut found = HashSet::default();
        for id in self.resolve(matchers, None) {
            let series = &self.series[id as usize];
            if series.lock().may_have_samples_in(range) {
                of(&series.labels, &mut found);
            }
        }
        self.sorted_strings(found)
    }

    fn sorted_strings(&self, symbols: impl IntoIterator<Item = Symbol>) -> Vec<String> {
        let mut strings: Vec<String> = symbols.into_iter().map(|s| self.symbols.get(s).to_owned()).collect();
        strings.sort_unstable();
        strings
    }
}

const INDEX_LOCK: &str = "invariant: no holder of the index panics";
const METADATA_LOCK: &str = "invariant: no holder of the metadata panics";

impl Storage for MemStore {
    fn symbols(&self) -> &Arc<Symbols> {
        &self.symbols
    }

    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
        let ids = self.resolve(request.matchers, request.watch);
        request.go_on(ids.len().saturating_mul(MemSelection::BYTES_PER_SERIES))?;
        Ok(Box::new(MemSelection::new(Arc::clone(&self.series), &ids, request)?))
    }

    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<String>, StorageError> {
        if self.index_answers(matchers, range) {
            return Ok(self.sorted_strings(self.index.read().expect(INDEX_LOCK).names()));
        }
        Ok(self.collect_symbols(matchers, range, |labels, found| found.extend(labels.iter().map(|l| l.name))))
    }

    fn label_values(
        &self,
        name: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        let Some(name) = self.symbols.lookup(name) else { return Ok(Vec::new()) };
        if self.index_answers(matchers, range) {
            let index = self.index.read().expect(INDEX_LOCK);
            let values = index.name(name).into_iter().flat_map(|name| name.values());
            return Ok(self.sorted_strings(values.map(|(value, _)| value)));
        }
        Ok(self.collect_symbols(matchers, range, |labels, found| {
            found.extend(Some(labels.get(name)).filter(|value| *value != Symbol::EMPTY));
        }))
    }

    fn metadata(&self) -> Vec<Metadata> {
        self.metadata.read().expect(METADATA_LOCK).values().cloned().collect()
    }

    fn time_range(&self) -> Option<TimeRange> {
        let start = Timestamp(self.oldest_ms.load(Ordering::Relaxed));
        let end = Timestamp(self.newest_ms.load(Ordering::Relaxed));
        (start <= end).then_some(TimeRange { start, end })
    }
}
