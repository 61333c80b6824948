//! Reads and writes the files that Prometheus-compatible systems export.
//!
//! # Reading
//!
//! [`Loader`] takes files, globs, directories and byte streams, finds out what they are ([`Format`],
//! [`Compression`]), and merges their samples into one [`MemStore`](promqlite_storage::MemStore). It returns a
//! [`LoadReport`] with one entry per file. The readers themselves know no store: they speak to a
//! [`SampleSink`], stream their input in blocks and never hold a whole text.
//!
//! ```
//! use promqlite_formats::{LoadOptions, Loader};
//! use promqlite_storage::MemStore;
//!
//! let store = MemStore::new();
//! let text = "# TYPE up gauge\nup{job=\"a\"} 1 1700000000000\nup{job=\"a\"} 0 1700000015000\n";
//! let mut loader = Loader::new(&store, LoadOptions::default());
//! let file = loader.load_reader("example", text.as_bytes())?;
//! assert_eq!((file.series, file.samples), (1, 2));
//! # Ok::<(), promqlite_formats::FormatError>(())
//! ```
//!
//! | [`Format`] | made by | found by |
//! |---|---|---|
//! | `prometheus`, `openmetrics`, `protobuf` | `/metrics`, `/federate`, backfill files | content |
//! | `dump`, `dump-openmetrics` | `promtool tsdb dump…` | content |
//! | `json` | the HTTP API, `promtool query … -o json` | content |
//! | `jsonl` | VictoriaMetrics' `/api/v1/export` | content |
//! | `otlp` | the OpenTelemetry collector's file exporter | content |
//! | `grafana` | the query inspector, a panel's data | content |
//! | `influx` | `influxd inspect export-lp`, Telegraf | content |
//! | `csv` | anything | header, in files that end in `.csv` or `.tsv` |
//!
//! What a format leaves open, such as the unit of times, is in [`FormatOptions`].
//!
//! # Writing
//!
//! [`mod@write`] turns a query's [`Value`](promqlite_model::Value) into the HTTP API's JSON, CSV, TSV, JSON lines or
//! OpenMetrics text, and an [`Exporter`](write::Exporter) writes raw series for other systems.

mod csv;
mod detect;
mod error;
mod format_options;
mod grafana;
mod histogram_rebuild;
mod influx;
mod json;
mod known_series;
mod load;
mod otlp;
mod protobuf;
mod reading;
mod sink;
mod text;
mod time_text;
pub mod write;

pub use csv::{CsvColumns, CsvLayout, CsvOptions, InvalidColumns};
pub use detect::{Compression, Format};
pub use error::FormatError;
pub use format_options::FormatOptions;
pub use influx::InfluxOptions;
pub use load::{
    FileReport, Input, LoadOptions, LoadReport, Loader, Progress, StoreSink, is_data_directory,
    resolve_inputs,
};
pub use otlp::{OtlpNames, OtlpOptions};
pub use protobuf::ProtobufOptions;
pub use sink::{Collected, CollectedSeries, CollectedValue, SampleSink, SeriesHandle};
pub use text::read::{ReadOptions, ReadSummary, read_stream};
pub use time_text::TimeUnit;
