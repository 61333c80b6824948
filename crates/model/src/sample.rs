//! Stored samples as columns.

use crate::histogram::HistogramColumn;

/// The bit pattern of a staleness marker: "this series ended here". Ordinary NaN is data.
pub const STALE_NAN: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// The NaN that Prometheus stores for every NaN that is no staleness marker.
pub const NORMAL_NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0001);

/// Whether `v` is a staleness marker. Compares bits, since every NaN is unequal to itself.
#[must_use]
pub fn is_stale(v: f64) -> bool {
    v.to_bits() == STALE_NAN.to_bits()
}

/// Whether there is a staleness marker among the values.
#[must_use]
pub fn any_stale(values: &[f64]) -> bool {
    // Few chunks hold any NaN, and the loop that tells has no branches.
    values.chunks(64).any(|chunk| {
        let nans: u64 = chunk.iter().map(|v| u64::from(v.is_nan())).sum();
        nans > 0 && chunk.iter().any(|&v| is_stale(v))
    })
}

/// Samples of one series in ascending order of time, lent by a store or by a [`SampleBuf`].
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// Times in ms, strictly ascending.
    pub times: &'a [i64],
    /// Float values, as long as `times`. Where a sample is a histogram the value is its sum, which carries
    /// the stale bits exactly when the histogram is stale.
    pub values: &'a [f64],
    /// Start timestamps in ms, 0 where unknown; empty when no sample has one.
    pub start_times: &'a [i64],
    /// Native histograms, if the series holds any.
    pub histograms: Option<HistogramSamples<'a>>,
}

/// Which of a series' samples are native histograms, and which they are.
#[derive(Clone, Copy, Debug)]
pub struct HistogramSamples<'a> {
    /// Per sample: the index in `column`, or [`NO_HISTOGRAM`] for a float sample.
    pub index: &'a [u32],
    /// The histograms.
    pub column: &'a HistogramColumn,
}

/// Marks a float sample in [`HistogramSamples::index`].
pub const NO_HISTOGRAM: u32 = u32::MAX;

impl<'a> Samples<'a> {
    /// No samples.
    pub const EMPTY: Samples<'static> =
        Samples { times: &[], values: &[], start_times: &[], histograms: None };

    /// Plain float samples without start timestamps.
    #[must_use]
    pub fn floats(times: &'a [i64], values: &'a [f64]) -> Self {
        assert_eq!(times.len(), values.len(), "invariant: a value per time");
        Self { times, values, start_times: &[], histograms: None }
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The histogram of sample `i`; `None` if it is a float.
    #[must_use]
    pub fn histogram(&self, i: usize) -> Option<crate::histogram::HistogramView<'a>> {
        let h = self.histograms?;
        (h.index[i] != NO_HISTOGRAM).then(|| h.column.get(h.index[i]))
    }

    /// Start timestamp of sample `i` in ms, 0 if unknown.
    #[must_use]
    pub fn start_time(&self, i: usize) -> i64 {
        self.start_times.get(i).copied().unwrap_or(0)
    }

    /// The samples in an index range.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            times: &self.times[range.clone()],
            values: &self.values[range.clone()],
            start_times: if self.start_times.is_empty() { &[] } else { &self.start_times[range.clone()] },
            histograms: self
                .histograms
                .map(|h| HistogramSamples { index: &h.index[range], column: h.column }),
        }
    }
}

/// Columns of samples that a caller owns and a store fills.
#[derive(Clone, Debug, Default)]
pub struct SampleBuf {
    times: Vec<i64>,
    values: Vec<f64>,
    start_times: Vec<i64>,
    index: Vec<u32>,
    histograms: HistogramColumn,
}

impl SampleBuf {
    /// Empties the columns and keeps their memory.
    pub fn clear(&mut self) {
        self.times.clear();
        self.values.clear();
        self.start_times.clear();
        self.index.clear();
        self.histograms.clear();
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Adds a float sample after the others.
    pub fn push(&mut self, t_ms: i64, value: f64) {
        self.times.push(t_ms);
        self.values.push(value);
        if !self.start_times.is_empty() {
            self.start_times.push(0);
        }
        if !self.index.is_empty() {
            self.index.push(NO_HISTOGRAM);
        }
    }

    /// Adds a histogram sample after the others.
    pub fn push_histogram(&mut self, t_ms: i64, histogram: crate::histogram::HistogramView<'_>) {
        self.index.resize(self.times.len(), NO_HISTOGRAM);
        self.index.push(self.histograms.push(histogram));
        self.times.push(t_ms);
        self.values.push(histogram.sum());
        if !self.start_times.is_empty() {
            self.start_times.push(0);
        }
    }

    /// Makes room for more samples, `histograms` of them native histograms without buckets.
    pub fn reserve(&mut self, samples: usize, histograms: usize) {
        self.times.reserve(samples);
        self.values.reserve(samples);
        if histograms > 0 {
            self.index.reserve(self.times.len() - self.index.len() + samples);
            self.histograms.reserve(histograms);
        }
    }

    /// Adds a histogram of a column without its buckets and with a hint of its own, after the others.
    pub fn push_histogram_totals(
        &mut self,
        t_ms: i64,
        column: &HistogramColumn,
        i: u32,
        hint: crate::histogram::CounterResetHint,
    ) {
        self.index.resize(self.times.len(), NO_HISTOGRAM);
        self.index.push(self.histograms.push_totals(column, i, hint));
        self.times.push(t_ms);
        self.values.push(column.numbers(i).totals[1]);
        if !self.start_times.is_empty() {
            self.start_times.push(0);
        }
    }

    /// Whether all samples are histograms that [`extend_with_totals`](Self::extend_with_totals) takes, and there are
    /// none here yet.
    #[must_use]
    pub fn can_extend_with_totals(&self, samples: &Samples<'_>) -> bool {
        let Some(histograms) = samples.histograms else { return false };
        let plain = |i: &u32| *i != NO_HISTOGRAM;
        self.is_empty() && histograms.index.iter().all(plain) && !any_stale(samples.values)
    }

    /// Adds histograms without their buckets, as [`push_histogram_totals`](Self::push_histogram_totals) does one by
    /// one. `hint(k, column, i)` gives that of sample `k`, which is histogram `i` of the column.
    ///
    /// # Panics
    /// When a sample is a float.
    pub fn extend_with_totals(
        &mut self,
        samples: &Samples<'_>,
        hint: impl FnMut(usize, &HistogramColumn, u32) -> crate::histogram::CounterResetHint,
    ) {
        let histograms = samples.histograms.expect("invariant: all samples are histograms");
        debug_assert!(self.can_extend_with_totals(samples));
        self.times.extend_from_slice(samples.times);
        self.values.extend_from_slice(samples.values);
        self.start_times.extend_from_slice(samples.start_times);
        self.index.extend(self.histograms.extend_with_totals(histograms.column, histograms.index, hint));
    }

    /// Gives the newest sample a start timestamp in ms.
    pub fn set_start_time(&mut self, start_ms: i64) {
        if start_ms == 0 && self.start_times.is_empty() {
            return;
        }
        self.start_times.resize(self.times.len(), 0);
        if let Some(last) = self.start_times.last_mut() {
            *last = start_ms;
        }
    }

    /// Adds copies of `samples` after the others.
    pub fn extend(&mut self, samples: &Samples<'_>) {
        if samples.histograms.is_none()
            && self.index.is_empty()
            && samples.start_times.is_empty()
            && self.start_times.is_empty()
        {
            self.times.extend_from_slice(samples.times);
            self.values.extend_from_slice(samples.values);
            return;
        }
        for i in 0..samples.len() {
            match samples.histogram(i) {
                Some(histogram) => self.push_histogram(samples.times[i], histogram),
                None => self.push(samples.times[i], samples.values[i]),
            }
            self.set_start_time(samples.start_time(i));
        }
    }

    /// Adds up to `n` float samples that are made in place: `fill` gets `n` times in ms and `n` values, all of them 0,
    /// and returns which of them stay.
    ///
    /// # Errors
    /// What `fill` returns; then nothing is added.
    pub fn append_floats<E>(
        &mut self,
        n: usize,
        fill: impl FnOnce(&mut [i64], &mut [f64]) -> Result<std::ops::Range<usize>, E>,
    ) -> Result<(), E> {
        let before = self.times.len();
        self.times.resize(before + n, 0);
        self.values.resize(before + n, 0.0);
        let kept = fill(&mut self.times[before..], &mut self.values[before..]);
        let range = kept.as_ref().map_or(0..0, Clone::clone);
        if range.start > 0 {
            self.times.copy_within(before + range.start..before + range.end, before);
            self.values.copy_within(before + range.start..before + range.end, before);
        }
        let after = before + range.len();
        self.times.truncate(after);
        self.values.truncate(after);
        if !self.start_times.is_empty() {
            self.start_times.resize(after, 0);
        }
        if !self.index.is_empty() {
            self.index.resize(after, NO_HISTOGRAM);
        }
        kept.map(|_| ())
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> Samples<'_> {
        let histograms = (!self.index.is_empty())
            .then_some(HistogramSamples { index: &self.index, column: &self.histograms });
        Samples { times: &self.times, values: &self.values, start_times: &self.start_times, histograms }
    }

    /// Bytes on the heap that the samples take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.times.len() + self.values.len() + self.start_times.len()) * 8
            + self.index.len() * 4
            + self.histograms.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_made_in_place_follow_what_is_there() {
        let mut buf = SampleBuf::default();
        buf.push_histogram(1, crate::histogram::FloatHistogram::stale().view());
        buf.set_start_time(1);
        let three = |times: &mut [i64], values: &mut [f64]| {
            times.copy_from_slice(&[2, 3, 4]);
            values.copy_from_slice(&[0.2, 0.3, 0.4]);
        };
        let middle = buf.append_floats(3, |times, values| {
            three(times, values);
            Ok::<_, ()>(1..2)
        });
        assert_eq!(middle, Ok(()));
        let failed = buf.append_floats(3, |times, values| {
            three(times, values);
            Err("none")
        });
        assert_eq!(failed, Err("none"));
        let samples = buf.samples();
        assert_eq!((samples.times, samples.values[1], samples.len()), (&[1, 3][..], 0.3, 2));
        assert!(samples.histogram(0).is_some() && samples.histogram(1).is_none());
        assert_eq!((samples.start_time(0), samples.start_time(1)), (1, 0));
    }
}
