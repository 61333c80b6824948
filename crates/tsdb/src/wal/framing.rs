//! Records out of pages.
//!
//! A segment is a run of pages of 32 KiB. A record lies in a page whole, or in fragments over several pages, and
//! never leaves its segment. What is left of a page that no fragment fits in is zeros.

use std::io::{self, Read};

use super::compression::Compression;
use crate::bytes::crc;
use crate::error::Malformed;

/// Bytes of a page.
pub(super) const PAGE: usize = 32 * 1024;
/// Bytes before the data of a fragment: type, length, checksum.
pub(super) const HEADER: usize = 7;

/// What part of a record a fragment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Part {
    /// No fragment: the rest of the page is zeros.
    Padding = 0,
    Full = 1,
    First = 2,
    Middle = 3,
    Last = 4,
}

impl Part {
    fn from_bits(bits: u8) -> Option<Self> {
        [Self::Padding, Self::Full, Self::First, Self::Middle, Self::Last]
            .into_iter()
            .find(|part| *part as u8 == bits)
    }
}

/// A record as it was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framed<'a> {
    /// Where its first fragment starts in the segment.
    pub(super) offset: u64,
    pub(super) compression: Compression,
    pub(super) data: &'a [u8],
}

/// Why there is no further record.
#[derive(Debug)]
pub(super) enum Stop {
    /// The segment is over.
    End,
    /// The file could not be read.
    Io(io::Error),
    /// The segment is damaged. `at_end` tells whether nothing follows but the rest of the page, as when a writer
    /// was cut off or is still writing.
    Bad { problem: Malformed, at_end: bool },
}

/// The records of one segment, one after another.
pub(super) struct Framing<R> {
    source: R,
    page: Box<[u8]>,
    /// Bytes of the page that are there; fewer than [`PAGE`] in the last one only.
    filled: usize,
    /// Next byte of the page.
    at: usize,
    /// Where the page starts in the segment.
    page_start: u64,
    /// The fragments of the current record, if there are several.
    assembled: Vec<u8>,
}

/// A fragment in the current page.
struct Fragment {
    part: Part,
    compression: Compression,
    offset: u64,
    data: std::ops::Range<usize>,
}

impl<R: Read> Framing<R> {
    pub(super) fn new(source: R) -> Self {
        let page = vec![0; PAGE].into_boxed_slice();
        Self { source, page, filled: 0, at: 0, page_start: 0, assembled: Vec::new() }
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Result<Framed<'_>, Stop> {
        self.assembled.clear();
        let mut start: Option<u64> = None;
        loop {
            let Some(fragment) = self.next_fragment(start)? else {
                let Some(offset) = start else { return Err(Stop::End) };
                return Err(self.bad(offset, "a record is cut off"));
            };
            match (fragment.part, start) {
                (Part::Full | Part::First, Some(_)) => {
                    return Err(self.bad(fragment.offset, "a record starts before the one before has ended"));
                }
                (Part::Middle | Part::Last, None) => {
                    return Err(self.bad(fragment.offset, "a record goes on that has not started"));
                }
                (Part::Full, None) => {
                    let Fragment { offset, compression, data, .. } = fragment;
                    return Ok(Framed { offset, compression, data: &self.page[data] });
                }
                (part, offset) => {
                    let offset = offset.unwrap_or(fragment.offset);
                    self.assembled.extend_from_slice(&self.page[fragment.data]);
                    if part == Part::Last {
                        let compression = fragment.compression;
                        return Ok(Framed { offset, compression, data: &self.assembled });
                    }
                    start = Some(offset);
                }
            }
        }
    }

    /// The next fragment, `None` at the end. A record that started at `open` is still to be ended.
    fn next_fragment(&mut self, open: Option<u64>) -> Result<Option<Fragment>, Stop> {
        loop {
            let left = self.filled - self.at;
            if left < HEADER {
                if self.page[self.at..self.filled].iter().any(|&byte| byte != 0) {
                    let message =
                        if self.filled < PAGE { "a record is cut off" } else { "padding is not zero" };
                    return Err(self.bad(self.position(), message));
                }
                if !self.next_page().map_err(Stop::Io)? {
                    return Ok(None);
                }
                continue;
            }
            let byte = self.page[self.at];
            let Some(part) = Part::from_bits(byte & 7) else {
                return Err(self.bad(self.position(), format!("fragment type {} is unknown", byte & 7)));
            };
            if part != Part::Padding {
                return self.fragment(part, byte).map(Some);
            }
            if self.page[self.at..self.filled].iter().any(|&byte| byte != 0) {
                return Err(self.bad(self.position(), "padding is not zero"));
            }
            if let Some(offset) = open {
                return Err(self.bad(offset, "a record is cut off"));
            }
            self.at = self.filled;
        }
    }

    /// The fragment at the cursor, whose header is there.
    fn fragment(&mut self, part: Part, byte: u8) -> Result<Fragment, Stop> {
        let offset = self.position();
        let Some(compression) = Compression::from_bits(byte >> 3) else {
            return Err(self.bad(offset, format!("fragment flags {:#04x} are unknown", byte & !7)));
        };
        let header = &self.page[self.at..self.at + HEADER];
        let length = usize::from(u16::from_be_bytes([header[1], header[2]]));
        let sum = u32::from_be_bytes([header[3], header[4], header[5], header[6]]);
        let start = self.at + HEADER;
        let data = start..start + length;
        if data.end > PAGE {
            return Err(self.bad(offset, format!("a fragment of {length} bytes does not fit its page")));
        }
        if data.end > self.filled {
            return Err(self.bad(offset, "a record is cut off"));
        }
        if crc(&self.page[data.clone()]) != sum {
            return Err(self.bad(offset, "the checksum of a record is wrong"));
        }
        self.at = data.end;
        Ok(Fragment { part, compression, offset, data })
    }

    fn position(&self) -> u64 {
        self.page_start + self.at as u64
    }

    /// Reads the next page; whether it has any bytes.
    fn next_page(&mut self) -> io::Result<bool> {
        self.page_start += self.filled as u64;
        self.at = 0;
        self.filled = 0;
        while self.filled < PAGE {
            match self.source.read(&mut self.page[self.filled..]) {
                Ok(0) => break,
                Ok(n) => self.filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(self.filled > 0)
    }

    /// The segment stops to make sense at `offset`. Reads one page further to tell whether anything follows.
    fn bad(&mut self, offset: u64, message: impl Into<std::borrow::Cow<'static, str>>) -> Stop {
        let at_end = self.filled < PAGE || !matches!(self.next_page(), Ok(true));
        Stop::Bad { problem: Malformed { offset, message: message.into() }, at_end }
    }
}
