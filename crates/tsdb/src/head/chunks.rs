//! The files of head chunks.
//!
//! They are read rather than mapped: a Prometheus that repairs may cut them short.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use promqlite_model::{SampleBuf, TimeRange};

use super::report::HeadChunksReport;
use crate::bytes::{Cursor, crc};
use crate::chunk::{self, Encoding};
use crate::error::{Malformed, TsdbError};
use crate::wal::{Damage, entries};

/// First bytes of a file of head chunks.
pub(super) const MAGIC: [u8; 4] = [0x01, 0x30, 0xbc, 0x91];
pub(super) const VERSION: u8 = 1;
/// Bytes before the first chunk: magic, version, padding.
pub(super) const HEADER_BYTES: usize = 8;
/// Series, times, encoding and the shortest length: what each chunk has at least before its data.
const LEAST_BEFORE_DATA: usize = 26;
/// This bit of the encoding marks out-of-order samples.
pub(super) const OUT_OF_ORDER: u8 = 0x80;

/// A chunk of a head.
#[derive(Clone, Debug)]
pub(super) struct HeadChunk {
    series: u64,
    /// Index of its file.
    file: usize,
    data: Range<usize>,
    encoding: Encoding,
    pub(super) max_ms: i64,
    pub(super) out_of_order: bool,
}

/// All head chunks of a data directory.
#[derive(Debug, Default)]
pub(super) struct HeadChunks {
    files: Vec<(PathBuf, Vec<u8>)>,
    /// Sorted by series; those of one series as they were written.
    chunks: Vec<HeadChunk>,
    pub(super) report: HeadChunksReport,
}

impl HeadChunks {
    /// Reads all files in `folder`, which may not exist. Damage costs the rest of its file.
    pub(super) fn read(folder: &Path) -> Result<Self, TsdbError> {
        let number = |(name, path): (String, PathBuf)| {
            let digits = name.bytes().all(|byte| byte.is_ascii_digit());
            Some((name.parse::<u64>().ok().filter(|_| digits)?, path))
        };
        let mut files: Vec<(u64, PathBuf)> = entries(folder)?.into_iter().filter_map(number).collect();
        files.sort_unstable();
        let mut all = Self::default();
        let newest = files.len().saturating_sub(1);
        for (i, (_, path)) in files.into_iter().enumerate() {
            match fs::read(&path) {
                Ok(bytes) => all.add_file(path, bytes, i == newest),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(TsdbError::io(&path, "read", e)),
            }
        }
        all.chunks.sort_by_key(|chunk| chunk.series);
        Ok(all)
    }

    /// The chunks of a series, those written first first.
    pub(super) fn of_series(&self, series: u64) -> &[HeadChunk] {
        let start = self.chunks.partition_point(|chunk| chunk.series < series);
        let length = self.chunks[start..].partition_point(|chunk| chunk.series == series);
        &self.chunks[start..start + length]
    }

    /// References of all series that have chunks, each once.
    pub(super) fn series(&self) -> impl Iterator<Item = (u64, usize)> {
        self.chunks.chunk_by(|a, b| a.series == b.series).map(|chunks| (chunks[0].series, chunks.len()))
    }

    /// Puts the samples of a chunk into `buf`, which is emptied first. What of a damaged chunk can be decoded is.
    pub(super) fn decode(&self, chunk: &HeadChunk, buf: &mut SampleBuf) -> Result<(), Damage> {
        buf.clear();
        let (path, bytes) = &self.files[chunk.file];
        match chunk::decode(chunk.encoding, &bytes[chunk.data.clone()], TimeRange::ALL, buf) {
            Ok(_) => Ok(()),
            Err(problem) => {
                let offset = chunk.data.start as u64;
                Err(Damage::new(path, Malformed { offset, message: problem.message }))
            }
        }
    }

    fn add_file(&mut self, path: PathBuf, mut bytes: Vec<u8>, newest: bool) {
        self.report.files += 1;
        self.report.bytes += bytes.len() as u64;
        let file = self.files.len();
        if bytes.is_empty() && !newest {
            self.report.damage.push(Damage::new(&path, Malformed::new(0, "the file is empty")));
        }
        let end = match self.read_chunks(file, &bytes) {
            Ok(end) => end,
            Err(Cut { problem, resume }) => {
                let end = problem.offset as usize;
                let torn = newest && bytes.get(resume..).is_none_or(|rest| rest.iter().all(|&b| b == 0));
                self.report.damage.push(Damage { torn, ..Damage::new(&path, problem) });
                end
            }
        };
        // The rest of the file is mostly reserved space.
        bytes.truncate(end);
        bytes.shrink_to_fit();
        self.files.push((path, bytes));
    }

    /// Notes the chunks of a file; where they end.
    fn read_chunks(&mut self, file: usize, bytes: &[u8]) -> Result<usize, Cut> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let header = bytes.first_chunk::<HEADER_BYTES>();
        let header = header.ok_or_else(|| Cut::at(bytes, Malformed::new(0, "the file is cut off")))?;
        if header.iter().all(|&byte| byte == 0) {
            return Ok(0);
        }
        if header[..4] != MAGIC {
            return Err(Cut::at(
                &[],
                Malformed::new(0, "these are no head chunks: the first bytes are others"),
            ));
        }
        if header[4] != VERSION {
            let message = format!("version {} of head chunks is unknown", header[4]);
            return Err(Cut::at(&[], Malformed::new(4, message)));
        }
        let mut at = HEADER_BYTES;
        while let Some((chunk, end)) = read_chunk(file, bytes, at)? {
            self.report.out_of_order += u64::from(chunk.out_of_order);
            *self.report.chunks.entry(chunk.encoding).or_default() += 1;
            let samples = chunk::sample_count(chunk.encoding, &bytes[chunk.data.clone()]);
            self.report.samples += samples.unwrap_or(0) as u64;
            self.chunks.push(chunk);
            at = end;
        }
        Ok(at)
    }
}

/// Why a file of head chunks is not read further.
struct Cut {
    problem: Malformed,
    /// What follows the bad part: a writer that was cut off left only zeros there.
    resume: usize,
}

impl Cut {
    /// Nothing of `bytes` follows the problem.
    fn at(bytes: &[u8], problem: Malformed) -> Self {
        Self { problem, resume: bytes.len() }
    }
}

/// The chunk at `at` and where it ends; `None` at the end of the chunks.
fn read_chunk(file: usize, bytes: &[u8], at: usize) -> Result<Option<(HeadChunk, usize)>, Cut> {
    let rest = &bytes[at..];
    let cut_off = || Cut::at(bytes, Malformed::new(at, "a head chunk is cut off"));
    if rest.len() < LEAST_BEFORE_DATA {
        return if rest.iter().all(|&byte| byte == 0) { Ok(None) } else { Err(cut_off()) };
    }
    let mut cursor = Cursor::new(rest);
    let mut header = || Ok::<_, Malformed>((cursor.u64()?, cursor.i64()?, cursor.i64()?, cursor.u8()?));
    let (series, min_ms, max_ms, encoding) = header().map_err(|_| cut_off())?;
    if (series, min_ms, max_ms) == (0, 0, 0) {
        return Ok(None);
    }
    let length = cursor.uvarint().map_err(|e| Cut::at(bytes, e.moved(at)))?;
    let start = cursor.position();
    let fits = usize::try_from(length).ok().filter(|&length| length <= cursor.remaining().saturating_sub(4));
    let length = fits.ok_or_else(cut_off)?;
    let sum_at = start + length;
    let sum = Cursor::at(rest, sum_at).and_then(|mut cursor| cursor.u32()).map_err(|_| cut_off())?;
    let end = at + sum_at + 4;
    let bad = |message: String| Cut { problem: Malformed::new(at, message), resume: end };
    if crc(&rest[..sum_at]) != sum {
        return Err(bad("the checksum of a head chunk is wrong".into()));
    }
    let out_of_order = encoding & OUT_OF_ORDER != 0;
    let encoding =
        Encoding::from_number(encoding & !OUT_OF_ORDER).map_err(|e| bad(e.message.into_owned()))?;
    let data = at + start..at + sum_at;
    Ok(Some((HeadChunk { series, file, data, encoding, max_ms, out_of_order }, end)))
}
