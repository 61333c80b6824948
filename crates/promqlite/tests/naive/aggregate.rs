//! Naive aggregations.

use std::rc::Rc;

use promqlite::histogram::CounterResetHint;

use super::evaluate::{Naive, Out, Sample, Val, Vector, fail};
use super::expr::{Expr, Grouping};
use super::histogram::Hist;
use super::labels::Labels;
use super::numbers::{add, mean, plain, quantile, variance};

impl Naive<'_> {
    pub(crate) fn aggregate(
        &self,
        op: &str,
        grouping: Option<&Grouping>,
        param: Option<&Expr>,
        inner: &Expr,
        steps: &[i64],
    ) -> Out<Vec<Vector>> {
        let input = self.vector(inner, steps)?;
        if op == "count_values" {
            let Some(Expr::Text(label)) = param else { unreachable!("count_values has a label") };
            let out = input.iter().map(|v| count_values(label, grouping, v)).collect();
            return self.check(out, steps);
        }
        let params = match param {
            None => vec![f64::NAN; steps.len()],
            Some(p) => self.scalar(p, steps)?,
        };
        self.judge_parameters(op, &params)?;
        let k_is_small = ["topk", "bottomk", "limitk"].contains(&op) && !params.iter().any(|k| *k >= 1.0);
        let none = op == "limit_ratio" && params.iter().all(|r| *r == 0.0);
        if k_is_small || none {
            return Ok(vec![Vector::new(); steps.len()]);
        }
        let each = |(vector, param): (Vector, f64)| self.aggregate_step(op, grouping, param, vector);
        let out: Vec<Vector> = input.iter().cloned().zip(params).map(each).collect();
        // The series of more than one step have the order of a map, unless they come from the store.
        let unordered = !inner.ordered() || (steps.len() > 1 && !matches!(inner, Expr::Select(_)));
        if ["topk", "bottomk"].contains(&op)
            && unordered
            && input.iter().zip(&out).any(|(v, out)| tied(v, out))
        {
            self.open.set(Some("which of equal values are selected, where no order is defined"));
        }
        Ok(out)
    }

    fn judge_parameters(&self, op: &str, params: &[f64]) -> Out<()> {
        let (low, high) =
            params.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(*p), h.max(*p)));
        let g = promqlite::syntax::format_number_g;
        match op {
            "topk" | "bottomk" | "limitk" => {
                if params.iter().any(|p| p.is_nan()) {
                    return fail("Parameter value is NaN");
                } else if high < 1.0 {
                } else if low <= -9_223_372_036_854_775_808.0 {
                    return fail(format!("Scalar value {} underflows int64", g(low)));
                } else if high >= 9_223_372_036_854_774_784.0 {
                    return fail(format!("Scalar value {} overflows int64", g(high)));
                }
            }
            "limit_ratio" => {
                if params.iter().any(|p| p.is_nan()) {
                    return fail("Ratio value is NaN");
                }
                for (bad, got, to) in [(high > 1.0, high, 1.0), (low < -1.0, low, -1.0)] {
                    if bad {
                        let (got, to) = (g(got), g(to));
                        self.note(format!("PromQL warning: ratio value should be between -1 and 1, got {got}, capping to {to}"));
                    }
                }
            }
            "quantile" => {
                if params.iter().any(|p| p.is_nan()) {
                    self.bad_quantile(f64::NAN);
                }
                for bad in [high > 1.0, low < 0.0].into_iter().zip([high, low]).filter(|(bad, _)| *bad) {
                    self.bad_quantile(bad.1);
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn bad_quantile(&self, q: f64) {
        let q = promqlite::syntax::format_number_g(q);
        self.note(format!("PromQL warning: quantile value should be between 0 and 1, got {q}"));
    }

    fn aggregate_step(&self, op: &str, grouping: Option<&Grouping>, param: f64, input: Vector) -> Vector {
        let mut out = Vector::new();
        for (labels, members) in groups(grouping, input) {
            match op {
                "topk" | "bottomk" => {
                    let k = if param < 1.0 { 0 } else { param.min(1e6) as usize };
                    let floats: Vector =
                        members.iter().filter(|s| matches!(s.value, Val::Float(_))).cloned().collect();
                    if floats.len() < members.len() {
                        self.ignored_histogram(op);
                    }
                    out.extend(best(op == "topk", k, &floats));
                }
                "limitk" => {
                    let k = if param < 1.0 { 0 } else { param.min(1e6) as usize };
                    out.extend(members.into_iter().take(k));
                }
                "limit_ratio" => out.extend(members.into_iter().filter(|s| in_ratio(param, &s.labels))),
                _ => {
                    let flagged = members.iter().any(|s| s.flagged);
                    if let Some(value) = self.fold(op, param, &members) {
                        out.push(Sample { labels, value, flagged });
                    }
                }
            }
        }
        out
    }

    fn ignored_histogram(&self, op: &str) {
        self.note(format!("PromQL info: ignored histogram in {op} aggregation"));
    }

    fn fold(&self, op: &str, param: f64, members: &Vector) -> Option<Val> {
        let floats: Vec<f64> = members
            .iter()
            .filter_map(|s| match s.value {
                Val::Float(v) => Some(v),
                Val::Hist(_) => None,
            })
            .collect();
        let n = members.len() as f64;
        match op {
            "count" => return Some(Val::Float(n)),
            "group" => return Some(Val::Float(1.0)),
            "sum" | "avg" if floats.len() < members.len() => return self.fold_histograms(op, members),
            _ => {}
        }
        if floats.len() < members.len() {
            self.ignored_histogram(op);
        }
        let first = *floats.first()?;
        let better = |better: fn(f64, f64) -> bool| {
            floats.iter().fold(first, |best, v| if best.is_nan() || better(*v, best) { *v } else { best })
        };
        Some(Val::Float(match op {
            "sum" => {
                let (s, c) = floats[1..].iter().fold((first, 0.0), |(s, c), v| add(s, c, *v));
                s + c
            }
            "avg" => self.inexact(mean(&floats)),
            "min" => better(|v, best| v < best),
            "max" => better(|v, best| v > best),
            "stdvar" => self.inexact(variance(&floats)),
            "stddev" => self.inexact(variance(&floats).sqrt()),
            "quantile" => self.inexact(quantile(param, &floats)),
            other => unreachable!("{other} is no aggregation"),
        }))
    }

    /// `sum` or `avg` of a group that has histograms.
    fn fold_histograms(&self, op: &str, members: &Vector) -> Option<Val> {
        // If the first is a histogram, all are added, up to one that does not fit; nothing behind it counts.
        let first_is_float = matches!(members[0].value, Val::Float(_));
        let custom = |s: &Sample| match &s.value {
            Val::Hist(h) => Some(h.custom()),
            Val::Float(_) => None,
        };
        let unfit = members.iter().position(|s| custom(s).is_some_and(|c| Some(c) != custom(&members[0])));
        let seen = if first_is_float { members.len() } else { unfit.unwrap_or(members.len()) };
        let mixed = members[..seen].iter().any(|s| custom(s).is_none());
        if mixed {
            self.note("PromQL warning: encountered a mix of histograms and floats for aggregation");
            if first_is_float {
                return None;
            }
        }
        let hists: Vec<(&Labels, &Rc<Hist>)> = members
            .iter()
            .filter_map(|s| match &s.value {
                Val::Hist(h) => Some((&s.labels, h)),
                Val::Float(_) => None,
            })
            .collect();
        let all: Vec<&Hist> = hists.iter().map(|(_, h)| &***h).collect();
        match self.total(&all, !mixed) {
            Err(i) => {
                self.mixed_schemas(hists[i].0.metric());
                None
            }
            Ok(total) => {
                if mixed {
                    return None;
                }
                let n = all.len() as f64;
                let value = if op == "avg" { total.divided(n) } else { total };
                Some(Val::Hist(Rc::new(value.compact())))
            }
        }
    }

    pub(crate) fn mixed_schemas(&self, metric: &str) {
        self.note(format!("PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas for metric name {metric:?}"));
    }

    /// The sum of histograms, left to right; the index of the first that does not fit.
    /// Hints that contradict each other are remarked if the sum is `kept`.
    pub(crate) fn total(&self, all: &[&Hist], kept: bool) -> Result<Hist, usize> {
        let mut total = all[0].clone();
        let mut reconciled = false;
        let seen = |hint: CounterResetHint, upto: usize| all[..upto].iter().any(|h| h.hint == hint);
        for (i, h) in all.iter().enumerate().skip(1) {
            let Ok((sum, told)) = total.plus(h) else {
                self.remark_sum(reconciled, false);
                return Err(i);
            };
            reconciled |= told.reconciled;
            total = sum;
        }
        let n = all.len();
        let conflict = seen(CounterResetHint::Reset, n) && seen(CounterResetHint::NotReset, n);
        self.remark_sum(reconciled, conflict && kept);
        Ok(total)
    }

    fn remark_sum(&self, reconciled: bool, conflict: bool) {
        if reconciled {
            self.note("PromQL info: mismatched custom buckets were reconciled during aggregation");
        }
        if conflict {
            self.note("PromQL warning: conflicting counter resets during histogram aggregation");
        }
    }
}

/// Groups in order of their first members.
fn groups(grouping: Option<&Grouping>, input: Vector) -> Vec<(Labels, Vector)> {
    let mut out: Vec<(Labels, Vector)> = Vec::new();
    for s in input {
        let key = match grouping {
            None => Labels::of([]),
            Some(g) if g.without => s.labels.without(&["__name__"]).without(&g.labels),
            Some(g) => s.labels.only(&g.labels),
        };
        match out.iter_mut().find(|(labels, _)| *labels == key) {
            Some((_, members)) => members.push(s),
            None => out.push((key, vec![s])),
        }
    }
    out
}

fn count_values(label: &str, grouping: Option<&Grouping>, input: &Vector) -> Vector {
    let text = |value: &Val| match value {
        Val::Float(v) => plain(*v),
        Val::Hist(h) => h.text(),
    };
    let relabelled =
        input.iter().map(|s| Sample { labels: s.labels.with(label, &text(&s.value)), ..s.clone() });
    let kept = |g: &Grouping| {
        let mut labels = g.labels.clone();
        if !g.without {
            // The label is one of the grouping labels.
            labels.push(LABEL);
        }
        Grouping { without: g.without, labels }
    };
    let grouping = grouping.map_or_else(|| Grouping { without: false, labels: vec![LABEL] }, kept);
    debug_assert!(label == LABEL);
    groups(Some(&grouping), relabelled.collect())
        .into_iter()
        .map(|(labels, members)| Sample { labels, value: Val::Float(members.len() as f64), flagged: false })
        .collect()
}

/// Whether a value that was left out equals one that was selected.
fn tied(input: &Vector, selected: &Vector) -> bool {
    let float = |s: &Sample| match s.value {
        Val::Float(v) => Some(v),
        Val::Hist(_) => None,
    };
    let left_out = input.iter().filter(|s| !selected.iter().any(|o| o.labels == s.labels));
    let mut values = left_out.filter_map(float);
    values.any(|v| selected.iter().filter_map(float).any(|o| o == v || (o.is_nan() && v.is_nan())))
}

/// The label that generated `count_values` write to.
pub(crate) const LABEL: &str = "v";

/// The heap of the definition, literally: which of equal values stay depends on it.
fn best(largest: bool, k: usize, floats: &Vector) -> Vector {
    let value = |s: &Sample| match s.value {
        Val::Float(v) => v,
        Val::Hist(_) => unreachable!("floats only"),
    };
    let under = |a: f64, b: f64| a.is_nan() || if largest { a < b } else { a > b };
    let less = |a: &Sample, b: &Sample| under(value(a), value(b));
    let mut heap: Vec<Sample> = Vec::new();
    for s in floats {
        if heap.len() < k {
            heap.push(s.clone());
            let mut i = heap.len() - 1;
            while i > 0 && less(&heap[i], &heap[(i - 1) / 2]) {
                heap.swap(i, (i - 1) / 2);
                i = (i - 1) / 2;
            }
        } else if k > 0 {
            let (root, x) = (value(&heap[0]), value(s));
            let beats = if largest { root < x } else { root > x };
            if beats || (root.is_nan() && !x.is_nan()) {
                heap[0] = s.clone();
                let mut i = 0;
                loop {
                    let (left, right) = (2 * i + 1, 2 * i + 2);
                    if left >= heap.len() {
                        break;
                    }
                    let child =
                        if right < heap.len() && less(&heap[right], &heap[left]) { right } else { left };
                    if !less(&heap[child], &heap[i]) {
                        break;
                    }
                    heap.swap(i, child);
                    i = child;
                }
            }
        }
    }
    // Best first, NaN last.
    heap.sort_by(|a, b| {
        let (a, b) = (value(a), value(b));
        let order = if largest { b.total_cmp(&a) } else { a.total_cmp(&b) };
        a.is_nan().cmp(&b.is_nan()).then(order)
    });
    heap
}

fn in_ratio(ratio: f64, labels: &Labels) -> bool {
    let mut bytes = Vec::new();
    for (name, value) in labels.pairs() {
        for text in [name, value] {
            match u8::try_from(text.len()) {
                Ok(n) if n < 255 => bytes.push(n),
                _ => {
                    bytes.push(255);
                    bytes.extend(&u32::try_from(text.len()).expect("labels are short").to_le_bytes()[..3]);
                }
            }
            bytes.extend(text.as_bytes());
        }
    }
    let u = super::numbers::xxh64(&bytes) as f64 / 18_446_744_073_709_551_616.0;
    let ratio = ratio.clamp(-1.0, 1.0);
    if ratio >= 0.0 { u < ratio } else { u >= 1.0 + ratio }
}
