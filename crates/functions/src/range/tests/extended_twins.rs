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

/// Values that mostly rise, by steps that bring out rounding, with resets, infinities and NaN in between.
fn rising(n: usize) -> impl Strategy<Value = Vec<f64>> {
    let step = prop_oneof![
        60 => 0.0..10f64,
        20 => prop::sample::select(vec![0.0, 0.1, 1.0 / 3.0, 1e-9, 1e16]),
        1 => prop::sample::select(vec![-1e9, f64::INFINITY, f64::NAN, 1e300]),
    ];
    prop::collection::vec(step, n).prop_map(|steps| {
        let mut value: f64 = 0.0;
        let next = |step: f64| {
            value = if step < 0.0 || !value.is_finite() { 0.0 } else { value + step };
            value
        };
        steps.into_iter().map(next).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Many windows that move alike give what each alone gives, to the bit.
    #[test]
    fn smoothed_windows_at_once_are_single_windows(
        (values, late) in (100..400_usize).prop_flat_map(|n| (rising(n), prop::collection::vec(0..40_u32, n))),
        jitter in any::<bool>(),
        (every, per_step) in (1..20_i64, 0..4_i64),
        (first_end, range, lookback) in (-50..100_i64, 1..80_i64, 1..100_i64),
        len in 8..200_usize,
    ) {
        // Few samples are late; with jitter each is by up to a tenth of the interval.
        let late = |i: usize| match late[i] {
            0 => every * 400,
            part if jitter => every * i64::from(part),
            _ => 0,
        };
        let times: Vec<i64> = (0..values.len()).map(|i| i as i64 * every * 1000 + late(i)).collect();
        let samples = Samples::floats(&times, &values);
        let step = per_step * every * 1000;
        let setup = Setup {
            first_end: first_end * every * 500,
            end_step: step,
            len,
            range: range * every * 250,
            lookback: lookback * every * 250,
            args: vec![],
            start_times: false,
        };
        for name in ["rate", "increase", "delta"] {
            let way = Way::Extended(Extension::Smoothed);
            let bits = |value: Option<f64>| value.map(|v| if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() });
            for (k, got) in run(name, way, samples, &setup).floats().into_iter().enumerate() {
                let end = setup.first_end + step * k as i64;
                let alone = Setup { lookback: setup.lookback, ..Setup::one(end, setup.range) };
                let alone = run(name, way, samples, &alone).float();
                prop_assert_eq!(bits(got), bits(alone), "{} {}: {:?} {:?}", name, k, got, alone);
            }
        }
    }
}
