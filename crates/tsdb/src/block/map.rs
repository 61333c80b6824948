//! The bytes of files that never change.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::error::{Malformed, TsdbError};

/// A file of a block, whole: mapped, so that only what is looked at is read, or copied into memory.
#[derive(Debug)]
pub(crate) struct FileBytes {
    path: PathBuf,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    Mapped(memmap2::Mmap),
    Copied(Vec<u8>),
}

impl FileBytes {
    /// Maps the file; where that is refused, and without `map`, reads it.
    pub(crate) fn open(path: &Path, map: bool) -> Result<Self, TsdbError> {
        let file = File::open(path).map_err(|e| TsdbError::io(path, "open", e))?;
        let mapped = if map { map_file(&file) } else { None };
        let bytes = match mapped {
            Some(mapped) => Bytes::Mapped(mapped),
            None => Bytes::Copied(std::fs::read(path).map_err(|e| TsdbError::io(path, "read", e))?),
        };
        Ok(Self { path: path.to_owned(), bytes })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with the file.
    pub(crate) fn corrupt(&self, malformed: Malformed) -> TsdbError {
        malformed.in_file(&self.path)
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(map) => map,
            Bytes::Copied(bytes) => bytes,
        }
    }
}

/// `None` for what cannot be mapped: an empty file, a pipe, a file system without maps.
#[allow(unsafe_code, reason = "the only way to read gigabytes without holding them")]
fn map_file(file: &File) -> Option<memmap2::Mmap> {
    // SAFETY: a map is sound while nobody changes the file. Files of blocks are written once, under another
    // name, and never again: Prometheus replaces and deletes whole blocks, and a deleted file stays as it is
    // for those who have it mapped. Files that a live writer appends to or truncates do not come here.
    unsafe { memmap2::Mmap::map(file) }.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_and_a_copy_are_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"bytes").unwrap();
        let (mapped, copied) =
            (FileBytes::open(&path, true).unwrap(), FileBytes::open(&path, false).unwrap());
        assert!(matches!(mapped.bytes, Bytes::Mapped(_)) && matches!(copied.bytes, Bytes::Copied(_)));
        assert_eq!((&*mapped, &*copied), (&b"bytes"[..], &b"bytes"[..]));
        std::fs::write(&path, b"").unwrap();
        assert!(FileBytes::open(&path, true).unwrap().is_empty());
        let error = FileBytes::open(&dir.path().join("g"), true).unwrap_err();
        assert!(error.to_string().contains("cannot open"), "{error}");
    }
}
