//! What start timestamps say about a counter.

use promqlite_model::Samples;

/// Whether the start timestamp of sample `i` says that the counter restarted after sample `i − 1`.
pub(super) fn restarted(samples: &Samples<'_>, i: usize) -> bool {
    let (start, time) = (samples.start_time(i), samples.times[i]);
    let (previous_start, previous_time) = (samples.start_time(i - 1), samples.times[i - 1]);
    if start == 0 || start >= time || start < previous_time {
        return false;
    }
    if start > previous_time {
        return true;
    }
    // It starts right at the previous sample: a restart, unless that sample is itself the zero point.
    previous_start != 0 && previous_start < previous_time
}

/// Whether the start timestamp of sample `i` lies before sample `i − 1`, which belongs to another run.
pub(super) fn overlaps(samples: &Samples<'_>, i: usize) -> bool {
    let start = samples.start_time(i);
    start != 0 && start < samples.times[i - 1] && start != samples.start_time(i - 1)
}

/// The start timestamp of sample `i` if it lies in the window that begins at `begin`: the counter was 0 there.
pub(super) fn known_zero(samples: &Samples<'_>, i: usize, begin: i64) -> Option<i64> {
    let start = samples.start_time(i);
    (start != 0 && begin < start && start < samples.times[i]).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(times: [i64; 2], start_times: [i64; 2], f: fn(&Samples<'_>, usize) -> bool) -> bool {
        f(&Samples { times: &times, values: &[1.0, 2.0], start_times: &start_times, histograms: None }, 1)
    }

    #[test]
    fn restarts() {
        let cases = [
            ([10, 20], [0, 0], false),
            ([10, 20], [5, 5], false),
            ([10, 20], [5, 15], true),
            ([10, 20], [5, 20], false),
            ([10, 20], [5, 25], false),
            ([10, 20], [5, 10], true),
            ([10, 20], [0, 10], false),
            ([10, 20], [10, 10], false),
            ([10, 20], [15, 10], false),
        ];
        for (times, starts, expected) in cases {
            assert_eq!(pair(times, starts, restarted), expected, "{times:?} {starts:?}");
        }
    }

    #[test]
    fn overlapping_starts() {
        let cases = [([0, 0], false), ([5, 5], false), ([5, 7], true), ([0, 7], true), ([5, 10], false)];
        for (starts, expected) in cases {
            assert_eq!(pair([10, 20], starts, overlaps), expected, "{starts:?}");
        }
    }
}
