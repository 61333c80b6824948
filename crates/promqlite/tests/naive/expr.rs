//! The queries of the naive twin: a small tree that prints itself as PromQL.

use std::fmt;

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Is {
    Equal,
    NotEqual,
    Like,
    Unlike,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matcher {
    pub(crate) label: &'static str,
    pub(crate) is: Is,
    pub(crate) value: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    Time(i64),
    Start,
    End,
}

/// `offset` and `@`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shift {
    pub(crate) offset_ms: i64,
    pub(crate) at: Option<At>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extended {
    Anchored,
    Smoothed,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selector {
    pub(crate) metric: Option<&'static str>,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) extended: Option<Extended>,
    pub(crate) shift: Shift,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Many {
    Left,
    Right,
}

/// `on`, `ignoring`, `group_left`, `group_right` and `fill`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Matching {
    /// Whether it is `on`, and its labels.
    pub(crate) labels: Option<(bool, Vec<&'static str>)>,
    pub(crate) many: Option<(Many, Vec<&'static str>)>,
    pub(crate) fill_left: Option<f64>,
    pub(crate) fill_right: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grouping {
    pub(crate) without: bool,
    pub(crate) labels: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Number(f64),
    Text(&'static str),
    Select(Selector),
    Range(Selector, i64),
    Subquery { inner: Box<Expr>, range_ms: i64, step_ms: Option<i64>, shift: Shift },
    Call(&'static str, Vec<Expr>),
    Aggregate { op: &'static str, grouping: Option<Grouping>, param: Option<Box<Expr>>, inner: Box<Expr> },
    Negate(Box<Expr>),
    Binary { op: &'static str, is_bool: bool, matching: Matching, left: Box<Expr>, right: Box<Expr> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Type {
    Scalar,
    Text,
    Vector,
    Range,
}

/// The functions that yield a scalar.
const SCALARS: [&str; 9] = ["scalar", "time", "pi", "start", "end", "range", "step", "max_of", "min_of"];

/// The functions that look at the step's time.
const VARYING: [&str; 11] = [
    "time",
    "timestamp",
    "predict_linear",
    "minute",
    "hour",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "days_in_month",
    "month",
    "year",
];

impl Expr {
    pub(crate) fn kind(&self) -> Type {
        match self {
            Expr::Number(_) => Type::Scalar,
            Expr::Text(_) => Type::Text,
            Expr::Select(_) | Expr::Aggregate { .. } => Type::Vector,
            Expr::Range(..) | Expr::Subquery { .. } => Type::Range,
            Expr::Call(name, _) if SCALARS.contains(name) => Type::Scalar,
            Expr::Call(..) => Type::Vector,
            Expr::Negate(inner) => inner.kind(),
            Expr::Binary { left, right, .. } => {
                if left.kind() == Type::Scalar && right.kind() == Type::Scalar {
                    Type::Scalar
                } else {
                    Type::Vector
                }
            }
        }
    }

    pub(crate) fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Number(_) | Expr::Text(_) | Expr::Select(_) | Expr::Range(..) => Vec::new(),
            Expr::Subquery { inner, .. } | Expr::Negate(inner) => vec![inner],
            Expr::Call(_, args) => args.iter().collect(),
            Expr::Aggregate { param, inner, .. } => param.iter().map(|p| &**p).chain([&**inner]).collect(),
            Expr::Binary { left, right, .. } => vec![left, right],
        }
    }

    fn child_mut(&mut self, i: usize) -> &mut Expr {
        match self {
            Expr::Subquery { inner, .. } | Expr::Negate(inner) => inner,
            Expr::Call(_, args) => &mut args[i],
            Expr::Aggregate { param: Some(param), inner, .. } => {
                if i == 0 {
                    param
                } else {
                    inner
                }
            }
            Expr::Aggregate { inner, .. } => inner,
            Expr::Binary { left, right, .. } => {
                if i == 0 {
                    left
                } else {
                    right
                }
            }
            _ => unreachable!("a leaf has no children"),
        }
    }

    /// Whether the value is the same at every step by construction, so that it is computed once.
    pub(crate) fn invariant(&self) -> bool {
        match self {
            Expr::Select(s) | Expr::Range(s, _) => s.shift.at.is_some(),
            Expr::Subquery { shift, .. } => shift.at.is_some(),
            Expr::Call("timestamp", args) if matches!(args[0], Expr::Select(_)) => args[0].invariant(),
            Expr::Call(name, _) if VARYING.contains(name) => false,
            other => other.children().into_iter().all(Expr::invariant),
        }
    }

    /// Whether the order of the result's series is defined in range queries too.
    pub(crate) fn ordered(&self) -> bool {
        !self.any(&mut |e| match e {
            Expr::Subquery { .. } | Expr::Binary { .. } | Expr::Aggregate { .. } => true,
            Expr::Call(name, _) => name.starts_with("histogram_"),
            _ => false,
        })
    }

    /// Every node, parents first.
    pub(crate) fn any(&self, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|c| c.any(test))
    }

    /// Simpler queries of the same type: a sub-expression replaced by one of its own parts, or made plainer.
    pub(crate) fn simpler(&self) -> Vec<Expr> {
        let mut out: Vec<Expr> = Vec::new();
        self.parts(self.kind(), &mut out);
        out.extend(self.plainer());
        for (i, child) in self.children().into_iter().enumerate() {
            for smaller in child.simpler() {
                let mut whole = self.clone();
                *whole.child_mut(i) = smaller;
                out.push(whole);
            }
        }
        out
    }

    fn parts(&self, kind: Type, out: &mut Vec<Expr>) {
        for child in self.children() {
            if child.kind() == kind {
                out.push(child.clone());
            } else {
                child.parts(kind, out);
            }
        }
        if kind == Type::Scalar && !matches!(self, Expr::Number(_)) {
            out.push(Expr::Number(1.0));
        }
    }

    fn plainer(&self) -> Vec<Expr> {
        let plain = |s: &Selector| {
            let mut out = Vec::new();
            if s.shift != Shift::default() {
                out.push(Selector { shift: Shift::default(), ..s.clone() });
            }
            if !s.matchers.is_empty() && s.metric.is_some() {
                out.push(Selector { matchers: Vec::new(), ..s.clone() });
            }
            if s.extended.is_some() {
                out.push(Selector { extended: None, ..s.clone() });
            }
            out
        };
        match self {
            Expr::Select(s) => plain(s).into_iter().map(Expr::Select).collect(),
            Expr::Range(s, range) => plain(s).into_iter().map(|s| Expr::Range(s, *range)).collect(),
            Expr::Subquery { inner, range_ms, step_ms, shift } if *shift != Shift::default() => {
                let shift = Shift::default();
                vec![Expr::Subquery { inner: inner.clone(), range_ms: *range_ms, step_ms: *step_ms, shift }]
            }
            Expr::Aggregate { op, grouping: Some(_), param, inner } => {
                vec![Expr::Aggregate { op, grouping: None, param: param.clone(), inner: inner.clone() }]
            }
            Expr::Binary { op, is_bool, matching, left, right } if *matching != Matching::default() => {
                let matching = Matching::default();
                vec![Expr::Binary {
                    op,
                    is_bool: *is_bool,
                    matching,
                    left: left.clone(),
                    right: right.clone(),
                }]
            }
            _ => Vec::new(),
        }
    }
}

/// A duration as PromQL writes it.
pub(crate) fn duration(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.abs();
    if ms % 1000 == 0 { format!("{sign}{}s", ms / 1000) } else { format!("{sign}{ms}ms") }
}

/// A number as PromQL and test scripts read it.
pub(crate) fn number(v: f64) -> String {
    if v.is_nan() {
        "NaN".to_owned()
    } else if v.is_infinite() {
        if v > 0.0 { "Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{v:?}")
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            None => {}
            Some(At::Time(ms)) => write!(f, " @ {}", number(ms as f64 / 1000.0))?,
            Some(At::Start) => write!(f, " @ start()")?,
            Some(At::End) => write!(f, " @ end()")?,
        }
        if self.offset_ms != 0 { write!(f, " offset {}", duration(self.offset_ms)) } else { Ok(()) }
    }
}

impl Selector {
    fn write(&self, f: &mut fmt::Formatter<'_>, range: Option<i64>) -> fmt::Result {
        write!(f, "{}", self.metric.unwrap_or(""))?;
        if !self.matchers.is_empty() || self.metric.is_none() {
            let text = |m: &Matcher| {
                let op = match m.is {
                    Is::Equal => "=",
                    Is::NotEqual => "!=",
                    Is::Like => "=~",
                    Is::Unlike => "!~",
                };
                format!("{}{op}{:?}", m.label, m.value)
            };
            write!(f, "{{{}}}", self.matchers.iter().map(text).collect::<Vec<_>>().join(","))?;
        }
        if let Some(range) = range {
            write!(f, "[{}]", duration(range))?;
        }
        match self.extended {
            Some(Extended::Anchored) => write!(f, " anchored")?,
            Some(Extended::Smoothed) => write!(f, " smoothed")?,
            None => {}
        }
        write!(f, "{}", self.shift)
    }
}

impl fmt::Display for Matching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((on, labels)) = &self.labels {
            write!(f, " {} ({})", if *on { "on" } else { "ignoring" }, labels.join(", "))?;
        }
        if let Some((many, include)) = &self.many {
            let side = if *many == Many::Left { "left" } else { "right" };
            write!(f, " group_{side} ({})", include.join(", "))?;
        }
        for (side, value) in [("left", self.fill_left), ("right", self.fill_right)] {
            if let Some(value) = value {
                write!(f, " fill_{side} ({})", number(value))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Number(v) if *v < 0.0 => write!(f, "({})", number(*v)),
            Expr::Number(v) => write!(f, "{}", number(*v)),
            Expr::Text(text) => write!(f, "{text:?}"),
            Expr::Select(s) => s.write(f, None),
            Expr::Range(s, range) => s.write(f, Some(*range)),
            Expr::Subquery { inner, range_ms, step_ms, shift } => {
                let step = step_ms.map(duration).unwrap_or_default();
                write!(f, "({inner})[{}:{step}]{shift}", duration(*range_ms))
            }
            Expr::Call(name, args) => {
                let args: Vec<String> = args.iter().map(ToString::to_string).collect();
                write!(f, "{name}({})", args.join(", "))
            }
            Expr::Aggregate { op, grouping, param, inner } => {
                write!(f, "{op}")?;
                if let Some(g) = grouping {
                    write!(f, " {} ({}) ", if g.without { "without" } else { "by" }, g.labels.join(", "))?;
                }
                match param {
                    Some(param) => write!(f, "({param}, {inner})"),
                    None => write!(f, "({inner})"),
                }
            }
            Expr::Negate(inner) => write!(f, "(-({inner}))"),
            Expr::Binary { op, is_bool, matching, left, right } => {
                write!(f, "({left} {op}{}{matching} {right})", if *is_bool { " bool" } else { "" })
            }
        }
    }
}
