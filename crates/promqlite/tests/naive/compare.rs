//! Asks engine and twin, and tells where they differ.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use promqlite::{Engine, MemStore, Millis, Query, SampleValue, Timestamp, Value};

use super::data::Stored;
use super::evaluate::{Naive, Stop, Val};
use super::expr::{Expr, duration};
use super::histogram::Hist;
use super::labels::Labels;

/// When a query is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    At(i64),
    Over { start: i64, end: i64, step: i64 },
}

impl When {
    pub(crate) fn steps(self) -> Vec<i64> {
        match self {
            When::At(t) => vec![t],
            When::Over { start, end, step } => {
                (0..).map(|k| start + k * step).take_while(|t| *t <= end).collect()
            }
        }
    }

    pub(crate) fn query(self, text: String) -> Query {
        match self {
            When::At(t) => Query::instant(text, Timestamp(t)),
            When::Over { start, end, step } => {
                Query::range(text, Timestamp(start), Timestamp(end), Millis(step))
            }
        }
    }
}

/// As an `eval` of a test script starts.
impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            When::At(t) => write!(f, "eval instant at {}", duration(*t)),
            When::Over { start, end, step } => {
                write!(
                    f,
                    "eval range from {} to {} step {}",
                    duration(*start),
                    duration(*end),
                    duration(*step)
                )
            }
        }
    }
}

pub(crate) type Points = BTreeMap<(Labels, i64), Val>;

/// What a side says.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) points: Result<Points, String>,
    pub(crate) notes: BTreeSet<String>,
    /// Values in the order of the answer, where it is defined.
    pub(crate) order: Vec<f64>,
}

/// A data set with everything to ask it.
pub(crate) struct Bench<'a> {
    pub(crate) data: &'a [Stored],
    pub(crate) store: &'a MemStore,
    pub(crate) engine: &'a Engine,
}

fn value(v: &SampleValue) -> Val {
    match v {
        SampleValue::Float(v) => Val::Float(*v),
        SampleValue::Histogram(h) => Val::Hist(std::rc::Rc::new(Hist::read(h.view()))),
    }
}

impl Bench<'_> {
    pub(crate) fn engine_says(&self, text: &str, when: When) -> Said {
        let result = match self.engine.query(self.store, &when.query(text.to_owned())) {
            Err(e) => return Said { points: Err(e.to_string()), notes: BTreeSet::new(), order: Vec::new() },
            Ok(result) => result,
        };
        let mut points = Points::new();
        let mut order = Vec::new();
        match &result.value {
            Value::Scalar(t, v) => drop(points.insert((Labels::of([]), t.0), Val::Float(*v))),
            Value::Vector(t, samples) => {
                for s in samples {
                    if let SampleValue::Float(v) = s.value {
                        order.push(v);
                    }
                    let twin = points.insert((Labels::of(s.labels.iter()), t.0), value(&s.value));
                    assert!(twin.is_none(), "{text}: labels twice");
                }
            }
            Value::Matrix(series) => {
                for s in series {
                    let labels = Labels::of(s.labels.iter());
                    points.extend(s.floats.iter().map(|(t, v)| ((labels.clone(), t.0), Val::Float(v))));
                    let hist = |h| Val::Hist(std::rc::Rc::new(h));
                    points.extend(
                        s.histograms.iter().map(|(t, h)| ((labels.clone(), t.0), hist(Hist::read(h.view())))),
                    );
                }
            }
            Value::String(..) => unreachable!("no strings are generated"),
        }
        let texts = result.annotations.iter().map(|(a, _)| unmerged(&a.to_string())).collect();
        Said { points: Ok(points), notes: texts, order }
    }

    /// None where the definitions leave the answer open.
    pub(crate) fn naive_says(&self, expr: &Expr, when: When) -> Result<Said, &'static str> {
        self.naive_says_with(expr, when, 0.0)
    }

    fn naive_says_with(&self, expr: &Expr, when: When, noise: f64) -> Result<Said, &'static str> {
        let (start, end, step) = match when {
            When::At(t) => (t, t, 0),
            When::Over { start, end, step } => (start, end, step),
        };
        let options = self.engine.options();
        let naive = Naive {
            data: self.data,
            delayed: options.delayed_name_removal,
            lookback: options.lookback.0,
            subquery_step: options.default_subquery_step.0,
            start,
            end,
            step,
            notes: RefCell::default(),
            around: RefCell::default(),
            open: Cell::default(),
            noise,
            inexact: Cell::default(),
        };
        let steps = when.steps();
        let answer = naive.answer(expr, &steps);
        if let Some(why) = naive.open.get() {
            return Err(why);
        }
        match answer {
            Err(Stop::Open(why)) => Err(why),
            Err(Stop::Error(text)) => {
                Ok(Said { points: Err(text), notes: BTreeSet::new(), order: Vec::new() })
            }
            Ok(vectors) => {
                let mut points = Points::new();
                let mut order = Vec::new();
                for (vector, t) in vectors.into_iter().zip(steps) {
                    for s in vector {
                        if let Val::Float(v) = s.value {
                            order.push(v);
                        }
                        points.insert((s.labels, t), s.value);
                    }
                }
                Ok(Said { points: Ok(points), notes: naive.notes.take(), order })
            }
        }
    }

    /// What differs, in words.
    pub(crate) fn difference(&self, expr: &Expr, when: When) -> Result<Option<String>, &'static str> {
        let expected = self.naive_says(expr, when)?;
        let got = self.engine_says(&expr.to_string(), when);
        let difference = differs(expr, when, &got, &expected);
        if difference.is_some() {
            // What hangs on the last bits of a result is not compared.
            for noise in [1e-14, -1e-14, 3e-14] {
                if differs(expr, when, &self.naive_says_with(expr, when, noise)?, &expected).is_some() {
                    return Err("the last bits decide");
                }
            }
        }
        Ok(difference)
    }
}

/// Whether the definitions leave open if a remark is made.
fn open_remark(expr: &Expr, when: When, note: &str, both: &[&Said]) -> bool {
    if note.contains("conflicting counter resets") {
        // Where totals alone are read, what is known of resets depends on the order of reading. And a sum that is
        // given up has seen some hints, and others not.
        let totals =
            |e: &Expr| matches!(e, Expr::Call("histogram_count" | "histogram_sum" | "histogram_avg", _));
        let given_up = |said: &&Said| said.notes.iter().any(|n| n.contains("exponential and custom buckets"));
        if expr.any(&mut |e| totals(e)) || both.iter().any(given_up) {
            return true;
        }
    }
    // A sum is given up at the first sample that does not fit, and the series of more than one step have the order
    // of a map, unless they come from the store.
    let of_any_order = |e: &Expr| match e {
        Expr::Aggregate { op, inner, .. } => {
            ["sum", "avg"].contains(op) && !matches!(**inner, Expr::Select(_))
        }
        _ => false,
    };
    let given_up = [
        "mix of histograms and floats for aggregation",
        "exponential and custom buckets",
        "reconciled during aggregation",
    ];
    if matches!(when, When::Over { .. })
        && given_up.iter().any(|text| note.contains(text))
        && expr.any(&mut |e| of_any_order(e))
    {
        return true;
    }
    // Of several problems of an operator the last one of a step is told; the order of the samples is open.
    note.contains("binary operator")
        || note.contains("during addition")
        || note.contains("during subtraction")
        || note.contains("histogram addition")
        || note.contains("histogram subtraction")
}

/// The text of an error without the labels of the match: which of several is met first is open.
fn whole(text: &str) -> String {
    match (text.find("match group {"), text.find("} on the ")) {
        (Some(from), Some(to)) => {
            let side = text[to..].split(" operation").next().unwrap_or_default();
            format!("{}{side}", &text[..from])
        }
        _ => text.to_owned(),
    }
}

/// The text without what is merged across steps.
fn unmerged(text: &str) -> String {
    text.split(", from buckets").next().unwrap_or(text).to_owned()
}

pub(crate) fn close(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

fn near(a: f64, b: f64, scale: f64) -> bool {
    close(a, b) || (a - b).abs() <= 1e-12 * scale
}

/// Histograms are compared compacted; a missing bucket is an empty one.
pub(crate) fn close_histograms(a: &Hist, b: &Hist) -> bool {
    let sides = [(&a.positive, &b.positive), (&a.negative, &b.negative)];
    let all =
        || [a, b].into_iter().flat_map(|h| h.positive.values().chain(h.negative.values()).chain([&h.count]));
    let scale = all().filter(|c| c.is_finite()).fold(0.0f64, |m, c| m.max(c.abs()));
    let same_side = |(a, b): (&super::histogram::Side, &super::histogram::Side)| {
        let keys: BTreeSet<&i32> = a.keys().chain(b.keys()).collect();
        keys.into_iter().all(|i| near(*a.get(i).unwrap_or(&0.0), *b.get(i).unwrap_or(&0.0), scale))
    };
    a.schema == b.schema
        && a.bounds == b.bounds
        && a.zero_threshold == b.zero_threshold
        && a.hint == b.hint
        && near(a.count, b.count, scale)
        && (a.custom() || near(a.zero_count, b.zero_count, scale))
        && near(a.sum, b.sum, 0.0)
        && sides.into_iter().all(same_side)
}

pub(crate) fn close_values(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Float(a), Val::Float(b)) => close(*a, *b),
        (Val::Hist(a), Val::Hist(b)) => close_histograms(a, b),
        _ => false,
    }
}

fn show(v: Option<&Val>) -> String {
    match v {
        None => "nothing".to_owned(),
        Some(Val::Float(v)) => format!("{v:?}"),
        Some(Val::Hist(h)) => h.write().view().literal(),
    }
}

fn differs(expr: &Expr, when: When, got: &Said, expected: &Said) -> Option<String> {
    let (g, e) = match (&got.points, &expected.points) {
        (Err(g), Err(e)) if whole(g) == whole(e) => return None,
        (Err(g), Err(e)) => return Some(format!("got      error {g}\nexpected error {e}")),
        (Ok(_), Err(e)) => return Some(format!("got      an answer\nexpected error {e}")),
        (Err(g), Ok(_)) => return Some(format!("got      error {g}\nexpected an answer")),
        (Ok(g), Ok(e)) => (g, e),
    };
    let keys: BTreeSet<&(Labels, i64)> = g.keys().chain(e.keys()).collect();
    for key in keys {
        let (a, b) = (g.get(key), e.get(key));
        let same = matches!((a, b), (Some(a), Some(b)) if close_values(a, b));
        if !same {
            let (labels, t) = key;
            return Some(format!("{labels} at {}\ngot      {}\nexpected {}", duration(*t), show(a), show(b)));
        }
    }
    let notes = |said: &Said| -> BTreeSet<String> {
        said.notes.iter().filter(|note| !open_remark(expr, when, note, &[got, expected])).cloned().collect()
    };
    let (got_notes, expected_notes) = (notes(got), notes(expected));
    if got_notes != expected_notes {
        return Some(format!("got      remarks {got_notes:#?}\nexpected remarks {expected_notes:#?}"));
    }
    let ordered = match expr {
        Expr::Call(name, _) => ["sort", "sort_desc"].contains(name),
        Expr::Aggregate { op, grouping: None, .. } => ["topk", "bottomk"].contains(op),
        _ => false,
    };
    let in_order = got.order.len() == expected.order.len()
        && got.order.iter().zip(&expected.order).all(|(a, b)| close(*a, *b));
    if ordered && matches!(when, When::At(_)) && !in_order {
        return Some(format!("got      order {:?}\nexpected order {:?}", got.order, expected.order));
    }
    None
}
