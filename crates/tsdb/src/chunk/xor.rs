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
    let mut t = reader.varint();
    let mut stream = ValueStream::new(reader.bits(64));
    let mut delta = 0i64;
    (times[0], values[0]) = (t, stream.value());
    let mut filled = 1;
    if count > 1 {
        delta = reader.uvarint() as i64;
        t = t.wrapping_add(delta);
        stream.next(reader);
        (times[1], values[1]) = (t, stream.value());
        filled = 2;
    }
    let mut left = count - filled;
    loop {
        let here = left.min(BLOCK - filled);
        let end = sink.end_ms();
        for (time, value) in times[filled..filled + here].iter_mut().zip(&mut values[filled..]) {
            delta = delta.wrapping_add(delta_of_delta(reader));
            t = t.wrapping_add(delta);
            stream.next(reader);
            (*time, *value) = (t, stream.value());
            filled += 1;
            if t > end {
                break;
            }
        }
        reader.check()?;
        let more = sink.floats(&times[..filled], &values[..filled], &[])?;
        left -= here;
        if left == 0 || more == More::PastRange {
            return Ok(());
        }
        filled = 0;
    }
}

/// Reads `0`, or the prefix of a width and as many bits. Leaves the reader with 32 valid bits or more.
#[inline(always)]
fn delta_of_delta(reader: &mut BitReader<'_>) -> i64 {
    reader.refill();
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
        return reader.bits(64) as i64;
    }
    let bits = ahead << prefix >> (64 - width);
    reader.skip(prefix + width);
    lopsided(bits, width)
}
