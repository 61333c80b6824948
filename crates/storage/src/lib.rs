//! Where series come from: the [`Storage`] trait, an in-memory store, merged stores, a conformance suite.
//!
//! Storage knows series, samples and matchers. It never sees function names.
//!
//! - [`MemStore`] keeps everything in memory, takes appends from many threads and gives each query a snapshot.
//! - [`MergedStore`] makes several stores one.
//! - [`conformance`] checks any implementation, yours included.
//!
//! # A store of your own
//!
//! A store needs a symbol table, a way to pick series by matchers, and a way to hand out their samples. This one
//! keeps a plain list; it is complete, and passes the suite:
//!
//! ```
//! use std::sync::Arc;
//!
//! use promqlite_model::{Labels, SampleBuf, Samples, Symbols, TimeRange};
//! use promqlite_storage::conformance::{self, FixtureSeries, FixtureValue};
//! use promqlite_storage::{SelectRequest, Selection, Storage, StorageError};
//!
//! /// Series in a list that never changes, shared with the selections made from it.
//! struct ListStore {
//!     symbols: Arc<Symbols>,
//!     series: Arc<Vec<(Labels, SampleBuf)>>,
//! }
//!
//! impl ListStore {
//!     fn new(fixture: &[FixtureSeries]) -> Self {
//!         let symbols = Arc::new(Symbols::new());
//!         let one = |series: &FixtureSeries| {
//!             let mut samples = SampleBuf::default();
//!             for sample in &series.samples {
//!                 match &sample.value {
//!                     FixtureValue::Float(v) => samples.push(sample.t_ms, *v),
//!                     FixtureValue::Histogram(h) => samples.push_histogram(sample.t_ms, h.view()),
//!                 }
//!             }
//!             (Labels::new(&symbols, series.label_pairs()), samples)
//!         };
//!         let series = Arc::new(fixture.iter().map(one).collect());
//!         Self { symbols, series }
//!     }
//! }
//!
//! impl Storage for ListStore {
//!     fn symbols(&self) -> &Arc<Symbols> {
//!         &self.symbols
//!     }
//!
//!     fn select(&self, request: &SelectRequest<'_>) -> Result<Box<dyn Selection>, StorageError> {
//!         let value = |labels: &Labels, name: &str| {
//!             self.symbols.lookup(name).map_or("", |name| self.symbols.get(labels.get(name)))
//!         };
//!         let passes = |i: &usize| {
//!             let (labels, samples) = &self.series[*i];
//!             !samples.is_empty() && request.matchers.iter().all(|m| m.matches(value(labels, m.name())))
//!         };
//!         let picked = (0..self.series.len()).filter(passes).collect();
//!         Ok(Box::new(ListSelection { series: Arc::clone(&self.series), picked }))
//!     }
//!
//!     fn time_range(&self) -> Option<TimeRange> {
//!         let ends = |(_, samples): &(Labels, SampleBuf)| {
//!             let times = samples.samples().times;
//!             Some(TimeRange::new(*times.first()?, *times.last()?))
//!         };
//!         self.series.iter().filter_map(ends).reduce(TimeRange::union)
//!     }
//! }
//!
//! struct ListSelection {
//!     series: Arc<Vec<(Labels, SampleBuf)>>,
//!     picked: Vec<usize>,
//! }
//!
//! impl Selection for ListSelection {
//!     fn len(&self) -> usize {
//!         self.picked.len()
//!     }
//!
//!     fn labels(&self, i: usize) -> &Labels {
//!         &self.series[self.picked[i]].0
//!     }
//!
//!     fn samples<'a>(
//!         &'a self,
//!         i: usize,
//!         range: TimeRange,
//!         _: &'a mut SampleBuf,
//!     ) -> Result<Samples<'a>, StorageError> {
//!         let samples = self.series[self.picked[i]].1.samples(); // Lent: the buffer is not needed.
//!         Ok(samples.slice(range.slice(samples.times)))
//!     }
//! }
//!
//! conformance::run(|fixture| Box::new(ListStore::new(fixture)));
//! ```

mod bits;
pub mod conformance;
pub mod id_list;
mod mem;
mod merged;
mod select;

pub use mem::{AppendSummary, Appended, MemStore, SeriesId};
pub use merged::{MergedStore, MergedStoreBuilder, merge_samples};
pub use select::{
    Metadata, MetricKind, ReadStats, SelectHints, SelectRequest, Selection, Storage, StorageError, Watch,
};
