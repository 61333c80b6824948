//! One series: its labels, its columns, and snapshots of them.

use std::sync::{Arc, Mutex, MutexGuard};

use promqlite_model::{Labels, SampleBuf, Samples, TimeRange};

use super::column::{Column, Sample};
use super::late::Late;
use super::times::SharedTimes;
use super::{AppendSummary, Appended};

/// A tail of at most this many samples is copied when a snapshot still reads it; a longer one is sealed and a
/// new tail begun. So an append never costs more than a copy of this size.
const COPY_LIMIT: usize = 256;

/// So many late samples may wait for the next snapshot, whatever the length of the series.
const LATE_MIN: usize = 1024;

/// A series of a store.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) labels: Labels,
    data: Mutex<Data>,
}

impl Series {
    pub(super) fn new(labels: Labels) -> Self {
        Self { labels, data: Mutex::default() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Data> {
        self.data.lock().expect("invariant: no holder of a series panics")
    }
}

/// The samples of a series: sealed parts, a growing tail, late samples. Each part is later than the one before,
/// the tail is later than all; a shared part or tail is never written to.
#[derive(Debug, Default)]
pub(super) struct Data {
    sealed: Option<Sealed>,
    tail: Arc<Column>,
    late: Option<Box<Late>>,
}

/// Few series have any, and a snapshot of a million should be small: so behind one thin pointer.
type Sealed = Arc<Box<[Arc<Column>]>>;

fn parts_of(sealed: &Option<Sealed>) -> &[Arc<Column>] {
    sealed.as_ref().map_or(&[], |sealed| sealed)
}

impl Data {
    pub(super) fn is_empty(&self) -> bool {
        self.tail.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.parts().map(|p| p.len()).sum::<usize>() + self.late.as_ref().map_or(0, |l| l.len())
    }

    fn parts(&self) -> impl DoubleEndedIterator<Item = &Arc<Column>> {
        parts_of(&self.sealed).iter().chain(std::iter::once(&self.tail))
    }

    /// The times of the oldest and the newest sample.
    pub(super) fn time_range(&self) -> Option<TimeRange> {
        let first = self.parts().next().and_then(|p| p.first_ms())?;
        let late = self.late.as_ref().and_then(|l| l.first_ms()).unwrap_or(first);
        Some(TimeRange::new(first.min(late), self.tail.last_ms()?))
    }

    pub(super) fn append(&mut self, sample: Sample<'_>) -> Appended {
        match self.tail.last_ms() {
            Some(last) if sample.t_ms <= last => self.append_old(sample),
            _ => {
                self.writable_tail().push(sample);
                Appended::New
            }
        }
    }

    pub(super) fn append_all(&mut self, samples: &Samples<'_>) -> AppendSummary {
        let mut summary = AppendSummary::default();
        let ordered = samples.times.is_sorted_by(|a, b| a < b);
        let old = match self.tail.last_ms() {
            _ if !ordered => samples.len(),
            Some(last) => samples.times.partition_point(|&t| t <= last),
            None => 0,
        };
        for i in 0..old {
            summary.count(self.append(Sample::of(samples, i)));
        }
        if old < samples.len() {
            self.writable_tail().extend(&samples.slice(old..samples.len()));
            summary.added += (samples.len() - old) as u64;
        }
        summary
    }

    /// Takes a sample that is not newer than all others.
    fn append_old(&mut self, sample: Sample<'_>) -> Appended {
        let holder = self.parts().find(|p| p.last_ms().is_some_and(|last| sample.t_ms <= last));
        let present = holder.and_then(|part| {
            let samples = part.samples();
            let i = samples.times.binary_search(&sample.t_ms).ok()?;
            Some(Sample::of(&samples, i).value.same(&sample.value))
        });
        let waiting = || Some(self.late.as_ref()?.get(sample.t_ms)?.value.same(&sample.value));
        match present.or_else(waiting) {
            Some(true) => return Appended::Duplicate,
            Some(false) => return Appended::Conflict,
            None => {}
        }
        let late = self.late.get_or_insert_default();
        late.insert(sample);
        // Merging costs as much as the columns are long: half of that in late samples pays for it.
        if late.len() > LATE_MIN.max(self.tail.len() / 2) {
            self.merge_late();
        }
        Appended::New
    }

    fn writable_tail(&mut self) -> &mut Column {
        if self.tail.len() > COPY_LIMIT && Arc::strong_count(&self.tail) > 1 {
            self.seal_tail();
        }
        Arc::make_mut(&mut self.tail)
    }

    /// Makes the tail the last sealed part. As in a binary counter a part is joined with the one before while
    /// that is not much longer: there are O(log n) parts, and each sample is copied O(log n) times.
    fn seal_tail(&mut self) {
        let mut parts: Vec<Arc<Column>> = parts_of(&self.sealed).to_vec();
        let mut last = std::mem::take(&mut self.tail);
        while let Some(before) = parts.pop_if(|before| before.len() <= 2 * last.len()) {
            last = Arc::new(Late::default().merge_into(&[before, last]));
        }
        parts.push(last);
        self.sealed = Some(Arc::new(parts.into()));
    }

    fn merge_late(&mut self) {
        let Some(late) = self.late.take() else { return };
        let Some(first) = late.first_ms() else { return };
        let parts: Vec<Arc<Column>> = self.parts().cloned().collect();
        let untouched = parts.partition_point(|p| p.last_ms().is_some_and(|last| last < first));
        self.tail = Arc::new(late.merge_into(&parts[untouched..]));
        self.sealed = (untouched > 0).then(|| Arc::new(parts[..untouched].into()));
    }

    /// Whether the time between the oldest and the newest sample meets `range`.
    pub(super) fn may_have_samples_in(&self, range: TimeRange) -> bool {
        let meets = |held: TimeRange| held.start <= range.end && range.start <= held.end;
        range.start <= range.end && self.time_range().is_some_and(meets)
    }

    /// The samples as they are now, if there may be any in `range`.
    pub(super) fn snapshot(&mut self, range: TimeRange) -> Option<Snapshot> {
        if !self.may_have_samples_in(range) {
            return None;
        }
        self.merge_late();
        Some(Snapshot { sealed: self.sealed.clone(), tail: Arc::clone(&self.tail) })
    }

    /// Merges everything into one column without slack, whose times are shared with other series.
    pub(super) fn optimize(&mut self, shared: &mut SharedTimes) {
        self.merge_late();
        if self.sealed.is_some() {
            let parts: Vec<Arc<Column>> = self.parts().cloned().collect();
            self.tail = Arc::new(Late::default().merge_into(&parts));
            self.sealed = None;
        }
        match self.tail.compact_times() {
            Some(times) => shared.add(times),
            None => Arc::make_mut(&mut self.tail).shrink(shared),
        }
    }

    /// Bytes on the heap that samples take.
    pub(super) fn sample_bytes(&self) -> usize {
        self.parts().map(|p| p.bytes()).sum::<usize>() + self.late.as_ref().map_or(0, |l| l.bytes())
    }

    /// Bytes on the heap that each part takes whatever it holds.
    pub(super) fn overhead_bytes(&self) -> usize {
        self.parts().count() * (16 + size_of::<Column>())
    }
}

/// The samples of a series at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    sealed: Option<Sealed>,
    tail: Arc<Column>,
}

impl Snapshot {
    /// The samples in `range`: lent if one part holds them all, else copied into `buf`.
    pub(super) fn samples<'a>(&'a self, range: TimeRange, buf: &'a mut SampleBuf) -> Samples<'a> {
        let Some(sealed) = &self.sealed else { return self.tail.samples_in(range) };
        let begin = sealed.partition_point(|p| p.last_ms().is_some_and(|last| last < range.start.0));
        let with_tail = self.tail.first_ms().is_some_and(|first| first <= range.end.0);
        let end = sealed.partition_point(|p| p.first_ms().is_some_and(|first| first <= range.end.0));
        match (sealed.get(begin..end).unwrap_or_default(), with_tail) {
            ([], _) => self.tail.samples_in(range),
            ([part], false) => part.samples_in(range),
            (parts, _) => {
                buf.clear();
                for part in parts.iter().chain(with_tail.then_some(&self.tail)) {
                    buf.extend(&part.samples_in(range));
                }
                buf.samples()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mem::column::SampleValue;

    fn float(t_ms: i64) -> Sample<'static> {
        Sample { t_ms, start_ms: 0, value: SampleValue::Float(t_ms as f64) }
    }

    #[test]
    fn appends_under_constant_snapshots_keep_few_parts() {
        let mut data = Data::default();
        let mut alive = Vec::new();
        for t in 0..20_000 {
            assert_eq!(data.append(float(t)), Appended::New);
            alive.extend(data.snapshot(TimeRange::ALL));
            if alive.len() > 3 {
                alive.remove(0);
            }
        }
        assert!(data.parts().count() <= 8, "{} parts", data.parts().count());
        assert_eq!(data.len(), 20_000);
        let mut buf = SampleBuf::default();
        let snapshot = data.snapshot(TimeRange::ALL).unwrap();
        assert!(snapshot.samples(TimeRange::ALL, &mut buf).times.iter().copied().eq(0..20_000));
        data.optimize(&mut SharedTimes::default());
        assert_eq!(data.parts().count(), 1);
        assert!(data.tail.compact_times().is_some());
    }

    #[test]
    fn a_long_tail_is_not_copied_for_a_snapshot() {
        let mut data = Data::default();
        (0..10_000).for_each(|t| assert_eq!(data.append(float(t)), Appended::New));
        let snapshot = data.snapshot(TimeRange::ALL).unwrap();
        data.append(float(10_000));
        let sealed = data.sealed.as_deref().unwrap();
        assert!(Arc::ptr_eq(&sealed[0], &snapshot.tail));
    }

    #[test]
    fn reads_over_several_parts_meet_at_the_seams() {
        let mut data = Data::default();
        let mut alive = Vec::new();
        for t in 0..3_000 {
            data.append(float(2 * t));
            if t % 700 == 699 {
                alive.extend(data.snapshot(TimeRange::ALL));
            }
        }
        let snapshot = data.snapshot(TimeRange::ALL).unwrap();
        assert!(snapshot.sealed.is_some());
        let mut buf = SampleBuf::default();
        for (start, end) in
            [(0, 10), (1390, 1410), (1399, 1399), (1398, 1398), (5_998, 9_000), (-5, -1), (0, 5_998)]
        {
            let got = snapshot.samples(TimeRange::new(start, end), &mut buf);
            let want = (0..3_000).map(|t| 2 * t).filter(|t| (start..=end).contains(t));
            assert!(got.times.iter().copied().eq(want), "{start}..{end}: {:?}", got.times);
        }
    }
}
