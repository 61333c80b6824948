//! What a file is, from its first bytes; from its name only where they do not tell.

use crate::csv::looks_like_csv;
use crate::grafana::looks_like_frames;
use crate::influx::looks_like_influx;
use crate::otlp::looks_framed;
use crate::protobuf::looks_like_protobuf;
use crate::text::line::{Dialect, LineParser};
use crate::text::number::parse_millis;

/// The exported formats that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Prometheus text 0.0.4 and 1.0.0, as `/metrics` and `/federate` serve it.
    PrometheusText,
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// `promtool tsdb dump`.
    TsdbDump,
    /// `promtool tsdb dump-openmetrics`.
    TsdbDumpOpenMetrics,
    /// Responses of the HTTP API, whole or in part, and `promtool query … -o json`.
    ApiJson,
    /// VictoriaMetrics' JSON lines: one series per line, with `values` and `timestamps`.
    JsonLines,
    /// Comma-separated values: a sample per row, or a series per column.
    Csv,
    /// InfluxDB's line protocol.
    Influx,
    /// Prometheus' protobuf exposition, delimited.
    Protobuf,
    /// OpenTelemetry metrics as JSON, as the collector's file exporter writes them.
    Otlp,
    /// Grafana's data frames: the response in the query inspector, or a panel's data.
    Grafana,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 11] = [
        Self::PrometheusText,
        Self::OpenMetrics,
        Self::TsdbDump,
        Self::TsdbDumpOpenMetrics,
        Self::ApiJson,
        Self::JsonLines,
        Self::Csv,
        Self::Influx,
        Self::Protobuf,
        Self::Otlp,
        Self::Grafana,
    ];

    /// The name by which users ask for the format: `prometheus`, `openmetrics`, `dump`, `dump-openmetrics`,
    /// `json`, `jsonl`, `csv`, `influx`, `protobuf`, `otlp`,
    /// `grafana`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrometheusText => "prometheus",
            Self::OpenMetrics => "openmetrics",
            Self::TsdbDump => "dump",
            Self::TsdbDumpOpenMetrics => "dump-openmetrics",
            Self::ApiJson => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Influx => "influx",
            Self::Protobuf => "protobuf",
            Self::Otlp => "otlp",
            Self::Grafana => "grafana",
        }
    }

    /// The format with this name; `vm` is another one of JSON lines.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "vm" {
            return Some(Self::JsonLines);
        }
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The format that `head`, the first bytes of the unpacked content, belongs to. `whole` tells that nothing
    /// follows; `file_name` decides where the content leaves a choice. `None` if it is no format of these.
    #[must_use]
    pub fn detect(head: &[u8], whole: bool, file_name: &str) -> Option<Self> {
        if looks_like_protobuf(head) {
            return Some(Self::Protobuf);
        }
        if looks_framed(head) {
            return Some(Self::Otlp);
        }
        let content = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        if looks_like_csv(content, is_named_table(file_name)) {
            return Some(Self::Csv);
        }
        match content.first()? {
            b'[' if looks_like_frames(content) => Some(Self::Grafana),
            b'[' => is_json_list(content).then_some(Self::ApiJson),
            b'{' => of_braces(content),
            _ => of_lines(content, whole, file_name)
                .or_else(|| looks_like_influx(content, whole).then_some(Self::Influx)),
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, any number of members.
    Gzip,
    /// zstd, any number of frames.
    Zstd,
}

impl Compression {
    /// The packing that the first bytes show.
    #[must_use]
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// `none`, `gzip` or `zstd`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    memchr::memmem::find(haystack, needle.as_bytes()).is_some()
}

/// The keys of a series in a result.
const SERIES_KEYS: [&[u8]; 6] = [b"metric", b"value", b"values", b"histogram", b"histograms", b"timestamps"];

/// What stands between the first two quotes.
fn first_key(content: &[u8]) -> &[u8] {
    content.split(|&b| b == b'"').nth(1).unwrap_or(b"")
}

/// A list of series, `[time, value]`, or nothing at all.
fn is_json_list(content: &[u8]) -> bool {
    match content[1..].trim_ascii_start().first() {
        Some(b']') => true,
        Some(b'0'..=b'9' | b'-') => true,
        Some(b'{') => SERIES_KEYS.contains(&first_key(content)),
        _ => false,
    }
}

/// Content that starts with a brace: JSON, a dump, or text with a quoted metric name.
fn of_braces(content: &[u8]) -> Option<Format> {
    let inside = content[1..].trim_ascii_start();
    if inside.first() != Some(&b'"') {
        return (inside.first() != Some(&b'}') && parses(content, Dialect::Dump)).then_some(Format::TsdbDump);
    }
    let key_end = memchr::memchr(b'"', &inside[1..])? + 2;
    if inside[key_end..].trim_ascii_start().first() == Some(&b':') {
        let has = |key: &str| contains(content, key);
        if has("\"resourceMetrics\"") || has("\"resource_metrics\"") {
            return Some(Format::Otlp);
        }
        if looks_like_frames(content) {
            return Some(Format::Grafana);
        }
        if has("\"timestamps\"") || (has("\"metric\"") && has("\"values\":[") && !has("\"values\":[[")) {
            return Some(Format::JsonLines);
        }
        let known = ["\"status\"", "\"resultType\"", "\"result\"", "\"metric\"", "\"data\""];
        return known.into_iter().any(has).then_some(Format::ApiJson);
    }
    if contains(first_line(content), "__name__=") {
        return parses(content, Dialect::Dump).then_some(Format::TsdbDump);
    }
    if parses(content, Dialect::OpenMetrics) || parses(content, Dialect::Prometheus) {
        return of_lines(content, false, "");
    }
    None
}

fn first_line(content: &[u8]) -> &[u8] {
    &content[..memchr::memchr(b'\n', content).unwrap_or(content.len())]
}

/// Whether the first line is a sample of this dialect.
fn parses(content: &[u8], dialect: Dialect) -> bool {
    let line = first_line(content).trim_ascii_end();
    LineParser::new(dialect, Some(0), false, false).line(line, &mut Nothing).is_ok()
}

/// Lines that are looked at.
const LOOKED_AT: usize = 2000;

/// What speaks for which dialect.
struct Evidence {
    as_prometheus: LineParser,
    as_openmetrics: LineParser,
    /// Without a default time, so that it tells whether a sample has one.
    timed: LineParser,
    prometheus: u32,
    openmetrics: u32,
    /// `# HELP`, `# TYPE` or `# UNIT` was seen.
    described: bool,
    eof: bool,
    /// Whether the first line that should be a sample is one.
    first_is_sample: Option<bool>,
    /// A time has exactly three decimals, as promtool prints them.
    three_decimals: bool,
}

fn of_lines(content: &[u8], whole: bool, file_name: &str) -> Option<Format> {
    let mut lines: Vec<&[u8]> = content.split(|&b| b == b'\n').take(LOOKED_AT).collect();
    if !whole && lines.len() > 1 && lines.len() < LOOKED_AT {
        lines.pop();
    }
    let mut evidence = Evidence::new();
    let mut counters: Vec<&[u8]> = Vec::new();
    for line in lines.into_iter().map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        if line[0] == b'#' {
            evidence.comment(line, &mut counters);
        } else {
            evidence.sample(line, &counters);
        }
    }
    // Beyond the lines that were looked at only the end can tell more.
    evidence.eof |= whole && content.trim_ascii_end().ends_with(b"\n# EOF");
    evidence.verdict(file_name)
}

impl Evidence {
    fn new() -> Self {
        let parser = |dialect, time| LineParser::new(dialect, time, false, false);
        Self {
            as_prometheus: parser(Dialect::Prometheus, Some(0)),
            as_openmetrics: parser(Dialect::OpenMetrics, Some(0)),
            timed: parser(Dialect::Prometheus, None),
            prometheus: 0,
            openmetrics: 0,
            described: false,
            eof: false,
            first_is_sample: None,
            three_decimals: false,
        }
    }

    fn comment<'a>(&mut self, line: &'a [u8], counters: &mut Vec<&'a [u8]>) {
        let words: Vec<&[u8]> =
            line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).take(4).collect();
        match words[..] {
            [b"#", b"EOF"] => {
                self.eof = true;
                return;
            }
            [b"#", b"UNIT", ..] => self.openmetrics += 10,
            [b"#", b"TYPE", name, kind] => match kind {
                b"untyped" => self.prometheus += 10,
                b"unknown" | b"info" | b"stateset" | b"gaugehistogram" => self.openmetrics += 10,
                b"counter" if name.ends_with(b"_total") => self.prometheus += 1,
                b"counter" => counters.push(name),
                _ => {}
            },
            [b"#", b"HELP", ..] => {}
            _ => return,
        }
        self.described = true;
    }

    fn sample(&mut self, line: &[u8], counters: &[&[u8]]) {
        let prometheus = self.as_prometheus.line(line, &mut Nothing).is_ok();
        let openmetrics = self.as_openmetrics.line(line, &mut Nothing).is_ok();
        match (prometheus, openmetrics) {
            (false, false) => {
                self.first_is_sample.get_or_insert(false);
                return;
            }
            (false, true) => self.openmetrics += 10,
            (true, false) => self.prometheus += 10,
            (true, true) => self.weigh_time(line),
        }
        self.first_is_sample.get_or_insert(true);
        let name = &line[..line.iter().position(|b| b"{ \t".contains(b)).unwrap_or(line.len())];
        if name.strip_suffix(b"_total").is_some_and(|family| counters.contains(&family)) {
            self.openmetrics += 2;
        }
        let fraction = line.len().checked_sub(4).filter(|&at| line[at] == b'.');
        self.three_decimals |= fraction.is_some_and(|at| line[at + 1..].iter().all(u8::is_ascii_digit));
    }

    /// 10^11 seconds are the year 5138, 10^11 milliseconds are in 1973, and 10^8 ms the second day of 1970.
    fn weigh_time(&mut self, line: &[u8]) {
        let timed = self.timed.line(line, &mut Nothing).is_ok();
        let last = line.rsplit(u8::is_ascii_whitespace).next().and_then(parse_millis).filter(|_| timed);
        match last.map(i64::unsigned_abs) {
            Some(100_000_000_000..) => self.prometheus += 1,
            Some(100_000_000..) => self.openmetrics += 1,
            _ => {}
        }
    }

    fn verdict(&self, file_name: &str) -> Option<Format> {
        let named = of_name(file_name);
        if !self.described && !self.eof && self.first_is_sample != Some(true) {
            // A file that is named so and starts with a fault deserves to hear of the fault.
            return named;
        }
        let prometheus = !self.eof && self.openmetrics < self.prometheus;
        let openmetrics = self.eof || self.openmetrics > self.prometheus;
        if self.three_decimals && !self.described && openmetrics {
            return Some(Format::TsdbDumpOpenMetrics);
        }
        match (prometheus, openmetrics) {
            (true, _) => Some(Format::PrometheusText),
            (_, true) => Some(Format::OpenMetrics),
            _ => Some(named.unwrap_or(Format::PrometheusText)),
        }
    }
}

/// The ending of the file's name in small letters, without that of its packing.
fn extension(file_name: &str) -> Option<String> {
    let name = file_name.to_ascii_lowercase();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|e| name.strip_suffix(e)).unwrap_or(&name);
    Some(name.rsplit_once('.')?.1.to_owned())
}

fn is_named_table(file_name: &str) -> bool {
    extension(file_name).is_some_and(|e| e == "csv" || e == "tsv")
}

/// The format that the file's name stands for.
fn of_name(file_name: &str) -> Option<Format> {
    match extension(file_name)?.as_str() {
        "om" | "openmetrics" => Some(Format::OpenMetrics),
        "prom" => Some(Format::PrometheusText),
        _ => None,
    }
}

/// A sink for samples that only had to parse.
struct Nothing;

impl crate::sink::SampleSink for Nothing {
    fn series(&mut self, _: &[(&str, &str)]) -> crate::sink::SeriesHandle {
        crate::sink::SeriesHandle(0)
    }
    fn sample(&mut self, _: crate::sink::SeriesHandle, _: i64, _: f64) {}
    fn histogram(
        &mut self,
        _: crate::sink::SeriesHandle,
        _: i64,
        _: promqlite_model::histogram::HistogramView<'_>,
    ) {
    }
    fn metadata(&mut self, _: promqlite_storage::Metadata) {}
}
