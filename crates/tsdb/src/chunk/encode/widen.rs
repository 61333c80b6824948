//! One layout for histograms of a chunk that differ in their buckets.

use promqlite_model::histogram::{FloatHistogram, HistogramParts, HistogramView, Span};
use promqlite_model::{SampleBuf, Samples};

/// Histograms that have more buckets on a side between them do not share a chunk.
const MOST_BUCKETS: usize = 512;

/// The buckets that some histograms of one schema have between them: their indices, ascending.
#[derive(Clone, Debug)]
pub(super) struct CommonBuckets {
    positive: Vec<i32>,
    negative: Vec<i32>,
}

impl CommonBuckets {
    /// The buckets of one histogram.
    pub(super) fn of(h: HistogramView<'_>) -> Self {
        Self {
            positive: indices(h.positive_spans()).collect(),
            negative: indices(h.negative_spans()).collect(),
        }
    }

    /// These and those of `h`; `None` if they get too many.
    pub(super) fn with(&self, h: HistogramView<'_>) -> Option<Self> {
        let all = Self {
            positive: union(&self.positive, h.positive_spans()),
            negative: union(&self.negative, h.negative_spans()),
        };
        (all.positive.len().max(all.negative.len()) <= MOST_BUCKETS).then_some(all)
    }

    /// Histograms with all of these buckets; those they did not have are empty. Staleness markers stay as they are.
    pub(super) fn widen(&self, samples: &Samples<'_>) -> SampleBuf {
        let mut wide = SampleBuf::default();
        for (i, &t) in samples.times.iter().enumerate() {
            let h = samples.histogram(i).expect("invariant: a run of histograms has no floats");
            if h.is_stale() {
                wide.push_histogram(t, h);
            } else {
                wide.push_histogram(t, self.widened(h).view());
            }
            wide.set_start_time(samples.start_time(i));
        }
        wide
    }

    fn widened(&self, h: HistogramView<'_>) -> FloatHistogram {
        let widened = FloatHistogram::from_parts(HistogramParts {
            hint: h.hint(),
            schema: h.schema().get(),
            zero_threshold: h.zero_threshold(),
            zero_count: h.zero_count(),
            count: h.count(),
            sum: h.sum(),
            positive_spans: spans(&self.positive),
            positive_counts: counts(&self.positive, h.positive_spans(), h.positive_counts()),
            negative_spans: spans(&self.negative),
            negative_counts: counts(&self.negative, h.negative_spans(), h.negative_counts()),
            custom_bounds: h.custom_bounds().to_vec(),
        });
        widened.expect("invariant: buckets that some histogram of the schema has are possible ones")
    }
}

fn indices(spans: &[Span]) -> impl Iterator<Item = i32> + '_ {
    let ranges = spans.iter().scan(0i32, |next, span| {
        let start = *next + span.offset;
        *next = start + span.length as i32;
        Some(start..*next)
    });
    ranges.flatten()
}

fn union(all: &[i32], spans: &[Span]) -> Vec<i32> {
    let mut merged: Vec<i32> = all.iter().copied().chain(indices(spans)).collect();
    merged.sort_unstable();
    merged.dedup();
    merged
}

fn spans(indices: &[i32]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut next = 0;
    for &index in indices {
        match spans.last_mut() {
            Some(last) if index == next => last.length += 1,
            _ => spans.push(Span { offset: index - next, length: 1 }),
        }
        next = index + 1;
    }
    spans
}

/// The counts at `all` buckets of a side that has those in `spans`.
fn counts(all: &[i32], spans: &[Span], counts: &[f64]) -> Vec<f64> {
    let mut own = indices(spans).zip(counts.iter().copied()).peekable();
    let at = |&index: &i32| own.next_if(|&(i, _)| i == index).map_or(0.0, |(_, count)| count);
    all.iter().map(at).collect()
}
