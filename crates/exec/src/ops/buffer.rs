//! Samples on their way from storage to a kernel, counted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use promqlite_model::{NO_HISTOGRAM, SampleBuf, Samples, TimeRange};
use promqlite_storage::Selection;

use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;

/// Where a selection puts samples that it cannot lend; used for one series after another.
pub(crate) struct Buffer<'c, 'q> {
    samples: SampleBuf,
    held: Held,
    cx: &'c Cx<'q>,
}

/// Buffers for more bytes do not wait for another use.
const MOST_SPARE_BYTES: usize = 256 << 10;

impl<'c, 'q> Buffer<'c, 'q> {
    pub(crate) fn new(cx: &'c Cx<'q>) -> Result<Self, ExecError> {
        Ok(Self { samples: cx.buffers.take().unwrap_or_default(), held: cx.hold(0)?, cx })
    }

    /// The samples of a series.
    pub(crate) fn read<'a>(
        &'a mut self,
        selection: &'a dyn Selection,
        series: usize,
        range: TimeRange,
    ) -> Result<Samples<'a>, ExecError> {
        let Self { samples: buf, held, .. } = self;
        let samples = selection.samples(series, range, buf)?;
        held.grow_to(bytes_of(&samples))?;
        Ok(samples)
    }
}

impl Drop for Buffer<'_, '_> {
    fn drop(&mut self) {
        if !self.samples.is_empty() && bytes_of(&self.samples.samples()) <= MOST_SPARE_BYTES {
            self.cx.buffers.give(std::mem::take(&mut self.samples));
        }
    }
}

/// Buffers that were used and can be filled again, of about as many as there are threads.
#[derive(Default)]
pub(crate) struct SpareBuffers {
    buffers: Mutex<Vec<SampleBuf>>,
    any: AtomicBool,
}

impl SpareBuffers {
    fn take(&self) -> Option<SampleBuf> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let mut buffers = self.buffers.lock().expect("no holder panics");
        let buffer = buffers.pop();
        self.any.store(!buffers.is_empty(), Ordering::Relaxed);
        buffer
    }

    fn give(&self, buffer: SampleBuf) {
        self.buffers.lock().expect("no holder panics").push(buffer);
        self.any.store(true, Ordering::Relaxed);
    }
}

/// Bytes of samples, histograms included, if they were copied.
pub(crate) fn bytes_of(samples: &Samples<'_>) -> usize {
    let floats = samples.len() * 16 + samples.start_times.len() * 8;
    let histograms = samples.histograms.map_or(0, |histograms| histograms.index.len() * 4);
    floats + histograms + histogram_sizes(samples).sum::<usize>()
}

/// What each histogram takes in a batch.
fn histogram_sizes<'s>(samples: &Samples<'s>) -> impl Iterator<Item = usize> + use<'s> {
    let histograms = samples.histograms.into_iter();
    histograms.flat_map(|histograms| {
        let some = histograms.index.iter().filter(|&&i| i != NO_HISTOGRAM);
        some.map(move |&i| histograms.column.size(i))
    })
}

/// Room for a row of histograms, each as large as the largest of `samples`, while the row is being filled. A
/// batch's table of histograms has up to twice the room that it needs.
pub(crate) fn histogram_room(
    samples: &Samples<'_>,
    steps: usize,
    cx: &Cx<'_>,
) -> Result<Option<Held>, ExecError> {
    if samples.histograms.is_none() {
        return Ok(None);
    }
    let largest = histogram_sizes(samples).max().unwrap_or(0);
    cx.hold(steps.saturating_mul(largest).saturating_mul(2)).map(Some)
}
