//! What all operators of one query share: limits, counters, remarks, symbols, selected series.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use promqlite_model::{Annotation, Annotations, Pos, Symbols};
use promqlite_plan::Settings;
use promqlite_storage::Storage;

use crate::error::{ExecError, Phase};

/// Bounds on what a query may use. Everything is checked while the query runs, batch by batch.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Samples held at once, as Prometheus' `query.max-samples`.
    pub max_samples: usize,
    /// Bytes of labels, batches and results held at once.
    pub max_bytes: usize,
    /// Series of any expression.
    pub max_series: usize,
    /// Steps of the query or of any subquery in it.
    pub max_steps: usize,
}

impl Default for Limits {
    /// 50 million samples as Prometheus, 8 GiB, 20 million series, 20 million steps.
    fn default() -> Self {
        Self { max_samples: 50_000_000, max_bytes: 8 << 30, max_series: 20_000_000, max_steps: 20_000_000 }
    }
}

/// Stops a running query from another thread. Clones share the switch.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A switch that is off.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every query that holds this switch end with [`ExecError::Canceled`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the switch is on.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How to run, apart from what to run.
#[derive(Clone, Debug, Default)]
pub struct ExecOptions {
    /// Bounds.
    pub limits: Limits,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// The switch that stops the query.
    pub cancel: Cancel,
    /// Rows per batch; `None` lets the engine choose so that a batch fits the L2 cache. Never changes a result.
    pub batch_rows: Option<usize>,
    /// Whether to use one thread only. Never changes a result.
    pub single_thread: bool,
}

/// What a query used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Series selected from storage.
    pub series: u64,
    /// Samples that selectors and windows took from storage.
    pub samples_read: u64,
    /// Most samples held at once.
    pub peak_samples: u64,
    /// Most bytes held at once in labels, materialised batches and the result, roughly.
    pub peak_bytes: u64,
}

/// Shared by all operators and threads of a query.
pub(crate) struct Cx<'q> {
    pub options: ExecOptions,
    pub settings: Settings,
    pub storage: &'q dyn Storage,
    /// The store's table under this query's own strings.
    pub symbols: Arc<Symbols>,
    notes: Mutex<Annotations>,
    samples: AtomicUsize,
    bytes: AtomicUsize,
    peak_samples: AtomicUsize,
    peak_bytes: AtomicUsize,
    pub samples_read: AtomicU64,
    pub series: AtomicU64,
}

impl<'q> Cx<'q> {
    pub(crate) fn new(options: ExecOptions, settings: Settings, storage: &'q dyn Storage) -> Self {
        let symbols = Arc::new(Symbols::overlay(Arc::clone(storage.symbols())));
        Self {
            options,
            settings,
            storage,
            symbols,
            notes: Mutex::default(),
            samples: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            peak_samples: AtomicUsize::new(0),
            peak_bytes: AtomicUsize::new(0),
            samples_read: AtomicU64::new(0),
            series: AtomicU64::new(0),
        }
    }

    /// Ends the query if it was cancelled or its time is over.
    pub(crate) fn check(&self) -> Result<(), ExecError> {
        self.check_in(Phase::Evaluation)
    }

    pub(crate) fn check_in(&self, phase: Phase) -> Result<(), ExecError> {
        if self.options.cancel.is_canceled() {
            return Err(ExecError::Canceled(phase));
        }
        if self.options.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(ExecError::Timeout(phase));
        }
        Ok(())
    }

    /// Records a remark.
    pub(crate) fn note(&self, annotation: Annotation, pos: Pos) {
        self.notes.lock().expect("no holder panics").add(annotation, Some(pos));
    }

    /// Records what a kernel remarked.
    pub(crate) fn note_all(&self, notes: Annotations) {
        if !notes.is_empty() {
            self.notes.lock().expect("no holder panics").merge(notes);
        }
    }

    /// Records a store's warning.
    pub(crate) fn storage_warning(&self, text: String) {
        self.notes.lock().expect("no holder panics").add(Annotation::Storage(text), None);
    }

    pub(crate) fn take_notes(&self) -> Annotations {
        std::mem::take(&mut *self.notes.lock().expect("no holder panics"))
    }

    /// Counts samples that are now held.
    pub(crate) fn hold_samples(&self, n: usize) -> Result<(), ExecError> {
        let now = self.samples.fetch_add(n, Ordering::Relaxed) + n;
        self.peak_samples.fetch_max(now, Ordering::Relaxed);
        if now > self.options.limits.max_samples { Err(ExecError::TooManySamples) } else { Ok(()) }
    }

    /// Lets go of samples.
    pub(crate) fn release_samples(&self, n: usize) {
        self.samples.fetch_sub(n, Ordering::Relaxed);
    }

    /// The samples held now; a mark to return to.
    pub(crate) fn held_samples(&self) -> usize {
        self.samples.load(Ordering::Relaxed)
    }

    /// Lets go of all samples that were taken since `mark`, but for `kept` of them.
    pub(crate) fn release_samples_to(&self, mark: usize, kept: usize) {
        self.samples.store(mark + kept, Ordering::Relaxed);
    }

    /// Counts bytes that are now held until the query ends.
    pub(crate) fn hold_bytes(&self, n: usize) -> Result<(), ExecError> {
        let now = self.bytes.fetch_add(n, Ordering::Relaxed).saturating_add(n);
        let limit = self.options.limits.max_bytes;
        if now > limit {
            return Err(ExecError::TooManyBytes { limit });
        }
        self.peak_bytes.fetch_max(now, Ordering::Relaxed);
        Ok(())
    }

    /// Lets go of bytes.
    pub(crate) fn release_bytes(&self, n: usize) {
        self.bytes.fetch_sub(n, Ordering::Relaxed);
    }

    /// Refuses a shape that is over the limits, before anything of that size is allocated.
    pub(crate) fn check_shape(&self, series: usize, steps: usize) -> Result<(), ExecError> {
        let limits = &self.options.limits;
        if series > limits.max_series {
            return Err(ExecError::TooManySeries { got: series, limit: limits.max_series });
        }
        if steps > limits.max_steps {
            return Err(ExecError::TooManySteps { got: steps, limit: limits.max_steps });
        }
        Ok(())
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            series: self.series.load(Ordering::Relaxed),
            samples_read: self.samples_read.load(Ordering::Relaxed),
            peak_samples: self.peak_samples.load(Ordering::Relaxed) as u64,
            peak_bytes: self.peak_bytes.load(Ordering::Relaxed) as u64,
        }
    }
}
