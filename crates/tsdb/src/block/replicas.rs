//! Samples of replicas that scraped the same targets, each at times of its own.

use promqlite_model::histogram::CounterResetHint;
use promqlite_model::{SampleBuf, Samples};

/// Appends one replica's samples to `out`, changing over to another where they leave a gap of more than two
/// intervals that the other can fill. Of replicas that begin at once the first is taken.
///
/// Merging all samples would double the rate of a series and make it jump between what the replicas saw.
pub(super) fn stick_to_one(replicas: &[Samples<'_>], out: &mut SampleBuf) {
    let intervals: Vec<i64> = replicas.iter().map(|replica| usual_interval(replica.times)).collect();
    let mut next = vec![0; replicas.len()];
    let time = |i: usize, at: usize| replicas[i].times.get(at).copied();
    let earliest = |next: &[usize]| {
        let firsts = (0..replicas.len()).filter_map(|i| Some((time(i, next[i])?, i)));
        firsts.min().map(|(_, i)| i)
    };
    let mut current = earliest(&next);
    let mut torn = false;
    while let Some(i) = current {
        let run = next[i]..end_of_run(replicas[i].times, next[i], intervals[i]);
        copy(&replicas[i].slice(run.clone()), torn, out);
        next[i] = run.end;
        let last = replicas[i].times[run.end - 1];
        for other in (0..replicas.len()).filter(|&other| other != i) {
            // A sample sooner than this would be one too many.
            let from = last.saturating_add(intervals[i].max(1));
            let left = &replicas[other].times[next[other]..];
            next[other] += left.partition_point(|&t| t < from);
        }
        current = earliest(&next);
        torn = current != Some(i);
    }
}

/// Half of the distances are no longer than this; 0 without any.
fn usual_interval(times: &[i64]) -> i64 {
    let mut distances: Vec<i64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    if distances.is_empty() {
        return 0;
    }
    let middle = (distances.len() - 1) / 2;
    *distances.select_nth_unstable(middle).1
}

/// Where the samples from `start` on leave the first gap of more than two intervals.
fn end_of_run(times: &[i64], start: usize, interval: i64) -> usize {
    let gap = |pair: &[i64]| pair[1].saturating_sub(pair[0]) > interval.saturating_mul(2);
    times[start..].windows(2).position(gap).map_or(times.len(), |i| start + i + 1)
}

/// Appends a run; `torn` from the sample before it, about which its first histogram then knows nothing.
fn copy(run: &Samples<'_>, torn: bool, out: &mut SampleBuf) {
    let first = run.histogram(0).filter(|h| torn && h.hint() != CounterResetHint::Gauge);
    let Some(first) = first else { return out.extend(run) };
    out.push_histogram(run.times[0], first.with_hint(CounterResetHint::Unknown));
    out.set_start_time(run.start_time(0));
    out.extend(&run.slice(1..run.len()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuck(replicas: &[Vec<i64>]) -> Vec<(i64, usize)> {
        let values: Vec<Vec<f64>> =
            replicas.iter().enumerate().map(|(i, t)| vec![i as f64; t.len()]).collect();
        let columns: Vec<_> = replicas.iter().zip(&values).map(|(t, v)| Samples::floats(t, v)).collect();
        let mut out = SampleBuf::default();
        stick_to_one(&columns, &mut out);
        let out = out.samples();
        out.times.iter().copied().zip(out.values.iter().map(|&v| v as usize)).collect()
    }

    #[test]
    fn a_gap_is_filled_by_the_other_replica() {
        let (a, b) = (vec![0, 15, 30, 90, 105], vec![7, 22, 37, 52, 67, 82, 97, 112]);
        assert_eq!(stuck(&[a.clone(), vec![]]), [(0, 0), (15, 0), (30, 0), (90, 0), (105, 0)]);
        // From 45 on the second one is at hand, and stays until its end.
        let want = [(0, 0), (15, 0), (30, 0), (52, 1), (67, 1), (82, 1), (97, 1), (112, 1)];
        assert_eq!(stuck(&[a.clone(), b.clone()]), want);
        assert_eq!(stuck(&[vec![0, 15, 30, 60, 75], b]).iter().filter(|(_, i)| *i == 1).count(), 2);
        assert_eq!(stuck(&[a.clone(), a]).iter().filter(|(_, i)| *i == 1).count(), 0);
    }

    proptest! {
        #[test]
        fn times_ascend_and_a_lone_replica_stays_whole(
            sets in proptest::collection::vec(proptest::collection::btree_set(0i64..1000, 0..60), 1..4),
        ) {
            let replicas: Vec<Vec<i64>> = sets.into_iter().map(|set| set.into_iter().collect()).collect();
            let got = stuck(&replicas);
            prop_assert!(got.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert!(got.iter().all(|(t, i)| replicas[*i].contains(t)));
            prop_assert_eq!(got.is_empty(), replicas.iter().all(Vec::is_empty));
            prop_assert_eq!(stuck(&replicas[..1]).len(), replicas[0].len());
        }
    }
}
