//! Functions of windows, over stored samples and over subqueries.

use std::ops::Range;

use promqlite_functions::{
    Extension, ExtensionSupport, Function, Kernel, RangeCx, RangeKernel, Stop, Windows,
};
use promqlite_model::histogram::CounterResetHint;
use promqlite_model::{
    Annotation, Annotations, Batch, Grid, Labels, Millis, Pos, SampleBuf, Samples, Symbol, TimeRange,
    any_stale,
};
use promqlite_plan::TimeMap;
use promqlite_storage::Selection;

use crate::block::{Block, float_bytes};
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema, Source};
use crate::ops::buffer::{Buffer, bytes_of, histogram_room};
use crate::ops::scalar::Numbers;
use crate::ops::select::{selection_schema, without_stale};

/// Where the samples of a row come from.
pub(crate) enum RowSamples<'q> {
    /// A selector.
    Stored { selection: &'q dyn Selection, extension: Option<Extension>, lookback: Millis },
    /// The points of an expression at the inner steps.
    Subquery { input: Opened<'q>, grid: Grid },
}

/// The windows of every row: one geometry for all series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    /// The evaluation steps.
    pub grid: Grid,
    /// The right edges.
    pub ends: TimeMap,
    /// The length.
    pub range: Millis,
}

impl Geometry {
    fn last_end(&self) -> i64 {
        let steps = self.grid.len.saturating_sub(1) as i64;
        self.ends.first.0.saturating_add(self.ends.step.0.saturating_mul(steps))
    }

    /// All times inside the windows, `before` ms more on the left and `after` on the right.
    pub(crate) fn span(&self, before: i64, after: i64) -> TimeRange {
        let start = self.ends.first.0.saturating_sub(self.range.0).saturating_add(1).saturating_sub(before);
        TimeRange::new(start, self.last_end().saturating_add(after))
    }

    pub(crate) fn windows<'a>(&self, samples: Samples<'a>, lookback: Millis, stop: Stop<'a>) -> Windows<'a> {
        Windows {
            samples,
            grid: self.grid,
            first_end: self.ends.first.0,
            end_step: self.ends.step.0,
            range: self.range,
            lookback,
            stop,
        }
    }
}

impl<'q> RowSamples<'q> {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Stored { selection, .. } => selection.len(),
            Self::Subquery { input, .. } => input.rows(),
        }
    }

    /// The rows. The list of them is the caller's to hold.
    pub(crate) fn schema(&self, cx: &Cx<'_>) -> Result<Schema, ExecError> {
        match self {
            Self::Stored { selection, .. } => selection_schema(*selection, cx),
            Self::Subquery { input, .. } => {
                drop(cx.hold(input.schema.bytes())?);
                Ok(input.schema.clone())
            }
        }
    }

    /// The labels of a row.
    fn labels(&self, row: usize) -> &Labels {
        match self {
            Self::Stored { selection, .. } => selection.labels(row),
            Self::Subquery { input, .. } => &input.schema.labels[row],
        }
    }

    /// Calls `f(row, samples)` for each of `rows`, staleness markers removed.
    pub(crate) fn for_each(
        &self,
        rows: impl Iterator<Item = usize>,
        geometry: &Geometry,
        cx: &Cx<'_>,
        mut f: impl FnMut(usize, Samples<'_>) -> Result<(), ExecError>,
    ) -> Result<(), ExecError> {
        match self {
            Self::Stored { selection, extension, lookback } => {
                let span = match extension {
                    None => geometry.span(0, 0),
                    Some(Extension::Anchored) => geometry.span(lookback.0, 0),
                    Some(Extension::Smoothed) => geometry.span(lookback.0, lookback.0),
                };
                let (mut buf, mut clean) = (Buffer::new(cx)?, SampleBuf::default());
                let (mut read, mut unchecked) = (0, 0);
                for row in rows {
                    if unchecked >= SAMPLES_BETWEEN_CHECKS {
                        cx.check()?;
                        unchecked = 0;
                    }
                    let samples = buf.read(*selection, row, span)?;
                    read += samples.len();
                    unchecked += samples.len() + SAMPLES_BETWEEN_CHECKS / 64;
                    if any_stale(samples.values) {
                        let _copy = cx.hold(bytes_of(&samples))?;
                        f(row, without_stale(&samples, &mut clean))?;
                    } else {
                        f(row, samples)?;
                    }
                }
                cx.count_read(read);
                Ok(())
            }
            Self::Subquery { input, grid } => {
                let rows: Vec<usize> = rows.collect();
                let batch = input.read_some(&rows, cx)?;
                // The points of a row once more, as samples: at most two numbers and an index for each.
                let histograms = batch.bytes() - float_bytes(batch.rows(), batch.steps());
                let _points = cx.hold(grid.len.saturating_mul(20).saturating_add(histograms))?;
                let mut buf = SampleBuf::default();
                for (i, &row) in rows.iter().enumerate() {
                    cx.check()?;
                    buf.clear();
                    points_of(&batch, i, grid, &mut buf);
                    f(row, buf.samples())?;
                }
                Ok(())
            }
        }
    }
}

/// Samples of series that are looked through between two questions whether to go on; a series counts as 64th of them at
/// least.
const SAMPLES_BETWEEN_CHECKS: usize = 64 << 10;

/// A batch row as samples at the grid's times.
pub(crate) fn points_of(batch: &Batch, row: usize, grid: &Grid, out: &mut SampleBuf) {
    for k in 0..grid.len {
        if let Some(value) = batch.float(row, k) {
            out.push(grid.time(k).0, value);
        } else if let Some(histogram) = batch.histogram(row, k) {
            // Between points of a subquery nothing is known about resets.
            let hint = match histogram.hint() {
                CounterResetHint::Gauge => CounterResetHint::Gauge,
                _ => CounterResetHint::Unknown,
            };
            out.push_histogram(grid.time(k).0, histogram.with_hint(hint));
        }
    }
}

/// Bytes of scratch space that a kernel may use for each sample of a window: times and values once more, in lists
/// with room to grow.
const SCRATCH_PER_SAMPLE: usize = 48;

/// A range-vector function: one kernel call per series.
pub(crate) struct RangeFunction<'q> {
    pub kernel: RangeKernel,
    pub input: RowSamples<'q>,
    pub geometry: Geometry,
    /// A number per step for each scalar argument.
    pub args: Vec<Numbers>,
    pub positions: Vec<Pos>,
    pub range_arg: usize,
}

impl<'q> RangeFunction<'q> {
    /// Opens the function; its rows still have their names.
    pub(crate) fn open(self, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
        let schema = self.input.schema(cx)?;
        let copies = cx.hold(schema.bytes())?;
        let steps = self.geometry.grid.len;
        Ok(Opened::new(schema, steps, self).holding(copies))
    }

    fn run(&self, samples: Samples<'_>, stop: Stop<'_>, batch: &mut Batch, at: usize, cx: &mut RangeCx<'_>) {
        let mut out = batch.row_mut(at);
        let extension = match &self.input {
            RowSamples::Stored { extension, .. } => *extension,
            RowSamples::Subquery { .. } => None,
        };
        let lookback = match &self.input {
            RowSamples::Stored { lookback, .. } => *lookback,
            RowSamples::Subquery { .. } => Millis::ZERO,
        };
        let windows = self.geometry.windows(samples, lookback, stop);
        match (extension, self.kernel.extended) {
            (Some(extension), ExtensionSupport::Anchored(kernel) | ExtensionSupport::Both(kernel)) => {
                kernel(&windows, extension, &mut out, cx);
            }
            _ if samples.histograms.is_some() => (self.kernel.mixed)(&windows, &mut out, cx),
            _ => (self.kernel.floats)(&windows, &mut out, cx),
        }
    }

    /// Remarks on a counter function over something that does not look like a counter.
    fn check_counter(&self, row: usize, metric: &str, cx: &Cx<'_>, notes: &mut Annotations) {
        if metric.is_empty() {
            return;
        }
        let pos = self.positions.get(self.range_arg).copied();
        if cx.settings.type_and_unit_labels {
            let kind = cx.symbols.get(self.input.labels(row).get(Symbol::TYPE));
            if kind != "counter" && kind != "histogram" {
                let (got, metric) = (kind.to_owned(), metric.to_owned());
                notes.add(Annotation::PossibleNonCounterType { got, metric }, pos);
            }
        } else if !["_total", "_sum", "_count", "_bucket"].iter().any(|suffix| metric.ends_with(suffix)) {
            notes.add(Annotation::PossibleNonCounter { metric: metric.to_owned() }, pos);
        }
    }
}

impl Source for RangeFunction<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.fill(rows, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.fill(rows.iter().copied(), cx)
    }
}

impl RangeFunction<'_> {
    fn fill(&self, rows: impl ExactSizeIterator<Item = usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let mut batch = Block::empty(rows.len(), self.geometry.grid.len, cx)?;
        let args: Vec<&[f64]> = self.args.iter().map(|numbers| &**numbers).collect();
        let is_over = || cx.is_over();
        let stop = Stop::new(&is_over);
        let mut notes = Annotations::default();
        let mut error = None;
        let mut last_remarked = Symbol::EMPTY;
        let stored = matches!(self.input, RowSamples::Stored { .. });
        let mut next = 0;
        let (mut name, mut metric) = (Symbol::EMPTY, "");
        // What one row takes while it is computed. Kernels copy no more than a few numbers for each of its samples.
        let mut scratch = cx.hold(0)?;
        let (mut room, mut widest) = (Vec::new(), 0);
        self.input.for_each(rows, &self.geometry, cx, |row, samples| {
            let at = next;
            next += 1;
            if samples.is_empty() {
                return Ok(());
            }
            let own = self.input.labels(row).get(Symbol::NAME);
            if own != name {
                (name, metric) = (own, cx.symbols.get(own));
            }
            let mut range_cx = RangeCx {
                args: &args,
                positions: &self.positions,
                range_arg: self.range_arg,
                metric,
                use_start_times: cx.settings.use_start_timestamps && self.kernel.start_times && stored,
                scratch: &mut room,
                notes: &mut notes,
                error: None,
            };
            scratch.grow_to(samples.len().saturating_mul(SCRATCH_PER_SAMPLE))?;
            let _room = histogram_room(&samples, self.geometry.grid.len, cx)?;
            self.run(samples, stop, &mut batch, at, &mut range_cx);
            let failed = range_cx.error;
            if samples.histograms.is_some() {
                batch.settle()?;
            }
            if let Some(text) = failed {
                error.get_or_insert(text);
            }
            if self.kernel.counter && batch.valid().any(at) && name != last_remarked {
                self.check_counter(row, metric, cx, &mut notes);
                last_remarked = if cx.settings.type_and_unit_labels { Symbol::EMPTY } else { name };
            }
            // One row after another holds its samples.
            let held = samples.len().min(cx.options.limits.max_samples.saturating_add(1));
            if held > widest {
                cx.hold_samples(held)?;
                cx.release_samples(held);
                widest = held;
            }
            Ok(())
        })?;
        // A kernel that was told to stop has left cells empty.
        cx.check()?;
        cx.note_all(notes)?;
        if let Some(text) = error {
            return Err(ExecError::Evaluation(text));
        }
        cx.hold_samples(batch.valid().count_all())?;
        Ok(batch)
    }
}

/// The kernel of a function that is known to take windows.
pub(crate) fn range_kernel(function: &Function) -> RangeKernel {
    match function.kernel {
        Kernel::Range(kernel) => kernel,
        _ => unreachable!("invariant: the check binds range vectors to range functions only"),
    }
}
