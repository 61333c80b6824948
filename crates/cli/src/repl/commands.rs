//! The dot-commands: one table, from which dispatch, help and completion come.

use std::collections::HashMap;

use promqlite::storage::SelectRequest;
use promqlite::{MatchOp, Matcher, TimeRange};

use crate::args::ResultFormat;
use crate::commands::{kind_of, syntax_tree, write_files, write_summary};
use crate::failure::Failure;
use crate::numbers::count;
use crate::output::to_stdout;
use crate::repl::help;
use crate::repl::session::{Flow, Session};
use crate::table::{align_right, new_table, one_line, write_table};
use crate::time::{NOW, parse_length, parse_positive_length, parse_time};
use crate::when::{StartSpec, WhenSpec};
use promqlite::functions;

/// A dot-command.
pub(crate) struct DotCommand {
    /// Its names, without the dot; the first is the usual one.
    pub(crate) names: &'static [&'static str],
    /// What follows the name.
    pub(crate) arguments: &'static str,
    /// What it does, in one line.
    pub(crate) summary: &'static str,
    run: Run,
}

/// Carries a command out, given the text behind its name.
type Run = fn(&mut Session, &str) -> Result<Flow, Failure>;

const fn command(
    names: &'static [&'static str],
    arguments: &'static str,
    summary: &'static str,
    run: Run,
) -> DotCommand {
    DotCommand { names, arguments, summary, run }
}

/// All commands, sorted by name.
pub(crate) static COMMANDS: &[DotCommand] = &[
    command(&["ast"], "EXPR", "Show a query's syntax tree", ast),
    command(&["at"], "[TIME]", "Evaluate at an instant; `now` is the newest sample", at),
    command(&["exit", "quit"], "", "Leave; so does Ctrl-D", |_, _| Ok(Flow::Exit)),
    command(&["explain"], "EXPR", "Show how a query would be evaluated", explain),
    command(&["format"], "[NAME]", "Form of results: table, json, csv, tsv, jsonl, openmetrics", format),
    command(&["functions"], "[PATTERN]", "List functions and aggregations", functions),
    command(&["help"], "[NAME]", "Explain a command, a function or an aggregation", show_help),
    command(&["instant"], "", "Evaluate at the newest sample, as at first", instant),
    command(&["labels"], "[METRIC]", "List label names and their values", labels),
    command(&["last"], "DURATION [STEP]", "Evaluate over this long until now", last),
    command(&["metrics"], "[PATTERN]", "List metrics; `*` in the pattern stands for anything", metrics),
    command(&["open"], "PATH…", "Load other files in place of the present ones", open),
    command(&["range"], "START END [STEP]", "Evaluate over a range", range),
    command(&["timing"], "[on|off]", "Show times and counts after each query", timing),
];

/// Carries out a command line without its dot.
pub(super) fn run(session: &mut Session, line: &str) -> Result<Flow, Failure> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let command = find(name).ok_or_else(|| unknown(name))?;
    let rest = rest.trim();
    if command.arguments.is_empty() && !rest.is_empty() {
        return Err(Failure::Usage(format!(".{name} takes no argument")));
    }
    (command.run)(session, rest)
}

/// The command of this name.
pub(crate) fn find(name: &str) -> Option<&'static DotCommand> {
    COMMANDS.iter().find(|command| command.names.contains(&name))
}

fn unknown(name: &str) -> Failure {
    Failure::Usage(format!("there is no command .{name}; .help lists them"))
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

fn ast(_: &mut Session, text: &str) -> Result<Flow, Failure> {
    let tree = syntax_tree(required("ast", text)?)?;
    to_stdout(|out| writeln!(out, "{}", tree.trim_end()))?;
    Ok(Flow::GoOn)
}

fn explain(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let text = required("explain", text)?;
    let query = session.times()?.query(text);
    let plan = session.engine().explain(&query).map_err(|error| Failure::query(error, text))?;
    to_stdout(|out| write!(out, "{plan}"))?;
    Ok(Flow::GoOn)
}

fn at(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    if !text.is_empty() {
        session.when = WhenSpec::Instant(parse_time(text).map_err(|e| wrong("at", e))?);
    }
    show_times(session)
}

fn instant(session: &mut Session, _: &str) -> Result<Flow, Failure> {
    session.when = WhenSpec::Instant(NOW);
    show_times(session)
}

fn range(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (start, end, step) = match words[..] {
        [start, end] => (start, end, None),
        [start, end, step] => (start, end, Some(step)),
        _ => return Err(wrong("range", "expected START END [STEP]")),
    };
    let time = |text| parse_time(text).map_err(|e| wrong("range", e));
    let spec = WhenSpec::Range {
        start: StartSpec::At(time(start)?),
        end: time(end)?,
        step: parse_step("range", step)?,
    };
    set_times(session, spec)
}

fn last(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let mut words = required("last", text)?.split_whitespace();
    let length = words.next().unwrap_or_default();
    let step = parse_step("last", words.next())?;
    if words.next().is_some() {
        return Err(wrong("last", "expected DURATION [STEP]"));
    }
    let length = parse_length(length).map_err(|e| wrong("last", e))?;
    set_times(session, WhenSpec::Range { start: StartSpec::BeforeEnd(length), end: NOW, step })
}

fn parse_step(name: &str, step: Option<&str>) -> Result<Option<i64>, Failure> {
    step.map(parse_positive_length).transpose().map_err(|e| wrong(name, format!("step: {e}")))
}

/// Sets times that are possible; impossible ones leave those of before.
fn set_times(session: &mut Session, spec: WhenSpec) -> Result<Flow, Failure> {
    let before = std::mem::replace(&mut session.when, spec);
    let shown = show_times(session);
    if shown.is_err() {
        session.when = before;
    }
    shown
}

fn show_times(session: &Session) -> Result<Flow, Failure> {
    session.tell(format!("queries are evaluated {}", session.times()?.describe()));
    Ok(Flow::GoOn)
}

fn format(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    if !text.is_empty() {
        let known = find("format").map_or("", |command| command.summary);
        session.format = ResultFormat::from_name(text)
            .ok_or_else(|| wrong("format", format!("no form `{text}`. {known}")))?;
    }
    session.tell(format!("results are shown as {}", session.format.name()));
    Ok(Flow::GoOn)
}

fn timing(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    session.timing = match text {
        "on" => true,
        "off" => false,
        "" => session.timing,
        _ => return Err(wrong("timing", "expected on or off")),
    };
    session.tell(format!("timing is {}", if session.timing { "on" } else { "off" }));
    Ok(Flow::GoOn)
}

fn show_help(_: &mut Session, text: &str) -> Result<Flow, Failure> {
    let help = help::about(text).map_err(Failure::Usage)?;
    to_stdout(|out| writeln!(out, "{}", help.trim_end()))?;
    Ok(Flow::GoOn)
}

fn functions(_: &mut Session, pattern: &str) -> Result<Flow, Failure> {
    let mut table = new_table(["name", "", "what it does"].into_iter());
    let experimental = |yes| if yes { "experimental" } else { "" };
    for aggregation in functions::aggregations().iter().filter(|a| is_like(a.name, pattern)) {
        table.add_row([aggregation.name, experimental(aggregation.experimental), aggregation.doc.summary]);
    }
    for function in functions::functions().iter().filter(|f| is_like(f.name, pattern)) {
        table.add_row([function.name, experimental(function.experimental), function.doc.summary]);
    }
    to_stdout(|out| write_table(out, &table))?;
    Ok(Flow::GoOn)
}

fn metrics(session: &mut Session, pattern: &str) -> Result<Flow, Failure> {
    let storage = session.dataset().storage();
    let known: HashMap<_, _> =
        storage.metadata().into_iter().map(|family| (family.family, family.kind)).collect();
    let mut table = new_table(["metric", "type", "series"].into_iter());
    align_right(&mut table, 2);
    for name in storage.label_values("__name__", &[], TimeRange::ALL)? {
        if is_like(&name, pattern) {
            let matchers = [is_named(&name)];
            let series = storage.select(&SelectRequest::new(&matchers, TimeRange::ALL))?.len();
            let kind = kind_of(&name, &known).as_str().to_owned();
            table.add_row([one_line(&name), kind, count(series as u64)]);
        }
    }
    to_stdout(|out| write_table(out, &table))?;
    Ok(Flow::GoOn)
}

/// Values of a label that are shown as examples.
const EXAMPLES: usize = 5;

fn labels(session: &mut Session, metric: &str) -> Result<Flow, Failure> {
    let storage = session.dataset().storage();
    let matchers: Vec<Matcher> = if metric.is_empty() { Vec::new() } else { vec![is_named(metric)] };
    let names = storage.label_names(&matchers, TimeRange::ALL)?;
    if names.is_empty() && !metric.is_empty() {
        return Err(wrong("labels", format!("there is no metric `{metric}`; .metrics lists them")));
    }
    let mut table = new_table(["label", "values", "examples"].into_iter());
    align_right(&mut table, 1);
    for name in names {
        let values = storage.label_values(&name, &matchers, TimeRange::ALL)?;
        let mut examples: Vec<String> = values.iter().take(EXAMPLES).map(|value| one_line(value)).collect();
        if values.len() > EXAMPLES {
            examples.push("…".into());
        }
        table.add_row([one_line(&name), count(values.len() as u64), examples.join(", ")]);
    }
    to_stdout(|out| write_table(out, &table))?;
    Ok(Flow::GoOn)
}

fn is_named(metric: &str) -> Matcher {
    Matcher::new("__name__", MatchOp::Equal, metric)
        .expect("invariant: only regular expressions can be wrong")
}

fn open(session: &mut Session, text: &str) -> Result<Flow, Failure> {
    let paths: Vec<String> = required("open", text)?.split_whitespace().map(str::to_owned).collect();
    session.reopen(&paths)?;
    let dataset = session.dataset();
    to_stdout(|out| {
        write_files(out, dataset)?;
        write_summary(out, dataset)
    })?;
    Ok(Flow::GoOn)
}

/// Whether a name contains the pattern; with `*` in it, whether the whole name matches it.
fn is_like(name: &str, pattern: &str) -> bool {
    if !pattern.contains('*') {
        return name.contains(pattern);
    }
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = &parts[..] else { return false };
    let Some(mut rest) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    middle.iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
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
    fn patterns() {
        for (name, pattern, like) in [
            ("http_requests_total", "", true),
            ("http_requests_total", "requests", true),
            ("http_requests_total", "http_*", true),
            ("http_requests_total", "*_total", true),
            ("http_requests_total", "h*req*total", true),
            ("http_requests_total", "*", true),
            ("http_requests_total", "requests*", false),
            ("aba", "ab*ba", false),
        ] {
            assert_eq!(is_like(name, pattern), like, "{name} {pattern}");
        }
    }
}
