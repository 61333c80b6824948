//! Samples on their way from storage to a kernel, counted.

use promqlite_model::{SampleBuf, Samples, TimeRange};
use promqlite_storage::Selection;

use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;

/// Where a selection puts samples that it cannot lend; used for one series after another.
pub(crate) struct Buffer {
    samples: SampleBuf,
    held: Held,
}

impl Buffer {
    pub(crate) fn new(cx: &Cx<'_>) -> Result<Self, ExecError> {
        Ok(Self { samples: SampleBuf::default(), held: cx.hold(0)? })
    }

    /// The samples of a series.
    pub(crate) fn read<'a>(
        &'a mut self,
        selection: &'a dyn Selection,
        series: usize,
        range: TimeRange,
    ) -> Result<Samples<'a>, ExecError> {
        let Self { samples: buf, held } = self;
        let samples = selection.samples(series, range, buf)?;
        held.grow_to(bytes_of(&samples))?;
        Ok(samples)
    }
}

/// Bytes of samples, histograms included, if they were copied.
pub(crate) fn bytes_of(samples: &Samples<'_>) -> usize {
    let floats = samples.len() * 16 + samples.start_times.len() * 8;
    let histograms = samples.histograms.map_or(0, |histograms| histograms.index.len() * 4);
    floats
        + histograms
        + (0..samples.len()).filter_map(|i| samples.histogram(i)).map(cell_bytes).sum::<usize>()
}

/// What a histogram takes in a batch.
fn cell_bytes(histogram: promqlite_model::histogram::HistogramView<'_>) -> usize {
    histogram.size()
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
    let largest = (0..samples.len()).filter_map(|i| samples.histogram(i)).map(cell_bytes).max().unwrap_or(0);
    cx.hold(steps.saturating_mul(largest).saturating_mul(2)).map(Some)
}
