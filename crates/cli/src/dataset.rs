//! The loaded files, and the options of loading.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use promqlite::{MemStore, Storage, Timestamp};
use promqlite_formats::{
    Format, FormatError, Input, LoadOptions, LoadReport, Loader, Progress, resolve_inputs,
};

use crate::failure::Failure;
use crate::report;
use crate::time::{TimeSpec, clock, parse_time};

/// Options of loading.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArgs {
    /// Format of all files [default: recognised per file]; one of prometheus, openmetrics, dump,
    /// dump-openmetrics, json, jsonl
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub(crate) input_format: Option<Format>,
    /// Skip broken lines and count them
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Read NaN in promtool's dumps and in JSON as staleness markers
    #[arg(long)]
    pub(crate) nan_as_stale: bool,
    /// Leave series open that missed a scrape, instead of ending them there as the server did (`up` tells)
    #[arg(long)]
    pub(crate) no_infer_staleness: bool,
    /// Keep `le` and `quantile` as they are written, instead of as Prometheus 3 stores them (`1` → `1.0`)
    #[arg(long)]
    pub(crate) keep_le: bool,
    /// Time of samples that have none [default: from the file's name, else its modification]
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) sample_time: Option<TimeSpec>,
    /// Metric name of series that have none, such as saved results of functions
    #[arg(long, value_name = "METRIC")]
    pub(crate) name: Option<String>,
    /// Give every series a label
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_label)]
    pub(crate) label: Vec<(String, String)>,
}

fn parse_format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
        format!("known formats are {}", known.join(", "))
    })
}

fn parse_label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".into()),
    }
}

impl InputArgs {
    fn options(&self) -> LoadOptions {
        LoadOptions {
            format: self.input_format,
            at_ms: self.sample_time.map(|time| time.resolve(clock()).0),
            lenient: self.lenient,
            normalize_le: !self.keep_le,
            nan_as_stale: self.nan_as_stale,
            infer_staleness: !self.no_infer_staleness,
            name: self.name.clone(),
            labels: self.label.clone(),
        }
    }
}

/// Loaded files.
pub(crate) struct Dataset {
    store: MemStore,
    /// What was loaded, file by file.
    pub(crate) report: LoadReport,
    /// How long loading took.
    pub(crate) load_time: Duration,
}

impl Dataset {
    /// Loads files, globs, directories, and `-` for standard input. Warns of oddities; shows a progress bar on a
    /// terminal if loading takes long. Stops when `cancel` becomes true.
    pub(crate) fn open(
        paths: &[String],
        args: &InputArgs,
        cancel: &Arc<AtomicBool>,
    ) -> Result<Self, Failure> {
        let started = Instant::now();
        let store = MemStore::new();
        let report = load(&store, paths, args, cancel)?;
        report.warnings().for_each(|text| report::warning(&text));
        Ok(Self { store, report, load_time: started.elapsed() })
    }

    /// The store to query.
    pub(crate) fn storage(&self) -> &dyn Storage {
        &self.store
    }

    /// Number of series.
    pub(crate) fn series_count(&self) -> u64 {
        self.store.series_count() as u64
    }

    /// Number of samples.
    pub(crate) fn sample_count(&self) -> u64 {
        self.store.sample_count() - self.report.stale_markers
    }

    /// What `now` means: as asked for, else the time of the newest sample, else the wall clock.
    pub(crate) fn now(&self, asked: Option<TimeSpec>) -> Timestamp {
        match asked {
            Some(time) => time.resolve(clock()),
            None => self.store.time_range().map_or_else(clock, |range| range.end),
        }
    }
}

fn load(
    store: &MemStore,
    paths: &[String],
    args: &InputArgs,
    cancel: &Arc<AtomicBool>,
) -> Result<LoadReport, Failure> {
    let inputs = resolve_inputs(paths)?;
    let mut bar = LateBar::new();
    let mut loader = Loader::new(store, args.options())
        .on_progress(|progress| bar.update(progress))
        .cancel_on(Arc::clone(cancel));
    let mut files: Vec<PathBuf> = Vec::new();
    let mut standard_input = false;
    for input in inputs {
        match input {
            Input::File(path) => files.push(path),
            Input::StandardInput => standard_input = true,
            Input::DataDirectory(path) => {
                return Err(FormatError::DataDirectory { path: path.display().to_string() }.into());
            }
            other => return Err(Failure::Usage(format!("cannot load {other:?}"))),
        }
    }
    loader.load_files(&files)?;
    if standard_input {
        loader.load_reader("-", io::stdin().lock())?;
    }
    Ok(loader.finish())
}

/// How long loading must take before it shows progress.
const BAR_AFTER: Duration = Duration::from_secs(1);

/// A progress bar on standard error that appears only when loading takes long, and only on a terminal.
struct LateBar {
    started: Instant,
    bar: Option<ProgressBar>,
    wanted: bool,
}

impl LateBar {
    fn new() -> Self {
        Self { started: Instant::now(), bar: None, wanted: io::stderr().is_terminal() }
    }

    fn update(&mut self, progress: Progress<'_>) {
        if !self.wanted || self.started.elapsed() < BAR_AFTER {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| new_bar(progress.bytes_total));
        bar.set_position(progress.bytes_done);
        bar.set_message(progress.file.to_owned());
    }
}

impl Drop for LateBar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(bytes_total: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes_total {
        Some(total) => (ProgressBar::new(total), "{bar:30} {bytes}/{total_bytes} {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {msg}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.with_style(ProgressStyle::with_template(template).expect("invariant: the template is well-formed"))
}
