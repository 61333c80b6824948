//! Chunks of native histograms.

use promqlite_model::Samples;
use promqlite_model::histogram::{HistogramView, Span};

use super::bits::BitWriter;
use super::runs::ResetFlag;
use super::start_time::StartTimeWriter;
use super::value::ValueWriter;

/// Bounds that are a whole number of thousandths up to this one are written as such.
const GREATEST_THOUSANDTHS: f64 = 33_554_430.0;

/// What the header says.
pub(super) struct Header {
    pub(super) flag: ResetFlag,
    pub(super) start_times: bool,
}

/// The chunk of at most 120 histograms of one layout with whole counts.
pub(super) fn integers(samples: &Samples<'_>, header: &Header) -> Vec<u8> {
    write::<Integers>(samples, header)
}

/// The chunk of at most 120 histograms of one layout.
pub(super) fn floats(samples: &Samples<'_>, header: &Header) -> Vec<u8> {
    write::<Floats>(samples, header)
}

/// The numbers of one kind of chunk, from sample to sample.
trait Numbers {
    fn new(buckets: usize) -> Self;
    fn totals(&mut self, out: &mut BitWriter, first: bool, histogram: HistogramView<'_>);
    fn buckets(&mut self, out: &mut BitWriter, first: bool, histogram: HistogramView<'_>);
}

fn write<N: Numbers>(samples: &Samples<'_>, header: &Header) -> Vec<u8> {
    let histogram = |i| samples.histogram(i).expect("invariant: a run of histograms has no floats");
    let mut starts = StartTimeWriter::new(samples);
    let mut out = BitWriter::after(header_bytes(samples.len(), header, &starts));
    let first = histogram(0);
    let buckets = if first.is_stale() { 0 } else { layout(&mut out, first) };
    if first.is_stale() {
        empty_layout(&mut out);
    }
    let mut numbers = N::new(buckets);
    let (mut previous, mut delta) = (0i64, 0i64);
    for (i, &t) in samples.times.iter().enumerate() {
        let new_delta = t.wrapping_sub(previous);
        out.varbit_int(if i == 0 { t } else { new_delta.wrapping_sub(delta) });
        // The distance to the second sample is told in full.
        (previous, delta) = (t, if i == 0 { 0 } else { new_delta });
        let h = histogram(i);
        numbers.totals(&mut out, i == 0, h);
        if !h.is_stale() {
            numbers.buckets(&mut out, i == 0, h);
        }
        if header.start_times {
            starts.write(&mut out, samples, i);
        }
    }
    out.finish()
}

fn header_bytes(count: usize, header: &Header, starts: &StartTimeWriter) -> Vec<u8> {
    let count = u16::try_from(count).expect("invariant: a chunk has at most 120 samples");
    let flag = header.flag as u16;
    if header.start_times {
        let [high, low] = (flag << 14 | count).to_be_bytes();
        return vec![high, low, starts.header()];
    }
    let [high, low] = count.to_be_bytes();
    vec![high, low, (flag << 6) as u8]
}

fn empty_layout(out: &mut BitWriter) {
    out.bits(0, 8);
    out.varbit_int(0);
    spans(out, &[]);
    spans(out, &[]);
}

/// Writes the layout and returns its buckets.
fn layout(out: &mut BitWriter, h: HistogramView<'_>) -> usize {
    zero_threshold(out, h.zero_threshold());
    out.varbit_int(i64::from(h.schema().get()));
    spans(out, h.positive_spans());
    spans(out, h.negative_spans());
    if h.schema().is_custom() {
        out.varbit_uint(h.custom_bounds().len() as u64);
        h.custom_bounds().iter().for_each(|&bound| custom_bound(out, bound));
    }
    h.positive_counts().len() + h.negative_counts().len()
}

fn zero_threshold(out: &mut BitWriter, threshold: f64) {
    let exponent = (threshold.to_bits() >> 52) as i64 - 1022 + 243;
    let power_of_two = threshold.to_bits() << 12 == 0;
    match exponent {
        _ if threshold == 0.0 => out.bits(0, 8),
        1..=254 if power_of_two => out.bits(exponent as u64, 8),
        _ => {
            out.bits(255, 8);
            out.f64(threshold);
        }
    }
}

fn spans(out: &mut BitWriter, spans: &[Span]) {
    out.varbit_uint(spans.len() as u64);
    for span in spans {
        out.varbit_uint(u64::from(span.length));
        out.varbit_int(i64::from(span.offset));
    }
}

fn custom_bound(out: &mut BitWriter, bound: f64) {
    let thousandths = bound * 1000.0;
    let whole = (0.0..=GREATEST_THOUSANDTHS).contains(&thousandths) && thousandths.fract() == 0.0;
    // What is read back is this quotient; the sign of zero is lost in it.
    if whole && (thousandths / 1000.0).to_bits() == bound.to_bits() {
        out.varbit_uint(thousandths as u64 + 1);
    } else {
        out.varbit_uint(0);
        out.f64(bound);
    }
}

/// A number and the distance to the one before it.
#[derive(Clone, Copy, Default)]
struct Walk {
    value: i64,
    delta: i64,
}

impl Walk {
    fn step(&mut self, out: &mut BitWriter, value: i64) {
        let delta = value.wrapping_sub(self.value);
        out.varbit_int(delta.wrapping_sub(self.delta));
        *self = Self { value, delta };
    }
}

struct Integers {
    count: Walk,
    zero_count: Walk,
    sum: ValueWriter,
    buckets: Vec<Walk>,
}

impl Numbers for Integers {
    fn new(buckets: usize) -> Self {
        let zero = Walk::default();
        Self { count: zero, zero_count: zero, sum: ValueWriter::new(0.0), buckets: vec![zero; buckets] }
    }

    fn totals(&mut self, out: &mut BitWriter, first: bool, h: HistogramView<'_>) {
        let (count, zero_count) = totals_of(h);
        let (count, zero_count) = (count as i64, zero_count as i64);
        if first {
            (self.count.value, self.zero_count.value) = (count, zero_count);
            out.varbit_uint(count as u64);
            out.varbit_uint(zero_count as u64);
            out.f64(h.sum());
            self.sum = ValueWriter::new(h.sum());
        } else {
            self.count.step(out, count);
            self.zero_count.step(out, zero_count);
            self.sum.next(out, h.sum());
        }
    }

    fn buckets(&mut self, out: &mut BitWriter, first: bool, h: HistogramView<'_>) {
        let deltas = differences(h.positive_counts()).chain(differences(h.negative_counts()));
        for (bucket, delta) in self.buckets.iter_mut().zip(deltas) {
            if first {
                bucket.value = delta;
                out.varbit_int(delta);
            } else {
                bucket.step(out, delta);
            }
        }
    }
}

/// Count and zero count; a staleness marker is written without any.
fn totals_of(h: HistogramView<'_>) -> (f64, f64) {
    if h.is_stale() { (0.0, 0.0) } else { (h.count(), h.zero_count()) }
}

fn differences(counts: &[f64]) -> impl Iterator<Item = i64> + '_ {
    counts.iter().scan(0i64, |before, &count| {
        let delta = count as i64 - *before;
        *before = count as i64;
        Some(delta)
    })
}

struct Floats {
    totals: [ValueWriter; 3],
    buckets: Vec<ValueWriter>,
}

impl Numbers for Floats {
    fn new(buckets: usize) -> Self {
        let zero = ValueWriter::new(0.0);
        Self { totals: [zero; 3], buckets: vec![zero; buckets] }
    }

    fn totals(&mut self, out: &mut BitWriter, first: bool, h: HistogramView<'_>) {
        let (count, zero_count) = totals_of(h);
        for (stream, value) in self.totals.iter_mut().zip([count, zero_count, h.sum()]) {
            step(stream, out, first, value);
        }
    }

    fn buckets(&mut self, out: &mut BitWriter, first: bool, h: HistogramView<'_>) {
        let counts = h.positive_counts().iter().chain(h.negative_counts());
        for (stream, &value) in self.buckets.iter_mut().zip(counts) {
            step(stream, out, first, value);
        }
    }
}

fn step(stream: &mut ValueWriter, out: &mut BitWriter, first: bool, value: f64) {
    if first {
        *stream = ValueWriter::new(value);
        out.f64(value);
    } else {
        stream.next(out, value);
    }
}
