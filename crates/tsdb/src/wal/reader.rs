//! Records of a whole log, and what was damaged on the way.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::compression::Unpacker;
use super::framing::{Framing, Stop};
use super::log::{Log, LogSegment};
use crate::error::{Malformed, TsdbError};

/// A place where a file of a data directory does not make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where in the file, in bytes from its start.
    pub offset: u64,
    /// What is wrong there.
    pub message: Cow<'static, str>,
    /// Whether this is how a file looks that its writer has not finished. Nothing to worry about.
    pub torn: bool,
}

impl Damage {
    /// Something wrong in `path`.
    pub(crate) fn new(path: &Path, problem: Malformed) -> Self {
        Self { path: path.to_owned(), offset: problem.offset, message: problem.message, torn: false }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at byte {}", self.path.display(), self.message, self.offset)
    }
}

impl From<Damage> for TsdbError {
    fn from(damage: Damage) -> Self {
        Self::Corrupt { path: damage.path, offset: damage.offset, message: damage.message }
    }
}

/// A record, unpacked but not decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// What it says; the first byte tells its type.
    pub data: &'a [u8],
    /// The segment that it is in.
    pub segment: &'a Path,
    /// Where it starts in the segment, in bytes.
    pub offset: u64,
}

/// Reads the records of a log in order.
///
/// Damage costs the rest of its segment, and is told by [`Reader::damage`]. A last segment that just ends, as a
/// writer's or a copied one does, is torn rather than damaged.
pub struct Reader {
    waiting: VecDeque<LogSegment>,
    current: Option<(LogSegment, Framing<File>)>,
    unpacker: Unpacker,
    unpacked: Vec<u8>,
    offset: u64,
    damage: Vec<Damage>,
}

impl Reader {
    /// Reads the segments of `log`.
    #[must_use]
    pub fn new(log: &Log) -> Self {
        Self {
            waiting: log.segments.clone().into(),
            current: None,
            unpacker: Unpacker::default(),
            unpacked: Vec::new(),
            offset: 0,
            damage: Vec::new(),
        }
    }

    /// Reads the log in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn open(folder: &Path) -> Result<Self, TsdbError> {
        Ok(Self::new(&Log::find(folder)?))
    }

    /// The next record, `None` after the last.
    ///
    /// # Errors
    /// When a file cannot be read. One that has vanished is passed over: its writer needs it no more.
    #[allow(clippy::should_implement_trait, reason = "a record borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<RawRecord<'_>>, TsdbError> {
        while !self.read_record()? {
            if !self.open_next()? {
                return Ok(None);
            }
        }
        let (segment, _) = self.current.as_ref().expect("invariant: a record was read from a segment");
        Ok(Some(RawRecord { data: &self.unpacked, segment: &segment.path, offset: self.offset }))
    }

    /// What was damaged so far.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Notes that the record that was read last does not decode.
    pub fn reject_record(&mut self, problem: &Malformed) {
        if let Some((segment, _)) = &self.current {
            let message = format!("a record is malformed: {}", problem.message).into();
            self.damage.push(Damage::new(&segment.path, Malformed { offset: self.offset, message }));
        }
    }

    /// All damage, for those who are done with the records.
    #[must_use]
    pub fn into_damage(self) -> Vec<Damage> {
        self.damage
    }

    /// Unpacks the next record of the current segment; whether there is one.
    fn read_record(&mut self) -> Result<bool, TsdbError> {
        let Some((segment, framing)) = &mut self.current else { return Ok(false) };
        let problem = match framing.next() {
            Ok(framed) => {
                self.offset = framed.offset;
                match self.unpacker.unpack(framed.compression, framed.data, &mut self.unpacked) {
                    Ok(()) => return Ok(true),
                    Err(problem) => {
                        Damage::new(&segment.path, Malformed { offset: framed.offset, ..problem })
                    }
                }
            }
            Err(Stop::End) => return Ok(self.close()),
            Err(Stop::Io(e)) => return Err(TsdbError::io(&segment.path, "read", e)),
            Err(Stop::Bad { problem, at_end }) => {
                Damage { torn: segment.live && at_end, ..Damage::new(&segment.path, problem) }
            }
        };
        self.damage.push(problem);
        Ok(self.close())
    }

    fn close(&mut self) -> bool {
        self.current = None;
        false
    }

    /// Opens the next segment that still exists; whether there is one.
    fn open_next(&mut self) -> Result<bool, TsdbError> {
        while let Some(segment) = self.waiting.pop_front() {
            match File::open(&segment.path) {
                Ok(file) => {
                    self.current = Some((segment, Framing::new(file)));
                    return Ok(true);
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(TsdbError::io(&segment.path, "open", e)),
            }
        }
        Ok(false)
    }
}
