//! The data that queries are asked of: files, merged into one store.

mod args;
mod groups;
mod progress;
mod scrapes;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use promqlite::storage::MergedStore;
use promqlite::{MemStore, Millis, Storage, TimeRange, Timestamp};
use promqlite_formats::{FileReport, FormatError, Input, LoadReport, Loader, resolve_inputs};

pub(crate) use args::InputArgs;
pub(crate) use groups::bare_path;
pub(crate) use scrapes::scrape_interval;

use crate::catalog::names_of_families;
use crate::failure::Failure;
use crate::report;
use crate::time::{TimeSpec, clock};
use groups::Group;
use progress::LateBar;

/// Loaded data.
pub(crate) struct Dataset {
    store: Arc<dyn Storage>,
    /// What was loaded, file by file.
    pub(crate) files: Vec<FileReport>,
    /// How much of it there is.
    pub(crate) counts: Counts,
    /// How long loading took.
    pub(crate) load_time: Duration,
}

/// How much a dataset holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Series.
    pub(crate) series: u64,
    /// Samples, without staleness markers that loading set.
    pub(crate) samples: u64,
    /// Staleness markers that loading set.
    pub(crate) stale_markers: u64,
}

/// What is loaded, in a few figures.
pub(crate) struct Summary {
    /// File by file.
    pub(crate) files: Vec<FileReport>,
    /// How much of it there is.
    pub(crate) counts: Counts,
    /// Distinct metric names.
    pub(crate) metrics: u64,
    /// From the oldest to the newest sample.
    pub(crate) span: Option<TimeRange>,
    /// The usual distance of the samples of a series.
    pub(crate) interval: Option<Millis>,
    /// How long loading took.
    pub(crate) load_time: Duration,
}

/// The help texts of metrics.
pub(crate) struct Helps(HashMap<String, String>);

impl Helps {
    /// The text of a metric, or of its family; empty if there is none.
    pub(crate) fn of(&self, metric: &str) -> &str {
        let texts = names_of_families(metric).filter_map(|name| self.0.get(name));
        texts.map(String::as_str).find(|text| !text.is_empty()).unwrap_or("")
    }
}

impl Dataset {
    /// Loads files, globs, directories, and `-` for standard input, each with a label before it if its series are
    /// to be told apart (`run=a:left.om`). Warns of oddities; shows a progress bar on a terminal if loading takes
    /// long. Stops when `cancel` becomes true.
    pub(crate) fn open(
        paths: &[String],
        args: &InputArgs,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let started = Instant::now();
        let mut opening = Opening::default();
        for group in groups::groups(paths) {
            opening.add(&group, args, cancel)?;
        }
        let mut dataset = opening.finish()?;
        dataset.load_time = started.elapsed();
        Ok(dataset)
    }

    /// The store to query.
    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.store
    }

    /// The store, for as long as somebody needs it.
    pub(crate) fn shared_storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.store)
    }

    /// What a store holds, as if it had been loaded.
    #[cfg(test)]
    pub(crate) fn of_store(store: Arc<dyn Storage>) -> Self {
        Self { store, files: Vec::new(), counts: Counts::default(), load_time: Duration::ZERO }
    }

    /// The usual distance of the samples of a series; `None` if that cannot be told.
    pub(crate) fn scrape_interval(&self) -> Option<Millis> {
        scrapes::scrape_interval(self.storage()).ok().flatten()
    }

    /// What is loaded, in a few figures. What the store cannot tell is left out.
    pub(crate) fn summary(&self) -> Summary {
        let metrics = self.store.label_values("__name__", &[], TimeRange::ALL).map_or(0, |names| names.len());
        Summary {
            files: self.files.clone(),
            counts: self.counts,
            metrics: metrics as u64,
            span: self.store.time_range(),
            interval: self.scrape_interval(),
            load_time: self.load_time,
        }
    }

    /// The help texts of metrics.
    pub(crate) fn helps(&self) -> Helps {
        let texts = self.store.metadata().into_iter().map(|family| (family.family, family.help));
        Helps(texts.collect())
    }

    /// What `now` means: as asked for, else the time of the newest sample, else the wall clock.
    pub(crate) fn now(&self, asked: Option<TimeSpec>) -> Timestamp {
        match asked {
            Some(time) => time.resolve(clock()),
            None => self.store.time_range().map_or_else(clock, |range| range.end),
        }
    }
}

/// What has been opened so far.
#[derive(Default)]
struct Opening {
    parts: Vec<Part>,
    files: Vec<FileReport>,
    counts: Counts,
}

/// A store, and the label that its series get.
struct Part {
    store: Arc<dyn Storage>,
    label: Option<(String, String)>,
}

impl Opening {
    /// Loads the paths of a group: all files into one store.
    fn add(&mut self, group: &Group, args: &InputArgs, cancel: &Arc<AtomicBool>) -> Result<(), Failure> {
        let mut files: Vec<PathBuf> = Vec::new();
        let mut standard_input = false;
        for input in resolve_inputs(&group.paths)? {
            match input {
                Input::File(path) => files.push(path),
                Input::StandardInput => standard_input = true,
                Input::DataDirectory(path) => {
                    return Err(FormatError::DataDirectory { path: path.display().to_string() }.into());
                }
                other => return Err(Failure::Usage(format!("cannot load {other:?}"))),
            }
        }
        if !files.is_empty() || standard_input {
            self.add_files(group, &files, standard_input, args, cancel)?;
        }
        Ok(())
    }

    fn add_files(
        &mut self,
        group: &Group,
        files: &[PathBuf],
        standard_input: bool,
        args: &InputArgs,
        cancel: &Arc<AtomicBool>,
    ) -> Result<(), Failure> {
        let store = MemStore::new();
        let mut bar = LateBar::new();
        let mut loader = Loader::new(&store, args.options())
            .on_progress(|progress| bar.update(progress))
            .cancel_on(Arc::clone(cancel));
        loader.load_files(files)?;
        if standard_input {
            loader.load_reader("-", io::stdin().lock())?;
        }
        let loaded: LoadReport = loader.finish();
        drop(bar);
        loaded.warnings().for_each(|text| report::warning(&text));
        self.counts.series += store.series_count() as u64;
        self.counts.samples += store.sample_count() - loaded.stale_markers;
        self.counts.stale_markers += loaded.stale_markers;
        self.files.extend(loaded.files);
        self.parts.push(Part { store: Arc::new(store), label: group.label.clone() });
        Ok(())
    }

    fn finish(mut self) -> Result<Dataset, Failure> {
        let store: Arc<dyn Storage> = match &mut self.parts[..] {
            [] => Arc::new(MemStore::new()),
            [only] if only.label.is_none() => Arc::clone(&only.store),
            parts => Arc::new(merged(parts)),
        };
        Ok(Dataset { store, files: self.files, counts: self.counts, load_time: Duration::ZERO })
    }
}

/// All parts as one store. Where two of them disagree about a sample, the first stays.
fn merged(parts: &[Part]) -> MergedStore {
    let add = |builder: promqlite::storage::MergedStoreBuilder, part: &Part| match &part.label {
        Some((name, value)) => builder.add_labelled(Arc::clone(&part.store), name, value),
        None => builder.add(Arc::clone(&part.store)),
    };
    parts.iter().fold(MergedStore::builder(), add).build()
}
