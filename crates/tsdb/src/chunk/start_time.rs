//! Start timestamps, which the ST encodings put after each sample.

use super::bits::BitReader;

/// The start timestamps of a chunk as they are read, sample by sample.
#[derive(Debug)]
pub(super) struct StartTimes {
    /// Whether the first sample has one of its own.
    first_known: bool,
    /// Index of the first sample whose start timestamp differs from the one before; 0 if none does.
    changes_at: usize,
    current: i64,
    difference: i64,
}

impl StartTimes {
    /// Takes the header byte of a chunk; [`none`](Self::none) for encodings without one.
    pub(super) fn new(header: u8) -> Self {
        Self {
            first_known: header & 0x80 != 0,
            changes_at: usize::from(header & 0x7f),
            current: 0,
            difference: 0,
        }
    }

    pub(super) fn none() -> Self {
        Self::new(0)
    }

    /// The start timestamp in ms, 0 if unknown, of sample `i` at `t_ms`, which follows one at `previous_ms`.
    pub(super) fn next(&mut self, reader: &mut BitReader<'_>, i: usize, t_ms: i64, previous_ms: i64) -> i64 {
        if i == 0 {
            if self.first_known {
                self.current = t_ms.wrapping_sub(reader.varint());
            }
        } else if self.changes_at > 0 && i >= self.changes_at {
            self.difference = self.difference.wrapping_add(reader.varbit_int());
            self.current = previous_ms.wrapping_sub(self.difference);
        }
        self.current
    }
}
