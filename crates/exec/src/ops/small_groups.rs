//! Groups of few rows each: some groups at a time, all of their rows together, so that a group is done with before
//! the next ones are read.

use std::ops::Range;

use crate::block::Block;
use crate::context::Cx;
use crate::error::ExecError;
use crate::morsels::{fold_ranges, morsel_rows};
use crate::operator::Source;
use crate::ops::grouping::{Groups, Members};

/// With fewer steps it costs more to read rows that lie apart than to keep all of them.
const LEAST_STEPS: usize = 64;

/// Groups cut into chunks of about a morsel. As morsels, chunks depend on shapes alone.
pub(crate) struct SmallGroups {
    members: Members,
    chunks: Vec<Range<usize>>,
}

impl SmallGroups {
    /// Whether it can be worth it: else rows or steps are so few that all can be read at once.
    pub(crate) fn may_pay(rows: usize, steps: usize) -> bool {
        steps >= LEAST_STEPS && rows > morsel_rows(steps)
    }

    /// `None` where it is not worth it, and where some group has more rows than a morsel.
    pub(crate) fn of(groups: &Groups, steps: usize, cx: &Cx<'_>) -> Result<Option<Self>, ExecError> {
        let most = morsel_rows(steps);
        if !Self::may_pay(groups.of_row.len(), steps) || groups.len() < 2 {
            return Ok(None);
        }
        let members = groups.members(cx)?;
        if (0..groups.len()).any(|group| members.of(group).len() > most) {
            return Ok(None);
        }
        let mut chunks: Vec<Range<usize>> = Vec::new();
        let mut rows = 0;
        for group in 0..groups.len() {
            rows += members.of(group).len();
            match chunks.last_mut() {
                Some(chunk) if rows <= most => chunk.end = group + 1,
                _ => {
                    rows = members.of(group).len();
                    chunks.push(group..group + 1);
                }
            }
        }
        Ok(Some(Self { members, chunks }))
    }

    /// Runs `map(groups, rows)` on each chunk, in parallel, and `reduce` on the results in order. The rows are in their
    /// order, those of several groups among each other.
    pub(crate) fn fold<T: Send>(
        &self,
        cx: &Cx<'_>,
        map: impl Fn(Range<usize>, &[usize]) -> Result<T, ExecError> + Sync,
        reduce: impl FnMut(T) -> Result<(), ExecError>,
    ) -> Result<(), ExecError> {
        let with_rows = |groups: Range<usize>| {
            let mut rows: Vec<usize> =
                groups.clone().flat_map(|group| self.members.of(group)).copied().collect();
            rows.sort_unstable();
            map(groups, &rows)
        };
        fold_ranges(&self.chunks, cx, with_rows, reduce)
    }
}

/// Finished cells in blocks of consecutive rows.
pub(crate) struct Pieces {
    blocks: Vec<Block>,
    /// The first row of each block.
    starts: Vec<usize>,
    steps: usize,
}

impl Pieces {
    pub(crate) fn new(blocks: Vec<Block>, steps: usize) -> Self {
        let starts = blocks.iter().scan(0, |next, block| {
            let start = *next;
            *next += block.rows();
            Some(start)
        });
        let starts = starts.collect();
        Self { blocks, starts, steps }
    }

    fn copy(&self, rows: impl ExactSizeIterator<Item = usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let mut out = Block::empty(rows.len(), self.steps, cx)?;
        for (to, row) in rows.enumerate() {
            let piece = self.starts.partition_point(|&start| start <= row) - 1;
            out.copy_row(to, &self.blocks[piece], row - self.starts[piece]);
            out.settle()?;
        }
        Ok(out)
    }
}

impl Source for Pieces {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.copy(rows, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.copy(rows.iter().copied(), cx)
    }

    fn take_finished(&mut self, _: &Cx<'_>) -> Result<Option<Vec<Block>>, ExecError> {
        self.starts.clear();
        Ok(Some(std::mem::take(&mut self.blocks)))
    }

    fn is_quiet(&self) -> bool {
        true
    }
}
