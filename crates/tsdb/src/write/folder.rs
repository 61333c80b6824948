//! Folders that are there whole or not at all.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::TsdbError;

/// What readers of a data directory pass over, and clean up some day.
const UNFINISHED: &str = ".tmp-for-creation";

/// A folder that is being filled beside its final name. What is not finished is removed again.
#[derive(Debug)]
pub(super) struct NewFolder {
    unfinished: PathBuf,
    path: PathBuf,
    parent: PathBuf,
    finished: bool,
}

impl NewFolder {
    /// Begins the folder `name` in `parent`, which is created if need be.
    pub(super) fn create(parent: &Path, name: &str) -> Result<Self, TsdbError> {
        fs::create_dir_all(parent).map_err(|e| TsdbError::io(parent, "create", e))?;
        let path = parent.join(name);
        if path.symlink_metadata().is_ok() {
            return Err(TsdbError::Exists { path });
        }
        let unfinished = parent.join(format!("{name}{UNFINISHED}"));
        match fs::create_dir(&unfinished) {
            Ok(()) => Ok(Self { unfinished, path, parent: parent.to_owned(), finished: false }),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(TsdbError::Exists { path: unfinished })
            }
            Err(e) => Err(TsdbError::io(&unfinished, "create", e)),
        }
    }

    /// Where the folder is while it is filled.
    pub(super) fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Writes a small file of the folder, down to the disk.
    pub(super) fn write(&self, name: &str, contents: &[u8]) -> Result<(), TsdbError> {
        let mut file = SyncedFile::create(&self.unfinished.join(name))?;
        file.write(contents)?;
        file.finish()
    }

    /// Gives the folder its name. All files in it must be on the disk already.
    pub(super) fn finish(mut self) -> Result<PathBuf, TsdbError> {
        sync_folder(&self.unfinished)?;
        if self.path.symlink_metadata().is_ok() {
            return Err(TsdbError::Exists { path: self.path.clone() });
        }
        fs::rename(&self.unfinished, &self.path).map_err(|e| TsdbError::io(&self.path, "rename to", e))?;
        self.finished = true;
        sync_folder(&self.parent)?;
        Ok(self.path.clone())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.finished {
            // What is left if this fails too is passed over by readers.
            let _ = fs::remove_dir_all(&self.unfinished);
        }
    }
}

/// Brings the entries of a folder to the disk.
pub(super) fn sync_folder(path: &Path) -> Result<(), TsdbError> {
    // Elsewhere folders cannot be opened; there the file system keeps the order itself.
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(|e| TsdbError::io(path, "sync", e))?;
    }
    Ok(())
}

/// A new file that knows how long it is.
#[derive(Debug)]
pub(super) struct SyncedFile {
    path: PathBuf,
    out: BufWriter<File>,
    length: u64,
}

impl SyncedFile {
    pub(super) fn create(path: &Path) -> Result<Self, TsdbError> {
        let file = File::create_new(path).map_err(|e| TsdbError::io(path, "create", e))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::with_capacity(1 << 18, file), length: 0 })
    }

    /// Bytes written so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), TsdbError> {
        self.out.write_all(bytes).map_err(|e| TsdbError::io(&self.path, "write", e))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes zeros up to a multiple of `alignment` bytes.
    pub(super) fn align(&mut self, alignment: u64) -> Result<(), TsdbError> {
        let missing = self.length.next_multiple_of(alignment) - self.length;
        self.write(&[0; 16][..missing as usize])
    }

    /// Brings the file to the disk.
    pub(super) fn finish(self) -> Result<(), TsdbError> {
        let file = self.out.into_inner().map_err(|e| TsdbError::io(&self.path, "write", e.into_error()))?;
        file.sync_all().map_err(|e| TsdbError::io(&self.path, "sync", e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_appears_when_it_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let parent = dir.path().join("new/data");
        let folder = NewFolder::create(&parent, "B").unwrap();
        folder.write("f", b"1").unwrap();
        assert_eq!(names(&parent), ["B.tmp-for-creation"]);
        assert!(matches!(NewFolder::create(&parent, "B"), Err(TsdbError::Exists { .. })));
        folder.finish().unwrap();
        assert_eq!(names(&parent), ["B"]);
        assert!(matches!(NewFolder::create(&parent, "B"), Err(TsdbError::Exists { .. })));
        assert_eq!(fs::read(parent.join("B/f")).unwrap(), b"1");
    }

    #[test]
    fn what_is_not_finished_goes_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        drop(NewFolder::create(dir.path(), "B").unwrap());
        assert!(names(dir.path()).is_empty());
        let late = NewFolder::create(dir.path(), "B").unwrap();
        fs::create_dir(dir.path().join("B")).unwrap();
        assert!(matches!(late.finish(), Err(TsdbError::Exists { .. })));
        assert_eq!(names(dir.path()), ["B"]);
    }
}
