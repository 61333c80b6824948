//! Worked examples of floats: functions, start timestamps, extended windows.

use super::*;

fn value(name: &str, points: &[(i64, f64)], setup: &Setup) -> Option<f64> {
    let buf = series(points);
    let floats = run(name, Way::Floats, buf.samples(), setup);
    let mixed = run(name, Way::Mixed, buf.samples(), setup);
    assert_eq!(format!("{:?}", floats.float()), format!("{:?}", mixed.float()), "{name}: kernels differ");
    floats.float()
}

#[track_caller]
fn check(name: &str, points: &[(i64, f64)], setup: &Setup, expected: f64) {
    let got = value(name, points, setup).unwrap_or_else(|| panic!("{name} yields nothing"));
    let same = got == expected || (got.is_nan() && expected.is_nan());
    let close = same || (got - expected).abs() <= 1e-9 * expected.abs();
    assert!(close, "{name}: {got} instead of {expected}");
}

/// The values a second apart, all in the window.
#[track_caller]
fn over(name: &str, values: &[f64], args: &[f64], expected: f64) {
    let points: Vec<_> = values.iter().enumerate().map(|(i, &v)| (i as i64 + 1, v)).collect();
    check(name, &points, &Setup::one(60_000, 60_000).with_args(args), expected);
}

const NAN: f64 = f64::NAN;

#[test]
fn rates_are_extrapolated() {
    let minutes = Setup::one(300_000, 300_000);
    let with_reset = [(60, 10.0), (120, 20.0), (180, 5.0), (240, 15.0)];
    check("increase", &with_reset, &minutes, 125.0 / 3.0);
    check("rate", &with_reset, &minutes, 125.0 / 900.0);
    check("delta", &with_reset, &minutes, 25.0 / 3.0);
    check("increase", &[(60, 2.0), (120, 12.0), (180, 22.0), (240, 32.0)], &minutes, 42.0);
    check("increase", &[(200, 50.0), (210, 60.0), (220, 70.0)], &minutes, 30.0);
    assert_eq!(value("rate", &[(60, 1.0)], &minutes), None);
}

#[test]
fn last_two_samples() {
    let minutes = Setup::one(300_000, 300_000);
    check("irate", &[(180, 5.0), (240, 15.0)], &minutes, 1.0 / 6.0);
    check("idelta", &[(180, 5.0), (240, 15.0)], &minutes, 10.0);
    check("irate", &[(180, 20.0), (240, 5.0)], &minutes, 1.0 / 12.0);
    check("idelta", &[(180, 20.0), (240, 5.0)], &minutes, -15.0);
    assert_eq!(value("irate", &[(240, 5.0)], &minutes), None);
}

#[test]
fn simple_functions() {
    over("changes", &[1.0, 2.0, 2.0, NAN, NAN], &[], 2.0);
    over("resets", &[3.0, 1.0, 2.0, 0.0], &[], 2.0);
    over("sum_over_time", &[1.0, 1e100, 1.0, -1e100], &[], 2.0);
    over("sum_over_time", &[1e308, 1e308, -1e308], &[], f64::INFINITY);
    over("avg_over_time", &[1.0, 1e100, 1.0, -1e100], &[], 0.5);
    over("avg_over_time", &[1.5e308, 1.5e308, 5e307], &[], 1.166_666_666_666_666_7e308);
    over("min_over_time", &[2.0, NAN, 1.0], &[], 1.0);
    over("max_over_time", &[2.0, NAN, 1.0], &[], 2.0);
    over("max_over_time", &[NAN, NAN], &[], NAN);
    over("count_over_time", &[5.0, 6.0, 7.0], &[], 3.0);
    over("present_over_time", &[5.0, 6.0], &[], 1.0);
    over("first_over_time", &[2.0, 0.0, 3.0], &[], 2.0);
    over("last_over_time", &[2.0, 0.0, 3.0], &[], 3.0);
    over("ts_of_first_over_time", &[2.0, 0.0, 3.0], &[], 1.0);
    over("ts_of_last_over_time", &[2.0, 0.0, 3.0], &[], 3.0);
    over("ts_of_max_over_time", &[1.0, 3.0, 3.0], &[], 3.0);
    over("ts_of_min_over_time", &[1.0, 3.0, 1.0, NAN], &[], 3.0);
    over("stddev_over_time", &[1.0, 2.0, 3.0, 4.0], &[], 1.25_f64.sqrt());
    over("stdvar_over_time", &[1.0, 2.0, 3.0, 4.0], &[], 1.25);
    over("quantile_over_time", &[0.0, 4.0, 1.0], &[0.5], 1.0);
    over("mad_over_time", &[1.0, 2.0, 4.0, 4.0, 10.0], &[], 2.0);
    over("mad_over_time", &[1.0, NAN], &[], NAN);
    over("double_exponential_smoothing", &[1.0, 2.0, 4.0, 7.0], &[0.5, 0.5], 5.875);
}

#[test]
fn lines() {
    let points = [(0, 1.0), (60, 3.0), (120, 4.0)];
    let setup = Setup::one(120_000, 300_000);
    check("deriv", &points, &setup, 0.025);
    // The step is 7 s after the window's end, and the forecast starts there.
    check("predict_linear", &points, &setup.clone().with_args(&[53.0]), 17.0 / 3.0);
}

#[test]
fn bad_arguments() {
    let buf = series(&[(1, 1.0), (2, 2.0)]);
    let setup = Setup::one(60_000, 60_000);
    let run_with = |name, args: &[f64]| run(name, Way::Floats, buf.samples(), &setup.clone().with_args(args));
    let smoothing = |sf, tf| run_with("double_exponential_smoothing", &[sf, tf]).error.unwrap();
    assert_eq!(smoothing(1.0, 0.5), "invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000");
    assert_eq!(smoothing(0.5, f64::INFINITY), "invalid trend factor. Expected: 0 < tf < 1, got: +Inf");
    let empty = run(
        "double_exponential_smoothing",
        Way::Floats,
        Samples::EMPTY,
        &setup.clone().with_args(&[2.0, 2.0]),
    );
    assert_eq!(empty.error, None);
    let quantile = run_with("quantile_over_time", &[1.5]);
    assert_eq!(quantile.float(), Some(f64::INFINITY));
    assert_eq!(
        quantile.remarks(),
        ["PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:1)"]
    );
}

fn started(points: &[(i64, f64, i64)]) -> SampleBuf {
    let mut buf = SampleBuf::default();
    for &(t, v, start) in points {
        buf.push(t * 1000, v);
        buf.set_start_time(start * 1000);
    }
    buf
}

#[test]
fn start_times_give_a_zero_point() {
    let setup = Setup::one(300_000, 240_000);
    let buf = started(&[(120, 1.0, 90), (180, 2.0, 90), (240, 3.0, 90)]);
    for way in [Way::Floats, Way::Mixed] {
        let with = run("increase", way, buf.samples(), &setup.clone().using_start_times()).float().unwrap();
        assert!((with - 4.2).abs() < 1e-12, "{with}");
        let without = run("increase", way, buf.samples(), &setup).float().unwrap();
        assert!((without - 4.0).abs() < 1e-12, "{without}");
        let one = started(&[(120, 7.0, 90)]);
        assert_eq!(
            run("increase", way, one.samples(), &setup.clone().using_start_times()).float(),
            Some(7.0)
        );
        assert_eq!(run("increase", way, one.samples(), &setup).float(), None);
    }
}

#[test]
fn start_times_show_hidden_resets_and_overlaps() {
    let setup = Setup::one(300_000, 300_000).using_start_times();
    let hidden = started(&[(60, 5.0, 0), (120, 6.0, 90), (180, 7.0, 90)]);
    for way in [Way::Floats, Way::Mixed] {
        assert_eq!(run("resets", way, hidden.samples(), &setup).float(), Some(1.0));
        assert_eq!(
            run("irate", way, started(&[(60, 5.0, 0), (120, 6.0, 90)]).samples(), &setup).float(),
            Some(0.1)
        );
        let overlap = started(&[(60, 5.0, 30), (120, 6.0, 40)]);
        let outcome = run("rate", way, overlap.samples(), &setup);
        let text = "PromQL warning: sample has start time that overlaps with previous sample timestamp for metric \"m\" (1:1)";
        assert_eq!(outcome.remarks(), [text]);
    }
}

fn extended(name: &str, extension: Extension, points: &[(i64, f64)], end: i64, range: i64) -> Option<f64> {
    let setup = Setup::one(end * 1000, range * 1000);
    run(name, Way::Extended(extension), series(points).samples(), &setup).float()
}

#[test]
fn extended_windows() {
    use Extension::{Anchored, Smoothed};
    let points = [(0, 1.0), (60, 4.0), (120, 10.0)];
    assert_eq!(extended("increase", Anchored, &points, 90, 60), Some(3.0));
    assert_eq!(extended("increase", Smoothed, &points, 90, 60), Some(4.5));
    assert_eq!(value("increase", &points, &Setup::one(90_000, 60_000)), None);
    let rate = extended("rate", Smoothed, &[(0, 100.0), (15, 10.0)], 12, 10).unwrap();
    assert!((rate - 2.0 / 3.0).abs() < 1e-12, "{rate}");
    assert_eq!(extended("delta", Anchored, &[(30, 4.0)], 60, 60), Some(0.0));
    assert_eq!(extended("delta", Anchored, &[(30, 4.0)], 120, 60), None);
    assert_eq!(extended("changes", Anchored, &[(0, 2.0), (120, 1.0)], 120, 60), Some(1.0));
    assert_eq!(extended("resets", Anchored, &[(0, 2.0), (120, 1.0)], 120, 60), Some(1.0));
    assert_eq!(extended("changes", Anchored, &[(0, 2.0)], 120, 60), None);
}
