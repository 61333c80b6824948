//! Naive functions of range vectors.

use std::rc::Rc;

use promqlite::histogram::CounterResetHint::Gauge;

use super::data::Stored;
use super::evaluate::{DUPLICATE, Naive, Out, Sample, Val, Vector, Window, fail, stale};
use super::expr::{Expr, Extended, Type};
use super::histogram::Hist;
use super::instant::absent_labels;
use super::labels::Labels;
use super::numbers::{add, line, mean, quantile, variance};

/// A window's scalar arguments and the step's time.
struct Cx<'a> {
    args: &'a [f64],
    t: i64,
}

const KEEP_NAMES: [&str; 2] = ["last_over_time", "first_over_time"];

/// Functions that warn of floats next to histograms and then yield nothing.
const NEVER_MIXED: [&str; 7] =
    ["rate", "increase", "delta", "irate", "idelta", "sum_over_time", "avg_over_time"];

pub(crate) const OF_RANGES: [&str; 20] = [
    "rate",
    "increase",
    "delta",
    "irate",
    "idelta",
    "changes",
    "resets",
    "deriv",
    "sum_over_time",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "count_over_time",
    "first_over_time",
    "last_over_time",
    "present_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "mad_over_time",
    "ts_of_last_over_time",
];

pub(crate) const MORE_OF_RANGES: [&str; 3] =
    ["ts_of_first_over_time", "ts_of_min_over_time", "ts_of_max_over_time"];

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// How much longer than sampled a window counts, as a factor.
fn extrapolation(counter: bool, w: (i64, i64, i64, i64, usize), first: f64, raw: f64) -> f64 {
    let (begin, end, t1, tn, n) = w;
    let sampled = seconds(tn - t1);
    let gap = sampled / (n as f64 - 1.0);
    let (mut left, mut right) = (seconds(t1 - begin), seconds(end - tn));
    if left >= 1.1 * gap {
        left = gap / 2.0;
    }
    if counter && raw > 0.0 && first >= 0.0 {
        left = left.min(sampled * (first / raw));
    }
    if right >= 1.1 * gap {
        right = gap / 2.0;
    }
    if sampled == 0.0 { 1.0 } else { (sampled + left + right) / sampled }
}

impl Naive<'_> {
    pub(crate) fn range_call(&self, name: &str, args: &[Expr], at: usize, steps: &[i64]) -> Out<Vec<Vector>> {
        let windows = self.windows(&args[at], steps)?;
        if name == "absent_over_time" {
            let labels = absent_labels(match &args[at] {
                Expr::Range(s, _) => Some(s),
                _ => None,
            });
            let one = |w: &Vec<Window>| match w.iter().all(|w| w.points.is_empty()) {
                true => vec![Sample { labels: labels.clone(), value: Val::Float(1.0), flagged: false }],
                false => Vector::new(),
            };
            return Ok(windows.iter().map(one).collect());
        }
        let mut scalars = Vec::new();
        for arg in args.iter().filter(|a| a.kind() != Type::Range) {
            scalars.push(self.scalar(arg, steps)?);
        }
        let mut out = Vec::new();
        let mut rows: Vec<(usize, Labels)> = Vec::new();
        for (k, windows) in windows.iter().enumerate() {
            let args: Vec<f64> = scalars.iter().map(|s| s[k]).collect();
            let cx = Cx { args: &args, t: steps[k] };
            let mut vector = Vector::new();
            for w in windows {
                let Some(value) = self.over(name, w, &cx)? else { continue };
                let mut s = Sample { labels: w.labels.clone(), value: value.clone(), flagged: w.flagged };
                if !KEEP_NAMES.contains(&name) {
                    s = self.rename(&s, value);
                }
                if !rows.iter().any(|(series, _)| *series == w.series) {
                    rows.push((w.series, s.labels.clone()));
                }
                vector.push(s);
            }
            out.push(vector);
        }
        let twins = |(i, row): (usize, &(usize, Labels))| rows[..i].iter().any(|other| other.1 == row.1);
        if !self.delayed && rows.iter().enumerate().any(twins) {
            return fail(DUPLICATE);
        }
        Ok(out)
    }

    fn over(&self, name: &str, w: &Window, cx: &Cx<'_>) -> Out<Option<Val>> {
        if w.points.is_empty() && w.around.is_empty() {
            return Ok(None);
        }
        let metric = w.labels.metric();
        let floats = floats_of(&w.points);
        if let Some(extended) = w.extended {
            let (word, allowed): (_, &[&str]) = match extended {
                Extended::Anchored => ("anchored", &["changes", "delta", "increase", "rate", "resets"]),
                Extended::Smoothed => ("smoothed", &["delta", "increase", "rate"]),
            };
            if !allowed.contains(&name) {
                let list = allowed.join(", ");
                return fail(format!("{word} modifier can only be used with: {list} - not with {name}"));
            }
            return Ok(self.over_edges(name, w, extended));
        }
        let hists: Vec<(i64, &Hist)> = w
            .points
            .iter()
            .filter_map(|(t, v)| match v {
                Val::Hist(h) => Some((*t, &**h)),
                Val::Float(_) => None,
            })
            .collect();
        let last_two = ["irate", "idelta"].contains(&name);
        let mixed = !floats.is_empty() && !hists.is_empty();
        if NEVER_MIXED.contains(&name) && mixed && !last_two {
            self.mixed_window(metric);
            return Ok(None);
        }
        match name {
            "double_exponential_smoothing" => return self.smoothing(&floats, &hists, metric, cx),
            "irate" | "idelta" => return Ok(self.last_two(name, w)),
            "rate" | "increase" | "delta" if hists.is_empty() => return Ok(self.counter(name, w, &floats)),
            "rate" | "increase" | "delta" => return Ok(self.counter_of_histograms(name, w, &hists)),
            "sum_over_time" | "avg_over_time" if floats.is_empty() => {
                let all: Vec<&Hist> = hists.iter().map(|(_, h)| *h).collect();
                return Ok(match self.total(&all, true) {
                    Err(_) => {
                        self.mixed_schemas(metric);
                        None
                    }
                    Ok(total) if name == "avg_over_time" => {
                        Some(Val::Hist(Rc::new(total.divided(all.len() as f64))))
                    }
                    Ok(total) => Some(Val::Hist(Rc::new(total))),
                });
            }
            "changes" | "resets" => return Ok(Some(Val::Float(turns(name, &w.points)))),
            "first_over_time" => return Ok(w.points.first().map(|p| p.1.clone())),
            "last_over_time" => return Ok(w.points.last().map(|p| p.1.clone())),
            _ => {}
        }
        let any = |v: f64| Ok(Some(Val::Float(v)));
        match name {
            "count_over_time" => return any(w.points.len() as f64),
            "present_over_time" => return any(1.0),
            "ts_of_first_over_time" => return any(seconds(w.points[0].0)),
            "ts_of_last_over_time" => return any(seconds(w.points[w.points.len() - 1].0)),
            _ => {}
        }
        if floats.is_empty() {
            return Ok(None);
        }
        if mixed && name != "sum_over_time" && name != "avg_over_time" {
            self.ignored_histograms(metric);
        }
        if ["deriv", "predict_linear"].contains(&name) && floats.len() < 2 {
            return Ok(None);
        }
        let v = self.of_floats(name, &floats, cx);
        let exact =
            ["min_over_time", "max_over_time", "ts_of_min_over_time", "ts_of_max_over_time"].contains(&name);
        Ok(Some(Val::Float(if exact { v } else { self.inexact(v) })))
    }

    /// `anchored` and `smoothed`, for floats.
    fn over_edges(&self, name: &str, w: &Window, extended: Extended) -> Option<Val> {
        let (a, b, p) = (w.begin, w.end, floats_of(&w.around));
        let n = p.len();
        let (smoothed, counter) = (extended == Extended::Smoothed, name != "delta");
        let from = (0..n - 1).find(|i| p[*i].0 > a).unwrap_or(n - 1);
        if ["changes", "resets"].contains(&name) {
            let start = p.iter().rposition(|(t, _)| *t <= a).unwrap_or(0);
            let kept: Vec<(i64, Val)> = p[start..].iter().map(|(t, v)| (*t, Val::Float(*v))).collect();
            return (p[n - 1].0 > a).then(|| Val::Float(turns(name, &kept)));
        }
        let first = from.saturating_sub(1);
        let last = if smoothed { (0..n - 1).find(|i| p[*i].0 >= b).unwrap_or(n - 1) } else { n - 1 };
        if p[last].0 <= a || (smoothed && p[first].0 > b) {
            return None;
        }
        let between = |i: usize, t: i64| {
            let ((t1, y1), (t2, y2)) = (p[i], p[i + 1]);
            let y1 = if counter && y2 < y1 { 0.0 } else { y1 };
            y1 + (y2 - y1) * (t - t1) as f64 / (t2 - t1) as f64
        };
        let left = if smoothed && p[first].0 < a { between(first, a) } else { p[first].1 };
        let right = if smoothed && last > 0 && p[last].0 > b { between(last - 1, b) } else { p[last].1 };
        let mut result = right - left;
        if counter {
            let mut before = left;
            for (t, v) in &p[first..=last] {
                let edge = (*t == p[first].0 && *t <= a) || (*t == p[last].0 && *t >= b);
                if edge {
                    continue;
                }
                if *v < before {
                    result += before;
                }
                before = *v;
            }
            if right < before {
                result += before;
            }
            self.remark_name(w.labels.metric());
        }
        if name == "rate" {
            result /= seconds(b - a);
        }
        Some(Val::Float(self.inexact(result)))
    }

    /// Counters have names that say so.
    fn remark_name(&self, metric: &str) {
        let typical = ["_total", "_sum", "_count", "_bucket"].iter().any(|end| metric.ends_with(end));
        if !metric.is_empty() && !typical {
            self.note(format!("PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {metric:?}"));
        }
    }

    fn mixed_window(&self, metric: &str) {
        self.note(format!(
            "PromQL warning: encountered a mix of histograms and floats for metric name {metric:?}"
        ));
    }

    fn ignored_histograms(&self, metric: &str) {
        self.note(format!("PromQL info: ignored histograms in a range containing both floats and histograms for metric name {metric:?}"));
    }

    /// Functions of floats; there is at least one.
    fn of_floats(&self, name: &str, floats: &[(i64, f64)], cx: &Cx<'_>) -> f64 {
        let values: Vec<f64> = floats.iter().map(|p| p.1).collect();
        let extreme = |beats: fn(f64, f64) -> bool| {
            floats
                .iter()
                .fold(floats[0], |best, p| if best.1.is_nan() || beats(p.1, best.1) { *p } else { best })
        };
        match name {
            "sum_over_time" => {
                let (s, c) = values.iter().fold((0.0, 0.0), |(s, c), v| add(s, c, *v));
                if s.is_infinite() { s } else { s + c }
            }
            "avg_over_time" => mean(&values),
            "min_over_time" => extreme(|v, best| v < best).1,
            "max_over_time" => extreme(|v, best| v > best).1,
            "ts_of_min_over_time" => seconds(extreme(|v, best| v <= best).0),
            "ts_of_max_over_time" => seconds(extreme(|v, best| v >= best).0),
            "stdvar_over_time" => variance(&values),
            "stddev_over_time" => variance(&values).sqrt(),
            "quantile_over_time" => {
                if !(0.0..=1.0).contains(&cx.args[0]) {
                    self.bad_quantile(cx.args[0]);
                }
                quantile(cx.args[0], &values)
            }
            "mad_over_time" if values.iter().any(|v| v.is_nan()) => f64::NAN,
            "mad_over_time" => {
                let median = quantile(0.5, &values);
                let off: Vec<f64> = values.iter().map(|v| (v - median).abs()).collect();
                quantile(0.5, &off)
            }
            "deriv" => line(floats, floats[0].0).0,
            "predict_linear" => {
                let (slope, intercept) = line(floats, cx.t);
                slope * cx.args[0] + intercept
            }
            _ => unreachable!("{name} is no function of a range"),
        }
    }

    fn smoothing(
        &self,
        floats: &[(i64, f64)],
        hists: &[(i64, &Hist)],
        metric: &str,
        cx: &Cx<'_>,
    ) -> Out<Option<Val>> {
        let (sf, tf) = (cx.args[0], cx.args[1]);
        for (what, f, v) in [("smoothing", "sf", sf), ("trend", "tf", tf)] {
            if v.is_nan() || v <= 0.0 || v >= 1.0 {
                let v = if v.is_nan() {
                    "NaN".to_owned()
                } else if v.is_infinite() {
                    super::numbers::plain(v)
                } else {
                    format!("{v:.6}")
                };
                return fail(format!("invalid {what} factor. Expected: 0 < {f} < 1, got: {v}"));
            }
        }
        if !floats.is_empty() && !hists.is_empty() {
            self.ignored_histograms(metric);
        }
        if floats.len() < 2 {
            return Ok(None);
        }
        let (mut s0, mut s1, mut b) = (0.0, floats[0].1, floats[1].1 - floats[0].1);
        for (i, (_, v)) in floats.iter().enumerate().skip(1) {
            if i > 1 {
                b = tf * (s1 - s0) + (1.0 - tf) * b;
            }
            (s0, s1) = (s1, sf * v + (1.0 - sf) * (s1 + b));
        }
        Ok(Some(Val::Float(self.inexact(s1))))
    }

    fn counter(&self, name: &str, w: &Window, floats: &[(i64, f64)]) -> Option<Val> {
        let counter = name != "delta";
        let n = floats.len();
        if n < 2 {
            return None;
        }
        let ((t1, v1), (tn, vn)) = (floats[0], floats[n - 1]);
        let mut raw = vn - v1;
        if counter {
            for pair in floats.windows(2).filter(|p| p[1].1 < p[0].1) {
                raw += pair[0].1;
            }
        }
        let mut factor = extrapolation(counter, (w.begin, w.end, t1, tn, n), v1, raw);
        if name == "rate" {
            factor /= seconds(w.end - w.begin);
        }
        if counter {
            self.remark_name(w.labels.metric());
        }
        Some(Val::Float(self.inexact(raw * factor)))
    }

    fn counter_of_histograms(&self, name: &str, w: &Window, hists: &[(i64, &Hist)]) -> Option<Val> {
        let (counter, metric, n) = (name != "delta", w.labels.metric(), hists.len());
        if n < 2 {
            return None;
        }
        let (first, last) = (hists[0].1, hists[n - 1].1);
        let (gauge, first_count) = (first.hint == Gauge, first.count);
        if counter && hists.iter().any(|(_, h)| h.hint == Gauge) {
            self.not_a("counter", metric);
        }
        // What a reset throws away right after the first sample does not count.
        let replaced = counter && hists[1].1.resets_after(first);
        let base = if replaced { hists[1].1.empty_like() } else { first.clone() };
        let before = |i: usize| if i == 1 { &base } else { hists[i - 1].1 };
        let reset = |i: usize| hists[i].1.resets_after(before(i));
        let used = if counter { &hists[1..] } else { &hists[n - 1..] };
        if used.iter().any(|(_, h)| h.custom() != base.custom()) {
            self.mixed_schemas(metric);
            return None;
        }
        let schema =
            used.iter().map(|(_, h)| h.schema).chain([base.schema]).min().expect("two samples or more");
        let mut result = self.told(last.reduced(schema).minus(&base), "subtraction")?;
        if counter {
            for i in (1..n).filter(|i| reset(*i)) {
                match result.plus(before(i)) {
                    Ok(sum) => result = self.told(Ok(sum), "addition")?,
                    // The first sample was replaced, so its layout was not looked at.
                    Err(_) => {
                        self.mixed_schemas(metric);
                        return None;
                    }
                }
            }
        } else if !gauge || last.hint != Gauge {
            self.not_a("gauge", metric);
        }
        let at = (w.begin, w.end, hists[0].0, hists[n - 1].0, n);
        let mut factor = extrapolation(counter, at, first_count, result.count);
        if name == "rate" {
            factor /= seconds(w.end - w.begin);
        }
        let mut result = result.compact().times(self.inexact(factor));
        result.hint = Gauge;
        Some(Val::Hist(Rc::new(result)))
    }

    fn told(
        &self,
        made: Result<(Hist, super::histogram::Told), super::histogram::Mixed>,
        what: &str,
    ) -> Option<Hist> {
        let (h, told) = made.ok()?;
        if told.reconciled {
            self.note(format!("PromQL info: mismatched custom buckets were reconciled during {what}"));
        }
        Some(h)
    }

    fn not_a(&self, what: &str, metric: &str) {
        self.note(format!("PromQL warning: this native histogram metric is not a {what}: {metric:?}"));
    }

    fn last_two(&self, name: &str, w: &Window) -> Option<Val> {
        let n = w.points.len();
        if n < 2 {
            return None;
        }
        let metric = w.labels.metric();
        let ((t1, before), (t2, now)) = (&w.points[n - 2], &w.points[n - 1]);
        let length = seconds(t2 - t1);
        match (before, now) {
            (Val::Float(a), Val::Float(b)) => Some(Val::Float(match name {
                "idelta" => b - a,
                _ if b < a => self.inexact(b / length),
                _ => self.inexact((b - a) / length),
            })),
            (Val::Hist(a), Val::Hist(b)) => {
                let gauges = [a, b].iter().filter(|h| h.hint == Gauge).count();
                if name == "irate" && gauges > 0 {
                    self.not_a("counter", metric);
                } else if name == "idelta" && gauges < 2 {
                    self.not_a("gauge", metric);
                }
                let mut out = if name == "irate" && b.resets_after(a) {
                    (**b).clone()
                } else {
                    match b.minus(a) {
                        Err(_) => {
                            self.mixed_schemas(metric);
                            return None;
                        }
                        made => self.told(made, "subtraction")?,
                    }
                };
                out = out.compact();
                if name == "irate" {
                    out = out.divided(self.inexact(length));
                }
                out.hint = Gauge;
                Some(Val::Hist(Rc::new(out)))
            }
            _ => {
                self.mixed_window(metric);
                None
            }
        }
    }

    /// A smoothed instant selector, for floats.
    pub(crate) fn smooth(&self, stored: &Stored, r: i64) -> Option<Val> {
        let near = |p: &&(i64, Val)| r - self.lookback < p.0 && p.0 <= r + self.lookback && !stale(&p.1);
        let points: Vec<(i64, f64)> = stored
            .samples
            .iter()
            .filter(near)
            .map(|(t, v)| match v {
                Val::Float(v) => (*t, *v),
                Val::Hist(_) => unreachable!("smoothed selectors are generated for floats"),
            })
            .collect();
        let before = points.iter().rev().find(|p| p.0 <= r)?;
        let after = points.iter().find(|p| p.0 > r);
        Some(Val::Float(match after {
            Some(after) if before.0 < r => self.inexact(
                before.1 + (after.1 - before.1) * (r - before.0) as f64 / (after.0 - before.0) as f64,
            ),
            _ => before.1,
        }))
    }
}

fn floats_of(points: &[(i64, Val)]) -> Vec<(i64, f64)> {
    let float = |(t, v): &(i64, Val)| match v {
        Val::Float(v) => Some((*t, *v)),
        Val::Hist(_) => None,
    };
    points.iter().filter_map(float).collect()
}

/// How often the value changes, or falls as a counter does.
fn turns(name: &str, points: &[(i64, Val)]) -> f64 {
    let turned = |p: &[(i64, Val)]| match (&p[0].1, &p[1].1) {
        (Val::Float(a), Val::Float(b)) if name == "changes" => a != b && !(a.is_nan() && b.is_nan()),
        (Val::Float(a), Val::Float(b)) => b < a,
        (Val::Hist(a), Val::Hist(b)) if name == "changes" => !a.same(b),
        (Val::Hist(a), Val::Hist(b)) => b.resets_after(a),
        _ => true,
    };
    points.windows(2).filter(|p| turned(p)).count() as f64
}
