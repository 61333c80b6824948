//! What was found in a head.

use std::collections::BTreeMap;

use promqlite_model::TimeRange;

use crate::chunk::Encoding;
use crate::wal::{Damage, RecordType};

/// What was found in a head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadReport {
    /// The write-ahead log.
    pub wal: LogReport,
    /// The log of out-of-order samples.
    pub wbl: LogReport,
    /// The head chunks.
    pub head_chunks: HeadChunksReport,
    /// Series that have samples.
    pub series: u64,
    /// Samples that were kept.
    pub samples: u64,
    /// Samples that were left out, by reason.
    pub dropped: Dropped,
    /// Times of the first and the last sample.
    pub time_range: Option<TimeRange>,
    /// Bytes of memory that the samples and their series take.
    pub store_bytes: u64,
    /// Bytes of these that the samples take.
    pub sample_bytes: u64,
}

/// Samples that were read and left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Their series was never told of: what told of it is lost.
    pub unknown_series: u64,
    /// They are so old that a block has them.
    pub in_blocks: u64,
    /// Head chunks have them, or their log has them twice.
    pub duplicates: u64,
    /// They were not later than the sample before: the WBL or a block has them, or they were refused when they came.
    pub out_of_order: u64,
    /// Another sample of their series has the same time.
    pub conflicts: u64,
    /// They were deleted.
    pub deleted: u64,
}

/// What was found in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogReport {
    /// The number of the checkpoint that was read, if any.
    pub checkpoint: Option<u64>,
    /// Segments, those of the checkpoint included.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// First and last numbers of segments that are missing in between.
    pub gaps: Vec<(u64, u64)>,
    /// Records by type.
    pub records: BTreeMap<RecordType, u64>,
    /// Series that were told of, each label set once for each reference.
    pub series: u64,
    /// Float samples.
    pub float_samples: u64,
    /// Histogram samples.
    pub histogram_samples: u64,
    /// Exemplars; they are not kept.
    pub exemplars: u64,
    /// Where it is damaged or torn.
    pub damage: Vec<Damage>,
}

/// What was found in head chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadChunksReport {
    /// Files.
    pub files: u64,
    /// Their bytes, reserved ones included.
    pub bytes: u64,
    /// Chunks by encoding.
    pub chunks: BTreeMap<Encoding, u64>,
    /// How many of them hold out-of-order samples.
    pub out_of_order: u64,
    /// How many of them belong to no series that the WAL tells of.
    pub unknown_series: u64,
    /// Samples in them.
    pub samples: u64,
    /// Where they are damaged or torn.
    pub damage: Vec<Damage>,
}

impl HeadReport {
    /// All damaged and torn places.
    pub fn damage(&self) -> impl Iterator<Item = &Damage> {
        self.head_chunks.damage.iter().chain(&self.wal.damage).chain(&self.wbl.damage)
    }

    /// Whether there was nothing at all: no file of a head.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.wal.segments == 0 && self.wbl.segments == 0 && self.head_chunks.files == 0
    }

    /// Sentences about what is lost, for users. Torn ends are none: a running server has them.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let lost = |damage: &Damage| format!("{damage}; the rest of it is left out");
        let mut warnings: Vec<String> = self.damage().filter(|damage| !damage.torn).map(lost).collect();
        for (name, log) in [("wal", &self.wal), ("wbl", &self.wbl)] {
            let gap = |&(first, last): &(u64, u64)| {
                if first == last {
                    format!("{name}: segment {first:08} is missing")
                } else {
                    format!("{name}: segments {first:08} to {last:08} are missing")
                }
            };
            warnings.extend(log.gaps.iter().map(gap));
        }
        if self.wal.segments == 0 && self.head_chunks.files > 0 {
            warnings.push(
                "wal: there are no segments, without which head chunks cannot be read; what was in no block yet is \
                 missing"
                    .to_owned(),
            );
        }
        if self.dropped.unknown_series > 0 {
            warnings.push(format!(
                "{} samples of the WAL are left out: the record that tells the labels of their series is missing",
                self.dropped.unknown_series
            ));
        }
        if self.head_chunks.unknown_series > 0 {
            warnings.push(format!(
                "{} head chunks are left out: the WAL record that tells the labels of their series is missing",
                self.head_chunks.unknown_series
            ));
        }
        warnings
    }
}
