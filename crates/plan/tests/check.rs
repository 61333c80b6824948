//! Type errors: texts, positions, advice.

use std::path::{Path, PathBuf};

use promqlite_model::ValueType;
use promqlite_plan::typed::{ExprKind, Invariance};
use promqlite_plan::{parse, similar_function};
use promqlite_syntax::Features;

/// The `INPUT ⇒ LINE:COLUMN MESSAGE` lines of a file.
fn cases(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let cases: Vec<_> = lines
        .map(|line| line.split_once(" ⇒ ").unwrap_or_else(|| panic!("no ⇒ in {line}")))
        .map(|(input, error)| (input.replace("\\n", "\n"), error.to_owned()))
        .collect();
    assert!(!cases.is_empty(), "{} holds no cases", path.display());
    cases
}

fn check_file(path: PathBuf) {
    let mut wrong = String::new();
    for (input, expected) in cases(&path) {
        let (place, message) = expected.split_once(' ').expect("a position and a message");
        let expected = format!("{place}: parse error: {message}");
        let got = match parse(&input, Features::ALL) {
            Ok(_) => "no error".to_owned(),
            Err(error) => error.render(&input),
        };
        if got != expected {
            wrong.push_str(&format!("{input}\n  expected {expected}\n  got      {got}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_examples_of_the_language() {
    check_file(Path::new(env!("CARGO_MANIFEST_DIR")).join("../syntax/tests/data/type_errors.txt"));
}

#[test]
fn every_rule() {
    check_file(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/type_errors.txt"));
}

#[test]
fn what_is_right_passes() {
    for (query, ty) in [
        ("1", ValueType::Scalar),
        ("\"a\"", ValueType::String),
        ("(foo)", ValueType::Vector),
        ("foo[5m]", ValueType::Matrix),
        ("foo[5m:]", ValueType::Matrix),
        ("1 + 2", ValueType::Scalar),
        ("1 + foo", ValueType::Vector),
        ("-foo", ValueType::Vector),
        ("-(1)", ValueType::Scalar),
        ("1 == bool 2", ValueType::Scalar),
        ("{a!=\"\"}", ValueType::Vector),
        ("{a=~\".+\"}", ValueType::Vector),
        ("{a!~\".*\"}", ValueType::Vector),
        ("info(foo, {a=~\".*\"})", ValueType::Vector),
        ("hour()", ValueType::Vector),
        ("label_join(foo, \"a\", \",\")", ValueType::Vector),
        ("time()", ValueType::Scalar),
        ("topk(1, foo)", ValueType::Vector),
        ("foo and on(a) bar", ValueType::Vector),
    ] {
        let expr = parse(query, Features::ALL).unwrap_or_else(|error| panic!("{}", error.render(query)));
        assert_eq!(expr.ty, ty, "{query}");
    }
}

#[test]
fn errors_come_with_advice() {
    let help = |query: &str, features: Features| parse(query, features).expect_err(query).help;
    for (query, advice) in [
        ("rat(foo[5m])", "did you mean `rate`?"),
        ("RATE(foo[5m])", "did you mean `rate`?"),
        ("histogram_quantil(0.9, foo)", "did you mean `histogram_quantile`?"),
        ("avg_over_tiem(foo[5m])", "did you mean `avg_over_time`?"),
        ("rate(foo)", "put a range behind the selector, such as `[5m]`"),
        ("1 > 2", "write `> bool`"),
    ] {
        assert_eq!(help(query, Features::ALL).as_deref(), Some(advice), "{query}");
    }
    let disabled = help("mad_over_time(foo[5m])", Features::SERVER_DEFAULT).expect("advice");
    assert!(disabled.contains("enable experimental functions"), "{disabled}");
    assert_eq!(similar_function("zzzzzzzz"), None);
    assert_eq!(similar_function(&"x".repeat(100_000)), None);
}

#[test]
fn bytes_that_are_no_text_match_nothing() {
    let matchers = |query: &str| match parse(query, Features::ALL).expect(query).kind {
        ExprKind::Selector(selector) => selector.matchers,
        other => panic!("{other:?}"),
    };
    let passes = |query: &str, value: &str| matchers(query).iter().all(|m| m.matches(value));
    assert!(!passes(r#"{a="\xff"}"#, "\u{fffd}"));
    assert!(passes(r#"{a!="\xff",b=~".+"}"#, "\u{fffd}"));
    assert!(!passes(r#"{"\xff"="x",b=~".+"}"#, "x"));
    assert!(passes(r#"{"\xff"="",b=~".+"}"#, "x"));
}

#[test]
fn what_pins_makes_invariant() {
    for (query, expected) in [
        ("1", Invariance::Constant),
        ("foo", Invariance::Varying),
        ("foo @ 10", Invariance::Pinned),
        ("foo @ end()", Invariance::Pinned),
        ("foo @ 10 + 1", Invariance::Pinned),
        ("foo @ 10 + bar", Invariance::Varying),
        ("rate(foo[5m] @ 10)", Invariance::Pinned),
        ("rate((foo @ 10)[5m:])", Invariance::Varying),
        ("rate(foo[5m:] @ 10)", Invariance::Pinned),
        ("sum(foo @ 10)", Invariance::Pinned),
        ("topk(scalar(bar), foo @ 10)", Invariance::Pinned),
        ("time()", Invariance::Varying),
        ("minute()", Invariance::Varying),
        ("vector(time()) + foo @ 10", Invariance::Varying),
        ("timestamp(foo @ 10)", Invariance::Pinned),
        ("timestamp((foo @ 10))", Invariance::Pinned),
        ("timestamp(abs(foo @ 10))", Invariance::Varying),
        ("timestamp(timestamp(foo @ 10))", Invariance::Varying),
        ("predict_linear(foo[5m] @ 10, 60)", Invariance::Varying),
        ("quantile_over_time(0.5, foo[5m] @ 10)", Invariance::Pinned),
        ("start()", Invariance::Constant),
    ] {
        let expr = parse(query, Features::ALL).unwrap_or_else(|error| panic!("{}", error.render(query)));
        assert_eq!(expr.invariance, expected, "{query}");
    }
}
