//! Native histograms without their buckets, for functions that look at count and sum alone.

use promqlite_model::histogram::{CounterResetHint, HistogramView};
use promqlite_model::{Labels, SampleBuf, Samples, TimeRange};
use promqlite_storage::{ReadStats, Selection, StorageError};

/// A selection whose native histograms have no buckets. Unknown counter-reset hints are replaced by what the
/// buckets say, since nobody can look at these any more.
pub(crate) struct TotalsOnly {
    inner: Box<dyn Selection>,
}

impl TotalsOnly {
    pub(crate) fn new(inner: Box<dyn Selection>) -> Self {
        Self { inner }
    }
}

impl Selection for TotalsOnly {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn labels(&self, i: usize) -> &Labels {
        self.inner.labels(i)
    }

    fn samples<'a>(
        &'a self,
        i: usize,
        range: TimeRange,
        buf: &'a mut SampleBuf,
    ) -> Result<Samples<'a>, StorageError> {
        let mut own = SampleBuf::default();
        let samples = self.inner.samples(i, range, &mut own)?;
        buf.clear();
        let mut previous: Option<HistogramView<'_>> = None;
        for k in 0..samples.len() {
            match samples.histogram(k) {
                None => buf.push(samples.times[k], samples.values[k]),
                Some(histogram) if histogram.is_stale() => buf.push_histogram(samples.times[k], histogram),
                Some(histogram) => {
                    let hint = known_hint(histogram, previous);
                    buf.push_histogram(samples.times[k], histogram.without_buckets().with_hint(hint));
                    previous = Some(histogram);
                }
            }
            buf.set_start_time(samples.start_time(k));
        }
        Ok(buf.samples())
    }

    fn warnings(&self) -> Vec<String> {
        self.inner.warnings()
    }

    fn stats(&self) -> ReadStats {
        self.inner.stats()
    }
}

/// The hint, or what the buckets say where it is unknown and there is something to compare with.
fn known_hint(histogram: HistogramView<'_>, previous: Option<HistogramView<'_>>) -> CounterResetHint {
    match (histogram.hint(), previous) {
        (CounterResetHint::Unknown, Some(previous)) if histogram.is_reset_after(previous) => {
            CounterResetHint::Reset
        }
        (CounterResetHint::Unknown, Some(_)) => CounterResetHint::NotReset,
        (hint, _) => hint,
    }
}
