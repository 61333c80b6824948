//! The samples of one series while a head is replayed.

use std::ops::Range;

use promqlite_model::histogram::{CounterResetHint, FloatHistogram};
use promqlite_model::{Labels, SampleBuf, Samples, TimeRange, Timestamp, is_stale};
use promqlite_storage::{AppendSummary, MemStore};

use crate::wal::{FloatSample, HistogramSample};

/// The samples of one series, in the order that the files tell them.
#[derive(Debug)]
pub(super) struct HeadSeries {
    pub(super) labels: Labels,
    in_order: SampleBuf,
    late: Option<Box<SampleBuf>>,
    /// Which of the in-order samples are of head chunks and not of times that the WAL has passed yet.
    in_chunks: Range<usize>,
    /// Time of the newest sample of the WAL, ms.
    pub(super) accepted: Option<i64>,
    /// Whether the newest in-order sample is a histogram.
    ends_in_histogram: bool,
    deleted: Vec<TimeRange>,
}

impl HeadSeries {
    pub(super) fn new(labels: Labels) -> Self {
        Self {
            labels,
            in_order: SampleBuf::default(),
            late: None,
            in_chunks: 0..0,
            accepted: None,
            ends_in_histogram: false,
            deleted: Vec::new(),
        }
    }

    /// The head chunks of a reference follow.
    pub(super) fn start_chunks(&mut self) {
        self.in_chunks = self.in_order.len()..self.in_order.len();
    }

    /// Adds the samples of a head chunk.
    pub(super) fn add_chunk(&mut self, samples: &Samples<'_>, out_of_order: bool) {
        if out_of_order {
            return self.late().extend(samples);
        }
        self.in_order.extend(samples);
        self.in_chunks.end = self.in_order.len();
        if let Some(last) = samples.len().checked_sub(1) {
            self.ends_in_histogram = samples.histogram(last).is_some();
        }
    }

    /// Whether head chunks have the sample at `t_ms`. The times asked for ascend, as those of the WAL do. Where a
    /// chunk is lost, the WAL still has its samples.
    pub(super) fn chunks_have(&mut self, t_ms: i64) -> bool {
        let times = self.in_order.samples().times;
        while self.in_chunks.start < self.in_chunks.end && times[self.in_chunks.start] < t_ms {
            self.in_chunks.start += 1;
        }
        self.in_chunks.start < self.in_chunks.end && times[self.in_chunks.start] == t_ms
    }

    /// Adds a sample of the WAL that is to be kept.
    pub(super) fn add_float(&mut self, sample: &FloatSample) {
        if is_stale(sample.value) && self.ends_in_histogram {
            self.in_order.push_histogram(sample.t_ms, FloatHistogram::stale().view());
        } else {
            self.in_order.push(sample.t_ms, sample.value);
        }
        self.in_order.set_start_time(sample.start_ms);
    }

    /// Adds a sample of the WAL that is to be kept.
    pub(super) fn add_histogram(&mut self, sample: &HistogramSample) {
        push_histogram(&mut self.in_order, sample);
    }

    /// Notes what kind the newest in-order sample is, kept or not.
    pub(super) fn note_kind(&mut self, stale: bool, histogram: bool) {
        // A marker is of the kind that it ends.
        if !stale {
            self.ends_in_histogram = histogram;
        }
    }

    /// Adds an out-of-order sample.
    pub(super) fn add_late_float(&mut self, sample: &FloatSample) {
        let late = self.late();
        late.push(sample.t_ms, sample.value);
        late.set_start_time(sample.start_ms);
    }

    /// Adds an out-of-order sample.
    pub(super) fn add_late_histogram(&mut self, sample: &HistogramSample) {
        push_histogram(self.late(), sample);
    }

    /// Deletes all samples in `range`, those that come later too.
    pub(super) fn delete(&mut self, range: TimeRange) {
        self.deleted.push(range);
    }

    /// Forgets all in-order samples so far; how many there were. Later ones make a new beginning.
    pub(super) fn evict(&mut self) -> u64 {
        let gone = self.in_order.len() as u64;
        *self = Self { late: self.late.take(), ..Self::new(self.labels.clone()) };
        gone
    }

    /// Puts the samples into `store`: what became of them, and how many were deleted.
    pub(super) fn store(self, store: &MemStore) -> (AppendSummary, u64) {
        let mut total = (AppendSummary::default(), 0);
        let late = self.late.map(|late| *late).unwrap_or_default();
        for samples in [self.in_order, late] {
            if samples.is_empty() {
                continue;
            }
            let kept = without(&samples, &self.deleted);
            total.1 += kept.as_ref().map_or(0, |kept| samples.len() - kept.len()) as u64;
            let samples = kept.as_ref().unwrap_or(&samples);
            if !samples.is_empty() {
                total.0 += store.append_samples(store.series(&self.labels), &samples.samples());
            }
        }
        total
    }

    fn late(&mut self) -> &mut SampleBuf {
        self.late.get_or_insert_default()
    }
}

/// Which hint a writer found does not survive its chunks, but for gauges: readers look for resets themselves.
fn push_histogram(buf: &mut SampleBuf, sample: &HistogramSample) {
    let histogram = sample.histogram.view();
    let gauge = histogram.hint() == CounterResetHint::Gauge;
    let histogram = if gauge { histogram } else { histogram.with_hint(CounterResetHint::Unknown) };
    buf.push_histogram(sample.t_ms, histogram);
    buf.set_start_time(sample.start_ms);
}

/// The samples outside of `deleted`; `None` if that is all.
fn without(buf: &SampleBuf, deleted: &[TimeRange]) -> Option<SampleBuf> {
    let samples = buf.samples();
    let is_deleted = |t: i64| deleted.iter().any(|range| range.contains(Timestamp(t)));
    if !samples.times.iter().any(|&t| is_deleted(t)) {
        return None;
    }
    let mut kept = SampleBuf::default();
    for i in (0..samples.len()).filter(|&i| !is_deleted(samples.times[i])) {
        kept.extend(&samples.slice(i..i + 1));
    }
    Some(kept)
}
