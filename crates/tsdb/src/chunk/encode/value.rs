//! Streams of doubles, each XORed with the one before.

use super::bits::BitWriter;

/// The newest value of a stream and the window of bits that may be used again.
#[derive(Clone, Copy, Debug)]
pub(super) struct ValueWriter {
    bits: u64,
    /// Leading and trailing zeros of the window; `None` before the first.
    window: Option<(u32, u32)>,
}

/// How a value differs from the one before it.
pub(super) enum Difference {
    None,
    /// It fits the window that was used last.
    InWindow(u64),
    InNewWindow(u64),
}

impl ValueWriter {
    pub(super) fn new(value: f64) -> Self {
        Self { bits: value.to_bits(), window: None }
    }

    /// Writes a value after the first in the form of XOR chunks.
    pub(super) fn next(&mut self, out: &mut BitWriter, value: f64) {
        match self.difference(value) {
            Difference::None => out.bit(false),
            Difference::InWindow(xor) => {
                out.bits(0b10, 2);
                self.in_window(out, xor);
            }
            Difference::InNewWindow(xor) => {
                out.bits(0b11, 2);
                self.in_new_window(out, xor);
            }
        }
    }

    /// What is to be written of `value`, which becomes the newest.
    pub(super) fn difference(&mut self, value: f64) -> Difference {
        let xor = self.bits ^ value.to_bits();
        self.bits = value.to_bits();
        match self.window {
            _ if xor == 0 => Difference::None,
            Some((leading, trailing))
                if xor.leading_zeros() >= leading && xor.trailing_zeros() >= trailing =>
            {
                Difference::InWindow(xor)
            }
            _ => Difference::InNewWindow(xor),
        }
    }

    pub(super) fn in_window(&self, out: &mut BitWriter, xor: u64) {
        let (leading, trailing) = self.window.expect("invariant: a window was written");
        out.bits(xor >> trailing, 64 - leading - trailing);
    }

    pub(super) fn in_new_window(&mut self, out: &mut BitWriter, xor: u64) {
        let (leading, trailing) = (xor.leading_zeros().min(31), xor.trailing_zeros());
        let significant = 64 - leading - trailing;
        out.bits(u64::from(leading), 5);
        // 64 does not fit six bits; nothing else is 0.
        out.bits(u64::from(significant & 63), 6);
        self.window = Some((leading, trailing));
        self.in_window(out, xor);
    }
}
