//! Compressed records.

use std::io::Read;

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

    /// Unpacks `data` into `out`, which is emptied first.
    pub(super) fn unpack(self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
        out.clear();
        match self {
            Self::None => out.extend_from_slice(data),
            Self::Snappy => unpack_snappy(data, out)?,
            Self::Zstd => unpack_zstd(data, out)?,
        }
        Ok(())
    }
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

fn unpack_zstd(data: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    let bad = |e: std::io::Error| Malformed::new(0, format!("a zstd record is damaged: {e}"));
    let mut decoder = zstd::stream::read::Decoder::with_buffer(data).map_err(bad)?;
    // The window is memory that the frame's header asks for: 2^23 bytes are what every decoder must offer.
    decoder.window_log_max(23).map_err(bad)?;
    let mut decoder = decoder.take(MAX_RECORD as u64 + 1);
    loop {
        // By measured steps: doubling would ask for much more than the longest record.
        let length = out.len();
        let step = length.clamp(1 << 16, 1 << 23);
        out.reserve_exact(step);
        out.resize(length + step, 0);
        let read = decoder.read(&mut out[length..]);
        out.truncate(length + read.as_ref().map_or(0, |&read| read));
        if read.map_err(bad)? == 0 {
            break;
        }
    }
    if out.len() > MAX_RECORD {
        return Err(Malformed::new(0, format!("a zstd record is longer than {MAX_RECORD} bytes")));
    }
    Ok(())
}
