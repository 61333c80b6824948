//! UTF-16, as Grafana's "Download for Excel" writes tables, into UTF-8.

use std::io::{self, Read};

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The order that a mark at the start tells.
    pub(super) fn of_mark(content: &[u8]) -> Option<Self> {
        match content {
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            _ => None,
        }
    }
}

/// Decodes as it is read. Halves of pairs become U+FFFD.
pub(super) struct FromUtf16<R> {
    inner: R,
    order: ByteOrder,
    /// Bytes that are not decoded yet: half a unit, or the first unit of a pair.
    left: Vec<u8>,
    out: io::Cursor<Vec<u8>>,
    ended: bool,
}

impl<R: Read> FromUtf16<R> {
    pub(super) fn new(inner: R, order: ByteOrder) -> Self {
        Self { inner, order, left: Vec::new(), out: io::Cursor::new(Vec::new()), ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut block = [0; 8192];
        let read = self.inner.read(&mut block)?;
        self.ended = read == 0;
        self.left.extend_from_slice(&block[..read]);
        let mut whole = self.left.len() / 2 * 2;
        let unit = |pair: &[u8]| match self.order {
            ByteOrder::Little => u16::from_le_bytes([pair[0], pair[1]]),
            ByteOrder::Big => u16::from_be_bytes([pair[0], pair[1]]),
        };
        // The second half of a last pair may be in the next block.
        if !self.ended && whole > 0 && (0xd800..0xdc00).contains(&unit(&self.left[whole - 2..whole])) {
            whole -= 2;
        }
        let units = self.left[..whole].chunks_exact(2).map(unit);
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.left.drain(..whole);
        self.out = io::Cursor::new(text.into_bytes());
        Ok(())
    }
}

impl<R: Read> Read for FromUtf16<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.out.read(buf)?;
            if read > 0 || buf.is_empty() || self.ended {
                return Ok(read);
            }
            self.refill()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_gives_the_same_text() {
        struct Slow<'a>(&'a [u8], usize);
        impl Read for Slow<'_> {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                let n = self.1.min(self.0.len()).min(buf.len());
                buf[..n].copy_from_slice(&self.0[..n]);
                self.0 = &self.0[n..];
                Ok(n)
            }
        }
        let text = "time\taé😀\n1\t2\n";
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let bytes: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| match order {
                    ByteOrder::Little => unit.to_le_bytes(),
                    ByteOrder::Big => unit.to_be_bytes(),
                })
                .collect();
            for step in 1..=bytes.len() {
                let mut out = String::new();
                FromUtf16::new(Slow(&bytes, step), order).read_to_string(&mut out).unwrap();
                assert_eq!(out, text, "{step}");
            }
            let mut cut = String::new();
            FromUtf16::new(&bytes[..13], order).read_to_string(&mut cut).unwrap();
            assert_eq!(cut, "time\ta");
        }
    }
}
