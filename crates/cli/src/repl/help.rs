//! What `.help` says: about commands, functions and aggregations, all from their own definitions.

use std::fmt::Write;

use promqlite::ValueType;
use promqlite::functions::aggregate::Aggregation;
use promqlite::functions::{self, Function};

use crate::catalog::is_like;
use crate::repl::commands::{COMMANDS, DotCommand, find};
use crate::settings::SETTINGS;
use promqlite_lint::similar;

/// Help about what has this name, or about all whose names are like it; about everything if it is empty.
pub(crate) fn about(name: &str) -> Result<String, String> {
    let bare = name.trim_start_matches('.');
    if bare.is_empty() {
        return Ok(overview());
    }
    if let Some(text) = exactly(bare) {
        return Ok(text);
    }
    let like = all_names().into_iter().filter(|known| is_like(known, bare));
    let texts: Vec<String> = like.filter_map(exactly).collect();
    if !texts.is_empty() {
        return Ok(texts.join("\n"));
    }
    let similar = similar(bare, all_names()).map_or(String::new(), |s| format!("; did you mean `{s}`?"));
    Err(format!("there is no command, function, aggregation or setting `{name}`{similar}"))
}

/// All names that there is help about.
pub(crate) fn all_names() -> Vec<&'static str> {
    let commands = COMMANDS.iter().map(|command| command.names[0]);
    let calls = functions::functions().iter().map(|function| function.name);
    let aggregations = functions::aggregations().iter().map(|aggregation| aggregation.name);
    let settings = SETTINGS.iter().map(|setting| setting.name);
    let mut names: Vec<&str> = commands.chain(aggregations).chain(calls).chain(settings).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

fn exactly(name: &str) -> Option<String> {
    if let Some(command) = find(name) {
        return Some(of_command(command));
    }
    if let Some(function) = functions::function(name) {
        return Some(of_function(function));
    }
    if let Some(aggregation) = functions::aggregation(&name.to_ascii_lowercase()) {
        return Some(of_aggregation(aggregation));
    }
    let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
    Some(format!("setting {}: {}\n{}\n", setting.name, setting.values, setting.summary))
}

fn of_aggregation(aggregation: &Aggregation) -> String {
    let doc = &aggregation.doc;
    let head = aggregation_signature(aggregation);
    format!("{head}{}\n{}\nExample: {}\n", experimental(aggregation.experimental), doc.summary, doc.example)
}

/// `topk(scalar, instant vector): instant vector`
pub(crate) fn aggregation_signature(aggregation: &Aggregation) -> String {
    let parameter = aggregation.param.map_or(String::new(), |ty| format!("{}, ", ty.documented()));
    format!("{}({parameter}instant vector): instant vector", aggregation.name)
}

/// `rate(range vector): instant vector`
pub(crate) fn function_signature(function: &Function) -> String {
    format!("{}({}): {}", function.name, arguments(function), function.returns.documented())
}

fn overview() -> String {
    let mut out = String::from("Enter a PromQL query; it may go over several lines. Or a command:\n");
    let heads: Vec<String> = COMMANDS.iter().map(head).collect();
    let width = heads.iter().map(|head| head.chars().count()).max().unwrap_or(0);
    for (head, command) in heads.iter().zip(COMMANDS) {
        let _ = writeln!(out, "  {head:width$}  {}", command.summary);
    }
    out.push_str(
        "Ctrl-C stops a query, Tab completes names, `.help rate` explains a function, `.help *_over_time`\n\
         several. The beginning of a command is enough if it is clear.\n",
    );
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
        "{}{}\n{}\nExample: {}\n",
        function_signature(function),
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
        for name in commands.chain(all_names()) {
            let help = about(name).expect("help");
            assert!(help.contains(name) && help.lines().count() >= 2, "{name}: {help}");
        }
        assert_eq!(
            about("raet"),
            Err("there is no command, function, aggregation or setting `raet`; did you mean `rate`?".into())
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
