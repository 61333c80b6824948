//! `count_values`: an output series per group and distinct value.

use std::convert::Infallible;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use promqlite_model::{Batch, with_float_plain};

use super::presence::for_each_on;
use super::step_counts::StepCounts;

/// How often each value occurred in each group at each step. Takes room for values that occurred, not for steps at
/// which they did not.
#[derive(Debug)]
pub struct CountValuesState {
    steps: usize,
    hasher: RandomState,
    /// The numbers of the output series, by group and value.
    table: HashTable<u32>,
    /// Output series, first seen first.
    series: Vec<CountedSeries>,
    counts: Vec<StepCounts>,
}

/// What an output series takes beside its counts: a place in the table and in the two lists, all of which have room to
/// grow and are moved as they do; and the text of a float.
const SERIES_BYTES: usize = 240;

/// The group and value of an output series.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CountedSeries {
    group: u32,
    key: Key,
}

/// What makes two values the same label value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// The bits of a float; all NaN are one.
    Float(u64),
    /// The text of a histogram.
    Histogram(Box<str>),
}

impl CountedSeries {
    fn float(group: u32, v: f64) -> Self {
        Self { group, key: Key::Float(if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() }) }
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> u32 {
        self.group
    }

    /// Calls `f` with the text of the value label.
    pub fn with_text<R>(&self, f: impl FnOnce(&str) -> R) -> R {
        match &self.key {
            Key::Float(bits) => with_float_plain(f64::from_bits(*bits), f),
            Key::Histogram(text) => f(text),
        }
    }
}

/// The numbers of `count_values`: a row per output series, empty where the value did not occur.
#[derive(Debug)]
pub struct ValueCounts(Vec<StepCounts>);

impl ValueCounts {
    /// Writes a row to an empty row of a batch.
    pub fn fill_row(&self, row: usize, batch: &mut Batch, to: usize) {
        self.0[row].for_each(|step, count| batch.set_float(to, step, f64::from(count)));
    }
}

impl CountValuesState {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        let (hasher, table) = (RandomState::default(), HashTable::new());
        Self { steps, hasher, table, series: Vec::new(), counts: Vec::new() }
    }

    /// Counts the values of a series, a row of `batch`, in a group: that of its labels without the value label.
    /// `hold(bytes)` is asked before the state grows.
    ///
    /// # Errors
    /// What `hold` fails with; the row is counted in part then.
    pub fn add_row<E>(
        &mut self,
        group: u32,
        batch: &Batch,
        row: usize,
        hold: &mut impl FnMut(usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let values = batch.row(row);
        // Neighbouring steps mostly hold one value, so the series found last is tried first.
        let mut last: Option<(u64, usize)> = None;
        let mut result = Ok(());
        for_each_on(batch.valid().row(row), |step| {
            if result.is_err() {
                return;
            }
            let value = values[step];
            result = match last {
                Some((bits, series)) if bits == value.to_bits() => {
                    self.counts[series].add(step, 1, self.steps, hold)
                }
                _ => self.count(CountedSeries::float(group, value), step, 1, hold).map(|series| {
                    last = Some((value.to_bits(), series));
                }),
            };
        });
        result?;
        if batch.histograms().is_some_and(|histograms| histograms.any(row)) {
            for step in 0..self.steps {
                if let Some(histogram) = batch.histogram(row, step) {
                    let key = Key::Histogram(histogram.to_string().into());
                    self.count(CountedSeries { group, key }, step, 1, hold)?;
                }
            }
        }
        Ok(())
    }

    /// Counts occurrences of a value at a step; returns the number of its series.
    fn count<E>(
        &mut self,
        id: CountedSeries,
        step: usize,
        count: u32,
        hold: &mut impl FnMut(usize) -> Result<(), E>,
    ) -> Result<usize, E> {
        let hash = self.hasher.hash_one(&id);
        if let Some(&known) = self.table.find(hash, |&known| self.series[known as usize] == id) {
            let known = known as usize;
            self.counts[known].add(step, count, self.steps, hold)?;
            return Ok(known);
        }
        // The text of a histogram is in the list, and later in the result.
        let text = if let Key::Histogram(text) = &id.key { 2 * text.len() } else { 0 };
        hold(SERIES_BYTES + text)?;
        let series = self.series.len();
        let number = u32::try_from(series).expect("invariant: max_series keeps series below 2^32");
        self.series.push(id);
        self.counts.push(StepCounts::one(step));
        if count > 1 {
            self.counts[series].add(step, count - 1, self.steps, hold)?;
        }
        let Self { table, series: known, hasher, .. } = self;
        table.insert_unique(hash, number, |&n| hasher.hash_one(&known[n as usize]));
        Ok(series)
    }

    /// Takes over the counts of a state over later series; groups mean the same in both.
    pub fn merge(&mut self, other: Self) {
        debug_assert_eq!(self.steps, other.steps);
        for (id, counts) in other.series.into_iter().zip(other.counts) {
            counts.for_each(|step, count| {
                let Ok(_) = self.count::<Infallible>(id.clone(), step, count, &mut |_| Ok(()));
            });
        }
    }

    /// The output series in the order in which their values were first seen, floats of a row before its histograms;
    /// and their numbers.
    #[must_use]
    pub fn finish(self) -> (Vec<CountedSeries>, ValueCounts) {
        (self.series, ValueCounts(self.counts))
    }

    /// Number of output series.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(state: &mut CountValuesState, group: u32, batch: &Batch, row: usize) {
        let Ok(()) = state.add_row::<Infallible>(group, batch, row, &mut |_| Ok(()));
    }

    fn counted(state: CountValuesState) -> Vec<(u32, String, Vec<Option<f64>>)> {
        let steps = state.steps;
        let (series, counts) = state.finish();
        let rows = series.into_iter().enumerate();
        rows.map(|(row, series)| {
            let mut batch = Batch::empty(1, steps);
            counts.fill_row(row, &mut batch, 0);
            let found = (0..steps).map(|s| batch.float(0, s)).collect();
            (series.group(), series.with_text(str::to_owned), found)
        })
        .collect()
    }

    #[test]
    fn values_are_told_apart_by_their_text() {
        let values = [6.0, 6.0, 8.0, 1e21, f64::NAN, -f64::NAN, f64::INFINITY, -0.0, 0.0];
        let mut batch = Batch::empty(values.len(), 1);
        for (row, &value) in values.iter().enumerate() {
            batch.set_float(row, 0, value);
        }
        let (mut state, mut late) = (CountValuesState::new(1), CountValuesState::new(1));
        (0..5).for_each(|row| add(&mut state, 0, &batch, row));
        (5..values.len()).for_each(|row| add(&mut late, 0, &batch, row));
        state.merge(late);
        let expected = [
            ("6", 2.0),
            ("8", 1.0),
            ("1000000000000000000000", 1.0),
            ("NaN", 2.0),
            ("+Inf", 1.0),
            ("-0", 1.0),
            ("0", 1.0),
        ];
        assert_eq!(counted(state), expected.map(|(text, n)| (0, text.to_owned(), vec![Some(n)])));
    }

    #[test]
    fn groups_and_steps_are_apart() {
        let mut batch = Batch::empty(2, 3);
        for (row, step, value) in [(0, 0, 1.0), (0, 1, 1.0), (0, 2, 2.0), (1, 0, 1.0)] {
            batch.set_float(row, step, value);
        }
        let mut state = CountValuesState::new(3);
        add(&mut state, 7, &batch, 0);
        add(&mut state, 3, &batch, 1);
        assert_eq!(
            counted(state),
            [
                (7, "1".to_owned(), vec![Some(1.0), Some(1.0), None]),
                (7, "2".to_owned(), vec![None, None, Some(1.0)]),
                (3, "1".to_owned(), vec![Some(1.0), None, None]),
            ]
        );
    }
}
