//! The collector's older framing: each record behind its length in four bytes, big-endian, and packed by itself.

use std::io::{self, BufRead, Read};

/// Bytes of one record, packed or not: far beyond any real one, so that a wrong length cannot fill the memory.
const MAX_RECORD: u64 = 256 << 20;

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Whether the content starts with a length and a record of JSON, packed or not.
pub(crate) fn looks_framed(content: &[u8]) -> bool {
    let Some((length, record)) = content.split_first_chunk::<4>() else { return false };
    let length = u64::from(u32::from_be_bytes(*length));
    (2..=MAX_RECORD).contains(&length) && (record.starts_with(b"{\"resource") || record.starts_with(&ZSTD))
}

/// The records one per line.
pub(super) struct Unframed<R> {
    inner: R,
    /// What is left of the current record.
    record: io::Cursor<Vec<u8>>,
}

impl<R: BufRead> Unframed<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, record: io::Cursor::new(Vec::new()) }
    }

    /// Reads the next record; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        if self.inner.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let mut length = [0; 4];
        self.inner.read_exact(&mut length)?;
        let length = u64::from(u32::from_be_bytes(length));
        if length > MAX_RECORD {
            return Err(invalid(format!("a record of {length} bytes")));
        }
        // What is declared is not allocated before it is there.
        let mut record = Vec::new();
        self.inner.by_ref().take(length).read_to_end(&mut record)?;
        if (record.len() as u64) < length {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends within a record"));
        }
        if record.starts_with(&ZSTD) {
            let mut unpacked = Vec::new();
            let decoder = zstd::stream::read::Decoder::new(&record[..])?;
            decoder.take(MAX_RECORD + 1).read_to_end(&mut unpacked)?;
            if unpacked.len() as u64 > MAX_RECORD {
                return Err(invalid(format!("a record of more than {} MiB", MAX_RECORD >> 20)));
            }
            record = unpacked;
        }
        record.push(b'\n');
        self.record = io::Cursor::new(record);
        Ok(true)
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl<R: BufRead> Read for Unframed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.record.read(buf)?;
            if read > 0 || buf.is_empty() || !self.next()? {
                return Ok(read);
            }
        }
    }
}
