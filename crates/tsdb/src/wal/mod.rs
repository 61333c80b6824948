//! Write-ahead logs: segments of pages, pages of record fragments, records of samples.
//!
//! [`Log`] finds the segments of a log folder, [`Reader`] takes whole records out of them, and [`Record`] decodes
//! one. The WAL, its checkpoints, the out-of-order WBL and the log of an agent share all of this.

mod compression;
mod framing;
mod log;
mod reader;
mod record;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub(crate) use log::entries;
pub use log::{Log, LogSegment};
pub use reader::{Damage, RawRecord, Reader};
pub use record::{
    Exemplar, Exemplars, FloatSample, HistogramSample, Histograms, MmapMarker, MmapMarkers, Plain, RawLabels,
    Record, RecordType, Samples, Series, SeriesEntry, SeriesMetadata, SeriesMetadataEntries, Tombstone,
    Tombstones,
};
