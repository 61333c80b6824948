//! Counter-reset hints as a Prometheus storage derives them while it stores.

use promqlite::histogram::{CounterResetHint, FloatHistogram};

/// The run of counter histograms that a series is in.
#[derive(Debug, Default)]
pub(crate) struct HintRun {
    previous: Option<FloatHistogram>,
}

impl HintRun {
    /// Notes that something other than a histogram was stored: the run is over.
    pub(crate) fn end(&mut self) {
        self.previous = None;
    }

    /// The hint with which `histogram` reads back after those before it.
    pub(crate) fn next(&mut self, histogram: &FloatHistogram) -> CounterResetHint {
        let given = histogram.view().hint();
        if given == CounterResetHint::Gauge {
            self.previous = None;
            return CounterResetHint::Gauge;
        }
        let continues = given != CounterResetHint::Reset
            && self.previous.as_ref().is_some_and(|previous| continues(histogram, previous));
        self.previous = Some(histogram.clone());
        if continues { CounterResetHint::NotReset } else { CounterResetHint::Unknown }
    }
}

/// Whether both can stand in one chunk: the same kind of buckets and nothing that shrank.
fn continues(current: &FloatHistogram, previous: &FloatHistogram) -> bool {
    let (current, previous) = (current.view(), previous.view());
    current.schema() == previous.schema()
        && current.zero_threshold() == previous.zero_threshold()
        && current.custom_bounds() == previous.custom_bounds()
        && !current.is_stale()
        && !current.with_hint(CounterResetHint::Unknown).is_reset_after(previous)
}
