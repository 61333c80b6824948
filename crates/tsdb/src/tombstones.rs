//! Which samples of a block were deleted after it was written.

use std::collections::BTreeMap;

use promqlite_model::{SampleBuf, Samples, TimeRange};

use crate::bytes::{Cursor, crc, put_uvarint, put_varint};
use crate::error::Malformed;

const MAGIC: [u8; 4] = [0x01, 0x30, 0xba, 0x30];
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 5;

/// Deleted times by series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tombstones {
    /// Per series, by its reference in the index: closed ranges, sorted and apart from each other.
    deleted: BTreeMap<u64, Vec<TimeRange>>,
}

impl Tombstones {
    /// Reads a `tombstones` file.
    ///
    /// # Errors
    /// When it does not begin as one, its checksum is wrong or it is cut off.
    pub fn read(file: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(file);
        if cursor.array::<4>()? != MAGIC {
            return Err(Malformed::new(0, "this is no tombstones file: its first bytes are others"));
        }
        let version = cursor.u8()?;
        if version != VERSION {
            return Err(Malformed::new(4, format!("tombstones version {version} is unknown")));
        }
        let end = file.len().checked_sub(4).filter(|&end| end >= HEADER_BYTES);
        let end = end.ok_or_else(|| Malformed::new(file.len(), "the tombstones are cut off"))?;
        if crc(&file[HEADER_BYTES..end]) != Cursor::at(file, end)?.u32()? {
            return Err(Malformed::new(end, "the checksum of the tombstones is wrong"));
        }
        let mut tombstones = Self::default();
        let mut cursor = Cursor::at(&file[..end], HEADER_BYTES)?;
        while !cursor.is_empty() {
            let (series, min_ms, max_ms) = (cursor.uvarint()?, cursor.varint()?, cursor.varint()?);
            tombstones.add(series, TimeRange::new(min_ms, max_ms));
        }
        tombstones.deleted.values_mut().for_each(join);
        Ok(tombstones)
    }

    /// The file with these tombstones.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.push(VERSION);
        for (&series, ranges) in &self.deleted {
            for range in ranges {
                put_uvarint(&mut file, series);
                put_varint(&mut file, range.start.0);
                put_varint(&mut file, range.end.0);
            }
        }
        let sum = crc(&file[HEADER_BYTES..]);
        file.extend(sum.to_be_bytes());
        file
    }

    /// Deletes the samples of a series in `range`, both ends included.
    pub fn delete(&mut self, series: u64, range: TimeRange) {
        self.add(series, range);
        self.deleted.values_mut().for_each(join);
    }

    /// Whether nothing is deleted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.deleted.is_empty()
    }

    /// Number of deleted ranges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.deleted.values().map(Vec::len).sum()
    }

    /// The deleted times of a series, ascending and apart from each other.
    #[must_use]
    pub fn of(&self, series: u64) -> &[TimeRange] {
        self.deleted.get(&series).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, series: u64, range: TimeRange) {
        if range.start <= range.end {
            self.deleted.entry(series).or_default().push(range);
        }
    }
}

/// Appends the samples that are in none of `deleted`, which ascends.
pub(crate) fn keep_rest(samples: &Samples<'_>, deleted: &[TimeRange], out: &mut SampleBuf) {
    let mut from = 0;
    for range in deleted {
        let gone = range.slice(samples.times);
        if gone.end > from {
            out.extend(&samples.slice(from..gone.start.max(from)));
            from = gone.end;
        }
    }
    out.extend(&samples.slice(from..samples.len()));
}

fn join(ranges: &mut Vec<TimeRange>) {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let joined = next.start.0 <= range.end.0.saturating_add(1);
        if joined {
            range.end = range.end.max(next.end);
        }
        joined
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_empty_file_is_nine_bytes() {
        let file = Tombstones::default().write();
        assert_eq!(file, [0x01, 0x30, 0xba, 0x30, 1, 0, 0, 0, 0]);
        assert!(Tombstones::read(&file).unwrap().is_empty());
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_told() {
        let mut tombstones = Tombstones::default();
        tombstones.delete(3, TimeRange::new(-5, 70_000));
        tombstones.delete(300, TimeRange::new(i64::MIN, i64::MAX));
        let file = tombstones.write();
        assert!((0..file.len()).all(|end| Tombstones::read(&file[..end]).is_err()));
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Tombstones::read(&damaged).is_err(), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn deleting_agrees_with_a_filter(
            times in proptest::collection::btree_set(0i64..100, 0..50),
            ranges in proptest::collection::vec((0i64..100, 0i64..20), 0..8),
        ) {
            let times: Vec<i64> = times.into_iter().collect();
            let values: Vec<f64> = times.iter().map(|&t| t as f64).collect();
            let mut tombstones = Tombstones::default();
            ranges.iter().for_each(|&(start, n)| tombstones.delete(1, TimeRange::new(start, start + n)));
            let read = Tombstones::read(&tombstones.write());
            prop_assert_eq!(read.as_ref(), Ok(&tombstones));
            let mut out = SampleBuf::default();
            keep_rest(&Samples::floats(&times, &values), tombstones.of(1), &mut out);
            let gone = |t: &i64| ranges.iter().any(|&(start, n)| (start..=start + n).contains(t));
            let want: Vec<i64> = times.iter().copied().filter(|t| !gone(t)).collect();
            prop_assert_eq!(out.samples().times, &want[..]);
            prop_assert_eq!(tombstones.of(2).len(), 0);
        }
    }
}
