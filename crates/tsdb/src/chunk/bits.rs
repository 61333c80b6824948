//! Reading bits, the most significant of each byte first.

use crate::error::Malformed;

/// Widths of the numbers after 0 to 8 leading ones in the variable-length integers of histograms.
pub(super) const VARBIT_WIDTHS: [u32; 9] = [0, 3, 6, 9, 12, 18, 25, 56, 64];

/// Reads bits without a check at each step: past the end all bits are 0, and [`check`](Self::check) tells. So a
/// decoder has to call it before it hands anything out, and often enough to bound what it makes of zeros.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next byte to load; runs past the end while zeros are handed out.
    next: usize,
    /// The next bits, from the top; `valid` < 64 of them are loaded for good.
    bits: u64,
    valid: u32,
    fault: Option<&'static str>,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0, bits: 0, valid: 0, fault: None }
    }

    /// Makes the next [`check`](Self::check) fail.
    #[cold]
    pub(super) fn fail(&mut self, why: &'static str) {
        self.fault.get_or_insert(why);
    }

    /// Whether everything read so far was there and made sense.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        if self.position_bits() > self.bytes.len() * 8 {
            return Err(cut_off(self.bytes));
        }
        self.fault.map_or(Ok(()), |why| Err(Malformed::new(self.position_bits() / 8, why)))
    }

    /// Bits that are left; 0 past the end.
    pub(super) fn remaining_bits(&self) -> usize {
        (self.bytes.len() * 8).saturating_sub(self.position_bits())
    }

    /// Bits that were read.
    pub(super) fn position_bits(&self) -> usize {
        self.next * 8 - self.valid as usize
    }

    /// Loads bits until at least 56 are valid.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let Some(word) = self.bytes.get(self.next..).and_then(|rest| rest.first_chunk::<8>()) else {
            return self.refill_at_end();
        };
        // The bits below the valid ones are those of the next bytes already, so it does not harm to set them
        // again.
        self.bits |= u64::from_be_bytes(*word) >> self.valid;
        let loaded = (63 - self.valid) / 8;
        self.next += loaded as usize;
        self.valid += loaded * 8;
    }

    #[inline(never)]
    fn refill_at_end(&mut self) {
        while self.valid <= 55 {
            let byte = self.bytes.get(self.next).copied().unwrap_or(0);
            self.bits |= u64::from(byte) << (56 - self.valid);
            self.next += 1;
            self.valid += 8;
        }
    }

    /// The next bits, from the top; what lies below the valid ones means nothing.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        self.bits
    }

    /// How many bits of [`peek`](Self::peek) count.
    #[inline(always)]
    fn valid(&self) -> u32 {
        self.valid
    }

    /// Drops `n` < 64 valid bits.
    #[inline(always)]
    pub(super) fn skip(&mut self, n: u32) {
        self.bits <<= n;
        self.valid -= n;
    }

    /// The next `n` ≤ 64 bits.
    #[inline(always)]
    pub(super) fn bits(&mut self, n: u32) -> u64 {
        if n > self.valid() {
            self.refill();
            if n > self.valid() {
                let high = self.short(32);
                self.refill();
                return high << (n - 32) | self.short(n - 32);
            }
        }
        self.short(n)
    }

    /// The next `n` < 64 bits, all of them valid.
    #[inline(always)]
    fn short(&mut self, n: u32) -> u64 {
        // In two steps, since a shift by 64 is none.
        let bits = self.bits >> 1 >> (63 - n);
        self.skip(n);
        bits
    }

    #[inline(always)]
    pub(super) fn bit(&mut self) -> bool {
        self.bits(1) == 1
    }

    /// The bits of a double.
    pub(super) fn f64(&mut self) -> f64 {
        f64::from_bits(self.bits(64))
    }

    /// A LEB128 number whose bytes need not be aligned.
    pub(super) fn uvarint(&mut self) -> u64 {
        let mut value = 0;
        for i in 0..10 {
            let byte = self.bits(8);
            if i == 9 && byte > 1 {
                break;
            }
            value |= (byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                return value;
            }
        }
        self.fail("a varint does not fit 64 bits");
        0
    }

    /// A zig-zag LEB128 number whose bytes need not be aligned.
    pub(super) fn varint(&mut self) -> i64 {
        let zigzag = self.uvarint();
        (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)
    }

    /// A number of 0 to 64 bits after a unary prefix that tells the width.
    #[inline]
    pub(super) fn varbit_uint(&mut self) -> u64 {
        let width = self.varbit_width();
        self.bits(width)
    }

    /// The same with a sign: numbers run from −2^(w−1) + 1 to 2^(w−1).
    #[inline]
    pub(super) fn varbit_int(&mut self) -> i64 {
        let width = self.varbit_width();
        let bits = self.bits(width);
        lopsided(bits, width)
    }

    #[inline]
    fn varbit_width(&mut self) -> u32 {
        self.refill();
        let ones = self.peek().leading_ones().min(8);
        self.skip((ones + 1).min(8));
        VARBIT_WIDTHS[ones as usize]
    }
}

/// The samples of a chunk need more than its bytes.
#[cold]
pub(super) fn cut_off(bytes: &[u8]) -> Malformed {
    Malformed::new(bytes.len(), "the samples of a chunk are cut off")
}

/// At least 57 bits from a place on, from the top, those below them 0; `None` where less than eight bytes follow.
#[inline(always)]
pub(super) fn word_at(bytes: &[u8], position_bits: usize) -> Option<u64> {
    let byte = position_bits / 8;
    let word: [u8; 8] = bytes.get(byte..byte + 8)?.try_into().ok()?;
    Some(u64::from_be_bytes(word) << (position_bits % 8))
}

/// 64 bits from a place on; `None` where less than nine bytes follow.
#[inline(always)]
pub(super) fn whole_word_at(bytes: &[u8], position_bits: usize) -> Option<u64> {
    let byte = position_bits / 8;
    let &[first @ .., last]: &[u8; 9] = bytes.get(byte..byte + 9)?.try_into().ok()?;
    let shift = position_bits % 8;
    // In two steps, since a shift by 8 would leave nothing of a byte.
    Some(u64::from_be_bytes(first) << shift | u64::from(last >> 1 >> (7 - shift)))
}

/// The number of `width` bits in the encoding that leaves out −2^(w−1) and has 2^(w−1) instead.
#[inline(always)]
pub(super) fn lopsided(bits: u64, width: u32) -> i64 {
    if width == 0 || width == 64 || bits <= 1 << (width - 1) {
        bits as i64
    } else {
        bits as i64 - (1 << width)
    }
}

/// The number of 1 to 63 bits in ordinary two's complement.
#[inline(always)]
pub(super) fn signed(bits: u64, width: u32) -> i64 {
    ((bits << (64 - width)) as i64) >> (64 - width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_from_the_top_and_end_with_zeros() {
        let mut reader = BitReader::new(&[0b1010_0000, 0xff]);
        assert_eq!((reader.bits(3), reader.bits(5), reader.bits(0)), (0b101, 0, 0));
        assert_eq!(reader.remaining_bits(), 8);
        assert_eq!(reader.bits(8), 0xff);
        assert!(reader.check().is_ok());
        assert!(!reader.bit());
        assert!(reader.check().unwrap_err().message.contains("cut off"));
    }

    #[test]
    fn any_width_at_any_shift() {
        let bytes: Vec<u8> = (0..40u8).map(|i| i.wrapping_mul(151) ^ 0x5a).collect();
        let bit = |i: usize| u64::from(bytes[i / 8] >> (7 - i % 8) & 1);
        for shift in 0..64u32 {
            for width in 0..=64u32 {
                let mut reader = BitReader::new(&bytes);
                reader.bits(shift);
                let want = (shift..shift + width).fold(0, |n, i| n << 1 | bit(i as usize));
                assert_eq!(reader.bits(width), want, "{width} bits after {shift}");
                let next = (shift + width) as usize;
                assert_eq!(reader.bits(61), (next..next + 61).fold(0, |n, i| n << 1 | bit(i)));
            }
        }
    }

    #[test]
    fn words_at_any_place() {
        let bytes: Vec<u8> = (0..20u8).map(|i| i.wrapping_mul(151) ^ 0x5a).collect();
        for at in 0..8 * 20 {
            let mut reader = BitReader::new(&bytes);
            for _ in 0..at {
                reader.bit();
            }
            let want = reader.bits(64);
            let valid = !0u64 << (at % 8);
            assert_eq!(word_at(&bytes, at), (at / 8 + 8 <= 20).then_some(want & valid), "{at}");
            assert_eq!(whole_word_at(&bytes, at), (at / 8 + 9 <= 20).then_some(want), "{at}");
        }
    }

    #[test]
    fn the_two_kinds_of_sign() {
        assert_eq!([0b100, 0b101, 0b111, 0b011].map(|bits| lopsided(bits, 3)), [4, -3, -1, 3]);
        assert_eq!([0b100, 0b101, 0b111, 0b011].map(|bits| signed(bits, 3)), [-4, -3, -1, 3]);
        assert_eq!(lopsided(u64::MAX, 64), -1);
    }
}
