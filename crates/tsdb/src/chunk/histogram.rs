//! Chunks of native histograms: integer and float, with and without start timestamps.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram};
use promqlite_model::is_stale;

use super::bits::BitReader;
use super::layout::{Layout, Side};
use super::sink::{More, Sink};
use super::start_time::StartTimes;
use super::value::ValueStream;
use crate::bytes::Cursor;
use crate::error::Malformed;

/// What comes before the bits.
struct Header {
    count: usize,
    hint: CounterResetHint,
    starts: StartTimes,
    bytes: usize,
}

impl Header {
    fn read(cursor: &mut Cursor<'_>, start_times: bool) -> Result<Self, Malformed> {
        let (count, flags, starts) = if start_times {
            let both = cursor.u16()?;
            (usize::from(both & 0x3fff), (both >> 8) as u8, StartTimes::new(cursor.u8()?))
        } else {
            (usize::from(cursor.u16()?), cursor.u8()?, StartTimes::none())
        };
        // A gauge is one all along. That the counter was reset before the chunk may be said of another chunk
        // than the one that was read before it, so only later samples are known not to be reset.
        let hint = if flags >> 6 == 0b11 { CounterResetHint::Gauge } else { CounterResetHint::NotReset };
        Ok(Self { count, hint, starts, bytes: cursor.position() })
    }

    fn hint_of(&self, i: usize) -> CounterResetHint {
        if i == 0 && self.hint == CounterResetHint::NotReset { CounterResetHint::Unknown } else { self.hint }
    }
}

/// The numbers of one kind of chunk, from sample to sample.
trait Numbers {
    fn new(layout: &Layout) -> Self;

    /// Reads count, zero count and sum.
    fn totals(&mut self, reader: &mut BitReader<'_>, first: bool) -> Totals;

    /// Reads the buckets into the layout's sides.
    fn buckets(&mut self, reader: &mut BitReader<'_>, first: bool, layout: &mut Layout);
}

#[derive(Clone, Copy)]
struct Totals {
    count: f64,
    zero_count: f64,
    sum: f64,
}

pub(super) fn decode_integers(data: &[u8], start_times: bool, sink: &mut Sink<'_>) -> Result<(), Malformed> {
    decode::<Integers>(data, start_times, sink)
}

pub(super) fn decode_floats(data: &[u8], start_times: bool, sink: &mut Sink<'_>) -> Result<(), Malformed> {
    decode::<Floats>(data, start_times, sink)
}

fn decode<N: Numbers>(data: &[u8], start_times: bool, sink: &mut Sink<'_>) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(data);
    let header = Header::read(&mut cursor, start_times)?;
    let moved = header.bytes;
    decode_samples::<N>(header, BitReader::new(cursor.rest()), sink).map_err(|e| e.moved(moved))
}

fn decode_samples<N: Numbers>(
    mut header: Header,
    mut reader: BitReader<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), Malformed> {
    if header.count == 0 {
        return Ok(());
    }
    let mut layout = Layout::read(&mut reader)?;
    let mut numbers = N::new(&layout);
    let stale = FloatHistogram::stale();
    let (mut t, mut delta) = (0i64, 0i64);
    for i in 0..header.count {
        let previous = t;
        if i == 0 {
            t = reader.varbit_int();
        } else {
            delta = delta.wrapping_add(reader.varbit_int());
            t = t.wrapping_add(delta);
        }
        let totals = numbers.totals(&mut reader, i == 0);
        let is_stale = is_stale(totals.sum);
        if i == 0 || !is_stale {
            numbers.buckets(&mut reader, i == 0, &mut layout);
        }
        let start = header.starts.next(&mut reader, i, t, previous);
        reader.check()?;
        let histogram = if is_stale {
            stale.view()
        } else {
            layout.histogram(header.hint_of(i), totals.count, totals.zero_count, totals.sum)
        };
        if sink.histogram(t, histogram, start)? == More::PastRange {
            break;
        }
    }
    Ok(())
}

/// A number and the distance to the one before it.
#[derive(Clone, Copy, Default)]
struct Walk {
    value: i64,
    delta: i64,
}

impl Walk {
    fn step(&mut self, reader: &mut BitReader<'_>) {
        self.delta = self.delta.wrapping_add(reader.varbit_int());
        self.value = self.value.wrapping_add(self.delta);
    }
}

/// Integer counts as deltas of deltas; a bucket is told as its difference to the bucket before.
struct Integers {
    count: Walk,
    zero_count: Walk,
    sum: ValueStream,
    buckets: Vec<Walk>,
}

impl Numbers for Integers {
    fn new(layout: &Layout) -> Self {
        let buckets = vec![Walk::default(); layout.buckets()];
        Self { count: Walk::default(), zero_count: Walk::default(), sum: ValueStream::new(0), buckets }
    }

    fn totals(&mut self, reader: &mut BitReader<'_>, first: bool) -> Totals {
        if first {
            self.count.value = reader.varbit_uint() as i64;
            self.zero_count.value = reader.varbit_uint() as i64;
            self.sum = ValueStream::new(reader.bits(64));
        } else {
            self.count.step(reader);
            self.zero_count.step(reader);
            self.sum.next(reader);
        }
        let unsigned = |walk: Walk| walk.value as u64 as f64;
        Totals { count: unsigned(self.count), zero_count: unsigned(self.zero_count), sum: self.sum.value() }
    }

    fn buckets(&mut self, reader: &mut BitReader<'_>, first: bool, layout: &mut Layout) {
        for bucket in &mut self.buckets {
            if first {
                bucket.value = reader.varbit_int();
            } else {
                bucket.step(reader);
            }
        }
        let (positive, negative) = self.buckets.split_at(layout.positive.stored);
        layout.positive.set(absolute(positive));
        layout.negative.set(absolute(negative));
    }
}

fn absolute(buckets: &[Walk]) -> impl Iterator<Item = f64> + '_ {
    buckets.iter().scan(0i64, |total, bucket| {
        *total = total.wrapping_add(bucket.value);
        Some(*total as f64)
    })
}

/// Float counts, each a stream of its own.
struct Floats {
    totals: [ValueStream; 3],
    buckets: Vec<ValueStream>,
}

impl Numbers for Floats {
    fn new(layout: &Layout) -> Self {
        let zero = ValueStream::new(0);
        Self { totals: [zero; 3], buckets: vec![zero; layout.buckets()] }
    }

    fn totals(&mut self, reader: &mut BitReader<'_>, first: bool) -> Totals {
        self.totals.iter_mut().for_each(|stream| step(stream, reader, first));
        let [count, zero_count, sum] = self.totals.map(ValueStream::value);
        Totals { count, zero_count, sum }
    }

    fn buckets(&mut self, reader: &mut BitReader<'_>, first: bool, layout: &mut Layout) {
        self.buckets.iter_mut().for_each(|stream| step(stream, reader, first));
        let (positive, negative) = self.buckets.split_at(layout.positive.stored);
        let set = |side: &mut Side, streams: &[ValueStream]| side.set(streams.iter().map(|s| s.value()));
        set(&mut layout.positive, positive);
        set(&mut layout.negative, negative);
    }
}

fn step(stream: &mut ValueStream, reader: &mut BitReader<'_>, first: bool) {
    if first {
        *stream = ValueStream::new(reader.bits(64));
    } else {
        stream.next(reader);
    }
}
