//! Edges that pass the same number of samples at each step.
//!
//! Series are scraped at an interval, so between gaps the edges of all windows, and the reference times of a selector,
//! pass as many samples a step. Where a loop without branches can tell that, kernels run over slices.

use crate::first_after;

/// How many samples an edge passes at each of `steps` steps, if that is the same for all: then `edge + j·step` (ms) is
/// not before sample `from + j·stride − 1` and before sample `from + j·stride`, for each `j` below `steps`. Sample `from`
/// is the first behind `edge`.
///
/// `None` also for times so far from 0 that differences could overflow.
#[must_use]
pub fn stride(times: &[i64], from: usize, edge: i64, step: i64, steps: usize) -> Option<usize> {
    let is_behind = |i: usize, edge: i64| {
        i <= times.len() && (i == 0 || times[i - 1] <= edge) && times.get(i).is_none_or(|&t| t > edge)
    };
    let steps_behind = i64::try_from(steps.checked_sub(1)?).ok()?;
    let last_edge = step.checked_mul(steps_behind)?.checked_add(edge)?;
    if !is_near(edge) || !is_near(last_edge) {
        return None;
    }
    let stride = if steps == 1 { 0 } else { first_after(times, from, edge + step) - from };
    // The last edge rules out most edges that advance otherwise.
    let last = stride.checked_mul(steps - 1)?.checked_add(from)?;
    if !is_behind(last, last_edge) {
        return None;
    }
    if stride == 0 || steps < 3 {
        return Some(stride);
    }
    // Those between. All samples that are looked at lie before `last`.
    let (first, inner) = (from + stride, steps - 2);
    if !is_near(times[first - 1]) || !is_near(times[last - 1]) {
        return None;
    }
    // Negative as soon as one edge is elsewhere; without branches and calls, so that the loop vectorises.
    let mut signs = 0;
    let mut edge = edge;
    if stride == 1 {
        for pair in times[first - 1..first + inner].windows(2) {
            edge += step;
            signs |= (edge - pair[0]) | (pair[1] - edge - 1);
        }
    } else {
        for i in (0..inner).map(|j| first + j * stride) {
            edge += step;
            signs |= (edge - times[i - 1]) | (times[i] - edge - 1);
        }
    }
    (signs >= 0).then_some(stride)
}

/// Whether a time (ms) is so near 0 that differences of such times do not overflow.
#[must_use]
pub fn is_near(t: i64) -> bool {
    const FAR: i64 = 1 << 60;
    -FAR < t && t < FAR
}

/// Fills `out` with each `stride`th item from `from` on.
///
/// # Panics
/// When there are not as many.
pub fn pick<T: Copy>(items: &[T], from: usize, stride: usize, out: &mut [T]) {
    match stride {
        0 => out.fill(items[from]),
        1 => out.copy_from_slice(&items[from..from + out.len()]),
        stride => {
            let last = from + stride * out.len().saturating_sub(1);
            let items = items[from..=last].iter().step_by(stride);
            out.iter_mut().zip(items).for_each(|(out, item)| *out = *item);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The stride is that of the places which a search for each edge finds.
        #[test]
        fn strides_are_those_of_single_edges(
            gaps in prop::collection::vec(prop_oneof![8 => Just(10_i64), 1 => 1_i64..40], 0..60),
            base in prop_oneof![4 => -100_i64..100, 1 => Just(i64::MAX - 3000), 1 => Just(i64::MIN)],
            edge in -50_i64..600,
            step in 0_i64..45,
            steps in 1_usize..40,
        ) {
            let times: Vec<i64> = gaps
                .iter()
                .scan(base, |t, gap| { *t = t.saturating_add(*gap); Some(*t) })
                .collect();
            let edge = base.saturating_add(edge);
            let places: Vec<usize> = (0..steps)
                .map(|j| first_after(&times, 0, edge.saturating_add(step * j as i64)))
                .collect();
            let wanted = places.get(1).map_or(0, |second| second - places[0]);
            let alike = places.iter().enumerate().all(|(j, &place)| place == places[0] + j * wanted);
            let got = stride(&times, places[0], edge, step, steps);
            if base.checked_abs().is_some_and(|base| base < 1000) {
                prop_assert_eq!(got, alike.then_some(wanted));
            } else {
                prop_assert_eq!(got, None);
            }
        }
    }

    #[test]
    fn picks_are_strided() {
        let items: Vec<usize> = (0..30).collect();
        for stride in [0, 1, 2, 7] {
            let mut out = [0; 4];
            pick(&items, 5, stride, &mut out);
            assert_eq!(out, std::array::from_fn::<_, 4, _>(|j| 5 + j * stride));
        }
    }
}
