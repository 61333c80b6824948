//! What a call takes, shown behind the cursor while the call is typed.

use promqlite::functions;
use rustyline::hint::Hint;

use crate::repl::complete::open_calls;
use crate::repl::help::{aggregation_signature, function_signature};
use crate::repl::input::as_command;

/// A text behind the cursor that cannot be taken over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signature(String);

impl Hint for Signature {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

/// The signature of the innermost call that is open at the end of the line, with the cursor there.
pub(crate) fn signature(line: &str, cursor: usize) -> Option<Signature> {
    if cursor < line.len() || as_command(line).is_some() {
        return None;
    }
    let (name, argument) = open_calls(line).pop()?;
    let text = match functions::function(&name) {
        Some(function) => function_signature(function),
        None => aggregation_signature(functions::aggregation(&name.to_ascii_lowercase())?),
    };
    let which = if argument == 0 { String::new() } else { format!(", argument {}", argument + 1) };
    Some(Signature(format!("   {text}{which}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        signature(line, line.len()).map_or(String::new(), |hint| hint.0.trim_start().to_owned())
    }

    #[test]
    fn the_innermost_open_call_counts() {
        assert_eq!(shown("sum(rate("), "rate(range vector): instant vector");
        assert_eq!(shown("sum(rate(x[5m])"), "sum(instant vector): instant vector");
        assert_eq!(shown("round(x, "), "round(instant vector[, scalar]): instant vector, argument 2");
        assert_eq!(shown("SUM by (job) ("), "sum(instant vector): instant vector");
        assert_eq!(shown("up"), "");
        assert_eq!(shown(".explain rate("), "");
        assert_eq!(signature("rate(", 2), None);
    }
}
