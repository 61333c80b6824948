//! Native histograms without their buckets, for functions that look at count and sum alone.

use promqlite_model::histogram::{CounterResetHint, HistogramColumn};
use promqlite_model::{Labels, NO_HISTOGRAM, SampleBuf, Samples, TimeRange, is_stale};
use promqlite_plan::Walk;
use promqlite_storage::{ReadStats, Selection, StorageError};

/// A selection whose native histograms have no buckets. Unknown counter-reset hints are replaced by what the
/// buckets say, since nobody can look at these any more.
pub(crate) struct TotalsOnly {
    inner: Box<dyn Selection>,
    walk: Walk,
}

impl TotalsOnly {
    pub(crate) fn new(inner: Box<dyn Selection>, walk: Walk) -> Self {
        Self { inner, walk }
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
        let Some(histograms) = samples.histograms else {
            buf.extend(&samples);
            return Ok(buf.samples());
        };
        let landings = landings(samples.times, self.walk, range.end.0);
        let mut previous = None;
        if buf.can_extend_with_totals(&samples) {
            let mut next = landings.iter().copied();
            let mut landing = next.next();
            buf.extend_with_totals(&samples, |k, column, index| {
                if landing == Some(k) {
                    (previous, landing) = (None, next.next());
                }
                known_hint(column, index, previous.replace(index))
            });
            return Ok(buf.samples());
        }
        buf.reserve(samples.len(), samples.len());
        let mut landings = landings.into_iter().peekable();
        for (k, (&t, &index)) in samples.times.iter().zip(histograms.index).enumerate() {
            if landings.next_if_eq(&k).is_some() {
                previous = None;
            }
            if index == NO_HISTOGRAM {
                buf.push(t, samples.values[k]);
            } else if is_stale(samples.values[k]) {
                buf.push_histogram(t, histograms.column.get(index));
            } else {
                let hint = known_hint(histograms.column, index, previous);
                buf.push_histogram_totals(t, histograms.column, index, hint);
                previous = Some(index);
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

/// The samples that a skip ends at, ascending: nothing is known of what comes before them. Steps after `end` are
/// none of this walk's.
fn landings(times: &[i64], walk: Walk, end: i64) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut t = walk.steps.first.0;
    while at < times.len() && t <= end {
        if times[at] < t.saturating_sub(walk.reach.0) {
            at += times[at..].partition_point(|&time| time < t.saturating_sub(walk.reach.0));
            found.push(at);
        }
        // With steps no longer than the reach, what a step has found is in reach of the next one.
        if walk.steps.step.0 <= walk.reach.0.max(0) {
            break;
        }
        at += times[at..].partition_point(|&time| time < t);
        t = t.saturating_add(walk.steps.step.0);
    }
    found
}

/// The hint of a histogram, or what the buckets say where it is unknown and there is something to compare with.
fn known_hint(column: &HistogramColumn, index: u32, previous: Option<u32>) -> CounterResetHint {
    match (column.hint(index), previous) {
        (CounterResetHint::Unknown, Some(previous)) if column.is_reset(previous, index) => {
            CounterResetHint::Reset
        }
        (CounterResetHint::Unknown, Some(_)) => CounterResetHint::NotReset,
        (hint, _) => hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use promqlite_model::{Millis, Timestamp};
    use promqlite_plan::TimeMap;

    fn landings_at(times: &[i64], first: i64, step: i64, reach: i64, end: i64) -> Vec<usize> {
        let steps = TimeMap { first: Timestamp(first), step: Millis(step) };
        landings(times, Walk { steps, reach: Millis(reach) }, end)
    }

    #[test]
    fn a_skip_ends_at_the_first_sample_in_reach() {
        let times = [0, 10, 20, 30, 40, 50, 60];
        assert!(landings_at(&times, 0, 10, 10, 60).is_empty());
        assert!(landings_at(&times, 5, 10, 9, 60).is_empty());
        assert_eq!(landings_at(&times, 0, 30, 9, 60), [3, 6]);
        assert_eq!(landings_at(&times, 0, 30, 10, 60), [2, 5]);
        assert!(landings_at(&times, 0, 30, 30, 60).is_empty());
    }

    #[test]
    fn a_pinned_walk_has_one_step() {
        assert_eq!(landings_at(&[0, 10, 20], 20, 0, 9, 20), [2]);
    }

    #[test]
    fn a_skip_may_end_behind_all_samples() {
        assert_eq!(landings_at(&[0, 10], 0, 100, 9, 1000), [2]);
    }
}
