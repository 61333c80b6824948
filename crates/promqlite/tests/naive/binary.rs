//! Naive binary operators.

use std::rc::Rc;

use super::evaluate::{Naive, Out, Sample, Stop, Val, Vector, fail};
use super::expr::{Expr, Many, Matching};
use super::labels::Labels;

pub(crate) const COMPARISONS: [&str; 6] = ["==", "!=", "<", ">", "<=", ">="];
const SETS: [&str; 3] = ["and", "or", "unless"];

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

fn arithmetic(op: &str, a: f64, b: f64) -> f64 {
    match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        "^" => a.powf(b),
        "atan2" => a.atan2(b),
        _ => unreachable!("{op} is no arithmetic"),
    }
}

fn truth(b: bool) -> f64 {
    f64::from(u8::from(b))
}

/// Two scalars; comparisons give 1 or 0.
pub(crate) fn scalars(op: &str, a: f64, b: f64) -> f64 {
    if COMPARISONS.contains(&op) { truth(holds(op, a, b)) } else { arithmetic(op, a, b) }
}

/// What an operator makes of two values.
enum Made {
    Value(Val),
    /// Of a comparison.
    Holds(bool),
    Nothing,
}

fn word(v: &Val) -> &'static str {
    match v {
        Val::Float(_) => "float",
        Val::Hist(_) => "histogram",
    }
}

/// Applies an operator; the last remark of a step is the one that counts.
fn apply(op: &str, a: &Val, b: &Val, last: &mut Option<String>) -> Made {
    let made = |h| Made::Value(Val::Hist(Rc::new(h)));
    match (a, b) {
        (Val::Float(a), Val::Float(b)) if COMPARISONS.contains(&op) => return Made::Holds(holds(op, *a, *b)),
        (Val::Float(a), Val::Float(b)) if !["</", ">/"].contains(&op) => {
            return Made::Value(Val::Float(arithmetic(op, *a, *b)));
        }
        (Val::Hist(h), Val::Float(v)) | (Val::Float(v), Val::Hist(h)) if op == "*" => {
            return made(h.times(*v).compact());
        }
        (Val::Hist(h), Val::Float(v)) if op == "/" => return made(h.divided(*v).compact()),
        (Val::Hist(h), Val::Float(v)) if op == "</" || op == ">/" => return made(h.trimmed(op == "</", *v)),
        (Val::Hist(a), Val::Hist(b)) => match op {
            "==" => return Made::Holds(a.same(b)),
            "!=" => return Made::Holds(!a.same(b)),
            "+" | "-" => {
                let (what, out) =
                    if op == "+" { ("addition", a.plus(b)) } else { ("subtraction", a.minus(b)) };
                let Ok((h, told)) = out else {
                    *last = Some(format!(
                        "PromQL warning: incompatible bucket layout encountered for binary operator {op}"
                    ));
                    return Made::Nothing;
                };
                if told.collision {
                    *last =
                        Some(format!("PromQL warning: conflicting counter resets during histogram {what}"));
                    return Made::Nothing;
                }
                if told.reconciled {
                    *last =
                        Some(format!("PromQL info: mismatched custom buckets were reconciled during {what}"));
                }
                return made(h.compact());
            }
            _ => {}
        },
        _ => {}
    }
    let (a, b) = (word(a), word(b));
    *last = Some(format!(
        "PromQL info: incompatible sample types encountered for binary operator \"{op}\": {a} {op} {b}"
    ));
    Made::Nothing
}

impl Naive<'_> {
    /// A vector and a scalar, in the textual order that `scalar_first` tells.
    pub(crate) fn with_scalar(
        &self,
        op: &str,
        is_bool: bool,
        scalar: &Expr,
        vector: &Expr,
        scalar_first: bool,
        steps: &[i64],
    ) -> Out<Vec<Vector>> {
        let (scalars, vectors) = if scalar_first {
            let scalars = self.scalar(scalar, steps)?;
            (scalars, self.vector(vector, steps)?)
        } else {
            let vectors = self.vector(vector, steps)?;
            (self.scalar(scalar, steps)?, vectors)
        };
        let mut out = Vec::new();
        for (v, vector) in scalars.into_iter().zip(vectors) {
            let mut last = None;
            let mut step = Vector::new();
            for s in &vector {
                let number = Val::Float(v);
                let (a, b) = if scalar_first { (&number, &s.value) } else { (&s.value, &number) };
                match apply(op, a, b, &mut last) {
                    Made::Value(value) if op == "</" || op == ">/" => {
                        step.push(Sample { value, ..s.clone() })
                    }
                    Made::Value(value) => step.push(self.rename(s, value)),
                    Made::Holds(yes) if is_bool => step.push(self.rename(s, Val::Float(truth(yes)))),
                    Made::Holds(true) => step.push(s.clone()),
                    _ => {}
                }
            }
            last.into_iter().for_each(|text| self.note(text));
            out.push(step);
        }
        self.check(out, steps)
    }

    /// Two vectors at one step.
    pub(crate) fn join(
        &self,
        op: &str,
        is_bool: bool,
        matching: &Matching,
        left: &Vector,
        right: &Vector,
    ) -> Out<Vector> {
        let signature = |labels: &Labels| match &matching.labels {
            Some((true, on)) => labels.only(on),
            Some((false, ignored)) => labels.without(ignored).without(&["__name__"]),
            None => labels.without(&["__name__"]),
        };
        if SETS.contains(&op) {
            return Ok(set(op, left, right, signature));
        }
        let fills = matching.fill_left.is_some() || matching.fill_right.is_some();
        if (left.is_empty() && right.is_empty()) || ((left.is_empty() || right.is_empty()) && !fills) {
            return Ok(Vector::new());
        }
        let swapped = matches!(matching.many, Some((Many::Right, _)));
        let (many, one) = if swapped { (right, left) } else { (left, right) };
        self.no_twins(one, if swapped { "left" } else { "right" }, signature)?;

        let mut step = Step {
            naive: self,
            op,
            is_bool,
            matching,
            swapped,
            out: Vector::new(),
            used: Vec::new(),
            dropped: Vec::new(),
            last: None,
        };
        let mut partnered = vec![false; one.len()];
        for s in many {
            let key = signature(&s.labels);
            if let Some(i) = one.iter().position(|o| signature(&o.labels) == key) {
                partnered[i] = true;
                step.pair(&key, s, &one[i])?;
            } else if let Some(fill) = matching.fill_right {
                step.pair(&key, s, &synthetic(&key, fill))?;
            }
        }
        if let Some(fill) = matching.fill_left {
            for (s, _) in one.iter().zip(&partnered).filter(|(_, partnered)| !**partnered) {
                let key = signature(&s.labels);
                step.pair(&key, &synthetic(&key, fill), s)?;
            }
        }
        step.last.iter().for_each(|text| self.note(text));
        Ok(step.out)
    }

    /// The "one" side must be unique.
    fn no_twins(&self, one: &Vector, side: &str, signature: impl Fn(&Labels) -> Labels) -> Out<()> {
        for (i, a) in one.iter().enumerate() {
            let key = signature(&a.labels);
            if let Some(b) = one[..i].iter().find(|b| signature(&b.labels) == key) {
                let mut names = [a.labels.to_string(), b.labels.to_string()];
                names.sort();
                let [a, b] = names;
                return fail(format!(
                    "found duplicate series for the match group {key} on the {side} hand-side of the operation: [{a}, {b}];many-to-many matching not allowed: matching labels must be unique on one side"
                ));
            }
        }
        Ok(())
    }
}

fn synthetic(labels: &Labels, fill: f64) -> Sample {
    Sample { labels: labels.clone(), value: Val::Float(fill), flagged: false }
}

fn set(op: &str, left: &Vector, right: &Vector, signature: impl Fn(&Labels) -> Labels) -> Vector {
    let among =
        |vector: &Vector, s: &Sample| vector.iter().any(|o| signature(&o.labels) == signature(&s.labels));
    match op {
        "and" => left.iter().filter(|s| among(right, s)).cloned().collect(),
        "unless" => left.iter().filter(|s| !among(right, s)).cloned().collect(),
        _ => left.iter().chain(right.iter().filter(|s| !among(left, s))).cloned().collect(),
    }
}

/// A join in the making.
struct Step<'a> {
    naive: &'a Naive<'a>,
    op: &'a str,
    is_bool: bool,
    matching: &'a Matching,
    swapped: bool,
    out: Vector,
    /// Signatures with the result labels that they gave.
    used: Vec<(Labels, Labels)>,
    /// The same of pairs that gave none.
    dropped: Vec<(Labels, Labels)>,
    last: Option<String>,
}

impl Step<'_> {
    fn pair(&mut self, key: &Labels, many: &Sample, one: &Sample) -> Out<()> {
        let (a, b) = if self.swapped { (one, many) } else { (many, one) };
        let made = apply(self.op, &a.value, &b.value, &mut self.last);
        let labels = self.labels(&many.labels, &one.labels);
        let grouped = self.matching.many.is_some();
        let meets =
            |pairs: &[(Labels, Labels)]| pairs.iter().any(|(k, l)| k == key && (!grouped || *l == labels));
        // Whether a pair that has no result counts as a match is not told.
        if meets(&self.dropped) || (matches!(made, Made::Nothing) && meets(&self.used)) {
            return Err(Stop::Open("a second match for a pair without result"));
        }
        if matches!(made, Made::Nothing) {
            self.dropped.push((key.clone(), labels));
            return Ok(());
        }
        if meets(&self.used) {
            return fail(if grouped {
                "multiple matches for labels: grouping labels must ensure unique matches"
            } else {
                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
            });
        }
        self.used.push((key.clone(), labels.clone()));
        let (value, flagged) = match made {
            Made::Value(value) => (value, many.flagged),
            Made::Holds(yes) if self.is_bool => (Val::Float(truth(yes)), self.naive.delayed),
            Made::Holds(true) => (a.value.clone(), many.flagged),
            _ => return Ok(()),
        };
        self.out.push(Sample { labels, value, flagged });
        Ok(())
    }

    fn labels(&self, many: &Labels, one: &Labels) -> Labels {
        let mut labels = many.clone();
        let compared = COMPARISONS.contains(&self.op) || ["</", ">/"].contains(&self.op);
        if !compared || (self.is_bool && !self.naive.delayed) {
            labels = labels.unnamed();
        }
        match &self.matching.many {
            None => match &self.matching.labels {
                Some((true, on)) => labels.only(on),
                Some((false, ignored)) => labels.without(ignored),
                None => labels,
            },
            Some((_, include)) => {
                include.iter().fold(labels, |labels, name| labels.with(name, one.get(name)))
            }
        }
    }
}
