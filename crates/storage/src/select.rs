//! The contract between the engine and whatever holds series.

use std::sync::Arc;

use promqlite_model::{Labels, Matcher, Millis, SampleBuf, Samples, Symbols, TimeRange};

/// A source of series. Synchronous; any number of threads may use it at once.
///
/// `promqlite_storage::conformance` holds a suite that any implementation can run.
pub trait Storage: Send + Sync {
    /// The table that all labels of this store are interned in. The same for as long as the store lives, and
    /// never an overlay.
    fn symbols(&self) -> &Arc<Symbols>;

    /// The series that pass all matchers and may have samples in the request's range.
    ///
    /// Reading the returned selection later gives the data as it was now, whatever is appended meanwhile.
    ///
    /// # Errors
    /// [`StorageError`] when the data cannot be read.
    fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError>;

    /// The names of all labels of the series that pass the matchers, sorted and unique.
    ///
    /// # Errors
    /// [`StorageError`] when the data cannot be read.
    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<String>, StorageError> {
        let symbols = Arc::clone(self.symbols());
        let selection = self.select(&SelectRequest::new(matchers, range))?;
        let mut names: Vec<String> = (0..selection.len())
            .flat_map(|i| selection.labels(i).iter().map(|l| l.name).collect::<Vec<_>>())
            .map(|name| symbols.get(name).to_owned())
            .collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The values that label `name` has on the series that pass the matchers, sorted and unique.
    ///
    /// # Errors
    /// [`StorageError`] when the data cannot be read.
    fn label_values(
        &self,
        name: &str,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<String>, StorageError> {
        let symbols = Arc::clone(self.symbols());
        let Some(name) = symbols.lookup(name) else { return Ok(Vec::new()) };
        let selection = self.select(&SelectRequest::new(matchers, range))?;
        let mut values: Vec<String> = (0..selection.len())
            .map(|i| symbols.get(selection.labels(i).get(name)).to_owned())
            .filter(|value| !value.is_empty())
            .collect();
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    /// Type, unit and help of the metric families that are known, sorted by family name.
    fn metadata(&self) -> Vec<Metadata> {
        Vec::new()
    }

    /// The times of the oldest and the newest sample; `None` if there is none.
    fn time_range(&self) -> Option<TimeRange>;
}

/// What a query wants from a store.
#[derive(Clone, Debug)]
pub struct SelectRequest<'a> {
    /// All of these must pass.
    pub matchers: &'a [Matcher],
    /// Samples outside may be left out, by the store or by the reader.
    pub range: TimeRange,
    /// What else is known about the use of the samples; a store may ignore it.
    pub hints: SelectHints,
    /// Who to ask during a long search whether it is still wanted; a store may leave that.
    pub watch: Option<&'a dyn Watch>,
}

/// The query that a search is for: it may be over, and it may hold only so much.
pub trait Watch: std::fmt::Debug + Send + Sync {
    /// To be asked from time to time, best every millisecond, and before a list of `bytes` is made.
    ///
    /// # Errors
    /// When the search is to end. The store returns this error; what it says does not matter.
    fn go_on(&self, bytes: usize) -> Result<(), StorageError>;
}

impl<'a> SelectRequest<'a> {
    /// A request without hints.
    #[must_use]
    pub fn new(matchers: &'a [Matcher], range: TimeRange) -> Self {
        Self { matchers, range, hints: SelectHints::default(), watch: None }
    }

    /// Asks [`SelectRequest::watch`], if there is one.
    ///
    /// # Errors
    /// When the search is to end.
    pub fn go_on(&self, bytes: usize) -> Result<(), StorageError> {
        self.watch.map_or(Ok(()), |watch| watch.go_on(bytes))
    }
}

/// Facts about a query that a store may use to do less.
#[derive(Clone, Debug, Default)]
pub struct SelectHints {
    /// Distance of the evaluation steps; zero for an instant query.
    pub step: Millis,
    /// Length of the window of a range selector; zero for an instant selector.
    pub range: Millis,
    /// Whether of each series only the newest sample in the range is looked at: a store may leave out older ones.
    pub newest_only: bool,
    /// The labels that the result depends on; `None` for all of them. A store may load the values of others
    /// late, but [`Selection::labels`] still tells whole sets: whether two series have equal labels matters
    /// to errors that a query must report.
    pub needed_labels: Option<Vec<String>>,
}

/// A consistent view of the selected series: label sets first, samples on demand, from any thread.
pub trait Selection: Send + Sync {
    /// Number of series.
    fn len(&self) -> usize;

    /// Whether nothing was selected.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels of series `i`. No two series of a selection have equal labels.
    fn labels(&self, i: usize) -> &Labels;

    /// The samples of series `i` in `range`, ascending in time: lent from the store where it can, else put
    /// into `buf`, which is emptied first.
    ///
    /// # Errors
    /// [`StorageError`] when the data cannot be read.
    fn samples<'a>(
        &'a self,
        i: usize,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError>;

    /// Texts that the query should show as warnings: blocks that were skipped, parts that did not answer. More of
    /// them may come with reading, so that they are to be asked for again when all is read.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// What has been read so far, for stores that count.
    fn stats(&self) -> ReadStats {
        ReadStats::default()
    }
}

/// Counters of a selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadStats {
    /// Chunks decoded.
    pub chunks: u64,
    /// Bytes read from files.
    pub bytes: u64,
    /// Samples decoded or lent.
    pub samples: u64,
}

/// The type of a metric family, in OpenMetrics' words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Not told.
    #[default]
    Unknown,
    /// `counter`
    Counter,
    /// `gauge`
    Gauge,
    /// `histogram`
    Histogram,
    /// `gaugehistogram`
    GaugeHistogram,
    /// `summary`
    Summary,
    /// `info`
    Info,
    /// `stateset`
    StateSet,
}

impl MetricKind {
    /// The word of OpenMetrics and of the HTTP API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
        }
    }
}

/// What is known about a metric family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The family's name.
    pub family: String,
    /// Its type.
    pub kind: MetricKind,
    /// Its unit, empty if none.
    pub unit: String,
    /// Its help text, empty if none.
    pub help: String,
}

/// Why a store could not answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A file or a device failed.
    #[error("{context}: {message}")]
    Io {
        /// What was being read.
        context: String,
        /// What went wrong.
        message: String,
    },
    /// Data is damaged.
    #[error("{context}: {message}")]
    Corrupt {
        /// Where.
        context: String,
        /// What is wrong there.
        message: String,
    },
    /// Anything else a store wants to say.
    #[error("{0}")]
    Other(String),
}
