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

/// Cuts lines into queries and commands.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pending: String,
}

impl Inputs {
    /// Takes a line; returns the input that it completes, if it does.
    pub(crate) fn push(&mut self, line: &str) -> Option<String> {
        if self.pending.is_empty() && is_blank(line) {
            return None;
        }
        self.pending.push_str(line);
        if wants_more(&self.pending) {
            self.pending.push('\n');
            return None;
        }
        self.finish()
    }

    /// Whether something was begun and not completed.
    pub(crate) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// What was begun and not completed.
    pub(crate) fn finish(&mut self) -> Option<String> {
        (!self.pending.is_empty()).then(|| std::mem::take(&mut self.pending))
    }
}

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
    fn lines_are_cut_into_inputs() {
        let mut inputs = Inputs::default();
        let lines = ["# comment", "", "up", "sum(", "  up", ")", ".at now", "1 +"];
        let complete: Vec<String> = lines.iter().filter_map(|line| inputs.push(line)).collect();
        assert_eq!(complete, ["up", "sum(\n  up\n)", ".at now"]);
        assert_eq!(inputs.finish().as_deref(), Some("1 +\n"));
        assert_eq!(inputs.finish(), None);
    }

    #[test]
    fn commands_start_with_a_dot_and_a_letter() {
        assert_eq!(as_command(" .at now "), Some("at now"));
        assert_eq!(as_command(".5 + 1"), None);
        assert_eq!(as_command("up"), None);
    }
}
