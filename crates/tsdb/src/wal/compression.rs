//! Compressed records.

use std::io;

use zstd::stream::raw::{DParameter, Decoder, Operation};

use crate::error::Malformed;

/// Records larger than this are refused: Prometheus cuts them far below.
pub(super) const MAX_RECORD: usize = 48 << 20;

/// The most bytes that one byte of a Snappy block can stand for: a copy of 64 bytes takes three, or two if near.
const SNAPPY_MOST: usize = 32;

/// How a record is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Compression {
    None = 0,
    Snappy = 1,
    Zstd = 2,
}

impl Compression {
    /// Of the bits above a fragment's type.
    pub(super) fn from_bits(bits: u8) -> Option<Self> {
        [Self::None, Self::Snappy, Self::Zstd].into_iter().find(|known| *known as u8 == bits)
    }
}

/// Unpacks records.
#[derive(Default)]
pub(super) struct Unpacker {
    /// Made for the first zstd record, and used for all: it is large.
    zstd: Option<Decoder<'static>>,
}

impl Unpacker {
    /// Unpacks `data` into `out`, which is emptied first.
    pub(super) fn unpack(
        &mut self,
        compression: Compression,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        out.clear();
        match compression {
            Compression::None => out.extend_from_slice(data),
            Compression::Snappy => unpack_snappy(data, out)?,
            Compression::Zstd => self.unpack_zstd(data, out)?,
        }
        Ok(())
    }

    fn unpack_zstd(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
        let damaged =
            |why: &dyn std::fmt::Display| Malformed::new(0, format!("a zstd record is damaged: {why}"));
        let bad = |e: io::Error| damaged(&e);
        let decoder = match &mut self.zstd {
            Some(decoder) => decoder,
            None => self.zstd.insert(new_decoder().map_err(bad)?),
        };
        decoder.reinit().map_err(bad)?;
        let (mut at, mut length) = (0, 0);
        loop {
            if length == out.len() {
                grow(out, data.len())?;
            }
            let status = decoder.run_on_buffers(&data[at..], &mut out[length..]).map_err(bad)?;
            at += status.bytes_read;
            length += status.bytes_written;
            if status.remaining == 0 {
                break;
            }
            if at == data.len() && length < out.len() {
                return Err(damaged(&"it is cut off"));
            }
        }
        if at < data.len() {
            return Err(damaged(&"something follows it"));
        }
        out.truncate(length);
        Ok(())
    }
}

/// A decoder whose window, memory that a frame's header asks for, is at most the 2^23 bytes that every decoder must
/// offer.
fn new_decoder() -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(23))?;
    Ok(decoder)
}

/// Makes room, by measured steps: doubling would ask for much more than the longest record.
fn grow(out: &mut Vec<u8>, packed: usize) -> Result<(), Malformed> {
    let length = out.len();
    if length >= MAX_RECORD {
        return Err(Malformed::new(0, format!("a zstd record is longer than {MAX_RECORD} bytes")));
    }
    let step = length.max(packed.saturating_mul(4)).clamp(1 << 12, 1 << 23).min(MAX_RECORD - length);
    out.reserve_exact(step);
    out.resize(length + step, 0);
    Ok(())
}

fn unpack_snappy(data: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    let bad = |e: snap::Error| Malformed::new(0, format!("a Snappy record is damaged: {e}"));
    let length = snap::raw::decompress_len(data).map_err(bad)?;
    if length > MAX_RECORD || length > data.len().saturating_mul(SNAPPY_MOST) {
        return Err(Malformed::new(0, format!("a Snappy record claims to be {length} bytes long")));
    }
    out.resize(length, 0);
    let written = snap::raw::Decoder::new().decompress(data, out).map_err(bad)?;
    out.truncate(written);
    Ok(())
}
