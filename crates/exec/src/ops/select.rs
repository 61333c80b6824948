//! Instant selectors.

use std::ops::Range;

use promqlite_functions::Stop;
use promqlite_model::{Annotation, Labels, Millis, Pos, SampleBuf, Symbol, TimeRange, is_stale};
use promqlite_plan::Emit;
use promqlite_storage::Selection;

use crate::block::Block;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema, Source};
use crate::ops::buffer::{Buffer, histogram_room};
use crate::ops::lookback::{References, fill};
use crate::ops::smoothed;

/// The newest sample of each series at each step.
pub(crate) struct InstantSelector<'q> {
    pub selection: &'q dyn Selection,
    pub references: References,
    pub lookback: Millis,
    pub smoothed: bool,
    pub emit: Emit,
    pub pos: Pos,
}

impl<'q> InstantSelector<'q> {
    pub(crate) fn open(self, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
        Ok(Opened::new(selection_schema(self.selection, cx)?, self.references.len, self))
    }

    fn span(&self) -> TimeRange {
        // The window is open on the left, so its first instant is one ms later.
        let after = if self.smoothed { self.lookback.0 } else { 0 };
        self.references.span(self.lookback.0.saturating_sub(1), after)
    }
}

/// The labels of all selected series, lent by reference count. The list of them is the caller's to hold.
pub(crate) fn selection_schema(selection: &dyn Selection, cx: &Cx<'_>) -> Result<Schema, ExecError> {
    cx.check_shape(selection.len(), 0)?;
    drop(cx.hold(selection.len() * size_of::<Labels>())?);
    let mut labels = Vec::with_capacity(selection.len());
    for i in 0..selection.len() {
        if i % 4096 == 0 {
            cx.check()?;
        }
        labels.push(selection.labels(i).clone());
    }
    // A store hands out each label set once.
    Ok(Schema { distinct: true, ..Schema::new(labels) })
}

impl InstantSelector<'_> {
    fn fill(&self, rows: impl ExactSizeIterator<Item = usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let mut batch = Block::empty(rows.len(), self.references.len, cx)?;
        let mut buf = Buffer::new(cx)?;
        let is_over = || cx.is_over();
        let stop = Stop::new(&is_over);
        let mut points = 0;
        for (row, series) in rows.enumerate() {
            if row % 64 == 0 {
                cx.check()?;
            }
            let samples = buf.read(self.selection, series, self.span())?;
            let _room = histogram_room(&samples, self.references.len, cx)?;
            let mut out = batch.row_mut(row);
            points += if self.smoothed && self.emit == Emit::Value {
                let filled =
                    smoothed::interpolate(&samples, self.references, self.lookback.0, stop, &mut out);
                let name = self.selection.labels(series).get(Symbol::NAME);
                let metric = || cx.symbols.get(name).to_owned();
                if filled.mixed {
                    cx.note(Annotation::MixedFloatsHistograms { metric: metric() }, self.pos)?;
                }
                if filled.schemas_mixed {
                    cx.note(Annotation::MixedExponentialCustom { metric: metric() }, self.pos)?;
                }
                filled.points
            } else {
                fill(&samples, self.references, self.lookback.0, self.emit, stop, &mut out)
            };
            if samples.histograms.is_some() {
                batch.settle()?;
            }
        }
        cx.check()?;
        cx.count_read(points);
        cx.hold_samples(points)?;
        Ok(batch)
    }
}

impl Source for InstantSelector<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.fill(rows, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.fill(rows.iter().copied(), cx)
    }

    fn is_quiet(&self) -> bool {
        !self.smoothed
    }
}

/// Copies the samples that are no staleness markers to `out`.
pub(crate) fn without_stale<'a>(
    samples: &promqlite_model::Samples<'_>,
    out: &'a mut SampleBuf,
) -> promqlite_model::Samples<'a> {
    out.clear();
    let mut start = 0;
    for i in 0..=samples.len() {
        if i == samples.len() || is_stale(samples.values[i]) {
            out.extend(&samples.slice(start..i));
            start = i + 1;
        }
    }
    out.samples()
}
