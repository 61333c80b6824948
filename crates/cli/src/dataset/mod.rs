//! The data that queries are asked of: files and data directories, merged into one store.

mod args;
mod directories;
mod groups;
mod progress;
mod scrapes;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use promqlite::storage::{MergedStore, MergedStoreBuilder, SelectRequest};
use promqlite::{MemStore, Millis, Storage, TimeRange, Timestamp};
use promqlite_formats::{Compression, FileReport, FormatError, Input, LoadReport, Loader, resolve_inputs};
use promqlite_tsdb::DataDir;

pub(crate) use args::InputArgs;
pub(crate) use groups::bare_path;
pub(crate) use scrapes::scrape_interval;

use crate::catalog::names_of_families;
use crate::failure::Failure;
use crate::report;
use crate::time::{TimeSpec, clock};
use groups::Group;
use progress::{LateBar, LateSpinner};

/// Loaded data.
pub(crate) struct Dataset {
    store: Arc<dyn Storage>,
    /// What was opened, file by file and directory by directory.
    pub(crate) inputs: Vec<InputSummary>,
    /// The data directories among them.
    pub(crate) directories: Vec<DataDir>,
    /// The stores that files were loaded into.
    loaded: Vec<Arc<MemStore>>,
    /// How much of it there is.
    pub(crate) counts: Counts,
    /// How long opening took.
    pub(crate) load_time: Duration,
}

/// A file or a directory in one line.
#[derive(Clone, Debug)]
pub(crate) struct InputSummary {
    /// Its path.
    pub(crate) name: String,
    /// What it is.
    pub(crate) format: String,
    /// Its size on disk, in bytes.
    pub(crate) bytes: u64,
    /// Series that it has samples of.
    pub(crate) series: u64,
    /// Samples in it, whether or not other inputs have them too.
    pub(crate) samples: u64,
    /// From the oldest to the newest sample.
    pub(crate) span: Option<TimeRange>,
}

impl From<FileReport> for InputSummary {
    fn from(file: FileReport) -> Self {
        Self {
            format: match file.compression {
                Compression::None => file.format.to_string(),
                packed => format!("{}, {}", file.format, packed.as_str()),
            },
            bytes: file.bytes,
            series: file.series,
            samples: file.samples + file.duplicates + file.conflicts,
            span: file.span,
            name: file.name,
        }
    }
}

/// How much a dataset holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Series.
    pub(crate) series: u64,
    /// Whether series that several inputs have may be counted more than once, since counting them exactly would
    /// take long.
    pub(crate) series_at_most: bool,
    /// Samples, without staleness markers that loading set.
    pub(crate) samples: u64,
    /// Staleness markers that loading set.
    pub(crate) stale_markers: u64,
}

/// What is loaded, in a few figures.
pub(crate) struct Summary {
    /// Input by input.
    pub(crate) inputs: Vec<InputSummary>,
    /// How many of them are data directories.
    pub(crate) directories: usize,
    /// What may be missing of data directories.
    pub(crate) warnings: Vec<String>,
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
    /// The memory that it takes, where that is of interest.
    pub(crate) memory: Option<Memory>,
}

/// Memory, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Bytes.
    pub(crate) bytes: u64,
    /// Bytes of these that samples take. The rest is for series: labels, indexes, the heads of columns.
    pub(crate) sample_bytes: u64,
    /// Samples.
    pub(crate) samples: u64,
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
        check(cancel)?;
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
        Self {
            store,
            inputs: Vec::new(),
            directories: Vec::new(),
            loaded: Vec::new(),
            counts: Counts::default(),
            load_time: Duration::ZERO,
        }
    }

    /// The usual distance of the samples of a series; `None` if that cannot be told.
    pub(crate) fn scrape_interval(&self) -> Option<Millis> {
        scrapes::scrape_interval(self.storage()).ok().flatten()
    }

    /// What is loaded, in a few figures. What the store cannot tell is left out.
    pub(crate) fn summary(&self) -> Summary {
        let metrics = self.store.label_values("__name__", &[], TimeRange::ALL).map_or(0, |names| names.len());
        Summary {
            inputs: self.inputs.clone(),
            directories: self.directories.len(),
            warnings: self.directories.iter().flat_map(|directory| directory.report().warnings()).collect(),
            counts: self.counts,
            metrics: metrics as u64,
            span: self.store.time_range(),
            interval: self.scrape_interval(),
            load_time: self.load_time,
            memory: None,
        }
    }

    /// Memory that what was loaded takes, labels and indexes included, and the samples in it; `None` where nothing
    /// was. Blocks are read from disk when they are asked.
    pub(crate) fn memory(&self) -> Option<Memory> {
        let of_files = self.loaded.iter().map(|store| Memory {
            bytes: store.bytes() as u64,
            sample_bytes: store.sample_bytes() as u64,
            samples: store.sample_count(),
        });
        let heads = self.directories.iter().filter_map(|directory| directory.report().head.as_ref());
        let of_heads = heads.map(|head| Memory {
            bytes: head.store_bytes,
            sample_bytes: head.sample_bytes,
            samples: head.samples,
        });
        of_files
            .chain(of_heads)
            .reduce(|a, b| Memory {
                bytes: a.bytes + b.bytes,
                sample_bytes: a.sample_bytes + b.sample_bytes,
                samples: a.samples + b.samples,
            })
            .filter(|memory| memory.samples > 0)
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

/// Series of several stores that are counted exactly; of more it is told that there are at most so many.
const COUNTED_SERIES: u64 = 100_000;

/// What has been opened so far.
#[derive(Default)]
struct Opening {
    parts: Vec<Part>,
    inputs: Vec<InputSummary>,
    directories: Vec<DataDir>,
    loaded: Vec<Arc<MemStore>>,
    counts: Counts,
}

/// A store, and the label that its series get.
struct Part {
    store: Arc<dyn Storage>,
    label: Option<(String, String)>,
}

impl Opening {
    /// Opens the paths of a group: all files into one store, and each directory as it is.
    fn add(&mut self, group: &Group, args: &InputArgs, cancel: &Arc<AtomicBool>) -> Result<(), Failure> {
        let mut files: Vec<PathBuf> = Vec::new();
        let mut standard_input = false;
        directories::refuse_parts(&group.paths)?;
        let inputs = resolve_inputs(&group.paths)?;
        directories::warn_of_several(&group.paths, &inputs);
        for input in inputs {
            match input {
                Input::File(path) => files.push(path),
                Input::StandardInput => standard_input = true,
                Input::DataDirectory(path) => {
                    let sign = LateSpinner::new(path.display().to_string());
                    let directory = directories::open(&path, args, cancel)?;
                    drop(sign);
                    check(cancel)?;
                    self.add_directory(directory, group, args);
                }
                other => return Err(Failure::Usage(format!("cannot load {other:?}"))),
            }
        }
        if !files.is_empty() || standard_input {
            self.add_files(group, &files, standard_input, args, cancel)?;
        }
        Ok(())
    }

    fn add_directory(&mut self, directory: DataDir, group: &Group, args: &InputArgs) {
        let summary = directories::summary(directory.report());
        let store = directories::storage(&directory, args);
        self.counts.series += summary.series;
        self.counts.samples += summary.samples;
        // Blocks and head have series in common, mostly.
        self.counts.series_at_most |=
            directory.report().blocks.len() + usize::from(directory.report().head.is_some()) > 1;
        self.inputs.push(summary);
        self.directories.push(directory);
        self.parts.push(Part { store, label: group.label.clone() });
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
            loader.load_reader_at("-", io::stdin().lock(), clock().0)?;
        }
        let loaded: LoadReport = loader.finish();
        drop(bar);
        loaded.warnings().for_each(|text| report::warning(&text));
        self.counts.series += store.series_count() as u64;
        self.counts.samples += store.sample_count() - loaded.stale_markers;
        self.counts.stale_markers += loaded.stale_markers;
        self.inputs.extend(loaded.files.into_iter().map(InputSummary::from));
        let store = Arc::new(store);
        self.loaded.push(Arc::clone(&store));
        self.parts.push(Part { store, label: group.label.clone() });
        Ok(())
    }

    fn finish(mut self) -> Result<Dataset, Failure> {
        let store: Arc<dyn Storage> = match &mut self.parts[..] {
            [] => Arc::new(MemStore::new()),
            [only] if only.label.is_none() => Arc::clone(&only.store),
            parts => Arc::new(merged(parts)),
        };
        self.counts.series_at_most |= self.parts.len() > 1;
        if self.counts.series_at_most && self.counts.series <= COUNTED_SERIES {
            let all = store.select(&SelectRequest::new(&[], TimeRange::ALL))?;
            (self.counts.series, self.counts.series_at_most) = (all.len() as u64, false);
        }
        let (inputs, directories, loaded) = (self.inputs, self.directories, self.loaded);
        Ok(Dataset { store, inputs, directories, loaded, counts: self.counts, load_time: Duration::ZERO })
    }
}

/// Fails if loading is to stop.
fn check(cancel: &AtomicBool) -> Result<(), Failure> {
    if cancel.load(Ordering::Relaxed) { Err(FormatError::Cancelled.into()) } else { Ok(()) }
}

/// All parts as one store. Where two of them disagree about a sample, the first stays.
fn merged(parts: &[Part]) -> MergedStore {
    let add = |builder: MergedStoreBuilder, part: &Part| match &part.label {
        Some((name, value)) => builder.add_labelled(Arc::clone(&part.store), name, value),
        None => builder.add(Arc::clone(&part.store)),
    };
    parts.iter().fold(MergedStore::builder(), add).build()
}
