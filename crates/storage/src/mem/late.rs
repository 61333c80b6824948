//! Samples that came out of order and wait to be merged into their series' columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use promqlite_model::NO_HISTOGRAM;
use promqlite_model::histogram::HistogramColumn;

use super::column::{Column, Sample, SampleValue};

/// Late samples in order of time. Their times are none of the columns'.
#[derive(Debug, Default)]
pub(super) struct Late {
    by_time: BTreeMap<i64, Entry>,
    histograms: HistogramColumn,
}

#[derive(Debug)]
struct Entry {
    start_ms: i64,
    value: f64,
    /// Index in `histograms`, or [`NO_HISTOGRAM`].
    histogram: u32,
}

impl Late {
    pub(super) fn len(&self) -> usize {
        self.by_time.len()
    }

    pub(super) fn first_ms(&self) -> Option<i64> {
        self.by_time.first_key_value().map(|(t, _)| *t)
    }

    pub(super) fn get(&self, t_ms: i64) -> Option<Sample<'_>> {
        self.by_time.get(&t_ms).map(|entry| self.sample(t_ms, entry))
    }

    pub(super) fn insert(&mut self, sample: Sample<'_>) {
        let (value, histogram) = match sample.value {
            SampleValue::Float(v) => (v, NO_HISTOGRAM),
            SampleValue::Histogram(h) => (h.sum(), self.histograms.push(h)),
        };
        self.by_time.insert(sample.t_ms, Entry { start_ms: sample.start_ms, value, histogram });
    }

    fn sample(&self, t_ms: i64, entry: &Entry) -> Sample<'_> {
        let value = match entry.histogram {
            NO_HISTOGRAM => SampleValue::Float(entry.value),
            index => SampleValue::Histogram(self.histograms.get(index)),
        };
        Sample { t_ms, start_ms: entry.start_ms, value }
    }

    /// One column of the samples of `parts`, which ascend from part to part, and the late ones.
    pub(super) fn merge_into(&self, parts: &[Arc<Column>]) -> Column {
        let total = self.len() + parts.iter().map(|p| p.len()).sum::<usize>();
        let mut merged = Column::with_capacity(total);
        let mut late = self.by_time.iter().map(|(t, entry)| self.sample(*t, entry)).peekable();
        for part in parts {
            let samples = part.samples();
            let mut from = 0;
            while let Some(next) = late.next_if(|next| part.last_ms().is_some_and(|last| next.t_ms < last)) {
                let to = from + samples.times[from..].partition_point(|&t| t < next.t_ms);
                merged.extend(&samples.slice(from..to));
                merged.push(next);
                from = to;
            }
            merged.extend(&samples.slice(from..samples.len()));
        }
        late.for_each(|sample| merged.push(sample));
        merged
    }

    /// Bytes on the heap, roughly.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.len() * (size_of::<(i64, Entry)>() * 3 / 2) + self.histograms.bytes()
    }
}
