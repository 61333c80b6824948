//! Naive functions of instant vectors.

use std::cmp::Ordering;
use std::rc::Rc;

use super::evaluate::{Naive, Out, Sample, Stop, Val, Vector, fail, mergeable};
use super::expr::{Expr, Is, Selector, Shift, Type};
use super::labels::Labels;

/// `max` that lets +Inf win over NaN.
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a > b || (a == b && b.is_sign_negative()) {
        a
    } else {
        b
    }
}

/// `min` that lets -Inf win over NaN.
pub(crate) fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}

/// Days since the epoch as year, month and day.
fn civil(days: i64) -> (i64, i64, i64) {
    let (mut year, mut rest) = (1970, days);
    let leap = |y: i64| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    let length = |y: i64| if leap(y) { 366 } else { 365 };
    while rest < 0 {
        year -= 1;
        rest += length(year);
    }
    while rest >= length(year) {
        rest -= length(year);
        year += 1;
    }
    let mut month = 1;
    while rest >= days_in(year, month) {
        rest -= days_in(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn date(part: &str, seconds: i64) -> f64 {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    (match part {
        "minute" => of_day / 60 % 60,
        "hour" => of_day / 3600,
        "day_of_week" => (days + 4).rem_euclid(7),
        "day_of_month" => day,
        "day_of_year" => (1..month).map(|m| days_in(year, m)).sum::<i64>() + day,
        "days_in_month" => days_in(year, month),
        "month" => month,
        "year" => year,
        _ => unreachable!("{part} is no date function"),
    }) as f64
}

pub(crate) const DATES: [&str; 8] =
    ["minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"];

/// The functions of one number.
pub(crate) const MATHS: [&str; 26] = [
    "abs",
    "ceil",
    "floor",
    "exp",
    "sqrt",
    "ln",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "deg",
    "rad",
    "sgn",
    "round",
    "clamp_min",
    "clamp_max",
];

fn math(name: &str, v: f64, args: &[f64]) -> f64 {
    match name {
        "abs" => v.abs(),
        "ceil" => v.ceil(),
        "floor" => v.floor(),
        "exp" => v.exp(),
        "sqrt" => v.sqrt(),
        "ln" => v.ln(),
        "log2" => v.log2(),
        "log10" => v.log10(),
        "sin" => v.sin(),
        "cos" => v.cos(),
        "tan" => v.tan(),
        "asin" => v.asin(),
        "acos" => v.acos(),
        "atan" => v.atan(),
        "sinh" => v.sinh(),
        "cosh" => v.cosh(),
        "tanh" => v.tanh(),
        "asinh" => v.asinh(),
        "acosh" => v.acosh(),
        "atanh" => v.atanh(),
        "deg" => v * 180.0 / std::f64::consts::PI,
        "rad" => v * std::f64::consts::PI / 180.0,
        "sgn" if v > 0.0 => 1.0,
        "sgn" if v < 0.0 => -1.0,
        "sgn" => v,
        "round" => {
            let inverse = 1.0 / args.first().copied().unwrap_or(1.0);
            (v * inverse + 0.5).floor() / inverse
        }
        "clamp" => larger(args[0], smaller(args[1], v)),
        "clamp_min" => larger(args[0], v),
        "clamp_max" => smaller(args[0], v),
        _ => unreachable!("{name} is no function of a number"),
    }
}

impl Naive<'_> {
    pub(crate) fn instant_call(&self, name: &str, args: &[Expr], steps: &[i64]) -> Out<Vec<Vector>> {
        match name {
            "vector" => {
                let one = |v| vec![Sample { labels: Labels::of([]), value: Val::Float(v), flagged: false }];
                Ok(self.scalar(&args[0], steps)?.into_iter().map(one).collect())
            }
            "absent" => {
                let labels = absent_labels(match &args[0] {
                    Expr::Select(s) => Some(s),
                    _ => None,
                });
                let one = |v: Vector| match v.is_empty() {
                    true => vec![Sample { labels: labels.clone(), value: Val::Float(1.0), flagged: false }],
                    false => Vector::new(),
                };
                Ok(self.vector(&args[0], steps)?.into_iter().map(one).collect())
            }
            "timestamp" => self.timestamp(&args[0], steps),
            "label_replace" | "label_join" => self.relabel(name, args, steps),
            "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" => self.sort(name, args, steps),
            "histogram_quantile" | "histogram_fraction" | "histogram_quantiles" => {
                self.buckets(name, args, steps)
            }
            "info" => self.info(args, steps),
            _ if name.starts_with("histogram_") => self.parts_of_histograms(name, &args[0], steps),
            _ if DATES.contains(&name) => {
                let inputs = match args.first() {
                    Some(v) => self.vector(v, steps)?,
                    None => {
                        let one = |t: &i64| Sample {
                            labels: Labels::of([]),
                            value: Val::Float((t / 1000) as f64),
                            flagged: false,
                        };
                        steps.iter().map(|t| vec![one(t)]).collect()
                    }
                };
                self.floats(inputs, steps, |_, v| {
                    if v.is_nan() || v.abs() > 1e11 {
                        self.open.set(Some("the date of no time"));
                        return None;
                    }
                    Some(date(name, v as i64))
                })
            }
            _ => {
                let at = args.iter().position(|a| a.kind() == Type::Vector).expect("a vector argument");
                let inputs = self.vector(&args[at], steps)?;
                let mut scalars = Vec::new();
                for arg in args.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, a)| a) {
                    scalars.push(self.scalar(arg, steps)?);
                }
                self.floats(inputs, steps, |k, v| {
                    let args: Vec<f64> = scalars.iter().map(|s| s[k]).collect();
                    (name != "clamp" || args[1] >= args[0] || args[0].is_nan() || args[1].is_nan()).then(
                        || match name {
                            "abs" | "ceil" | "floor" | "sgn" | "round" | "clamp" | "clamp_min"
                            | "clamp_max" => math(name, v, &args),
                            _ => self.inexact(math(name, v, &args)),
                        },
                    )
                })
            }
        }
    }

    /// Applies a function to the floats of each step; histograms are skipped.
    fn floats(
        &self,
        inputs: Vec<Vector>,
        steps: &[i64],
        f: impl Fn(usize, f64) -> Option<f64>,
    ) -> Out<Vec<Vector>> {
        let mut out = Vec::new();
        for (k, vector) in inputs.into_iter().enumerate() {
            let map = |s: &Sample| match s.value {
                Val::Float(v) => Some(self.rename(s, Val::Float(f(k, v)?))),
                Val::Hist(_) => None,
            };
            out.push(vector.iter().filter_map(map).collect());
        }
        self.check(out, steps)
    }

    fn timestamp(&self, arg: &Expr, steps: &[i64]) -> Out<Vec<Vector>> {
        let mut out = Vec::new();
        if let Expr::Select(s) = arg {
            for &t in steps {
                // With `@` the offset is ignored here.
                let offset_ms = if s.shift.at.is_some() { 0 } else { s.shift.offset_ms };
                let r = self.shifted(Shift { offset_ms, ..s.shift }, t);
                let sample = |stored: &super::data::Stored| {
                    let (at, _) = self.newest(stored, r)?;
                    let s = Sample { labels: stored.labels.clone(), value: Val::Float(0.0), flagged: false };
                    Some(self.rename(&s, Val::Float(*at as f64 / 1000.0)))
                };
                out.push(self.wanted(s).filter_map(|(_, stored)| sample(stored)).collect());
            }
        } else {
            for (vector, t) in self.vector(arg, steps)?.iter().zip(steps) {
                out.push(vector.iter().map(|s| self.rename(s, Val::Float(*t as f64 / 1000.0))).collect());
            }
        }
        self.check(out, steps)
    }

    fn parts_of_histograms(&self, name: &str, arg: &Expr, steps: &[i64]) -> Out<Vec<Vector>> {
        let mut out = Vec::new();
        for vector in self.vector(arg, steps)? {
            let part = |s: &Sample| {
                let Val::Hist(h) = &s.value else { return None };
                let value = match name {
                    "histogram_count" => h.count,
                    "histogram_sum" => h.sum,
                    "histogram_avg" => h.sum / h.count,
                    "histogram_stdvar" => self.inexact(h.variance()),
                    _ => self.inexact(h.variance().sqrt()),
                };
                Some(self.rename(s, Val::Float(value)))
            };
            out.push(vector.iter().filter_map(part).collect());
        }
        self.check(out, steps)
    }

    fn relabel(&self, name: &str, args: &[Expr], steps: &[i64]) -> Out<Vec<Vector>> {
        let texts: Vec<&str> = args[1..]
            .iter()
            .map(|a| match a {
                Expr::Text(text) => *text,
                _ => unreachable!("texts follow the vector"),
            })
            .collect();
        let to = texts[0];
        if name == "label_join" {
            if texts[2..].iter().any(|source| source.is_empty()) {
                return fail("invalid source label name in label_join(): ");
            } else if to.is_empty() {
                return fail("invalid destination label name in label_join(): ");
            }
        } else if texts[3] == "(" {
            return fail("invalid regular expression in label_replace(): (");
        } else if to.is_empty() {
            return fail("invalid destination label name in label_replace(): ");
        }
        let mut out = self.vector(&args[0], steps)?;
        for vector in &mut out {
            for s in vector.iter_mut() {
                let value = if name == "label_join" {
                    let parts: Vec<&str> = texts[2..].iter().map(|source| s.labels.get(source)).collect();
                    Some(parts.join(texts[1]))
                } else {
                    replaced(texts[1], s.labels.get(texts[2]), texts[3])
                };
                if let Some(value) = value {
                    s.labels = s.labels.with(to, &value);
                    s.flagged &= to != "__name__";
                }
            }
            mergeable(vector)?;
        }
        Ok(out)
    }

    fn sort(&self, name: &str, args: &[Expr], steps: &[i64]) -> Out<Vec<Vector>> {
        let mut out = self.vector(&args[0], steps)?;
        let by_label = name.starts_with("sort_by_label");
        if steps.len() > 1 && !args[0].invariant() {
            self.note("PromQL warning: sort is ineffective for range queries since results are always ordered by labels");
        }
        for vector in &mut out {
            if by_label {
                continue;
            }
            vector.retain(|s| matches!(s.value, Val::Float(_)));
            vector.sort_by(|a, b| {
                let (Val::Float(a), Val::Float(b)) = (&a.value, &b.value) else { return Ordering::Equal };
                let order = if name == "sort" { a.partial_cmp(b) } else { b.partial_cmp(a) };
                a.is_nan().cmp(&b.is_nan()).then(order.unwrap_or(Ordering::Equal))
            });
        }
        Ok(out)
    }

    fn info(&self, args: &[Expr], _steps: &[i64]) -> Out<Vec<Vector>> {
        let _ = (args, Rc::new(()));
        Err(Stop::Open("info is not generated"))
    }
}

/// What a match of `pattern` makes of `value`; none if it does not match. The patterns are those that the
/// generator knows.
fn replaced(template: &str, value: &str, pattern: &str) -> Option<String> {
    // Each pattern has one group.
    let group = match pattern {
        "(.*)" => value,
        "(.+)" => Some(value).filter(|v| !v.is_empty())?,
        "(.).*" => value.get(..1)?,
        "a(.*)" => value.strip_prefix('a')?,
        "(a|b)" => Some(value).filter(|v| ["a", "b"].contains(v))?,
        "([a-z]+)_.*" => {
            let end = value.find('_')?;
            let head = &value[..end];
            Some(head).filter(|h| !h.is_empty() && h.bytes().all(|b| b.is_ascii_lowercase()))?
        }
        other => unreachable!("{other} is not generated"),
    };
    Some(template.replace("${1}", group).replace("$1", group).replace("$2", ""))
}

pub(crate) const PATTERNS: [&str; 6] = ["(.*)", "(.+)", "(.).*", "a(.*)", "(a|b)", "([a-z]+)_.*"];

/// The labels that an absent selector is known to have.
pub(crate) fn absent_labels(selector: Option<&Selector>) -> Labels {
    let mut out = Labels::of([]);
    let Some(s) = selector else { return out };
    let mut set: Vec<&str> = Vec::new();
    for m in &s.matchers {
        if m.label == "__name__" {
            continue;
        }
        if m.is == Is::Equal && !set.contains(&m.label) {
            set.push(m.label);
            out = out.with(m.label, m.value);
        } else {
            out = out.without(&[m.label]);
        }
    }
    out
}
