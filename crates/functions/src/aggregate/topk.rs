//! `topk` and `bottomk`: a heap per group and step.

use promqlite_model::{Annotation, Annotations, Batch, Pos};

use super::presence::for_each_on;

/// The k best elements of each group and step so far. Series are fed in input order, since ties are settled by
/// the heap, and the heap by the order of arrival.
#[derive(Debug)]
pub struct TopKState {
    largest: bool,
    k: Vec<usize>,
    groups: Vec<Group>,
    entries: Vec<Entry>,
    ignored_histogram: bool,
}

/// The heaps of one group, one per step, side by side in the entries.
#[derive(Debug)]
struct Group {
    first: usize,
    /// Room per step.
    room: usize,
    /// Elements per step.
    len: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    value: f64,
    row: u32,
}

/// What `topk` or `bottomk` selected.
#[derive(Debug)]
pub struct TopKRows {
    /// The input row of each output row. For a single step in order of output: group by group, the best first
    /// and NaN last. For more steps ascending.
    pub rows: Vec<u32>,
    /// The selected values.
    pub batch: Batch,
}

impl TopKState {
    /// Empty heaps. `k` has a number per step, `group_sizes` the number of input series per group.
    #[must_use]
    pub fn new(largest: bool, k: Vec<usize>, group_sizes: &[usize]) -> Self {
        let most = k.iter().copied().max().unwrap_or(0);
        let mut first = 0;
        let groups = group_sizes
            .iter()
            .map(|&size| {
                let room = size.min(most);
                let group = Group { first, room, len: vec![0; k.len()] };
                first += room * k.len();
                group
            })
            .collect();
        let entries = vec![Entry { value: 0.0, row: 0 }; first];
        Self { largest, k, groups, entries, ignored_histogram: false }
    }

    /// The bytes that a state of this size takes on the heap, and those of the list in which it is finished.
    #[must_use]
    pub fn bytes_needed(k: &[usize], group_sizes: &[usize]) -> usize {
        let most = k.iter().copied().max().unwrap_or(0);
        let room = group_sizes.iter().fold(0_usize, |sum, &size| sum.saturating_add(size.min(most)));
        let lens =
            group_sizes.len().saturating_mul(k.len().saturating_mul(size_of::<usize>()) + size_of::<Group>());
        let finishing = 3 * size_of::<(u32, usize, f64)>() + 2 * size_of::<u32>();
        room.saturating_mul(k.len()).saturating_mul(size_of::<Entry>() + finishing).saturating_add(lens)
    }

    /// The most rows that can have been selected.
    #[must_use]
    pub fn most_rows(&self) -> usize {
        self.groups
            .iter()
            .map(|group| group.len.iter().fold(0_usize, |sum, &len| sum.saturating_add(len)))
            .sum()
    }

    /// Offers a series, a row of `batch`, to its group. `id` names the series in the result.
    pub fn add_row(&mut self, group: usize, batch: &Batch, row: usize, id: u32) {
        self.ignored_histogram |= batch.histograms().is_some_and(|histograms| histograms.any(row));
        if self.largest {
            self.offer(group, batch, row, id, |a, b| a < b);
        } else {
            self.offer(group, batch, row, id, |a, b| a > b);
        }
    }

    /// `worse` says whether the first value loses against the second, neither being NaN.
    #[inline]
    fn offer(&mut self, group: usize, batch: &Batch, row: usize, id: u32, worse: impl Fn(f64, f64) -> bool) {
        let Group { first, room, ref mut len } = self.groups[group];
        let values = batch.row(row);
        for_each_on(batch.valid().row(row), |step| {
            let k = self.k[step].min(room);
            if k == 0 {
                return;
            }
            let entry = Entry { value: values[step], row: id };
            let heap = &mut self.entries[first + step * room..first + (step + 1) * room];
            if len[step] < k {
                heap[len[step]] = entry;
                len[step] += 1;
                sift_up(&mut heap[..len[step]], &worse);
            } else if worse(heap[0].value, entry.value) || heap[0].value.is_nan() && !entry.value.is_nan() {
                heap[0] = entry;
                sift_down(&mut heap[..k], &worse);
            }
        });
    }

    /// The selection. Remarks go to `notes` at the position of the aggregation itself.
    #[must_use]
    pub fn finish(self, notes: &mut Annotations, pos: Pos) -> TopKRows {
        if self.ignored_histogram {
            let op = if self.largest { "topk" } else { "bottomk" };
            notes.add(Annotation::IgnoredHistogramInAggregation { op }, Some(pos));
        }
        if self.k.len() == 1 { self.best_first() } else { self.in_input_order() }
    }

    fn best_first(mut self) -> TopKRows {
        let mut selected = Vec::new();
        for group in &self.groups {
            let heap = &mut self.entries[group.first..group.first + group.len[0]];
            let largest = self.largest;
            heap.sort_by(|a, b| {
                let by_value =
                    if largest { b.value.partial_cmp(&a.value) } else { a.value.partial_cmp(&b.value) };
                by_value.unwrap_or_else(|| a.value.is_nan().cmp(&b.value.is_nan()))
            });
            selected.extend_from_slice(heap);
        }
        let mut batch = Batch::empty(selected.len(), 1);
        for (row, entry) in selected.iter().enumerate() {
            batch.set_float(row, 0, entry.value);
        }
        TopKRows { rows: selected.iter().map(|entry| entry.row).collect(), batch }
    }

    fn in_input_order(self) -> TopKRows {
        let mut selected: Vec<(u32, usize, f64)> = Vec::new();
        for group in &self.groups {
            for (step, &len) in group.len.iter().enumerate() {
                let first = group.first + step * group.room;
                let heap = &self.entries[first..first + len];
                selected.extend(heap.iter().map(|entry| (entry.row, step, entry.value)));
            }
        }
        let mut rows: Vec<u32> = selected.iter().map(|&(row, ..)| row).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut batch = Batch::empty(rows.len(), self.k.len());
        for (row, step, value) in selected {
            let row = rows.binary_search(&row).expect("invariant: every selected row is listed");
            batch.set_float(row, step, value);
        }
        TopKRows { rows, batch }
    }
}

/// Whether `a` is nearer to the root, that is the worse element. NaN is worse than anything, NaN included.
#[inline]
fn less(a: Entry, b: Entry, worse: &impl Fn(f64, f64) -> bool) -> bool {
    a.value.is_nan() || worse(a.value, b.value)
}

/// Moves the last element up to its place.
fn sift_up(heap: &mut [Entry], worse: &impl Fn(f64, f64) -> bool) {
    let mut child = heap.len() - 1;
    while child > 0 {
        let parent = (child - 1) / 2;
        if !less(heap[child], heap[parent], worse) {
            break;
        }
        heap.swap(child, parent);
        child = parent;
    }
}

/// Moves the root down to its place.
fn sift_down(heap: &mut [Entry], worse: &impl Fn(f64, f64) -> bool) {
    let mut parent = 0;
    loop {
        let (left, right) = (2 * parent + 1, 2 * parent + 2);
        if left >= heap.len() {
            break;
        }
        let child = if right < heap.len() && less(heap[right], heap[left], worse) { right } else { left };
        if !less(heap[child], heap[parent], worse) {
            break;
        }
        heap.swap(child, parent);
        parent = child;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(values: &[f64]) -> Batch {
        let mut batch = Batch::empty(values.len(), 1);
        for (row, &value) in values.iter().enumerate() {
            batch.set_float(row, 0, value);
        }
        batch
    }

    fn select(largest: bool, k: usize, values: &[f64]) -> Vec<f64> {
        let batch = column(values);
        let mut state = TopKState::new(largest, vec![k], &[values.len()]);
        for row in 0..values.len() {
            state.add_row(0, &batch, row, row as u32);
        }
        let found = state.finish(&mut Annotations::default(), Pos(0));
        for (out, &row) in found.rows.iter().enumerate() {
            let (a, b) = (found.batch.row(out)[0], values[row as usize]);
            assert!(a == b || a.is_nan() && b.is_nan());
        }
        found.batch.values().to_vec()
    }

    #[test]
    fn best_first_and_nan_last() {
        let nan = f64::NAN;
        assert_eq!(select(true, 2, &[1.0, 2.0, nan, 4.0]), [4.0, 2.0]);
        assert_eq!(select(false, 2, &[1.0, 2.0, nan, 4.0]), [1.0, 2.0]);
        let all = select(true, 9, &[100.0, nan, 200.0]);
        assert_eq!(all[..2], [200.0, 100.0]);
        assert!(all[2].is_nan());
        assert_eq!(select(true, 0, &[1.0]), [0.0; 0]);
    }

    /// Equal values: the root gives way only to something strictly better.
    #[test]
    fn ties_keep_the_first() {
        let batch = column(&[5.0; 4]);
        let mut state = TopKState::new(true, vec![2], &[4]);
        (0..4).for_each(|row| state.add_row(0, &batch, row, row as u32));
        assert_eq!(state.finish(&mut Annotations::default(), Pos(0)).rows, [0, 1]);
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => (-5_i32..5).prop_map(f64::from),
            1 => Just(f64::NAN),
            1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
        ]
    }

    proptest! {
        /// The selected values are those that sorting yields; which of equal elements they belong to is the heap's affair.
        #[test]
        fn selects_what_sorting_selects(
            values in prop::collection::vec(value(), 0..40),
            k in 0_usize..12,
            largest in any::<bool>(),
        ) {
            let mut sorted = values.clone();
            sorted.sort_by(|a, b| {
                let order = if largest { b.partial_cmp(a) } else { a.partial_cmp(b) };
                order.unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
            });
            sorted.truncate(k);
            let key = |v: &f64| if v.is_nan() { None } else { Some(v.to_bits()) };
            prop_assert_eq!(
                select(largest, k, &values).iter().map(key).collect::<Vec<_>>(),
                sorted.iter().map(key).collect::<Vec<_>>()
            );
        }

        /// Many steps and groups at once select what each step and group selects alone.
        #[test]
        fn steps_and_groups_do_not_mix(
            cells in prop::collection::vec(prop::collection::vec(prop::option::of(value()), 3), 1..20),
            k in prop::collection::vec(0_usize..4, 3),
        ) {
            let mut batch = Batch::empty(cells.len(), 3);
            for (row, steps) in cells.iter().enumerate() {
                for (step, value) in steps.iter().enumerate() {
                    if let Some(value) = value {
                        batch.set_float(row, step, *value);
                    }
                }
            }
            let group = |row: usize| row % 2;
            let sizes = [cells.len().div_ceil(2), cells.len() / 2];
            let mut state = TopKState::new(true, k.clone(), &sizes);
            (0..cells.len()).for_each(|row| state.add_row(group(row), &batch, row, row as u32));
            let found = state.finish(&mut Annotations::default(), Pos(0));
            for step in 0..3 {
                let mut expected = Vec::new();
                for g in 0..2 {
                    let mut alone = TopKState::new(true, vec![k[step]], &[cells.len()]);
                    for row in (0..cells.len()).filter(|&row| group(row) == g) {
                        if let Some(value) = cells[row][step] {
                            alone.add_row(0, &column(&[value]), 0, row as u32);
                        }
                    }
                    expected.extend(alone.finish(&mut Annotations::default(), Pos(0)).rows);
                }
                expected.sort_unstable();
                let got: Vec<u32> = found.rows.iter().enumerate()
                    .filter(|(out, _)| found.batch.has(*out, step)).map(|(_, &row)| row).collect();
                prop_assert_eq!(got, expected);
            }
        }
    }
}
