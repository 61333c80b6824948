//! Anchored and smoothed windows of floats against a twin that builds the line through the samples.

use proptest::prelude::*;

use super::twins::{samples, setup};
use super::*;

/// The samples as the extended window sees them: those that the lookback reaches.
fn reached(times: &[i64], values: &[f64], from: i64, to: i64) -> Vec<(i64, f64)> {
    times.iter().copied().zip(values.iter().copied()).filter(|&(t, _)| from < t && t <= to).collect()
}

/// The change over `(begin, end]`: samples strictly inside, with a point put at either edge where there is one.
fn change(points: &[(i64, f64)], begin: i64, end: i64, smoothed: bool, counter: bool) -> Option<f64> {
    let before = points.iter().rposition(|p| p.0 <= begin);
    let behind = points.iter().position(|p| p.0 >= end);
    let between = |i: usize, at: i64| {
        let ((t1, y1), (t2, y2)) = (points[i], points[i + 1]);
        let y1 = if counter && y2 < y1 { 0.0 } else { y1 };
        y1 + (y2 - y1) * ((at - t1) as f64 / (t2 - t1) as f64)
    };
    // Something has to lie behind the left edge, and something at or before the right one.
    if points.last()?.0 <= begin || (smoothed && points[0].0 > end) {
        return None;
    }
    let left = match before {
        Some(i) if smoothed && points[i].0 < begin => between(i, begin),
        Some(i) => points[i].1,
        None => points[0].1,
    };
    let right = match behind {
        Some(i) if smoothed && points[i].0 > end && i > 0 => between(i - 1, end),
        Some(i) if smoothed => points[i].1,
        _ => points.last()?.1,
    };
    let mut total = right - left;
    if counter {
        let inside = points.iter().filter(|p| begin < p.0 && p.0 < end).map(|p| p.1);
        let mut previous = left;
        for v in inside.chain([right]) {
            if v < previous {
                total += previous;
            }
            previous = v;
        }
    }
    Some(total)
}

fn events(points: &[(i64, f64)], begin: i64, test: fn(f64, f64) -> bool) -> Option<f64> {
    let anchor = points.iter().rposition(|p| p.0 <= begin).unwrap_or(0);
    let used = &points[anchor..];
    let any_inside = used.iter().any(|p| p.0 > begin);
    any_inside.then(|| used.windows(2).filter(|p| test(p[0].1, p[1].1)).count() as f64)
}

fn agree(got: Option<f64>, wanted: Option<f64>) -> bool {
    match (got, wanted) {
        (Some(got), Some(wanted)) => {
            got == wanted
                || (got.is_nan() && wanted.is_nan())
                || (got - wanted).abs() <= 4.0 * f64::EPSILON * wanted.abs()
        }
        _ => got == wanted,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn extended_kernels_follow_the_definitions(
        (times, values) in samples(),
        setup in setup(),
        lookback in prop_oneof![1..4_000_i64, 4_000..300_000_i64],
    ) {
        let setup = Setup { lookback, ..setup };
        let samples = Samples::floats(&times, &values);
        let edges = |k: usize| {
            let end = setup.first_end + setup.end_step * k as i64;
            (end - setup.range, end)
        };
        for (name, counter, per) in
            [("increase", true, 1.0), ("delta", false, 1.0), ("rate", true, setup.range as f64 / 1000.0)]
        {
            for extension in [Extension::Anchored, Extension::Smoothed] {
                let smoothed = extension == Extension::Smoothed;
                let got = run(name, Way::Extended(extension), samples, &setup).floats();
                for (k, &got) in got.iter().enumerate() {
                    let (begin, end) = edges(k);
                    let to = if smoothed { end + lookback } else { end };
                    let points = reached(&times, &values, begin - lookback, to);
                    let wanted = change(&points, begin, end, smoothed, counter).map(|v| v / per);
                    prop_assert!(agree(got, wanted), "{name} {extension:?} {k}: {got:?} instead of {wanted:?}");
                }
            }
        }
        let changed: fn(f64, f64) -> bool = |a, b| a != b && !(a.is_nan() && b.is_nan());
        let fell: fn(f64, f64) -> bool = |a, b| b < a;
        for (name, test) in [("changes", changed), ("resets", fell)] {
            let got = run(name, Way::Extended(Extension::Anchored), samples, &setup).floats();
            for (k, &got) in got.iter().enumerate() {
                let (begin, end) = edges(k);
                let wanted = events(&reached(&times, &values, begin - lookback, end), begin, test);
                prop_assert!(agree(got, wanted), "{name} anchored {k}: {got:?} instead of {wanted:?}");
            }
        }
    }
}
