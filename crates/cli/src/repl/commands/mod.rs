//! The dot-commands: one table, from which dispatch, help and completion come.

mod answers;
mod look;
mod queries;
mod session;
mod times;

use crate::failure::Failure;
use crate::repl::help;
use crate::repl::session::{Flow, Session};
use crate::result_format::ResultFormat;

/// A dot-command.
pub(crate) struct DotCommand {
    /// Its names, without the dot; the first is the usual one.
    pub(crate) names: &'static [&'static str],
    /// What follows the name.
    pub(crate) arguments: &'static str,
    /// What it does, in one line.
    pub(crate) summary: &'static str,
    /// What can be completed behind its name.
    pub(crate) completes: Completes,
    run: Run,
}

/// What the arguments of a command are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completes {
    /// Nothing that could be completed.
    Nothing,
    /// A query, or a selector.
    Query,
    /// A metric.
    Metric,
    /// A label name.
    Label,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A setting, then its value.
    Setting,
    /// A form of results.
    Format,
    /// A file.
    Path,
    /// A function, an aggregation or a command.
    Topic,
}

/// Carries a command out, given the text behind its name.
type Run = fn(&mut Session, &str) -> Result<Flow, Failure>;

const fn command(
    names: &'static [&'static str],
    arguments: &'static str,
    summary: &'static str,
    completes: Completes,
    run: Run,
) -> DotCommand {
    DotCommand { names, arguments, summary, completes, run }
}

const ON_OFF: Completes = Completes::Words(&["on", "off"]);

/// All commands, sorted by name.
pub(crate) static COMMANDS: &[DotCommand] = &[
    command(&["ast"], "EXPR", "Show a query's syntax tree", Completes::Query, queries::ast),
    command(&["at"], "[TIME]", "Evaluate at an instant; `now` is the newest sample", NOTHING, times::at),
    command(&["exit", "quit"], "", "Leave; so does Ctrl-D", NOTHING, |_, _| Ok(Flow::Exit)),
    command(
        &["explain"],
        "[analyze] EXPR",
        "Show how a query would be evaluated; with `analyze`, evaluate it and show what each operator used",
        Completes::Query,
        queries::explain,
    ),
    command(
        &["export"],
        "FILE [SELECTOR]",
        "Write series into a file; its ending tells the format (.om, .csv, .jsonl, .vm, .om.gz, …)",
        Completes::Path,
        answers::export,
    ),
    command(&["fmt"], "EXPR", "Print a query in canonical, readable form", Completes::Query, queries::fmt),
    command(
        &["functions"],
        "[PATTERN]",
        "List functions and aggregations",
        Completes::Topic,
        queries::functions,
    ),
    command(
        &["help"],
        "[NAME|PATTERN]",
        "Explain a command, a function, an aggregation or a setting",
        Completes::Topic,
        show_help,
    ),
    command(&["history"], "[N]", "Show the newest entries of the history", NOTHING, session::history),
    command(&["info"], "", "Show what is loaded", NOTHING, look::info),
    command(&["instant"], "", "Evaluate at the newest sample, as at first", NOTHING, times::instant),
    command(&["labels"], "[METRIC]", "List label names and their values", Completes::Metric, look::labels),
    command(&["last"], "DURATION [STEP]", "Evaluate over this long until now", NOTHING, times::last),
    command(
        &["lint"],
        "EXPR",
        "Tell what may be wrong with a query, by its text and by the data",
        Completes::Query,
        queries::lint,
    ),
    command(
        &["metrics"],
        "[PATTERN]",
        "List metrics; `*` in the pattern stands for anything",
        Completes::Metric,
        look::metrics,
    ),
    command(&["mode", "format"], "[NAME]", "Form of results", Completes::Format, answers::mode),
    command(&["once"], "FILE", "Write the next answer into a file", Completes::Path, answers::once),
    command(
        &["open"],
        "[PATH…]",
        "Open other files in place of the present ones; without any, open those again",
        Completes::Path,
        session::open,
    ),
    command(
        &["output"],
        "[FILE]",
        "Write answers into a file; without one, show them again",
        Completes::Path,
        answers::output,
    ),
    command(
        &["plot"],
        "EXPR",
        "Draw a query over the range that is set, else over the last hour",
        Completes::Query,
        answers::plot,
    ),
    command(&["range"], "START END [STEP]", "Evaluate over a range", NOTHING, times::range),
    command(
        &["read"],
        "FILE",
        "Carry out the queries and commands in a file",
        Completes::Path,
        session::read,
    ),
    command(&["series"], "[SELECTOR]", "List series", Completes::Query, look::series),
    command(&["set"], "[NAME [VALUE]]", "Change a setting, or show them", Completes::Setting, session::set),
    command(&["show"], "", "Show times, output and settings", NOTHING, session::show),
    command(&["stats"], "[on|off]", "Show after each query what it read and used", ON_OFF, answers::stats),
    command(&["step"], "[DURATION|auto]", "Distance of the steps of ranges", NOTHING, times::step),
    command(&["timer", "timing"], "[on|off]", "Show the time that each query took", ON_OFF, answers::timer),
    command(&["top"], "[N]", "List the metrics and labels that have the most", NOTHING, look::top),
    command(&["values"], "LABEL [SELECTOR]", "List the values of a label", Completes::Label, look::values),
];

const NOTHING: Completes = Completes::Nothing;

/// Carries out a command line without its dot.
pub(super) fn run(session: &mut Session, line: &str) -> Result<Flow, Failure> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let command = resolve(name)?;
    let rest = rest.trim();
    if command.arguments.is_empty() && !rest.is_empty() {
        return Err(Failure::Usage(format!(".{} takes no argument", command.names[0])));
    }
    (command.run)(session, rest)
}

/// The command of exactly this name.
pub(crate) fn find(name: &str) -> Option<&'static DotCommand> {
    COMMANDS.iter().find(|command| command.names.contains(&name))
}

/// The command that has this name, or the only one whose name begins so.
pub(crate) fn resolve(name: &str) -> Result<&'static DotCommand, Failure> {
    if let Some(command) = find(name) {
        return Ok(command);
    }
    let begins = |command: &&DotCommand| command.names.iter().any(|full| full.starts_with(name));
    match &COMMANDS.iter().filter(begins).collect::<Vec<_>>()[..] {
        [only] => Ok(only),
        [] => {
            let names = COMMANDS.iter().flat_map(|command| command.names).copied();
            let hint = promqlite_lint::similar(name, names)
                .map_or(String::new(), |near| format!("; did you mean .{near}?"));
            Err(Failure::Usage(format!("there is no command .{name}{hint} (.help lists them)")))
        }
        several => {
            let names: Vec<String> = several.iter().map(|command| format!(".{}", command.names[0])).collect();
            Err(Failure::Usage(format!(".{name} may be {}", names.join(" or "))))
        }
    }
}

fn wrong(name: &str, message: impl std::fmt::Display) -> Failure {
    Failure::Usage(format!(".{name}: {message}"))
}

fn required<'a>(name: &str, text: &'a str) -> Result<&'a str, Failure> {
    if !text.is_empty() {
        return Ok(text);
    }
    let command = find(name).expect("invariant: a command knows its own name");
    Err(wrong(name, format!("expected {}", command.arguments)))
}

fn show_help(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let help = help::about(text).map_err(Failure::Usage)?;
    session.write(|page| {
        use std::io::Write;
        writeln!(page, "{}", help.trim_end())
    })?;
    Ok(Flow::GoOn)
}

/// Words that stand behind a command.
pub(crate) fn words_of(completes: Completes) -> Vec<&'static str> {
    match completes {
        Completes::Words(words) => words.to_vec(),
        Completes::Format => ResultFormat::NAMES.split('|').collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_are_unique() {
        assert!(COMMANDS.is_sorted_by(|a, b| a.names[0] < b.names[0]));
        let mut names: Vec<_> = COMMANDS.iter().flat_map(|command| command.names).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn beginnings_are_enough_if_they_are_clear() {
        let found = |name| resolve(name).map(|command| command.names[0]).map_err(|e| e.to_string());
        assert_eq!(found("met"), Ok("metrics"));
        assert_eq!(found("q"), Ok("exit"));
        assert_eq!(found("at"), Ok("at"));
        assert_eq!(found("hi"), Ok("history"));
        assert_eq!(found("h"), Err(".h may be .help or .history".into()));
        assert_eq!(
            found("mertics"),
            Err("there is no command .mertics; did you mean .metrics? (.help lists them)".into())
        );
        assert_eq!(found("xyzzy"), Err("there is no command .xyzzy (.help lists them)".into()));
    }
}
