//! Writing chunk files.

use std::path::{Path, PathBuf};

use super::folder::{SyncedFile, sync_folder};
use crate::block::{HEADER_BYTES, MAGIC, VERSION};
use crate::bytes::{crc, put_uvarint};
use crate::chunk::EncodedChunk;
use crate::error::TsdbError;

/// A file is closed before it gets longer than this, as in Prometheus.
const GREATEST_FILE: u64 = 512 << 20;

/// The `chunks` folder of a block that is being written.
#[derive(Debug)]
pub(super) struct ChunkFiles {
    folder: PathBuf,
    file: SyncedFile,
    /// Number of the open file, counted from 0.
    number: u64,
    longest: u64,
}

impl ChunkFiles {
    pub(super) fn create(folder: &Path) -> Result<Self, TsdbError> {
        Self::with_longest(folder, GREATEST_FILE)
    }

    fn with_longest(folder: &Path, longest: u64) -> Result<Self, TsdbError> {
        std::fs::create_dir(folder).map_err(|e| TsdbError::io(folder, "create", e))?;
        Ok(Self { folder: folder.to_owned(), file: new_file(folder, 0)?, number: 0, longest })
    }

    /// Writes a chunk and returns the reference that the index has of it.
    pub(super) fn write(&mut self, chunk: &EncodedChunk) -> Result<u64, TsdbError> {
        let mut bytes = Vec::with_capacity(chunk.data.len() + 16);
        put_uvarint(&mut bytes, chunk.data.len() as u64);
        let body = bytes.len();
        bytes.push(chunk.encoding as u8);
        bytes.extend_from_slice(&chunk.data);
        let sum = crc(&bytes[body..]);
        bytes.extend(sum.to_be_bytes());
        let used = self.file.length() > HEADER_BYTES as u64;
        if used && self.file.length() + bytes.len() as u64 > self.longest {
            self.number += 1;
            let full = std::mem::replace(&mut self.file, new_file(&self.folder, self.number)?);
            full.finish()?;
        }
        let reference = self.number << 32 | self.file.length();
        self.file.write(&bytes)?;
        Ok(reference)
    }

    /// Brings the files to the disk.
    pub(super) fn finish(self) -> Result<(), TsdbError> {
        self.file.finish()?;
        sync_folder(&self.folder)
    }
}

fn new_file(folder: &Path, number: u64) -> Result<SyncedFile, TsdbError> {
    let mut file = SyncedFile::create(&folder.join(format!("{:06}", number + 1)))?;
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&MAGIC);
    header[4] = VERSION;
    file.write(&header)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Segments;
    use crate::chunk::Encoding;

    #[test]
    fn chunks_are_found_in_the_file_that_they_are_in() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("chunks");
        let chunk = |n: u8| EncodedChunk {
            encoding: Encoding::Xor,
            min_ms: 0,
            max_ms: 0,
            samples: 1,
            data: vec![n; 10 + usize::from(n)],
        };
        let mut files = ChunkFiles::with_longest(&folder, 60).unwrap();
        let references: Vec<u64> = (0..9).map(|n| files.write(&chunk(n)).unwrap()).collect();
        assert!(references.iter().any(|r| r >> 32 > 1));
        files.finish().unwrap();
        for map in [false, true] {
            let segments = Segments::open(&folder, map).unwrap();
            for (n, &reference) in references.iter().enumerate() {
                assert_eq!(segments.chunk(reference, &folder).unwrap().data, chunk(n as u8).data);
                assert!(segments.chunk(reference + 1, &folder).is_err());
            }
            let mut count = 0;
            segments.for_each_chunk(|_| count += 1).unwrap();
            assert_eq!(count, 9);
            let error = segments.chunk(99 << 32, &folder).unwrap_err();
            assert!(error.to_string().contains("chunk file 100"), "{error}");
        }
        std::fs::remove_file(folder.join("000001")).unwrap();
        assert!(Segments::open(&folder, true).unwrap_err().to_string().contains("000001 is missing"));
    }
}
