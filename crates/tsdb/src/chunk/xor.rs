//! XOR chunks: Gorilla's floats with times in ms.

use super::bits::{BitReader, lopsided};
use super::sink::{BLOCK, More, Sink};
use super::value::ValueStream;
use crate::bytes::Cursor;
use crate::error::Malformed;

/// Widths of a delta of deltas after 0 to 4 leading ones, and the bits of the prefix itself.
const DOD_WIDTHS: [u32; 5] = [0, 14, 17, 20, 64];
const DOD_PREFIXES: [u32; 5] = [1, 2, 3, 4, 4];

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
        let space = times.len();
        let values = &mut values[..space];
        let mut i = 0;
        while i < space && self.t <= end_ms {
            reader.refill();
            // Two bits `00` say that nothing changes; a steady series has dozens of them in a row.
            let same = (reader.peek().leading_zeros().min(reader.valid()) / 2) as usize;
            if same > 0 {
                let same = same.min(space - i);
                reader.skip(2 * same as u32);
                self.repeat(&mut times[i..i + same]);
                values[i..i + same].fill(self.stream.value());
                i += same;
                continue;
            }
            self.delta = self.delta.wrapping_add(delta_of_delta(reader));
            self.t = self.t.wrapping_add(self.delta);
            self.stream.next_of_valid(reader);
            (times[i], values[i]) = (self.t, self.stream.value());
            i += 1;
        }
        i
    }

    fn repeat(&mut self, times: &mut [i64]) {
        for time in times {
            self.t = self.t.wrapping_add(self.delta);
            *time = self.t;
        }
    }
}

/// Reads `0`, or the prefix of a width and as many bits, from a reader that was just refilled. Leaves it with 31
/// valid bits or more.
#[inline(always)]
fn delta_of_delta(reader: &mut BitReader<'_>) -> i64 {
    let ahead = reader.peek();
    if ahead >> 63 == 0 {
        reader.skip(1);
        return 0;
    }
    // Without a branch on the width: jittered scrapes change it all the time.
    let ones = ahead.leading_ones().min(4) as usize;
    let (prefix, width) = (DOD_PREFIXES[ones], DOD_WIDTHS[ones]);
    if width == 64 {
        reader.skip(prefix);
        let bits = reader.bits(64);
        reader.refill();
        return bits as i64;
    }
    reader.skip(prefix + width);
    lopsided(ahead << prefix >> (64 - width), width)
}
