//! Families into samples.

use std::io::{self, BufRead, BufReader, Read};

use promqlite_model::NORMAL_NAN;
use promqlite_model::histogram::CounterResetHint;
use promqlite_storage::{Metadata, MetricKind};

use crate::error::FormatError;
use crate::protobuf::family::{Family, Histogram, Metric, Summary};
use crate::protobuf::wire::{Message, WireError, varint};
use crate::reading::{NO_TIME, Reading};
use crate::sink::SampleSink;
use crate::text::read::{ReadOptions, ReadSummary, Source};
use crate::text::series::{metric_name_len, openmetrics_float};

/// Bytes of one family: far beyond any real one, so that a wrong length cannot fill the memory.
const MAX_FAMILY: u64 = 64 << 20;

/// Labels of a series at most, as for text.
const MAX_LABELS: usize = 1024;

/// Whether the content starts with a family behind its length.
pub(crate) fn looks_like_protobuf(content: &[u8]) -> bool {
    let Some((length, start)) = varint(content) else { return false };
    let rest = &content[start..];
    // Field 1, the name, comes first in what encoders write.
    let Some(name) = rest.strip_prefix(b"\x0a").filter(|_| length <= MAX_FAMILY) else { return false };
    let Some((name_length, name_start)) = varint(name) else { return false };
    let Some(name) = usize::try_from(name_length).ok().and_then(|n| name[name_start..].get(..n)) else {
        return false;
    };
    let legal =
        !name.is_empty() && std::str::from_utf8(name).is_ok_and(|name| !name.contains(char::is_control));
    match rest.get(..length as usize) {
        Some(bytes) => legal && Family::decode(Message { bytes, offset: 0 }).is_ok(),
        // The family is longer than what is seen of it.
        None => metric_name_len(name) == name.len(),
    }
}

/// Reads families.
pub(crate) fn read_protobuf<S: SampleSink>(
    source: Source<'_>,
    reader: impl Read,
    options: &ReadOptions,
    sink: &mut S,
) -> Result<ReadSummary, FormatError> {
    let mut reading = Reading::new(source, options);
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let mut offset = 0;
    let mut bytes = Vec::new();
    let mut samples = 0;
    while let Some(length) = frame_length(&mut reader, &mut offset, source)? {
        if length > MAX_FAMILY {
            let message = format!("a metric family of {length} bytes; no file of metrics has such");
            return Err(damaged(source, WireError { offset, message }));
        }
        bytes.clear();
        // What is declared is not allocated before it is there.
        reader.by_ref().take(length).read_to_end(&mut bytes).map_err(|e| source.io_error(e))?;
        if (bytes.len() as u64) < length {
            let message = format!("the file ends within a metric family of {length} bytes");
            return Err(damaged(source, WireError { offset: offset + bytes.len() as u64, message }));
        }
        let message = Message { bytes: &bytes, offset };
        match Family::decode(message) {
            Ok(family) => samples += read_family(&family, &mut reading, sink)?,
            Err(error) => reading.fault(damaged(source, error))?,
        }
        offset += length;
    }
    if samples == 0 {
        reading.warn("no samples in this file");
    }
    Ok(reading.summary)
}

fn damaged(source: Source<'_>, error: WireError) -> FormatError {
    FormatError::Binary { file: source.file.to_owned(), offset: error.offset, message: error.message }
}

/// The length before the next family; `None` at the end.
fn frame_length(
    reader: &mut impl BufRead,
    offset: &mut u64,
    source: Source<'_>,
) -> Result<Option<u64>, FormatError> {
    let mut prefix = Vec::with_capacity(10);
    loop {
        let mut byte = [0];
        match reader.read(&mut byte) {
            Ok(0) if prefix.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) => prefix.push(byte[0]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(source.io_error(e)),
        }
        if byte[0] & 0x80 == 0 || prefix.len() == 10 {
            break;
        }
    }
    let Some((length, read)) = varint(&prefix) else {
        let message = "a broken length before a metric family".to_owned();
        return Err(damaged(source, WireError { offset: *offset, message }));
    };
    *offset += read as u64;
    Ok(Some(length))
}

/// Gives the metrics of a family to the sink; returns the number of samples.
fn read_family<S: SampleSink>(
    family: &Family<'_>,
    reading: &mut Reading<'_>,
    sink: &mut S,
) -> Result<u64, FormatError> {
    sink.metadata(Metadata {
        family: family.name.to_owned(),
        kind: family.kind,
        unit: family.unit.to_owned(),
        help: family.help.to_owned(),
    });
    let mut samples = 0;
    for &message in &family.metrics {
        let read = Metric::decode(message).and_then(|metric| {
            read_metric(family, metric, reading, sink).map_err(|text| WireError {
                offset: message.offset,
                message: format!("{}: {text}", family.name),
            })
        });
        match read {
            Ok(count) => samples += count,
            Err(error) => reading.fault(damaged(reading.source, error))?,
        }
    }
    Ok(samples)
}

/// Where the samples of one metric go.
struct Target<'a, S> {
    sink: &'a mut S,
    name: &'a str,
    labels: &'a [(&'a str, &'a str)],
    t_ms: i64,
    samples: u64,
}

impl<S: SampleSink> Target<'_, S> {
    fn sample(&mut self, suffix: &str, extra: Option<(&str, f64)>, value: f64) {
        let name = format!("{}{suffix}", self.name);
        let extra = extra.map(|(name, value)| (name, openmetrics_float(value)));
        let extra = extra.as_ref().map(|(name, value)| (*name, value.as_str()));
        let labels: Vec<(&str, &str)> = [("__name__", name.as_str())]
            .into_iter()
            .chain(self.labels.iter().copied())
            .chain(extra)
            .collect();
        let series = self.sink.series(&labels);
        self.sink.sample(series, self.t_ms, plain_nan(value));
        self.samples += 1;
    }

    fn summary(&mut self, summary: &Summary) {
        for &(quantile, value) in &summary.quantiles {
            self.sample("", Some(("quantile", quantile)), value);
        }
        self.sample("_count", None, summary.count as f64);
        self.sample("_sum", None, summary.sum);
    }

    fn histogram(
        &mut self,
        histogram: Histogram,
        kind: MetricKind,
        keep_classic: bool,
    ) -> Result<(), String> {
        if !histogram.is_native() || (keep_classic && histogram.is_classic()) {
            for (bound, count) in histogram.cumulative() {
                self.sample("_bucket", Some(("le", bound)), count);
            }
            self.sample("_count", None, histogram.count());
            self.sample("_sum", None, histogram.sum);
        }
        if histogram.is_native() {
            let hint = match kind {
                MetricKind::GaugeHistogram => CounterResetHint::Gauge,
                _ => CounterResetHint::Unknown,
            };
            let native = histogram.native(hint)?;
            let labels: Vec<(&str, &str)> =
                [("__name__", self.name)].into_iter().chain(self.labels.iter().copied()).collect();
            let series = self.sink.series(&labels);
            self.sink.histogram(series, self.t_ms, native.view());
            self.samples += 1;
        }
        Ok(())
    }
}

fn read_metric<S: SampleSink>(
    family: &Family<'_>,
    metric: Metric<'_>,
    reading: &mut Reading<'_>,
    sink: &mut S,
) -> Result<u64, String> {
    check_labels(&metric.labels, family.kind)?;
    let t_ms = match metric.time_ms {
        // 0 stands for no time, as it does for Prometheus.
        0 => reading.default_time().ok_or(NO_TIME)?,
        t_ms => t_ms,
    };
    let mut target = Target { sink, name: family.name, labels: &metric.labels, t_ms, samples: 0 };
    match family.kind {
        MetricKind::Summary => target.summary(&metric.summary.ok_or("a summary without its values")?),
        MetricKind::Histogram | MetricKind::GaugeHistogram => {
            let histogram = metric.histogram.ok_or("a histogram without its values")?;
            target.histogram(histogram, family.kind, reading.options.formats.protobuf.keep_classic)?;
        }
        _ => target.sample("", None, metric.value.ok_or("a metric without a value")?),
    }
    Ok(target.samples)
}

fn check_labels(labels: &[(&str, &str)], kind: MetricKind) -> Result<(), String> {
    if labels.len() > MAX_LABELS {
        return Err(format!("more than {MAX_LABELS} labels"));
    }
    let reserved = match kind {
        MetricKind::Histogram | MetricKind::GaugeHistogram => "le",
        MetricKind::Summary => "quantile",
        _ => "__name__",
    };
    for (i, (name, _)) in labels.iter().enumerate() {
        if name.is_empty() || *name == "__name__" || *name == reserved {
            return Err(format!("a label called {name:?}"));
        }
        if labels[..i].iter().any(|(known, _)| known == name) {
            return Err(format!("the label {name} is there twice"));
        }
    }
    Ok(())
}

/// The NaN that Prometheus stores: nothing that is exposed is a staleness marker.
pub(super) fn plain_nan(value: f64) -> f64 {
    if value.is_nan() { NORMAL_NAN } else { value }
}
