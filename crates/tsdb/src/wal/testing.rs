//! The other way round: records, segments and files as a Prometheus writes them.

use promqlite_model::histogram::{CounterResetHint, HistogramParts, Span};

pub(crate) use super::compression::Compression;
use super::framing::{HEADER, PAGE, Part};
use super::record::RecordType;
use crate::bytes::{crc, put_uvarint, put_varint};

/// A segment being written.
#[derive(Debug, Default)]
pub(crate) struct SegmentWriter {
    bytes: Vec<u8>,
}

impl SegmentWriter {
    /// Adds a record, over as many pages as it takes.
    pub(crate) fn record(&mut self, data: &[u8], compression: Compression) -> &mut Self {
        self.raw(&pack(data, compression), compression)
    }

    /// Adds a record that is packed already, or pretends to be.
    pub(crate) fn raw(&mut self, packed: &[u8], compression: Compression) -> &mut Self {
        let mut left = packed;
        let mut first = true;
        loop {
            if PAGE - self.bytes.len() % PAGE < HEADER {
                self.pad();
            }
            let space = PAGE - self.bytes.len() % PAGE - HEADER;
            let (now, later) = left.split_at(left.len().min(space));
            let part = match (first, later.is_empty()) {
                (true, true) => Part::Full,
                (true, false) => Part::First,
                (false, false) => Part::Middle,
                (false, true) => Part::Last,
            };
            self.bytes.push(part as u8 | (compression as u8) << 3);
            self.bytes.extend((now.len() as u16).to_be_bytes());
            self.bytes.extend(crc(now).to_be_bytes());
            self.bytes.extend(now);
            (left, first) = (later, false);
            if left.is_empty() {
                return self;
            }
        }
    }

    /// Fills the page with zeros.
    pub(crate) fn pad(&mut self) -> &mut Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(PAGE), 0);
        self
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn pack(data: &[u8], compression: Compression) -> Vec<u8> {
    match compression {
        Compression::None => data.to_vec(),
        Compression::Snappy => snap::raw::Encoder::new().compress_vec(data).expect("a record that fits"),
        Compression::Zstd => zstd::stream::encode_all(data, 1).expect("memory is written to"),
    }
}

fn put_str(out: &mut Vec<u8>, text: &str) {
    put_uvarint(out, text.len() as u64);
    out.extend(text.as_bytes());
}

fn put_labels(out: &mut Vec<u8>, labels: LabelPairs<'_>) {
    put_uvarint(out, labels.len() as u64);
    for (name, value) in labels {
        put_str(out, name);
        put_str(out, value);
    }
}

/// Series by reference and labels.
pub(crate) fn series_record(series: &[(u64, LabelPairs<'_>)]) -> Vec<u8> {
    let mut out = vec![RecordType::Series as u8];
    for (reference, labels) in series {
        out.extend(reference.to_be_bytes());
        put_labels(&mut out, labels);
    }
    out
}

/// Samples as (reference, time, value).
pub(crate) fn samples_record(samples: &[(u64, i64, f64)]) -> Vec<u8> {
    let mut out = vec![RecordType::Samples as u8];
    let stamps: Vec<(u64, i64)> = samples.iter().map(|s| (s.0, s.1)).collect();
    let mut base = None;
    for (stamp, sample) in stamps.iter().zip(samples) {
        put_v1_stamp(&mut out, &mut base, *stamp);
        out.extend(sample.2.to_be_bytes());
    }
    out
}

fn put_v1_stamp(out: &mut Vec<u8>, base: &mut Option<(u64, i64)>, (reference, t): (u64, i64)) {
    let (base_ref, base_t) = *base.get_or_insert_with(|| {
        out.extend(reference.to_be_bytes());
        out.extend(t.to_be_bytes());
        (reference, t)
    });
    put_varint(out, reference.wrapping_sub(base_ref) as i64);
    put_varint(out, t.wrapping_sub(base_t));
}

/// Names and values.
pub(crate) type LabelPairs<'a> = &'a [(&'a str, &'a str)];

/// Exemplars as (reference, time, value, labels).
pub(crate) fn exemplars_record(exemplars: &[(u64, i64, f64, LabelPairs<'_>)]) -> Vec<u8> {
    let mut out = vec![RecordType::Exemplars as u8];
    let mut base = None;
    for (reference, t, value, labels) in exemplars {
        put_v1_stamp(&mut out, &mut base, (*reference, *t));
        out.extend(value.to_be_bytes());
        put_labels(&mut out, labels);
    }
    out
}

/// Series, time and start time of a sample of the second version.
type Stamp = (u64, i64, i64);

/// What the second version of stamps knows of those before.
#[derive(Default)]
struct StampWriter {
    first: Option<Stamp>,
    last: Stamp,
}

impl StampWriter {
    fn put(&mut self, out: &mut Vec<u8>, stamp: Stamp) {
        put_varint(out, stamp.0.wrapping_sub(self.last.0) as i64);
        match self.first {
            None => {
                put_varint(out, stamp.1);
                put_varint(out, stamp.2);
                self.first = Some(stamp);
            }
            Some(first) => {
                put_varint(out, stamp.1.wrapping_sub(first.1));
                match stamp.2 {
                    0 => out.push(0),
                    start if start == self.last.2 => out.push(1),
                    start => {
                        out.push(2);
                        put_varint(out, start.wrapping_sub(first.2));
                    }
                }
            }
        }
        self.last = stamp;
    }
}

/// Samples as (reference, time, start time, value).
pub(crate) fn samples_v2_record(samples: &[(u64, i64, i64, f64)]) -> Vec<u8> {
    let mut out = vec![RecordType::SamplesV2 as u8];
    let mut stamps = StampWriter::default();
    for &(reference, t, start, value) in samples {
        stamps.put(&mut out, (reference, t, start));
        out.extend(value.to_be_bytes());
    }
    out
}

/// Deletions as (reference, start, end).
pub(crate) fn tombstones_record(tombstones: &[(u64, i64, i64)]) -> Vec<u8> {
    let mut out = vec![RecordType::Tombstones as u8];
    for (reference, start, end) in tombstones {
        out.extend(reference.to_be_bytes());
        put_varint(&mut out, *start);
        put_varint(&mut out, *end);
    }
    out
}

/// Markers as (reference, chunk).
pub(crate) fn markers_record(markers: &[(u64, u64)]) -> Vec<u8> {
    let mut out = vec![RecordType::MmapMarkers as u8];
    for (reference, chunk) in markers {
        out.extend(reference.to_be_bytes());
        out.extend(chunk.to_be_bytes());
    }
    out
}

/// Metadata as (reference, number of the type, unit, help).
pub(crate) fn metadata_record(metadata: &[(u64, u8, &str, &str)]) -> Vec<u8> {
    let mut out = vec![RecordType::Metadata as u8];
    for (reference, kind, unit, help) in metadata {
        put_uvarint(&mut out, *reference);
        out.push(*kind);
        put_uvarint(&mut out, 2);
        for text in ["UNIT", unit, "HELP", help] {
            put_str(&mut out, text);
        }
    }
    out
}

/// Histograms of a type of record; counts must be whole where the type holds integers.
pub(crate) fn histograms_record(kind: RecordType, samples: &[(u64, i64, i64, HistogramParts)]) -> Vec<u8> {
    let floats = matches!(
        kind,
        RecordType::FloatHistograms | RecordType::CustomFloatHistograms | RecordType::FloatHistogramsV2
    );
    let second = matches!(kind, RecordType::HistogramsV2 | RecordType::FloatHistogramsV2);
    let mut out = vec![kind as u8];
    let (mut base, mut stamps) = (None, StampWriter::default());
    for (reference, t, start, parts) in samples {
        if second {
            stamps.put(&mut out, (*reference, *t, *start));
        } else {
            put_v1_stamp(&mut out, &mut base, (*reference, *t));
        }
        put_histogram(&mut out, parts, floats);
    }
    out
}

fn put_histogram(out: &mut Vec<u8>, parts: &HistogramParts, floats: bool) {
    out.push(match parts.hint {
        CounterResetHint::Unknown => 0,
        CounterResetHint::Reset => 1,
        CounterResetHint::NotReset => 2,
        CounterResetHint::Gauge => 3,
    });
    put_varint(out, i64::from(parts.schema));
    out.extend(parts.zero_threshold.to_be_bytes());
    for number in [parts.zero_count, parts.count] {
        if floats {
            out.extend(number.to_be_bytes());
        } else {
            put_uvarint(out, number as u64);
        }
    }
    out.extend(parts.sum.to_be_bytes());
    put_spans(out, &parts.positive_spans);
    put_spans(out, &parts.negative_spans);
    put_counts(out, &parts.positive_counts, floats);
    put_counts(out, &parts.negative_counts, floats);
    if parts.schema == -53 {
        put_counts(out, &parts.custom_bounds, true);
    }
}

fn put_spans(out: &mut Vec<u8>, spans: &[Span]) {
    put_uvarint(out, spans.len() as u64);
    for span in spans {
        put_varint(out, i64::from(span.offset));
        put_uvarint(out, u64::from(span.length));
    }
}

fn put_counts(out: &mut Vec<u8>, counts: &[f64], floats: bool) {
    put_uvarint(out, counts.len() as u64);
    let mut before = 0;
    for &count in counts {
        if floats {
            out.extend(count.to_be_bytes());
        } else {
            put_varint(out, count as i64 - before);
            before = count as i64;
        }
    }
}
