//! Sorting that can be interrupted.

use std::cmp::Ordering;

use promqlite_model::{Labels, Symbols};

use crate::context::Cx;
use crate::error::ExecError;

/// Items that are sorted, or merged, between two questions whether to go on.
const CHUNK: usize = 4096;

/// Fewer label sets are sorted as quickly without keys.
const FEW: usize = 64;

/// A number for each of `n` label sets: where two numbers differ, the sets are in the same order. Most results differ
/// in the values of one label, of which the first bytes that differ are taken; no numbers if they differ otherwise.
/// Comparing numbers spares most looks at strings, which lie all over the memory.
pub(crate) fn sort_keys<'a>(n: usize, labels: impl Fn(usize) -> &'a Labels, symbols: &Symbols) -> Vec<u64> {
    if n < FEW {
        return Vec::new();
    }
    let first = labels(0).as_slice();
    let at = (1..n).fold(first.len(), |at, i| shared_len(&first[..at], labels(i).as_slice()));
    let Some(name) = first.get(at).map(|label| label.name) else { return Vec::new() };
    if (1..n).any(|i| labels(i).as_slice().get(at).is_none_or(|label| label.name != name)) {
        return Vec::new();
    }
    let value = |i: usize| symbols.get(labels(i).as_slice()[at].value).as_bytes();
    let known = value(0);
    let shared = (1..n).fold(known.len(), |len, i| shared_len(&known[..len], value(i)));
    // A value that ends sorts before longer ones, and so does a key that ends in zeros.
    let key = |value: &[u8]| {
        let mut bytes = [0; 8];
        let len = value.len().min(8);
        bytes[..len].copy_from_slice(&value[..len]);
        u64::from_be_bytes(bytes)
    };
    (0..n).map(|i| key(&value(i)[shared..])).collect()
}

/// How many items two lists have in common at their start.
fn shared_len<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

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
    fn keys_agree_with_the_order_of_labels() {
        let symbols = Symbols::new();
        let one = |i: usize| {
            vec![("a", "x".to_owned()), ("b", format!("10.{}", i * 7919 % 101)), ("c", i.to_string())]
        };
        let short = |i: usize| {
            vec![("b", ["", "\0", "\0\0", "longer than a key", "longer than b"][i % 5].to_owned())]
        };
        let names = |i: usize| vec![([("a"), "b"][i % 2], i.to_string())];
        let equal = |_: usize| vec![("a", "x".to_owned())];
        type Set<'a> = &'a dyn Fn(usize) -> Vec<(&'static str, String)>;
        let sets: [(Set<'_>, bool); 4] = [(&one, true), (&short, false), (&names, false), (&equal, false)];
        for (set, has_keys) in sets {
            let labels: Vec<Labels> = (0..200)
                .map(|i| Labels::new(&symbols, set(i).iter().map(|(name, value)| (*name, value.as_str()))))
                .collect();
            let keys = sort_keys(labels.len(), |i| &labels[i], &symbols);
            assert_eq!(!keys.is_empty(), has_keys);
            for a in 0..keys.len() {
                for b in 0..keys.len() {
                    let order = keys[a].cmp(&keys[b]);
                    assert!(order.is_eq() || order == labels[a].compare(&labels[b], &symbols));
                }
            }
        }
        let values = ["", "\0", "a", "a\0", "a\0b", "ab", "abcdefghi", "abcdefghj", "é", "\u{10ffff}"];
        let labels: Vec<Labels> = (0..100)
            .map(|i| Labels::new(&symbols, [("a", "x"), ("v", &*format!("p{}", values[i % 10]))]))
            .collect();
        let keys = sort_keys(labels.len(), |i| &labels[i], &symbols);
        assert_eq!(keys.len(), 100);
        for (a, b) in (0..100).flat_map(|a| (0..100).map(move |b| (a, b))) {
            let order = keys[a].cmp(&keys[b]);
            assert!(order.is_eq() || order == labels[a].compare(&labels[b], &symbols));
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
