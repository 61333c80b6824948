//! What folds keep per group and step: one column per number of the state, groups × steps, row-major.
//!
//! The loops run over consecutive steps of one series, so that they vectorise; the order in which one step's
//! samples are added is the order of the calls.

use std::ops::Range;

use crate::numeric::{CompensatedSum, Mean, Welford, compensated_add, max_step, min_step};

/// Compensated sums.
#[derive(Debug)]
pub(super) struct Sums {
    sum: Vec<f64>,
    compensation: Vec<f64>,
}

impl Sums {
    pub(super) fn new(cells: usize) -> Self {
        // Starting from 0 gives the same bits as starting from the first value: only the sign of a sum of
        // zeros could differ, and adding the compensation at the end levels that.
        Self { sum: vec![0.0; cells], compensation: vec![0.0; cells] }
    }

    #[inline]
    pub(super) fn add(&mut self, cells: Range<usize>, xs: &[f64]) {
        add_to_sums(&mut self.sum[cells.clone()], &mut self.compensation[cells], xs);
    }

    pub(super) fn merge(&mut self, cells: Range<usize>, other: &Self, others: Range<usize>) {
        for (cell, other_cell) in cells.zip(others) {
            let mut sum = CompensatedSum { sum: self.sum[cell], compensation: self.compensation[cell] };
            sum.merge(CompensatedSum {
                sum: other.sum[other_cell],
                compensation: other.compensation[other_cell],
            });
            (self.sum[cell], self.compensation[cell]) = (sum.sum, sum.compensation);
        }
    }

    pub(super) fn clear(&mut self) {
        self.sum.fill(0.0);
        self.compensation.fill(0.0);
    }

    pub(super) fn finish(mut self) -> Vec<f64> {
        for (sum, compensation) in self.sum.iter_mut().zip(self.compensation) {
            *sum += compensation;
        }
        self.sum
    }

    pub(super) fn bytes(&self) -> usize {
        (self.sum.len() + self.compensation.len()) * size_of::<f64>()
    }
}

#[inline]
fn add_to_sums(sums: &mut [f64], compensations: &mut [f64], xs: &[f64]) {
    for ((sum, compensation), &x) in sums.iter_mut().zip(compensations).zip(xs) {
        (*sum, *compensation) = compensated_add(*sum, *compensation, x);
    }
}

/// Arithmetic means: compensated sums that turn into running means where they would overflow.
#[derive(Debug)]
pub(super) struct Means {
    count: Vec<f64>,
    value: Vec<f64>,
    compensation: Vec<f64>,
    /// Which cells hold a running mean; empty until the first one does.
    incremental: Vec<bool>,
}

impl Means {
    pub(super) fn new(cells: usize) -> Self {
        let zeros = vec![0.0; cells];
        Self { count: zeros.clone(), value: zeros.clone(), compensation: zeros, incremental: Vec::new() }
    }

    #[inline]
    pub(super) fn add(&mut self, cells: Range<usize>, xs: &[f64]) {
        let plain = self.incremental.is_empty() || !self.incremental[cells.clone()].contains(&true);
        let values = &mut self.value[cells.clone()];
        let overflows = values.iter().zip(xs).fold(false, |any, (value, x)| any | (value + x).is_infinite());
        if plain && !overflows {
            add_to_sums(values, &mut self.compensation[cells.clone()], xs);
            self.count[cells].iter_mut().for_each(|count| *count += 1.0);
        } else {
            self.add_one_by_one(cells, xs);
        }
    }

    #[cold]
    fn add_one_by_one(&mut self, cells: Range<usize>, xs: &[f64]) {
        for (cell, &x) in cells.zip(xs) {
            let mean = match self.get(cell) {
                Some(mut mean) => {
                    mean.add(x);
                    mean
                }
                None => Mean::starting_with(x),
            };
            self.set(cell, mean);
        }
    }

    pub(super) fn merge(&mut self, cells: Range<usize>, other: &Self, others: Range<usize>) {
        for (cell, other_cell) in cells.zip(others) {
            match (self.get(cell), other.get(other_cell)) {
                (_, None) => {}
                (None, Some(theirs)) => self.set(cell, theirs),
                (Some(mut ours), Some(theirs)) => {
                    ours.merge(theirs);
                    self.set(cell, ours);
                }
            }
        }
    }

    fn get(&self, cell: usize) -> Option<Mean> {
        (self.count[cell] > 0.0).then(|| Mean {
            count: self.count[cell],
            value: self.value[cell],
            compensation: self.compensation[cell],
            incremental: self.incremental.get(cell).copied().unwrap_or(false),
        })
    }

    fn set(&mut self, cell: usize, mean: Mean) {
        self.count[cell] = mean.count;
        self.value[cell] = mean.value;
        self.compensation[cell] = mean.compensation;
        if mean.incremental && self.incremental.is_empty() {
            self.incremental = vec![false; self.count.len()];
        }
        if let Some(incremental) = self.incremental.get_mut(cell) {
            *incremental = mean.incremental;
        }
    }

    pub(super) fn clear(&mut self) {
        for column in [&mut self.count, &mut self.value, &mut self.compensation] {
            column.fill(0.0);
        }
        self.incremental.clear();
    }

    pub(super) fn finish(self) -> Vec<f64> {
        if self.incremental.is_empty() {
            let states = self.value.iter().zip(&self.compensation).zip(&self.count);
            return states
                .map(|((value, compensation), count)| value / count + compensation / count)
                .collect();
        }
        (0..self.count.len()).map(|cell| self.get(cell).map_or(0.0, Mean::finish)).collect()
    }

    pub(super) fn bytes(&self) -> usize {
        self.count.len() * 3 * size_of::<f64>() + self.incremental.len()
    }
}

/// Minima or maxima.
#[derive(Debug)]
pub(super) struct Extremes {
    value: Vec<f64>,
    largest: bool,
}

impl Extremes {
    pub(super) fn new(cells: usize, largest: bool) -> Self {
        Self { value: vec![f64::NAN; cells], largest }
    }

    #[inline]
    pub(super) fn add(&mut self, cells: Range<usize>, xs: &[f64]) {
        let values = self.value[cells].iter_mut().zip(xs);
        if self.largest {
            values.for_each(|(value, &x)| *value = max_step(*value, x));
        } else {
            values.for_each(|(value, &x)| *value = min_step(*value, x));
        }
    }

    /// Cells that the other side never saw are NaN there and change nothing.
    pub(super) fn merge(&mut self, cells: Range<usize>, other: &Self, others: Range<usize>) {
        self.add(cells, &other.value[others]);
    }

    pub(super) fn clear(&mut self) {
        self.value.fill(f64::NAN);
    }

    pub(super) fn finish(self) -> Vec<f64> {
        self.value
    }

    pub(super) fn bytes(&self) -> usize {
        self.value.len() * size_of::<f64>()
    }
}

/// Numbers of samples.
#[derive(Debug)]
pub(super) struct Counts(Vec<f64>);

impl Counts {
    pub(super) fn new(cells: usize) -> Self {
        Self(vec![0.0; cells])
    }

    #[inline]
    pub(super) fn add(&mut self, cells: Range<usize>) {
        self.0[cells].iter_mut().for_each(|count| *count += 1.0);
    }

    pub(super) fn merge(&mut self, cells: Range<usize>, other: &Self, others: Range<usize>) {
        for (count, more) in self.0[cells].iter_mut().zip(&other.0[others]) {
            *count += more;
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0.0);
    }

    pub(super) fn finish(self) -> Vec<f64> {
        self.0
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<f64>()
    }
}

/// Variances or standard deviations, after Welford.
#[derive(Debug)]
pub(super) struct Variances {
    count: Vec<f64>,
    mean: Vec<f64>,
    squares: Vec<f64>,
    root: bool,
}

impl Variances {
    pub(super) fn new(cells: usize, root: bool) -> Self {
        let zeros = vec![0.0; cells];
        Self { count: zeros.clone(), mean: zeros.clone(), squares: zeros, root }
    }

    /// The first value needs no case of its own: from zeros the same steps lead to mean `x` and squares 0, or
    /// NaN where `x` is not finite.
    #[inline]
    pub(super) fn add(&mut self, cells: Range<usize>, xs: &[f64]) {
        let counts = self.count[cells.clone()].iter_mut();
        let means = self.mean[cells.clone()].iter_mut();
        let squares = self.squares[cells].iter_mut();
        for (((count, mean), squares), &x) in counts.zip(means).zip(squares).zip(xs) {
            let mut state = Welford { count: *count, mean: *mean, squares: *squares };
            state.add(x);
            (*count, *mean, *squares) = (state.count, state.mean, state.squares);
        }
    }

    pub(super) fn merge(&mut self, cells: Range<usize>, other: &Self, others: Range<usize>) {
        for (cell, other_cell) in cells.zip(others) {
            let theirs = other.get(other_cell);
            if theirs.count == 0.0 {
                continue;
            }
            let mut ours = self.get(cell);
            if ours.count == 0.0 {
                ours = theirs;
            } else {
                ours.merge(theirs);
            }
            (self.count[cell], self.mean[cell], self.squares[cell]) = (ours.count, ours.mean, ours.squares);
        }
    }

    fn get(&self, cell: usize) -> Welford {
        Welford { count: self.count[cell], mean: self.mean[cell], squares: self.squares[cell] }
    }

    pub(super) fn clear(&mut self) {
        for column in [&mut self.count, &mut self.mean, &mut self.squares] {
            column.fill(0.0);
        }
    }

    pub(super) fn finish(mut self) -> Vec<f64> {
        for (squares, count) in self.squares.iter_mut().zip(self.count) {
            let variance = *squares / count;
            *squares = if self.root { variance.sqrt() } else { variance };
        }
        self.squares
    }

    pub(super) fn bytes(&self) -> usize {
        self.count.len() * 3 * size_of::<f64>()
    }
}
