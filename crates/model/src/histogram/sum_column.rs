//! Many compensated sums of histograms of few layouts.

use super::numeric::{Cell, Kahan};
use super::sum::{HistogramSum, SeenHints};
use super::{CounterResetHint, FloatHistogram, HistogramColumn, HistogramView};

/// Numbers of a histogram besides its buckets: count, sum and zero count.
const TOTALS: usize = 3;

/// Where every histogram has another layout, looking for equal ones is not worth the time.
const MOST_LAYOUTS: usize = 8;

/// An append-only column of compensated sums, to each of which histograms of one layout are added: number by
/// number, without an allocation. A sum that meets another layout is [taken out](Self::sum) and goes on as a
/// [`HistogramSum`].
#[derive(Clone, Debug, Default)]
pub struct HistogramSumColumn {
    rows: Vec<Row>,
    layouts: Vec<FloatHistogram>,
    /// Count, sum, zero count, positive and negative buckets of each sum.
    sums: Vec<f64>,
    /// What each of these numbers lost in rounding.
    lost: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    layout: SumLayout,
    start: usize,
    hint: CounterResetHint,
    seen: SeenHints,
}

/// A layout that sums of a [`HistogramSumColumn`] have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumLayout(u32);

impl HistogramSumColumn {
    /// The layout of `histogram`, if sums of such histograms are those of their numbers and the layouts are not too
    /// many already.
    pub fn layout_of(&mut self, histogram: HistogramView<'_>) -> Option<SumLayout> {
        if !histogram.is_plain() {
            return None;
        }
        let known = self.layouts.iter().rposition(|layout| layout.view().same_layout(histogram));
        if known.is_none() {
            if self.layouts.len() == MOST_LAYOUTS {
                return None;
            }
            self.layouts.push(histogram.to_owned());
        }
        Some(SumLayout(known.unwrap_or(self.layouts.len() - 1) as u32))
    }

    /// Starts a sum with the first histogram, which has this layout. Returns the sum's index.
    ///
    /// # Panics
    /// When the column holds 2^32 sums.
    pub fn start(&mut self, layout: SumLayout, first: HistogramView<'_>) -> u32 {
        let index = u32::try_from(self.rows.len()).expect("invariant: fewer than 2^32 sums");
        let mut seen = SeenHints::default();
        seen.note(first.hint);
        self.rows.push(Row { layout, start: self.sums.len(), hint: first.hint, seen });
        self.sums.extend([first.count, first.sum, first.zero_count]);
        self.sums.extend_from_slice(first.positive.counts);
        self.sums.extend_from_slice(first.negative.counts);
        let nothing = Kahan::new(0.0).lost;
        self.lost.resize(self.sums.len(), nothing);
        index
    }

    /// Adds histogram `j` of `column`, which has layout `layout`, to sum `i` if that has it, too. Tells whether it
    /// does.
    ///
    /// # Panics
    /// When there is no such sum or histogram.
    #[inline]
    pub fn add(&mut self, i: u32, layout: SumLayout, column: &HistogramColumn, j: u32) -> bool {
        let row = &mut self.rows[i as usize];
        if row.layout != layout {
            return false;
        }
        let added = column.numbers(j);
        if row.hint != added.hint {
            row.hint = row.hint.merge(added.hint).0;
        }
        row.seen.note(added.hint);
        let end = row.start + TOTALS + added.buckets.len();
        let (sums, lost) = (&mut self.sums[row.start..end], &mut self.lost[row.start..end]);
        let (totals, buckets) = sums.split_at_mut(TOTALS);
        let (totals_lost, buckets_lost) = lost.split_at_mut(TOTALS);
        // Custom buckets have no zero bucket.
        let used = if added.is_custom { TOTALS - 1 } else { TOTALS };
        add_all(&mut totals[..used], &mut totals_lost[..used], &added.totals[..used]);
        add_all(buckets, buckets_lost, added.buckets);
        true
    }

    /// A copy of sum `i`.
    ///
    /// # Panics
    /// When there is no such sum.
    #[must_use]
    pub fn sum(&self, i: u32) -> HistogramSum {
        let row = &self.rows[i as usize];
        let numbers = self.sums[row.start..].iter().zip(&self.lost[row.start..]);
        let mut numbers = numbers.map(|(&sum, &lost)| Kahan { sum, lost });
        let mut next = |_| numbers.next().expect("invariant: a number per total and bucket");
        let layout = &self.layouts[row.layout.0 as usize].0;
        // Cells are mapped in another order than numbers lie here.
        let [count, sum, zero_count] = [(); TOTALS].map(&mut next);
        let mut cells = layout.map(Kahan::new);
        (cells.count, cells.sum, cells.zero_count, cells.hint) = (count, sum, zero_count, row.hint);
        cells.positive.counts.iter_mut().chain(&mut cells.negative.counts).for_each(|cell| *cell = next(()));
        HistogramSum { cells, hints: row.seen }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let layouts = self.layouts.iter().map(|layout| layout.view().size()).sum::<usize>();
        self.rows.len() * size_of::<Row>() + (self.sums.len() + self.lost.len()) * size_of::<f64>() + layouts
    }
}

/// Neumaier's summation of many numbers at once, without branches.
#[inline]
fn add_all(sums: &mut [f64], lost: &mut [f64], added: &[f64]) {
    for ((sum, lost), &v) in sums.iter_mut().zip(lost).zip(added) {
        let total = *sum + v;
        let (large, small) = if sum.abs() >= v.abs() { (*sum, v) } else { (v, *sum) };
        let more = *lost + ((large - total) + small);
        *lost = if total.is_infinite() { 0.0 } else { more };
        *sum = total;
    }
}
