//! The table of contents at the end of an index file.

use crate::bytes::{Cursor, crc};
use crate::error::Malformed;

/// The first bytes of every index file.
pub(crate) const MAGIC: [u8; 4] = [0xba, 0xaa, 0xd7, 0x00];
/// Six offsets and a checksum.
const TOC_BYTES: usize = 6 * 8 + 4;
const HEADER_BYTES: usize = 5;

/// How an index refers to its own parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// By byte offsets.
    V1,
    /// By ordinals of symbols, and by offsets of series in units of 16 bytes. Version 3 reads the same.
    V2,
}

/// Where the sections of an index begin, in bytes from the start of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toc {
    pub(crate) version: Version,
    pub(crate) symbols: usize,
    pub(crate) postings_table: usize,
}

impl Toc {
    pub(crate) fn read(file: &[u8]) -> Result<Self, Malformed> {
        let mut header = Cursor::new(file);
        if header.array::<4>()? != MAGIC {
            return Err(Malformed::new(0, "this is no index file: its first bytes are others"));
        }
        let version = match header.u8()? {
            1 => Version::V1,
            2 | 3 => Version::V2,
            other => return Err(Malformed::new(4, format!("index version {other} is unknown"))),
        };
        if file.len() < HEADER_BYTES + TOC_BYTES {
            return Err(Malformed::new(file.len(), "the index is cut off before its table of contents"));
        }
        let start = file.len() - TOC_BYTES;
        let mut toc = Cursor::at(file, start)?;
        let body = toc.take(TOC_BYTES - 4)?;
        if crc(body) != toc.u32()? {
            return Err(Malformed::new(
                start,
                "the checksum of the table of contents is wrong; is the index cut off?",
            ));
        }
        let offset = |i: usize| {
            let at = start + 8 * i;
            let offset = Cursor::at(file, at)?.u64()?;
            let inside = usize::try_from(offset).ok().filter(|&offset| offset < start);
            inside.ok_or_else(|| {
                Malformed::new(at, format!("a section is said to be at {offset}, past the end"))
            })
        };
        Ok(Self { version, symbols: offset(0)?, postings_table: offset(5)? })
    }
}
