//! XOR chunks: Gorilla's floats with times in ms.

use super::bits::cut_off;
use super::sink::Sink;
use super::value::ValueStream;
use super::xor_runs::Decoder;
use crate::bytes::Cursor;
use crate::error::Malformed;

pub(super) fn decode(data: &[u8], sink: &mut Sink<'_>) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(data);
    let count = usize::from(cursor.u16()?);
    if count == 0 {
        return Ok(());
    }
    let mut decoder = Decoder::new(cursor.varint()?, ValueStream::new(cursor.u64()?));
    let first = decoder.newest();
    if count > 1 {
        decoder.second(&mut cursor)?;
    }
    // Each sample after the second takes two bits or more, so no count makes columns that the chunk cannot fill.
    if count.saturating_sub(2) > cursor.remaining() * 4 {
        return Err(cut_off(data));
    }
    sink.whole_chunk(count, |times, values, end_ms| {
        (times[0], values[0]) = first;
        if count == 1 {
            return Ok(1);
        }
        (times[1], values[1]) = decoder.newest();
        Ok(2 + decoder.decode(data, &mut times[2..], &mut values[2..], end_ms)?)
    })
}
