//! Blocks of bytes into lines into samples.

use std::io::{self, Read};

use crate::csv::read_csv;
use crate::detect::{Compression, Format};
use crate::error::{FormatError, LineError};
use crate::format_options::FormatOptions;
use crate::grafana::read_grafana;
use crate::influx::read_influx;
use crate::json::read_json;
use crate::otlp::read_otlp;
use crate::protobuf::read_protobuf;
use crate::sink::SampleSink;
use crate::text::line::{Dialect, LineParser};

/// How a file is to be read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The time in ms of samples that have none; without it they are errors.
    pub default_time_ms: Option<i64>,
    /// Whether broken lines are skipped and counted instead of ending the load.
    pub lenient: bool,
    /// Whether `le` and `quantile` values below a `# TYPE` of histogram or summary are re-rendered as
    /// Prometheus 3 stores them: `1` becomes `1.0`. Data that Prometheus 2 recorded has `1`.
    pub normalize_le: bool,
    /// Whether NaN is read as a staleness marker where exporters print markers so: in promtool's dumps, and in
    /// JSON, where VictoriaMetrics writes `null`. Text formats have no markers, so there NaN stays NaN.
    pub nan_as_stale: bool,
    /// What single formats leave open.
    pub formats: FormatOptions,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            default_time_ms: None,
            lenient: false,
            normalize_le: true,
            nan_as_stale: false,
            formats: FormatOptions::default(),
        }
    }
}

/// What was remarkable about a file.
#[derive(Clone, Debug, Default)]
pub struct ReadSummary {
    /// Lines or values that were skipped, in lenient mode.
    pub skipped: u64,
    /// Samples that took the default time.
    pub untimed: u64,
    /// Oddities, the first skipped lines among them.
    pub warnings: Vec<String>,
}

/// Skipped lines that are kept as warnings.
const KEPT_WARNINGS: u64 = 5;

impl ReadSummary {
    /// Counts a skipped line or value and keeps the first few as warnings.
    pub(crate) fn skip(&mut self, error: &FormatError) {
        self.skipped += 1;
        if self.skipped <= KEPT_WARNINGS {
            self.warnings.push(format!("skipped: {error}"));
        }
    }
}

/// What a stream of bytes is, for errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The file's name.
    pub(crate) file: &'a str,
    /// What the bytes were unpacked from.
    pub(crate) compression: Compression,
}

/// The marker inside an [`io::Error`] by which a reader stops the load.
#[derive(Debug, thiserror::Error)]
#[error("cancelled")]
pub(crate) struct CancelledMarker;

impl Source<'_> {
    /// The error for a failed read.
    pub(crate) fn io_error(&self, error: io::Error) -> FormatError {
        if error.get_ref().is_some_and(|e| e.is::<CancelledMarker>()) {
            return FormatError::Cancelled;
        }
        let file = self.file.to_owned();
        if self.compression == Compression::None || error.raw_os_error().is_some() {
            return FormatError::Io { file, source: error };
        }
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the file ends early".to_owned(),
            _ => error.to_string(),
        };
        FormatError::Compression { file, compression: self.compression.as_str(), message }
    }
}

/// Reads uncompressed bytes of a known format into `sink`. `file` names the stream in errors.
///
/// # Errors
/// [`FormatError`] when the bytes cannot be read or are not of that format. What was read until then stays in
/// the sink.
pub fn read_stream<S: SampleSink>(
    file: &str,
    reader: impl Read,
    format: Format,
    options: &ReadOptions,
    sink: &mut S,
) -> Result<ReadSummary, FormatError> {
    read_source(Source { file, compression: Compression::None }, reader, format, options, sink)
}

/// As [`read_stream`], for unpacked bytes.
pub(crate) fn read_source<S: SampleSink>(
    source: Source<'_>,
    reader: impl Read,
    format: Format,
    options: &ReadOptions,
    sink: &mut S,
) -> Result<ReadSummary, FormatError> {
    let dialect = match format {
        Format::PrometheusText => Dialect::Prometheus,
        Format::OpenMetrics => Dialect::OpenMetrics,
        Format::TsdbDump => Dialect::Dump,
        Format::TsdbDumpOpenMetrics => Dialect::DumpOpenMetrics,
        Format::Csv => return read_csv(source, reader, options, sink),
        Format::Influx => return read_influx(source, reader, options, sink),
        Format::Protobuf => return read_protobuf(source, reader, options, sink),
        Format::Otlp => return read_otlp(source, reader, options, sink),
        Format::Grafana => return read_grafana(source, reader, options, sink),
        Format::ApiJson | Format::JsonLines => return read_json(source, reader, options, sink),
    };
    let mut summary = ReadSummary::default();
    let mut parser =
        LineParser::new(dialect, options.default_time_ms, options.normalize_le, options.nan_as_stale);
    let mut lines = 0;
    for_each_line(source, reader, |number, line| {
        lines = number;
        match parser.line(line, sink) {
            Ok(()) => Ok(()),
            Err(error) => fault(error, source, number, line, options, &mut summary),
        }
    })?;
    let end = parser.finish();
    end.metadata.into_iter().for_each(|m| sink.metadata(m));
    summary.untimed = end.untimed;
    if matches!(dialect, Dialect::OpenMetrics | Dialect::DumpOpenMetrics) && !end.at_eof && lines > 0 {
        summary.warnings.push("no \"# EOF\" at the end: the file may have been cut off".to_owned());
    }
    Ok(summary)
}

#[cold]
fn fault(
    error: LineError,
    source: Source<'_>,
    number: u64,
    line: &[u8],
    options: &ReadOptions,
    summary: &mut ReadSummary,
) -> Result<(), FormatError> {
    let error = error.locate(source.file, number, line);
    if !options.lenient {
        return Err(error);
    }
    summary.skip(&error);
    Ok(())
}

/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;

/// Longest line in bytes: far beyond any real one, so that a file without line ends cannot fill the memory.
const MAX_LINE: usize = 16 << 20;

/// Calls `each` with number and bytes of every line, without line end.
pub(crate) fn for_each_line(
    source: Source<'_>,
    mut reader: impl Read,
    mut each: impl FnMut(u64, &[u8]) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut buf = vec![0; BLOCK];
    let mut filled = 0;
    let mut number = 0;
    loop {
        let read = loop {
            match reader.read(&mut buf[filled..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(|e| source.io_error(e))?,
            }
        };
        let ended = read == 0;
        // What was there before holds no line end.
        let searched = filled;
        filled += read;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &buf[searched..filled]).map(|i| searched + i) {
            number += 1;
            each(number, without_frills(&buf[start..end], number))?;
            start = end + 1;
        }
        if ended {
            if start < filled {
                each(number + 1, without_frills(&buf[start..filled], number + 1))?;
            }
            return Ok(());
        }
        buf.copy_within(start..filled, 0);
        filled -= start;
        if filled == buf.len() {
            if filled >= MAX_LINE {
                let message = format!("the line is longer than {} MiB", MAX_LINE >> 20);
                return Err(LineError::new(0, message).locate(source.file, number + 1, b""));
            }
            buf.resize(filled * 2, 0);
        }
    }
}

/// The line without a carriage return at its end, or a byte order mark at the file's start.
#[inline]
fn without_frills(line: &[u8], number: u64) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line }
}
