//! Records about series: labels, metadata, deletions, places of chunks.

use promqlite_storage::MetricKind;

use super::Entries;
use crate::bytes::Cursor;
use crate::error::Malformed;

/// Labels as a record holds them; checked, not decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawLabels<'a> {
    count: usize,
    pairs: &'a [u8],
}

impl<'a> RawLabels<'a> {
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let count = cursor.count(2)?;
        let pairs = cursor.rest();
        let start = cursor.position();
        for _ in 0..2 * count {
            cursor.string()?;
        }
        Ok(Self { count, pairs: &pairs[..cursor.position() - start] })
    }

    /// Names and values in the order of the record, which is that of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mut cursor = Cursor::new(self.pairs);
        let mut text = move || cursor.string().expect("invariant: labels were checked when they were read");
        (0..self.count).map(move |_| (text(), text()))
    }
}

/// A series and its labels.
#[derive(Clone, Copy, Debug)]
pub struct SeriesEntry<'a> {
    /// What samples call it by.
    pub reference: u64,
    /// Its labels.
    pub labels: RawLabels<'a>,
}

/// A deleted time range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Whose samples are deleted.
    pub reference: u64,
    /// From here, in ms.
    pub start_ms: i64,
    /// To here, in ms, inclusive.
    pub end_ms: i64,
}

/// Says that the out-of-order samples of a series so far are in a head chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MmapMarker {
    /// The series.
    pub reference: u64,
    /// File number in the upper half, byte offset in the lower half.
    pub chunk: u64,
}

/// What is known about the metric of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesMetadata<'a> {
    /// The series.
    pub reference: u64,
    /// Its type.
    pub kind: MetricKind,
    /// Its unit, empty if none.
    pub unit: &'a str,
    /// Its help text, empty if none.
    pub help: &'a str,
}

/// The entries of a record that do not depend on each other. After an error there are no more.
#[derive(Clone, Debug)]
pub struct Plain<'a, T> {
    entries: Entries<'a>,
    read: fn(&mut Cursor<'a>) -> Result<T, Malformed>,
}

/// The series of a record.
pub type Series<'a> = Plain<'a, SeriesEntry<'a>>;
/// The deletions of a record.
pub type Tombstones<'a> = Plain<'a, Tombstone>;
/// The markers of a record.
pub type MmapMarkers<'a> = Plain<'a, MmapMarker>;
/// The metadata of a record.
pub type SeriesMetadataEntries<'a> = Plain<'a, SeriesMetadata<'a>>;

impl<T> Iterator for Plain<'_, T> {
    type Item = Result<T, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.entries.next(self.read)
    }
}

pub(super) fn series(cursor: Cursor<'_>) -> Series<'_> {
    Plain { entries: Entries::new(cursor), read: one_series }
}

fn one_series<'a>(cursor: &mut Cursor<'a>) -> Result<SeriesEntry<'a>, Malformed> {
    Ok(SeriesEntry { reference: cursor.u64()?, labels: RawLabels::read(cursor)? })
}

pub(super) fn tombstones(cursor: Cursor<'_>) -> Tombstones<'_> {
    Plain { entries: Entries::new(cursor), read: one_tombstone }
}

fn one_tombstone(cursor: &mut Cursor<'_>) -> Result<Tombstone, Malformed> {
    Ok(Tombstone { reference: cursor.u64()?, start_ms: cursor.varint()?, end_ms: cursor.varint()? })
}

pub(super) fn mmap_markers(cursor: Cursor<'_>) -> MmapMarkers<'_> {
    Plain { entries: Entries::new(cursor), read: one_marker }
}

fn one_marker(cursor: &mut Cursor<'_>) -> Result<MmapMarker, Malformed> {
    Ok(MmapMarker { reference: cursor.u64()?, chunk: cursor.u64()? })
}

pub(super) fn metadata(cursor: Cursor<'_>) -> SeriesMetadataEntries<'_> {
    Plain { entries: Entries::new(cursor), read: one_metadata }
}

fn one_metadata<'a>(cursor: &mut Cursor<'a>) -> Result<SeriesMetadata<'a>, Malformed> {
    let reference = cursor.uvarint()?;
    let kind = metric_kind(cursor.u8()?);
    let (mut unit, mut help) = ("", "");
    for _ in 0..cursor.count(2)? {
        let (key, value) = (cursor.string()?, cursor.string()?);
        match key {
            "UNIT" => unit = value,
            "HELP" => help = value,
            // A key of a later version.
            _ => {}
        }
    }
    Ok(SeriesMetadata { reference, kind, unit, help })
}

/// The type with Prometheus' number; a number of a later version is an unknown type.
fn metric_kind(number: u8) -> MetricKind {
    match number {
        1 => MetricKind::Counter,
        2 => MetricKind::Gauge,
        3 => MetricKind::Histogram,
        4 => MetricKind::GaugeHistogram,
        5 => MetricKind::Summary,
        6 => MetricKind::Info,
        7 => MetricKind::StateSet,
        _ => MetricKind::Unknown,
    }
}
