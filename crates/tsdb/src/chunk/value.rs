//! Streams of doubles, each XORed with the one before.

use super::bits::BitReader;

/// The newest value of a stream and the window of bits that it reads next.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueStream {
    pub(super) bits: u64,
    /// Significant bits of the window, 1 to 64.
    significant: u32,
    /// Bits below the window.
    trailing: u32,
}

impl ValueStream {
    pub(super) fn new(bits: u64) -> Self {
        Self { bits, significant: 64, trailing: 0 }
    }

    pub(super) fn value(self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// Reads `0` (unchanged), `10` and bits of the old window, or `11`, a new window and its bits.
    #[inline(always)]
    pub(super) fn next(&mut self, reader: &mut BitReader<'_>) {
        if reader.valid() < 16 {
            reader.refill();
        }
        let ahead = reader.peek();
        if ahead >> 63 == 0 {
            return reader.skip(1);
        }
        if ahead >> 62 == 0b10 {
            reader.skip(2);
            return self.in_window(reader);
        }
        reader.skip(2);
        self.in_new_window(reader);
    }

    /// Reads the bits of the window that was used last.
    #[inline(always)]
    pub(super) fn in_window(&mut self, reader: &mut BitReader<'_>) {
        self.bits ^= reader.bits(self.significant) << self.trailing;
    }

    /// Reads a window (five bits for the leading zeros, six for the width) and its bits.
    #[inline(always)]
    pub(super) fn in_new_window(&mut self, reader: &mut BitReader<'_>) {
        let window = reader.bits(11) as u32;
        let (leading, width) = (window >> 6, window & 63);
        let significant = if width == 0 { 64 } else { width };
        if leading + significant > 64 {
            return reader.fail("a value has more than 64 bits");
        }
        (self.significant, self.trailing) = (significant, 64 - leading - significant);
        self.in_window(reader);
    }
}
