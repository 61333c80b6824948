//! What a query holds of the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use promqlite_model::{Labels, SampleBuf, Samples, TimeRange};

use super::series::{Series, Snapshot};
use crate::{ReadStats, Selection, StorageError};

/// Selected series, each as it was when it was selected.
#[derive(Debug)]
pub(super) struct MemSelection {
    series: Arc<boxcar::Vec<Series>>,
    picked: Vec<(u32, Snapshot)>,
    samples_read: AtomicU64,
}

impl MemSelection {
    /// Takes a snapshot of those of `ids` that may have samples in `range`.
    pub(super) fn new(series: Arc<boxcar::Vec<Series>>, ids: &[u32], range: TimeRange) -> Self {
        let snapshot = |&id: &u32| Some((id, series[id as usize].lock().snapshot(range)?));
        let picked = ids.iter().filter_map(snapshot).collect();
        Self { series, picked, samples_read: AtomicU64::new(0) }
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
        self.samples_read.fetch_add(samples.len() as u64, Ordering::Relaxed);
        Ok(samples)
    }

    fn stats(&self) -> ReadStats {
        ReadStats { samples: self.samples_read.load(Ordering::Relaxed), ..ReadStats::default() }
    }
}
