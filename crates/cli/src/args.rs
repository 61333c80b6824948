//! The command line: one definition, from which parsing, help, completions and the man page come.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use promqlite_formats::write::OutputFormat;

use crate::dataset::InputArgs;
use crate::engine_args::EngineArgs;
use crate::when::TimeArgs;

/// PromQL over files: what Prometheus-compatible systems export, queried without a server.
///
/// Without a command a prompt opens over the files. PATH is a file, a glob or a directory; gzip and zstd are
/// unpacked, and formats are recognised by content.
#[derive(Parser, Debug)]
#[command(name = "promqlite", version, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Exit codes: 0 answered, 1 the query or the data failed, 2 wrong usage or a file that \
                        cannot be read, 3 the query does not parse."
)]
pub(crate) struct Cli {
    /// What to do; without a command a prompt opens
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
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
    /// Show how a query would be evaluated, rewrite by rewrite
    Explain(ExplainArgs),
    /// Print a query in canonical, readable form
    Fmt(FmtArgs),
    /// Show a query's syntax tree
    Ast(AstArgs),
    /// Run test scripts (`.test` files: load, eval, expect), as Prometheus runs its own
    Test(TestArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// What the prompt takes.
#[derive(Args, Debug)]
pub(crate) struct ReplArgs {
    /// Files, globs or directories to load
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) time: TimeArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// What `query` takes.
#[derive(Args, Debug)]
pub(crate) struct QueryArgs {
    /// Files, globs or directories to load (`-` is standard input), and the query at the end
    #[arg(value_name = "PATH… EXPR", required_unless_present = "expr")]
    pub(crate) args: Vec<String>,
    /// The query, if it is not the last argument; `-` reads it from standard input
    #[arg(short = 'q', long = "query", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expr: Option<String>,
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

/// What `explain` takes.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// Files that tell what `now` is, if any, and the query at the end
    #[arg(value_name = "PATH… EXPR", required_unless_present = "expr")]
    pub(crate) args: Vec<String>,
    /// The query, if it is not the last argument; `-` reads it from standard input
    #[arg(short = 'q', long = "query", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expr: Option<String>,
    #[command(flatten)]
    pub(crate) time: TimeArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// What `fmt` takes.
#[derive(Args, Debug)]
pub(crate) struct FmtArgs {
    /// The query; `-` or nothing reads it from standard input
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expr: Option<String>,
}

/// What `ast` takes.
#[derive(Args, Debug)]
pub(crate) struct AstArgs {
    /// The query; `-` or nothing reads it from standard input
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expr: Option<String>,
    /// Print the JSON of Prometheus' /api/v1/parse_query
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `test` takes.
#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// Scripts, or directories that are searched for `.test` files
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Name each eval, not only those that fail
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// How results are shown.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: ResultFormat,
    /// Tell on standard error how long loading and the query took, and what they read
    #[arg(long, visible_alias = "timing")]
    pub(crate) stats: bool,
}

/// The forms in which results can be shown.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ResultFormat {
    /// An aligned table
    #[default]
    Table,
    /// The body of Prometheus' HTTP API
    Json,
    /// Comma-separated values, a line per sample
    Csv,
    /// Tab-separated values, a line per sample
    Tsv,
    /// A JSON object per line and series, as VictoriaMetrics exports them
    Jsonl,
    /// OpenMetrics text
    Openmetrics,
}

impl ResultFormat {
    /// The writer of the format; the table has none.
    pub(crate) fn writer(self) -> Option<OutputFormat> {
        match self {
            Self::Table => None,
            Self::Json => Some(OutputFormat::Json),
            Self::Csv => Some(OutputFormat::Csv),
            Self::Tsv => Some(OutputFormat::Tsv),
            Self::Jsonl => Some(OutputFormat::JsonLines),
            Self::Openmetrics => Some(OutputFormat::OpenMetrics),
        }
    }

    /// The name by which users ask for the format.
    pub(crate) fn name(self) -> &'static str {
        self.writer().map_or("table", OutputFormat::as_str)
    }

    /// The format of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|format| format.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn formats_have_the_names_that_clap_gives_them() {
        for format in ResultFormat::value_variants() {
            let value = format.to_possible_value().expect("no format is hidden");
            assert_eq!(value.get_name(), format.name());
            assert_eq!(ResultFormat::from_name(format.name()), Some(*format));
        }
    }
}
