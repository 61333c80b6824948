//! Samples on their way from storage to a kernel, counted.

use promqlite_model::{NO_HISTOGRAM, SampleBuf, Samples, TimeRange};
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
