//! Query results and raw series as text.
//!
//! | format | shape |
//! |---|---|
//! | [`json`](write_json) | byte for byte the body of the HTTP API |
//! | [`csv`, `tsv`](write_delimited) | one line per sample: a column per label name, then `timestamp`, `value` |
//! | [`jsonl`](write_json_lines) | one line per series, as VictoriaMetrics exports and imports it |
//! | [`openmetrics`](write_openmetrics) | `promtool tsdb create-blocks-from openmetrics` takes it |
//!
//! [`OutputFormat`] names them for a command line. Raw series are written by an [`Exporter`], one at a time, in an
//! [`ExportFormat`]. [`api_float`] and [`api_time`] are the forms of values and
//! times that other presentations, such as a table, can share.

mod delimited;
mod export;
mod json;
mod json_lines;
mod notes;
mod number;
mod openmetrics;

use std::io::{self, Write};

use promqlite_model::Value;

pub use delimited::{Delimiter, write_delimited};
pub use export::{ExportFormat, ExportSummary, Exporter};
pub use json::{write_json, write_json_error, write_json_list, write_json_series};
pub use json_lines::write_json_lines;
pub use notes::Notes;
pub use number::{api_float, api_time};
pub use openmetrics::{DEFAULT_NAME, write_openmetrics};

/// The formats that results can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutputFormat {
    /// The HTTP API's body.
    Json,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// JSON lines.
    JsonLines,
    /// OpenMetrics text.
    OpenMetrics,
}

impl OutputFormat {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::Tsv, Self::JsonLines, Self::OpenMetrics];

    /// The name by which users ask for the format: `json`, `csv`, `tsv`, `jsonl`, `openmetrics`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::JsonLines => "jsonl",
            Self::OpenMetrics => "openmetrics",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }
}

/// What a writer could not say in its format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Omitted {
    /// Native histograms that were left out.
    pub histograms: u64,
    /// Strings that were left out.
    pub strings: u64,
}

/// Writes a result. Only [`OutputFormat::Json`] carries `notes`; only [`OutputFormat::OpenMetrics`] omits
/// anything.
///
/// # Errors
/// What `out` reports.
pub fn write_value(
    format: OutputFormat,
    out: &mut dyn Write,
    value: &Value,
    notes: &Notes,
) -> io::Result<Omitted> {
    match format {
        OutputFormat::Json => write_json(out, value, notes, None)?,
        OutputFormat::Csv => write_delimited(out, value, Delimiter::Comma)?,
        OutputFormat::Tsv => write_delimited(out, value, Delimiter::Tab)?,
        OutputFormat::JsonLines => write_json_lines(out, value)?,
        OutputFormat::OpenMetrics => return write_openmetrics(out, value, DEFAULT_NAME),
    }
    Ok(Omitted::default())
}

#[cfg(test)]
mod tests;
