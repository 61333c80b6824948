//! `count_values`: an output series per group and distinct value.

use std::collections::HashMap;

use promqlite_model::{Batch, float_plain};

/// How often each value occurred in each group at each step.
#[derive(Debug)]
pub struct CountValuesState {
    steps: usize,
    series: HashMap<(u32, Key), usize>,
    /// The group and value of each output series, first seen first.
    order: Vec<(u32, Key)>,
    /// Output series × steps.
    counts: Vec<f64>,
}

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
    pub fn add_row(&mut self, group: u32, batch: &Batch, row: usize) {
        // Neighbouring steps mostly hold one value, so the series found last is tried first.
        let mut last: Option<(u64, usize)> = None;
        for step in 0..self.steps {
            let series = if let Some(value) = batch.float(row, step) {
                match last {
                    Some((bits, series)) if bits == value.to_bits() => series,
                    _ => {
                        let series = self.series_of(group, Key::float(value));
                        last = Some((value.to_bits(), series));
                        series
                    }
                }
            } else if let Some(histogram) = batch.histogram(row, step) {
                self.series_of(group, Key::Histogram(histogram.to_string()))
            } else {
                continue;
            };
            self.counts[series * self.steps + step] += 1.0;
        }
    }

    fn series_of(&mut self, group: u32, key: Key) -> usize {
        let next = self.order.len();
        let series = *self.series.entry((group, key)).or_insert_with_key(|key| {
            self.order.push(key.clone());
            next
        });
        if series == next {
            self.counts.resize(self.counts.len() + self.steps, 0.0);
        }
        series
    }

    /// Takes over the counts of a state over later series; groups mean the same in both.
    pub fn merge(&mut self, other: Self) {
        debug_assert_eq!(self.steps, other.steps);
        let steps = self.steps;
        for (theirs, (group, key)) in other.order.into_iter().enumerate() {
            let ours = self.series_of(group, key);
            let more = &other.counts[theirs * steps..(theirs + 1) * steps];
            for (count, more) in self.counts[ours * steps..(ours + 1) * steps].iter_mut().zip(more) {
                *count += more;
            }
        }
    }

    /// The output series in the order in which their values were first seen.
    #[must_use]
    pub fn finish(self) -> CountedValues {
        let mut batch = Batch::empty(self.order.len(), self.steps);
        for (series, counts) in self.counts.chunks_exact(self.steps.max(1)).enumerate() {
            for (step, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
                batch.set_float(series, step, count);
            }
        }
        let series = self.order.into_iter().map(|(group, key)| (group, key.label())).collect();
        CountedValues { series, batch }
    }

    /// Bytes on the heap, the map's own overhead left out.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.counts.len() * size_of::<f64>() + self.order.len() * 2 * size_of::<(u32, Key)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        (0..5).for_each(|row| state.add_row(0, &batch, row));
        (5..values.len()).for_each(|row| late.add_row(0, &batch, row));
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
        state.add_row(7, &batch, 0);
        state.add_row(3, &batch, 1);
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
