//! The naive evaluator: every node at every step, from the definitions, sharing no kernel with the engine.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use promqlite::is_stale;

use super::data::Stored;
use super::expr::{At, Expr, Extended, Is, Matcher, Selector, Shift, Type};
use super::histogram::Hist;
use super::labels::Labels;

#[derive(Clone, Debug)]
pub(crate) enum Val {
    Float(f64),
    Hist(Rc<Hist>),
}

/// An element of an instant vector.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) labels: Labels,
    pub(crate) value: Val,
    /// Whether the name is to be removed at the end (delayed name removal).
    pub(crate) flagged: bool,
}

pub(crate) type Vector = Vec<Sample>;

/// What a range function sees of one series at one step.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Which of the input's series it is.
    pub(crate) series: usize,
    pub(crate) labels: Labels,
    pub(crate) flagged: bool,
    pub(crate) points: Vec<(i64, Val)>,
    /// Points around the window, for `anchored` and `smoothed`.
    pub(crate) around: Vec<(i64, Val)>,
    pub(crate) extended: Option<Extended>,
    pub(crate) begin: i64,
    pub(crate) end: i64,
}

/// Labels, whether the name is to be removed, and points.
type Row = (Labels, bool, Vec<(i64, Val)>);

/// Why there is no answer to compare.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stop {
    /// The query fails; the text if the definitions say it.
    Error(String),
    /// The definitions leave it open.
    Open(&'static str),
}

pub(crate) type Out<T> = Result<T, Stop>;

pub(crate) const DUPLICATE: &str = "vector cannot contain metrics with the same labelset";

pub(crate) fn fail<T>(text: impl Into<String>) -> Out<T> {
    Err(Stop::Error(text.into()))
}

/// A query's surroundings.
pub(crate) struct Naive<'a> {
    pub(crate) data: &'a [Stored],
    pub(crate) delayed: bool,
    pub(crate) lookback: i64,
    pub(crate) subquery_step: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// 0 for instant queries.
    pub(crate) step: i64,
    pub(crate) notes: RefCell<BTreeSet<String>>,
    /// The calls and the like around the node that is evaluated, as far as they tell how selectors are read.
    pub(crate) around: RefCell<Vec<Around>>,
    /// What turned out to be open on the way.
    pub(crate) open: Cell<Option<&'static str>>,
    /// By how much results that are not exact are off, to see whether their last bits decide.
    pub(crate) noise: f64,
    pub(crate) inexact: Cell<f64>,
}

/// What decides whether selectors read the buckets of histograms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Around {
    WantsTotals,
    WantsBuckets,
}

fn like(pattern: &str, value: &str) -> bool {
    pattern.split('|').any(|p| {
        if let Some(head) = p.strip_suffix(".*") {
            value.starts_with(head)
        } else if let Some(head) = p.strip_suffix(".+") {
            value.starts_with(head) && value.len() > head.len()
        } else {
            p == value
        }
    })
}

pub(crate) fn matches(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|m| {
        let value = labels.get(m.label);
        match m.is {
            Is::Equal => value == m.value,
            Is::NotEqual => value != m.value,
            Is::Like => like(m.value, value),
            Is::Unlike => !like(m.value, value),
        }
    })
}

/// No two elements may have the same labels.
pub(crate) fn unique(vector: &Vector) -> Out<()> {
    let sets: BTreeSet<&Labels> = vector.iter().map(|s| &s.labels).collect();
    if sets.len() == vector.len() { Ok(()) } else { fail(DUPLICATE) }
}

/// Equal labels are an error for two floats or two histograms; what one of each becomes is open.
pub(crate) fn mergeable(vector: &Vector) -> Out<()> {
    for (i, a) in vector.iter().enumerate() {
        for b in &vector[..i] {
            if a.labels == b.labels {
                return match (&a.value, &b.value) {
                    (Val::Float(_), Val::Float(_)) | (Val::Hist(_), Val::Hist(_)) => fail(DUPLICATE),
                    _ => Err(Stop::Open("a float and a histogram at one time of one series")),
                };
            }
        }
    }
    Ok(())
}

impl Naive<'_> {
    /// A result that is not exact.
    pub(crate) fn inexact(&self, v: f64) -> f64 {
        // Another share of the noise each time, so that it does not cancel out.
        self.inexact.set(self.inexact.get() + 0.618_033_988_75);
        v * (1.0 + self.noise * (self.inexact.get().fract() * 2.0 - 1.0))
    }

    pub(crate) fn note(&self, text: impl Into<String>) {
        self.notes.borrow_mut().insert(text.into());
    }

    /// The value at each step of the query, names removed.
    pub(crate) fn answer(&self, expr: &Expr, steps: &[i64]) -> Out<Vec<Vector>> {
        if expr.kind() == Type::Scalar {
            let one = |v| vec![Sample { labels: Labels::of([]), value: Val::Float(v), flagged: false }];
            return Ok(self.scalar(expr, steps)?.into_iter().map(one).collect());
        }
        let mut out = self.vector(expr, steps)?;
        if self.delayed {
            for vector in &mut out {
                for s in vector.iter_mut().filter(|s| s.flagged) {
                    s.labels = s.labels.unnamed();
                }
                mergeable(vector)?;
            }
        }
        Ok(out)
    }

    pub(crate) fn scalar(&self, expr: &Expr, steps: &[i64]) -> Out<Vec<f64>> {
        let constant = |v| Ok(vec![v; steps.len()]);
        match expr {
            Expr::Number(v) => constant(*v),
            Expr::Negate(inner) => Ok(self.scalar(inner, steps)?.into_iter().map(|v| -v).collect()),
            Expr::Binary { op, left, right, .. } => {
                let (l, r) = (self.scalar(left, steps)?, self.scalar(right, steps)?);
                let both = l.into_iter().zip(r);
                Ok(both.map(|(a, b)| super::binary::scalars(op, a, b)).collect())
            }
            Expr::Call(name, args) => match *name {
                "time" => Ok(steps.iter().map(|t| *t as f64 / 1000.0).collect()),
                "pi" => constant(std::f64::consts::PI),
                "start" => constant(self.start as f64 / 1000.0),
                "end" => constant(self.end as f64 / 1000.0),
                "range" => constant((self.end - self.start) as f64 / 1000.0),
                "step" => constant(if self.start == self.end { 0.0 } else { self.step as f64 / 1000.0 }),
                "max_of" | "min_of" => {
                    let (l, r) = (self.scalar(&args[0], steps)?, self.scalar(&args[1], steps)?);
                    let pick =
                        if *name == "max_of" { super::instant::larger } else { super::instant::smaller };
                    Ok(l.into_iter().zip(r).map(|(a, b)| pick(a, b)).collect())
                }
                "scalar" => {
                    let only = |v: Vector| {
                        let mut floats = v.iter().filter_map(|s| match s.value {
                            Val::Float(v) => Some(v),
                            Val::Hist(_) => None,
                        });
                        match (floats.next(), floats.next()) {
                            (Some(v), None) => v,
                            _ => f64::NAN,
                        }
                    };
                    Ok(self.vector(&args[0], steps)?.into_iter().map(only).collect())
                }
                other => unreachable!("{other} is no scalar function"),
            },
            other => unreachable!("{other} is no scalar"),
        }
    }

    /// Whether selectors read count and sum of histograms alone.
    pub(crate) fn totals_only(&self) -> bool {
        let around = self.around.borrow();
        around.contains(&Around::WantsTotals) && !around.contains(&Around::WantsBuckets)
    }

    pub(crate) fn vector(&self, expr: &Expr, steps: &[i64]) -> Out<Vec<Vector>> {
        let around = match expr {
            Expr::Call("histogram_count" | "histogram_sum" | "histogram_avg", _) => Around::WantsTotals,
            Expr::Call("histogram_quantile" | "histogram_quantiles" | "histogram_fraction", _)
            | Expr::Binary { op: "</" | ">/", .. } => Around::WantsBuckets,
            _ => return self.vector_of(expr, steps),
        };
        self.around.borrow_mut().push(around);
        let out = self.vector_of(expr, steps);
        self.around.borrow_mut().pop();
        out
    }

    fn vector_of(&self, expr: &Expr, steps: &[i64]) -> Out<Vec<Vector>> {
        if steps.len() > 1 && expr.invariant() {
            let once = self.vector_of(expr, &steps[..1])?;
            return Ok(vec![once[0].clone(); steps.len()]);
        }
        match expr {
            Expr::Select(s) => Ok(self.select(s, steps)),
            Expr::Negate(inner) => self.negate(inner, steps),
            Expr::Aggregate { op, grouping, param, inner } => {
                self.aggregate(op, grouping.as_ref(), param.as_deref(), inner, steps)
            }
            Expr::Binary { op, is_bool, matching, left, right } => match (left.kind(), right.kind()) {
                (Type::Scalar, _) => self.with_scalar(op, *is_bool, left, right, true, steps),
                (_, Type::Scalar) => self.with_scalar(op, *is_bool, right, left, false, steps),
                _ => {
                    let (l, r) = (self.vector(left, steps)?, self.vector(right, steps)?);
                    let mut out = Vec::new();
                    for (l, r) in l.into_iter().zip(r) {
                        out.push(self.join(op, *is_bool, matching, &l, &r)?);
                    }
                    self.check(out, steps)
                }
            },
            Expr::Call(name, args) => match args.iter().position(|a| a.kind() == Type::Range) {
                Some(range) => self.range_call(name, args, range, steps),
                None => self.instant_call(name, args, steps),
            },
            other => unreachable!("{other} is no vector"),
        }
    }

    /// The check that follows a node that computes step by step. With delayed name removal the labels of a
    /// single step are only looked at in the end.
    pub(crate) fn check(&self, out: Vec<Vector>, steps: &[i64]) -> Out<Vec<Vector>> {
        let twins = out.iter().try_for_each(unique);
        if !(self.delayed && steps.len() == 1) {
            twins?;
        } else if twins.is_err() {
            self.open.set(Some("equal labels of a single step, which are an error in the end only"));
        }
        Ok(out)
    }

    /// The labels of a result that loses its name: flagged, or without the name at once.
    pub(crate) fn rename(&self, s: &Sample, value: Val) -> Sample {
        let labels = if self.delayed { s.labels.clone() } else { s.labels.unnamed() };
        Sample { labels, value, flagged: self.delayed }
    }

    fn negate(&self, inner: &Expr, steps: &[i64]) -> Out<Vec<Vector>> {
        let mut out = self.vector(inner, steps)?;
        for vector in &mut out {
            for s in vector.iter_mut() {
                let value = match &s.value {
                    Val::Float(v) => Val::Float(-v),
                    Val::Hist(h) => Val::Hist(Rc::new(h.times(-1.0))),
                };
                *s = self.rename(s, value);
            }
            if !self.delayed {
                mergeable(vector)?;
            }
        }
        Ok(out)
    }

    /// The reference time of a shifted selector or subquery.
    pub(crate) fn shifted(&self, shift: Shift, t: i64) -> i64 {
        let t = match shift.at {
            None => t,
            Some(At::Time(ms)) => ms,
            Some(At::Start) => self.start,
            Some(At::End) => self.end,
        };
        t - shift.offset_ms
    }

    pub(crate) fn wanted<'s>(&'s self, s: &'s Selector) -> impl Iterator<Item = (usize, &'s Stored)> + 's {
        let fits = move |stored: &Stored| {
            s.metric.is_none_or(|m| stored.labels.metric() == m) && matches(&s.matchers, &stored.labels)
        };
        self.data.iter().enumerate().filter(move |(_, stored)| fits(stored))
    }

    /// The newest sample at a reference time, with its time; none if it is a staleness marker.
    pub(crate) fn newest<'s>(&self, stored: &'s Stored, r: i64) -> Option<&'s (i64, Val)> {
        let newest = stored.samples.iter().rev().find(|(t, _)| r - self.lookback < *t && *t <= r)?;
        (!stale(&newest.1)).then_some(newest)
    }

    /// A sample as a selector reads it. Without buckets, its hint tells what they would have told.
    fn read(&self, v: &Val, before: Option<&Hist>) -> Val {
        use promqlite::histogram::CounterResetHint::{NotReset, Reset, Unknown};
        let Val::Hist(h) = v else { return v.clone() };
        if !self.totals_only() {
            return v.clone();
        }
        let mut totals = h.totals();
        if let (Unknown, Some(before)) = (h.hint, before) {
            totals.hint = if h.resets_after(before) { Reset } else { NotReset };
        }
        Val::Hist(Rc::new(totals))
    }

    fn select(&self, s: &Selector, steps: &[i64]) -> Vec<Vector> {
        let at = |&t: &i64| {
            let r = self.shifted(s.shift, t);
            let sample = |(_, stored): (usize, &Stored)| {
                let value = match s.extended {
                    Some(Extended::Smoothed) => self.smooth(stored, r)?,
                    _ => self.read(&self.newest(stored, r)?.1, None),
                };
                Some(Sample { labels: stored.labels.clone(), value, flagged: false })
            };
            self.wanted(s).filter_map(sample).collect()
        };
        steps.iter().map(at).collect()
    }

    /// Windows per step.
    pub(crate) fn windows(&self, expr: &Expr, steps: &[i64]) -> Out<Vec<Vec<Window>>> {
        match expr {
            Expr::Range(s, range) => Ok(steps.iter().map(|t| self.window_of(s, *range, *t)).collect()),
            Expr::Subquery { inner, range_ms, step_ms, shift } => {
                let step = step_ms.unwrap_or(self.subquery_step);
                let ends: Vec<i64> = steps.iter().map(|t| self.shifted(*shift, *t)).collect();
                let mut times = Vec::new();
                if let (Some(first), Some(last)) = (ends.first(), ends.last()) {
                    let mut time = (first - range_ms).div_euclid(step) * step + step;
                    while time <= *last {
                        times.push(time);
                        time += step;
                    }
                }
                self.around.borrow_mut().push(Around::WantsBuckets);
                let inner = self.vector(inner, &times);
                self.around.borrow_mut().pop();
                let series = self.series(&inner?, &times)?;
                let window = |end: i64| {
                    let cut = |(i, s): (usize, &Row)| Window {
                        series: i,
                        labels: s.0.clone(),
                        flagged: s.1,
                        points: s.2.iter().filter(|p| end - range_ms < p.0 && p.0 <= end).cloned().collect(),
                        around: Vec::new(),
                        extended: None,
                        begin: end - range_ms,
                        end,
                    };
                    series.iter().enumerate().map(cut).filter(|w| !w.points.is_empty()).collect()
                };
                Ok(ends.into_iter().map(window).collect())
            }
            other => unreachable!("{other} has no windows"),
        }
    }

    /// Step values as series, hints of histograms forgotten as far as they speak of neighbours.
    fn series(&self, values: &[Vector], times: &[i64]) -> Out<Vec<Row>> {
        use promqlite::histogram::CounterResetHint::{NotReset, Reset, Unknown};
        let mut out: Vec<Row> = Vec::new();
        for (vector, t) in values.iter().zip(times) {
            if unique(vector).is_err() {
                return Err(Stop::Open("equal labels at one step of a subquery"));
            }
            for s in vector {
                let value = match &s.value {
                    Val::Hist(h) if [Reset, NotReset].contains(&h.hint) => {
                        Val::Hist(Rc::new(Hist { hint: Unknown, ..(**h).clone() }))
                    }
                    other => other.clone(),
                };
                match out.iter_mut().find(|(labels, ..)| *labels == s.labels) {
                    None => out.push((s.labels.clone(), s.flagged, vec![(*t, value)])),
                    Some((_, flagged, _)) if *flagged != s.flagged => {
                        return Err(Stop::Open("a name that is to be removed at some steps only"));
                    }
                    Some((.., points)) => points.push((*t, value)),
                }
            }
        }
        Ok(out)
    }

    fn window_of(&self, s: &Selector, range: i64, t: i64) -> Vec<Window> {
        let end = self.shifted(s.shift, t);
        let begin = end - range;
        let cut = |(i, stored): (usize, &Stored)| {
            let between = |from: i64, to: i64| -> Vec<(i64, Val)> {
                let inside = |p: &&(i64, Val)| from < p.0 && p.0 <= to && !stale(&p.1);
                let mut out: Vec<(i64, Val)> = Vec::new();
                let mut before: Option<&Hist> = None;
                for (t, v) in stored.samples.iter().filter(inside) {
                    out.push((*t, self.read(v, before)));
                    if let Val::Hist(h) = v {
                        before = Some(h);
                    }
                }
                out
            };
            let around = match s.extended {
                None => Vec::new(),
                Some(Extended::Anchored) => between(begin - self.lookback, end),
                Some(Extended::Smoothed) => between(begin - self.lookback, end + self.lookback),
            };
            let (labels, points) = (stored.labels.clone(), between(begin, end));
            Window { series: i, labels, flagged: false, points, around, extended: s.extended, begin, end }
        };
        self.wanted(s).map(cut).filter(|w| !w.points.is_empty() || !w.around.is_empty()).collect()
    }
}

pub(crate) fn stale(value: &Val) -> bool {
    match value {
        Val::Float(v) => is_stale(*v),
        Val::Hist(h) => is_stale(h.sum),
    }
}
