//! Operations on sorted lists of series ids, for stores that resolve matchers by set algebra.

/// All ids of lists that have none in common, sorted.
#[must_use]
pub fn union(lists: &[&[u32]]) -> Vec<u32> {
    if let [list] = lists {
        return list.to_vec();
    }
    let total: usize = lists.iter().map(|list| list.len()).sum();
    let words = lists.iter().filter_map(|list| list.last()).max().map_or(0, |&last| last as usize / 64 + 1);
    if words <= total {
        return union_of_dense(lists, words, total);
    }
    let mut ids = lists.concat();
    // Not `sort_unstable`: the stable sort finds the runs that are sorted already and merges them.
    ids.sort();
    ids
}

/// The union by a bit for each id: quicker than sorting unless the bits are far more than the ids.
fn union_of_dense(lists: &[&[u32]], words: usize, total: usize) -> Vec<u32> {
    let mut bits = vec![0_u64; words];
    for &id in lists.iter().copied().flatten() {
        bits[id as usize / 64] |= 1 << (id % 64);
    }
    let mut ids = Vec::with_capacity(total);
    for (first, &word) in (0..).step_by(64).zip(&bits) {
        if word == u64::MAX {
            ids.extend(first..=first + 63);
            continue;
        }
        let mut word = word;
        while word != 0 {
            ids.push(first + word.trailing_zeros());
            word &= word - 1;
        }
    }
    ids
}

/// Keeps the ids of `ids` that are in `list`.
pub fn intersect(ids: &mut Vec<u32>, list: &[u32]) {
    if list.len() < ids.len() / 4 {
        let mut rest = &ids[..];
        let common = list.iter().copied().filter(|&id| {
            rest = &rest[lower_bound(rest, id)..];
            rest.first() == Some(&id)
        });
        *ids = common.collect();
    } else {
        let mut rest = list;
        ids.retain(|&id| {
            rest = &rest[lower_bound(rest, id)..];
            rest.first() == Some(&id)
        });
    }
}

/// Drops the ids of `ids` that are in `list`.
pub fn subtract(ids: &mut Vec<u32>, list: &[u32]) {
    let mut rest = list;
    ids.retain(|&id| {
        rest = &rest[lower_bound(rest, id)..];
        rest.first() != Some(&id)
    });
}

/// The first index with `list[i] >= id`. Gallops, so that a near one is found in a few looks.
fn lower_bound(list: &[u32], id: u32) -> usize {
    let mut step = 1;
    while step <= list.len() && list[step - 1] < id {
        step *= 2;
    }
    let (lo, hi) = (step / 2, (step - 1).min(list.len()));
    lo + list[lo..hi].partition_point(|&x| x < id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn ids() -> impl Strategy<Value = BTreeSet<u32>> {
        prop_oneof![
            proptest::collection::btree_set(0u32..60, 0..40),
            proptest::collection::btree_set(0u32..5000, 0..300),
        ]
    }

    proptest! {
        #[test]
        fn set_operations_agree_with_sets(a in ids(), b in ids()) {
            let list: Vec<u32> = b.iter().copied().collect();
            let mut both: Vec<u32> = a.iter().copied().collect();
            let mut only = both.clone();
            intersect(&mut both, &list);
            subtract(&mut only, &list);
            prop_assert_eq!(&both, &a.intersection(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(&only, &a.difference(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(union(&[&only, &list]), a.union(&b).copied().collect::<Vec<_>>());
        }

        #[test]
        fn lower_bound_is_partition_point(a in ids(), id in 0u32..6000) {
            let list: Vec<u32> = a.into_iter().collect();
            prop_assert_eq!(lower_bound(&list, id), list.partition_point(|&x| x < id));
        }
    }
}
