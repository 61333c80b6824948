//! Blocks: folders with an index and chunks of a stretch of time.

mod left_out;
mod map;
mod meta;
mod replicas;
mod row;
mod segments;
mod selection;
mod store;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use promqlite_model::{Matcher, TimeRange};

use crate::chunk::Encoding;
use crate::error::TsdbError;
use crate::index::{Index, SeriesEntry};
use crate::tombstones::Tombstones;

pub(crate) use map::FileBytes;
pub use meta::{BlockDesc, BlockMeta, BlockStats, Compaction, Downsample, Thanos};
pub(crate) use segments::{HEADER_BYTES, MAGIC, Segments, VERSION};
pub use store::BlockStore;

/// Blocks begin and end at multiples of this many ms, unless they were cut from memory before their time.
pub(crate) const BLOCK_MS: i64 = 2 * 60 * 60 * 1000;

/// How blocks are opened.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// External labels of Thanos blocks that series do not get, so that replicas become one series. Its samples
    /// are those of one replica; another stands in where that one has a gap of more than two intervals.
    pub replica_labels: Vec<String>,
    /// Whether it is an error that something is damaged or of a kind that is not read, rather than a warning about the
    /// part that is left out: a block, a series, a chunk, the rest of a segment.
    pub strict: bool,
    /// Whether files are read into memory instead of being mapped.
    pub copy_files: bool,
    /// Set to end the opening of a data directory early, at the next block or record of a WAL, with
    /// [`TsdbError::Cancelled`]. It is not asked any more when the data is open.
    pub cancel: Option<Arc<AtomicBool>>,
}

impl OpenOptions {
    /// Fails if opening is to end.
    pub(crate) fn go_on(&self) -> Result<(), TsdbError> {
        let cancelled = self.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed));
        if cancelled { Err(TsdbError::Cancelled) } else { Ok(()) }
    }
}

/// A block of a data directory, open for reading. Nothing of it is ever changed.
#[derive(Debug)]
pub struct Block {
    path: PathBuf,
    meta: BlockMeta,
    index: Index,
    segments: Segments,
    tombstones: Tombstones,
    /// Labels that all series have beside those of the index, or instead of them.
    external: Vec<(String, String)>,
    /// External labels that series do not get, since they tell replicas apart.
    replica: Vec<(String, String)>,
    held: OnceLock<Option<TimeRange>>,
    /// Whether damage is an error.
    strict: bool,
}

/// Facts about a block for reports.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockInfo {
    /// Its folder.
    pub path: PathBuf,
    /// What it says about itself.
    pub meta: BlockMeta,
    /// Sizes of its index and chunk files together, in bytes.
    pub bytes: u64,
    /// External labels that its series get.
    pub external_labels: Vec<(String, String)>,
}

impl Block {
    /// Opens the block in folder `path`: looks at its headers and walks the table of its labels, but reads no
    /// series and no samples.
    ///
    /// # Errors
    /// When a file is missing or what is looked at is damaged, and for downsampled blocks.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, TsdbError> {
        let meta = BlockMeta::read(path)?;
        let resolution = meta.thanos.as_ref().map_or(0, |thanos| thanos.downsample.resolution);
        if resolution != 0 {
            return Err(TsdbError::unsupported(
                path,
                format!(
                    "the block is downsampled by Thanos to one sample per {} s, which is not read here; use the \
                     raw block",
                    resolution / 1000
                ),
            ));
        }
        let map = !options.copy_files;
        let index = Index::open(FileBytes::open(&path.join("index"), map)?)?;
        let segments = Segments::open(&path.join("chunks"), map)?;
        check_whole(&index, &segments)?;
        let tombstones = read_tombstones(&path.join("tombstones"))?;
        let is_replica = |(name, _): &(String, String)| options.replica_labels.contains(name);
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let (replica, external) = meta.external_labels().map(owned).partition(is_replica);
        Ok(Self {
            path: path.to_owned(),
            meta,
            index,
            segments,
            tombstones,
            external,
            replica,
            held: OnceLock::new(),
            strict: options.strict,
        })
    }

    /// The block's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the block says about itself.
    #[must_use]
    pub fn meta(&self) -> &BlockMeta {
        &self.meta
    }

    /// Facts about the block.
    #[must_use]
    pub fn info(&self) -> BlockInfo {
        BlockInfo {
            path: self.path.clone(),
            meta: self.meta.clone(),
            bytes: (self.index.bytes() + self.segments.bytes()) as u64,
            external_labels: self.external.clone(),
        }
    }

    /// How many chunks there are of each encoding. Reads all chunks and compares their checksums.
    ///
    /// # Errors
    /// At the first chunk that is damaged.
    pub fn count_encodings(&self) -> Result<BTreeMap<Encoding, u64>, TsdbError> {
        let mut counts = BTreeMap::new();
        self.segments.for_each_chunk(|chunk| *counts.entry(chunk.encoding).or_insert(0) += 1)?;
        Ok(counts)
    }

    /// Whether a query goes on without what this error is about.
    fn goes_on_after(&self, error: &TsdbError) -> bool {
        !self.strict && error.is_damage()
    }

    /// The instants from the first to the last that the block may have samples at; `None` if there is none.
    pub(crate) fn range(&self) -> Option<TimeRange> {
        let (start, end) = (self.meta.min_time, self.meta.max_time.checked_sub(1)?);
        (start <= end).then(|| TimeRange::new(start, end))
    }

    pub(crate) fn overlaps(&self, range: TimeRange) -> bool {
        self.range().is_some_and(|own| own.start <= range.end && range.start <= own.end)
    }

    /// The times of the oldest and the newest sample. Where the block's own range is a stretch of the clock, the
    /// index tells, which takes a walk over its series the first time; so it is asked for few blocks.
    pub(crate) fn time_range(&self) -> Option<TimeRange> {
        let own = self.range()?;
        let on_the_clock = |ms: i64| ms.rem_euclid(BLOCK_MS) == 0;
        if !on_the_clock(self.meta.min_time) && !on_the_clock(self.meta.max_time) {
            return Some(own);
        }
        *self.held.get_or_init(|| self.walk_time_range().unwrap_or(Some(own)))
    }

    fn walk_time_range(&self) -> Result<Option<TimeRange>, TsdbError> {
        let mut entry = SeriesEntry::default();
        let mut held: Option<TimeRange> = None;
        for reference in self.index.all_series()? {
            self.index.series(reference, &mut entry)?;
            let Some(first) = entry.chunks.first() else { continue };
            let newest = entry.chunks.iter().map(|chunk| chunk.max_ms).max().unwrap_or(first.max_ms);
            let of_series = TimeRange::new(first.min_ms, newest);
            held = Some(held.map_or(of_series, |held| held.union(of_series)));
        }
        Ok(held)
    }

    /// Whether the external labels pass, and the matchers that the index has to answer.
    pub(crate) fn split_matchers<'m>(&self, matchers: &'m [Matcher]) -> Option<Vec<&'m Matcher>> {
        let mut rest = Vec::with_capacity(matchers.len());
        for matcher in matchers {
            match self.external.iter().find(|(name, _)| name == matcher.name()) {
                Some((_, value)) if !matcher.matches(value) => return None,
                Some(_) => {}
                None => rest.push(matcher),
            }
        }
        Some(rest)
    }

    /// Whether every series has samples in `range`, so that the index alone can list names and values.
    pub(crate) fn is_whole_in(&self, range: TimeRange) -> bool {
        let covered = self.range().is_none_or(|own| range.start <= own.start && own.end <= range.end);
        covered && self.tombstones.is_empty()
    }
}

/// Fails for a block whose chunk files are cut off or missing. Chunks lie in the order of their series, so that the
/// last series tells without a look at the others.
fn check_whole(index: &Index, segments: &Segments) -> Result<(), TsdbError> {
    let chunks = index.last_chunks()?.unwrap_or_default();
    match chunks.iter().map(|chunk| chunk.reference).max() {
        Some(last) => segments.check_reach(last, index.path()),
        None => Ok(()),
    }
}

fn read_tombstones(path: &Path) -> Result<Tombstones, TsdbError> {
    match std::fs::read(path) {
        Ok(file) => Tombstones::read(&file).map_err(|e| e.in_file(path)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Tombstones::default()),
        Err(e) => Err(TsdbError::io(path, "read", e)),
    }
}
