//! `promqlite lint`

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use promqlite::Diagnostic;
use promqlite_lint::{CODES, Finding, Severity, lint};
use promqlite_syntax::line_and_column;
use serde_json::json;

use crate::args::LintArgs;
use crate::commands::paths_and_query;
use crate::dataset::Dataset;
use crate::failure::{EXIT_FAILED, EXIT_PARSE, Failure};
use crate::numbers::counted;
use crate::output::{new_table, to_stdout, write_table};
use crate::repl::Inputs;
use crate::report;
use crate::terminal::{colours_output, note};

/// How findings are shown.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LintFormat {
    /// For people: the place in the query, and what to do
    #[default]
    Text,
    /// A JSON object per finding and line
    Json,
}

/// From which severity on the exit code tells of findings.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FailOn {
    /// Any finding
    Info,
    /// Warnings and errors
    #[default]
    Warning,
    /// Errors
    Error,
    /// None
    Never,
}

impl FailOn {
    fn counts(self, severity: Severity) -> bool {
        match self {
            Self::Info => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Error => severity >= Severity::Error,
            Self::Never => false,
        }
    }
}

/// A query, and where it stands.
struct Entry {
    text: String,
    /// The file and the number of lines before the query.
    place: Option<(String, usize)>,
}

/// Tells what may be wrong with queries. Fails when something is.
pub(super) fn run(args: &LintArgs) -> Result<ExitCode, Failure> {
    if args.list {
        return list_codes();
    }
    let (paths, entries) = entries(args)?;
    let dataset = Dataset::open(&paths, &args.input, &Default::default())?;
    let features = args.engine.engine()?.options().features;
    let (mut failed, mut broken, mut found) = (false, false, 0_u64);
    let (lines, coloured) = (args.format == LintFormat::Json, colours_output());
    to_stdout(|out| {
        for entry in &entries {
            match lint(&entry.text, features, dataset.storage()) {
                Ok(findings) => {
                    for finding in findings.iter().filter(|f| f.code.severity >= args.least()) {
                        failed |= args.fail_on.counts(finding.code.severity);
                        found += 1;
                        if lines {
                            write_json(out, entry, finding)?
                        } else {
                            write_text(out, entry, finding, coloured)?
                        }
                    }
                }
                Err(diagnostic) => {
                    broken = true;
                    write_broken(out, entry, &diagnostic, lines, coloured)?;
                }
            }
        }
        Ok(())
    })?;
    if !lines {
        let (queries, findings) = (entries.len() as u64, counted(found, "finding", "findings"));
        note(format!("{}: {findings}", counted(queries, "query", "queries")));
    }
    Ok(ExitCode::from(match (broken, failed) {
        (true, _) => EXIT_PARSE,
        (false, true) => EXIT_FAILED,
        (false, false) => 0,
    }))
}

fn entries(args: &LintArgs) -> Result<(Vec<String>, Vec<Entry>), Failure> {
    let mut entries = Vec::new();
    for file in &args.files {
        read_queries(file, &mut entries)?;
    }
    for text in &args.queries {
        entries.push(Entry { text: text.clone(), place: None });
    }
    if !entries.is_empty() || !args.files.is_empty() {
        return Ok((args.args.clone(), entries));
    }
    if args.args.is_empty() {
        return Err(Failure::Usage("nothing to look at: give a query, or files of queries by --file".into()));
    }
    let (paths, text) = paths_and_query(&args.args, None)?;
    Ok((paths.to_vec(), vec![Entry { text, place: None }]))
}

/// Reads a file of queries as the prompt reads a pipe: a query ends with the line that completes it.
fn read_queries(file: &str, entries: &mut Vec<Entry>) -> Result<(), Failure> {
    let read = if file == "-" { io::read_to_string(io::stdin().lock()) } else { fs::read_to_string(file) };
    let text = read.map_err(|e| Failure::io(file, e))?;
    let mut inputs = Inputs::default();
    let mut first = None;
    for (number, line) in text.lines().enumerate() {
        let before = *first.get_or_insert(number);
        match inputs.push(line) {
            Some(text) => entries.push(Entry { text, place: Some((file.to_owned(), before)) }),
            None if inputs.is_pending() => continue,
            None => {}
        }
        first = None;
    }
    if let Some(text) = inputs.finish() {
        entries.push(Entry { text, place: Some((file.to_owned(), first.unwrap_or(0))) });
    }
    Ok(())
}

/// `file:line:column`, or what is left of it.
fn place(entry: &Entry, offset: usize) -> (Option<&str>, usize, usize) {
    let (line, column) = line_and_column(&entry.text, offset).unwrap_or((1, 1));
    match &entry.place {
        Some((file, before)) => (Some(file), before + line, column),
        None => (None, line, column),
    }
}

fn write_text(out: &mut dyn Write, entry: &Entry, finding: &Finding, coloured: bool) -> io::Result<()> {
    if let (Some(file), line, column) = place(entry, finding.span.start) {
        writeln!(out, "{file}:{line}:{column}")?;
    }
    writeln!(out, "{}\n", report::finding(finding, &entry.text, coloured))
}

fn write_json(out: &mut dyn Write, entry: &Entry, finding: &Finding) -> io::Result<()> {
    let (file, line, column) = place(entry, finding.span.start);
    let object = json!({
        "code": finding.code.name,
        "severity": finding.code.severity.as_str(),
        "message": finding.message,
        "help": finding.help,
        "query": entry.text,
        "start": finding.span.start,
        "end": finding.span.end,
        "file": file,
        "line": line,
        "column": column,
    });
    writeln!(out, "{object}")
}

fn write_broken(
    out: &mut dyn Write,
    entry: &Entry,
    diagnostic: &Diagnostic,
    lines: bool,
    coloured: bool,
) -> io::Result<()> {
    let (file, line, column) = place(entry, diagnostic.span.start);
    if !lines {
        if let Some(file) = file {
            writeln!(out, "{file}:{line}:{column}")?;
        }
        return writeln!(out, "{}\n", report::diagnostic(diagnostic, &entry.text, coloured));
    }
    let object = json!({
        "code": "parse-error",
        "severity": "error",
        "message": diagnostic.message,
        "help": diagnostic.help,
        "query": entry.text,
        "start": diagnostic.span.start,
        "end": diagnostic.span.end,
        "file": file,
        "line": line,
        "column": column,
    });
    writeln!(out, "{object}")
}

fn list_codes() -> Result<ExitCode, Failure> {
    let mut table = new_table(["code", "severity", "what is wrong"]);
    for code in CODES {
        table.add_row([code.name, code.severity.as_str(), code.summary]);
    }
    to_stdout(|page| write_table(page, table))?;
    Ok(ExitCode::SUCCESS)
}
