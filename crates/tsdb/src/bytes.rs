//! A cursor that checks every length, count, offset and varint before it is used.
//!
//! All numbers are big-endian, as in every file of Prometheus.

use crate::error::Malformed;

/// Reads forward through bytes. What fails leaves the cursor where it was.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The CRC-32C of `bytes`, as all of Prometheus' files use it.
#[must_use]
pub fn crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

impl<'a> Cursor<'a> {
    /// A cursor at the first of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A cursor `at` bytes into `bytes`; errors tell offsets from the start of `bytes`.
    ///
    /// # Errors
    /// When `at` is past the end.
    pub fn at(bytes: &'a [u8], at: usize) -> Result<Self, Malformed> {
        if at > bytes.len() {
            return Err(Malformed::new(bytes.len(), format!("offset {at} lies past the end")));
        }
        Ok(Self { bytes, at })
    }

    /// Bytes before the cursor.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Number of bytes that are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Whether all has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The bytes that are left.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// An error at the cursor.
    #[must_use]
    pub fn malformed(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> Malformed {
        Malformed::new(self.at, message)
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        if n > self.remaining() {
            return Err(self.malformed(format!("{n} bytes expected, {} are left", self.remaining())));
        }
        let taken = &self.bytes[self.at..self.at + n];
        self.at += n;
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        match self.bytes[self.at..].first_chunk::<N>() {
            Some(array) => {
                self.at += N;
                Ok(*array)
            }
            None => Err(self.malformed(format!("{N} bytes expected, {} are left", self.remaining()))),
        }
    }

    /// One byte.
    ///
    /// # Errors
    /// At the end.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// Four bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Eight bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// Eight bytes, in two's complement.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    /// The eight bytes of an IEEE 754 double; every bit of a NaN is kept.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn f64(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_bits(self.u64()?))
    }

    /// An unsigned LEB128 number of at most ten bytes: Go's `binary.Uvarint`.
    ///
    /// # Errors
    /// When it does not end, or does not fit 64 bits.
    #[inline]
    pub fn uvarint(&mut self) -> Result<u64, Malformed> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_uvarint(),
        }
    }

    fn long_uvarint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (i, &byte) in self.rest().iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                if i == 9 && byte > 1 {
                    return Err(self.malformed("a varint does not fit 64 bits"));
                }
                self.at += i + 1;
                return Ok(value);
            }
        }
        Err(self.malformed(if self.remaining() < 10 {
            "a varint is cut off"
        } else {
            "a varint does not fit 64 bits"
        }))
    }

    /// A zig-zag LEB128 number: Go's `binary.Varint`.
    ///
    /// # Errors
    /// When it does not end, or does not fit 64 bits.
    #[inline]
    pub fn varint(&mut self) -> Result<i64, Malformed> {
        let zigzag = self.uvarint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// A `uvarint` that counts things of at least `least` bytes each, all of which must still follow.
    ///
    /// # Errors
    /// When so many cannot follow.
    pub fn count(&mut self, least: usize) -> Result<usize, Malformed> {
        let start = self.at;
        let count = self.uvarint()?;
        let fit = (self.remaining() / least.max(1)) as u64;
        if count > fit {
            self.at = start;
            return Err(self.malformed(format!("{count} entries told where at most {fit} fit")));
        }
        Ok(count as usize)
    }

    /// Bytes after a `uvarint` that tells how many.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn prefixed(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        let n = self.count(1)?;
        self.take(n).inspect_err(|_| self.at = start)
    }

    /// A UTF-8 string after a `uvarint` that tells its bytes.
    ///
    /// # Errors
    /// When fewer are left, or they are not UTF-8.
    pub fn string(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        std::str::from_utf8(self.prefixed()?).map_err(|_| Malformed::new(start, "a string is not UTF-8"))
    }

    /// What lies between `u32 length` and `u32 CRC-32C`, if the sum is right. Errors inside the result are to
    /// be [`moved`](Malformed::moved) by the position that the body starts at.
    ///
    /// # Errors
    /// When the body is cut off, or its sum is another.
    pub fn checked_section(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        let n = self.u32()? as usize;
        if n.saturating_add(4) > self.remaining() {
            self.at = start;
            return Err(self.malformed(format!("a section of {n} bytes is cut off")));
        }
        let body = self.take(n)?;
        let sum = self.u32()?;
        if crc(body) != sum {
            return Err(Malformed::new(start, "the checksum of a section is wrong"));
        }
        Ok(body)
    }
}

/// Appends `value` as an unsigned LEB128 number.
pub fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends `value` as a zig-zag LEB128 number.
pub fn put_varint(out: &mut Vec<u8>, value: i64) {
    put_uvarint(out, ((value << 1) ^ (value >> 63)) as u64);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fixed_numbers_are_big_endian() {
        let mut cursor = Cursor::new(&[1, 0, 2, 0, 0, 0, 3, 0xff]);
        assert_eq!(cursor.u8(), Ok(1));
        assert_eq!(cursor.u16(), Ok(2));
        assert_eq!(cursor.u32(), Ok(3));
        assert!(cursor.u16().unwrap_err().to_string().contains("at byte 7"));
        assert_eq!(cursor.take(1), Ok(&[0xff][..]));
        assert!(cursor.is_empty());
    }

    #[test]
    fn varints_have_ends() {
        assert_eq!(Cursor::new(&[0xac, 0x02]).uvarint(), Ok(300));
        assert_eq!(Cursor::new(&[0x03]).varint(), Ok(-2));
        assert!(Cursor::new(&[0x80]).uvarint().unwrap_err().message.contains("cut off"));
        assert!(Cursor::new(&[0xff; 12]).uvarint().unwrap_err().message.contains("64 bits"));
        let mut long = vec![0xff; 9];
        long.push(2);
        assert!(Cursor::new(&long).uvarint().unwrap_err().message.contains("64 bits"));
        long[9] = 1;
        assert_eq!(Cursor::new(&long).uvarint(), Ok(u64::MAX));
    }

    #[test]
    fn counts_and_lengths_must_fit() {
        assert!(Cursor::new(&[200, 1, 0, 0]).count(1).unwrap_err().message.contains("200 entries"));
        assert!(Cursor::new(&[3, b'a', b'b']).prefixed().is_err());
        assert!(Cursor::new(&[1, 0xff]).string().unwrap_err().message.contains("UTF-8"));
        assert!(Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0]).checked_section().is_err());
        assert!(Cursor::new(&[0, 0, 0, 0, 0, 0, 0, 0]).checked_section().is_ok());
        assert!(
            Cursor::new(&[0, 0, 0, 0, 0, 0, 0, 1])
                .checked_section()
                .unwrap_err()
                .message
                .contains("checksum")
        );
        assert!(Cursor::at(&[0], 2).is_err());
    }

    proptest! {
        #[test]
        fn varints_read_back(value: i64, small in -70_000i64..70_000) {
            for value in [value, small] {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                put_uvarint(&mut out, value as u64);
                let mut cursor = Cursor::new(&out);
                prop_assert_eq!(cursor.varint(), Ok(value));
                prop_assert_eq!(cursor.uvarint(), Ok(value as u64));
                prop_assert!(cursor.is_empty());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let mut cursor = Cursor::new(&bytes);
            while cursor.string().is_ok() || cursor.varint().is_ok() || cursor.checked_section().is_ok() {}
        }
    }
}
