//! Samples of one series from several places as one column.

use promqlite_model::histogram::CounterResetHint;
use promqlite_model::{SampleBuf, Samples};

/// The samples of a place that are not merged yet.
struct Source<'a> {
    samples: Samples<'a>,
    /// Whether the sample before its first one is the newest in the output.
    goes_on: bool,
}

/// Appends all samples to `out` in order of time; at equal times the first source's stays.
///
/// A histogram that follows one of another source loses what its hint says about a counter reset, since that
/// was said about another histogram before it.
pub fn merge_samples(sources: Vec<Samples<'_>>, out: &mut SampleBuf) {
    // Copies run by run: sources that take turns for long stretches, as files of consecutive days do, cost a
    // copy each.
    let mut sources: Vec<Source<'_>> =
        sources.into_iter().map(|samples| Source { samples, goes_on: true }).collect();
    let mut taken = false;
    loop {
        sources.retain(|source| !source.samples.is_empty());
        let firsts = sources.iter().map(|s| s.samples.times[0]).enumerate();
        let Some((ahead, t)) = firsts.min_by_key(|&(i, t)| (t, i)) else { return };
        for other in &mut sources[ahead + 1..] {
            if other.samples.times[0] == t {
                other.samples = other.samples.slice(1..other.samples.len());
            }
        }
        let others = sources.iter().enumerate().filter(|&(i, s)| i != ahead && !s.samples.is_empty());
        let limit = others.map(|(_, s)| s.samples.times[0]).min();
        let leader = sources[ahead].samples;
        // The sample at `t` is taken in any case; those after it until another source has its turn.
        let run = limit.map_or(leader.len(), |limit| leader.times.partition_point(|&x| x < limit).max(1));
        let told = taken && !sources[ahead].goes_on;
        copy(&leader.slice(0..run), told, out);
        taken = true;
        sources.iter_mut().for_each(|source| source.goes_on = false);
        sources[ahead] = Source { samples: leader.slice(run..leader.len()), goes_on: true };
    }
}

/// Appends a run; `torn` from the sample before it.
fn copy(run: &Samples<'_>, torn: bool, out: &mut SampleBuf) {
    let first = run.histogram(0).filter(|h| torn && h.hint() != CounterResetHint::Gauge);
    let Some(first) = first else { return out.extend(run) };
    out.push_histogram(run.times[0], first.with_hint(CounterResetHint::Unknown));
    out.set_start_time(run.start_time(0));
    out.extend(&run.slice(1..run.len()));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use promqlite_model::histogram::FloatHistogram;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merging_agrees_with_a_map(
            inputs in proptest::collection::vec(proptest::collection::btree_set(0i64..80, 0..30), 0..5),
        ) {
            let columns: Vec<(Vec<i64>, Vec<f64>)> = inputs
                .iter()
                .enumerate()
                .map(|(i, times)| (times.iter().copied().collect(), vec![i as f64; times.len()]))
                .collect();
            let mut want = BTreeMap::new();
            for (times, values) in &columns {
                times.iter().zip(values).for_each(|(t, v)| {
                    want.entry(*t).or_insert(*v);
                });
            }
            let mut out = SampleBuf::default();
            merge_samples(columns.iter().map(|(t, v)| Samples::floats(t, v)).collect(), &mut out);
            let got = out.samples();
            prop_assert!(got.times.iter().eq(want.keys()), "{:?} {:?}", got.times, want);
            prop_assert!(got.values.iter().eq(want.values()));
        }
    }

    #[test]
    fn hints_hold_only_after_the_histogram_that_they_were_told_of() {
        use CounterResetHint::{NotReset, Unknown};
        let source = |times: &[i64]| {
            let mut buf = SampleBuf::default();
            let histogram = FloatHistogram::default().with_hint(NotReset);
            times.iter().for_each(|&t| buf.push_histogram(t, histogram.view()));
            buf
        };
        let (a, b) = (source(&[1, 2, 5, 6, 7]), source(&[3, 5, 8, 9]));
        let mut out = SampleBuf::default();
        merge_samples(vec![a.samples(), b.samples()], &mut out);
        let got = out.samples();
        let hints: Vec<_> =
            (0..got.len()).map(|i| (got.times[i], got.histogram(i).unwrap().hint())).collect();
        let want = [
            (1, NotReset),
            (2, NotReset),
            (3, Unknown),
            (5, Unknown),
            (6, NotReset),
            (7, NotReset),
            (8, Unknown),
            (9, NotReset),
        ];
        assert_eq!(hints, want);
    }
}
