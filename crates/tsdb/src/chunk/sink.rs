//! Where decoded samples go.

use promqlite_model::histogram::HistogramView;
use promqlite_model::{SampleBuf, Samples, TimeRange, Timestamp};

use crate::error::Malformed;

/// Samples that are decoded before they are copied: a bit more than a usual chunk.
pub(super) const BLOCK: usize = 128;

/// Takes decoded samples, keeps those in a time range, and holds them to ascending times.
pub(super) struct Sink<'a> {
    buf: &'a mut SampleBuf,
    range: TimeRange,
    last_ms: Option<i64>,
    decoded: usize,
}

/// Whether later samples are of interest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    Wanted,
    PastRange,
}

impl<'a> Sink<'a> {
    pub(super) fn new(buf: &'a mut SampleBuf, range: TimeRange) -> Self {
        Self { buf, range, last_ms: None, decoded: 0 }
    }

    /// Samples that were decoded, in the range or not.
    pub(super) fn decoded(&self) -> usize {
        self.decoded
    }

    /// The last instant of interest in ms.
    pub(super) fn end_ms(&self) -> i64 {
        self.range.end.0
    }

    /// Takes floats. `start_times` may be empty.
    pub(super) fn floats(
        &mut self,
        times: &[i64],
        values: &[f64],
        start_times: &[i64],
    ) -> Result<More, Malformed> {
        let (Some(&first), Some(&last)) = (times.first(), times.last()) else { return Ok(More::Wanted) };
        let ascending = times.windows(2).fold(true, |ok, pair| ok & (pair[0] < pair[1]));
        self.check_order(ascending && self.last_ms.is_none_or(|before| before < first))?;
        let samples = Samples { times, values, start_times, histograms: None };
        if self.range.start.0 <= first && last <= self.range.end.0 {
            self.buf.extend(&samples);
        } else {
            self.buf.extend(&samples.slice(self.range.slice(times)));
        }
        Ok(self.after(times.len(), last))
    }

    /// Takes all floats of a chunk, at most `count`, from `decode`. It gets columns and the last instant of interest in
    /// ms, fills the columns with ascending times and returns how many it filled.
    pub(super) fn whole_chunk(
        &mut self,
        count: usize,
        decode: impl FnOnce(&mut [i64], &mut [f64], i64) -> Result<usize, Malformed>,
    ) -> Result<(), Malformed> {
        let (range, decoded) = (self.range, &mut self.decoded);
        self.buf.append_floats(count, |times, values| {
            let filled = decode(times, values, range.end.0)?;
            *decoded += filled;
            let times = &times[..filled];
            let within = |t: &i64| range.contains(Timestamp(*t));
            let all = times.first().is_none_or(within) && times.last().is_none_or(within);
            Ok(if all { 0..filled } else { range.slice(times) })
        })
    }

    /// Takes a histogram.
    pub(super) fn histogram(
        &mut self,
        t_ms: i64,
        histogram: HistogramView<'_>,
        start_ms: i64,
    ) -> Result<More, Malformed> {
        self.check_order(self.last_ms.is_none_or(|before| before < t_ms))?;
        if self.range.contains(Timestamp(t_ms)) {
            self.buf.push_histogram(t_ms, histogram);
            self.buf.set_start_time(start_ms);
        }
        Ok(self.after(1, t_ms))
    }

    fn check_order(&self, ascending: bool) -> Result<(), Malformed> {
        if ascending {
            Ok(())
        } else {
            Err(Malformed::new(0, "the times of a chunk's samples do not ascend"))
        }
    }

    fn after(&mut self, samples: usize, last: i64) -> More {
        self.decoded += samples;
        self.last_ms = Some(last);
        if last > self.range.end.0 { More::PastRange } else { More::Wanted }
    }
}
