//! How often something occurred at each step: few steps as a list, many as a column.

/// Numbers of occurrences by step, none of them 0.
#[derive(Debug)]
pub(super) enum StepCounts {
    /// At one step.
    One(StepCount),
    /// At some steps, in ascending order.
    Few(Vec<StepCount>),
    /// At so many steps that a number for each takes less room.
    Many(Box<[u32]>),
}

/// So many occurrences at a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepCount {
    step: u32,
    count: u32,
}

impl StepCounts {
    /// One occurrence.
    pub(super) fn one(step: usize) -> Self {
        Self::One(StepCount { step: number(step), count: 1 })
    }

    /// Adds occurrences at a step of `steps`. `hold(bytes)` is asked before room is made.
    pub(super) fn add<E>(
        &mut self,
        step: usize,
        count: u32,
        steps: usize,
        hold: &mut impl FnMut(usize) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Many(counts) => counts[step] += count,
            Self::One(one) if one.step == number(step) => one.count += count,
            Self::One(one) => {
                hold(2 * size_of::<StepCount>())?;
                let mut list = Vec::with_capacity(2);
                list.push(*one);
                insert(&mut list, step, count);
                *self = Self::Few(list);
            }
            Self::Few(list) => {
                if let Some(known) = find(list, step) {
                    list[known].count += count;
                } else if list.len() * size_of::<StepCount>() < steps * size_of::<u32>() {
                    if list.len() == list.capacity() {
                        hold(list.len() * size_of::<StepCount>())?;
                        list.reserve_exact(list.len());
                    }
                    insert(list, step, count);
                } else {
                    hold(steps * size_of::<u32>())?;
                    let mut counts = vec![0; steps].into_boxed_slice();
                    list.iter().for_each(|known| counts[known.step as usize] = known.count);
                    counts[step] += count;
                    *self = Self::Many(counts);
                }
            }
        }
        Ok(())
    }

    /// Calls `f(step, count)` for each step with any occurrence, in ascending order.
    pub(super) fn for_each(&self, mut f: impl FnMut(usize, u32)) {
        match self {
            Self::One(one) => f(one.step as usize, one.count),
            Self::Few(list) => list.iter().for_each(|known| f(known.step as usize, known.count)),
            Self::Many(counts) => {
                counts
                    .iter()
                    .enumerate()
                    .filter(|(_, count)| **count > 0)
                    .for_each(|(step, &count)| f(step, count));
            }
        }
    }
}

fn number(step: usize) -> u32 {
    u32::try_from(step).expect("invariant: the limits keep steps below 2^32")
}

/// The place of a step in the list. Steps mostly come in order, so the end is looked at first.
fn find(list: &[StepCount], step: usize) -> Option<usize> {
    let step = number(step);
    match list.last() {
        Some(last) if last.step == step => Some(list.len() - 1),
        Some(last) if last.step > step => list.binary_search_by_key(&step, |known| known.step).ok(),
        _ => None,
    }
}

fn insert(list: &mut Vec<StepCount>, step: usize, count: u32) {
    let step = number(step);
    let at = if list.last().is_none_or(|last| last.step < step) {
        list.len()
    } else {
        list.partition_point(|known| known.step < step)
    };
    list.insert(at, StepCount { step, count });
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever form they have, the counts are those of a plain column.
        #[test]
        fn counts_equal_those_of_a_column(adds in prop::collection::vec((0_usize..9, 1_u32..4), 0..40)) {
            let mut column = [0; 9];
            column[3] += 1;
            let mut counts = StepCounts::one(3);
            let mut held = 0;
            for (step, count) in adds {
                column[step] += count;
                let Ok(()) = counts.add::<Infallible>(step, count, 9, &mut |bytes| { held += bytes; Ok(()) });
            }
            let mut found = Vec::new();
            counts.for_each(|step, count| found.push((step, count)));
            let expected: Vec<_> = column.into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
            prop_assert_eq!(found, expected);
            let bytes = match &counts {
                StepCounts::One(_) => 0,
                StepCounts::Few(list) => list.capacity() * size_of::<StepCount>(),
                StepCounts::Many(counts) => size_of_val(&**counts),
            };
            prop_assert!(held >= bytes);
        }
    }
}
