//! The text of a series, seen again, into its handle: most lines repeat the series of the line before.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::sink::SeriesHandle;
use crate::text::metadata::BoundLabel;
use crate::text::series::skip_blanks;

/// Bytes of series text that are remembered at most; beyond that the cache starts anew.
const MAX_BYTES: usize = 256 << 20;

/// Raw series text → handle. The same text means another series where another label is re-rendered.
#[derive(Debug, Default)]
pub(crate) struct SeriesCache {
    known: [HashMap<Box<[u8]>, SeriesHandle, RandomState>; 3],
    bytes: usize,
    last_text: Vec<u8>,
    last: Option<(BoundLabel, SeriesHandle)>,
}

impl SeriesCache {
    /// The series at the start of `line`, if its text is known, and where the text ends.
    #[inline]
    pub(crate) fn find(&mut self, line: &[u8], bound: BoundLabel) -> Option<(SeriesHandle, usize)> {
        if let Some((last_bound, handle)) = self.last
            && last_bound == bound
            && line.starts_with(&self.last_text)
            && ends_here(line, self.last_text.len())
        {
            return Some((handle, self.last_text.len()));
        }
        let end = likely_end(line)?;
        let handle = self.get(&line[..end], bound)?;
        Some((handle, end))
    }

    /// The series with this text.
    pub(crate) fn get(&mut self, text: &[u8], bound: BoundLabel) -> Option<SeriesHandle> {
        let handle = *self.known[bound as usize].get(text)?;
        self.remember_last(text, bound, handle);
        Some(handle)
    }

    /// Remembers a series.
    pub(crate) fn insert(&mut self, text: &[u8], bound: BoundLabel, handle: SeriesHandle) {
        if self.bytes + text.len() > MAX_BYTES {
            self.known.iter_mut().for_each(HashMap::clear);
            self.bytes = 0;
        }
        self.bytes += text.len();
        self.known[bound as usize].insert(text.into(), handle);
        self.remember_last(text, bound, handle);
    }

    fn remember_last(&mut self, text: &[u8], bound: BoundLabel, handle: SeriesHandle) {
        self.last_text.clear();
        self.last_text.extend_from_slice(text);
        self.last = Some((bound, handle));
    }
}

/// Whether a series text of `len` bytes ends there and does not go on with labels.
#[inline]
fn ends_here(line: &[u8], len: usize) -> bool {
    matches!(line.get(len), Some(b' ' | b'\t'))
        && (line[len - 1] == b'}' || line.get(skip_blanks(line, len)) != Some(&b'{'))
}

/// Where the series text ends unless a label value holds a brace. A wrong guess is not in the cache, since only
/// complete series texts are, and what a text means does not depend on what follows it.
#[inline]
fn likely_end(line: &[u8]) -> Option<usize> {
    let first = memchr::memchr2(b'{', b' ', line)?;
    if line[first] == b' ' {
        return ends_here(line, first.max(1)).then_some(first);
    }
    memchr::memchr(b'}', line).map(|i| i + 1)
}
