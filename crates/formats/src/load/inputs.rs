//! What users name as input, resolved to files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::FormatError;
use crate::load::sniff;

/// Something to load.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// An exported file.
    File(PathBuf),
    /// `-`
    StandardInput,
    /// A Prometheus data directory or a block, which other code reads.
    DataDirectory(PathBuf),
}

/// What a look into a file has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A known format.
    Known,
    /// Something else.
    Other,
    /// Nothing: it could not be read.
    Unreadable,
}

/// How deep directories are searched.
const MAX_DEPTH: usize = 8;

/// Resolves paths, globs and directories, in the order given.
///
/// A path that exists is taken literally, even with `*` in its name. A directory stands for all files below it
/// whose content is of a known format, and for the data directories below it; hidden entries are left out.
/// Files come sorted by path.
///
/// # Errors
/// [`FormatError::Pattern`], [`FormatError::NoFiles`] for what stands for no file at all, and
/// [`FormatError::Io`] for a path that does not exist.
pub fn resolve_inputs<T: AsRef<str>>(inputs: &[T]) -> Result<Vec<Input>, FormatError> {
    let mut resolved = Vec::new();
    for input in inputs {
        let input = input.as_ref();
        let before = resolved.len();
        let path = Path::new(input);
        if input == "-" {
            resolved.push(Input::StandardInput);
        } else if path.exists() {
            resolve_path(path, &mut resolved)?;
        } else if input.contains(['*', '?', '[']) {
            resolve_glob(input, &mut resolved)?;
        } else {
            let source = fs::metadata(path).err().unwrap_or_else(|| std::io::ErrorKind::NotFound.into());
            return Err(FormatError::Io { file: input.to_owned(), source });
        }
        if resolved.len() == before {
            return Err(FormatError::NoFiles { input: input.to_owned() });
        }
    }
    Ok(resolved)
}

/// Whether a directory is a Prometheus data directory (it holds a write-ahead log, head chunks or blocks) or a
/// block itself.
#[must_use]
pub fn is_data_directory(path: &Path) -> bool {
    let is_block = |dir: &Path| dir.join("meta.json").is_file() && dir.join("index").is_file();
    if is_block(path) || path.join("wal").is_dir() || path.join("chunks_head").is_dir() {
        return true;
    }
    let Ok(entries) = fs::read_dir(path) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_str().is_some_and(is_ulid) && is_block(&entry.path()))
}

/// 26 digits in Crockford's base 32.
fn is_ulid(name: &str) -> bool {
    name.len() == 26
        && name.bytes().all(|b| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"ILOU".contains(&b)))
}

fn resolve_path(path: &Path, out: &mut Vec<Input>) -> Result<(), FormatError> {
    if !path.is_dir() {
        out.push(Input::File(path.to_owned()));
        return Ok(());
    }
    if is_data_directory(path) {
        out.push(Input::DataDirectory(path.to_owned()));
        return Ok(());
    }
    search(path, 0, out).map_err(|source| FormatError::Io { file: path.display().to_string(), source })
}

fn resolve_glob(pattern: &str, out: &mut Vec<Input>) -> Result<(), FormatError> {
    let paths = glob::glob(pattern)
        .map_err(|e| FormatError::Pattern { pattern: pattern.to_owned(), message: e.to_string() })?;
    for path in paths {
        let path =
            path.map_err(|e| FormatError::Io { file: e.path().display().to_string(), source: e.into() })?;
        resolve_path(&path, out)?;
    }
    Ok(())
}

/// Adds what can be loaded below `dir`.
fn search(dir: &Path, depth: usize, out: &mut Vec<Input>) -> std::io::Result<()> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.sort_unstable();
    for path in paths {
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            continue;
        }
        if path.is_dir() {
            if is_data_directory(&path) {
                out.push(Input::DataDirectory(path));
            } else if depth < MAX_DEPTH {
                search(&path, depth + 1, out)?;
            }
        } else if path.is_file() && sniff(&path) == Found::Known {
            out.push(Input::File(path));
        }
    }
    Ok(())
}
