//! `topk` and `bottomk`: a heap per group and step.

use std::ops::Range;

use promqlite_model::{Annotation, Annotations, Batch, Pos};

use super::presence::for_each_run;

/// The k best elements of each group and step so far. Series are fed in input order, since ties are settled by
/// the heap, and the heap by the order of arrival.
#[derive(Debug)]
pub struct TopKState {
    largest: bool,
    k: Vec<usize>,
    /// Whether `k` is the same at all steps.
    uniform: bool,
    groups: Vec<Group>,
    /// Of each group, for each place in the heaps a row of values, one for each step.
    values: Vec<f64>,
    /// The series of these values.
    rows: Vec<u64>,
    ignored_histogram: bool,
}

/// The heaps of one group, one per step.
#[derive(Debug)]
struct Group {
    first: usize,
    /// Room per step.
    room: usize,
    /// Elements per step.
    len: Vec<usize>,
    /// Whether any element is NaN, or was.
    nan: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    value: f64,
    row: u64,
}

/// So many steps with full heaps are looked at side by side.
const FEW_STEPS: usize = 8;

/// Heaps with more places are sifted one by one: side by side, all places are looked at.
const SMALL_HEAP: usize = 16;

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
        let uniform = k.iter().all(|&k| k == most);
        let mut first = 0;
        let groups = group_sizes
            .iter()
            .map(|&size| {
                let room = size.min(most);
                let group = Group { first, room, len: vec![0; k.len()], nan: false };
                first += room * k.len();
                group
            })
            .collect();
        let (values, rows) = (vec![0.0; first], vec![0; first]);
        Self { largest, k, uniform, groups, values, rows, ignored_histogram: false }
    }

    /// The bytes that a state of this size takes on the heap, and those of the list in which it is finished.
    #[must_use]
    pub fn bytes_needed(k: &[usize], group_sizes: &[usize]) -> usize {
        let most = k.iter().copied().max().unwrap_or(0);
        let room = group_sizes.iter().fold(0_usize, |sum, &size| sum.saturating_add(size.min(most)));
        let lens =
            group_sizes.len().saturating_mul(k.len().saturating_mul(size_of::<usize>()) + size_of::<Group>());
        let series = group_sizes.iter().fold(0_usize, |sum, &size| sum.saturating_add(size));
        let finishing = if k.len() == 1 {
            room.saturating_mul(2 * size_of::<Entry>())
        } else {
            series.saturating_mul(3 * size_of::<u32>())
        };
        let entries = room.saturating_mul(k.len()).saturating_mul(size_of::<Entry>());
        entries.saturating_add(finishing).saturating_add(lens)
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
        if self.groups[group].room == 0 {
            return;
        }
        if self.largest {
            self.offer(group, batch, row, id, |a, b| a < b);
        } else {
            self.offer(group, batch, row, id, |a, b| a > b);
        }
    }

    /// `worse` says whether the first value loses against the second, neither being NaN.
    #[inline]
    fn offer(&mut self, group: usize, batch: &Batch, row: usize, id: u32, worse: impl Fn(f64, f64) -> bool) {
        let (steps, id) = (self.k.len(), u64::from(id));
        let Group { first, room, ref mut len, ref mut nan } = self.groups[group];
        let all = first..first + room * steps;
        let (heap_values, heap_rows) = (&mut self.values[all.clone()], &mut self.rows[all]);
        let values = batch.row(row);
        for_each_run(batch.valid().row(row), steps, |run| {
            let full = || len[run.clone()].iter().all(|&len| len == room);
            if run.len() >= FEW_STEPS && room <= SMALL_HEAP && self.uniform && !*nan && full() {
                return replace_roots(heap_values, heap_rows, steps, run.clone(), &values[run], id, &worse);
            }
            for step in run {
                let k = self.k[step].min(room);
                if k == 0 {
                    continue;
                }
                let entry = Entry { value: values[step], row: id };
                let mut heap = Heap { values: heap_values, rows: heap_rows, step, steps };
                let root = heap.get(0).value;
                if len[step] < k {
                    heap.set(len[step], entry);
                    len[step] += 1;
                    *nan |= entry.value.is_nan();
                    heap.sift_up(len[step] - 1, &worse);
                } else if worse(root, entry.value) || root.is_nan() && !entry.value.is_nan() {
                    heap.set(0, entry);
                    heap.sift_down(k, &worse);
                }
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

    fn best_first(self) -> TopKRows {
        let mut selected: Vec<Entry> = Vec::with_capacity(self.most_rows());
        for group in &self.groups {
            let heap = group.first..group.first + group.len[0];
            let entries = self.values[heap.clone()].iter().zip(&self.rows[heap]);
            let begin = selected.len();
            selected.extend(entries.map(|(&value, &row)| Entry { value, row }));
            let largest = self.largest;
            selected[begin..].sort_by(|a, b| {
                let by_value =
                    if largest { b.value.partial_cmp(&a.value) } else { a.value.partial_cmp(&b.value) };
                by_value.unwrap_or_else(|| a.value.is_nan().cmp(&b.value.is_nan()))
            });
        }
        let mut batch = Batch::empty(selected.len(), 1);
        for (row, entry) in selected.iter().enumerate() {
            batch.set_float(row, 0, entry.value);
        }
        TopKRows { rows: selected.iter().map(|entry| entry.row as u32).collect(), batch }
    }

    fn in_input_order(self) -> TopKRows {
        // The place of each series in the result, behind those before it; 0 for those that were not selected.
        let mut places: Vec<u32> = Vec::new();
        self.for_each(|_, row, _| {
            if places.len() <= row {
                places.resize(row + 1, 0);
            }
            places[row] = 1;
        });
        let mut rows = Vec::new();
        for (row, place) in (0..).zip(&mut places) {
            if *place == 1 {
                *place = rows.len() as u32;
                rows.push(row);
            }
        }
        let mut batch = Batch::empty(rows.len(), self.k.len());
        self.for_each(|step, row, value| batch.set_float(places[row] as usize, step, value));
        TopKRows { rows, batch }
    }

    /// Calls `f(step, row, value)` for each element.
    fn for_each(&self, mut f: impl FnMut(usize, usize, f64)) {
        let steps = self.k.len();
        for group in &self.groups {
            for place in 0..group.room {
                let at = group.first + place * steps;
                let elements = self.values[at..at + steps].iter().zip(&self.rows[at..at + steps]);
                for (step, (&value, &row)) in elements.enumerate() {
                    if place < group.len[step] {
                        f(step, row as usize, value);
                    }
                }
            }
        }
    }
}

/// Offers a value to each of some full heaps without NaN. Where it replaces the root, it is moved down to its place;
/// since all other elements are in their places, that is done for all heaps at once, parent by parent and free of
/// branches: where a parent is in its place already, nothing moves.
#[inline]
fn replace_roots(
    values: &mut [f64],
    rows: &mut [u64],
    steps: usize,
    run: Range<usize>,
    offered: &[f64],
    id: u64,
    worse: &impl Fn(f64, f64) -> bool,
) {
    let n = run.len();
    let room = values.len() / steps;
    let place = |place: usize| place * steps + run.start..place * steps + run.end;
    let roots = &mut values[place(0)];
    if !roots.iter().zip(offered).fold(false, |any, (&root, &value)| any | worse(root, value)) {
        return;
    }
    for ((root, row), &value) in roots.iter_mut().zip(&mut rows[place(0)]).zip(offered) {
        let better = worse(*root, value);
        *root = if better { value } else { *root };
        *row = if better { id } else { *row };
    }
    const DISJOINT: &str = "invariant: places do not overlap";
    for parent in 0..room / 2 {
        let (left, right) = (2 * parent + 1, 2 * parent + 2);
        if right < room {
            let [p, l, r] =
                values.get_disjoint_mut([place(parent), place(left), place(right)]).expect(DISJOINT);
            let [pr, lr, rr] =
                rows.get_disjoint_mut([place(parent), place(left), place(right)]).expect(DISJOINT);
            for i in 0..n {
                let of_right = worse(r[i], l[i]);
                let (child, child_row) = if of_right { (r[i], rr[i]) } else { (l[i], lr[i]) };
                let down = worse(child, p[i]);
                let (value, row) = (p[i], pr[i]);
                p[i] = if down { child } else { value };
                pr[i] = if down { child_row } else { row };
                l[i] = if down & !of_right { value } else { l[i] };
                lr[i] = if down & !of_right { row } else { lr[i] };
                r[i] = if down & of_right { value } else { r[i] };
                rr[i] = if down & of_right { row } else { rr[i] };
            }
        } else {
            let [p, l] = values.get_disjoint_mut([place(parent), place(left)]).expect(DISJOINT);
            let [pr, lr] = rows.get_disjoint_mut([place(parent), place(left)]).expect(DISJOINT);
            for i in 0..n {
                let down = worse(l[i], p[i]);
                let (value, row) = (p[i], pr[i]);
                p[i] = if down { l[i] } else { value };
                pr[i] = if down { lr[i] } else { row };
                l[i] = if down { value } else { l[i] };
                lr[i] = if down { row } else { lr[i] };
            }
        }
    }
}

/// The heap of one step.
struct Heap<'a> {
    values: &'a mut [f64],
    rows: &'a mut [u64],
    step: usize,
    steps: usize,
}

impl Heap<'_> {
    #[inline]
    fn get(&self, place: usize) -> Entry {
        let at = place * self.steps + self.step;
        Entry { value: self.values[at], row: self.rows[at] }
    }

    #[inline]
    fn set(&mut self, place: usize, entry: Entry) {
        let at = place * self.steps + self.step;
        (self.values[at], self.rows[at]) = (entry.value, entry.row);
    }

    /// Moves an element up to its place.
    fn sift_up(&mut self, mut child: usize, worse: &impl Fn(f64, f64) -> bool) {
        let entry = self.get(child);
        while child > 0 {
            let parent = (child - 1) / 2;
            let above = self.get(parent);
            if !less(entry, above, worse) {
                break;
            }
            self.set(child, above);
            child = parent;
        }
        self.set(child, entry);
    }

    /// Moves the root of a heap of `len` elements down to its place.
    fn sift_down(&mut self, len: usize, worse: &impl Fn(f64, f64) -> bool) {
        let entry = self.get(0);
        let mut parent = 0;
        loop {
            let (left, right) = (2 * parent + 1, 2 * parent + 2);
            if left >= len {
                break;
            }
            let mut child = (left, self.get(left));
            if right < len && less(self.get(right), child.1, worse) {
                child = (right, self.get(right));
            }
            if !less(child.1, entry, worse) {
                break;
            }
            self.set(parent, child.1);
            parent = child.0;
        }
        self.set(parent, entry);
    }
}

/// Whether `a` is nearer to the root, that is the worse element. NaN is worse than anything, NaN included.
#[inline]
fn less(a: Entry, b: Entry, worse: &impl Fn(f64, f64) -> bool) -> bool {
    a.value.is_nan() || worse(a.value, b.value)
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

        /// Heaps that are sifted side by side hold the elements, ties included, that each holds alone.
        #[test]
        fn side_by_side_as_one_by_one(
            cells in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.97, value()), 12), 1..40),
            finite in any::<bool>(),
            k in 1_usize..9,
            largest in any::<bool>(),
        ) {
            let value = |cell: Option<f64>| cell.map(|v| if finite && v.is_nan() { 0.5 } else { v });
            let mut batch = Batch::empty(cells.len(), 12);
            for (row, steps) in cells.iter().enumerate() {
                for (step, &cell) in steps.iter().enumerate() {
                    value(cell).into_iter().for_each(|v| batch.set_float(row, step, v));
                }
            }
            let mut state = TopKState::new(largest, vec![k; 12], &[cells.len()]);
            (0..cells.len()).for_each(|row| state.add_row(0, &batch, row, row as u32));
            let found = state.finish(&mut Annotations::default(), Pos(0));
            for step in 0..12 {
                let mut alone = TopKState::new(largest, vec![k], &[cells.len()]);
                for (row, steps) in cells.iter().enumerate() {
                    if let Some(v) = value(steps[step]) {
                        alone.add_row(0, &column(&[v]), 0, row as u32);
                    }
                }
                let mut expected = alone.finish(&mut Annotations::default(), Pos(0)).rows;
                expected.sort_unstable();
                let got: Vec<u32> = found.rows.iter().enumerate()
                    .filter(|(out, _)| found.batch.has(*out, step)).map(|(_, &row)| row).collect();
                prop_assert_eq!(got, expected);
            }
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
