//! Custom bounds of two histograms brought together.

use super::side::SideRef;

/// The bounds that both lists have; they may be none, which leaves one bucket for everything.
pub(super) fn shared_bounds(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut b = b.iter().copied().peekable();
    let both = a.iter().copied().filter(|&bound| {
        while b.next_if(|&other| other < bound).is_some() {}
        b.next_if_eq(&bound).is_some()
    });
    both.collect()
}

/// Hands each bucket to the target bucket that it lies in: the one of the first shared bound at or above its
/// own, or the last one, up to `+Inf`, if there is none.
pub(super) fn roll_up<C: Copy, T>(
    side: SideRef<'_, C>,
    bounds: &[f64],
    shared: &[f64],
    targets: &mut [T],
    mut add: impl FnMut(&mut T, C),
) {
    for (index, count) in side.iter() {
        let target = match bounds.get(index as usize) {
            Some(&bound) => shared.partition_point(|&s| s < bound),
            None => shared.len(),
        };
        add(&mut targets[target], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equal_bounds_are_shared() {
        assert_eq!(shared_bounds(&[1.0, 2.0, 4.0, 8.0], &[2.0, 3.0, 8.0, 9.0]), [2.0, 8.0]);
        assert!(shared_bounds(&[1.0], &[2.0]).is_empty());
        assert!(shared_bounds(&[], &[2.0]).is_empty());
    }
}
