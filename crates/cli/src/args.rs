//! The command line: one definition, from which parsing, help, completions and the man page come.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use promqlite_lint::Severity;

use crate::commands::{FailOn, LintFormat, Target, parse_target};
use crate::dataset::InputArgs;
use crate::engine_args::EngineArgs;
use crate::examples;
use crate::failure::Failure;
use crate::result_format::ResultFormat;
use crate::settings::Settings;
use crate::terminal::Colour;
use crate::time::{TimeSpec, parse_time};
use crate::when::TimeArgs;

/// PromQL over files: what Prometheus-compatible systems export, queried without a server.
///
/// Without a command a prompt opens over the files. PATH is a file, a glob, a directory of files, or a data
/// directory of Prometheus, Thanos or Mimir; gzip and zstd are unpacked, and formats are recognised by content.
#[derive(Parser, Debug)]
#[command(name = "promqlite", version, args_conflicts_with_subcommands = true)]
#[command(after_help = examples::PROGRAM)]
pub(crate) struct Cli {
    /// What to do; without a command a prompt opens
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// When to use colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true
    )]
    pub(crate) color: Colour,
    /// The prompt's options
    #[command(flatten)]
    pub(crate) repl: ReplArgs,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Answer a query over files
    Query(QueryArgs),
    /// Show what is in files: formats, series, samples, time span, metrics
    Info(InfoArgs),
    /// Write series into other formats
    Export(ExportArgs),
    /// Show how a query would be evaluated, rewrite by rewrite
    Explain(ExplainArgs),
    /// Print a query in canonical, readable form
    Fmt(FmtArgs),
    /// Show a query's syntax tree
    Ast(AstArgs),
    /// Tell what may be wrong with queries, by their text and by the data
    Lint(LintArgs),
    /// Run test scripts (`.test` files: load, eval, expect), as Prometheus runs its own
    Test(TestArgs),
    /// Print a completion script for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of the program or of a command
    #[command(after_help = examples::MAN)]
    Man {
        /// The command
        command: Option<String>,
    },
}

/// The command line with `--color WHEN` behind its command. Anything before a command is taken for the prompt's,
/// and what follows for a file.
pub(crate) fn command_first(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: VecDeque<OsString> = arguments.into_iter().collect();
    let mut front: Vec<OsString> = arguments.pop_front().into_iter().collect();
    let mut colour = Vec::new();
    while let Some(first) = arguments.front().and_then(|argument| argument.to_str()) {
        let words = match first {
            "--color" => 2,
            _ if first.starts_with("--color=") => 1,
            _ => break,
        };
        colour.extend(arguments.drain(..words.min(arguments.len())));
    }
    front.extend(arguments.pop_front());
    front.into_iter().chain(colour).chain(arguments).collect()
}

/// What the prompt takes.
#[derive(Args, Debug)]
pub(crate) struct ReplArgs {
    /// Files, globs or directories to load; `run=a:PATH` gives their series a label
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Answer this query, or carry out this dot-command, and end; may be given several times
    #[arg(short = 'q', long = "query", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) queries: Vec<String>,
    #[command(flatten)]
    pub(crate) setup: SetupArgs,
}

/// What `query` takes.
#[derive(Args, Debug)]
#[command(after_help = examples::QUERY)]
pub(crate) struct QueryArgs {
    /// Files, globs or directories to load (`-` is standard input, `run=a:PATH` gives a label), and the query at
    /// the end
    #[arg(value_name = "PATH… EXPR", required_unless_present = "queries")]
    pub(crate) args: Vec<String>,
    /// The query, if it is not the last argument; `-` reads it from standard input; may be given several times
    #[arg(short = 'q', long = "query", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) queries: Vec<String>,
    #[command(flatten)]
    pub(crate) setup: SetupArgs,
}

/// What everything that answers queries takes.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SetupArgs {
    #[command(flatten)]
    pub(crate) time: TimeArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// What `info` takes.
#[derive(Args, Debug)]
#[command(after_help = examples::INFO)]
pub(crate) struct InfoArgs {
    /// Files, globs or directories to load (`-` is standard input)
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<String>,
    /// How many of the largest metrics to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

/// What `export` takes.
#[derive(Args, Debug)]
#[command(after_help = examples::EXPORT)]
pub(crate) struct ExportArgs {
    /// Files, globs or directories to load (`-` is standard input, `run=a:PATH` gives a label)
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<String>,
    /// Write only the series of this selector; may be given several times
    #[arg(short, long = "match", value_name = "SELECTOR")]
    pub(crate) matches: Vec<String>,
    /// Leave out what is older
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) start: Option<TimeSpec>,
    /// Leave out what is newer
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) end: Option<TimeSpec>,
    /// openmetrics, csv, jsonl, vm, or block for blocks that Prometheus reads [default: from the output's ending,
    /// else openmetrics]
    #[arg(short, long, value_name = "FORMAT", value_parser = parse_target)]
    pub(crate) format: Option<Target>,
    /// Write into this file, or blocks into this folder [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<String>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

/// What `explain` takes.
#[derive(Args, Debug)]
#[command(after_help = examples::EXPLAIN)]
pub(crate) struct ExplainArgs {
    /// Files that tell what `now` is, if any, and the query at the end
    #[arg(value_name = "PATH… EXPR", required_unless_present = "expr")]
    pub(crate) args: Vec<String>,
    /// The query, if it is not the last argument; `-` reads it from standard input
    #[arg(short = 'q', long = "query", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expr: Option<String>,
    /// Answer the query over the files, and show what each operator read, took and used
    #[arg(long)]
    pub(crate) analyze: bool,
    /// Print what --analyze shows as JSON: times in seconds, sizes in bytes, a part with the depth below it after it
    #[arg(long, requires = "analyze")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) time: TimeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// What `fmt` takes.
#[derive(Args, Debug)]
#[command(after_help = examples::FMT)]
pub(crate) struct FmtArgs {
    /// The query; `-` or nothing reads it from standard input
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expr: Option<String>,
}

/// What `ast` takes.
#[derive(Args, Debug)]
#[command(after_help = examples::AST)]
pub(crate) struct AstArgs {
    /// The query; `-` or nothing reads it from standard input
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expr: Option<String>,
    /// Print the JSON of Prometheus' /api/v1/parse_query
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `lint` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 nothing found, 1 something of the severity of --fail-on was found, 2 wrong \
                  usage, 3 a query does not parse.\n\n\
                  Examples:\n  promqlite lint 'rate(queue_depth[5m])'\n  promqlite lint data/*.om --file queries.promql \
                  --format json\n  promqlite lint --list"
)]
pub(crate) struct LintArgs {
    /// Files, globs or directories whose data the queries are about, if any, and the query at the end
    #[arg(value_name = "PATH… EXPR")]
    pub(crate) args: Vec<String>,
    /// A query; may be given several times
    #[arg(short = 'q', long = "query", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) queries: Vec<String>,
    /// A file of queries, each on lines of its own; `-` is standard input; may be given several times
    #[arg(long = "file", value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Form of the findings
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: LintFormat,
    /// Severity from which on the exit code is 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t)]
    pub(crate) fail_on: FailOn,
    /// Leave out findings of severity info
    #[arg(long)]
    pub(crate) quiet: bool,
    /// List all codes
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

impl LintArgs {
    /// The least severity that is shown.
    pub(crate) fn least(&self) -> Severity {
        if self.quiet { Severity::Warning } else { Severity::Info }
    }
}

/// What `test` takes.
#[derive(Args, Debug)]
#[command(after_help = examples::TEST)]
pub(crate) struct TestArgs {
    /// Scripts, or directories that are searched for `.test` files
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Name each eval, not only those that fail
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// How results are shown.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Form of the result [default: table]
    #[arg(short, long, visible_alias = "mode", value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<ResultFormat>,
    /// Write results into this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<String>,
    /// Tell on standard error how long loading, the query and each of its operators took, and what they read
    #[arg(long, visible_alias = "timing")]
    pub(crate) stats: bool,
    /// End with exit code 4 if a result is empty
    #[arg(long)]
    pub(crate) exit_empty: bool,
    /// Change a setting, as `.set` does at the prompt
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub(crate) set: Vec<(String, String)>,
}

impl OutputArgs {
    /// Changes what the options say.
    pub(crate) fn apply(&self, settings: &mut Settings) -> Result<(), Failure> {
        for (name, value) in &self.set {
            settings.set(name, value).map_err(|e| Failure::Usage(format!("--set {e}")))?;
        }
        settings.mode = self.format.or(settings.mode);
        settings.stats |= self.stats;
        Ok(())
    }
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => Err("expected NAME=VALUE".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn colour_may_stand_before_the_command() {
        for (line, want) in [
            ("p --color never query -- -1", "p query --color never -- -1"),
            ("p --color=never a b", "p a --color=never b"),
            ("p query --color never", "p query --color never"),
            ("p --color", "p --color"),
            ("p", "p"),
        ] {
            let moved = command_first(line.split(' ').map(OsString::from));
            let moved: Vec<String> = moved.into_iter().filter_map(|word| word.into_string().ok()).collect();
            assert_eq!(moved.join(" "), want, "{line}");
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
