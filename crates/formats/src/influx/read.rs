//! Lines into samples.

use std::io::Read;

use crate::error::{FormatError, LineError};
use crate::influx::InfluxOptions;
use crate::influx::line::{FieldValue, Line, Unparsed, parse, unescaped};
use crate::known_series::KnownSeries;
use crate::reading::{NO_TIME, Reading};
use crate::sink::{SampleSink, SeriesHandle};
use crate::text::read::{ReadOptions, ReadSummary, Source, for_each_line};
use crate::time_text::TimeReader;

/// Tags of a line at most, as for text.
const MAX_TAGS: usize = 1023;

/// Bytes of a line with a string of several lines; InfluxDB itself takes 64 KiB of string.
const MAX_JOINED: usize = 1 << 20;

/// Lines that are looked at.
const LOOKED_AT: usize = 20;

/// Whether the content is line protocol: its first lines are, and they have tags or times.
pub(crate) fn looks_like_influx(content: &[u8], whole: bool) -> bool {
    let mut lines: Vec<&[u8]> = content.split(|&b| b == b'\n').take(LOOKED_AT + 1).collect();
    if !whole || lines.len() > LOOKED_AT {
        lines.pop();
    }
    let mut told = false;
    // A line whose string goes on in the next.
    let mut open: Vec<u8> = Vec::new();
    for line in lines.into_iter().map(<[u8]>::trim_ascii) {
        if open.is_empty() && is_beside(line) {
            continue;
        }
        open.extend_from_slice(line);
        match parse(&open) {
            Ok(line) => told |= line.time.is_some() || !line.tags.is_empty(),
            Err(Unparsed::OpenString) => {
                open.push(b'\n');
                continue;
            }
            Err(Unparsed::Broken(_)) => return false,
        }
        open.clear();
    }
    told
}

/// Blank lines, comments, and the statements that `influx_inspect export` puts on top.
fn is_beside(line: &[u8]) -> bool {
    line.is_empty() || line[0] == b'#' || line.starts_with(b"CREATE DATABASE ")
}

/// Reads line protocol.
pub(crate) fn read_influx<S: SampleSink>(
    source: Source<'_>,
    reader: impl Read,
    options: &ReadOptions,
    sink: &mut S,
) -> Result<ReadSummary, FormatError> {
    let mut samples = Samples {
        reading: Reading::new(source, options),
        options: options.formats.influx,
        sink,
        times: TimeReader::new(options.formats.time_unit, None),
        known: KnownSeries::default(),
        key: Vec::new(),
        texts: 0,
        count: 0,
        databases: Vec::new(),
    };
    // A line whose string is still open, and its number.
    let mut open: Vec<u8> = Vec::new();
    let mut opened_at = 0;
    for_each_line(source, reader, |number, line| {
        if open.is_empty() {
            if is_beside(line.trim_ascii()) {
                samples.note_database(line);
                return Ok(());
            }
            return match samples.line(line) {
                Ok(()) => Ok(()),
                Err(Unparsed::Broken(error)) => samples.reading.line_fault(error, number, line),
                Err(Unparsed::OpenString) => {
                    opened_at = number;
                    open.extend_from_slice(line);
                    Ok(())
                }
            };
        }
        open.push(b'\n');
        open.extend_from_slice(line);
        // Only a quote can have closed the string.
        if open.len() <= MAX_JOINED && !line.contains(&b'"') {
            return Ok(());
        }
        let result = match samples.line(&open) {
            Ok(()) => Ok(()),
            Err(Unparsed::Broken(error)) => samples.reading.line_fault(error, opened_at, &open),
            Err(Unparsed::OpenString) if open.len() <= MAX_JOINED => return Ok(()),
            Err(Unparsed::OpenString) => samples.reading.line_fault(without_end(&open), opened_at, &open),
        };
        open.clear();
        result
    })?;
    if !open.is_empty() {
        samples.reading.line_fault(without_end(&open), opened_at, &open)?;
    }
    Ok(samples.finish())
}

fn without_end(line: &[u8]) -> LineError {
    let start = memchr::memchr(b'"', line).unwrap_or(0);
    LineError::new(start, "a string without an end")
}

struct Samples<'a, S> {
    reading: Reading<'a>,
    options: InfluxOptions,
    sink: &'a mut S,
    times: TimeReader,
    known: KnownSeries,
    key: Vec<u8>,
    texts: u64,
    count: u64,
    databases: Vec<Vec<u8>>,
}

impl<S: SampleSink> Samples<'_, S> {
    fn line(&mut self, text: &[u8]) -> Result<(), Unparsed> {
        let line = parse(text)?;
        if line.tags.len() > MAX_TAGS {
            return Err(LineError::new(0, format!("more than {MAX_TAGS} tags")).into());
        }
        // Only if the line has samples at all is its time of interest.
        let mut time = None;
        for &(field, value) in &line.fields {
            let FieldValue::Number(value) = value else {
                self.texts += 1;
                continue;
            };
            let t_ms = match time {
                Some(t_ms) => t_ms,
                None => *time.insert(self.time(&line, text.len())?),
            };
            let series = self.series(&line, field)?;
            self.sink.sample(series, t_ms, value);
            self.count += 1;
        }
        Ok(())
    }

    fn time(&mut self, line: &Line<'_>, end: usize) -> Result<i64, LineError> {
        match line.time {
            None => self.reading.default_time().ok_or_else(|| LineError::new(end, NO_TIME)),
            Some((number, at)) => self.times.integer(number).ok_or_else(|| {
                LineError::new(at, "a time that does not fit 64 bits of milliseconds; is its unit right?")
            }),
        }
    }

    fn series(&mut self, line: &Line<'_>, field: &[u8]) -> Result<SeriesHandle, LineError> {
        self.key.clear();
        self.key.extend_from_slice(line.series);
        self.key.push(b' ');
        self.key.extend_from_slice(field);
        if let Some(series) = self.known.find(&self.key) {
            return Ok(series);
        }
        let mut name = utf8(line.measurement)?;
        if field != b"value" || self.options.keep_value_suffix {
            name.push('_');
            name.push_str(&utf8(field)?);
        }
        let mut labels = vec![("__name__".to_owned(), self.legal(name, true))];
        for (key, value) in &line.tags {
            let (key, value) = (self.legal(utf8(key)?, false), utf8(value)?);
            match labels.iter_mut().find(|(known, _)| *known == key) {
                _ if value.is_empty() => {}
                Some((known, _)) if known == "__name__" => {}
                // Keys that differ only in what a name cannot have.
                Some((_, known)) => {
                    known.push(';');
                    known.push_str(&value);
                }
                None => labels.push((key, value)),
            }
        }
        let pairs: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (&**n, &**v)).collect();
        let series = self.sink.series(&pairs);
        self.known.insert(&self.key, series);
        Ok(series)
    }

    /// The name with `_` for every character that it cannot have.
    fn legal(&self, name: String, is_metric: bool) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || (is_metric && c == ':');
        if self.options.keep_names
            || (name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit()))
        {
            return name;
        }
        let digit = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
        digit.chars().chain(name.chars().map(|c| if fits(c) { c } else { '_' })).collect()
    }

    /// `# CONTEXT-DATABASE:x`
    fn note_database(&mut self, line: &[u8]) {
        if let Some(name) = line.strip_prefix(b"# CONTEXT-DATABASE:")
            && !self.databases.iter().any(|known| known == name)
            && self.databases.len() < 100
        {
            self.databases.push(name.to_vec());
        }
    }

    fn finish(mut self) -> ReadSummary {
        if self.databases.len() > 1 {
            let names: Vec<_> = self.databases.iter().map(|name| String::from_utf8_lossy(name)).collect();
            let text = format!("points of several databases become the same series: {}", names.join(", "));
            self.reading.warn(text);
        }
        if self.texts > 0 {
            let s = if self.texts == 1 { "" } else { "s" };
            self.reading.warn(format!("{} string field{s} left out: samples are numbers", self.texts));
        }
        if self.count == 0 {
            self.reading.warn("no samples in this file");
        }
        self.reading.summary
    }
}

fn utf8(piece: &[u8]) -> Result<String, LineError> {
    let text = String::from_utf8(unescaped(piece).into_owned());
    text.map_err(|_| LineError::new(0, "names and tags must be valid UTF-8"))
}
