//! Sorting that can be interrupted.

use std::cmp::Ordering;

use crate::context::Cx;
use crate::error::ExecError;

/// Items that are sorted, or merged, between two questions whether to go on.
const CHUNK: usize = 4096;

/// The numbers below `n` in the order that `compare` gives; equal ones stay as they were.
pub(crate) fn sorted_order(
    n: usize,
    compare: impl Fn(usize, usize) -> Ordering,
    cx: &Cx<'_>,
) -> Result<Vec<usize>, ExecError> {
    let _lists = cx.hold(n.saturating_mul(2 * size_of::<usize>()))?;
    let mut order: Vec<usize> = (0..n).collect();
    for chunk in order.chunks_mut(CHUNK) {
        cx.check()?;
        chunk.sort_unstable_by(|&a, &b| compare(a, b).then(a.cmp(&b)));
    }
    let mut merged = Vec::with_capacity(if n > CHUNK { n } else { 0 });
    let mut width = CHUNK;
    while width < n {
        merged.clear();
        for pair in order.chunks(2 * width) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut merged, &compare, cx)?;
        }
        std::mem::swap(&mut order, &mut merged);
        width *= 2;
    }
    Ok(order)
}

fn merge(
    mut left: &[usize],
    mut right: &[usize],
    out: &mut Vec<usize>,
    compare: &impl Fn(usize, usize) -> Ordering,
    cx: &Cx<'_>,
) -> Result<(), ExecError> {
    while let (Some((&l, left_rest)), Some((&r, right_rest))) = (left.split_first(), right.split_first()) {
        if out.len().is_multiple_of(CHUNK) {
            cx.check()?;
        }
        if compare(l, r).is_le() {
            out.push(l);
            left = left_rest;
        } else {
            out.push(r);
            right = right_rest;
        }
    }
    out.extend_from_slice(left);
    out.extend_from_slice(right);
    Ok(())
}

/// Puts items in an order of their numbers: along the cycles of the permutation, without another list.
pub(crate) fn reorder<T>(items: &mut [T], mut order: Vec<usize>, cx: &Cx<'_>) -> Result<(), ExecError> {
    debug_assert_eq!(items.len(), order.len());
    for start in 0..order.len() {
        if start % CHUNK == 0 {
            cx.check()?;
        }
        let mut to = start;
        while order[to] != start {
            let from = order[to];
            items.swap(to, from);
            order[to] = to;
            to = from;
        }
        order[to] = to;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use promqlite_storage::MemStore;

    use super::*;

    #[test]
    fn long_lists_are_sorted_and_stay_stable() {
        let store = MemStore::new();
        let cx = Cx::for_tests(&store);
        for n in [0, 1, CHUNK, CHUNK + 1, 5 * CHUNK + 77] {
            let keys: Vec<usize> = (0..n).map(|i| i * 7919 % 101).collect();
            let mut expected: Vec<usize> = (0..n).collect();
            expected.sort_by_key(|&i| keys[i]);
            let order = sorted_order(n, |a, b| keys[a].cmp(&keys[b]), &cx).expect("no limit");
            assert_eq!(order, expected);
            let mut sorted = keys.clone();
            reorder(&mut sorted, order, &cx).expect("no limit");
            assert!(sorted.is_sorted());
        }
    }

    #[test]
    fn sorting_ends_when_the_query_does() {
        let store = MemStore::new();
        let cx = Cx::for_tests(&store);
        let compared = std::cell::Cell::new(0);
        let result = sorted_order(
            100 * CHUNK,
            |a, b| {
                compared.set(compared.get() + 1);
                if compared.get() == 1000 {
                    cx.options.cancel.cancel();
                }
                (a * 7919 % 10_007).cmp(&(b * 7919 % 10_007))
            },
            &cx,
        );
        assert!(matches!(result, Err(ExecError::Canceled(_))));
        assert!(compared.get() < 100 * CHUNK, "one chunk was finished, not all");
    }
}
