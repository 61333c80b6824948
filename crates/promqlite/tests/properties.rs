//! Laws that hold for every query: a range query is its instant queries, rewrites, threads and batch sizes
//! never change an answer.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use promqlite::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite::{
    Engine, EngineOptions, Features, LabelSet, MemStore, Millis, Query, Rewrites, STALE_NAN, Series,
    Timestamp, Value,
};
use promqlite::{SampleValue, Storage};
use proptest::prelude::*;

const STEP_S: i64 = 15;
const STEPS: i64 = 12;

/// Samples of one series: every 10 s there is a value, a gap or a staleness marker.
fn samples() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = prop_oneof![
        8 => (0..50i32).prop_map(|v| Some(f64::from(v))),
        3 => Just(None),
        1 => Just(Some(STALE_NAN)),
        1 => Just(Some(f64::NAN)),
        1 => Just(Some(f64::INFINITY)),
        1 => Just(Some(1e16)),
    ];
    prop::collection::vec(value, 24)
}

/// A store of two metrics with two labels, and a classic histogram.
fn store() -> impl Strategy<Value = Vec<Vec<Option<f64>>>> {
    prop::collection::vec(samples(), 14)
}

fn fill(series: &[Vec<Option<f64>>]) -> MemStore {
    let store = MemStore::new();
    for (i, samples) in series.iter().enumerate() {
        let (job, inst) = (["a", "b"][i % 2], ["0", "1", "2"][i / 2 % 3]);
        let le = ["0.1", "+Inf"][i % 2];
        let id = match i {
            0..6 => store.series_of([("__name__", "x_total"), ("job", job), ("inst", inst)]),
            6..10 => store.series_of([("__name__", "y_total"), ("job", job), ("inst", inst)]),
            _ => store.series_of([("__name__", "h_bucket"), ("le", le), ("inst", inst)]),
        };
        for (k, value) in samples.iter().enumerate() {
            if let Some(value) = value {
                store.append(id, k as i64 * 10_000, *value);
            }
        }
    }
    store
}

fn selector() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "x_total",
        "y_total",
        "x_total{job=\"a\"}",
        "{job=~\"a|b\",inst!=\"1\"}",
        "x_total offset 20s",
        "h_bucket",
        "y_total @ 60",
        "x_total offset -10s",
        "nothing",
    ])
    .prop_map(str::to_owned)
}

fn vector() -> impl Strategy<Value = String> {
    let range = (
        prop::sample::select(vec![
            "rate",
            "increase",
            "delta",
            "irate",
            "idelta",
            "changes",
            "resets",
            "sum_over_time",
            "avg_over_time",
            "min_over_time",
            "max_over_time",
            "count_over_time",
            "last_over_time",
            "first_over_time",
            "stddev_over_time",
            "stdvar_over_time",
            "present_over_time",
            "absent_over_time",
            "deriv",
            "mad_over_time",
            "ts_of_max_over_time",
        ]),
        prop::sample::select(vec!["x_total", "y_total{job=\"b\"}", "x_total offset 15s"]),
        prop::sample::select(vec!["10s", "25s", "1m", "2m"]),
    )
        .prop_map(|(f, s, d)| match s.split_once(' ') {
            Some((name, modifier)) => format!("{f}({name}[{d}] {modifier})"),
            None => format!("{f}({s}[{d}])"),
        });
    let leaf = prop_oneof![3 => selector(), 2 => range];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let grouping = prop::sample::select(vec!["", " by (job)", " without (inst)", " by (inst, job)"]);
        let fold =
            prop::sample::select(vec!["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]);
        let map = prop::sample::select(vec!["abs", "ceil", "sgn", "-", "timestamp", "absent", "sort_desc"]);
        let op = prop::sample::select(vec![
            "+",
            "-",
            "*",
            "/",
            "%",
            "==",
            "> bool",
            "<=",
            "and",
            "or",
            "unless",
            "+ on (job, inst)",
            "/ on (job) group_left ()",
            "and on (job)",
        ]);
        prop_oneof![
            (fold, grouping, inner.clone()).prop_map(|(f, g, v)| format!("{f}{g} ({v})")),
            (map, inner.clone()).prop_map(|(f, v)| format!("{f}({v})")),
            (inner.clone(), op.clone(), inner.clone()).prop_map(|(l, op, r)| format!("({l} {op} {r})")),
            (inner.clone(), prop::sample::select(vec!["+ 1", "> 10", "== bool 3", "^ 2"]))
                .prop_map(|(v, op)| format!("({v} {op})")),
            inner.clone().prop_map(|v| format!("max_over_time(({v})[45s:10s])")),
            inner.clone().prop_map(|v| format!("quantile(0.4, {v})")),
            inner.clone().prop_map(|v| format!("topk(2, {v})")),
            inner.clone().prop_map(|v| format!("histogram_quantile(0.5, {v})")),
            inner.prop_map(|v| format!("label_replace({v}, \"inst\", \"x$1\", \"inst\", \"(.)\")")),
        ]
    })
}

fn options() -> EngineOptions {
    EngineOptions { features: Features::ALL, ..EngineOptions::default() }
}

/// Every point by labels and time, bits and all; the error's text for a query that fails.
type Points = Result<Vec<(LabelSet, i64, u64)>, String>;

fn run(options: EngineOptions, store: &dyn Storage, query: &Query) -> Points {
    let result = Engine::new(options).query(store, query).map_err(|e| e.to_string())?;
    let mut points = Vec::new();
    match result.value {
        Value::Vector(t, samples) => points.extend(samples.into_iter().map(|s| {
            let SampleValue::Float(v) = s.value else { panic!("the store has no histograms") };
            (s.labels, t.0, v.to_bits())
        })),
        Value::Matrix(series) => {
            for s in series {
                points.extend(s.floats.iter().map(|(t, v)| (s.labels.clone(), t.0, v.to_bits())));
            }
        }
        _ => unreachable!("only vectors are generated"),
    }
    points.sort();
    Ok(points)
}

/// The same points, taken as they are computed: in the order of their labels, and no others.
fn streamed(options: EngineOptions, store: &dyn Storage, query: &Query) -> Points {
    let (mut points, mut last) = (Vec::new(), None);
    let each = |series: Vec<Series>| {
        for s in series {
            assert!(last.as_ref().is_none_or(|last| *last < s.labels), "{} comes late", s.labels);
            points.extend(s.floats.iter().map(|(t, v)| (s.labels.clone(), t.0, v.to_bits())));
            last = Some(s.labels);
        }
        ControlFlow::Continue(())
    };
    let result = Engine::new(options).stream(store, query, each).map_err(|e| e.to_string())?;
    assert_eq!(result.value.series_count(), 0);
    points.sort();
    Ok(points)
}

fn range(text: &str) -> Query {
    let end = Timestamp(60_000 + (STEPS - 1) * STEP_S * 1000);
    Query::range(text, Timestamp(60_000), end, Millis(STEP_S * 1000)).with_lookback(Millis(40_000))
}

/// NaN payloads and the sign of NaN are no part of an answer.
fn canonical(points: Points) -> Points {
    let nan = |bits: u64| if f64::from_bits(bits).is_nan() { f64::NAN.to_bits() } else { bits };
    points.map(|points| points.into_iter().map(|(labels, t, bits)| (labels, t, nan(bits))).collect())
}

fn show(points: &Points) -> String {
    let mut out = String::new();
    match points {
        Err(error) => out.push_str(error),
        Ok(points) => {
            for (labels, t, bits) in points {
                let _ = writeln!(out, "{labels} {}@{}", f64::from_bits(*bits), t / 1000);
            }
        }
    }
    out
}

/// Sums that slide over overlapping windows are added in another order than those of a single window.
fn close(a: &(LabelSet, i64, u64), b: &(LabelSet, i64, u64)) -> bool {
    let (x, y) = (f64::from_bits(a.2), f64::from_bits(b.2));
    let same = a.2 == b.2 || (x - y).abs() <= 1e-12 * x.abs().max(y.abs());
    (&a.0, a.1) == (&b.0, b.1) && same
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn rewrites_threads_and_batches_never_change_an_answer(series in store(), text in vector()) {
        let store = fill(&series);
        let query = range(&text);
        let expected = canonical(run(options(), &store, &query));
        let variants = [
            EngineOptions { rewrites: Rewrites::NONE, ..options() },
            EngineOptions { batch_rows: Some(1), ..options() },
            EngineOptions { batch_rows: Some(3), single_thread: true, ..options() },
        ];
        for variant in variants {
            let name = format!("{:?} batch {:?}", variant.rewrites, variant.batch_rows);
            let got = canonical(streamed(variant.clone(), &store, &query));
            prop_assert_eq!(&got, &expected, "{} streamed with {}\n{}\n{}", text, name, show(&got), show(&expected));
            let got = canonical(run(variant, &store, &query));
            prop_assert_eq!(&got, &expected, "{} with {}\n{}\n{}", text, name, show(&got), show(&expected));
        }
    }

    #[test]
    fn a_range_query_is_its_instant_queries(series in store(), text in vector()) {
        let store = fill(&series);
        let Ok(whole) = canonical(run(options(), &store, &range(&text))) else { return Ok(()) };
        let mut steps = Vec::new();
        for k in 0..STEPS {
            let at = Timestamp(60_000 + k * STEP_S * 1000);
            let one = Query::instant(text.clone(), at).with_lookback(Millis(40_000));
            let one = canonical(run(options(), &store, &one));
            prop_assert!(one.is_ok(), "{} at {:?}: {}", text, at, show(&one));
            steps.extend(one.unwrap());
        }
        steps.sort();
        let equal = steps.len() == whole.len() && steps.iter().zip(&whole).all(|(a, b)| close(a, b));
        let (steps, whole) = (Ok(steps), Ok(whole));
        prop_assert!(equal, "{}\ninstants\n{}range\n{}", text, show(&steps), show(&whole));
    }
}

/// Many rows: several morsels, so that partial results are really merged.
#[test]
fn answers_are_bit_identical_on_one_and_many_threads() {
    let store = MemStore::new();
    for i in 0..3000u32 {
        let (inst, job) = (i.to_string(), (i % 7).to_string());
        let id = store.series_of([("__name__", "m_total"), ("inst", &inst), ("job", &job)]);
        for k in 0..20 {
            let v = f64::from((i * 7919 + k * 104_729) % 1000) * 1.1e-3 + f64::from(i % 13) * 1e9;
            store.append(id, i64::from(k) * 10_000, v);
        }
    }
    for text in [
        "sum by (job) (rate(m_total[1m]))",
        "avg(m_total)",
        "stddev by (job) (m_total)",
        "topk by (job) (3, m_total)",
        "quantile by (job) (0.3, m_total)",
        "sum(m_total + on (inst) m_total)",
        "count_values(\"v\", m_total % 3)",
        "m_total > 5e9 or m_total",
    ] {
        let query = Query::range(text, Timestamp(0), Timestamp(190_000), Millis(10_000));
        let many = run(options(), &store, &query);
        assert!(many.as_ref().is_ok_and(|points| !points.is_empty()), "{text}: {}", show(&many));
        assert!(streamed(options(), &store, &query) == many, "{text} streamed");
        for batch_rows in [None, Some(1), Some(100)] {
            let one = run(EngineOptions { single_thread: true, batch_rows, ..options() }, &store, &query);
            assert!(one == many, "{text} with batches of {batch_rows:?}");
        }
    }
}

/// Classic histograms whose buckets lie apart, some native ones under the same labels, and gauges; all with gaps.
fn scattered_histograms() -> MemStore {
    let store = MemStore::new();
    let native = |k: u32| {
        let (count, sum) = (f64::from(2 * k + 4), f64::from(k));
        FloatHistogram::from_parts(HistogramParts {
            schema: 0,
            count,
            sum,
            positive_spans: vec![Span { offset: 0, length: 2 }],
            positive_counts: vec![f64::from(k) + 3.0, f64::from(k) + 1.0],
            ..HistogramParts::default()
        })
        .expect("a sound histogram")
    };
    for le in ["0.1", "0.5", "1", "2.5", "5", "+Inf", "bad"] {
        for inst in 0..9u32 {
            let inst_text = inst.to_string();
            let bucket = store.series_of([("__name__", "b"), ("le", le), ("inst", &inst_text)]);
            let gauge = store.series_of([("__name__", "g"), ("le", le), ("inst", &inst_text)]);
            let above =
                1 + ["0.1", "0.5", "1", "2.5", "5", "+Inf"].iter().position(|l| *l == le).unwrap_or(0);
            for k in (0..300u32).filter(|k| (k / 60 + inst) % 5 != 0) {
                let t = i64::from(k) * 10_000;
                store.append(bucket, t, f64::from(k * (inst + 1)) * above as f64);
                if (k / 20 + inst) % 3 != 0 {
                    store.append(gauge, t, f64::from(k % 17 + inst));
                }
            }
        }
    }
    for (inst, le) in [("2", ""), ("4", ""), ("5", "1"), ("77", "")] {
        let id = store.series_of([("__name__", "b"), ("inst", inst), ("le", le), ("kind", "native")]);
        let met = store.series_of([("__name__", "b"), ("inst", inst)]);
        for k in 0..300u32 {
            store.append_histogram(id, i64::from(k) * 10_000, native(k).view());
            if k % 50 < 7 {
                store.append_histogram(met, i64::from(k) * 10_000, native(k).view());
            }
        }
    }
    store
}

/// So many steps that groups are computed some at a time, and rows that are met are read before the others.
#[test]
fn long_ranges_are_their_instant_queries() {
    let store = scattered_histograms();
    let (steps, step_ms) = (3000, 1000);
    for text in [
        "sum by (inst) (g)",
        "avg without (le) (g)",
        "stddev by (inst) (g)",
        "count by (inst) (b)",
        "count(sum by (inst, kind) (b))",
        "histogram_quantile(0.9, b)",
        "histogram_quantile(0.9, rate(b[40s]))",
        "sum(histogram_quantile(0.9, b))",
        "histogram_fraction(0, 1.5, g{le!=\"bad\"})",
        "histogram_quantiles(b, \"q\", 0.2, 0.9)",
        "g or b{le=\"1\",kind=\"\"}",
        "g or on (inst, le) b{le=~\"0.5|1\",kind=\"\"}",
        "g{inst!=\"3\"} or on (inst) b{inst=~\"3|4\",kind=\"\",le!=\"\"}",
    ] {
        let query = Query::range(text, Timestamp(0), Timestamp((steps - 1) * step_ms), Millis(step_ms));
        let whole = canonical(run(options(), &store, &query));
        assert!(whole.as_ref().is_ok_and(|points| !points.is_empty()), "{text}: {}", show(&whole));
        assert!(canonical(streamed(options(), &store, &query)) == whole, "{text} streamed");
        for batch_rows in [None, Some(1), Some(5)] {
            let one = EngineOptions { single_thread: true, batch_rows, ..options() };
            assert!(canonical(run(one, &store, &query)) == whole, "{text} with batches of {batch_rows:?}");
        }
        let whole = whole.expect("no error");
        for k in (0..steps).step_by(83) {
            let at = Timestamp(k * step_ms);
            let one = canonical(run(options(), &store, &Query::instant(text, at))).expect("no error");
            let of_range: Vec<_> = whole.iter().filter(|(_, t, _)| *t == at.0).cloned().collect();
            let equal = one.len() == of_range.len() && one.iter().zip(&of_range).all(|(a, b)| close(a, b));
            assert!(equal, "{text} at {at:?}\n{}\n{}", show(&Ok(one)), show(&Ok(of_range)));
        }
    }
}
