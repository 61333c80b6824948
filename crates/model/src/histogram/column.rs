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
        let index = u32::try_from(self.rows.len()).expect("invariant: fewer than 2^32 - 1 histograms");
        assert!(index < u32::MAX, "invariant: fewer than 2^32 - 1 histograms");
        let layout = self.layout_of(histogram);
        self.rows.push(Row {
            layout,
            hint: histogram.hint,
            start: self.counts.len(),
            zero_count: histogram.zero_count,
            count: histogram.count,
            sum: histogram.sum,
        });
        self.counts.extend_from_slice(histogram.positive.counts);
        self.counts.extend_from_slice(histogram.negative.counts);
        index
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

    /// A number for the layout of histogram `i`: histograms of one number have one schema, one zero threshold and
    /// the same buckets. Two numbers may stand for equal layouts.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[must_use]
    pub fn layout(&self, i: u32) -> u32 {
        self.rows[i as usize].layout
    }

    /// Whether sums and differences of histograms of this layout are those of their numbers, one by one: no bucket
    /// lies within the zero bucket, and only exponential buckets have two sides.
    ///
    /// # Panics
    /// When `layout` is no number that [`layout`](Self::layout) returned.
    #[must_use]
    pub fn adds_number_by_number(&self, layout: u32) -> bool {
        self.layouts[layout as usize].plain
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
