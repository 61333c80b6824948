//! What a query holds of the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use promqlite_model::{Labels, SampleBuf, Samples, TimeRange};

use super::series::{Series, Snapshot};
use crate::{ReadStats, SelectRequest, Selection, StorageError};

/// Counters of samples: threads read rows some way apart, and would wait for each other at a single one.
const COUNTERS: usize = 8;
/// Neighbouring series that are counted together.
const SERIES_TOGETHER: usize = 32;

/// A counter a cache line away from the next one. Not aligned to lines: aligned memory takes allocators longer.
#[derive(Debug, Default)]
struct Counter {
    samples: AtomicU64,
    _apart: [u64; 7],
}

/// Snapshots that are taken between two questions whether to go on.
const IDS_BETWEEN_QUESTIONS: usize = 4096;

/// Selected series, each as it was when it was selected.
#[derive(Debug)]
pub(super) struct MemSelection {
    series: Arc<boxcar::Vec<Series>>,
    picked: Vec<(u32, Snapshot)>,
    samples_read: [Counter; COUNTERS],
}

impl MemSelection {
    /// What the selection holds of a series.
    pub(super) const BYTES_PER_SERIES: usize = size_of::<(u32, Snapshot)>();

    /// Takes a snapshot of those of `ids` that may have samples in the request's range.
    pub(super) fn new(
        series: Arc<boxcar::Vec<Series>>,
        ids: &[u32],
        request: &SelectRequest<'_>,
    ) -> Result<Self, StorageError> {
        let mut picked = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_BETWEEN_QUESTIONS) {
            request.go_on(0)?;
            let snapshot = |&id: &u32| Some((id, series[id as usize].lock().snapshot(request.range)?));
            picked.extend(chunk.iter().filter_map(snapshot));
        }
        Ok(Self { series, picked, samples_read: Default::default() })
    }
}

impl Selection for MemSelection {
    fn len(&self) -> usize {
        self.picked.len()
    }

    fn labels(&self, i: usize) -> &Labels {
        &self.series[self.picked[i].0 as usize].labels
    }

    fn samples<'a>(
        &'a self,
        i: usize,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError> {
        let samples = self.picked[i].1.samples(range, buf);
        let counter = &self.samples_read[i / SERIES_TOGETHER % COUNTERS];
        counter.samples.fetch_add(samples.len() as u64, Ordering::Relaxed);
        Ok(samples)
    }

    fn stats(&self) -> ReadStats {
        let samples = self.samples_read.iter().map(|counter| counter.samples.load(Ordering::Relaxed)).sum();
        ReadStats { samples, ..ReadStats::default() }
    }
}
