//! Walking the bits that say which steps of a row hold something.

use std::ops::Range;

/// Calls `run` with each maximal range of consecutive steps whose bits are on, in order.
///
/// Kernels are loops over such ranges, so that gaps cost nothing inside the loop; a row without gaps is one range.
#[inline]
pub(crate) fn for_each_run(words: &[u64], steps: usize, mut run: impl FnMut(Range<usize>)) {
    let mut step = 0;
    while let Some(start) = next_on(words, step, steps) {
        let end = next_off(words, start, steps);
        run(start..end);
        step = end;
    }
}

/// Calls `f` with each step whose bit is on, in order.
#[inline]
pub(crate) fn for_each_on(words: &[u64], mut f: impl FnMut(usize)) {
    for (i, &word) in words.iter().enumerate() {
        let mut word = word;
        while word != 0 {
            f(i * 64 + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}

#[inline]
fn next_on(words: &[u64], from: usize, steps: usize) -> Option<usize> {
    next(words, from, steps, |word| word).filter(|&step| step < steps)
}

#[inline]
fn next_off(words: &[u64], from: usize, steps: usize) -> usize {
    next(words, from, steps, |word| !word).map_or(steps, |step| step.min(steps))
}

/// The first bit at or behind `from` that is on in the words as `view` shows them.
#[inline]
fn next(words: &[u64], from: usize, steps: usize, view: impl Fn(u64) -> u64) -> Option<usize> {
    if from >= steps {
        return None;
    }
    let mut i = from / 64;
    let mut word = view(words[i]) & (u64::MAX << (from % 64));
    while word == 0 {
        i += 1;
        word = view(*words.get(i)?);
    }
    Some(i * 64 + word.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_cover_exactly_the_bits_that_are_on(bits in prop::collection::vec(prop::bool::weighted(0.7), 0..300)) {
            let mut words = vec![0_u64; bits.len().div_ceil(64)];
            for (i, _) in bits.iter().enumerate().filter(|(_, on)| **on) {
                words[i / 64] |= 1 << (i % 64);
            }
            let mut seen = vec![false; bits.len()];
            let mut last_end = None;
            for_each_run(&words, bits.len(), |run| {
                assert!(!run.is_empty() && last_end.is_none_or(|end| run.start > end));
                last_end = Some(run.end);
                seen[run].fill(true);
            });
            prop_assert_eq!(&seen, &bits);
            let mut single = vec![false; bits.len()];
            for_each_on(&words, |step| single[step] = true);
            prop_assert_eq!(&single, &bits);
        }
    }
}
