//! The files that hold a block's chunks.

use std::path::{Path, PathBuf};

use super::FileBytes;
use crate::bytes::{Cursor, crc};
use crate::chunk::Encoding;
use crate::error::{Malformed, TsdbError};

pub(crate) const MAGIC: [u8; 4] = [0x85, 0xbd, 0x40, 0xdd];
pub(crate) const VERSION: u8 = 1;
/// Magic, version and three bytes of padding.
pub(crate) const HEADER_BYTES: usize = 8;

/// All chunk files of a block, in order of their numbers.
#[derive(Debug)]
pub(crate) struct Segments {
    files: Vec<FileBytes>,
}

/// A chunk whose checksum was right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawChunk<'a> {
    pub(crate) encoding: Encoding,
    pub(crate) data: &'a [u8],
    /// Where the data is in its file.
    start: usize,
    file: &'a FileBytes,
}

impl RawChunk<'_> {
    /// What is wrong inside the chunk.
    pub(crate) fn corrupt(&self, malformed: Malformed) -> TsdbError {
        self.file.corrupt(malformed.moved(self.start))
    }

    /// Bytes in the file, with all that is around the data.
    pub(crate) fn bytes(&self) -> usize {
        self.data.len() + 6
    }
}

impl Segments {
    pub(crate) fn open(folder: &Path, map: bool) -> Result<Self, TsdbError> {
        let mut files = Vec::new();
        for path in numbered_files(folder)? {
            let file = FileBytes::open(&path, map)?;
            check_header(&file).map_err(|e| file.corrupt(e))?;
            files.push(file);
        }
        Ok(Self { files })
    }

    /// Sizes of all files together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.len()).sum()
    }

    /// The chunk with a reference from the index.
    pub(crate) fn chunk(&self, reference: u64, index: &Path) -> Result<RawChunk<'_>, TsdbError> {
        let (file, offset) = self.place(reference, index)?;
        let (chunk, _) = read_chunk(file, offset).map_err(|e| file.corrupt(e))?;
        Ok(chunk)
    }

    /// Fails if the files end before the chunk does. Its checksum is not looked at.
    pub(crate) fn check_reach(&self, reference: u64, index: &Path) -> Result<(), TsdbError> {
        let (file, offset) = self.place(reference, index)?;
        chunk_body(file, offset).map(|_| ()).map_err(|e| file.corrupt(e))
    }

    /// The file that a reference leads to, and where in it.
    fn place(&self, reference: u64, index: &Path) -> Result<(&FileBytes, usize), TsdbError> {
        let (number, offset) = ((reference >> 32) as usize, reference as u32 as usize);
        let file = self.files.get(number).ok_or_else(|| TsdbError::Corrupt {
            path: index.to_owned(),
            offset: 0,
            message: format!(
                "a series refers to chunk file {}, but there are {} (was the block copied whole?)",
                number + 1,
                self.files.len()
            )
            .into(),
        })?;
        Ok((file, offset))
    }

    /// All chunks in the order in which they lie in the files.
    pub(crate) fn for_each_chunk(&self, mut each: impl FnMut(RawChunk<'_>)) -> Result<(), TsdbError> {
        for file in &self.files {
            let mut at = HEADER_BYTES;
            while at < file.len() {
                let (chunk, end) = read_chunk(file, at).map_err(|e| file.corrupt(e))?;
                each(chunk);
                at = end;
            }
        }
        Ok(())
    }
}

/// Reads `uvarint length | encoding | data | checksum`; also tells where it ends.
fn read_chunk(file: &FileBytes, at: usize) -> Result<(RawChunk<'_>, usize), Malformed> {
    let (mut cursor, body) = chunk_body(file, at)?;
    let start = cursor.position() + 1 - body.len();
    if crc(body) != cursor.u32()? {
        return Err(Malformed::new(at, "the checksum of a chunk is wrong"));
    }
    let encoding = Encoding::from_number(body[0]).map_err(|e| e.moved(start - 1))?;
    Ok((RawChunk { encoding, data: &body[1..], start, file }, cursor.position()))
}

/// Encoding and data of a chunk that the file holds to its end, and what follows them.
fn chunk_body(file: &FileBytes, at: usize) -> Result<(Cursor<'_>, &[u8]), Malformed> {
    let cut_off =
        |what: String| Malformed::new(at, format!("{what} is cut off (was the block copied whole?)"));
    if at >= file.len() {
        return Err(cut_off("a chunk".to_owned()));
    }
    let mut cursor = Cursor::at(file, at)?;
    let length = cursor.uvarint()?;
    let fits = usize::try_from(length).ok().filter(|&n| n.saturating_add(5) <= cursor.remaining());
    let length = fits.ok_or_else(|| cut_off(format!("a chunk of {length} bytes")))?;
    let body = cursor.take(1 + length)?;
    Ok((cursor, body))
}

fn check_header(file: &[u8]) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(file);
    if cursor.array::<4>()? != MAGIC {
        return Err(Malformed::new(0, "this is no chunk file: its first bytes are others"));
    }
    let version = cursor.u8()?;
    if version != VERSION {
        return Err(Malformed::new(4, format!("chunk file version {version} is unknown")));
    }
    cursor.take(HEADER_BYTES - 5).map(|_| ())
}

/// Files whose names are numbers, in order of the numbers. A folder that is not there has none.
fn numbered_files(folder: &Path) -> Result<Vec<PathBuf>, TsdbError> {
    let listed = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(|e| TsdbError::io(folder, "list", e))?,
    };
    let mut files = Vec::new();
    for entry in listed {
        let path = entry.map_err(|e| TsdbError::io(folder, "list", e))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) {
            files.extend(name.parse::<u64>().ok().map(|number| (number, path.clone())));
        }
    }
    files.sort_unstable();
    // References count files by their order, so that with a gap they would lead to other chunks.
    if let Some(i) = files.iter().zip(1..).position(|((number, _), expected)| *number != expected) {
        return Err(TsdbError::Corrupt {
            path: folder.to_owned(),
            offset: 0,
            message: format!("chunk file {:06} is missing", i + 1).into(),
        });
    }
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
