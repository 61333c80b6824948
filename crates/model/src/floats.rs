//! The float points of a series in a result.

use std::fmt;
use std::sync::Arc;

use crate::batch::{Batch, bit};
use crate::{Grid, Timestamp};

/// The float points of a series, ascending in time.
///
/// The points of a range query stay in the block of series × steps that evaluation filled: 8 bytes each, since the
/// steps say their times, and nothing is copied. The block is freed with the last series that points into it.
#[derive(Clone, Default)]
pub struct Floats(Repr);

/// Three words, since results may have a million series.
#[derive(Clone)]
enum Repr {
    /// Points at any times.
    Listed(Vec<(Timestamp, f64)>),
    /// The floats of a row of a block; `len` cells of it are floats.
    Row { block: Arc<GridBlock>, row: u32, len: u32 },
}

/// A block of series × steps, and the times of its steps.
pub struct GridBlock {
    batch: Batch,
    grid: Grid,
    home: Option<Arc<dyn Home>>,
}

/// Takes blocks back that nobody looks at any more, to fill them again.
pub trait Home: Send + Sync {
    /// The cells of a block, from whatever thread dropped its last row.
    fn take_back(&self, batch: Batch);
}

impl GridBlock {
    /// Step `k` of the block is step `k` of `grid`.
    ///
    /// # Panics
    /// When the grid has another number of steps.
    #[must_use]
    pub fn new(batch: Batch, grid: Grid) -> Self {
        assert_eq!(batch.steps(), grid.len, "invariant: the grid is the block's");
        Self { batch, grid, home: None }
    }

    /// A block whose cells go back to where they came from.
    #[must_use]
    pub fn lent_by(mut self, home: Arc<dyn Home>) -> Self {
        self.home = Some(home);
        self
    }

    /// The cells.
    #[must_use]
    pub fn batch(&self) -> &Batch {
        &self.batch
    }
}

impl Default for Repr {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Drop for GridBlock {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.take_back(std::mem::take(&mut self.batch));
        }
    }
}

impl Floats {
    /// No points.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The floats of a row of a block.
    ///
    /// # Panics
    /// When the block has fewer rows.
    #[must_use]
    pub fn of_row(block: &Arc<GridBlock>, row: usize) -> Self {
        let len = block.batch.valid().count(row);
        match (u32::try_from(row), u32::try_from(len)) {
            (Ok(row), Ok(len)) => Self(Repr::Row { block: Arc::clone(block), row, len }),
            _ => FloatPoints::of_row(&block.batch, row, block.grid).collect(),
        }
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Listed(points) => points.len(),
            Repr::Row { len, .. } => *len as usize,
        }
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Time and value of each point.
    #[must_use]
    pub fn iter(&self) -> FloatPoints<'_> {
        FloatPoints(match &self.0 {
            Repr::Listed(points) => Points::Listed(points.iter()),
            Repr::Row { block, row, len } => {
                Points::of_row(&block.batch, *row as usize, block.grid, *len as usize)
            }
        })
    }
}

impl FromIterator<(Timestamp, f64)> for Floats {
    fn from_iter<I: IntoIterator<Item = (Timestamp, f64)>>(points: I) -> Self {
        let points = points.into_iter();
        // Collecting would make room for four.
        let mut listed = Vec::with_capacity(points.size_hint().0);
        listed.extend(points);
        Self(Repr::Listed(listed))
    }
}

impl From<Vec<(Timestamp, f64)>> for Floats {
    fn from(points: Vec<(Timestamp, f64)>) -> Self {
        Self(Repr::Listed(points))
    }
}

impl<'a> IntoIterator for &'a Floats {
    type Item = (Timestamp, f64);
    type IntoIter = FloatPoints<'a>;

    fn into_iter(self) -> FloatPoints<'a> {
        self.iter()
    }
}

/// Two lists are equal when their times and values are, wherever they lie; NaN equals nothing.
impl PartialEq for Floats {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl fmt::Debug for Floats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// Time and value of each of the points of [`Floats`].
#[derive(Clone, Debug)]
pub struct FloatPoints<'a>(Points<'a>);

#[derive(Clone, Debug)]
enum Points<'a> {
    Listed(std::slice::Iter<'a, (Timestamp, f64)>),
    Row { values: &'a [f64], valid: &'a [u64], grid: Grid, next: usize, left: usize },
}

impl<'a> FloatPoints<'a> {
    /// The floats of a row of a block. Step `k` of the block is step `k` of `grid`.
    #[must_use]
    pub fn of_row(block: &'a Batch, row: usize, grid: Grid) -> Self {
        Self(Points::of_row(block, row, grid, block.valid().count(row)))
    }
}

impl<'a> Points<'a> {
    fn of_row(block: &'a Batch, row: usize, grid: Grid, left: usize) -> Self {
        Self::Row { values: block.row(row), valid: block.valid().row(row), grid, next: 0, left }
    }
}

impl Iterator for FloatPoints<'_> {
    type Item = (Timestamp, f64);

    #[inline]
    fn next(&mut self) -> Option<(Timestamp, f64)> {
        match &mut self.0 {
            Points::Listed(points) => points.next().copied(),
            Points::Row { values, valid, grid, next, left } => {
                *left = left.checked_sub(1)?;
                if !bit(valid, *next) {
                    *next = next_on(valid, *next);
                }
                let step = *next;
                *next += 1;
                Some((grid.time(step), values[step]))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            Points::Listed(points) => points.len(),
            Points::Row { left, .. } => *left,
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for FloatPoints<'_> {}

/// The first bit from `from` on that is on. There is one.
fn next_on(words: &[u64], from: usize) -> usize {
    let mut at = from / 64;
    let mut word = words[at] >> (from % 64) << (from % 64);
    while word == 0 {
        at += 1;
        word = words[at];
    }
    at * 64 + word.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Millis;

    #[test]
    fn a_row_gives_its_floats_at_their_steps() {
        let grid = Grid { start: Timestamp(-50), step: Millis(10), len: 200 };
        for keep in [|k: usize| k.is_multiple_of(3), |_| true, |_| false, |k| k > 130, |k| k == 0 || k == 199]
        {
            let mut batch = Batch::empty(2, 200);
            (0..200).filter(|&k| keep(k)).for_each(|k| batch.set_float(1, k, k as f64));
            let floats = Floats::of_row(&Arc::new(GridBlock::new(batch, grid)), 1);
            let listed: Floats = (0..200).filter(|&k| keep(k)).map(|k| (grid.time(k), k as f64)).collect();
            assert_eq!(floats, listed);
            assert_eq!((floats.len(), floats.iter().len()), (listed.len(), listed.len()));
            assert_eq!(floats.is_empty(), listed.iter().next().is_none());
        }
    }

    #[test]
    fn they_take_three_words() {
        assert_eq!(size_of::<Floats>(), 3 * size_of::<usize>());
    }

    #[test]
    fn they_print_as_a_list() {
        let floats = Floats::from(vec![(Timestamp(1), 0.5)]);
        assert_eq!(format!("{floats:?}"), "[(Timestamp(1), 0.5)]");
    }
}
