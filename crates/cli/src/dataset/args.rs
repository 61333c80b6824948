//! The options of loading.

use clap::Args;
use promqlite_formats::{CsvColumns, CsvOptions, Format, FormatOptions, LoadOptions, TimeUnit};

use crate::time::{TimeSpec, clock, parse_time};

/// Options of loading.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArgs {
    /// Format of all files [default: recognised per file]; one of prometheus, openmetrics, dump,
    /// dump-openmetrics, json, jsonl (vm), csv, influx, protobuf, otlp, grafana
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub(crate) input_format: Option<Format>,
    /// Skip broken lines and count them
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Fail where a data directory is damaged, instead of leaving out what is damaged with a warning
    #[arg(long)]
    pub(crate) strict: bool,
    /// Leave out this external label of Thanos blocks, so that replicas become one series
    #[arg(long, value_name = "NAME")]
    pub(crate) replica_label: Vec<String>,
    /// Unit of numeric times in CSV and line protocol: s, ms, us or ns [default: told by their size]
    #[arg(long, value_name = "UNIT", value_parser = parse_time_unit)]
    pub(crate) time_unit: Option<TimeUnit>,
    /// What the columns of CSV hold, such as 1:label:job,2:metric:up,3:time:unix_ms [default: read from the header]
    #[arg(long, value_name = "COLUMNS")]
    pub(crate) csv_columns: Option<CsvColumns>,
    /// Read NaN in promtool's dumps and in JSON as staleness markers
    #[arg(long)]
    pub(crate) nan_as_stale: bool,
    /// Leave series open that missed a scrape, instead of ending them there as the server did (`up` tells)
    #[arg(long)]
    pub(crate) no_infer_staleness: bool,
    /// Keep `le` and `quantile` as they are written, instead of as Prometheus 3 stores them (`1` → `1.0`)
    #[arg(long)]
    pub(crate) keep_le: bool,
    /// Time of samples that have none [default: from the file's name, else its modification;
    /// of standard input, now]
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    pub(crate) sample_time: Option<TimeSpec>,
    /// Metric name of series that have none, such as saved results of functions
    #[arg(long, value_name = "METRIC")]
    pub(crate) name: Option<String>,
    /// Give every series a label
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_label)]
    pub(crate) label: Vec<(String, String)>,
}

fn parse_format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
        format!("known formats are {}", known.join(", "))
    })
}

fn parse_time_unit(name: &str) -> Result<TimeUnit, String> {
    TimeUnit::from_name(name).ok_or_else(|| "expected s, ms, us or ns".into())
}

fn parse_label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".into()),
    }
}

impl InputArgs {
    /// The options as the loader takes them.
    pub(super) fn options(&self) -> LoadOptions {
        LoadOptions {
            format: self.input_format,
            at_ms: self.sample_time.map(|time| time.resolve(clock()).0),
            lenient: self.lenient,
            normalize_le: !self.keep_le,
            nan_as_stale: self.nan_as_stale,
            infer_staleness: !self.no_infer_staleness,
            name: self.name.clone(),
            labels: self.label.clone(),
            formats: FormatOptions {
                time_unit: self.time_unit,
                csv: CsvOptions { columns: self.csv_columns.clone(), ..CsvOptions::default() },
                ..FormatOptions::default()
            },
        }
    }
}
