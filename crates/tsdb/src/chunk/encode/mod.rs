//! Samples to chunks.

mod bits;
mod floats;
mod histograms;
mod runs;
mod start_time;
mod value;
mod widen;

use promqlite_model::Samples;

use super::Encoding;
use histograms::Header;
use runs::{Kind, Run};

/// A chunk as it lies in files, without length, encoding and checksum around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedChunk {
    /// How it is compressed.
    pub encoding: Encoding,
    /// Time of its first sample in ms.
    pub min_ms: i64,
    /// Time of its last sample in ms.
    pub max_ms: i64,
    /// Number of its samples.
    pub samples: usize,
    /// The samples.
    pub data: Vec<u8>,
}

/// Compresses samples into chunks of at most 120, none of which mixes floats and histograms, schemas or bounds of
/// histograms, gauges and counters, or the histograms before and after a counter reset. Where the buckets of histograms
/// differ, as when a counter gets its first observation in one, all histograms of the chunk get the buckets of all, as
/// in Prometheus; those they did not have are empty. Histograms whose counts are all whole numbers are stored as
/// integers.
///
/// With `start_times`, chunks of samples that have start timestamps get an encoding that keeps them, which only
/// recent versions of Prometheus read; without, start timestamps are left out.
pub fn encode(samples: &Samples<'_>, start_times: bool) -> impl Iterator<Item = EncodedChunk> {
    let samples = *samples;
    let mut next = 0;
    std::iter::from_fn(move || {
        let Run { samples: run, kind, buckets } =
            (next < samples.len()).then(|| runs::next(&samples, next))?;
        next = run.end;
        let samples = samples.slice(run);
        Some(match buckets {
            None => encode_run(&samples, kind, start_times),
            Some(buckets) => encode_run(&buckets.widen(&samples).samples(), kind, start_times),
        })
    })
}

fn encode_run(samples: &Samples<'_>, kind: Kind, start_times: bool) -> EncodedChunk {
    let start_times = start_times && samples.start_times.iter().any(|&start| start != 0);
    let (encoding, data) = match kind {
        Kind::Floats if start_times => (Encoding::Xor2, floats::xor2(samples)),
        Kind::Floats => (Encoding::Xor, floats::xor(samples)),
        Kind::IntegerHistograms(flag) => (
            if start_times { Encoding::HistogramSt } else { Encoding::Histogram },
            histograms::integers(samples, &Header { flag, start_times }),
        ),
        Kind::FloatHistograms(flag) => (
            if start_times { Encoding::FloatHistogramSt } else { Encoding::FloatHistogram },
            histograms::floats(samples, &Header { flag, start_times }),
        ),
    };
    EncodedChunk {
        encoding,
        min_ms: samples.times[0],
        max_ms: samples.times[samples.len() - 1],
        samples: samples.len(),
        data,
    }
}
