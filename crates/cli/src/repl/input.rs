//! When an input is complete, and what kind it is.

use promqlite_syntax::{ParseOptions, parse_expr};

/// Whether there is nothing to answer: blank lines and comments only.
pub(crate) fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#')
    })
}

/// The dot-command that the input is, without its dot; `.5` is a query.
pub(crate) fn as_command(text: &str) -> Option<&str> {
    let rest = text.trim().strip_prefix('.')?;
    rest.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(rest)
}

/// Whether the input is the beginning of a query. A blank line ends any input.
pub(crate) fn wants_more(text: &str) -> bool {
    if as_command(text).is_some() || is_blank(text) {
        return false;
    }
    if text.rsplit_once('\n').is_some_and(|(_, last)| last.trim().is_empty()) {
        return false;
    }
    match parse_expr(text, ParseOptions::PERMISSIVE) {
        Ok(_) => false,
        Err(error) => UNFINISHED.iter().any(|start| error.message.starts_with(start)),
    }
}

/// How the errors of texts begin that could go on.
const UNFINISHED: [&str; 4] = [
    "unexpected end of input",
    "unclosed left parenthesis",
    "unclosed left bracket",
    "unterminated raw string",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_want_more() {
        for text in [
            "sum(",
            "sum by (job) (",
            "sum(rate(x[5m",
            "up{",
            "up{job=",
            "up{job=\"a\"",
            "1 +",
            "a and on",
            "`a",
            "(1",
        ] {
            assert!(wants_more(text), "{text:?}");
        }
    }

    #[test]
    fn complete_and_broken_inputs_do_not() {
        for text in [
            "up",
            "sum(up)",
            "up)",
            "foo bar",
            "\"a",
            ".help (",
            "",
            "# comment (",
            "sum(\n",
            "sum(\n  ",
            "1 + +1",
            ".5",
        ] {
            assert!(!wants_more(text), "{text:?}");
        }
    }

    #[test]
    fn commands_start_with_a_dot_and_a_letter() {
        assert_eq!(as_command(" .at now "), Some("at now"));
        assert_eq!(as_command(".5 + 1"), None);
        assert_eq!(as_command("up"), None);
    }
}
