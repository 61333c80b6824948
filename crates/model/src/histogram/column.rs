//! Many histograms in few allocations.

use std::sync::Arc;

use super::{FloatHistogram, ResetHint, Span};

/// What neighbouring histograms of a series usually share.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    schema: i32,
    zero_threshold: f64,
    positive_spans: Vec<Span>,
    negative_spans: Vec<Span>,
    custom_values: Vec<f64>,
    positive_len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    layout: u32,
    hint: ResetHint,
    zero_count: f64,
    count: f64,
    sum: f64,
    first: usize,
    len: u32,
}

/// An append-only column of histograms. Layouts are shared between neighbours and all bucket counts lie in one
/// vector, so a histogram costs no allocation of its own.
#[derive(Clone, Debug, Default)]
pub struct HistogramColumn {
    layouts: Vec<Arc<Layout>>,
    entries: Vec<Entry>,
    buckets: Vec<f64>,
}

impl HistogramColumn {
    /// An empty column.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of histograms.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets all histograms and keeps the memory.
    pub fn clear(&mut self) {
        self.layouts.clear();
        self.entries.clear();
        self.buckets.clear();
    }

    /// Adds a histogram and returns its number.
    pub fn push(&mut self, histogram: HistogramView<'_>) -> u32 {
        let layout = match self.layouts.last() {
            Some(last) if histogram.has_layout(last) => self.layouts.len() - 1,
            _ => {
                self.layouts.push(Arc::new(Layout {
                    schema: histogram.schema,
                    zero_threshold: histogram.zero_threshold,
                    positive_spans: histogram.positive_spans.to_vec(),
                    negative_spans: histogram.negative_spans.to_vec(),
                    custom_values: histogram.custom_values.to_vec(),
                    positive_len: histogram.positive_buckets.len(),
                }));
                self.layouts.len() - 1
            }
        };
        let first = self.buckets.len();
        self.buckets.extend_from_slice(histogram.positive_buckets);
        self.buckets.extend_from_slice(histogram.negative_buckets);
        self.entries.push(Entry {
            layout: layout as u32,
            hint: histogram.hint,
            zero_count: histogram.zero_count,
            count: histogram.count,
            sum: histogram.sum,
            first,
            len: (self.buckets.len() - first) as u32,
        });
        self.entries.len() as u32 - 1
    }

    /// The histogram with this number.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn get(&self, i: u32) -> HistogramView<'_> {
        let entry = self.entries[i as usize];
        let layout = &self.layouts[entry.layout as usize];
        let buckets = &self.buckets[entry.first..entry.first + entry.len as usize];
        let (positive_buckets, negative_buckets) = buckets.split_at(layout.positive_len);
        HistogramView {
            hint: entry.hint,
            schema: layout.schema,
            zero_threshold: layout.zero_threshold,
            zero_count: entry.zero_count,
            count: entry.count,
            sum: entry.sum,
            positive_spans: &layout.positive_spans,
            negative_spans: &layout.negative_spans,
            positive_buckets,
            negative_buckets,
            custom_values: &layout.custom_values,
        }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let spans = |l: &Arc<Layout>| (l.positive_spans.len() + l.negative_spans.len() + l.custom_values.len()) * 8;
        self.layouts.iter().map(|l| size_of::<Layout>() + spans(l)).sum::<usize>()
            + self.entries.len() * size_of::<Entry>()
            + self.buckets.len() * 8
    }
}

/// A borrowed histogram. Fields are those of [`FloatHistogram`].
#[derive(Clone, Copy, Debug)]
pub struct HistogramView<'a> {
    /// Counter-reset hint.
    pub hint: ResetHint,
    /// Resolution: −4 to 8, or −53 for custom bounds.
    pub schema: i32,
    /// Half width of the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: f64,
    /// All observations.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// Where the positive buckets are.
    pub positive_spans: &'a [Span],
    /// Where the negative buckets are.
    pub negative_spans: &'a [Span],
    /// Absolute counts of the positive buckets.
    pub positive_buckets: &'a [f64],
    /// Absolute counts of the negative buckets.
    pub negative_buckets: &'a [f64],
    /// Upper bounds of custom buckets.
    pub custom_values: &'a [f64],
}

impl<'a> HistogramView<'a> {
    /// Borrows an owned histogram.
    #[must_use]
    pub fn of(h: &'a FloatHistogram) -> Self {
        Self {
            hint: h.hint,
            schema: h.schema,
            zero_threshold: h.zero_threshold,
            zero_count: h.zero_count,
            count: h.count,
            sum: h.sum,
            positive_spans: &h.positive_spans,
            negative_spans: &h.negative_spans,
            positive_buckets: &h.positive_buckets,
            negative_buckets: &h.negative_buckets,
            custom_values: &h.custom_values,
        }
    }

    /// The sum of the observations.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The number of observations.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.count
    }

    /// A copy of its own.
    #[must_use]
    pub fn to_owned(&self) -> FloatHistogram {
        FloatHistogram {
            hint: self.hint,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count,
            count: self.count,
            sum: self.sum,
            positive_spans: self.positive_spans.to_vec(),
            negative_spans: self.negative_spans.to_vec(),
            positive_buckets: self.positive_buckets.to_vec(),
            negative_buckets: self.negative_buckets.to_vec(),
            custom_values: self.custom_values.to_vec(),
        }
    }

    fn has_layout(&self, l: &Layout) -> bool {
        self.schema == l.schema
            && self.zero_threshold == l.zero_threshold
            && self.positive_buckets.len() == l.positive_len
            && self.positive_spans == l.positive_spans
            && self.negative_spans == l.negative_spans
            && self.custom_values == l.custom_values
    }
}
