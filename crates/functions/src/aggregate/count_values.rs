//! `count_values`: an output series per group and distinct value.

use std::collections::HashMap;
use std::convert::Infallible;

use promqlite_model::{Batch, float_plain};

/// How often each value occurred in each group at each step.
#[derive(Debug)]
pub struct CountValuesState {
    steps: usize,
    series: HashMap<(u32, Key), usize>,
    /// The group and value of each output series, first seen first.
    order: Vec<(u32, Key)>,
    /// Output series × steps.
    counts: Vec<Box<[f64]>>,
}

/// What an output series takes beside its counts: a place in the map, in the list and in the list of counts, all of
/// which have room to grow; and the text of a float.
const SERIES_BYTES: usize = 360;

/// What makes two values the same label value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// The bits of a float; all NaN are one.
    Float(u64),
    /// The text of a histogram.
    Histogram(String),
}

impl Key {
    fn float(v: f64) -> Self {
        Self::Float(if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() })
    }

    fn label(self) -> String {
        match self {
            Self::Float(bits) => float_plain(f64::from_bits(bits)),
            Self::Histogram(text) => text,
        }
    }
}

/// The output of `count_values`.
#[derive(Debug)]
pub struct CountedValues {
    /// The group and the text of the value label of each output series.
    pub series: Vec<(u32, String)>,
    /// A row per output series, empty where the value did not occur.
    pub batch: Batch,
}

impl CountValuesState {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self { steps, series: HashMap::new(), order: Vec::new(), counts: Vec::new() }
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
        // Neighbouring steps mostly hold one value, so the series found last is tried first.
        let mut last: Option<(u64, usize)> = None;
        for step in 0..self.steps {
            let series = if let Some(value) = batch.float(row, step) {
                match last {
                    Some((bits, series)) if bits == value.to_bits() => series,
                    _ => {
                        let series = self.series_of(group, Key::float(value), hold)?;
                        last = Some((value.to_bits(), series));
                        series
                    }
                }
            } else if let Some(histogram) = batch.histogram(row, step) {
                self.series_of(group, Key::Histogram(histogram.to_string()), hold)?
            } else {
                continue;
            };
            self.counts[series][step] += 1.0;
        }
        Ok(())
    }

    fn series_of<E>(
        &mut self,
        group: u32,
        key: Key,
        hold: &mut impl FnMut(usize) -> Result<(), E>,
    ) -> Result<usize, E> {
        let id = (group, key);
        if let Some(&known) = self.series.get(&id) {
            return Ok(known);
        }
        // The text of a histogram is in the map, in the list, and later in the result.
        let text = if let Key::Histogram(text) = &id.1 { 3 * text.len() } else { 0 };
        hold(SERIES_BYTES + text + self.steps * size_of::<f64>())?;
        let series = self.order.len();
        self.order.push(id.clone());
        self.counts.push(vec![0.0; self.steps].into_boxed_slice());
        self.series.insert(id, series);
        Ok(series)
    }

    /// Takes over the counts of a state over later series; groups mean the same in both.
    pub fn merge(&mut self, other: Self) {
        debug_assert_eq!(self.steps, other.steps);
        for (theirs, (group, key)) in other.order.into_iter().enumerate() {
            let Ok(ours) = self.series_of::<Infallible>(group, key, &mut |_| Ok(()));
            for (count, more) in self.counts[ours].iter_mut().zip(&other.counts[theirs]) {
                *count += more;
            }
        }
    }

    /// The output series in the order in which their values were first seen.
    #[must_use]
    pub fn finish(self) -> CountedValues {
        let mut batch = Batch::empty(self.order.len(), self.steps);
        for (series, counts) in self.counts.iter().enumerate() {
            for (step, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
                batch.set_float(series, step, count);
            }
        }
        let series = self.order.into_iter().map(|(group, key)| (group, key.label())).collect();
        CountedValues { series, batch }
    }

    /// Number of output series.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(state: &mut CountValuesState, group: u32, batch: &Batch, row: usize) {
        let Ok(()) = state.add_row::<Infallible>(group, batch, row, &mut |_| Ok(()));
    }

    fn counted(state: CountValuesState) -> Vec<(u32, String, Vec<Option<f64>>)> {
        let CountedValues { series, batch } = state.finish();
        let rows = series.into_iter().enumerate();
        rows.map(|(row, (group, text))| {
            (group, text, (0..batch.steps()).map(|s| batch.float(row, s)).collect())
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
