//! Inputs that must not parse, and what the error says.

mod common;

use common::{all, cases, none};
use promqlite_syntax::{ParseOptions, parse_expr, parse_metric, parse_metric_selector, parse_series_desc};

/// Compares every case of `file` with what `run` reports.
fn check(file: &str, run: impl Fn(&str) -> Result<(), String>) {
    let mut faults = Vec::new();
    for (input, expected) in cases(file) {
        let (position, message) = expected.split_once(' ').expect("position and message");
        let expected = format!("{position}: parse error: {message}");
        let got = run(&input).err().unwrap_or_else(|| "no error".to_owned());
        if got != expected {
            faults.push(format!("{input}\n  expected {expected}\n  got      {got}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn expr_error(text: &str, options: ParseOptions<'_>) -> Result<(), String> {
    parse_expr(text, options).map(drop).map_err(|error| error.render(text))
}

#[test]
fn expressions() {
    check("invalid.txt", |text| expr_error(text, all()));
    check("invalid_more.txt", |text| expr_error(text, all()));
}

#[test]
fn features_off() {
    check("invalid_off.txt", |text| expr_error(text, none()));
}

#[test]
fn series() {
    check("series_invalid.txt", |text| parse_series_desc(text).map(drop).map_err(|error| error.render(text)));
}

#[test]
fn selectors() {
    check("selector_invalid.txt", |text| {
        parse_metric_selector(text, all()).map(drop).map_err(|error| error.render(text))
    });
}

#[test]
fn metrics() {
    check("metric_invalid.txt", |text| parse_metric(text).map(drop).map_err(|error| error.render(text)));
}

#[test]
fn type_errors_are_left_to_the_checks() {
    for (input, _) in cases("type_errors.txt") {
        assert_eq!(expr_error(&input, all()), Ok(()), "{input}");
    }
}

#[test]
fn empty_input_has_no_position() {
    for text in ["", " ", "#"] {
        let position = if text.is_empty() { "unknown position" } else { "1:1" };
        let expected = format!("{position}: parse error: no expression found in input");
        assert_eq!(expr_error(text, all()), Err(expected));
    }
}

#[test]
fn open_brackets_are_shown() {
    for (text, opener) in [("sum(a) + (b", 9), ("a{b=\"c\"", 1), ("a[5m", 1), ("((a)", 0)] {
        let error = parse_expr(text, all()).expect_err("open");
        let (span, label) = error.secondary.as_ref().expect("a second place");
        assert_eq!(span.start, opener, "{text}");
        assert!(error.snippet(text).ends_with(&format!("= note: 1:{}: {label}", opener + 1)), "{text}");
    }
}

#[test]
fn unknown_functions_come_with_a_suggestion() {
    let error = parse_expr("raet(a[5m])", all()).expect_err("unknown");
    assert_eq!(error.help.as_deref(), Some("did you mean `rate`?"));
    let snippet =
        "1 | raet(a[5m])\n  | ^^^^ unknown function with name \"raet\"\n  = help: did you mean `rate`?";
    assert_eq!(error.snippet("raet(a[5m])"), snippet);
}
