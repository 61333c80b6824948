//! What the tests of this crate share.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::Path;

use promqlite_syntax::{Environment, Features, FunctionStatus, ParseOptions};

/// `INPUT ⇒ EXPECTED` lines of a file in tests/data.
pub(crate) fn cases(file: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<_> = text
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| line.split_once(" ⇒ ").unwrap_or_else(|| panic!("no ⇒ in {line}")))
        .map(|(input, expected)| (input.to_owned(), expected.to_owned()))
        .collect();
    assert!(!cases.is_empty(), "{file} holds no cases");
    cases
}

/// Knows the function names that the test data uses, and unbalanced parentheses in regular expressions.
pub(crate) struct TestEnvironment;

const EXPERIMENTAL: [&str; 7] = ["info", "start", "end", "step", "range", "min_of", "max_of"];
const STABLE: [&str; 10] =
    ["rate", "hour", "label_join", "absent", "vector", "scalar", "clamp", "time", "pi", "histogram_quantile"];

impl Environment for TestEnvironment {
    fn function(&self, name: &str, features: Features) -> FunctionStatus {
        match () {
            () if STABLE.contains(&name) => FunctionStatus::Known,
            () if !EXPERIMENTAL.contains(&name) => FunctionStatus::Unknown,
            () if features.experimental_functions => FunctionStatus::Known,
            () => FunctionStatus::Disabled,
        }
    }

    fn suggest(&self, name: &str) -> Option<String> {
        name.starts_with("ra").then(|| "rate".to_owned())
    }

    fn check_regex(&self, pattern: &str) -> Result<(), String> {
        let open = pattern.matches('(').count();
        if open > pattern.matches(')').count() {
            return Err(format!("missing closing ): `{pattern}`"));
        }
        Ok(())
    }
}

pub(crate) fn all() -> ParseOptions<'static> {
    ParseOptions { features: Features::ALL, env: &TestEnvironment }
}

pub(crate) fn none() -> ParseOptions<'static> {
    ParseOptions { features: Features::NONE, env: &TestEnvironment }
}
