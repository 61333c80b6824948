//! Streams of doubles, each XORed with the one before.

use super::bits::{BitReader, Window};

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
    #[inline]
    pub(super) fn next(&mut self, reader: &mut BitReader<'_>) {
        if reader.bit() {
            if reader.bit() { self.in_new_window(reader) } else { self.in_window(reader) }
        }
    }

    /// [`next`](Self::next) for loops: from 13 valid bits or more. `None` where too few bytes follow or the new window
    /// is none; then both may be half read.
    #[inline(always)]
    pub(super) fn next_in(&mut self, window: &mut Window<'_>) -> Option<()> {
        let ahead = window.peek();
        if ahead >> 63 == 0 {
            window.skip(1);
            return Some(());
        }
        // A branch that is guessed wrong now and then; without one, each sample would wait for all of the one
        // before it.
        let header = if ahead >> 62 == 0b10 {
            2
        } else {
            self.set_window((ahead << 2 >> 59) as u32, (ahead << 7 >> 58) as u32)?;
            13
        };
        let bits = if header + self.significant <= window.valid() {
            window.skip(header + self.significant);
            ahead << header >> (64 - self.significant)
        } else {
            window.skip(header);
            window.take(self.significant)?
        };
        self.bits ^= bits << self.trailing;
        Some(())
    }

    /// Sets the window by what is told of it, if it is one.
    #[inline(always)]
    fn set_window(&mut self, leading: u32, width: u32) -> Option<()> {
        // A width of 0 stands for 64.
        let significant = (width.wrapping_sub(1) & 63) + 1;
        if leading + significant > 64 {
            return None;
        }
        (self.significant, self.trailing) = (significant, 64 - leading - significant);
        Some(())
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
        if self.set_window(window >> 6, window & 63).is_none() {
            return reader.fail("a value has more than 64 bits");
        }
        self.in_window(reader);
    }
}
