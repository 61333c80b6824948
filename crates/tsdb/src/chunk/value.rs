//! Streams of doubles, each XORed with the one before.

use super::bits::BitReader;

/// The newest value of a stream and the window of bits that it reads next.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueStream {
    pub(super) bits: u64,
    /// Significant bits of the window, 1 to 64.
    significant: u32,
    /// Bits above the window; with the significant ones 64 at most.
    leading: u32,
    /// The topmost `significant` bits.
    mask: u64,
}

impl ValueStream {
    pub(super) fn new(bits: u64) -> Self {
        Self { bits, significant: 64, leading: 0, mask: !0 }
    }

    pub(super) fn value(self) -> f64 {
        f64::from_bits(self.bits)
    }

    /// Width of the window in bits.
    pub(super) fn significant(self) -> u32 {
        self.significant
    }

    /// Reads `0` (unchanged), `10` and bits of the old window, or `11`, a new window and its bits.
    #[inline]
    pub(super) fn next(&mut self, reader: &mut BitReader<'_>) {
        if reader.bit() {
            if reader.bit() { self.in_new_window(reader) } else { self.in_window(reader) }
        }
    }

    /// Sets the window by what is told of it, if it is one.
    #[inline(always)]
    pub(super) fn set_window(&mut self, leading: u32, width: u32) -> Option<()> {
        // A width of 0 stands for 64.
        let significant = (width.wrapping_sub(1) & 63) + 1;
        if leading + significant > 64 {
            return None;
        }
        (self.significant, self.leading, self.mask) = (significant, leading, !0 << (64 - significant));
        Some(())
    }

    /// Takes the window's bits from the top of `word`.
    #[inline(always)]
    pub(super) fn apply(&mut self, word: u64) {
        self.bits ^= (word & self.mask) >> (self.leading & 63);
    }

    /// Reads the bits of the window that was used last.
    #[inline(always)]
    pub(super) fn in_window(&mut self, reader: &mut BitReader<'_>) {
        self.bits ^= reader.bits(self.significant) << (64 - self.significant - self.leading);
    }

    /// Reads a window (five bits for the leading zeros, six for the width) and its bits.
    #[inline(always)]
    pub(super) fn in_new_window(&mut self, reader: &mut BitReader<'_>) {
        let window = reader.bits(11) as u32;
        if self.set_window(window >> 6, window & 63).is_none() {
            return reader.fail("a value has more than 64 bits");
        }
        self.in_window(reader);
    }
}
