//! Kernels of floats against twins that follow the definitions window by window, on series made to hurt.

use proptest::prelude::*;

use super::*;
use crate::numeric::{CompensatedSum, Mean, compensated_variance, linear_regression};

/// All float functions, with values for their scalar arguments.
const FUNCTIONS: &[(&str, &[f64])] = &[
    ("avg_over_time", &[]),
    ("changes", &[]),
    ("count_over_time", &[]),
    ("delta", &[]),
    ("deriv", &[]),
    ("double_exponential_smoothing", &[0.3, 0.6]),
    ("first_over_time", &[]),
    ("idelta", &[]),
    ("increase", &[]),
    ("irate", &[]),
    ("last_over_time", &[]),
    ("mad_over_time", &[]),
    ("max_over_time", &[]),
    ("min_over_time", &[]),
    ("predict_linear", &[100.0]),
    ("present_over_time", &[]),
    ("quantile_over_time", &[0.37]),
    ("rate", &[]),
    ("resets", &[]),
    ("stddev_over_time", &[]),
    ("stdvar_over_time", &[]),
    ("sum_over_time", &[]),
    ("ts_of_first_over_time", &[]),
    ("ts_of_last_over_time", &[]),
    ("ts_of_max_over_time", &[]),
    ("ts_of_min_over_time", &[]),
];

/// One window as the definitions see it.
struct Window<'a> {
    times: &'a [i64],
    values: &'a [f64],
    begin: i64,
    end: i64,
    step_time: i64,
}

fn twin(name: &str, w: &Window<'_>, args: &[f64]) -> Option<f64> {
    let (t, v) = (w.times, w.values);
    let n = v.len();
    if n == 0 {
        return None;
    }
    let at_least_two = |result: &dyn Fn() -> f64| (n >= 2).then(result);
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let pairs = |test: fn(f64, f64) -> bool| v.windows(2).filter(|p| test(p[0], p[1])).count() as f64;
    let numbers = || v.iter().copied().filter(|x| !x.is_nan());
    let last_at = |best: f64| {
        let found = (0..n).rev().find(|&i| v[i] == best || (best.is_nan() && v[i].is_nan()));
        seconds(t[found.expect("the extreme is one of the values")])
    };
    match name {
        "avg_over_time" => Some(Mean::of(v)),
        "sum_over_time" => {
            let mut sum = CompensatedSum::default();
            v.iter().for_each(|&x| sum.add(x));
            Some(sum.value())
        }
        "changes" => Some(pairs(|a, b| a != b && !(a.is_nan() && b.is_nan()))),
        "resets" => Some(pairs(|a, b| b < a)),
        "count_over_time" => Some(n as f64),
        "present_over_time" => Some(1.0),
        "first_over_time" => Some(v[0]),
        "last_over_time" => Some(v[n - 1]),
        "ts_of_first_over_time" => Some(seconds(t[0])),
        "ts_of_last_over_time" => Some(seconds(t[n - 1])),
        "min_over_time" => Some(numbers().reduce(f64::min).unwrap_or(f64::NAN)),
        "max_over_time" => Some(numbers().reduce(f64::max).unwrap_or(f64::NAN)),
        "ts_of_min_over_time" => Some(last_at(numbers().reduce(f64::min).unwrap_or(f64::NAN))),
        "ts_of_max_over_time" => Some(last_at(numbers().reduce(f64::max).unwrap_or(f64::NAN))),
        "stdvar_over_time" => Some(compensated_variance(v)),
        "stddev_over_time" => Some(compensated_variance(v).sqrt()),
        "quantile_over_time" => Some(sorted_quantile(args[0], v)),
        "mad_over_time" if numbers().count() < n => Some(f64::NAN),
        "mad_over_time" => {
            let median = sorted_quantile(0.5, v);
            Some(sorted_quantile(0.5, &v.iter().map(|x| (x - median).abs()).collect::<Vec<_>>()))
        }
        "deriv" => at_least_two(&|| linear_regression(t, v, t[0]).slope),
        "predict_linear" => at_least_two(&|| {
            let line = linear_regression(t, v, w.step_time);
            line.slope * args[0] + line.intercept
        }),
        "double_exponential_smoothing" => at_least_two(&|| smoothed(v, args[0], args[1])),
        "idelta" => at_least_two(&|| v[n - 1] - v[n - 2]),
        "irate" => at_least_two(&|| {
            let change = if v[n - 1] < v[n - 2] { v[n - 1] } else { v[n - 1] - v[n - 2] };
            change / seconds(t[n - 1] - t[n - 2])
        }),
        "rate" => at_least_two(&|| extrapolated(w, true, seconds(w.end - w.begin))),
        "increase" => at_least_two(&|| extrapolated(w, true, 1.0)),
        "delta" => at_least_two(&|| extrapolated(w, false, 1.0)),
        _ => panic!("no twin of {name}"),
    }
}

fn sorted_quantile(q: f64, values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| match (a.is_nan(), b.is_nan()) {
        (false, false) => a.partial_cmp(b).unwrap(),
        (x, y) => y.cmp(&x),
    });
    let rank = q * (sorted.len() - 1) as f64;
    let low = rank.floor();
    let high = (low as usize + 1).min(sorted.len() - 1);
    sorted[low as usize] * (1.0 - (rank - low)) + sorted[high] * (rank - low)
}

fn smoothed(v: &[f64], sf: f64, tf: f64) -> f64 {
    let (mut s0, mut s1, mut b) = (0.0, v[0], v[1] - v[0]);
    for (i, x) in v.iter().enumerate().skip(1) {
        if i > 1 {
            b = tf * (s1 - s0) + (1.0 - tf) * b;
        }
        let next = sf * x + (1.0 - sf) * (s1 + b);
        (s0, s1) = (s1, next);
    }
    s1
}

fn extrapolated(w: &Window<'_>, counter: bool, per: f64) -> f64 {
    let (t, v, n) = (w.times, w.values, w.values.len());
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let mut raw = v[n - 1] - v[0];
    for i in 1..n {
        if counter && v[i] < v[i - 1] {
            raw += v[i - 1];
        }
    }
    let sampled = seconds(t[n - 1] - t[0]);
    let average = sampled / (n - 1) as f64;
    let (mut before, mut after) = (seconds(t[0] - w.begin), seconds(w.end - t[n - 1]));
    if before >= average * 1.1 {
        before = average / 2.0;
    }
    if counter && raw > 0.0 && v[0] >= 0.0 && sampled * (v[0] / raw) < before {
        before = sampled * (v[0] / raw);
    }
    if after >= average * 1.1 {
        after = average / 2.0;
    }
    raw * ((sampled + before + after) / sampled / per)
}

fn any_value() -> impl Strategy<Value = f64> {
    let odd =
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1.0, 1e16, -1e16, 1e-300, 1e308, -1e308];
    prop_oneof![
        8 => (0..20_i32).prop_map(f64::from),
        3 => -1e6..1e6_f64,
        2 => prop::sample::select(vec![0.0, -0.0, 1.0, 1e16, -1e16, 1e100, -1e100]),
        1 => prop::sample::select(odd.to_vec()),
    ]
}

/// Values of one kind, so that long stretches stay finite, or of all.
fn values(n: usize) -> impl Strategy<Value = Vec<f64>> {
    let counter = prop::collection::vec((0..50_u32, 0..12_u8), n).prop_map(|steps| {
        let mut total = 0.0;
        let next = |(by, reset)| {
            total = if reset == 0 { f64::from(by) } else { total + f64::from(by) };
            total
        };
        steps.into_iter().map(next).collect()
    });
    prop_oneof![
        prop::collection::vec(any_value(), n),
        counter,
        prop::collection::vec(-1e3..1e3_f64, n),
        prop::collection::vec(prop::sample::select(vec![1e16, 1.0, 0.0, -1e16]), n),
        // Cancels far, though not so far that the order of additions shows.
        prop::collection::vec(prop::sample::select(vec![1e16, -1e16, 123_456.7, 1e6]), n),
        prop::collection::vec(prop::sample::select(vec![1e308, -1e308, 1e307, 5.0]), n),
    ]
}

fn times(n: usize) -> impl Strategy<Value = Vec<i64>> {
    let even = prop_oneof![8 => Just(1_000_i64), 1 => Just(30_000_i64)];
    let uneven = prop_oneof![6 => Just(1_000_i64), 3 => 1..3_000_i64, 1 => 10_000..200_000_i64];
    let gaps = prop_oneof![prop::collection::vec(even, n), prop::collection::vec(uneven, n)];
    let first = prop_oneof![(-5..5_i64).prop_map(|s| s * 1000), -5_000_i64..5_000];
    (first, gaps).prop_map(|(first, gaps)| {
        gaps.into_iter().scan(first, |t, gap| Some(std::mem::replace(t, *t + gap))).collect()
    })
}

pub(super) fn samples() -> impl Strategy<Value = (Vec<i64>, Vec<f64>)> {
    (0..160_usize).prop_flat_map(|n| (times(n), values(n)))
}

pub(super) fn setup() -> impl Strategy<Value = Setup> {
    let step = prop_oneof![1 => Just(0_i64), 4 => 300..4_000_i64, 1 => 10_000..80_000_i64];
    let range = prop_oneof![1 => 1..3_000_i64, 3 => 3_000..150_000_i64];
    let parts = (-20_000..100_000_i64, step, 0..70_usize, range, any::<bool>());
    // Half of the windows have whole seconds, as many times have, so that samples lie on edges.
    let whole = |ms: i64, aligned: bool| if aligned { (ms + 999) / 1000 * 1000 } else { ms };
    parts.prop_map(move |(first_end, end_step, len, range, aligned)| Setup {
        first_end: whole(first_end, aligned),
        end_step: whole(end_step, aligned),
        len,
        range: whole(range, aligned),
        lookback: 0,
        args: vec![],
        start_times: false,
    })
}

fn expected(name: &str, times: &[i64], values: &[f64], setup: &Setup, args: &[f64]) -> Vec<Option<f64>> {
    let windows = setup.windows(Samples::floats(times, values));
    (0..setup.len)
        .map(|k| {
            let end = setup.first_end + setup.end_step * k as i64;
            let begin = end - setup.range;
            let inside: Vec<usize> =
                (0..times.len()).filter(|&i| begin < times[i] && times[i] <= end).collect();
            let (lo, hi) = (inside.first().copied().unwrap_or(0), inside.last().map_or(0, |&i| i + 1));
            let step_time = windows.grid.time(k).0;
            twin(
                name,
                &Window { times: &times[lo..hi], values: &values[lo..hi], begin, end, step_time },
                args,
            )
        })
        .collect()
}

/// Sums of parts may differ from a pass in order, but by next to nothing; all else is the same to the last bit,
/// except that range seconds and zeros may be spelt in two ways.
fn agree(name: &str, got: Option<f64>, wanted: Option<f64>) -> bool {
    let (Some(got), Some(wanted)) = (got, wanted) else { return got == wanted };
    let tolerance = match name {
        "sum_over_time" | "avg_over_time" | "stddev_over_time" | "stdvar_over_time" => 1e-12,
        "deriv" | "predict_linear" => 1e-12,
        "rate" => 4.0 * f64::EPSILON,
        _ => 0.0,
    };
    got == wanted || (got.is_nan() && wanted.is_nan()) || (got - wanted).abs() <= tolerance * wanted.abs()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn kernels_follow_the_definitions((times, values) in samples(), setup in setup()) {
        for &(name, args) in FUNCTIONS {
            let setup = setup.clone().with_args(args);
            let wanted = expected(name, &times, &values, &setup, args);
            for way in [Way::Floats, Way::Mixed] {
                let got = run(name, way, Samples::floats(&times, &values), &setup).floats();
                for k in 0..setup.len {
                    prop_assert!(
                        agree(name, got[k], wanted[k]),
                        "{name}, {way:?}, step {k}: {:?} instead of {:?}", got[k], wanted[k]
                    );
                }
            }
        }
    }

    #[test]
    fn unknown_start_times_change_nothing((times, values) in samples(), setup in setup()) {
        let unknown = vec![0; times.len()];
        let plain = Samples::floats(&times, &values);
        let started = Samples { start_times: &unknown, ..plain };
        for name in ["rate", "increase", "irate", "resets"] {
            let wanted = run(name, Way::Floats, plain, &setup).floats();
            let got = run(name, Way::Floats, started, &setup.clone().using_start_times()).floats();
            prop_assert!((0..setup.len).all(|k| agree(name, got[k], wanted[k])), "{name}: {got:?} {wanted:?}");
        }
    }

    /// Quantiles that differ from step to step, invalid ones among them.
    #[test]
    fn arguments_are_taken_step_by_step((times, values) in samples(), setup in setup()) {
        let q: Vec<f64> = (0..setup.len).map(|k| [0.1, 0.9, 1.5, f64::NAN, -1.0, 1.0][k % 6]).collect();
        let setup = Setup { args: vec![q.clone()], ..setup };
        let got = run("quantile_over_time", Way::Floats, Samples::floats(&times, &values), &setup).floats();
        for k in 0..setup.len {
            let one = Setup { first_end: setup.first_end + setup.end_step * k as i64, len: 1, ..setup.clone() };
            let one = one.with_args(&[q[k]]);
            let wanted = run("quantile_over_time", Way::Floats, Samples::floats(&times, &values), &one).float();
            prop_assert!(agree("quantile_over_time", got[k], wanted), "step {k}: {:?} {wanted:?}", got[k]);
        }
    }
}
