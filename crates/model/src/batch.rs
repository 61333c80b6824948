//! A block of series × steps: what operators pass to each other.

use crate::histogram::{CounterResetHint, FloatHistogram, HistogramColumn, HistogramView, LayoutId};
use crate::sample::NO_HISTOGRAM;

/// Number of 64-bit words that hold one bit per step.
#[must_use]
pub fn words_for(steps: usize) -> usize {
    steps.div_ceil(64)
}

/// One bit per cell of a block, each row starting at a word of its own. Bits behind the last step are 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    words: Vec<u64>,
    steps: usize,
}

impl Validity {
    /// All bits off.
    #[must_use]
    pub fn none(rows: usize, steps: usize) -> Self {
        Self { words: vec![0; rows * words_for(steps)], steps }
    }

    /// All bits on.
    #[must_use]
    pub fn all(rows: usize, steps: usize) -> Self {
        let mut validity = Self { words: vec![u64::MAX; rows * words_for(steps)], steps };
        let tail = steps % 64;
        if tail != 0 {
            let per_row = words_for(steps);
            for row in validity.words.chunks_exact_mut(per_row) {
                row[per_row - 1] = (1 << tail) - 1;
            }
        }
        validity
    }

    /// The words of a row; bit `s % 64` of word `s / 64` is step `s`.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u64] {
        let n = words_for(self.steps);
        &self.words[row * n..(row + 1) * n]
    }

    /// The words of a row, to change.
    pub fn row_mut(&mut self, row: usize) -> &mut [u64] {
        let n = words_for(self.steps);
        &mut self.words[row * n..(row + 1) * n]
    }

    /// The bit of a cell.
    #[must_use]
    pub fn get(&self, row: usize, step: usize) -> bool {
        bit(self.row(row), step)
    }

    /// Switches the bit of a cell on.
    pub fn set(&mut self, row: usize, step: usize) {
        self.row_mut(row)[step / 64] |= 1 << (step % 64);
    }

    /// Switches the bit of a cell off.
    pub fn clear(&mut self, row: usize, step: usize) {
        self.row_mut(row)[step / 64] &= !(1 << (step % 64));
    }

    /// Whether a row has any bit on.
    #[must_use]
    pub fn any(&self, row: usize) -> bool {
        self.row(row).iter().any(|&w| w != 0)
    }

    /// Number of bits that are on in a row.
    #[must_use]
    pub fn count(&self, row: usize) -> usize {
        self.row(row).iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Number of bits that are on.
    #[must_use]
    pub fn count_all(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The words of all rows.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words of all rows, to change. Bits behind a row's last step must stay off.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }
}

/// Whether bit `i` of a row's words is on.
#[must_use]
pub(crate) fn bit(words: &[u64], i: usize) -> bool {
    words[i / 64] >> (i % 64) & 1 == 1
}

/// Cells of a block in which histograms get their room at once.
const SMALL: usize = 1 << 12;

/// The native histograms of a block: a side table that a block of floats does not have.
#[derive(Clone, Debug)]
pub struct HistogramCells {
    index: Vec<u32>,
    steps: usize,
    column: HistogramColumn,
}

impl HistogramCells {
    /// An empty table with room for histograms like `first` in all cells, or in a row of a large block.
    fn new(rows: usize, steps: usize, first: HistogramView<'_>) -> Self {
        let cells = rows.saturating_mul(steps);
        let column = HistogramColumn::with_capacity(if cells <= SMALL { cells } else { steps }, first);
        Self { index: vec![NO_HISTOGRAM; rows * steps], steps, column }
    }

    /// The histogram of a cell.
    #[must_use]
    pub fn get(&self, row: usize, step: usize) -> Option<HistogramView<'_>> {
        let i = self.index[row * self.steps + step];
        (i != NO_HISTOGRAM).then(|| self.column.get(i))
    }

    /// The histogram of a cell as its index in the [column](Self::column).
    #[must_use]
    #[inline]
    pub fn index(&self, row: usize, step: usize) -> Option<u32> {
        Some(self.index[row * self.steps + step]).filter(|&i| i != NO_HISTOGRAM)
    }

    /// Where the histograms are.
    #[must_use]
    pub fn column(&self) -> &HistogramColumn {
        &self.column
    }

    /// Whether a cell holds a histogram.
    #[must_use]
    pub fn has(&self, row: usize, step: usize) -> bool {
        self.index[row * self.steps + step] != NO_HISTOGRAM
    }

    /// Whether a row holds any histogram.
    #[must_use]
    pub fn any(&self, row: usize) -> bool {
        self.index[row * self.steps..(row + 1) * self.steps].iter().any(|&i| i != NO_HISTOGRAM)
    }

    fn set(&mut self, row: usize, step: usize, histogram: HistogramView<'_>) {
        self.index[row * self.steps + step] = self.column.push(histogram);
    }

    fn clear(&mut self, row: usize, step: usize) {
        self.index[row * self.steps + step] = NO_HISTOGRAM;
    }

    /// Empties all cells and keeps the memory.
    fn clear_all(&mut self) {
        self.index.fill(NO_HISTOGRAM);
        self.column.clear();
    }

    /// Bytes on the heap, unused ones included.
    fn bytes(&self) -> usize {
        self.index.len() * 4 + self.column.bytes() + self.column.spare_bytes()
    }
}

/// A block of `rows` series × `steps` steps. A cell is empty, a float, or a native histogram.
///
/// Row-major: the float of a cell is `values[row * steps + step]`, and it counts only where the validity bit
/// is on, since NaN is a value and absence is not NaN. Floats behind a bit that is off are unspecified.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    rows: usize,
    steps: usize,
    values: Vec<f64>,
    valid: Validity,
    histograms: Option<Box<HistogramCells>>,
    /// An empty table, where there are no histograms any more: its memory serves for the next ones.
    room: Option<Box<HistogramCells>>,
}

impl Batch {
    /// A block of empty cells.
    #[must_use]
    pub fn empty(rows: usize, steps: usize) -> Self {
        Self {
            rows,
            steps,
            values: vec![0.0; rows * steps],
            valid: Validity::none(rows, steps),
            histograms: None,
            room: None,
        }
    }

    /// A block of floats.
    ///
    /// # Panics
    /// When `values` or `valid` have another shape.
    #[must_use]
    pub fn from_parts(rows: usize, steps: usize, values: Vec<f64>, valid: Validity) -> Self {
        assert_eq!(values.len(), rows * steps, "invariant: a value per cell");
        assert_eq!(valid.words.len(), rows * words_for(steps), "invariant: a bit per cell");
        Self { rows, steps, values, valid, histograms: None, room: None }
    }

    /// Number of series.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// All floats, row by row.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All floats, to change.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The floats of a row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.steps..(row + 1) * self.steps]
    }

    /// Which cells are floats.
    #[must_use]
    pub fn valid(&self) -> &Validity {
        &self.valid
    }

    /// Which cells are floats, to change.
    pub fn valid_mut(&mut self) -> &mut Validity {
        &mut self.valid
    }

    /// The side table of histograms, if any cell ever was one.
    #[must_use]
    pub fn histograms(&self) -> Option<&HistogramCells> {
        self.histograms.as_deref()
    }

    /// The float of a cell.
    #[must_use]
    pub fn float(&self, row: usize, step: usize) -> Option<f64> {
        self.valid.get(row, step).then(|| self.values[row * self.steps + step])
    }

    /// The histogram of a cell.
    #[must_use]
    pub fn histogram(&self, row: usize, step: usize) -> Option<HistogramView<'_>> {
        self.histograms.as_ref()?.get(row, step)
    }

    /// Whether a cell holds anything.
    #[must_use]
    pub fn has(&self, row: usize, step: usize) -> bool {
        self.valid.get(row, step) || self.histograms.as_ref().is_some_and(|h| h.has(row, step))
    }

    /// Whether a row holds anything.
    #[must_use]
    pub fn any(&self, row: usize) -> bool {
        self.valid.any(row) || self.histograms.as_ref().is_some_and(|h| h.any(row))
    }

    /// Makes a cell a float.
    pub fn set_float(&mut self, row: usize, step: usize, value: f64) {
        self.values[row * self.steps + step] = value;
        self.valid.set(row, step);
        if let Some(h) = &mut self.histograms {
            h.clear(row, step);
        }
    }

    /// Makes a cell a histogram.
    pub fn set_histogram(&mut self, row: usize, step: usize, histogram: HistogramView<'_>) {
        self.valid.clear(row, step);
        self.histogram_table(histogram).set(row, step, histogram);
    }

    fn histogram_table(&mut self, first: HistogramView<'_>) -> &mut HistogramCells {
        let Self { rows, steps, room, .. } = self;
        let new = || Box::new(HistogramCells::new(*rows, *steps, first));
        self.histograms.get_or_insert_with(|| room.take().unwrap_or_else(new))
    }

    /// Makes a cell empty.
    pub fn clear(&mut self, row: usize, step: usize) {
        self.valid.clear(row, step);
        if let Some(h) = &mut self.histograms {
            h.clear(row, step);
        }
    }

    /// Forgets all histograms: their cells become empty. Their memory is kept for the next ones.
    pub fn drop_histograms(&mut self) {
        if let Some(mut table) = self.histograms.take() {
            table.clear_all();
            self.room = Some(table);
        }
    }

    /// Gives back the memory of histograms that were forgotten.
    pub fn drop_room(&mut self) {
        self.room = None;
    }

    /// The floats, bits and histograms of a row, to fill.
    pub fn row_mut(&mut self, row: usize) -> RowMut<'_> {
        RowMut { batch: self, row }
    }

    /// Copies a cell of another block.
    pub fn copy_cell(&mut self, row: usize, step: usize, from: &Batch, from_row: usize, from_step: usize) {
        if let Some(value) = from.float(from_row, from_step) {
            self.set_float(row, step, value);
        } else if let Some(histogram) = from.histogram(from_row, from_step) {
            self.set_histogram(row, step, histogram);
        } else {
            self.clear(row, step);
        }
    }

    /// Copies a whole row of a block with as many steps.
    pub fn copy_row(&mut self, row: usize, from: &Batch, from_row: usize) {
        debug_assert_eq!(self.steps, from.steps);
        let steps = self.steps;
        self.values[row * steps..(row + 1) * steps].copy_from_slice(from.row(from_row));
        self.valid.row_mut(row).copy_from_slice(from.valid.row(from_row));
        if let Some(h) = &mut self.histograms {
            h.index[row * steps..(row + 1) * steps].fill(NO_HISTOGRAM);
        }
        if let Some(h) = from.histograms.as_ref().filter(|h| h.any(from_row)) {
            for step in 0..steps {
                if let Some(view) = h.get(from_row, step) {
                    self.set_histogram(row, step, view);
                }
            }
        }
    }

    /// A block of some of the rows, in a new order.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let mut out = Self::empty(rows.len(), self.steps);
        for (to, &from) in rows.iter().enumerate() {
            out.copy_row(to, self, from);
        }
        out
    }

    /// A block of one step repeated `steps` times.
    #[must_use]
    pub fn broadcast(&self, steps: usize) -> Self {
        debug_assert_eq!(self.steps, 1);
        let mut out = Self::empty(self.rows, steps);
        let all = Validity::all(1, steps);
        for row in 0..self.rows {
            if let Some(value) = self.float(row, 0) {
                out.values[row * steps..(row + 1) * steps].fill(value);
                out.valid.row_mut(row).copy_from_slice(all.row(0));
            } else if let Some(view) = self.histogram(row, 0) {
                for step in 0..steps {
                    out.set_histogram(row, step, view);
                }
            }
        }
        out
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let tables = [&self.histograms, &self.room];
        let histograms: usize = tables.into_iter().flatten().map(|table| table.bytes()).sum();
        self.values.len() * 8 + self.valid.words.len() * 8 + histograms
    }
}

/// Remembers which layout a row has for histograms of one column. One for each row and column.
#[derive(Clone, Copy, Debug, Default)]
pub struct LayoutMemo(Option<(LayoutId, LayoutId)>);

/// One row of a [`Batch`], as kernels fill it.
pub struct RowMut<'a> {
    batch: &'a mut Batch,
    row: usize,
}

impl RowMut<'_> {
    /// Number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.batch.steps
    }

    /// The floats and their bits; a kernel that fills these directly keeps bits behind the last step off.
    pub fn floats(&mut self) -> (&mut [f64], &mut [u64]) {
        let (row, steps) = (self.row, self.batch.steps);
        (&mut self.batch.values[row * steps..(row + 1) * steps], self.batch.valid.row_mut(row))
    }

    /// Sets a step to a float.
    #[inline]
    pub fn set(&mut self, step: usize, value: f64) {
        self.batch.set_float(self.row, step, value);
    }

    /// Sets a step to a histogram.
    pub fn set_histogram(&mut self, step: usize, histogram: &FloatHistogram) {
        self.batch.set_histogram(self.row, step, histogram.view());
    }

    /// The layout here of histogram `i` of `column`, for [`set_numbers`](Self::set_numbers). Layouts of a block stay.
    #[inline]
    pub fn layout_like(&mut self, column: &HistogramColumn, i: u32, memo: &mut LayoutMemo) -> LayoutId {
        let layout = column.layout(i);
        match memo.0 {
            Some((known, here)) if known == layout => here,
            _ => {
                let like = column.get(i);
                let here = self.batch.histogram_table(like).column.layout_like(like);
                memo.0 = Some((layout, here));
                here
            }
        }
    }

    /// Sets a step to histogram `i` of `column`.
    #[inline]
    pub fn set_histogram_of(&mut self, step: usize, column: &HistogramColumn, i: u32, memo: &mut LayoutMemo) {
        let layout = self.layout_like(column, i, memo);
        let numbers = column.numbers(i);
        self.set_numbers(step, layout, numbers.hint, numbers.totals, numbers.buckets.iter().copied());
    }

    /// Sets a step to a histogram of a layout that [`layout_like`](Self::layout_like) returned: count, sum and zero
    /// count, the positive and then the negative buckets.
    ///
    /// # Panics
    /// When there are more or fewer numbers than buckets, or no layout was asked for.
    #[inline]
    pub fn set_numbers(
        &mut self,
        step: usize,
        layout: LayoutId,
        hint: CounterResetHint,
        totals: [f64; 3],
        buckets: impl Iterator<Item = f64>,
    ) {
        let Batch { valid, histograms, steps, .. } = &mut *self.batch;
        let table = histograms.as_mut().expect("invariant: there is a layout");
        valid.clear(self.row, step);
        table.index[self.row * *steps + step] = table.column.push_numbers(layout, hint, totals, buckets);
    }

    /// Sets a step to a borrowed histogram.
    pub fn set_histogram_view(&mut self, step: usize, histogram: HistogramView<'_>) {
        self.batch.set_histogram(self.row, step, histogram);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::HistogramParts;

    #[test]
    fn rows_start_at_words_and_tails_stay_off() {
        let all = Validity::all(2, 70);
        assert_eq!(all.count_all(), 140);
        assert_eq!(all.row(1).len(), 2);
        let mut some = Validity::none(2, 70);
        some.set(1, 69);
        assert!(some.get(1, 69) && !some.get(0, 69) && !some.any(0));
    }

    #[test]
    fn broadcast_repeats_what_is_there() {
        let mut one = Batch::empty(2, 1);
        one.set_float(1, 0, 7.0);
        let many = one.broadcast(3);
        assert_eq!(many.float(1, 2), Some(7.0));
        assert_eq!(many.float(0, 0), None);
    }

    #[test]
    fn forgotten_histograms_leave_their_room_and_nothing_else() {
        let histogram = |count: f64| {
            let parts = HistogramParts { count, zero_count: count, ..HistogramParts::default() };
            FloatHistogram::from_parts(parts).expect("a valid histogram")
        };
        let mut batch = Batch::empty(2, 3);
        let bare = batch.bytes();
        for step in 0..3 {
            batch.set_histogram(1, step, histogram(step as f64).view());
        }
        batch.drop_histograms();
        assert!(batch.histograms().is_none() && !batch.any(1));
        let with_room = batch.bytes();
        batch.set_histogram(0, 2, histogram(9.0).view());
        assert!(batch.room.is_none() && with_room > bare, "the room serves again");
        assert_eq!(batch.histogram(0, 2).map(|h| h.count()), Some(9.0));
        assert!(!batch.has(0, 1) && !batch.any(1));
        batch.drop_histograms();
        batch.drop_room();
        assert_eq!(batch.bytes(), bare);
    }
}
