//! Why an answer has no series.

use std::time::Duration;

use promqlite::{Cancel, Engine, Query, Value};
use promqlite_model::{Matcher, Millis, TimeRange, Timestamp};
use promqlite_plan::typed::{Expr, ExprKind, Selector};
use promqlite_storage::Storage;
use promqlite_syntax::{Span, format_duration, with_stack};

use crate::facts::{Facts, metric_of};
use crate::rules::{list, selector, written};
use crate::similar::similar;

/// How long a part of the query may run: nobody waits long for a hint.
const PATIENCE: Duration = Duration::from_secs(2);

/// When a query was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// At one instant.
    At(Timestamp),
    /// Over a range of steps.
    Over {
        /// The first step.
        start: Timestamp,
        /// The last step is not after it.
        end: Timestamp,
        /// From step to step.
        step: Millis,
    },
}

/// A place where series got lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptyReason {
    /// The part of the text that gave no series although what it was made of had some, or that selected none.
    pub span: Span,
    /// Why.
    pub message: String,
    /// What to do, if there is something to try.
    pub help: Option<String>,
}

/// Looks for the reasons why a query over these times gave no series, the innermost first. Runs parts of the
/// query to find out, each for two seconds at most; parts that fail are left out. `cancel` ends the search. Empty
/// when the query does not parse.
#[must_use]
pub fn why_empty(
    engine: &Engine,
    storage: &dyn Storage,
    text: &str,
    times: Times,
    cancel: &Cancel,
) -> Vec<EmptyReason> {
    let Ok(expr) = promqlite_plan::parse(text, engine.options().features) else { return Vec::new() };
    let facts = Facts::new(storage);
    let mut search = Search { engine, storage, text, times, cancel, facts, reasons: Vec::new() };
    search.visit(&expr);
    search.reasons
}

struct Search<'a> {
    engine: &'a Engine,
    storage: &'a dyn Storage,
    text: &'a str,
    times: Times,
    cancel: &'a Cancel,
    facts: Facts<'a>,
    reasons: Vec<EmptyReason>,
}

impl Search<'_> {
    /// Explains an expression that is known to be empty.
    fn visit(&mut self, expr: &Expr) {
        with_stack(|| match &expr.kind {
            ExprKind::Selector(selector) => self.selector(expr, selector),
            ExprKind::Range(range) => self.selector(expr, &range.selector),
            ExprKind::Subquery(subquery) => self.visit(&subquery.input),
            _ => self.operation(expr),
        });
    }

    fn operation(&mut self, expr: &Expr) {
        let inputs: Vec<&Expr> = expr.children().into_iter().filter(|c| is_vector(c)).collect();
        let empty: Vec<&Expr> =
            inputs.iter().copied().filter(|input| self.series_of(input) == Some(0)).collect();
        // `or` is empty only when both sides are; other operators need all of theirs.
        if !empty.is_empty() {
            empty.into_iter().for_each(|input| self.visit(input));
            return;
        }
        let had: Vec<String> = inputs.iter().filter_map(|input| self.counted(input)).collect();
        let (message, help) = self.lost(expr, &had.join(" and "));
        self.reasons.push(EmptyReason { span: expr.span, message, help });
    }

    /// What an operation did with series that went in.
    fn lost(&self, expr: &Expr, had: &str) -> (String, Option<String>) {
        match &expr.kind {
            ExprKind::Binary { op, lhs, rhs, matching, .. } => {
                if lhs.ty != rhs.ty || op.is_comparison() && self.pairs(lhs, rhs) {
                    let message = format!("the comparison `{}` let none of {had} pass", op.as_str());
                    return (
                        message,
                        Some("add `bool` to see 0 and 1 instead, or look at each side".to_owned()),
                    );
                }
                if op.as_str() == "unless" {
                    return (format!("of {had}, all on the left match one on the right"), None);
                }
                let on = if matching.on { "on" } else { "ignoring" };
                let labels = matching.labels.join(", ");
                let clause = if matching.on || !labels.is_empty() {
                    format!("{on} ({labels})")
                } else {
                    "all labels".to_owned()
                };
                let message = format!("of {had}, no two match by {clause}");
                (message, self.differing_labels(lhs, rhs))
            }
            ExprKind::Call { function, args } => {
                let window = args.iter().find_map(|arg| match &arg.kind {
                    ExprKind::Range(range) => Some(range),
                    _ => None,
                });
                let Some(range) = window else {
                    return (format!("`{}` gave nothing for {had}", function.name), None);
                };
                let length = range.range.fixed_ns().map(|ns| ns / 1_000_000);
                let interval = self.facts.interval(&range.selector.matchers);
                match (length, interval) {
                    (Some(length), Some(interval)) if length < 2 * interval.0 => {
                        let interval = rounded(interval.0);
                        let message = format!(
                            "`{}` needs two samples, but the range of {} is shorter than two scrapes of {} each",
                            function.name,
                            format_duration(length),
                            format_duration(interval)
                        );
                        (message, Some(format!("use at least [{}]", format_duration(interval * 4))))
                    }
                    _ => (format!("`{}` found too few samples in the windows of {had}", function.name), None),
                }
            }
            ExprKind::Aggregate { aggregation, .. } => {
                (format!("`{}` kept none of {had}", aggregation.name), None)
            }
            _ => (format!("nothing is left of {had}"), None),
        }
    }

    /// Whether two vectors have pairs: then an empty comparison is one that was false.
    fn pairs(&self, lhs: &Expr, rhs: &Expr) -> bool {
        let (left, right) = (self.slice(lhs), self.slice(rhs));
        self.run(&format!("({left}) + ({right})")).is_some_and(|n| n > 0)
    }

    /// The labels that only one side has.
    fn differing_labels(&self, lhs: &Expr, rhs: &Expr) -> Option<String> {
        let names = |expr: &Expr| self.result_labels(self.slice(expr));
        let (left, right) = (names(lhs), names(rhs));
        let only = |a: &[String], b: &[String]| -> Vec<String> {
            a.iter().filter(|name| !b.contains(name) && *name != "__name__").cloned().collect()
        };
        let (left_only, right_only) = (only(&left, &right), only(&right, &left));
        let both: Vec<String> =
            left.iter().filter(|n| right.contains(n) && *n != "__name__").cloned().collect();
        match (left_only.is_empty(), right_only.is_empty()) {
            (true, true) => None,
            _ => Some(format!(
                "only the left side has {}, only the right side {}; try `on({})`",
                list(left_only.iter().map(String::as_str)),
                list(right_only.iter().map(String::as_str)),
                both.join(", ")
            )),
        }
    }

    fn selector(&mut self, expr: &Expr, selector: &Selector) {
        let (message, help) = self.why_nothing_selected(selector);
        self.reasons.push(EmptyReason { span: expr.span, message, help });
    }

    fn why_nothing_selected(&self, selector: &Selector) -> (String, Option<String>) {
        if self.facts.time_range().is_none() {
            return ("the data is empty".to_owned(), None);
        }
        let metric = metric_of(&selector.matchers);
        if let Some(metric) = metric.filter(|metric| !self.facts.knows(metric)) {
            let near = similar(metric, self.facts.names().iter().map(String::as_str));
            return (
                format!("the data holds no metric `{metric}`"),
                near.map(|n| format!("did you mean `{n}`?")),
            );
        }
        if let Some(span) = self.facts.span(&selector.matchers) {
            return self.outside(span);
        }
        self.failing_matcher(metric.unwrap_or_default(), &selector.matchers)
    }

    /// Series exist, but not at the time asked for.
    fn outside(&self, span: TimeRange) -> (String, Option<String>) {
        let (start, end) = match self.times {
            Times::At(t) => (t, t),
            Times::Over { start, end, .. } => (start, end),
        };
        let text = crate::facts::time_text;
        let data = format!("{} to {}", text(span.start), text(span.end));
        if span.end < start || end < span.start {
            let message = format!("its samples lie outside the time asked for: they are from {data}");
            return (message, Some(format!("ask for a time between, such as {}", text(span.end))));
        }
        (format!("it has no samples near the time asked for; all of them are from {data}"), None)
    }

    /// The matcher that lets nothing pass, or the first two that do so together.
    fn failing_matcher(&self, metric: &str, matchers: &[Matcher]) -> (String, Option<String>) {
        let name: Vec<Matcher> = matchers.iter().filter(|m| m.name() == "__name__").cloned().collect();
        let others: Vec<&Matcher> = matchers.iter().filter(|m| m.name() != "__name__").collect();
        for matcher in &others {
            let alone: Vec<Matcher> = name.iter().cloned().chain([(*matcher).clone()]).collect();
            if self.facts.select(&alone).is_none_or(|s| !s.is_empty()) {
                continue;
            }
            let label = matcher.name();
            let values = self.facts.label_values(metric, label);
            let message = format!("no series passes `{}`", written(matcher));
            if values.is_empty() {
                let names = self.facts.label_names(metric);
                let names = || names.iter().map(String::as_str).filter(|n| *n != "__name__");
                let near = similar(label, names()).map(|near| format!("did you mean `{near}`?"));
                let help = near.unwrap_or_else(|| format!("its labels are {}", list(names())));
                return (format!("{message}: none has a label `{label}`"), Some(help));
            }
            let near = similar(matcher.value(), values.iter().map(String::as_str));
            let help = match near {
                Some(near) => {
                    format!("did you mean `{label}={}`?", promqlite_syntax::go_quote(near.as_bytes()))
                }
                None => format!("the values of `{label}` are {}", list(values.iter().map(String::as_str))),
            };
            return (message, Some(help));
        }
        let all: Vec<String> = others.iter().map(|m| format!("`{}`", written(m))).collect();
        (format!("no series passes {} together", all.join(" and ")), Some("leave one out".to_owned()))
    }

    /// How many series an input has, in words.
    fn counted(&self, input: &Expr) -> Option<String> {
        let n = self.series_of(input)?;
        Some(format!("{n} series of `{}`", shortened(self.slice(input))))
    }

    /// The number of series of a part of the query; `None` when it fails. A range has those that are selected.
    fn series_of(&self, expr: &Expr) -> Option<usize> {
        match &expr.kind {
            ExprKind::Range(_) => self.run(&format!("present_over_time({})", self.slice(expr))),
            ExprKind::Subquery(_) => self.run(&format!("present_over_time({})", self.slice(expr))),
            _ => self.run(self.slice(expr)),
        }
    }

    fn slice(&self, expr: &Expr) -> &str {
        // A range's own text may lie before modifiers that belong to it; the parser told the whole.
        expr.span.slice(self.text)
    }

    fn query(&self, text: &str) -> Query {
        let query = match self.times {
            Times::At(t) => Query::instant(text, t),
            Times::Over { start, end, step } => Query::range(text, start, end, step),
        };
        query.with_cancel(self.cancel).with_timeout(PATIENCE)
    }

    fn run(&self, text: &str) -> Option<usize> {
        match self.engine.query(self.storage, &self.query(text)).ok()?.value {
            Value::Vector(_, samples) => Some(samples.len()),
            Value::Matrix(series) => Some(series.len()),
            _ => None,
        }
    }

    fn result_labels(&self, text: &str) -> Vec<String> {
        let Ok(result) = self.engine.query(self.storage, &self.query(text)) else { return Vec::new() };
        let names = |labels: &promqlite_model::LabelSet| -> Vec<String> {
            labels.iter().map(|(name, _)| name.to_owned()).collect()
        };
        let mut all: Vec<String> = match &result.value {
            Value::Vector(_, samples) => samples.iter().flat_map(|s| names(&s.labels)).collect(),
            Value::Matrix(series) => series.iter().flat_map(|s| names(&s.labels)).collect(),
            _ => Vec::new(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn is_vector(expr: &Expr) -> bool {
    matches!(expr.ty, promqlite_model::ValueType::Vector | promqlite_model::ValueType::Matrix)
        || selector(expr).is_some()
}

/// Scrapes wander by a few milliseconds.
fn rounded(interval_ms: i64) -> i64 {
    if interval_ms >= 1000 { (interval_ms + 500) / 1000 * 1000 } else { interval_ms }
}

/// A part of a query in one short line.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    line.chars().take(MOST - 1).chain(['…']).collect()
}
