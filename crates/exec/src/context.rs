//! What all operators of one query share: limits, counters, remarks, symbols, selected series.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use promqlite_functions::binary::StepProblems;
use promqlite_model::{Annotation, Annotations, Home, Pos, Symbol, Symbols};
use promqlite_plan::{Node, Settings};
use promqlite_storage::{ReadStats, Storage};

use crate::budget::{Budget, Held};
use crate::error::{ExecError, Phase};
use crate::measure::{Meter, PartId, Scope};
use crate::ops::buffer::SpareBuffers;

/// What an interned string takes beside its text: its place in the table, and room for the table to grow.
const SYMBOL_BYTES: usize = 96;

/// The most bytes of texts that are not asked for yet.
const OPEN_SYMBOL_BYTES: usize = 16 << 10;
/// What a remark takes, roughly: its text twice and a node of a tree.
const NOTE_BYTES: usize = 512;
/// Questions whether the time is over between two looks at the clock.
const QUESTIONS_PER_LOOK: usize = 4;

/// Bounds on what a query may use. Everything is checked while the query runs, batch by batch.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Samples held at once, as Prometheus' `query.max-samples`.
    pub max_samples: usize,
    /// Bytes that the query holds at once: its plan, regular expressions, labels, batches, tables of groups and
    /// joins, scratch space of operators, and the result. Counted before they are allocated.
    pub max_bytes: usize,
    /// Series of any expression.
    pub max_series: usize,
    /// Steps of the query or of any subquery in it.
    pub max_steps: usize,
    /// Points of any subquery: its series times its steps.
    pub max_subquery_points: usize,
}

impl Default for Limits {
    /// 50 million samples as Prometheus, 8 GiB, 20 million series, 20 million steps, 200 million points of a
    /// subquery.
    fn default() -> Self {
        Self {
            max_samples: 50_000_000,
            max_bytes: 8 << 30,
            max_series: 20_000_000,
            max_steps: 20_000_000,
            max_subquery_points: 200_000_000,
        }
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
    /// Bytes that text, plan and regular expressions take already; they count as held from the start.
    pub text_bytes: usize,
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
    /// Compressed chunks that storage decoded for them; 0 where samples lie in memory.
    pub chunks_decoded: u64,
    /// Bytes of files that storage read for the query: lists of series, what is told of series, and chunks.
    pub bytes_read: u64,
    /// Most samples held at once.
    pub peak_samples: u64,
    /// Most bytes held at once, as [`Limits::max_bytes`] counts them.
    pub peak_bytes: u64,
}

/// One binary operator's list of problems.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProblemList(usize);

/// Shared by all operators and threads of a query.
pub(crate) struct Cx<'q> {
    pub options: ExecOptions,
    pub settings: Settings,
    pub storage: &'q dyn Storage,
    /// The store's table under this query's own strings.
    pub symbols: Arc<Symbols>,
    notes: Mutex<Annotations>,
    /// What each binary operator remarked so far, with its place in the query.
    problems: Mutex<Vec<(Pos, StepProblems)>>,
    samples: AtomicUsize,
    peak_samples: AtomicUsize,
    budget: Arc<Budget>,
    /// What is held until the query ends.
    kept: Mutex<Held>,
    samples_read: AtomicU64,
    chunks_decoded: AtomicU64,
    bytes_read: AtomicU64,
    pub series: AtomicU64,
    /// How often it was asked whether the time is over, and whether it once was.
    asked: AtomicUsize,
    timed_out: AtomicBool,
    pub buffers: SpareBuffers,
    /// Counts what each part of the query uses, if that is measured.
    pub meter: Option<Arc<Meter>>,
}

impl<'q> Cx<'q> {
    pub(crate) fn new(
        options: ExecOptions,
        settings: Settings,
        storage: &'q dyn Storage,
        meter: Option<Arc<Meter>>,
    ) -> Self {
        let symbols = Arc::new(Symbols::overlay(Arc::clone(storage.symbols())));
        let budget = Arc::new(Budget::new(options.limits.max_bytes, meter.clone()));
        let kept = Mutex::new(Held::new(&budget, 0).expect("invariant: nothing fits any budget"));
        Self {
            options,
            settings,
            storage,
            symbols,
            notes: Mutex::default(),
            problems: Mutex::default(),
            samples: AtomicUsize::new(0),
            peak_samples: AtomicUsize::new(0),
            budget,
            kept,
            samples_read: AtomicU64::new(0),
            chunks_decoded: AtomicU64::new(0),
            bytes_read: AtomicU64::new(0),
            series: AtomicU64::new(0),
            asked: AtomicUsize::new(0),
            timed_out: AtomicBool::new(false),
            buffers: SpareBuffers::default(),
            meter,
        }
    }

    /// A query with all defaults.
    #[cfg(test)]
    pub(crate) fn for_tests(storage: &'q dyn Storage) -> Self {
        let settings = Settings {
            delayed_name_removal: false,
            use_start_timestamps: false,
            type_and_unit_labels: false,
        };
        Self::new(ExecOptions::default(), settings, storage, None)
    }

    /// Ends the query if it was cancelled or its time is over.
    pub(crate) fn check(&self) -> Result<(), ExecError> {
        self.check_in(Phase::Evaluation)
    }

    /// Whether the query was cancelled or its time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.check().is_err()
    }

    pub(crate) fn check_in(&self, phase: Phase) -> Result<(), ExecError> {
        if self.options.cancel.is_canceled() {
            return Err(ExecError::Canceled(phase));
        }
        if self.options.deadline.is_some_and(|deadline| self.is_past(deadline)) {
            return Err(ExecError::Timeout(phase));
        }
        Ok(())
    }

    /// Whether a time is over. Looks at the clock every few times only: in a query of a few microseconds that would be
    /// a twentieth of all. Once over, always over, since who stops early relies on the next one to say so too.
    fn is_past(&self, deadline: Instant) -> bool {
        if self.timed_out.load(Ordering::Relaxed) {
            return true;
        }
        // Threads may miss each other's questions, which does no harm.
        let asked = self.asked.load(Ordering::Relaxed);
        self.asked.store(asked.wrapping_add(1), Ordering::Relaxed);
        let past = asked.is_multiple_of(QUESTIONS_PER_LOOK) && Instant::now() >= deadline;
        if past {
            self.timed_out.store(true, Ordering::Relaxed);
        }
        past
    }

    /// Records a remark.
    pub(crate) fn note(&self, annotation: Annotation, pos: Pos) -> Result<(), ExecError> {
        let mut notes = Annotations::default();
        notes.add(annotation, Some(pos));
        self.note_all(notes)
    }

    /// Records what a kernel remarked.
    pub(crate) fn note_all(&self, notes: Annotations) -> Result<(), ExecError> {
        if notes.is_empty() {
            return Ok(());
        }
        let mut all = self.notes.lock().expect("no holder panics");
        let known = all.len();
        all.merge(notes);
        let new = all.len() - known;
        drop(all);
        if new == 0 { Ok(()) } else { self.keep(new * NOTE_BYTES) }
    }

    /// Records a store's warning.
    pub(crate) fn storage_warning(&self, text: String) {
        self.notes.lock().expect("no holder panics").add(Annotation::Storage(text), None);
    }

    /// A place for the problems of one binary operator. They become remarks when the query ends: of a step only the
    /// last one counts, and rows are read in any order and in any number of batches.
    pub(crate) fn problem_list(&self, pos: Pos) -> ProblemList {
        let mut lists = self.problems.lock().expect("no holder panics");
        lists.push((pos, StepProblems::new()));
        ProblemList(lists.len() - 1)
    }

    /// Adds what some rows of an operator remarked.
    pub(crate) fn add_problems(&self, list: ProblemList, problems: StepProblems) -> Result<(), ExecError> {
        if problems.is_empty() {
            return Ok(());
        }
        let mut lists = self.problems.lock().expect("no holder panics");
        let known = &mut lists[list.0].1;
        let before = known.bytes();
        known.merge(problems);
        let more = known.bytes() - before;
        drop(lists);
        self.keep(more)
    }

    /// All remarks, once the query is done.
    pub(crate) fn take_notes(&self) -> Annotations {
        let mut notes = std::mem::take(&mut *self.notes.lock().expect("no holder panics"));
        for (pos, problems) in std::mem::take(&mut *self.problems.lock().expect("no holder panics")) {
            problems.report(&mut notes, pos);
        }
        notes
    }

    /// Lets what this thread does count for a part of the query, as long as the guard lives.
    pub(crate) fn at(&self, part: impl FnOnce(&Meter) -> PartId) -> Option<Scope<'_>> {
        self.meter.as_deref().map(|meter| meter.enter(part(meter)))
    }

    /// Lets what this thread does count for a node of the plan, as long as the guard lives.
    pub(crate) fn at_node(&self, node: &Node) -> Option<Scope<'_>> {
        self.at(|meter| meter.node(node))
    }

    /// Counts samples that were read from storage.
    pub(crate) fn count_read(&self, samples: usize) {
        self.samples_read.fetch_add(samples as u64, Ordering::Relaxed);
        if let Some(meter) = &self.meter {
            meter.read_samples(samples as u64);
        }
    }

    /// Counts samples that are now held.
    pub(crate) fn hold_samples(&self, n: usize) -> Result<(), ExecError> {
        let now = self.samples.fetch_add(n, Ordering::Relaxed) + n;
        if now > self.peak_samples.load(Ordering::Relaxed) {
            self.peak_samples.fetch_max(now, Ordering::Relaxed);
        }
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

    /// Counts bytes for as long as the guard lives. To be called before they are allocated.
    pub(crate) fn hold(&self, bytes: usize) -> Result<Held, ExecError> {
        Held::new(&self.budget, bytes)
    }

    /// Who takes back blocks of a result that were given away.
    pub(crate) fn home(&self) -> Arc<dyn Home> {
        Arc::clone(&self.budget) as Arc<dyn Home>
    }

    /// Counts bytes until the query ends.
    pub(crate) fn keep(&self, bytes: usize) -> Result<(), ExecError> {
        self.kept.lock().expect("no holder panics").add_for_all(bytes)
    }

    /// The symbol of a text that the query makes; new ones are kept until the query ends.
    pub(crate) fn intern(&self, text: &str) -> Result<Symbol, ExecError> {
        self.symbols.intern_if(text, || self.keep(text.len().saturating_add(SYMBOL_BYTES)))
    }

    /// The same for one of many texts: their bytes are counted in `open` until there are enough of them to ask for.
    pub(crate) fn intern_one_of(&self, text: &str, open: &mut usize) -> Result<Symbol, ExecError> {
        self.symbols.intern_if(text, || {
            *open = open.saturating_add(text.len()).saturating_add(SYMBOL_BYTES);
            if *open >= OPEN_SYMBOL_BYTES { self.keep(std::mem::take(open)) } else { Ok(()) }
        })
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

    /// Refuses a subquery that has more points than it may have.
    pub(crate) fn check_subquery(&self, series: usize, steps: usize) -> Result<(), ExecError> {
        let (got, limit) = (series.saturating_mul(steps), self.options.limits.max_subquery_points);
        if got > limit { Err(ExecError::TooManySubqueryPoints { got, limit }) } else { Ok(()) }
    }

    /// Counts what a selection that is done with made its store read.
    pub(crate) fn count_reads(&self, reads: ReadStats) {
        self.chunks_decoded.fetch_add(reads.chunks, Ordering::Relaxed);
        self.bytes_read.fetch_add(reads.bytes, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            series: self.series.load(Ordering::Relaxed),
            samples_read: self.samples_read.load(Ordering::Relaxed),
            chunks_decoded: self.chunks_decoded.load(Ordering::Relaxed),
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            peak_samples: self.peak_samples.load(Ordering::Relaxed) as u64,
            peak_bytes: self.budget.peak() as u64,
        }
    }
}
