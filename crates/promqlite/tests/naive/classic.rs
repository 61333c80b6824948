//! Naive histogram functions over classic buckets and native histograms.

use std::rc::Rc;

use super::estimate::Note;
use super::evaluate::{Naive, Out, Sample, Val, Vector};
use super::expr::Expr;
use super::histogram::Hist;
use super::labels::Labels;

/// A histogram of a vector.
enum Input {
    Native(Rc<Hist>),
    Classic(Vec<(f64, f64)>),
}

fn parsed_bound(text: &str) -> Option<f64> {
    match text {
        "" => None,
        "+Inf" | "Inf" => Some(f64::INFINITY),
        _ => text.parse().ok(),
    }
}

/// Buckets by bound, those of equal bounds as one.
fn coalesced(buckets: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = buckets.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut out: Vec<(f64, f64)> = Vec::new();
    for (bound, count) in sorted {
        match out.last_mut() {
            Some(last) if last.0 == bound => last.1 += count,
            _ => out.push((bound, count)),
        }
    }
    out
}

fn nearly_equal(a: f64, b: f64) -> bool {
    const SMALL: f64 = 2.225_073_858_507_201_4e-308;
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < SMALL {
        difference < 1e-12 * SMALL
    } else {
        difference / sum.min(f64::MAX) < 1e-12
    }
}

/// The quantile, and whether counts had to be raised.
fn bucket_quantile(q: f64, buckets: &[(f64, f64)]) -> (f64, bool) {
    if q.is_nan() {
        return (f64::NAN, false);
    } else if q < 0.0 {
        return (f64::NEG_INFINITY, false);
    } else if q > 1.0 {
        return (f64::INFINITY, false);
    }
    let mut b = coalesced(buckets);
    if b.last().is_none_or(|last| last.0 != f64::INFINITY) {
        return (f64::NAN, false);
    }
    let (mut before, mut forced) = (b[0].1, false);
    for (_, count) in &mut b[1..] {
        if *count == before {
            continue;
        } else if nearly_equal(before, *count) {
            *count = before;
        } else if *count < before {
            *count = before;
            forced = true;
        } else {
            before = *count;
        }
    }
    let n = b.len();
    let total = b[n - 1].1;
    if n < 2 || total == 0.0 {
        return (f64::NAN, forced);
    }
    let mut rank = q * total;
    let at = b[..n - 1].iter().position(|(_, count)| *count >= rank).unwrap_or(n - 1);
    if at == n - 1 {
        return (b[n - 2].0, forced);
    } else if at == 0 && b[0].0 <= 0.0 {
        return (b[0].0, forced);
    }
    let (end, mut count) = b[at];
    let mut start = 0.0;
    if at > 0 {
        start = b[at - 1].0;
        count -= b[at - 1].1;
        rank -= b[at - 1].1;
    }
    (start + (end - start) * (rank / count), forced)
}

fn bucket_fraction(lower: f64, upper: f64, buckets: &[(f64, f64)]) -> f64 {
    let b = coalesced(buckets);
    let Some(&(last, total)) = b.last() else { return f64::NAN };
    if last != f64::INFINITY || total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    } else if lower >= upper {
        return 0.0;
    }
    let rank = |x: f64| {
        let mut l = if b[0].0 > 0.0 { 0.0 } else { f64::NEG_INFINITY };
        let mut r = 0.0;
        for &(u, c) in &b {
            if l >= x {
                return r;
            } else if x < u {
                return if l == f64::NEG_INFINITY { c } else { r + (c - r) * (x - l) / (u - l) };
            }
            (l, r) = (u, c);
        }
        total
    };
    (rank(upper).min(total) - rank(lower).min(total)) / total
}

impl Naive<'_> {
    pub(crate) fn buckets(&self, name: &str, args: &[Expr], steps: &[i64]) -> Out<Vec<Vector>> {
        let mut out = vec![Vector::new(); steps.len()];
        match name {
            "histogram_quantile" => {
                let qs = self.scalar(&args[0], steps)?;
                for ((out, q), v) in out.iter_mut().zip(qs).zip(self.vector(&args[1], steps)?) {
                    let inputs = self.histograms(&v);
                    self.quantiles(q, &inputs, None, out);
                }
            }
            "histogram_quantiles" => {
                let vectors = self.vector(&args[0], steps)?;
                let Expr::Text(label) = &args[1] else { unreachable!("the label is a text") };
                let inputs: Vec<_> = vectors.iter().map(|v| self.histograms(v)).collect();
                for q in &args[2..] {
                    let qs = self.scalar(q, steps)?;
                    for ((out, q), inputs) in out.iter_mut().zip(qs).zip(&inputs) {
                        self.quantiles(q, inputs, Some(label), out);
                    }
                }
            }
            _ => {
                let (lows, highs) = (self.scalar(&args[0], steps)?, self.scalar(&args[1], steps)?);
                let bounds = lows.into_iter().zip(highs);
                for ((out, (low, high)), v) in out.iter_mut().zip(bounds).zip(self.vector(&args[2], steps)?) {
                    for (labels, input) in self.histograms(&v) {
                        let value = match &input {
                            Input::Classic(buckets) => bucket_fraction(low, high, buckets),
                            Input::Native(h) => {
                                let (value, note) = h.fraction(low, high);
                                self.remark(note, &labels);
                                value
                            }
                        };
                        out.push(self.renamed(&labels, value));
                    }
                }
            }
        }
        self.check(out, steps)
    }

    fn renamed(&self, labels: &Labels, value: f64) -> Sample {
        self.rename(
            &Sample { labels: labels.clone(), value: Val::Float(0.0), flagged: false },
            Val::Float(value),
        )
    }

    fn quantiles(&self, q: f64, inputs: &[(Labels, Input)], label: Option<&str>, out: &mut Vector) {
        if !(0.0..=1.0).contains(&q) {
            self.bad_quantile(q);
        }
        for (labels, input) in inputs {
            let value = match input {
                Input::Native(h) => {
                    let (value, note) = h.quantile(q);
                    self.remark(note, labels);
                    self.inexact(value)
                }
                Input::Classic(buckets) => {
                    let (value, forced) = bucket_quantile(q, buckets);
                    if forced {
                        let name = self.named(labels);
                        self.note(format!("PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){name}"));
                    }
                    value
                }
            };
            let mut text = promqlite::syntax::format_number_g(q);
            if q.is_finite() && !text.contains(['.', 'e']) {
                text.push_str(".0");
            }
            let labels = label.map_or_else(|| labels.clone(), |label| labels.with(label, &text));
            out.push(self.renamed(&labels, value));
        }
    }

    /// ` for metric name "x"`, if names are removed at the end.
    fn named(&self, labels: &Labels) -> String {
        match labels.metric() {
            name if self.delayed && !name.is_empty() => format!(" for metric name {name:?}"),
            _ => String::new(),
        }
    }

    fn remark(&self, note: Option<Note>, labels: &Labels) {
        let Some(note) = note else { return };
        let name = self.named(labels);
        self.note(match note {
            Note::ResultIsNan => {
                format!("PromQL info: input to histogram_quantile has NaN observations, result is NaN{name}")
            }
            Note::Skewed => {
                format!("PromQL info: input to histogram_quantile has NaN observations, result is skewed higher{name}")
            }
            Note::Excluded => {
                format!("PromQL info: input to histogram_fraction has NaN observations, which are excluded from all fractions{name}")
            }
        });
    }

    /// The histograms of a vector with their labels: native ones first.
    fn histograms(&self, vector: &Vector) -> Vec<(Labels, Input)> {
        let mut native = Vec::new();
        let mut classic: Vec<(Labels, Vec<(f64, f64)>)> = Vec::new();
        for s in vector {
            match &s.value {
                Val::Hist(h) => native.push((s.labels.clone(), h.clone())),
                Val::Float(count) => {
                    let Some(bound) = parsed_bound(s.labels.get("le")) else {
                        let (le, name) = (s.labels.get("le"), self.named(&s.labels));
                        self.note(format!("PromQL warning: bucket label \"le\" is missing or has a malformed value of {le:?}{name}"));
                        continue;
                    };
                    let key = s.labels.without(&["le"]);
                    match classic.iter_mut().find(|(labels, _)| *labels == key) {
                        Some((_, buckets)) => buckets.push((bound, *count)),
                        None => classic.push((key, vec![(bound, *count)])),
                    }
                }
            }
        }
        let clash = |labels: &Labels| {
            native.iter().any(|(n, _)| n == labels) && classic.iter().any(|(c, _)| c == labels)
        };
        for (labels, _) in native.iter().filter(|(labels, _)| clash(labels)) {
            let name = self.named(labels);
            self.note(format!(
                "PromQL warning: vector contains a mix of classic and native histograms{name}"
            ));
        }
        let natives = native
            .iter()
            .filter(|(l, _)| !clash(l))
            .map(|(l, h)| (l.without(&["le"]), Input::Native(h.clone())));
        let classics =
            classic.iter().filter(|(l, _)| !clash(l)).map(|(l, b)| (l.clone(), Input::Classic(b.clone())));
        natives.chain(classics).collect()
    }
}
