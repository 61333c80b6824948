//! Files, globs, directories and streams into one store.

mod file_time;
mod inputs;
mod open;
mod options;
mod report;
mod staleness;
mod store_sink;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use promqlite_storage::MemStore;

use crate::detect::{Compression, Format};
use crate::error::FormatError;
use crate::text::read::{CancelledMarker, Source, read_source};

pub use inputs::{Input, is_data_directory, resolve_inputs};
pub use options::LoadOptions;
pub use report::{FileReport, LoadReport};
pub use store_sink::StoreSink;

use inputs::Found;
use open::{Peeked, peek, unpack};

/// How far a load has come. Bytes are those of the files as they are on disk.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The file being read.
    pub file: &'a str,
    /// Bytes read so far, of all files.
    pub bytes_done: u64,
    /// Bytes of all files; `None` when a stream is read.
    pub bytes_total: Option<u64>,
}

/// Is called with the progress of a load, at most once per block.
pub(crate) type OnProgress<'a> = Box<dyn FnMut(Progress<'_>) + 'a>;

/// Loads files into a store.
///
/// Samples of one series from several files become one series. Where two samples have the same time, the one
/// that was loaded first stays; [`FileReport`] counts the others.
pub struct Loader<'a> {
    store: &'a MemStore,
    options: LoadOptions,
    watch: Watch<'a>,
    report: LoadReport,
}

/// Who is told of progress, and who may stop it.
#[derive(Default)]
pub(crate) struct Watch<'a> {
    on_progress: Option<OnProgress<'a>>,
    cancel: Option<Arc<AtomicBool>>,
    bytes_done: u64,
    bytes_total: Option<u64>,
}

impl std::fmt::Debug for Loader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader")
            .field("options", &self.options)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

impl<'a> Loader<'a> {
    /// A loader into `store`.
    #[must_use]
    pub fn new(store: &'a MemStore, options: LoadOptions) -> Self {
        Self { store, options, watch: Watch::default(), report: LoadReport::default() }
    }

    /// Calls `on_progress` as bytes are read.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl FnMut(Progress<'_>) + 'a) -> Self {
        self.watch.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Stops with [`FormatError::Cancelled`] soon after `cancel` becomes true.
    #[must_use]
    pub fn cancel_on(mut self, cancel: Arc<AtomicBool>) -> Self {
        self.watch.cancel = Some(cancel);
        self
    }

    /// Loads every input: paths of files, globs, and directories with all files in them that are of a known
    /// format. See [`resolve_inputs`].
    ///
    /// # Errors
    /// [`FormatError`] at the first input that cannot be loaded; `-` and data directories are such inputs.
    /// What was loaded until then stays in the store.
    pub fn load_all<T: AsRef<str>>(&mut self, inputs: &[T]) -> Result<&LoadReport, FormatError> {
        let mut files = Vec::new();
        for input in resolve_inputs(inputs)? {
            match input {
                Input::File(path) => files.push(path),
                Input::StandardInput => return Err(FormatError::StandardInput),
                Input::DataDirectory(path) => {
                    return Err(FormatError::DataDirectory { path: path.display().to_string() });
                }
            }
        }
        self.load_files(&files)
    }

    /// Loads files in this order.
    ///
    /// # Errors
    /// As [`load_all`](Self::load_all).
    pub fn load_files(&mut self, files: &[PathBuf]) -> Result<&LoadReport, FormatError> {
        let sizes: Option<u64> = files.iter().map(|path| Some(path.metadata().ok()?.len())).sum();
        self.watch.bytes_done = 0;
        self.watch.bytes_total = sizes;
        for path in files {
            self.load_one(path)?;
        }
        self.watch.bytes_total = None;
        Ok(&self.report)
    }

    /// Loads one file.
    ///
    /// # Errors
    /// As [`load_all`](Self::load_all).
    pub fn load_file(&mut self, path: &Path) -> Result<&FileReport, FormatError> {
        self.load_files(std::slice::from_ref(&path.to_owned()))?;
        Ok(self.report.files.last().expect("invariant: a loaded file has a report"))
    }

    /// Loads what `reader` gives; `name` names it in errors and in the report.
    ///
    /// # Errors
    /// As [`load_all`](Self::load_all).
    pub fn load_reader(&mut self, name: &str, reader: impl Read) -> Result<&FileReport, FormatError> {
        self.load_stream_of(name, reader, self.options.at_ms)
    }

    /// Loads what `reader` gives; its samples without a time stand at `at_ms`, in ms since the Unix epoch, unless the
    /// options name a time.
    ///
    /// # Errors
    /// As [`load_all`](Self::load_all).
    pub fn load_reader_at(
        &mut self,
        name: &str,
        reader: impl Read,
        at_ms: i64,
    ) -> Result<&FileReport, FormatError> {
        self.load_stream_of(name, reader, self.options.at_ms.or(Some(at_ms)))
    }

    fn load_stream_of(
        &mut self,
        name: &str,
        reader: impl Read,
        at_ms: Option<i64>,
    ) -> Result<&FileReport, FormatError> {
        self.watch.bytes_done = 0;
        self.load_stream(name, reader, at_ms)?;
        Ok(self.report.files.last().expect("invariant: a loaded stream has a report"))
    }

    /// What has been loaded so far.
    #[must_use]
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    /// Ends loading: staleness markers are set if they are to be inferred, and the store gives back what growing
    /// it reserved.
    #[must_use]
    pub fn finish(mut self) -> LoadReport {
        if self.options.infer_staleness {
            // An in-memory store does not fail to read; without an answer there is nothing to infer.
            self.report.stale_markers = staleness::infer(self.store).unwrap_or(0);
        }
        self.store.optimize();
        self.report.store_bytes = self.store.bytes() as u64;
        self.report.store_samples = self.store.sample_count();
        self.report
    }

    fn load_one(&mut self, path: &Path) -> Result<(), FormatError> {
        let name = path.display().to_string();
        let failed = |source| FormatError::Io { file: name.clone(), source };
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(FormatError::NoFiles { input: name });
        }
        let modified = || about.modified().ok().and_then(file_time::to_ms);
        let default_time = self.options.at_ms.or_else(|| file_time::of_name(path)).or_else(modified);
        self.load_stream(&name, file, default_time)
    }

    fn load_stream(&mut self, name: &str, reader: impl Read, at_ms: Option<i64>) -> Result<(), FormatError> {
        let bytes_before = self.watch.bytes_done;
        let mut watched = Watched { inner: reader, name, watch: &mut self.watch };
        let Peeked { head, compression } = peek(&mut watched).map_err(|e| plain(name).io_error(e))?;
        let source = Source { file: name, compression };
        let mut unpacked = unpack(head, &mut watched, compression).map_err(|e| source.io_error(e))?;
        let start = unpacked.look_ahead().map_err(|e| source.io_error(e))?;
        let empty = start.bytes.trim_ascii().is_empty() && start.whole;
        let format = match self.options.format {
            Some(format) => format,
            None if empty => Format::PrometheusText,
            None => Format::detect(&start.bytes, start.whole, name)
                .ok_or_else(|| FormatError::Unrecognised { file: name.to_owned() })?,
        };
        let mut sink = StoreSink::new(self.store)
            .with_name(self.options.name.as_deref())
            .with_labels(&self.options.labels);
        let summary = read_source(source, unpacked, format, &self.options.reading(at_ms), &mut sink);
        let loaded = sink.finish();
        let summary = summary?;
        let bytes = self.watch.bytes_done - bytes_before;
        self.report.files.push(FileReport::new(name, format, compression, bytes, loaded, summary, empty));
        Ok(())
    }
}

fn plain(file: &str) -> Source<'_> {
    Source { file, compression: Compression::None }
}

/// Whether the file's content is of a known format, and which.
pub(crate) fn sniff(path: &Path) -> Found {
    let name = path.display().to_string();
    let Ok(mut file) = File::open(path) else { return Found::Unreadable };
    let Ok(Peeked { head, compression }) = peek(&mut file) else { return Found::Unreadable };
    let Ok(mut unpacked) = unpack(head, file, compression) else { return Found::Other };
    match unpacked.look_ahead() {
        Ok(start) if Format::detect(&start.bytes, start.whole, &name).is_some() => Found::Known,
        _ => Found::Other,
    }
}

/// Counts bytes, tells of progress, and stops when cancelled.
struct Watched<'w, 'a, R> {
    inner: R,
    name: &'w str,
    watch: &'w mut Watch<'a>,
}

impl<R: Read> Read for Watched<'_, '_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let watch = &mut *self.watch;
        if watch.cancel.as_ref().is_some_and(|flag| flag.load(std::sync::atomic::Ordering::Relaxed)) {
            return Err(std::io::Error::other(CancelledMarker));
        }
        let read = self.inner.read(buf)?;
        watch.bytes_done += read as u64;
        if let Some(on_progress) = &mut watch.on_progress {
            on_progress(Progress {
                file: self.name,
                bytes_done: watch.bytes_done,
                bytes_total: watch.bytes_total,
            });
        }
        Ok(read)
    }
}
