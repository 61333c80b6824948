//! Start timestamps, which the ST encodings put after each sample.

use promqlite_model::Samples;

use super::bits::BitWriter;

/// Start timestamps of a chunk as they are written, sample by sample.
#[derive(Debug)]
pub(super) struct StartTimeWriter {
    first_known: bool,
    /// Index of the first sample whose start timestamp differs from the one before; 0 if none does.
    changes_at: usize,
    difference: i64,
}

impl StartTimeWriter {
    /// For all samples of a chunk, at most 120.
    pub(super) fn new(samples: &Samples<'_>) -> Self {
        let changes = |&i: &usize| samples.start_time(i) != samples.start_time(i - 1);
        let changes_at = (1..samples.len()).find(changes).unwrap_or(0);
        assert!(changes_at < 128, "invariant: chunks have at most 120 samples");
        Self { first_known: samples.start_time(0) != 0, changes_at, difference: 0 }
    }

    /// The byte in the chunk's header.
    pub(super) fn header(&self) -> u8 {
        u8::from(self.first_known) << 7 | self.changes_at as u8
    }

    /// Writes what follows sample `i`.
    pub(super) fn write(&mut self, out: &mut BitWriter, samples: &Samples<'_>, i: usize) {
        if i == 0 {
            if self.first_known {
                out.varint(samples.times[0].wrapping_sub(samples.start_time(0)));
            }
        } else if self.changes_at > 0 && i >= self.changes_at {
            let difference = samples.times[i - 1].wrapping_sub(samples.start_time(i));
            out.varbit_int(difference.wrapping_sub(self.difference));
            self.difference = difference;
        }
    }
}
