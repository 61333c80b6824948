//! Selectors: names and values that the data does not have, regular expressions that are none.

use promqlite_model::{MatchOp, Matcher};
use promqlite_plan::typed::Expr;

use super::{Lint, function_name, selector, written};
use crate::facts::metric_of;
use crate::finding::{
    REGEX_MATCHES_ALL, REGEX_WITHOUT_PATTERN, UNKNOWN_LABEL, UNKNOWN_METRIC, UNKNOWN_VALUE,
};
use crate::similar::similar;

/// Functions that are asked for what is missing.
const FOR_WHAT_IS_MISSING: [&str; 2] = ["absent", "absent_over_time"];

pub(super) fn check(lint: &mut Lint<'_>, expr: &Expr, parents: &[&Expr]) {
    let Some(selector) = selector(expr) else { return };
    for matcher in &selector.matchers {
        check_regex(lint, expr, matcher);
    }
    if parents.iter().any(|parent| function_name(parent).is_some_and(|f| FOR_WHAT_IS_MISSING.contains(&f))) {
        return;
    }
    let Some(metric) = metric_of(&selector.matchers) else { return };
    if !lint.facts.knows(metric) {
        let near = similar(metric, lint.facts.names().iter().map(String::as_str));
        let help =
            near.map_or("see the metrics that the data holds".to_owned(), |n| format!("did you mean `{n}`?"));
        lint.tell(&UNKNOWN_METRIC, expr, format!("the data holds no metric `{metric}`"), help);
        return;
    }
    if lint.facts.names().is_empty() {
        return;
    }
    let others = selector.matchers.iter().filter(|m| m.name() != "__name__" && !m.matches_empty());
    for matcher in others {
        check_value(lint, expr, metric, matcher);
    }
}

fn check_regex(lint: &mut Lint<'_>, expr: &Expr, matcher: &Matcher) {
    let Some(regex) = matcher.regex() else { return };
    let positive = matcher.op() == MatchOp::Regex;
    if positive && matcher.value() == ".*" {
        let message = format!("`{}` lets every series pass", written(matcher));
        lint.tell(
            &REGEX_MATCHES_ALL,
            expr,
            message,
            format!("leave it out, or write `{}=~\".+\"`", matcher.name()),
        );
        return;
    }
    let literals = regex.literals();
    if let Some([literal]) = literals {
        let (name, op) = (matcher.name(), if positive { "=" } else { "!=" });
        let message = format!("`{}` is a regular expression without a pattern", written(matcher));
        let quoted = promqlite_syntax::go_quote(literal.as_bytes());
        lint.tell(&REGEX_WITHOUT_PATTERN, expr, message, format!("write `{name}{op}{quoted}`"));
    }
}

/// A matcher that asks for a value must find one.
fn check_value(lint: &mut Lint<'_>, expr: &Expr, metric: &str, matcher: &Matcher) {
    let label = matcher.name();
    let values = lint.facts.label_values(metric, label);
    if values.is_empty() {
        let names = lint.facts.label_names(metric);
        let near = similar(label, names.iter().map(String::as_str).filter(|n| *n != "__name__"));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", list(names.iter().map(String::as_str).filter(|n| *n != "__name__"))),
        };
        lint.tell(&UNKNOWN_LABEL, expr, format!("no series of `{metric}` has a label `{label}`"), help);
        return;
    }
    if !values.iter().any(|value| matcher.matches(value)) {
        let near = similar(matcher.value(), values.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("its values are {}", list(values.iter().map(String::as_str))),
        };
        lint.tell(
            &UNKNOWN_VALUE,
            expr,
            format!("no series of `{metric}` passes `{}`", written(matcher)),
            help,
        );
    }
}

/// A few names, and how many more there are.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 6;
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
