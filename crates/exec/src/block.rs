//! Batches whose bytes count against the budget.

use std::ops::{Deref, DerefMut};

use promqlite_model::{Batch, Grid, GridBlock, words_for};

use crate::aside::Aside;
use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;
use crate::spare::Spare;

/// A batch and the bytes that it holds.
#[derive(Debug)]
pub(crate) struct Block {
    batch: Aside<Batch>,
    held: Held,
}

/// Bytes of a batch of floats.
pub(crate) fn float_bytes(rows: usize, steps: usize) -> usize {
    rows.saturating_mul(steps.saturating_add(words_for(steps))).saturating_mul(8)
}

impl Block {
    /// A batch of empty cells. Counted before it is allocated.
    pub(crate) fn empty(rows: usize, steps: usize, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let mut held = cx.hold(float_bytes(rows, steps))?;
        let spare = if Spare::keeps(rows * steps) { held.take_spare(rows, steps) } else { None };
        let batch = spare.unwrap_or_else(|| Batch::empty(rows, steps));
        Ok(Self { batch: batch.into(), held })
    }

    /// A batch that was made elsewhere. Its maker has held about as many bytes as are held from now on.
    pub(crate) fn adopt(batch: Batch, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let held = cx.hold(batch.bytes())?;
        Ok(Self { batch: batch.into(), held })
    }

    /// The same cells once more.
    pub(crate) fn copy_of(other: &Batch, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let held = cx.hold(other.bytes())?;
        Ok(Self { batch: other.clone().into(), held })
    }

    /// Some rows in a new order.
    pub(crate) fn take(from: &Batch, rows: &[usize], cx: &Cx<'_>) -> Result<Self, ExecError> {
        let mut out = Self::empty(rows.len(), from.steps(), cx)?;
        for (to, &row) in rows.iter().enumerate() {
            out.batch.copy_row(to, from, row);
            if from.histograms().is_some() {
                out.settle()?;
            }
            if to % 1024 == 0 {
                cx.check()?;
            }
        }
        Ok(out)
    }

    /// Blocks of the same steps as one, rows in order.
    pub(crate) fn concat(blocks: &[Self], steps: usize, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let mut out = Self::empty(blocks.iter().map(|block| block.rows()).sum(), steps, cx)?;
        let mut to = 0;
        for block in blocks {
            cx.check()?;
            out.copy_rows(to, block)?;
            to += block.rows();
        }
        Ok(out)
    }

    /// Copies all rows of a batch to those from `to` on.
    pub(crate) fn copy_rows(&mut self, to: usize, batch: &Batch) -> Result<(), ExecError> {
        for row in 0..batch.rows() {
            self.batch.copy_row(to + row, batch, row);
        }
        self.settle()
    }

    /// Room for results about as large as the histograms of this batch, while they are made. A table of
    /// histograms has up to twice the room that it needs.
    pub(crate) fn room_for_more(&self, cx: &Cx<'_>) -> Result<Option<Held>, ExecError> {
        if self.batch.histograms().is_none() {
            return Ok(None);
        }
        let histograms = self.batch.bytes() - float_bytes(self.rows(), self.steps());
        cx.hold(histograms.saturating_mul(2)).map(Some)
    }

    /// The batch, to be shared by the rows of a result, and what it holds.
    pub(crate) fn into_shared(mut self, grid: Grid) -> Result<(GridBlock, Held), ExecError> {
        let mut batch = std::mem::take(&mut self.batch).into_inner();
        batch.drop_room();
        self.held.resize(batch.bytes())?;
        Ok((GridBlock::new(batch, grid), self.held.split()))
    }

    /// Counts again: histograms may have come, whose size nobody knew beforehand.
    pub(crate) fn settle(&mut self) -> Result<(), ExecError> {
        if self.batch.histograms().is_none() { Ok(()) } else { self.held.resize(self.batch.bytes()) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if Spare::keeps(self.batch.rows() * self.batch.steps()) {
            self.held.give_spare(std::mem::take(&mut *self.batch));
        }
    }
}

impl Deref for Block {
    type Target = Batch;

    fn deref(&self) -> &Batch {
        &self.batch
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut Batch {
        &mut self.batch
    }
}

#[cfg(test)]
mod tests {
    use promqlite_model::histogram::FloatHistogram;
    use promqlite_model::{Millis, Timestamp};
    use promqlite_storage::MemStore;

    use super::*;

    #[test]
    fn shared_batches_hold_what_they_take() {
        let store = MemStore::new();
        let cx = Cx::for_tests(&store);
        let mut block = Block::empty(2, 3, &cx).expect("no limit");
        block.set_histogram(1, 2, FloatHistogram::default().view());
        block.settle().expect("no limit");
        let with_histograms = block.bytes();
        block.drop_histograms();
        let grid = Grid { start: Timestamp(0), step: Millis(10), len: 3 };
        let (shared, held) = block.into_shared(grid).expect("no limit");
        assert!(shared.batch().bytes() < with_histograms);
        assert_eq!(held.bytes(), shared.batch().bytes());
    }
}
