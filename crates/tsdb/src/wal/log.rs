//! Which segments a log folder has.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::TsdbError;

/// A segment file of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSegment {
    /// Its number, as its name tells.
    pub number: u64,
    /// The file.
    pub path: PathBuf,
    /// Bytes, when it was listed.
    pub bytes: u64,
    /// Whether a writer may still be adding to it: the last of a log.
    pub live: bool,
}

/// The segments of a log in the order to read them: those of the newest checkpoint, then those after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The number of the checkpoint: the last segment that it stands for.
    pub checkpoint: Option<u64>,
    /// All segments to be read.
    pub segments: Vec<LogSegment>,
    /// Numbers, first and last, of segments that should be there and are not.
    pub gaps: Vec<(u64, u64)>,
}

impl Log {
    /// Lists the log in `folder`. A folder that does not exist is an empty log; names that are none of a
    /// segment's or checkpoint's are passed over.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn find(folder: &Path) -> Result<Self, TsdbError> {
        let mut log = Self::default();
        let mut after = list(folder)?;
        for (number, checkpoint) in checkpoints(folder)? {
            let segments = list(&checkpoint)?;
            if !segments.is_empty() {
                log.checkpoint = Some(number);
                log.add(segments, None);
                after.retain(|segment| segment.number > number);
                break;
            }
        }
        if let Some(last) = after.last_mut() {
            last.live = true;
        }
        log.add(after, log.checkpoint);
        Ok(log)
    }

    /// Bytes of all segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Adds segments that should follow number `before`, if there is one.
    fn add(&mut self, segments: Vec<LogSegment>, before: Option<u64>) {
        let mut next = before.map(|number| number.saturating_add(1));
        for segment in segments {
            if let Some(next) = next.filter(|&next| next < segment.number) {
                self.gaps.push((next, segment.number - 1));
            }
            next = Some(segment.number.saturating_add(1));
            self.segments.push(segment);
        }
    }
}

/// The number that a segment's name is.
fn number(name: &str) -> Option<u64> {
    let digits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| name.parse().ok()).flatten()
}

fn list(folder: &Path) -> Result<Vec<LogSegment>, TsdbError> {
    let mut segments: Vec<LogSegment> = entries(folder)?
        .into_iter()
        .filter_map(|(name, path)| {
            let number = number(&name)?;
            // What vanishes meanwhile was not needed any more.
            let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            Some(LogSegment { number, path, bytes: metadata.len(), live: false })
        })
        .collect();
    segments.sort_unstable_by_key(|segment| segment.number);
    Ok(segments)
}

/// The checkpoints of a log, the newest first.
fn checkpoints(folder: &Path) -> Result<Vec<(u64, PathBuf)>, TsdbError> {
    let checkpoint = |(name, path): (String, PathBuf)| {
        let number = number(name.strip_prefix("checkpoint.")?)?;
        path.is_dir().then_some((number, path))
    };
    let mut found: Vec<(u64, PathBuf)> = entries(folder)?.into_iter().filter_map(checkpoint).collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

/// Names and paths of what is in a folder; nothing if there is no folder.
pub(crate) fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, TsdbError> {
    let failed = |e| TsdbError::io(folder, "list", e);
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(e)),
    };
    let mut found = Vec::new();
    for entry in listing {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}
