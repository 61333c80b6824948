//! The two phases of every operator.
//!
//! Opening an operator is the schema phase: it yields the output series, so nobody can read data before the
//! labels are known. Reading is the data phase: any thread may ask for any range of rows. Operators that need
//! all of their input (aggregations, joins' one side) run it to the end while they open.

use std::ops::Range;

use promqlite_model::Labels;
use promqlite_plan::with_stack;

use crate::aside::Aside;
use crate::block::Block;
use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;
use crate::measure::{Meter, PartId, Scope};
use crate::morsels::{batches, fold_morsels, morsel_rows};

/// Label sets that are made or copied between two questions whether to go on.
const CHUNK: usize = 4096;

/// The output series of an operator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    /// A label set per row. Rows may share one where only delayed name removal would tell them apart.
    pub labels: Aside<Vec<Labels>>,
    /// Rows whose metadata labels go when the query ends; empty if there are none.
    pub drop_name: Vec<bool>,
    /// Whether it is known that no two label sets are equal.
    pub distinct: bool,
}

impl Schema {
    /// Rows that keep their names.
    pub(crate) fn new(labels: Vec<Labels>) -> Self {
        Self { labels: labels.into(), drop_name: Vec::new(), distinct: false }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether row `i` is to lose its name at the end.
    pub(crate) fn drops_name(&self, i: usize) -> bool {
        self.drop_name.get(i).copied().unwrap_or(false)
    }

    /// The schema of some of the rows.
    pub(crate) fn take(&self, rows: &[usize], cx: &Cx<'_>) -> Result<Self, ExecError> {
        let mut labels = Aside::from(Vec::with_capacity(rows.len()));
        for rows in rows.chunks(CHUNK) {
            cx.check()?;
            labels.extend(rows.iter().map(|&i| self.labels[i].clone()));
        }
        let drop_name = if self.drop_name.is_empty() {
            Vec::new()
        } else {
            rows.iter().map(|&i| self.drop_name[i]).collect()
        };
        Ok(Self { labels, drop_name, distinct: false })
    }

    /// Marks every row as losing its name at the end.
    pub(crate) fn mark_all(mut self) -> Self {
        self.drop_name = vec![true; self.labels.len()];
        self
    }

    /// Bytes that the label sets take, roughly.
    pub(crate) fn bytes(&self) -> usize {
        self.labels.len() * size_of::<Labels>() + self.drop_name.len()
    }
}

/// The data phase.
pub(crate) trait Source: Send + Sync {
    /// The cells of the rows in `rows`: a batch of `rows.len()` × steps.
    fn read(&self, rows: Range<usize>, cx: &Cx) -> Result<Block, ExecError>;

    /// The cells of some rows, in the order in which they are named; `steps` is the number of columns.
    fn read_some(&self, rows: &[usize], steps: usize, cx: &Cx) -> Result<Block, ExecError> {
        let mut runs = contiguous_runs(rows);
        let Some(first) = runs.next() else { return Block::empty(0, steps, cx) };
        if first.len() == rows.len() {
            return self.read(first, cx);
        }
        let mut out = Block::empty(rows.len(), steps, cx)?;
        let mut to = 0;
        for run in contiguous_runs(rows) {
            let len = run.len();
            out.copy_rows(to, &*self.read(run, cx)?)?;
            to += len;
        }
        Ok(out)
    }

    /// All cells in blocks of rows, if most were computed already and nobody else needs them: the source is empty
    /// then.
    fn take_finished(&mut self, _: &Cx) -> Result<Option<Vec<Block>>, ExecError> {
        Ok(None)
    }

    /// Whether reading can neither remark on the data nor fail on it, so that rows nobody needs may stay unread.
    fn is_quiet(&self) -> bool {
        false
    }
}

/// An opened operator.
pub(crate) struct Opened<'q> {
    pub schema: Schema,
    pub steps: usize,
    source: DeepBox<'q>,
    /// What the label sets and the operator's own tables take.
    held: Option<Held>,
}

/// A source that owns its inputs: a deep query is a deep chain of reads and of drops. Only empty while it is
/// being dropped.
struct DeepBox<'q>(Option<Box<dyn Source + 'q>>);

impl DeepBox<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let source = self.0.as_ref().expect("invariant: only a drop empties the box");
        with_stack(|| source.read(rows, cx))
    }

    fn read_some(&self, rows: &[usize], steps: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let source = self.0.as_ref().expect("invariant: only a drop empties the box");
        with_stack(|| source.read_some(rows, steps, cx))
    }

    fn take_finished(&mut self, cx: &Cx<'_>) -> Result<Option<Vec<Block>>, ExecError> {
        let source = self.0.as_mut().expect("invariant: only a drop empties the box");
        with_stack(|| source.take_finished(cx))
    }

    fn is_quiet(&self) -> bool {
        self.0.as_ref().is_some_and(|source| source.is_quiet())
    }
}

impl Drop for DeepBox<'_> {
    fn drop(&mut self) {
        let source = self.0.take();
        with_stack(|| drop(source));
    }
}

impl<'q> Opened<'q> {
    pub(crate) fn new(schema: Schema, steps: usize, source: impl Source + 'q) -> Self {
        Self { schema, steps, source: DeepBox(Some(Box::new(source))), held: None }
    }

    /// No series at all.
    pub(crate) fn empty(steps: usize) -> Self {
        Self::new(Schema::default(), steps, Nothing { steps })
    }

    /// Finished cells.
    pub(crate) fn materialized(schema: Schema, block: Block) -> Self {
        debug_assert_eq!(schema.len(), block.rows());
        Self::new(schema, block.steps(), Finished(Some(block)))
    }

    /// Takes over what is held for this operator's labels and tables.
    #[must_use]
    pub(crate) fn holding(mut self, held: Held) -> Self {
        match &mut self.held {
            Some(known) => known.absorb(held),
            None => self.held = Some(held),
        }
        self
    }

    /// The same operator, whose reads count for a part of the query.
    pub(crate) fn measured(mut self, part: PartId, meter: &Meter) -> Self {
        meter.set_rows(part, self.rows());
        self.source = DeepBox(Some(Box::new(Measured { source: self.source, part })));
        self
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.schema.len()
    }

    /// Reads a range of rows.
    pub(crate) fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.source.read(rows, cx)
    }

    /// Reads some rows, in the order in which they are named.
    pub(crate) fn read_some(&self, rows: &[usize], cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.source.read_some(rows, self.steps, cx)
    }

    /// All cells in blocks of rows, if most were computed already and nobody else needs them. Nothing can be read
    /// afterwards.
    pub(crate) fn take_finished(&mut self, cx: &Cx<'_>) -> Result<Option<Vec<Block>>, ExecError> {
        self.source.take_finished(cx)
    }

    /// Whether rows nobody needs may stay unread.
    pub(crate) fn is_quiet(&self) -> bool {
        self.source.is_quiet()
    }

    /// Reads rows that no result needs, for what reading them remarks and for the errors that it finds.
    pub(crate) fn read_for_remarks(
        &self,
        unneeded: impl Iterator<Item = usize>,
        cx: &Cx<'_>,
    ) -> Result<(), ExecError> {
        if self.source.is_quiet() {
            return Ok(());
        }
        for row in unneeded {
            self.read(row..row + 1, cx)?;
        }
        Ok(())
    }

    /// Reads everything, in parallel, into one batch.
    pub(crate) fn read_all(&self, cx: &Cx) -> Result<Block, ExecError> {
        let rows = self.rows();
        cx.check_shape(rows, self.steps)?;
        if rows <= morsel_rows(self.steps) {
            return self.read(0..rows, cx);
        }
        let mut out = Block::empty(rows, self.steps, cx)?;
        self.for_each_batch(cx, |first, batch| out.copy_rows(first, &batch))?;
        Ok(out)
    }

    /// Computes batches in parallel and hands them on in row order, with the number of their first row.
    pub(crate) fn for_each_batch(
        &self,
        cx: &Cx,
        mut consume: impl FnMut(usize, Block) -> Result<(), ExecError>,
    ) -> Result<(), ExecError> {
        let read = |rows: Range<usize>| {
            batches(rows, self.steps, cx)
                .map(|rows| Ok((rows.start, self.read(rows, cx)?)))
                .collect::<Result<Vec<_>, ExecError>>()
        };
        fold_morsels(self.rows(), self.steps, cx, read, |read| {
            read.into_iter().try_for_each(|(first, batch)| consume(first, batch))
        })
    }
}

/// Of several errors that of the left operand counts, then that of the right one, then the operator's own.
/// `operands` are those that come before where `error` was met.
pub(crate) fn first_error(error: ExecError, operands: &[&Opened<'_>], cx: &Cx<'_>) -> ExecError {
    if !matches!(error, ExecError::Evaluation(_)) {
        return error;
    }
    operands.iter().find_map(|operand| operand.for_each_batch(cx, |_, _| Ok(())).err()).unwrap_or(error)
}

/// Row numbers as ascending ranges.
pub(crate) fn contiguous_runs(rows: &[usize]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let &first = rest.first()?;
        let n = rest.iter().enumerate().take_while(|&(i, &row)| row == first + i).count();
        rest = &rest[n..];
        Some(first..first + n)
    })
}

/// A source that was computed already. Empty once its block was taken.
struct Finished(Option<Block>);

impl Finished {
    fn block(&self) -> &Block {
        self.0.as_ref().expect("invariant: nobody reads what was taken")
    }
}

impl Source for Finished {
    fn read(&self, rows: Range<usize>, cx: &Cx) -> Result<Block, ExecError> {
        read_finished(self.block(), rows, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx) -> Result<Block, ExecError> {
        Block::take(self.block(), rows, cx)
    }

    fn take_finished(&mut self, _: &Cx) -> Result<Option<Vec<Block>>, ExecError> {
        Ok(self.0.take().map(|block| vec![block]))
    }

    fn is_quiet(&self) -> bool {
        true
    }
}

fn read_finished(block: &Block, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
    if rows == (0..block.rows()) {
        return Block::copy_of(block, cx);
    }
    Block::take(block, &rows.collect::<Vec<_>>(), cx)
}

/// A source that was computed already and that several places read.
pub(crate) struct Materialized<'q>(pub &'q Block);

impl Source for Materialized<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx) -> Result<Block, ExecError> {
        read_finished(self.0, rows, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx) -> Result<Block, ExecError> {
        Block::take(self.0, rows, cx)
    }

    fn is_quiet(&self) -> bool {
        true
    }
}

/// A source whose reads are measured.
struct Measured<'q> {
    source: DeepBox<'q>,
    part: PartId,
}

impl Measured<'_> {
    fn enter<'c>(&self, cx: &'c Cx<'_>) -> Option<Scope<'c>> {
        cx.at(|meter| {
            meter.read_batch(self.part);
            self.part
        })
    }
}

impl Source for Measured<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx) -> Result<Block, ExecError> {
        let _at = self.enter(cx);
        self.source.read(rows, cx)
    }

    fn read_some(&self, rows: &[usize], steps: usize, cx: &Cx) -> Result<Block, ExecError> {
        let _at = self.enter(cx);
        self.source.read_some(rows, steps, cx)
    }

    fn take_finished(&mut self, cx: &Cx) -> Result<Option<Vec<Block>>, ExecError> {
        let _at = cx.at(|_| self.part);
        self.source.take_finished(cx)
    }

    fn is_quiet(&self) -> bool {
        self.source.is_quiet()
    }
}

/// A source without rows.
struct Nothing {
    steps: usize,
}

impl Source for Nothing {
    fn read(&self, _: Range<usize>, cx: &Cx) -> Result<Block, ExecError> {
        Block::empty(0, self.steps, cx)
    }

    fn is_quiet(&self) -> bool {
        true
    }
}
