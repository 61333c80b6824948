//! One line into a sample, metadata or nothing.

use promqlite_model::STALE_NAN;
use promqlite_storage::Metadata;

use crate::error::LineError;
use crate::sink::{SampleSink, SeriesHandle};
use crate::text::cache::SeriesCache;
use crate::text::dump_histogram::parse_dump_histogram;
use crate::text::metadata::{BoundLabel, Comment, MetadataTable};
use crate::text::number::{parse_float, parse_millis, parse_seconds};
use crate::text::series::{Quoting, SeriesText, skip_blanks};

/// The dialects of the line formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Prometheus text 0.0.4 and 1.0.0: times in ms.
    Prometheus,
    /// OpenMetrics 1.0: times in seconds, exemplars, `# EOF`.
    OpenMetrics,
    /// `promtool tsdb dump`: times in ms, strings quoted by Go, histograms.
    Dump,
    /// `promtool tsdb dump-openmetrics`: times in seconds, strings quoted by Go.
    DumpOpenMetrics,
}

/// Parses the lines of one file.
#[derive(Debug)]
pub(crate) struct LineParser {
    dialect: Dialect,
    quoting: Quoting,
    default_time: Option<i64>,
    normalize_le: bool,
    nan_as_stale: bool,
    bound: BoundLabel,
    cache: SeriesCache,
    series: SeriesText,
    metadata: MetadataTable,
    at_eof: bool,
    untimed: u64,
}

/// What a parser knows when its file has ended.
#[derive(Debug)]
pub(crate) struct ParserEnd {
    /// What was told about metric families.
    pub(crate) metadata: Vec<Metadata>,
    /// Whether the last line was `# EOF`.
    pub(crate) at_eof: bool,
    /// Samples that took the default time.
    pub(crate) untimed: u64,
}

impl LineParser {
    /// A parser. `default_time` (ms) is for samples without a time; `normalize_le` re-renders `le` and
    /// `quantile`; `nan_as_stale` makes staleness markers of the NaN in promtool's dumps.
    pub(crate) fn new(
        dialect: Dialect,
        default_time: Option<i64>,
        normalize_le: bool,
        nan_as_stale: bool,
    ) -> Self {
        let promtool = matches!(dialect, Dialect::Dump | Dialect::DumpOpenMetrics);
        Self {
            dialect,
            quoting: if promtool { Quoting::Go } else { Quoting::Exposition },
            default_time,
            normalize_le,
            nan_as_stale: nan_as_stale && promtool,
            bound: BoundLabel::None,
            cache: SeriesCache::default(),
            series: SeriesText::default(),
            metadata: MetadataTable::default(),
            at_eof: false,
            untimed: 0,
        }
    }

    /// Ends the file.
    pub(crate) fn finish(self) -> ParserEnd {
        ParserEnd { metadata: self.metadata.into_families(), at_eof: self.at_eof, untimed: self.untimed }
    }

    /// Parses one line without its line end.
    #[inline]
    pub(crate) fn line<S: SampleSink>(&mut self, line: &[u8], sink: &mut S) -> Result<(), LineError> {
        let start = skip_blanks(line, 0);
        match line.get(start) {
            None => Ok(()),
            Some(b'#') => self.comment(&line[start..]).map_err(|e| LineError { at: e.at + start, ..e }),
            Some(_) => self.sample(&line[start..], sink).map_err(|e| LineError { at: e.at + start, ..e }),
        }
    }

    fn comment(&mut self, line: &[u8]) -> Result<(), LineError> {
        let openmetrics = self.dialect != Dialect::Prometheus;
        match self.metadata.parse(line, openmetrics)? {
            Comment::Type(bound) if self.normalize_le => self.bound = bound,
            Comment::Eof => self.at_eof = true,
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn sample<S: SampleSink>(&mut self, line: &[u8], sink: &mut S) -> Result<(), LineError> {
        self.at_eof = false;
        let (series, end) = match self.cache.find(line, self.bound) {
            Some(found) => found,
            None => self.new_series(line, sink)?,
        };
        let value_start = skip_blanks(line, end);
        if self.dialect == Dialect::Dump && line.get(value_start) == Some(&b'{') {
            return self.histogram(line, value_start, series, sink);
        }
        let value_end = token_end(line, value_start);
        let Some(mut value) = parse_float(&line[value_start..value_end]) else {
            return Err(bad_number(line, value_start, value_end));
        };
        if self.nan_as_stale && value.is_nan() {
            value = STALE_NAN;
        }
        let t_ms = self.time(line, value_end)?;
        sink.sample(series, t_ms, value);
        Ok(())
    }

    #[inline(never)]
    fn new_series<S: SampleSink>(
        &mut self,
        line: &[u8],
        sink: &mut S,
    ) -> Result<(SeriesHandle, usize), LineError> {
        let end = self.series.parse(line, self.quoting)?;
        if let Some(known) = self.cache.get(&line[..end], self.bound) {
            return Ok((known, end));
        }
        if let Some(label) = self.bound.name() {
            self.series.normalize_float(label);
        }
        let handle = sink.series(&self.series.pairs());
        self.cache.insert(&line[..end], self.bound, handle);
        Ok((handle, end))
    }

    #[cold]
    fn histogram<S: SampleSink>(
        &mut self,
        line: &[u8],
        start: usize,
        series: SeriesHandle,
        sink: &mut S,
    ) -> Result<(), LineError> {
        let (histogram, end) = parse_dump_histogram(line, start)?;
        let t_ms = self.time(line, end)?;
        sink.histogram(series, t_ms, histogram.view());
        Ok(())
    }

    /// The time in ms behind the value that ends at `value_end`, and nothing else but an exemplar.
    #[inline]
    fn time(&mut self, line: &[u8], value_end: usize) -> Result<i64, LineError> {
        let start = skip_blanks(line, value_end);
        let exemplars = self.dialect == Dialect::OpenMetrics;
        if start == line.len() || (exemplars && line[start] == b'#') {
            self.untimed += 1;
            return self.default_time.ok_or_else(|| {
                LineError::new(start, "the sample has no timestamp, and no time was given for such samples")
            });
        }
        let end = token_end(line, start);
        let token = &line[start..end];
        let (time, what) = match self.dialect {
            Dialect::Prometheus | Dialect::Dump => (parse_millis(token), "a timestamp in whole milliseconds"),
            Dialect::OpenMetrics | Dialect::DumpOpenMetrics => {
                (parse_seconds(token), "a timestamp in seconds")
            }
        };
        let time = time.ok_or_else(|| LineError::expected(start, what))?;
        let rest = skip_blanks(line, end);
        if rest < line.len() && !(exemplars && line[rest] == b'#') {
            return Err(LineError::expected(rest, "the end of the line"));
        }
        Ok(time)
    }
}

#[cold]
fn bad_number(line: &[u8], start: usize, end: usize) -> LineError {
    let text = &line[start..end];
    if std::str::from_utf8(text).is_ok_and(|t| t.parse::<f64>().is_ok_and(f64::is_infinite)) {
        return LineError::expected(start, "a number that fits 64 bits");
    }
    LineError::expected(start, "a number")
}

/// The offset of the next blank from `at`, or of the line's end.
#[inline]
fn token_end(line: &[u8], at: usize) -> usize {
    line[at..].iter().position(|&b| b == b' ' || b == b'\t').map_or(line.len(), |i| at + i)
}
