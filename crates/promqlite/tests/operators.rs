//! Operators and functions end to end, on small stores.

use std::ops::ControlFlow;

use promqlite::{Engine, EngineOptions, Features, MemStore, Millis, Query, Series, Timestamp, Value};
use promqlite::{SampleValue, Storage};

/// A store of series written as `name{label="value"} v v _ v`, a sample every 10 s from 0.
fn store(lines: &[&str]) -> MemStore {
    let store = MemStore::new();
    for line in lines {
        let (metric, values) = line
            .rsplit_once("} ")
            .map_or_else(|| line.split_once(' ').unwrap(), |(metric, values)| (metric, values));
        let (name, labels) = metric.split_once('{').unwrap_or((metric, ""));
        let mut pairs = vec![("__name__", name)];
        for pair in labels.split(',').filter(|pair| !pair.is_empty()) {
            let (label, value) = pair.split_once('=').unwrap();
            pairs.push((label, value.trim_matches('"')));
        }
        let series = store.series_of(pairs);
        for (i, value) in values.split(' ').enumerate().filter(|(_, value)| *value != "_") {
            store.append(series, i as i64 * 10_000, value.parse().unwrap());
        }
    }
    store
}

fn engine() -> Engine {
    Engine::new(EngineOptions { features: Features::ALL, ..EngineOptions::default() })
}

/// The result as text: one line per series.
fn show(value: &Value) -> Vec<String> {
    match value {
        Value::Scalar(_, v) => vec![v.to_string()],
        Value::String(_, s) => vec![s.clone()],
        Value::Vector(_, samples) => samples
            .iter()
            .map(|s| match &s.value {
                SampleValue::Float(v) => format!("{} {v}", s.labels),
                SampleValue::Histogram(_) => format!("{} histogram", s.labels),
            })
            .collect(),
        Value::Matrix(series) => series
            .iter()
            .map(|s| {
                let points: Vec<String> =
                    s.floats.iter().map(|(t, v)| format!("{v}@{}", t.0 / 1000)).collect();
                format!("{} {}", s.labels, points.join(" "))
            })
            .collect(),
    }
}

fn instant(store: &dyn Storage, text: &str, at_s: i64) -> Vec<String> {
    match engine().query(store, &Query::instant(text, Timestamp(at_s * 1000))) {
        Ok(result) => show(&result.value),
        Err(error) => vec![format!("error: {error}")],
    }
}

fn range(store: &dyn Storage, text: &str, start_s: i64, end_s: i64, step_s: i64) -> Vec<String> {
    let query = Query::range(text, Timestamp(start_s * 1000), Timestamp(end_s * 1000), Millis(step_s * 1000));
    match engine().query(store, &query) {
        Ok(result) => show(&result.value),
        Err(error) => vec![format!("error: {error}")],
    }
}

#[test]
fn selectors_and_scalars() {
    let s = store(&["up{job=\"a\"} 1 2 3", "up{job=\"b\"} 4 5 6", "down{job=\"a\"} 7"]);
    assert_eq!(instant(&s, "up", 10), ["up{job=\"a\"} 2", "up{job=\"b\"} 5"]);
    assert_eq!(instant(&s, "up offset 10s", 20), ["up{job=\"a\"} 2", "up{job=\"b\"} 5"]);
    assert_eq!(instant(&s, "up @ 0", 20), ["up{job=\"a\"} 1", "up{job=\"b\"} 4"]);
    assert_eq!(instant(&s, "{job=~\"a|c\"}", 0), ["up{job=\"a\"} 1", "down{job=\"a\"} 7"]);
    assert_eq!(instant(&s, "1 + 2 * 3 ^ 2", 0), ["19"]);
    assert_eq!(instant(&s, "time()", 15), ["15"]);
    assert_eq!(instant(&s, "scalar(down) + 1", 0), ["8"]);
    assert_eq!(instant(&s, "\"a string\"", 0), ["a string"]);
    assert_eq!(range(&s, "up{job=\"a\"}", 0, 20, 10), ["up{job=\"a\"} 1@0 2@10 3@20"]);
    assert_eq!(instant(&s, "up{job=\"a\"}[15s]", 20), ["up{job=\"a\"} 2@10 3@20"]);
}

#[test]
fn aggregations() {
    let s = store(&["x{a=\"1\",b=\"2\"} 3", "x{a=\"1\",b=\"3\"} 4", "x{a=\"2\",b=\"2\"} 10"]);
    assert_eq!(instant(&s, "sum by (a) (x)", 0), ["{a=\"1\"} 7", "{a=\"2\"} 10"]);
    assert_eq!(instant(&s, "avg without (b) (x)", 0), ["{a=\"1\"} 3.5", "{a=\"2\"} 10"]);
    assert_eq!(instant(&s, "max(x)", 0), ["{} 10"]);
    assert_eq!(instant(&s, "count by (b) (x)", 0), ["{b=\"2\"} 2", "{b=\"3\"} 1"]);
    assert_eq!(instant(&s, "topk(2, x)", 0), ["x{a=\"2\", b=\"2\"} 10", "x{a=\"1\", b=\"3\"} 4"]);
    assert_eq!(instant(&s, "quantile(0.5, x)", 0), ["{} 4"]);
    assert_eq!(instant(&s, "count_values(\"v\", x > 3)", 0), ["{v=\"4\"} 1", "{v=\"10\"} 1"]);
    assert_eq!(instant(&s, "sum(nothing)", 0), Vec::<String>::new());
    assert_eq!(instant(&s, "topk(NaN, x)", 0), ["error: Parameter value is NaN"]);
    assert_eq!(instant(&s, "limitk(2, x)", 0), ["x{a=\"1\", b=\"2\"} 3", "x{a=\"1\", b=\"3\"} 4"]);
}

#[test]
fn joins() {
    let s = store(&[
        "err{m=\"get\",code=\"500\"} 24",
        "err{m=\"get\",code=\"404\"} 30",
        "err{m=\"put\",code=\"501\"} 3",
        "req{m=\"get\"} 600",
        "req{m=\"del\"} 34",
    ]);
    assert_eq!(instant(&s, "err{code=\"500\"} / ignoring(code) req", 0), ["{m=\"get\"} 0.04"]);
    let many = instant(&s, "err / on(m) group_left req", 0);
    assert_eq!(many, ["{code=\"500\", m=\"get\"} 0.04", "{code=\"404\", m=\"get\"} 0.05"]);
    let text =
        "error: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)";
    assert_eq!(instant(&s, "err / on(m) req", 0), [text]);
    let duplicate = instant(&s, "req / on(m) err", 0);
    assert!(
        duplicate[0].starts_with(
            "error: found duplicate series for the match group {m=\"get\"} on the right hand-side"
        )
    );
    assert_eq!(instant(&s, "err < on(m) group_left req", 0).len(), 2);
    assert_eq!(instant(&s, "err{code=\"500\"} < bool ignoring(code) req", 0), ["{m=\"get\"} 1"]);
    assert_eq!(instant(&s, "req and on(m) err", 0), ["req{m=\"get\"} 600"]);
    assert_eq!(instant(&s, "req unless on(m) err", 0), ["req{m=\"del\"} 34"]);
    assert_eq!(instant(&s, "err{m=\"put\"} or on(m) req", 0).len(), 3);
    assert_eq!(instant(&s, "req + on(m) fill(0) err{code=\"501\"}", 0).len(), 3);
    assert_eq!(instant(&s, "1000 > req", 0), ["req{m=\"get\"} 600", "req{m=\"del\"} 34"]);
    assert_eq!(instant(&s, "req > bool 100", 0), ["{m=\"get\"} 1", "{m=\"del\"} 0"]);
}

#[test]
fn rows_that_become_equal_are_joined_or_refused() {
    let s = store(&["a{job=\"api\"} 2 _", "b{job=\"api\"} _ 4"]);
    let query = |text| {
        let query =
            Query::range(text, Timestamp(0), Timestamp(10_000), Millis(10_000)).with_lookback(Millis(5_000));
        engine().query(&s, &query).map(|r| show(&r.value)).map_err(|e| e.to_string())
    };
    assert_eq!(query("-{job=\"api\"}").unwrap(), ["{job=\"api\"} -2@0 -4@10"]);
    assert_eq!(
        engine().query(&s, &Query::instant("-{job=\"api\"}", Timestamp(10_000))).unwrap_err().to_string(),
        "vector cannot contain metrics with the same labelset"
    );
}

/// The series of a range query come in no defined order, so no script tells.
#[test]
fn equal_values_are_selected_in_the_order_of_the_samples() {
    let store = store(&[r#"m{k="a"} 1"#, r#"x{k="b"} 1 1"#, r#"y{k="a"} _ 1"#]);
    let mut options = EngineOptions { lookback: Millis(5_000), ..EngineOptions::default() };
    for delayed_name_removal in [false, true] {
        options.delayed_name_removal = delayed_name_removal;
        let query = Query::instant(r#"topk(1, -{__name__=~"."})"#, Timestamp(10_000));
        let result = Engine::new(options.clone()).query(&store, &query).expect("an answer");
        assert_eq!(show(&result.value), [r#"{k="b"} -1"#]);
    }
}

#[test]
fn what_no_result_needs_is_still_judged() {
    let s = store(&["a{job=\"api\"} 1 2", "b{job=\"api\"} 3 4", "c{job=\"db\"} 5 6"]);
    let refused = ["error: vector cannot contain metrics with the same labelset"];
    assert_eq!(instant(&s, "c + abs({job=\"api\"})", 0), refused);
    assert_eq!(instant(&s, "abs({job=\"api\"}) and c", 0), refused);
    let query = Query::instant("rate(a[1m]) and c", Timestamp(10_000));
    let result = engine().query(&s, &query).unwrap();
    assert_eq!(result.value.series_count(), 0);
    assert_eq!(result.infos().len(), 1, "{:?}", result.infos());
}

#[test]
fn label_functions_sorting_and_absence() {
    let s = store(&["up{s=\"a:c\"} 3", "up{s=\"b\"} 1"]);
    assert_eq!(
        instant(&s, "label_replace(up, \"f\", \"$1\", \"s\", \"(.*):.*\")", 0),
        ["up{f=\"a\", s=\"a:c\"} 3", "up{s=\"b\"} 1"]
    );
    assert_eq!(
        instant(&s, "label_join(up{s=\"b\"}, \"j\", \"-\", \"s\", \"zz\", \"s\")", 0),
        ["up{j=\"b--b\", s=\"b\"} 1"]
    );
    assert_eq!(instant(&s, "sort(up)", 0), ["up{s=\"b\"} 1", "up{s=\"a:c\"} 3"]);
    assert_eq!(instant(&s, "absent(up{job=\"j\",i=~\".*\"})", 0), ["{job=\"j\"} 1"]);
    assert_eq!(instant(&s, "absent(up)", 0), Vec::<String>::new());
    assert_eq!(instant(&s, "vector(1)", 0), ["{} 1"]);
    assert_eq!(instant(&s, "year(vector(1709210096))", 0), ["{} 2024"]);
    assert_eq!(instant(&s, "timestamp(up)", 5), ["{s=\"a:c\"} 0", "{s=\"b\"} 0"]);
    assert_eq!(instant(&s, "clamp_max(up, 2)", 0), ["{s=\"a:c\"} 2", "{s=\"b\"} 1"]);
}

#[test]
fn classic_histograms() {
    let s = store(&["b{le=\"0.1\"} 5", "b{le=\"0.5\"} 8", "b{le=\"1\"} 9", "b{le=\"+Inf\"} 10"]);
    assert_eq!(instant(&s, "histogram_quantile(0.25, b)", 0), ["{} 0.05"]);
    assert_eq!(instant(&s, "histogram_fraction(-Inf, 1, b)", 0), ["{} 0.9"]);
    assert_eq!(
        instant(&s, "histogram_quantiles(b, \"q\", 0.25, 1)", 0),
        ["{q=\"0.25\"} 0.05", "{q=\"1.0\"} 1"]
    );
}

#[test]
fn doubling_labels_end_in_an_error_before_the_memory_does() {
    let s = store(&["up{job=\"a\"} 1"]);
    let mut options = EngineOptions::default();
    options.limits.max_bytes = 1 << 20;
    let (mut replace, mut join) = ("up".to_owned(), "up".to_owned());
    for _ in 0..60 {
        replace = format!("label_replace({replace}, \"job\", \"${{1}}${{1}}\", \"job\", \"(.*)\")");
        join = format!("label_join({join}, \"job\", \",\", \"job\", \"job\")");
    }
    for text in [replace, join] {
        let error = Engine::new(options.clone()).query(&s, &Query::instant(text, Timestamp(0))).unwrap_err();
        assert!(error.to_string().contains("more than its memory limit of 1048576:"), "{error}");
    }
}

#[test]
fn limits_end_in_their_own_errors() {
    let s = store(&["up{job=\"a\"} 1 2 3"]);
    let mut options = EngineOptions::default();
    options.limits.max_samples = 2;
    let query = Query::range("up", Timestamp(0), Timestamp(20_000), Millis(10_000));
    let error = Engine::new(options.clone()).query(&s, &query).unwrap_err();
    assert_eq!(
        error.to_string(),
        "query processing would load too many samples into memory in query execution"
    );
    options.limits.max_samples = 3;
    assert!(
        Engine::new(options.clone()).query(&s, &query).is_ok(),
        "as many samples as the limit are allowed"
    );
    options.limits.max_samples = 1000;
    options.limits.max_steps = 2;
    let error = Engine::new(options).query(&s, &query).unwrap_err();
    assert!(error.to_string().contains("3 steps"), "{error}");
    let cancel = promqlite::Cancel::new();
    cancel.cancel();
    let error = engine().query(&s, &query.clone().with_cancel(&cancel)).unwrap_err();
    assert_eq!(error.to_string(), "query was canceled in query execution");
    let error = engine().query(&s, &query.with_timeout(std::time::Duration::ZERO)).unwrap_err();
    assert_eq!(error.error_type(), "timeout");
}

/// A store may hand out series in any order; a stream has that of labels, and ends when it is told to.
#[test]
fn a_stream_is_in_order_and_can_be_left() {
    let store = MemStore::new();
    for i in (0..500).rev() {
        let id = store.series_of([("__name__", "m"), ("i", &format!("{i:03}"))]);
        for k in 0..100 {
            store.append(id, k * 1000, f64::from(i));
        }
    }
    let query = Query::range("-m", Timestamp(0), Timestamp(99_000), Millis(1000));
    let mut first = Vec::new();
    let result = engine().stream(&store, &query, |series| {
        first.extend(series);
        ControlFlow::Break(())
    });
    assert_eq!(result.expect("an answer").value.series_count(), 0);
    assert!(!first.is_empty() && first.len() < 500, "{} series", first.len());
    for (i, one) in first.iter().enumerate() {
        assert_eq!(one.labels.get("i"), Some(format!("{i:03}").as_str()));
        assert!(one.floats.iter().all(|(_, v)| v == -(i as f64)) && one.floats.len() == 100);
    }

    // Whole are: instant queries, and what fails.
    let instant = Query::instant("m", Timestamp(0));
    let none = |_: Vec<Series>| -> ControlFlow<()> { unreachable!("an instant query has no series") };
    assert_eq!(engine().stream(&store, &instant, none).expect("an answer").value.series_count(), 500);
    let failing = Query::range("m * on () m", Timestamp(0), Timestamp(1000), Millis(1000));
    let whole = engine().query(&store, &failing).expect_err("many to many").to_string();
    assert_eq!(engine().stream(&store, &failing, none).expect_err("many to many").to_string(), whole);
    let scalar = Query::range("time()", Timestamp(0), Timestamp(3000), Millis(1000));
    let mut points = Vec::new();
    let each = |series: Vec<Series>| {
        points.extend(series.iter().flat_map(|one| one.floats.iter().map(|(t, v)| (t.0, v))));
        ControlFlow::Continue(())
    };
    engine().stream(&store, &scalar, each).expect("an answer");
    assert_eq!(points, [(0, 0.0), (1000, 1.0), (2000, 2.0), (3000, 3.0)]);
}
