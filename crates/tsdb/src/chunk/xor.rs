//! XOR chunks: Gorilla's floats with times in ms.

use super::bits::{BitReader, Window, lopsided};
use super::sink::{BLOCK, More, Sink};
use super::value::ValueStream;
use crate::bytes::Cursor;
use crate::error::Malformed;

pub(super) fn decode(data: &[u8], sink: &mut Sink<'_>) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(data);
    let count = usize::from(cursor.u16()?);
    let mut reader = BitReader::new(cursor.rest());
    decode_samples(count, &mut reader, sink).map_err(|e| e.moved(2))
}

fn decode_samples(count: usize, reader: &mut BitReader<'_>, sink: &mut Sink<'_>) -> Result<(), Malformed> {
    if count == 0 {
        return Ok(());
    }
    let (mut times, mut values) = ([0i64; BLOCK], [0f64; BLOCK]);
    let mut state = State { t: reader.varint(), delta: 0, stream: ValueStream::new(reader.bits(64)) };
    (times[0], values[0]) = (state.t, state.stream.value());
    let mut filled = 1;
    if count > 1 {
        state.delta = reader.uvarint() as i64;
        state.t = state.t.wrapping_add(state.delta);
        state.stream.next(reader);
        (times[1], values[1]) = (state.t, state.stream.value());
        filled = 2;
    }
    let mut left = count - filled;
    loop {
        let here = left.min(BLOCK - filled);
        let space = filled..filled + here;
        filled += state.fill(reader, &mut times[space.clone()], &mut values[space], sink.end_ms());
        reader.check()?;
        let more = sink.floats(&times[..filled], &values[..filled], &[])?;
        left -= here;
        if left == 0 || more == More::PastRange {
            return Ok(());
        }
        filled = 0;
    }
}

/// What the next sample is told as a difference to.
#[derive(Clone, Copy)]
struct State {
    t: i64,
    delta: i64,
    stream: ValueStream,
}

impl State {
    /// Decodes samples from the third on, until the space is full or one is later than `end_ms`. Returns how many.
    fn fill(
        &mut self,
        reader: &mut BitReader<'_>,
        times: &mut [i64],
        values: &mut [f64],
        end_ms: i64,
    ) -> usize {
        let mut i = 0;
        while i < times.len() && self.t <= end_ms {
            let mut window = reader.window();
            let done;
            (*self, window, done) = self.fill_fast(window, &mut times[i..], &mut values[i..], end_ms);
            reader.resume(window);
            i += done;
            if i < times.len() && self.t <= end_ms {
                self.next(reader);
                (times[i], values[i]) = (self.t, self.stream.value());
                i += 1;
            }
        }
        i
    }

    /// Decodes usual samples, those without a wide delta of deltas, while eight bytes or more follow. All that it
    /// needs is in registers, so it takes and returns copies.
    fn fill_fast<'a>(
        mut self,
        mut window: Window<'a>,
        times: &mut [i64],
        values: &mut [f64],
        end_ms: i64,
    ) -> (Self, Window<'a>, usize) {
        let space = times.len();
        let values = &mut values[..space];
        let mut i = 0;
        while i < space && self.t <= end_ms {
            // What cannot be read whole is left for `next`.
            let mut ahead = window;
            if !ahead.refill() {
                break;
            }
            if ahead.peek() >> 62 == 0 {
                // Two bits `00` say that nothing changes; a steady series has dozens of them in a row.
                let same = (ahead.peek().leading_zeros().min(ahead.valid()) / 2) as usize;
                let same = same.min(space - i);
                ahead.skip(2 * same as u32);
                window = ahead;
                for (time, value) in times[i..i + same].iter_mut().zip(&mut values[i..]) {
                    self.t = self.t.wrapping_add(self.delta);
                    (*time, *value) = (self.t, self.stream.value());
                }
                i += same;
                continue;
            }
            let Some(delta_of_delta) = short_delta_of_delta(&mut ahead) else { break };
            let mut stream = self.stream;
            if stream.next_in(&mut ahead).is_none() {
                break;
            }
            let delta = self.delta.wrapping_add(delta_of_delta);
            self = Self { t: self.t.wrapping_add(delta), delta, stream };
            window = ahead;
            (times[i], values[i]) = (self.t, self.stream.value());
            i += 1;
        }
        (self, window, i)
    }

    /// Decodes any sample from the third on.
    fn next(&mut self, reader: &mut BitReader<'_>) {
        self.delta = self.delta.wrapping_add(delta_of_delta(reader));
        self.t = self.t.wrapping_add(self.delta);
        self.stream.next(reader);
    }
}

/// Reads `0`, or `10` and 14 bits: scrapes on time, and those that come some ms early or late.
#[inline(always)]
fn short_delta_of_delta(window: &mut Window<'_>) -> Option<i64> {
    let ahead = window.peek();
    if ahead >> 63 == 0 {
        window.skip(1);
        return Some(0);
    }
    (ahead >> 62 == 0b10).then(|| {
        window.skip(16);
        lopsided(ahead << 2 >> 50, 14)
    })
}

/// Reads `0`, or the prefix of a width and as many bits.
fn delta_of_delta(reader: &mut BitReader<'_>) -> i64 {
    reader.refill();
    let ones = reader.peek().leading_ones().min(4);
    reader.skip((ones + 1).min(4));
    let width = [0, 14, 17, 20, 64][ones as usize];
    lopsided(reader.bits(width), width)
}
