//! What `.help` says: about commands, functions and aggregations, all from their own definitions.

use std::fmt::Write;

use promqlite::ValueType;
use promqlite::functions::{self, Function};

use crate::repl::commands::{COMMANDS, DotCommand, find};

/// Help about `name`; about everything if it is empty.
pub(crate) fn about(name: &str) -> Result<String, String> {
    let bare = name.trim_start_matches('.');
    if bare.is_empty() {
        return Ok(overview());
    }
    if let Some(command) = find(bare) {
        return Ok(of_command(command));
    }
    if let Some(function) = functions::function(bare) {
        return Ok(of_function(function));
    }
    if let Some(aggregation) = functions::aggregation(&bare.to_ascii_lowercase()) {
        let parameter = aggregation.param.map_or(String::new(), |ty| format!("{}, ", ty.documented()));
        let doc = &aggregation.doc;
        let head = format!(
            "{}({parameter}instant vector): instant vector{}",
            aggregation.name,
            experimental(aggregation.experimental)
        );
        return Ok(format!("{head}\n{}\nExample: {}\n", doc.summary, doc.example));
    }
    let similar =
        promqlite_plan::similar_function(bare).map_or(String::new(), |s| format!("; did you mean `{s}`?"));
    Err(format!("there is no command, function or aggregation `{name}`{similar}"))
}

fn overview() -> String {
    let mut out = String::from("Enter a PromQL query; it may go over several lines. Or a command:\n");
    let heads: Vec<String> = COMMANDS.iter().map(head).collect();
    let width = heads.iter().map(|head| head.chars().count()).max().unwrap_or(0);
    for (head, command) in heads.iter().zip(COMMANDS) {
        let _ = writeln!(out, "  {head:width$}  {}", command.summary);
    }
    out.push_str("Ctrl-C stops a query, Tab completes names, `.help rate` explains a function.\n");
    out
}

fn head(command: &DotCommand) -> String {
    let names: Vec<String> = command.names.iter().map(|name| format!(".{name}")).collect();
    format!("{} {}", names.join(", "), command.arguments).trim_end().to_owned()
}

fn of_command(command: &DotCommand) -> String {
    format!("{}\n{}\n", head(command), command.summary)
}

fn of_function(function: &Function) -> String {
    format!(
        "{}({}): {}{}\n{}\nExample: {}\n",
        function.name,
        arguments(function),
        function.returns.documented(),
        experimental(function.experimental),
        function.doc.summary,
        function.doc.example
    )
}

/// The argument types; those that may be left out in brackets, `…` where the last may be repeated.
fn arguments(function: &Function) -> String {
    let types: Vec<&str> = function.args.iter().copied().map(ValueType::documented).collect();
    let required = if function.variadic == 0 { types.len() } else { types.len().saturating_sub(1) };
    let mut out = types[..required].join(", ");
    for ty in &types[required..] {
        let comma = if out.is_empty() { "" } else { ", " };
        let more = if function.variadic < 0 || function.variadic > 1 { ", …" } else { "" };
        let _ = write!(out, "[{comma}{ty}{more}]");
    }
    out
}

fn experimental(yes: bool) -> &'static str {
    if yes { " (experimental: --enable-feature=promql-experimental-functions)" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_has_a_name_has_help() {
        let commands = COMMANDS.iter().flat_map(|command| command.names.iter().copied());
        let calls = functions::functions().iter().map(|function| function.name);
        let aggregations = functions::aggregations().iter().map(|aggregation| aggregation.name);
        for name in commands.chain(calls).chain(aggregations) {
            let help = about(name).expect("help");
            assert!(help.contains(name) && help.lines().count() >= 2, "{name}: {help}");
        }
        assert_eq!(
            about("raet"),
            Err("there is no command, function or aggregation `raet`; did you mean `rate`?".into())
        );
    }

    #[test]
    fn signatures_show_what_may_be_left_out() {
        for (name, want) in [
            ("rate", "range vector"),
            ("round", "instant vector[, scalar]"),
            ("hour", "[instant vector]"),
            ("pi", ""),
            ("label_join", "instant vector, string, string[, string, …]"),
        ] {
            let function = functions::function(name).expect(name);
            assert_eq!(arguments(function), want, "{name}");
        }
    }
}
