//! Chunks: up to a few hundred samples of one series, compressed.
//!
//! [`decode`] reads every encoding of Prometheus straight into columns, [`encode`] writes them.

mod bits;
mod encode;
mod histogram;
mod layout;
mod sink;
mod start_time;
#[cfg(test)]
mod tests;
mod value;
mod xor;
mod xor2;
mod xor_runs;

use promqlite_model::{SampleBuf, TimeRange};

use crate::bytes::Cursor;
use crate::error::Malformed;
use sink::Sink;

pub use encode::{EncodedChunk, encode};

/// How the samples of a chunk are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Encoding {
    /// Floats.
    Xor = 1,
    /// Native histograms with integer counts.
    Histogram = 2,
    /// Native histograms with float counts.
    FloatHistogram = 3,
    /// Floats with start timestamps.
    Xor2 = 4,
    /// Native histograms with integer counts and start timestamps.
    HistogramSt = 5,
    /// Native histograms with float counts and start timestamps.
    FloatHistogramSt = 6,
}

impl Encoding {
    /// All encodings, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Xor,
        Self::Histogram,
        Self::FloatHistogram,
        Self::Xor2,
        Self::HistogramSt,
        Self::FloatHistogramSt,
    ];

    /// The encoding with Prometheus' number `number`.
    ///
    /// # Errors
    /// When there is none, or when it is the one of downsampled Thanos blocks.
    pub fn from_number(number: u8) -> Result<Self, Malformed> {
        Self::ALL.into_iter().find(|encoding| *encoding as u8 == number).ok_or_else(|| {
            Malformed::new(
                0,
                match number {
                    0xff => "the chunk is downsampled by Thanos, which is not read here".into(),
                    other => format!("chunk encoding {other} is unknown"),
                },
            )
        })
    }

    /// The name of the encoding in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xor => "XOR",
            Self::Histogram => "histogram",
            Self::FloatHistogram => "float histogram",
            Self::Xor2 => "XOR2",
            Self::HistogramSt => "histogram ST",
            Self::FloatHistogramSt => "float histogram ST",
        }
    }

    /// Whether samples can carry start timestamps.
    #[must_use]
    pub fn has_start_times(self) -> bool {
        matches!(self, Self::Xor2 | Self::HistogramSt | Self::FloatHistogramSt)
    }
}

/// Appends the samples of a chunk that lie in `range` to `buf`. `data` starts after the byte that tells the
/// encoding and has no checksum. Returns how many samples were decoded; none after the range is.
///
/// Of integer histograms the counts become floats. Histograms with schemas 9 to 52 are brought down to 8. The
/// first histogram of a chunk has no counter-reset hint, unless all are gauges, and the later ones were not reset.
///
/// # Errors
/// When the chunk is cut off, makes no sense or its times do not ascend. What was decoded before then is in `buf`.
pub fn decode(
    encoding: Encoding,
    data: &[u8],
    range: TimeRange,
    buf: &mut SampleBuf,
) -> Result<usize, Malformed> {
    let mut sink = Sink::new(buf, range);
    match encoding {
        Encoding::Xor => xor::decode(data, &mut sink),
        Encoding::Xor2 => xor2::decode(data, &mut sink),
        Encoding::Histogram => histogram::decode_integers(data, false, &mut sink),
        Encoding::HistogramSt => histogram::decode_integers(data, true, &mut sink),
        Encoding::FloatHistogram => histogram::decode_floats(data, false, &mut sink),
        Encoding::FloatHistogramSt => histogram::decode_floats(data, true, &mut sink),
    }?;
    Ok(sink.decoded())
}

/// Number of samples of a chunk, without decoding them.
///
/// # Errors
/// When even the number is cut off.
pub fn sample_count(encoding: Encoding, data: &[u8]) -> Result<usize, Malformed> {
    let count = Cursor::new(data).u16()?;
    let in_14_bits = matches!(encoding, Encoding::HistogramSt | Encoding::FloatHistogramSt);
    Ok(usize::from(if in_14_bits { count & 0x3fff } else { count }))
}
