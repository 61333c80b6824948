//! Many histograms in few allocations.

use super::side::SideRef;
use super::{CounterResetHint, HistogramView, Schema, Span};

/// How many layouts before the newest a new histogram may share. Batches interleave a few series.
const LAYOUTS_LOOKED_AT: usize = 8;

/// An append-only column of histograms. Neighbours of one layout (schema, spans, zero threshold, custom
/// bounds) share it, and all bucket counts lie in one vector, so that no sample owns an allocation.
#[derive(Clone, Debug, Default)]
pub struct HistogramColumn {
    rows: Vec<Row>,
    layouts: Vec<Layout>,
    /// Layouts that `clear` left over; their memory is used again.
    spare: Vec<Layout>,
    counts: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    layout: u32,
    hint: CounterResetHint,
    /// Where the counts start: the positive ones first, the negative ones after them.
    start: usize,
    zero_count: f64,
    count: f64,
    sum: f64,
}

#[derive(Clone, Debug, Default)]
struct Layout {
    schema: Schema,
    zero_threshold: f64,
    positive: Vec<Span>,
    positive_len: usize,
    negative: Vec<Span>,
    negative_len: usize,
    custom_bounds: Vec<f64>,
    plain: bool,
    size: usize,
}

/// A layout of a [`HistogramColumn`]: histograms that share one have one schema, one zero threshold and the same
/// buckets. Two of them may be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayoutId(u32);

/// The numbers of a histogram in a [`HistogramColumn`].
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'c> {
    /// The counter-reset hint.
    pub hint: CounterResetHint,
    /// Whether the buckets end at custom bounds.
    pub is_custom: bool,
    /// Count, sum and zero count.
    pub totals: [f64; 3],
    /// The positive buckets, then the negative ones.
    pub buckets: &'c [f64],
}

impl Layout {
    fn fits(&self, histogram: HistogramView<'_>) -> bool {
        self.schema == histogram.schema
            && self.zero_threshold == histogram.zero_threshold
            && self.positive == histogram.positive.spans
            && self.negative == histogram.negative.spans
            && self.custom_bounds == histogram.custom_bounds
    }

    fn set(&mut self, histogram: HistogramView<'_>) {
        self.schema = histogram.schema;
        self.zero_threshold = histogram.zero_threshold;
        self.positive.clear();
        self.positive.extend_from_slice(histogram.positive.spans);
        self.positive_len = histogram.positive.counts.len();
        self.negative.clear();
        self.negative.extend_from_slice(histogram.negative.spans);
        self.negative_len = histogram.negative.counts.len();
        self.custom_bounds.clear();
        self.custom_bounds.extend_from_slice(histogram.custom_bounds);
        self.plain = histogram.is_plain();
        self.size = histogram.size();
    }

    /// Whether there are no buckets of any kind.
    fn is_bare(&self) -> bool {
        self.zero_threshold == 0.0
            && self.positive.is_empty()
            && self.negative.is_empty()
            && self.custom_bounds.is_empty()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + (self.positive.len() + self.negative.len() + self.custom_bounds.len()) * 8
    }
}

impl HistogramColumn {
    /// A column without histograms.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A column without histograms that has room for as many like `one`.
    #[must_use]
    pub fn with_capacity(histograms: usize, one: HistogramView<'_>) -> Self {
        let buckets = one.positive.counts.len() + one.negative.counts.len();
        Self {
            rows: Vec::with_capacity(histograms),
            counts: Vec::with_capacity(histograms.saturating_mul(buckets)),
            ..Self::default()
        }
    }

    /// Makes room for more histograms, their buckets left out.
    pub fn reserve(&mut self, histograms: usize) {
        self.rows.reserve(histograms);
    }

    /// Number of histograms.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the column holds no histogram.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Appends a histogram, `&FloatHistogram` or view, and returns its index.
    ///
    /// # Panics
    /// When the column already holds 2^32 − 1 histograms.
    pub fn push<'h>(&mut self, histogram: impl Into<HistogramView<'h>>) -> u32 {
        let histogram = histogram.into();
        let layout = self.layout_of(histogram);
        let start = self.counts.len();
        self.counts.extend_from_slice(histogram.positive.counts);
        self.counts.extend_from_slice(histogram.negative.counts);
        let HistogramView { hint, zero_count, count, sum, .. } = histogram;
        self.push_row(Row { layout, hint, start, zero_count, count, sum })
    }

    /// The histogram with index `i`.
    ///
    /// # Panics
    /// When `i` is no index that [`push`](Self::push) returned since the last [`clear`](Self::clear).
    #[must_use]
    pub fn get(&self, i: u32) -> HistogramView<'_> {
        let row = &self.rows[i as usize];
        let layout = &self.layouts[row.layout as usize];
        let counts = &self.counts[row.start..row.start + layout.positive_len + layout.negative_len];
        let (positive, negative) = counts.split_at(layout.positive_len);
        HistogramView {
            schema: layout.schema,
            hint: row.hint,
            zero_threshold: layout.zero_threshold,
            zero_count: row.zero_count,
            count: row.count,
            sum: row.sum,
            positive: SideRef { spans: &layout.positive, counts: positive },
            negative: SideRef { spans: &layout.negative, counts: negative },
            custom_bounds: &layout.custom_bounds,
        }
    }

    /// The counter-reset hint of histogram `i`.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[must_use]
    pub fn hint(&self, i: u32) -> CounterResetHint {
        self.rows[i as usize].hint
    }

    /// The layout of histogram `i`.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[must_use]
    #[inline]
    pub fn layout(&self, i: u32) -> LayoutId {
        LayoutId(self.rows[i as usize].layout)
    }

    /// Whether sums and differences of histograms of this layout are those of their numbers, one by one: no bucket
    /// lies within the zero bucket, and only exponential buckets have two sides.
    ///
    /// # Panics
    /// When `layout` is none of this column's.
    #[must_use]
    #[inline]
    pub fn adds_number_by_number(&self, layout: LayoutId) -> bool {
        self.layouts[layout.0 as usize].plain
    }

    /// The numbers of histogram `i`.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[must_use]
    #[inline]
    pub fn numbers(&self, i: u32) -> Numbers<'_> {
        let row = &self.rows[i as usize];
        let layout = &self.layouts[row.layout as usize];
        Numbers {
            hint: row.hint,
            is_custom: layout.schema.is_custom(),
            totals: [row.count, row.sum, row.zero_count],
            buckets: &self.counts[row.start..row.start + layout.positive_len + layout.negative_len],
        }
    }

    /// What [`HistogramView::size`] says of histogram `i`.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[must_use]
    #[inline]
    pub fn size(&self, i: u32) -> usize {
        self.layouts[self.rows[i as usize].layout as usize].size
    }

    /// The layout that `like` has or would have here, for [`push_numbers`](Self::push_numbers).
    pub fn layout_like(&mut self, like: HistogramView<'_>) -> LayoutId {
        LayoutId(self.layout_of(like))
    }

    /// Appends a histogram by its layout and its numbers, and returns its index. `totals` are count, sum and zero
    /// count, `buckets` the positive and then the negative ones.
    ///
    /// # Panics
    /// When there are more or fewer numbers than buckets; else as [`push`](Self::push).
    #[inline]
    pub fn push_numbers(
        &mut self,
        layout: LayoutId,
        hint: CounterResetHint,
        [count, sum, zero_count]: [f64; 3],
        buckets: impl Iterator<Item = f64>,
    ) -> u32 {
        let start = self.counts.len();
        self.counts.extend(buckets);
        let Layout { positive_len, negative_len, .. } = self.layouts[layout.0 as usize];
        assert_eq!(self.counts.len() - start, positive_len + negative_len, "invariant: a number per bucket");
        self.push_row(Row { layout: layout.0, hint, start, zero_count, count, sum })
    }

    /// Appends histogram `i` of another column [without its buckets](HistogramView::without_buckets) and with a hint
    /// of its own; returns the index here.
    ///
    /// # Panics
    /// As [`push`](Self::push) and [`get`](Self::get).
    pub fn push_totals(&mut self, from: &Self, i: u32, hint: CounterResetHint) -> u32 {
        let row = &from.rows[i as usize];
        let schema = from.layouts[row.layout as usize].schema;
        let newest = self.layouts.last().filter(|newest| newest.schema == schema && newest.is_bare());
        let layout = match newest {
            Some(_) => self.layouts.len() as u32 - 1,
            None => self.layout_of(from.get(i).without_buckets()),
        };
        let (start, count, sum) = (self.counts.len(), row.count, row.sum);
        self.push_row(Row { layout, hint, start, zero_count: 0.0, count, sum })
    }

    /// Appends histograms of another column as [`push_totals`](Self::push_totals) does one by one; `hint(k, from, i)`
    /// gives that of the `k`th, which is histogram `i` there. Returns their indices here.
    ///
    /// # Panics
    /// As [`push`](Self::push) and [`get`](Self::get).
    pub fn extend_with_totals(
        &mut self,
        from: &Self,
        which: &[u32],
        mut hint: impl FnMut(usize, &Self, u32) -> CounterResetHint,
    ) -> std::ops::Range<u32> {
        let (first, start) = (self.rows.len() as u32, self.counts.len());
        self.rows.reserve(which.len());
        // Layouts mostly stay the same from one histogram to the next.
        let mut known = None;
        for (k, &i) in which.iter().enumerate() {
            let &Row { layout: theirs, count, sum, .. } = &from.rows[i as usize];
            let layout = match known {
                Some((layout, ours)) if layout == theirs => ours,
                _ => self.layout_of(from.get(i).without_buckets()),
            };
            known = Some((theirs, layout));
            self.push_row(Row { layout, hint: hint(k, from, i), start, zero_count: 0.0, count, sum });
        }
        first..self.rows.len() as u32
    }

    #[inline]
    fn push_row(&mut self, row: Row) -> u32 {
        let index = u32::try_from(self.rows.len()).expect("invariant: fewer than 2^32 - 1 histograms");
        assert!(index < u32::MAX, "invariant: fewer than 2^32 - 1 histograms");
        self.rows.push(row);
        index
    }

    /// Whether the counter was reset between two histograms: what
    /// [`is_reset_after`](HistogramView::is_reset_after) says, sooner.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[must_use]
    pub fn is_reset(&self, previous: u32, current: u32) -> bool {
        let (before, now) = (&self.rows[previous as usize], &self.rows[current as usize]);
        match now.hint {
            CounterResetHint::Reset => return true,
            CounterResetHint::NotReset => return false,
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
        let layout = &self.layouts[now.layout as usize];
        if before.layout != now.layout || !layout.plain {
            return self.get(current).is_reset_after(self.get(previous));
        }
        let len = layout.positive_len + layout.negative_len;
        let counts = |row: &Row| &self.counts[row.start..row.start + len];
        now.count < before.count
            || (now.zero_count < before.zero_count && !layout.schema.is_custom())
            || any_less(counts(now), counts(before))
    }

    /// All histograms in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = HistogramView<'_>> + DoubleEndedIterator {
        (0..self.rows.len()).map(|i| self.get(i as u32))
    }

    /// Removes all histograms and keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.counts.clear();
        self.spare.append(&mut self.layouts);
    }

    /// Bytes that are kept for more histograms.
    #[must_use]
    pub fn spare_bytes(&self) -> usize {
        (self.rows.capacity() - self.rows.len()) * size_of::<Row>()
            + (self.counts.capacity() - self.counts.len()) * size_of::<f64>()
    }

    /// Bytes that the histograms take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let layouts: usize = self.layouts.iter().map(Layout::bytes).sum();
        self.rows.len() * size_of::<Row>() + self.counts.len() * 8 + layouts
    }

    fn layout_of(&mut self, histogram: HistogramView<'_>) -> u32 {
        let newest_first = self.layouts.iter().enumerate().rev().take(LAYOUTS_LOOKED_AT);
        if let Some((i, _)) = newest_first.into_iter().find(|(_, layout)| layout.fits(histogram)) {
            return i as u32;
        }
        let mut layout = self.spare.pop().unwrap_or_default();
        layout.set(histogram);
        self.layouts.push(layout);
        self.layouts.len() as u32 - 1
    }
}

/// Whether a number is less than its counterpart. Looks at all of them, which the processor does in few steps.
fn any_less(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).fold(false, |any, (a, b)| any | (a < b))
}
