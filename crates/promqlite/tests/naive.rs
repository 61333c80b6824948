//! The engine against a naive twin: the definitions, one step at a time, with maps and loops, and no kernel shared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use promqlite::{Engine, MemStore, Millis, Query, STALE_NAN, SampleValue, Timestamp, Value, is_stale};
use proptest::prelude::*;

type Labels = BTreeMap<&'static str, String>;
/// The samples of a vector, each label set once.
type Vector = Vec<(Labels, f64)>;

const LOOKBACK_MS: i64 = 40_000;

/// A stored series.
#[derive(Clone, Debug)]
struct Stored {
    labels: Labels,
    samples: Vec<(i64, f64)>,
}

/// The queries that both sides understand.
#[derive(Clone, Debug)]
enum Q {
    /// Metric, job, offset in seconds.
    Select(&'static str, Option<&'static str>, i64),
    /// Function, metric, range in seconds, offset in seconds.
    Window(&'static str, &'static str, i64, i64),
    /// Operator, `by` or `without` labels, operand.
    Aggregate(&'static str, Option<(bool, Vec<&'static str>)>, Box<Q>),
    /// Function of a vector.
    Map(&'static str, Box<Q>),
    /// Operator, `bool`, number, operand.
    Number(&'static str, bool, i32, Box<Q>),
    /// Operator, `bool`, `on` labels, whether many left rows may meet one right row, operands.
    Binary(&'static str, bool, Option<Vec<&'static str>>, bool, Box<Q>, Box<Q>),
}

impl fmt::Display for Q {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Q::Select(metric, job, offset) => {
                write!(f, "{metric}")?;
                if let Some(job) = job {
                    write!(f, "{{job=\"{job}\"}}")?;
                }
                if *offset != 0 { write!(f, " offset {offset}s") } else { Ok(()) }
            }
            Q::Window(function, metric, range, offset) => {
                write!(f, "{function}({metric}[{range}s] offset {offset}s)")
            }
            Q::Aggregate(op, None, q) => write!(f, "{op}({q})"),
            Q::Aggregate(op, Some((without, labels)), q) => {
                let word = if *without { "without" } else { "by" };
                write!(f, "{op} {word} ({}) ({q})", labels.join(", "))
            }
            Q::Map(function, q) => write!(f, "{function}({q})"),
            Q::Number(op, is_bool, n, q) => {
                write!(f, "({q} {op}{} {n})", if *is_bool { " bool" } else { "" })
            }
            Q::Binary(op, is_bool, on, many, l, r) => {
                write!(f, "({l} {op}{}", if *is_bool { " bool" } else { "" })?;
                if let Some(on) = on {
                    write!(f, " on ({})", on.join(", "))?;
                }
                write!(f, "{} {r})", if *many { " group_left ()" } else { "" })
            }
        }
    }
}

struct Naive<'a> {
    stored: &'a [Stored],
    t: i64,
}

fn unnamed(mut labels: Labels) -> Labels {
    labels.remove("__name__");
    labels
}

/// Each label set may occur once.
fn unique(vector: Vector) -> Result<Vector, ()> {
    let sets: BTreeSet<&Labels> = vector.iter().map(|(labels, _)| labels).collect();
    if sets.len() == vector.len() { Ok(vector) } else { Err(()) }
}

fn holds(op: &str, a: f64, b: f64) -> bool {
    match op {
        "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "<=" => a <= b,
        _ => a >= b,
    }
}

fn calculate(op: &str, a: f64, b: f64) -> Option<f64> {
    Some(match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => return None,
    })
}

impl Naive<'_> {
    fn eval(&self, q: &Q) -> Result<Vector, ()> {
        match q {
            Q::Select(metric, job, offset) => Ok(self.select(metric, *job, offset * 1000)),
            Q::Window(function, metric, range, offset) => {
                let end = self.t - offset * 1000;
                let mut out = Vector::new();
                for series in self.stored.iter().filter(|s| s.labels["__name__"] == *metric) {
                    let inside = |s: &&(i64, f64)| end - range * 1000 < s.0 && s.0 <= end && !is_stale(s.1);
                    let window: Vec<(i64, f64)> = series.samples.iter().filter(inside).copied().collect();
                    if let Some(v) = over(function, &window, end - range * 1000, end) {
                        let keeps = ["last_over_time", "first_over_time"].contains(function);
                        let labels = series.labels.clone();
                        out.push((if keeps { labels } else { unnamed(labels) }, v));
                    }
                }
                unique(out)
            }
            Q::Aggregate(op, grouping, q) => Ok(aggregate(op, grouping.as_ref(), self.eval(q)?)),
            Q::Map(function, q) => {
                let map = |v: f64| match *function {
                    "abs" => v.abs(),
                    "ceil" => v.ceil(),
                    "sgn" => {
                        if v > 0.0 {
                            1.0
                        } else if v < 0.0 {
                            -1.0
                        } else {
                            v
                        }
                    }
                    _ => -v,
                };
                unique(self.eval(q)?.into_iter().map(|(labels, v)| (unnamed(labels), map(v))).collect())
            }
            Q::Number(op, is_bool, n, q) => {
                let n = f64::from(*n);
                let mut out = Vector::new();
                for (labels, v) in self.eval(q)? {
                    match calculate(op, v, n) {
                        Some(result) => out.push((unnamed(labels), result)),
                        None if *is_bool => out.push((unnamed(labels), f64::from(u8::from(holds(op, v, n))))),
                        None if holds(op, v, n) => out.push((labels, v)),
                        None => {}
                    }
                }
                unique(out)
            }
            Q::Binary(op, is_bool, on, many, l, r) => {
                binary(op, *is_bool, on.as_deref(), *many, self.eval(l)?, self.eval(r)?)
            }
        }
    }

    fn select(&self, metric: &str, job: Option<&str>, offset: i64) -> Vector {
        let r = self.t - offset;
        let wanted =
            |s: &&Stored| s.labels["__name__"] == metric && job.is_none_or(|job| s.labels["job"] == job);
        let newest = |s: &Stored| {
            let sample = s.samples.iter().rev().find(|(t, _)| r - LOOKBACK_MS < *t && *t <= r)?;
            (!is_stale(sample.1)).then(|| (s.labels.clone(), sample.1))
        };
        self.stored.iter().filter(wanted).filter_map(newest).collect()
    }
}

/// A function of a window, from its definition.
fn over(function: &str, w: &[(i64, f64)], begin: i64, end: i64) -> Option<f64> {
    let (first, last) = (*w.first()?, *w.last()?);
    let values = || w.iter().map(|s| s.1);
    let n = w.len() as f64;
    let pairs = || w.windows(2).map(|p| (p[0].1, p[1].1));
    Some(match function {
        "count_over_time" => n,
        "present_over_time" => 1.0,
        "last_over_time" => last.1,
        "first_over_time" => first.1,
        "sum_over_time" => values().sum(),
        "avg_over_time" => values().sum::<f64>() / n,
        "min_over_time" => values().fold(f64::NAN, f64::min),
        "max_over_time" => values().fold(f64::NAN, f64::max),
        "changes" => pairs().filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count() as f64,
        "resets" => pairs().filter(|(a, b)| b < a).count() as f64,
        _ if w.len() < 2 => return None,
        "idelta" => last.1 - w[w.len() - 2].1,
        "irate" => {
            let before = w[w.len() - 2];
            let change = if last.1 < before.1 { last.1 } else { last.1 - before.1 };
            change / ((last.0 - before.0) as f64 / 1000.0)
        }
        _ => {
            let counter = function != "delta";
            let mut raw = last.1 - first.1;
            if counter {
                raw += pairs().filter(|(a, b)| b < a).map(|(a, _)| a).sum::<f64>();
            }
            let seconds = |ms: i64| ms as f64 / 1000.0;
            let sampled = seconds(last.0 - first.0);
            let gap = sampled / (n - 1.0);
            let (mut left, mut right) = (seconds(first.0 - begin), seconds(end - last.0));
            if left >= 1.1 * gap {
                left = gap / 2.0;
            }
            if counter && raw > 0.0 && first.1 >= 0.0 {
                left = left.min(sampled * (first.1 / raw));
            }
            if right >= 1.1 * gap {
                right = gap / 2.0;
            }
            let whole = raw * ((sampled + left + right) / sampled);
            if function == "rate" { whole / seconds(end - begin) } else { whole }
        }
    })
}

fn aggregate(op: &str, grouping: Option<&(bool, Vec<&'static str>)>, input: Vector) -> Vector {
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for (mut labels, v) in input {
        match grouping {
            None => labels.clear(),
            Some((true, names)) => labels.retain(|name, _| *name != "__name__" && !names.contains(name)),
            Some((false, names)) => labels.retain(|name, _| names.contains(name)),
        }
        groups.entry(labels).or_default().push(v);
    }
    let fold = |values: Vec<f64>| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        match op {
            "sum" => values.iter().sum(),
            "avg" => mean,
            "min" => values.into_iter().fold(f64::NAN, f64::min),
            "max" => values.into_iter().fold(f64::NAN, f64::max),
            "count" => n,
            "group" => 1.0,
            _ if values.iter().any(|v| !v.is_finite()) => f64::NAN,
            _ => values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n,
        }
    };
    groups.into_iter().map(|(labels, values)| (labels, fold(values))).collect()
}

fn binary(
    op: &str,
    is_bool: bool,
    on: Option<&[&'static str]>,
    many: bool,
    left: Vector,
    right: Vector,
) -> Result<Vector, ()> {
    let key = |labels: &Labels| -> Labels {
        let keep = |name: &&str| on.map_or(*name != "__name__", |on| on.contains(name));
        labels.iter().filter(|(name, _)| keep(name)).map(|(n, v)| (*n, v.clone())).collect()
    };
    let on_right = |labels: &Labels| right.iter().any(|(other, _)| key(other) == key(labels));
    match op {
        "and" => return Ok(left.into_iter().filter(|(labels, _)| on_right(labels)).collect()),
        "unless" => return Ok(left.into_iter().filter(|(labels, _)| !on_right(labels)).collect()),
        "or" => {
            let on_left = |labels: &Labels| left.iter().any(|(other, _)| key(other) == key(labels));
            let more: Vector = right.iter().filter(|(labels, _)| !on_left(labels)).cloned().collect();
            return unique(left.into_iter().chain(more).collect());
        }
        _ => {}
    }
    if left.is_empty() || right.is_empty() {
        return Ok(Vector::new());
    }
    unique(right.iter().map(|(labels, v)| (key(labels), *v)).collect())?;
    let mut out = Vector::new();
    let mut used: BTreeSet<(Labels, Labels)> = BTreeSet::new();
    for (labels, a) in &left {
        let Some((_, b)) = right.iter().find(|(other, _)| key(other) == key(labels)) else { continue };
        let compared = calculate(op, *a, *b).is_none();
        let mut result = if compared && !is_bool { labels.clone() } else { unnamed(labels.clone()) };
        if !many && on.is_some() {
            result = key(labels).into_iter().filter(|(name, _)| result.contains_key(name)).collect();
        }
        let mark = if many { result.clone() } else { Labels::new() };
        if !used.insert((key(labels), mark)) {
            return Err(());
        }
        match calculate(op, *a, *b) {
            Some(v) => out.push((result, v)),
            None if is_bool => out.push((result, f64::from(u8::from(holds(op, *a, *b))))),
            None if holds(op, *a, *b) => out.push((result, *a)),
            None => {}
        }
    }
    unique(out)
}

fn stored() -> impl Strategy<Value = Vec<Stored>> {
    let value = prop_oneof![
        10 => (0..30i32).prop_map(|v| Some(f64::from(v))),
        3 => Just(None),
        1 => Just(Some(STALE_NAN)),
        1 => Just(Some(f64::NAN)),
        1 => Just(Some(f64::INFINITY)),
    ];
    prop::collection::vec(prop::collection::vec(value, 20), 9).prop_map(|series| {
        let stored = series.into_iter().enumerate().map(|(i, values)| {
            let labels = Labels::from([
                ("__name__", ["x_total", "y_total", "z_total"][i / 4].to_owned()),
                ("job", ["a", "b"][i % 2].to_owned()),
                ("inst", ["0", "1"][i / 2 % 2].to_owned()),
            ]);
            let at = |k: usize| k as i64 * 10_000 + 137;
            let samples = values.into_iter().enumerate().filter_map(|(k, v)| Some((at(k), v?))).collect();
            Stored { labels, samples }
        });
        stored.collect()
    })
}

fn query() -> impl Strategy<Value = Q> {
    let metric = || prop::sample::select(vec!["x_total", "y_total", "z_total", "nothing"]);
    let select = (
        metric(),
        prop::option::of(prop::sample::select(vec!["a", "b"])),
        prop::sample::select(vec![0, 25, -10]),
    )
        .prop_map(|(metric, job, offset)| Q::Select(metric, job, offset));
    let functions = vec![
        "rate",
        "increase",
        "delta",
        "irate",
        "idelta",
        "changes",
        "resets",
        "count_over_time",
        "sum_over_time",
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "last_over_time",
        "first_over_time",
        "present_over_time",
    ];
    let window =
        (prop::sample::select(functions), metric(), prop::sample::select(vec![10, 35, 60, 120]), 0..20i64)
            .prop_map(|(function, metric, range, offset)| Q::Window(function, metric, range, offset));
    prop_oneof![1 => select, 1 => window].prop_recursive(4, 16, 2, |inner| {
        let names = || prop::sample::subsequence(vec!["job", "inst", "__name__"], 0..=3);
        let grouping = prop::option::of((any::<bool>(), names()));
        let folds = prop::sample::select(vec!["sum", "avg", "min", "max", "count", "group", "stdvar"]);
        let comparison = || prop::sample::select(vec!["==", "!=", "<", ">", "<=", ">="]);
        let arithmetic = || prop::sample::select(vec!["+", "-", "*", "/", "%"]);
        let operator = prop_oneof![
            arithmetic().prop_map(|op| (op, false)),
            (comparison(), any::<bool>()),
            prop::sample::select(vec!["and", "or", "unless"]).prop_map(|op| (op, false)),
        ];
        let number = prop_oneof![arithmetic().prop_map(|op| (op, false)), (comparison(), any::<bool>())];
        prop_oneof![
            (folds, grouping, inner.clone()).prop_map(|(op, g, q)| Q::Aggregate(op, g, Box::new(q))),
            (prop::sample::select(vec!["abs", "ceil", "sgn", "-"]), inner.clone())
                .prop_map(|(f, q)| Q::Map(f, Box::new(q))),
            (number, 0..20i32, inner.clone()).prop_map(|((op, is_bool), n, q)| Q::Number(
                op,
                is_bool,
                n,
                Box::new(q)
            )),
            (operator, prop::option::of(names()), any::<bool>(), inner.clone(), inner).prop_map(
                |((op, is_bool), on, many, l, r)| {
                    let many = many && on.is_some() && !["and", "or", "unless"].contains(&op);
                    Q::Binary(op, is_bool, on, many, Box::new(l), Box::new(r))
                }
            ),
        ]
    })
}

fn ask(store: &MemStore, q: &Q, t: i64) -> Result<BTreeMap<String, f64>, String> {
    let query = Query::instant(q.to_string(), Timestamp(t)).with_lookback(Millis(LOOKBACK_MS));
    let result = Engine::default().query(store, &query).map_err(|e| e.to_string())?;
    let Value::Vector(_, samples) = result.value else { panic!("only vectors are generated") };
    let float = |value| match value {
        SampleValue::Float(v) => v,
        SampleValue::Histogram(_) => panic!("the store has no histograms"),
    };
    Ok(samples
        .into_iter()
        .map(|s| (format!("{:?}", s.labels.iter().collect::<Vec<_>>()), float(s.value)))
        .collect())
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3)
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn the_engine_answers_as_the_definitions_say(stored in stored(), q in query(), at in 0..20i64) {
        let store = MemStore::new();
        for series in &stored {
            let id = store.series_of(series.labels.iter().map(|(name, value)| (*name, value.as_str())));
            for (t, v) in &series.samples {
                store.append(id, *t, *v);
            }
        }
        let t = at * 10_000 + 5_000;
        let got = ask(&store, &q, t);
        let expected = Naive { stored: &stored, t }.eval(&q).map(|vector| {
            let text = |labels: &Labels| format!("{:?}", labels.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>());
            vector.iter().map(|(labels, v)| (text(labels), *v)).collect::<BTreeMap<_, _>>()
        });
        match (&got, &expected) {
            (Ok(got), Ok(expected)) => {
                let same = got.len() == expected.len()
                    && got.iter().zip(expected).all(|((a, x), (b, y))| a == b && close(*x, *y));
                prop_assert!(same, "{q} at {t}\ngot      {got:?}\nexpected {expected:?}");
            }
            (Err(_), Err(())) => {}
            _ => prop_assert!(false, "{q} at {t}\ngot      {got:?}\nexpected {expected:?}"),
        }
    }
}
