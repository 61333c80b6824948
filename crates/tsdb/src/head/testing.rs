//! Files of head chunks as a Prometheus writes them.

use super::chunks::{HEADER_BYTES, MAGIC, OUT_OF_ORDER, VERSION};
use crate::bytes::{crc, put_uvarint};
use crate::chunk::EncodedChunk;

/// A file of chunks of series, by reference; `true` marks out-of-order ones. `reserved` zeros follow.
pub(super) fn chunk_file(chunks: &[(u64, EncodedChunk, bool)], reserved: usize) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    out.resize(HEADER_BYTES, 0);
    for (reference, chunk, out_of_order) in chunks {
        let start = out.len();
        out.extend(reference.to_be_bytes());
        out.extend(chunk.min_ms.to_be_bytes());
        out.extend(chunk.max_ms.to_be_bytes());
        out.push(chunk.encoding as u8 | if *out_of_order { OUT_OF_ORDER } else { 0 });
        put_uvarint(&mut out, chunk.data.len() as u64);
        out.extend(&chunk.data);
        out.extend(crc(&out[start..]).to_be_bytes());
    }
    out.resize(out.len() + reserved, 0);
    out
}
