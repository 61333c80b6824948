//! The buckets that all histograms of a chunk have.

use promqlite_model::histogram::{
    CounterResetHint, FloatHistogram, HistogramParts, HistogramView, Schema, Span,
};

use super::bits::BitReader;
use crate::error::Malformed;

/// Schemas up to this one are read, by merging their buckets into those of the finest known schema.
const FINEST_READABLE: i64 = 52;

/// The layout of a chunk, and how stored buckets become those of a histogram.
#[derive(Debug)]
pub(super) struct Layout {
    /// A histogram with these buckets, all of them 0.
    shape: FloatHistogram,
    pub(super) positive: Side,
    pub(super) negative: Side,
}

/// The stored buckets of one side.
#[derive(Debug)]
pub(super) struct Side {
    /// How many there are in the chunk.
    pub(super) stored: usize,
    /// For a schema that is too fine: where each stored bucket is added.
    targets: Vec<u32>,
    /// The counts of the histogram being read.
    pub(super) counts: Vec<f64>,
}

impl Layout {
    pub(super) fn read(reader: &mut BitReader<'_>) -> Result<Self, Malformed> {
        let zero_threshold = zero_threshold(reader);
        let schema = reader.varbit_int();
        let positive_spans = spans(reader)?;
        let negative_spans = spans(reader)?;
        let custom_bounds =
            if schema == i64::from(Schema::CUSTOM.get()) { custom_bounds(reader)? } else { Vec::new() };
        reader.check()?;
        let shift = schema.saturating_sub(i64::from(Schema::MAX.get())).max(0);
        if schema > FINEST_READABLE {
            return Err(Malformed::new(0, format!("histogram schema {schema} is unknown")));
        }
        let (positive_spans, positive) = Side::new(positive_spans, shift as u32, reader)?;
        let (negative_spans, negative) = Side::new(negative_spans, shift as u32, reader)?;
        let schema = i32::try_from(schema - shift).unwrap_or(i32::MIN);
        let shape = FloatHistogram::from_parts(HistogramParts {
            schema,
            zero_threshold,
            positive_counts: positive.counts.clone(),
            positive_spans,
            negative_counts: negative.counts.clone(),
            negative_spans,
            custom_bounds,
            ..HistogramParts::default()
        });
        let shape = shape.map_err(|e| Malformed::new(0, e.to_string()))?;
        Ok(Self { shape, positive, negative })
    }

    /// Stored buckets of both sides.
    pub(super) fn buckets(&self) -> usize {
        self.positive.stored + self.negative.stored
    }

    /// The histogram with the counts that both sides hold now.
    pub(super) fn histogram(
        &self,
        hint: CounterResetHint,
        count: f64,
        zero_count: f64,
        sum: f64,
    ) -> HistogramView<'_> {
        let numbers = (count, zero_count, sum);
        self.shape.view().with_hint(hint).with_numbers(numbers, &self.positive.counts, &self.negative.counts)
    }
}

impl Side {
    /// The spans at a resolution that is `shift` schemas less, and the buckets.
    fn new(spans: Vec<Span>, shift: u32, reader: &BitReader<'_>) -> Result<(Vec<Span>, Self), Malformed> {
        let stored: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
        // The first histogram has a bit or more for each bucket.
        if stored > reader.remaining_bits() as u64 {
            return Err(Malformed::new(
                0,
                format!("a chunk of histograms has {stored} buckets, but ends before"),
            ));
        }
        let stored = stored as usize;
        if shift == 0 {
            return Ok((spans, Self { stored, targets: Vec::new(), counts: vec![0.0; stored] }));
        }
        let mut reduced: Vec<Span> = Vec::new();
        let mut targets = Vec::with_capacity(stored);
        let (mut index, mut end, mut buckets) = (0i64, 0i64, 0u32);
        for span in &spans {
            index += i64::from(span.offset);
            for _ in 0..span.length {
                let target = ((index - 1) >> shift) + 1;
                index += 1;
                if buckets == 0 || target != end - 1 {
                    buckets += 1;
                }
                match reduced.last_mut() {
                    Some(_) if target == end - 1 => {}
                    Some(last) if target == end => last.length += 1,
                    _ => {
                        let offset = i32::try_from(target - end)
                            .map_err(|_| Malformed::new(0, "a bucket of a histogram is out of range"))?;
                        reduced.push(Span { offset, length: 1 });
                    }
                }
                end = target + 1;
                targets.push(buckets - 1);
            }
        }
        Ok((reduced, Self { stored, targets, counts: vec![0.0; buckets as usize] }))
    }

    /// Sets the counts to those of the stored buckets.
    pub(super) fn set(&mut self, stored: impl Iterator<Item = f64>) {
        if self.targets.is_empty() {
            self.counts.iter_mut().zip(stored).for_each(|(count, value)| *count = value);
            return;
        }
        self.counts.fill(0.0);
        for (&target, value) in self.targets.iter().zip(stored) {
            self.counts[target as usize] += value;
        }
    }
}

/// One byte: 0, the exponent of a power of two, or the announcement of a double.
fn zero_threshold(reader: &mut BitReader<'_>) -> f64 {
    match reader.bits(8) {
        0 => 0.0,
        255 => reader.f64(),
        exponent => 0.5 * 2f64.powi(exponent as i32 - 243),
    }
}

fn spans(reader: &mut BitReader<'_>) -> Result<Vec<Span>, Malformed> {
    let count = counted(reader, 2, "spans")?;
    let span = |_| {
        let length = reader.varbit_uint();
        let offset = reader.varbit_int();
        let out_of_range = |_| Malformed::new(0, "a span of a histogram is out of range");
        Ok(Span {
            offset: i32::try_from(offset).map_err(out_of_range)?,
            length: u32::try_from(length).map_err(out_of_range)?,
        })
    };
    (0..count).map(span).collect()
}

fn custom_bounds(reader: &mut BitReader<'_>) -> Result<Vec<f64>, Malformed> {
    let count = counted(reader, 1, "custom bounds")?;
    let bound = |_| match reader.varbit_uint() {
        0 => reader.f64(),
        thousandths => (thousandths - 1) as f64 / 1000.0,
    };
    Ok((0..count).map(bound).collect())
}

/// The number of things that follow, of so many bits or more each.
fn counted(reader: &mut BitReader<'_>, least_bits: usize, what: &str) -> Result<usize, Malformed> {
    let count = reader.varbit_uint();
    let fit = reader.remaining_bits() / least_bits;
    if count > fit as u64 {
        return Err(Malformed::new(0, format!("a chunk of histograms has {count} {what}, but ends before")));
    }
    Ok(count as usize)
}
