//! What a record says.
//!
//! Decoding is lazy: a [`Record`] is an iterator over entries that borrow from the record's bytes.

mod floats;
mod histograms;
mod series;

pub use floats::{Exemplar, Exemplars, FloatSample, Samples};
pub use histograms::{HistogramSample, Histograms};
pub use series::{
    MmapMarker, MmapMarkers, Plain, RawLabels, Series, SeriesEntry, SeriesMetadata, SeriesMetadataEntries,
    Tombstone, Tombstones,
};

use crate::bytes::Cursor;
use crate::error::Malformed;

/// The type of a record, its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RecordType {
    /// References and labels of series.
    Series = 1,
    /// Float samples.
    Samples = 2,
    /// Deleted time ranges.
    Tombstones = 3,
    /// Exemplars.
    Exemplars = 4,
    /// Where out-of-order samples went; only in a WBL.
    MmapMarkers = 5,
    /// Type, unit and help of series.
    Metadata = 6,
    /// Native histograms with integer counts.
    Histograms = 7,
    /// Native histograms with float counts.
    FloatHistograms = 8,
    /// Integer histograms, with custom buckets too.
    CustomHistograms = 9,
    /// Float histograms, with custom buckets too.
    CustomFloatHistograms = 10,
    /// Float samples with start timestamps.
    SamplesV2 = 11,
    /// Integer histograms with start timestamps.
    HistogramsV2 = 12,
    /// Float histograms with start timestamps.
    FloatHistogramsV2 = 13,
}

impl RecordType {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Series,
        Self::Samples,
        Self::Tombstones,
        Self::Exemplars,
        Self::MmapMarkers,
        Self::Metadata,
        Self::Histograms,
        Self::FloatHistograms,
        Self::CustomHistograms,
        Self::CustomFloatHistograms,
        Self::SamplesV2,
        Self::HistogramsV2,
        Self::FloatHistogramsV2,
    ];

    /// The type with Prometheus' number `number`.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The name of the type in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Samples => "samples",
            Self::Tombstones => "tombstones",
            Self::Exemplars => "exemplars",
            Self::MmapMarkers => "mmap markers",
            Self::Metadata => "metadata",
            Self::Histograms => "histograms",
            Self::FloatHistograms => "float histograms",
            Self::CustomHistograms => "custom-bucket histograms",
            Self::CustomFloatHistograms => "custom-bucket float histograms",
            Self::SamplesV2 => "samples v2",
            Self::HistogramsV2 => "histograms v2",
            Self::FloatHistogramsV2 => "float histograms v2",
        }
    }
}

/// The entries of a record. After an error there are no more.
#[derive(Clone, Debug)]
pub enum Record<'a> {
    /// References and labels of series.
    Series(Series<'a>),
    /// Float samples.
    Samples(Samples<'a>),
    /// Deleted time ranges.
    Tombstones(Tombstones<'a>),
    /// Exemplars.
    Exemplars(Exemplars<'a>),
    /// Where out-of-order samples went.
    MmapMarkers(MmapMarkers<'a>),
    /// Type, unit and help of series.
    Metadata(SeriesMetadataEntries<'a>),
    /// Native histograms of all kinds.
    Histograms(Histograms<'a>),
}

impl<'a> Record<'a> {
    /// The type and the entries of a record.
    ///
    /// # Errors
    /// When the record is empty or of an unknown type, or its start does not decode.
    pub fn decode(data: &'a [u8]) -> Result<(RecordType, Self), Malformed> {
        let mut cursor = Cursor::new(data);
        let number = cursor.u8()?;
        let Some(kind) = RecordType::from_number(number) else {
            return Err(Malformed::new(0, format!("record type {number} is unknown")));
        };
        let record = match kind {
            RecordType::Series => Self::Series(series::series(cursor)),
            RecordType::Samples => Self::Samples(Samples::v1(cursor)?),
            RecordType::SamplesV2 => Self::Samples(Samples::v2(cursor)),
            RecordType::Tombstones => Self::Tombstones(series::tombstones(cursor)),
            RecordType::Exemplars => Self::Exemplars(Exemplars::new(cursor)?),
            RecordType::MmapMarkers => Self::MmapMarkers(series::mmap_markers(cursor)),
            RecordType::Metadata => Self::Metadata(series::metadata(cursor)),
            RecordType::Histograms | RecordType::CustomHistograms => {
                Self::Histograms(Histograms::v1(cursor, false)?)
            }
            RecordType::FloatHistograms | RecordType::CustomFloatHistograms => {
                Self::Histograms(Histograms::v1(cursor, true)?)
            }
            RecordType::HistogramsV2 => Self::Histograms(Histograms::v2(cursor, false)),
            RecordType::FloatHistogramsV2 => Self::Histograms(Histograms::v2(cursor, true)),
        };
        Ok((kind, record))
    }
}

/// Entries that follow each other to the end of a record. After an error there are no more.
#[derive(Clone, Debug)]
struct Entries<'a> {
    cursor: Cursor<'a>,
    failed: bool,
}

impl<'a> Entries<'a> {
    fn new(cursor: Cursor<'a>) -> Self {
        Self { cursor, failed: false }
    }

    fn next<T>(
        &mut self,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<T, Malformed>,
    ) -> Option<Result<T, Malformed>> {
        if self.failed || self.cursor.is_empty() {
            return None;
        }
        let entry = read(&mut self.cursor);
        self.failed = entry.is_err();
        Some(entry)
    }
}

/// Which sample an entry is of: series, time and start time as differences from entries before.
#[derive(Clone, Debug)]
enum Stamps {
    /// All differ from one base, and there are no start times.
    V1 { base_ref: u64, base_t: i64 },
    /// References differ from the entry before, times from the first.
    V2 { first: Option<(i64, i64)>, last_ref: u64, last_start: i64 },
}

/// Series, time and start time of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    reference: u64,
    t_ms: i64,
    start_ms: i64,
}

impl Stamps {
    /// The base of a record of the first version.
    fn v1(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        if cursor.is_empty() {
            return Ok(Self::V1 { base_ref: 0, base_t: 0 });
        }
        Ok(Self::V1 { base_ref: cursor.u64()?, base_t: cursor.i64()? })
    }

    fn v2() -> Self {
        Self::V2 { first: None, last_ref: 0, last_start: 0 }
    }

    /// Sums wrap, as those of the writer do.
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<Stamp, Malformed> {
        let delta_ref = cursor.varint()?;
        let delta_t = cursor.varint()?;
        match self {
            Self::V1 { base_ref, base_t } => Ok(Stamp {
                reference: base_ref.wrapping_add_signed(delta_ref),
                t_ms: base_t.wrapping_add(delta_t),
                start_ms: 0,
            }),
            Self::V2 { first, last_ref, last_start } => {
                *last_ref = last_ref.wrapping_add_signed(delta_ref);
                let t_ms = match *first {
                    None => {
                        *last_start = cursor.varint()?;
                        *first = Some((delta_t, *last_start));
                        delta_t
                    }
                    Some((first_t, first_start)) => {
                        *last_start = match cursor.u8()? {
                            0 => 0,
                            1 => *last_start,
                            2 => first_start.wrapping_add(cursor.varint()?),
                            other => {
                                let message = format!("start time marker {other} is unknown");
                                return Err(cursor.malformed(message));
                            }
                        };
                        first_t.wrapping_add(delta_t)
                    }
                };
                Ok(Stamp { reference: *last_ref, t_ms, start_ms: *last_start })
            }
        }
    }
}
