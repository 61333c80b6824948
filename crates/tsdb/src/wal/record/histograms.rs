//! Records of native histograms.

use promqlite_model::histogram::{
    CounterResetHint, FloatHistogram, HistogramParts, Schema, Span, absolute_counts,
};

use super::{Entries, Stamps};
use crate::bytes::Cursor;
use crate::error::Malformed;

/// Schemas up to this one are read, by merging their buckets into those of the finest known schema.
const FINEST_READABLE: i64 = 52;

/// A histogram sample.
#[derive(Clone, Debug)]
pub struct HistogramSample {
    /// Whose it is.
    pub reference: u64,
    /// Its time in ms.
    pub t_ms: i64,
    /// When its counts started in ms, 0 if unknown.
    pub start_ms: i64,
    /// The histogram; integer counts as floats.
    pub histogram: FloatHistogram,
}

/// The histograms of a record.
#[derive(Clone, Debug)]
pub struct Histograms<'a> {
    entries: Entries<'a>,
    stamps: Stamps,
    floats: bool,
}

impl<'a> Histograms<'a> {
    pub(super) fn v1(mut cursor: Cursor<'a>, floats: bool) -> Result<Self, Malformed> {
        let stamps = Stamps::v1(&mut cursor)?;
        Ok(Self { entries: Entries::new(cursor), stamps, floats })
    }

    pub(super) fn v2(cursor: Cursor<'a>, floats: bool) -> Self {
        Self { entries: Entries::new(cursor), stamps: Stamps::v2(), floats }
    }
}

impl Iterator for Histograms<'_> {
    type Item = Result<HistogramSample, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { entries, stamps, floats } = self;
        entries.next(|cursor| {
            let stamp = stamps.read(cursor)?;
            let histogram = body(cursor, *floats)?;
            Ok(HistogramSample {
                reference: stamp.reference,
                t_ms: stamp.t_ms,
                start_ms: stamp.start_ms,
                histogram,
            })
        })
    }
}

fn body(cursor: &mut Cursor<'_>, floats: bool) -> Result<FloatHistogram, Malformed> {
    let start = *cursor;
    let hint = match cursor.u8()? {
        1 => CounterResetHint::Reset,
        2 => CounterResetHint::NotReset,
        3 => CounterResetHint::Gauge,
        _ => CounterResetHint::Unknown,
    };
    let schema = cursor.varint()?;
    let zero_threshold = cursor.f64()?;
    let number = |cursor: &mut Cursor<'_>| {
        if floats { cursor.f64() } else { Ok(cursor.uvarint()? as f64) }
    };
    let zero_count = number(cursor)?;
    let count = number(cursor)?;
    let sum = cursor.f64()?;
    let positive_spans = spans(cursor)?;
    let negative_spans = spans(cursor)?;
    let positive_counts = counts(cursor, floats)?;
    let negative_counts = counts(cursor, floats)?;
    let custom = schema == i64::from(Schema::CUSTOM.get());
    let custom_bounds = if custom { doubles(cursor)? } else { Vec::new() };
    let mut parts = HistogramParts {
        hint,
        schema: i32::try_from(schema).unwrap_or(i32::MIN),
        zero_threshold,
        zero_count,
        count,
        sum,
        positive_spans,
        positive_counts,
        negative_spans,
        negative_counts,
        custom_bounds,
    };
    if (i64::from(Schema::MAX.get()) + 1..=FINEST_READABLE).contains(&schema) {
        coarsen(&mut parts).map_err(|message| start.malformed(message))?;
    }
    FloatHistogram::from_parts(parts).map_err(|e| start.malformed(e.to_string()))
}

fn spans(cursor: &mut Cursor<'_>) -> Result<Vec<Span>, Malformed> {
    let count = cursor.count(2)?;
    let span = |_| {
        let at = *cursor;
        let offset = i32::try_from(cursor.varint()?);
        let length = u32::try_from(cursor.uvarint()?);
        match (offset, length) {
            (Ok(offset), Ok(length)) => Ok(Span { offset, length }),
            _ => Err(at.malformed("a span of a histogram is out of range")),
        }
    };
    (0..count).map(span).collect()
}

fn counts(cursor: &mut Cursor<'_>, floats: bool) -> Result<Vec<f64>, Malformed> {
    if floats {
        return doubles(cursor);
    }
    let count = cursor.count(1)?;
    let deltas = (0..count).map(|_| cursor.varint()).collect::<Result<Vec<_>, _>>()?;
    Ok(absolute_counts(deltas))
}

fn doubles(cursor: &mut Cursor<'_>) -> Result<Vec<f64>, Malformed> {
    let count = cursor.count(8)?;
    (0..count).map(|_| cursor.f64()).collect()
}

/// Brings a schema that is too fine down to the finest known one: buckets that fall into one are added up.
fn coarsen(parts: &mut HistogramParts) -> Result<(), &'static str> {
    let finest = Schema::MAX.get();
    let shift = parts.schema - finest;
    let sides = [
        (&mut parts.positive_spans, &mut parts.positive_counts),
        (&mut parts.negative_spans, &mut parts.negative_counts),
    ];
    for (spans, counts) in sides {
        let covered: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
        if covered != counts.len() as u64 {
            return Err("the spans of a histogram do not fit its buckets");
        }
        let (merged_spans, merged_counts) = merge_buckets(spans, counts, shift as u32)?;
        (*spans, *counts) = (merged_spans, merged_counts);
    }
    parts.schema = finest;
    Ok(())
}

fn merge_buckets(spans: &[Span], counts: &[f64], shift: u32) -> Result<(Vec<Span>, Vec<f64>), &'static str> {
    let mut merged_spans: Vec<Span> = Vec::new();
    let mut merged: Vec<f64> = Vec::new();
    let mut stored = counts.iter();
    // The next stored index, and the one after the newest merged bucket.
    let (mut index, mut end) = (0i64, 0i64);
    for span in spans {
        index += i64::from(span.offset);
        for count in stored.by_ref().take(span.length as usize) {
            let target = ((index - 1) >> shift) + 1;
            index += 1;
            match (merged.last_mut(), merged_spans.last_mut()) {
                (Some(last), _) if target == end - 1 => *last += count,
                (Some(_), Some(run)) if target == end => {
                    run.length += 1;
                    merged.push(*count);
                }
                _ => {
                    let offset =
                        i32::try_from(target - end).map_err(|_| "a bucket of a histogram is out of range")?;
                    merged_spans.push(Span { offset, length: 1 });
                    merged.push(*count);
                }
            }
            end = target + 1;
        }
    }
    Ok((merged_spans, merged))
}
