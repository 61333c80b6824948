//! Random well-typed queries.

use super::aggregate::LABEL;
use super::binary::COMPARISONS;
use super::expr::{At, Expr, Extended, Grouping, Is, Many, Matcher, Matching, Selector, Shift};
use super::instant::{DATES, MATHS, PATTERNS};
use super::random::Random;
use super::windows::{MORE_OF_RANGES, OF_RANGES};

const LABELS: [&str; 5] = ["job", "inst", "le", "__name__", "nope"];

/// What may be asked of one data set.
pub(crate) struct Generator<'r> {
    pub(crate) random: &'r mut Random,
}

impl Generator<'_> {
    pub(crate) fn query(&mut self) -> Expr {
        if self.random.chance(3) { self.scalar(2) } else { self.vector(3) }
    }

    fn shift(&mut self) -> Shift {
        let mut shift = Shift::default();
        if self.random.chance(20) {
            shift.offset_ms = self.random.pick(&[60_000, 90_000, 150_000, -60_000, 500, -30_000]);
        }
        if self.random.chance(12) {
            let time = At::Time(self.random.pick(&[300_000, 600_000, 615_500, 900_000, -60_000]));
            shift.at = Some(self.random.pick(&[time, time, At::Start, At::End]));
        }
        shift
    }

    fn matchers(&mut self, named: bool) -> Vec<Matcher> {
        let mut out = Vec::new();
        while self.random.chance(25) {
            let label = self.random.pick(&["job", "inst", "le", "nope"]);
            let is = self.random.pick(&[Is::Equal, Is::NotEqual, Is::Like, Is::Unlike]);
            let value = match is {
                Is::Equal | Is::NotEqual => self.random.pick(&["a", "b", "0", ""]),
                _ => self.random.pick(&["a|b", ".*", ".+", "0|1", "a.*", "a"]),
            };
            out.push(Matcher { label, is, value });
        }
        if !named {
            let value = self.random.pick(&["x_total|y", ".*_total", "n|m", "h_bucket|n", "x.*", ".+"]);
            let value = if value == ".*_total" { "x_total|z_total" } else { value };
            out.push(Matcher { label: "__name__", is: Is::Like, value });
        }
        out
    }

    fn selector(&mut self) -> Selector {
        let metric = if self.random.chance(90) {
            Some(self.random.pick(&[
                "x_total", "x_total", "x_total", "y", "y", "z_total", "h_bucket", "h_bucket", "n", "n", "n",
                "m", "nothing",
            ]))
        } else {
            None
        };
        let matchers = self.matchers(metric.is_some());
        Selector { metric, matchers, extended: None, shift: self.shift() }
    }

    fn select(&mut self) -> Expr {
        let mut s = self.selector();
        if self.random.chance(3) && matches!(s.metric, Some("x_total" | "y" | "z_total")) {
            s.extended = Some(Extended::Smoothed);
        }
        Expr::Select(s)
    }

    pub(crate) fn scalar(&mut self, depth: u32) -> Expr {
        if depth > 0 && self.random.chance(40) {
            return match self.random.below(6) {
                0 | 1 => Expr::Call("scalar", vec![self.vector(depth - 1)]),
                2 => Expr::Call(
                    self.random.pick(&["max_of", "min_of"]),
                    vec![self.scalar(depth - 1), self.scalar(depth - 1)],
                ),
                3 => Expr::Negate(Box::new(self.scalar(depth - 1))),
                _ => {
                    let is_bool = self.random.chance(40);
                    let op = if is_bool { self.random.pick(&COMPARISONS) } else { self.arithmetic() };
                    let (left, right) = (Box::new(self.scalar(depth - 1)), Box::new(self.scalar(depth - 1)));
                    Expr::Binary { op, is_bool, matching: Matching::default(), left, right }
                }
            };
        }
        match self.random.below(12) {
            0 => Expr::Call("time", Vec::new()),
            1 => Expr::Call(self.random.pick(&["pi", "start", "end", "range", "step"]), Vec::new()),
            _ => Expr::Number(self.number()),
        }
    }

    fn number(&mut self) -> f64 {
        match self.random.below(20) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => -1.0,
            3 => f64::NEG_INFINITY,
            4..8 => self.random.below(20) as f64 / 4.0,
            _ => self.random.below(12) as f64,
        }
    }

    fn arithmetic(&mut self) -> &'static str {
        self.random.pick(&["+", "+", "-", "-", "*", "/", "/", "%", "^", "atan2"])
    }

    fn range(&mut self, depth: u32) -> Expr {
        if depth > 0 && self.random.chance(25) {
            let inner = self.vector(depth - 1);
            let range_ms = self.random.pick(&[60_000, 150_000, 300_000, 480_000, 30_000]);
            let step_ms = self.random.pick(&[None, Some(60_000), Some(45_000), Some(90_000), Some(120_000)]);
            return Expr::Subquery { inner: Box::new(inner), range_ms, step_ms, shift: self.shift() };
        }
        let range_ms = self.random.pick(&[60_000, 90_000, 150_000, 300_000, 600_000, 30_000, 1_200_000]);
        Expr::Range(self.selector(), range_ms)
    }

    pub(crate) fn vector(&mut self, depth: u32) -> Expr {
        if depth == 0 {
            return if self.random.chance(70) { self.select() } else { self.of_range(0) };
        }
        match self.random.below(22) {
            0..=2 => self.select(),
            3..=6 => self.of_range(depth),
            7..=10 => self.aggregate(depth),
            11..=14 => self.binary(depth),
            15..=16 => self.with_scalar(depth),
            17 => Expr::Negate(Box::new(self.vector(depth - 1))),
            18 => self.buckets(depth),
            19 => self.labelling(depth),
            _ => self.instant(depth),
        }
    }

    fn of_range(&mut self, depth: u32) -> Expr {
        let range = self.range(depth);
        match self.random.below(20) {
            0 => Expr::Call("absent_over_time", vec![range]),
            1 => {
                let q = Expr::Number(self.random.pick(&[0.0, 0.3, 0.5, 1.0, -1.0, 2.0, f64::NAN]));
                Expr::Call("quantile_over_time", vec![q, range])
            }
            2 => {
                let ahead = self.scalar(depth.min(1));
                Expr::Call("predict_linear", vec![range, ahead])
            }
            3 if self.random.chance(50) => {
                let mut factor = || {
                    Expr::Number(self.random.pick(&[0.5, 0.25, 0.125, 0.5, 0.75, 0.5, 0.9, 0.25, 1.5, 0.0]))
                };
                let (sf, tf) = (factor(), factor());
                Expr::Call("double_exponential_smoothing", vec![range, sf, tf])
            }
            4 => Expr::Call(self.random.pick(&MORE_OF_RANGES), vec![range]),
            5 => self.of_edges(),
            6..=9 => {
                Expr::Call(self.random.pick(&["rate", "increase", "delta", "irate", "resets"]), vec![range])
            }
            _ => Expr::Call(self.random.pick(&OF_RANGES), vec![range]),
        }
    }

    fn of_edges(&mut self) -> Expr {
        let metric = Some(self.random.pick(&["x_total", "y"]));
        let extended = self.random.pick(&[Extended::Anchored, Extended::Smoothed]);
        let range_ms = self.random.pick(&[60_000, 90_000, 150_000, 300_000, 600_000]);
        let name = match extended {
            Extended::Anchored => self.random.pick(&["rate", "increase", "delta", "changes", "resets"]),
            Extended::Smoothed => self.random.pick(&["rate", "increase", "delta"]),
        };
        let s = Selector { metric, matchers: Vec::new(), extended: Some(extended), shift: self.shift() };
        Expr::Call(name, vec![Expr::Range(s, range_ms)])
    }

    fn grouping(&mut self) -> Option<Grouping> {
        if self.random.chance(35) {
            return None;
        }
        Some(Grouping { without: self.random.chance(40), labels: self.random.some(&LABELS) })
    }

    fn aggregate(&mut self, depth: u32) -> Expr {
        let op = self.random.pick(&[
            "sum",
            "sum",
            "sum",
            "avg",
            "avg",
            "min",
            "max",
            "count",
            "group",
            "stddev",
            "stdvar",
            "quantile",
            "count_values",
            "topk",
            "bottomk",
            "limitk",
            "limit_ratio",
        ]);
        // What is told apart by its last bit, or by its place, must be exact, or ordered.
        let exact = ["limitk", "count_values"].contains(&op);
        let mut inner = if exact { self.in_order() } else { self.vector(depth - 1) };
        if op == "count_values" && self.random.chance(30) {
            inner = Expr::Call(self.random.pick(&["floor", "abs", "sgn"]), vec![inner]);
        }
        let grouping = self.grouping();
        // A parameter beside an operand that is evaluated once is that of the first step.
        let varying = !inner.invariant();
        let wild = self.random.chance(6);
        let param = match op {
            "quantile" => Some(self.random.pick(&[0.0, 0.3, 0.5, 0.9, 1.0, -0.5, 1.5, f64::NAN])),
            "topk" | "bottomk" | "limitk" if wild => {
                Some(self.random.pick(&[f64::NAN, 1e30, -1e30, 0.5, f64::INFINITY]))
            }
            "topk" | "bottomk" | "limitk" => {
                Some(self.random.pick(&[0.0, 1.0, 2.0, 2.0, 2.9, 3.0, 5.0, 1.0]))
            }
            "limit_ratio" if wild => Some(self.random.pick(&[f64::NAN, 1.5, -2.0, 0.0])),
            "limit_ratio" => Some(self.random.pick(&[0.3, 0.5, -0.5, -0.7, 0.9])),
            _ => None,
        };
        let mut param = param.map(|v| Box::new(Expr::Number(v)));
        if param.is_some() && varying && self.random.chance(15) {
            let metric = Some(self.random.pick(&["x_total", "z_total"]));
            let matchers = vec![
                Matcher { label: "job", is: Is::Equal, value: "a" },
                Matcher { label: "inst", is: Is::Equal, value: "0" },
            ];
            let select = Expr::Select(Selector { metric, matchers, extended: None, shift: Shift::default() });
            param = Some(Box::new(Expr::Call("scalar", vec![select])));
        }
        if op == "count_values" {
            param = Some(Box::new(Expr::Text(LABEL)));
        }
        Expr::Aggregate { op, grouping, param, inner: Box::new(inner) }
    }

    /// A vector whose order the definitions tell.
    fn in_order(&mut self) -> Expr {
        match self.random.below(3) {
            0 => Expr::Call("last_over_time", vec![Expr::Range(self.selector(), 300_000)]),
            _ => self.select(),
        }
    }

    fn binary(&mut self, depth: u32) -> Expr {
        let (left, right) = (self.vector(depth - 1), self.vector(depth - 1));
        let mut matching = Matching::default();
        if self.random.chance(60) {
            let on = self.random.chance(60);
            matching.labels = Some((on, self.random.some(&LABELS[..4])));
        }
        let (op, is_bool) = match self.random.below(10) {
            0..=3 => (self.random.pick(&["and", "or", "unless", "or"]), false),
            4..=5 => (self.random.pick(&COMPARISONS), self.random.chance(50)),
            _ => (self.arithmetic(), false),
        };
        if !["and", "or", "unless"].contains(&op) {
            let grouped = |labels: &Option<(bool, Vec<&str>)>| labels.is_some();
            if self.random.chance(45) && grouped(&matching.labels) {
                let side = self.random.pick(&[Many::Left, Many::Right]);
                let of: Vec<&str> = ["job", "inst", "le"].into_iter().filter(|l| !matching.on(l)).collect();
                let include = if self.random.chance(30) { self.random.some(&of) } else { Vec::new() };
                matching.many = Some((side, include));
            }
            if self.random.chance(12) {
                matching.fill_left = self.random.chance(60).then(|| self.random.below(9) as f64);
                matching.fill_right = self.random.chance(60).then(|| self.random.below(9) as f64);
            }
        }
        Expr::Binary { op, is_bool, matching, left: Box::new(left), right: Box::new(right) }
    }

    fn with_scalar(&mut self, depth: u32) -> Expr {
        let (vector, scalar) = (self.vector(depth - 1), self.scalar(depth.min(2) - 1));
        let (op, is_bool) = match self.random.below(10) {
            0..=3 => (self.random.pick(&COMPARISONS), self.random.chance(50)),
            4 => (self.random.pick(&["</", ">/"]), false),
            _ => (self.arithmetic(), false),
        };
        let (left, right) = if self.random.chance(70) { (vector, scalar) } else { (scalar, vector) };
        Expr::Binary {
            op,
            is_bool,
            matching: Matching::default(),
            left: Box::new(left),
            right: Box::new(right),
        }
    }

    /// Something that has buckets, more often than not.
    fn histogram(&mut self, depth: u32) -> Expr {
        if self.random.chance(40) {
            return self.vector(depth - 1);
        }
        let metric = Some(self.random.pick(&["h_bucket", "n", "n", "m"]));
        let s = Selector { metric, matchers: Vec::new(), extended: None, shift: self.shift() };
        match self.random.below(4) {
            0 => Expr::Select(s),
            1 => Expr::Call(
                self.random.pick(&["rate", "sum_over_time", "increase"]),
                vec![Expr::Range(s, 300_000)],
            ),
            2 => {
                let grouping = Some(Grouping { without: false, labels: vec!["le", "__name__"] });
                Expr::Aggregate { op: "sum", grouping, param: None, inner: Box::new(Expr::Select(s)) }
            }
            _ => {
                let bad = Selector { metric: None, ..s };
                let matchers = vec![Matcher { label: "__name__", is: Is::Like, value: "h_bucket|n|m" }];
                Expr::Select(Selector { matchers, ..bad })
            }
        }
    }

    fn buckets(&mut self, depth: u32) -> Expr {
        let inner = self.histogram(depth);
        let mut q = || {
            Expr::Number(self.random.pick(&[0.0, 0.1, 0.5, 0.5, 0.75, 0.9, 0.99, 1.0, -1.0, 1.5, f64::NAN]))
        };
        match q() {
            Expr::Number(v) if v < 0.3 => {
                let mut bound =
                    || self.random.pick(&[f64::NEG_INFINITY, -2.0, 0.0, 0.25, 1.0, 1.5, 3.0, f64::INFINITY]);
                let (low, high) = (Expr::Number(bound()), Expr::Number(bound()));
                Expr::Call("histogram_fraction", vec![low, high, inner])
            }
            Expr::Number(0.99) => Expr::Call("histogram_quantiles", vec![inner, Expr::Text("q"), q(), q()]),
            Expr::Number(0.9) => Expr::Call(
                self.random.pick(&[
                    "histogram_count",
                    "histogram_sum",
                    "histogram_avg",
                    "histogram_stddev",
                    "histogram_stdvar",
                ]),
                vec![inner],
            ),
            _ => Expr::Call("histogram_quantile", vec![q(), inner]),
        }
    }

    fn labelling(&mut self, depth: u32) -> Expr {
        let inner = self.vector(depth - 1);
        let broken = self.random.chance(3);
        let to = if broken { "" } else { self.random.pick(&["job", "inst", "new", "__name__", "inst"]) };
        let from = self.random.pick(&["job", "inst", "__name__", "nope"]);
        if self.random.chance(30) {
            let sep = self.random.pick(&["-", "", ","]);
            return Expr::Call(
                "label_join",
                vec![inner, Expr::Text(to), Expr::Text(sep), Expr::Text(from), Expr::Text("inst")],
            );
        }
        let template = self.random.pick(&["$1", "x${1}y", "const", "", "$2", "$1-$1"]);
        let pattern = if broken && self.random.chance(30) { "(" } else { self.random.pick(&PATTERNS) };
        let texts = [to, template, from, pattern].into_iter().map(Expr::Text);
        Expr::Call("label_replace", [inner].into_iter().chain(texts).collect())
    }

    fn instant(&mut self, depth: u32) -> Expr {
        match self.random.below(14) {
            0 => Expr::Call("absent", vec![self.vector(depth - 1)]),
            1..=2 => Expr::Call("timestamp", vec![self.vector(depth - 1)]),
            3 => Expr::Call(self.random.pick(&["sort", "sort_desc"]), vec![self.vector(depth - 1)]),
            4 => Expr::Call("vector", vec![self.scalar(depth)]),
            5 if self.random.chance(30) => Expr::Call(self.random.pick(&DATES), Vec::new()),
            5 => Expr::Call(
                self.random.pick(&DATES),
                vec![Expr::Call("timestamp", vec![self.vector(depth - 1)])],
            ),
            6 => {
                let (v, low, high) = (self.vector(depth - 1), self.scalar(1), self.scalar(1));
                Expr::Call("clamp", vec![v, low, high])
            }
            7 => Expr::Call("sort_by_label", vec![self.vector(depth - 1), Expr::Text("inst")]),
            _ => {
                let name = self.random.pick(&MATHS);
                let mut args = vec![self.vector(depth - 1)];
                if name.starts_with("clamp_") || (name == "round" && self.random.chance(50)) {
                    args.push(self.scalar(1));
                }
                Expr::Call(name, args)
            }
        }
    }
}

impl Matching {
    /// Whether a label is one of `on`.
    fn on(&self, label: &str) -> bool {
        matches!(&self.labels, Some((true, on)) if on.contains(&label))
    }
}
