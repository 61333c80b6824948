//! Rows into samples.

use std::io::{BufRead, BufReader, Cursor, Read};

use promqlite_model::STALE_NAN;

use crate::csv::columns::TimeForm;
use crate::csv::header::{self, Plan, ValueColumn};
use crate::csv::rows::{MAX_ROW, Rows};
use crate::csv::utf16::{ByteOrder, FromUtf16};
use crate::error::FormatError;
use crate::known_series::KnownSeries;
use crate::reading::{NO_TIME, Reading};
use crate::sink::{SampleSink, SeriesHandle};
use crate::text::dump_histogram::parse_dump_histogram;
use crate::text::number::parse_float;
use crate::text::read::{ReadOptions, ReadSummary, Source};
use crate::time_text::TimeReader;

/// Labels of a row at most, as for text.
const MAX_LABELS: usize = 1024;

/// Whether the first line of `content` is a header that tells what the columns hold. That of VictoriaMetrics'
/// export cannot be anything else; any other counts only in a file that is `named` as a table.
pub(crate) fn looks_like_csv(content: &[u8], named: bool) -> bool {
    if let Some(order) = ByteOrder::of_mark(content) {
        let mut text = Vec::new();
        // A pair that is cut at the end is no fault of the file.
        return named
            && FromUtf16::new(&content[2..], order).read_to_end(&mut text).is_ok()
            && looks_like_csv(&text, named);
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let content = without_separator_line(content).map_or(content, |(_, rest)| rest);
    let line = content.split(|&b| b == b'\n').next().unwrap_or_default();
    if !named && !line.windows(9).any(|w| w == b"__value__") {
        return false;
    }
    let titles = titles_of_line(line, delimiter_of(line));
    if named { header::is_header(&titles) } else { header::is_export(&titles) }
}

/// Reads a table.
pub(crate) fn read_csv<S: SampleSink>(
    source: Source<'_>,
    reader: impl Read,
    options: &ReadOptions,
    sink: &mut S,
) -> Result<ReadSummary, FormatError> {
    let mut reading = Reading::new(source, options);
    let mut table = BufReader::with_capacity(64 << 10, reader);
    let start = table.fill_buf().map_err(|e| source.io_error(e))?;
    let mut table: Box<dyn BufRead> = match ByteOrder::of_mark(start) {
        Some(order) => {
            table.consume(2);
            Box::new(BufReader::new(FromUtf16::new(table, order)))
        }
        None => Box::new(table),
    };
    let Some(first) = first_line(source, &mut table)? else {
        return Ok(reading.summary);
    };
    let FirstLine { bytes, skipped_lines, separator } = first;
    let csv = &options.formats.csv;
    let delimiter = csv.delimiter.or(separator).unwrap_or_else(|| delimiter_of(&bytes));
    let export = csv.columns.is_none() && header::is_export(&titles_of_line(&bytes, delimiter));
    let whole = Cursor::new(bytes).chain(table);
    let mut rows =
        if export { Rows::lines(whole, skipped_lines) } else { Rows::rfc(whole, delimiter, skipped_lines) };
    let mut row = csv::ByteRecord::new();
    let Some(header_line) = rows.next(source, &mut row)? else {
        return Ok(reading.summary);
    };
    let titles: Vec<String> = row.iter().map(|title| String::from_utf8_lossy(title).into_owned()).collect();
    let mut line = Some(header_line);
    let plan = match &csv.columns {
        Some(columns) => header::described(columns),
        None => {
            line = rows.next(source, &mut row)?;
            let first_is_time = line.is_some() && is_first_time(&row);
            header::plan_of(&titles, csv.layout, first_is_time)
                .map_err(|message| reading.record_error(header_line, message))?
        }
    };
    let mut samples = Samples::new(&plan, options, sink);
    // Whoever describes the columns may have a header all the same.
    if csv.columns.is_some() && !samples.fits(&row) {
        line = rows.next(source, &mut row)?;
    }
    while let Some(number) = line {
        if let Err(message) = samples.row(&row, &mut reading) {
            let error = reading.record_error(number, message);
            reading.fault(error)?;
        }
        line = rows.next(source, &mut row)?;
    }
    samples.finish(&mut reading);
    Ok(reading.summary)
}

struct FirstLine {
    bytes: Vec<u8>,
    skipped_lines: u64,
    separator: Option<u8>,
}

/// The first line, which decides about the others; `sep=;` above it is taken away. `None` for an empty file.
fn first_line(source: Source<'_>, table: &mut impl BufRead) -> Result<Option<FirstLine>, FormatError> {
    let mut next = |bytes: &mut Vec<u8>| {
        bytes.clear();
        let read = table.by_ref().take(MAX_ROW as u64).read_until(b'\n', bytes);
        read.map_err(|e| source.io_error(e))
    };
    let mut bytes = Vec::new();
    if next(&mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    let (mut skipped_lines, mut separator) = (0, None);
    if let Some((byte, _)) = without_separator_line(&bytes) {
        separator = Some(byte);
        skipped_lines = 1;
        next(&mut bytes)?;
    }
    if bytes.starts_with(b"#datatype,") || bytes.starts_with(b"#group,") {
        let message = "this is annotated CSV of InfluxDB, which is not read: export line protocol \
                       (influxd inspect export-lp) or leave the annotations out and rename _time and _value";
        return Err(FormatError::Record {
            file: source.file.to_owned(),
            line: 1,
            message: message.to_owned(),
        });
    }
    Ok(Some(FirstLine { bytes, skipped_lines, separator }))
}

/// The separator that a first line `sep=;` names, and what follows that line.
fn without_separator_line(content: &[u8]) -> Option<(u8, &[u8])> {
    let rest = content.strip_prefix(b"sep=")?;
    let (&separator, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
    Some((separator, rest.strip_prefix(b"\n").or(rest.is_empty().then_some(rest))?))
}

/// The likeliest delimiter of a header: whichever of tab, semicolon and comma comes up most outside of quotes.
fn delimiter_of(line: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0u32), (b';', 0), (b'\t', 0)];
    for &byte in line {
        quoted ^= byte == b'"';
        if !quoted && let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte) {
            *count += 1;
        }
    }
    // The first of equals: a comma if none is there.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

fn titles_of_line(line: &[u8], delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(line);
    let mut row = csv::ByteRecord::new();
    match reader.read_byte_record(&mut row) {
        Ok(true) => row.iter().map(|title| String::from_utf8_lossy(title).into_owned()).collect(),
        _ => Vec::new(),
    }
}

/// Whether the first cell is a time for sure: a date, or a number of the size of today's times.
fn is_first_time(row: &csv::ByteRecord) -> bool {
    let Some(cell) = row.get(0).map(<[u8]>::trim_ascii) else { return false };
    match parse_float(cell) {
        Some(number) => (1e8..1e19).contains(&number),
        None => TimeReader::new(None, None).read(cell).is_some(),
    }
}

/// What a cell of values holds.
enum CellValue {
    Gap,
    Float(f64),
    Histogram(promqlite_model::histogram::FloatHistogram),
}

struct Samples<'a, S> {
    plan: &'a Plan,
    sink: &'a mut S,
    times: TimeReader,
    nan_as_stale: bool,
    known: KnownSeries,
    /// The series of each value column, where cells of the row add nothing.
    fixed: Vec<Option<SeriesHandle>>,
    key: Vec<u8>,
    count: u64,
    nameless: bool,
}

impl<'a, S: SampleSink> Samples<'a, S> {
    fn new(plan: &'a Plan, options: &ReadOptions, sink: &'a mut S) -> Self {
        let unit = match plan.time {
            Some((_, TimeForm::Unit(unit))) => Some(unit),
            _ => options.formats.time_unit,
        };
        Self {
            plan,
            sink,
            times: TimeReader::new(unit, options.formats.utc_offset_minutes),
            nan_as_stale: options.nan_as_stale,
            known: KnownSeries::default(),
            fixed: vec![None; plan.values.len()],
            key: Vec::new(),
            count: 0,
            nameless: false,
        }
    }

    /// Whether a row can hold samples at all: its time is one, or some value is a number.
    fn fits(&self, row: &csv::ByteRecord) -> bool {
        let cell = |index: usize| row.get(index).unwrap_or_default().trim_ascii();
        let timed = self.plan.time.is_some_and(|(index, _)| self.times.clone().read(cell(index)).is_some());
        timed || self.plan.values.iter().any(|column| parse_float(cell(column.index)).is_some())
    }

    fn row(&mut self, row: &csv::ByteRecord, reading: &mut Reading<'_>) -> Result<(), String> {
        let plan = self.plan;
        if row.iter().all(|cell| cell.trim_ascii().is_empty()) {
            return Ok(());
        }
        let t_ms = self.time(row, reading)?;
        for (position, column) in plan.values.iter().enumerate() {
            let value = cell_value(column, row.get(column.index).unwrap_or_default(), plan.nan_is_gap)?;
            if matches!(value, CellValue::Gap) {
                continue;
            }
            let series = self.series(position, column, row)?;
            match value {
                CellValue::Float(value) if value.is_nan() && self.nan_as_stale => {
                    self.sink.sample(series, t_ms, STALE_NAN);
                }
                CellValue::Float(value) => self.sink.sample(series, t_ms, value),
                CellValue::Histogram(histogram) => self.sink.histogram(series, t_ms, histogram.view()),
                CellValue::Gap => {}
            }
            self.count += 1;
        }
        Ok(())
    }

    fn time(&mut self, row: &csv::ByteRecord, reading: &mut Reading<'_>) -> Result<i64, String> {
        let Some((index, _)) = self.plan.time else {
            return reading.default_time().ok_or_else(|| NO_TIME.to_owned());
        };
        let cell = row.get(index).unwrap_or_default().trim_ascii();
        self.times.read(cell).ok_or_else(|| {
            format!("expected a time (Unix time, or a date like 2026-08-01T00:00:15Z), found {}", shown(cell))
        })
    }

    fn series(
        &mut self,
        position: usize,
        column: &ValueColumn,
        row: &csv::ByteRecord,
    ) -> Result<SeriesHandle, String> {
        let plan = self.plan;
        if plan.labels.is_empty() {
            if let Some(series) = self.fixed[position] {
                return Ok(series);
            }
        } else {
            self.key.clear();
            self.key.extend_from_slice(&position.to_le_bytes());
            for (index, _) in &plan.labels {
                let cell = row.get(*index).unwrap_or_default();
                self.key.extend_from_slice(&cell.len().to_le_bytes());
                self.key.extend_from_slice(cell);
            }
            if let Some(series) = self.known.find(&self.key) {
                return Ok(series);
            }
        }
        let mut labels: Vec<(&str, &str)> = column.labels.iter().map(|(n, v)| (&**n, &**v)).collect();
        for (index, name) in &plan.labels {
            let cell = row.get(*index).unwrap_or_default();
            let value =
                std::str::from_utf8(cell).map_err(|_| format!("the label {name} is not valid UTF-8"))?;
            if !value.is_empty() {
                labels.push((name, value));
            }
        }
        if labels.len() > MAX_LABELS {
            return Err(format!("more than {MAX_LABELS} labels"));
        }
        self.nameless |= !labels.iter().any(|(name, _)| *name == "__name__");
        let series = self.sink.series(&labels);
        if plan.labels.is_empty() {
            self.fixed[position] = Some(series);
        } else {
            self.known.insert(&self.key, series);
        }
        Ok(series)
    }

    fn finish(self, reading: &mut Reading<'_>) {
        if self.times.assumed_utc {
            reading.warn("dates without a time zone were read as UTC; give their offset if it is another");
        }
        if self.nameless {
            reading.warn("series without a metric name; give them one on loading");
        }
        if self.count == 0 {
            reading.warn("no samples in this file");
        }
    }
}

fn cell_value(column: &ValueColumn, cell: &[u8], nan_is_gap: bool) -> Result<CellValue, String> {
    let text = cell.trim_ascii();
    if text.is_empty() || text == b"null" || text == b"undefined" {
        return Ok(CellValue::Gap);
    }
    if let Some(value) = parse_float(text) {
        return Ok(if value.is_nan() && nan_is_gap { CellValue::Gap } else { CellValue::Float(value) });
    }
    if text[0] == b'{'
        && let Ok((histogram, end)) = parse_dump_histogram(text, 0)
        && end == text.len()
    {
        return Ok(CellValue::Histogram(histogram));
    }
    let advice = if text[0].is_ascii_digit() || text[0] == b'-' {
        ": values must be plain numbers (in Grafana, switch off \"Formatted data\" before the download)"
    } else {
        ""
    };
    Err(format!(
        "expected a number in the column {}, found {}{advice}",
        shown(column.title.as_bytes()),
        shown(text)
    ))
}

/// A cell, quoted, a few characters of it at most.
fn shown(cell: &[u8]) -> String {
    let head = String::from_utf8_lossy(&cell[..cell.len().min(160)]);
    let mut text: String = head.chars().take(40).collect();
    if text.len() < head.len() {
        text.push('…');
    }
    promqlite_model::quote(&text)
}
