//! The text of a series, seen again, into its handle.
//!
//! Most lines repeat the series of the line before, or come in the order of the scrape before; either is one comparison
//! with text that lies in memory where the last one ended. Only other lines are hashed.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::sink::SeriesHandle;
use crate::text::metadata::BoundLabel;
use crate::text::series::skip_blanks;

/// Bytes of series text that are remembered at most; beyond that the cache starts anew.
const MAX_BYTES: usize = 256 << 20;

/// Raw series text → handle. The same text means another series where another label is re-rendered.
#[derive(Debug, Default)]
pub(crate) struct SeriesCache {
    entries: Vec<Entry>,
    /// The texts of all entries, one after the other.
    texts: Vec<u8>,
    by_text: HashTable<u32>,
    hasher: RandomState,
    /// The entry that was found last.
    last: Option<u32>,
    /// Whether it was the same as the one before.
    repeats: bool,
}

#[derive(Debug)]
struct Entry {
    start: u32,
    end: u32,
    bound: BoundLabel,
    handle: SeriesHandle,
    /// Of text and bound label, so that the table grows without a look at the texts.
    hash: u64,
    /// The entry that was found after this one the last time.
    next: Option<u32>,
}

impl Entry {
    fn text<'a>(&self, texts: &'a [u8]) -> &'a [u8] {
        &texts[self.start as usize..self.end as usize]
    }
}

impl SeriesCache {
    /// The series at the start of `line`, if its text is known, and where the text ends.
    #[inline]
    pub(crate) fn find(&mut self, line: &[u8], bound: BoundLabel) -> Option<(SeriesHandle, usize)> {
        if let Some(last) = self.last {
            let next = self.entries[last as usize].next;
            let guesses = if self.repeats { [Some(last), next] } else { [next, Some(last)] };
            for guess in guesses.into_iter().flatten() {
                if let Some(found) = self.begins(line, guess, bound) {
                    self.repeats = guess == last;
                    self.last = Some(guess);
                    return Some(found);
                }
            }
        }
        let end = likely_end(line)?;
        let handle = self.get(&line[..end], bound)?;
        Some((handle, end))
    }

    /// The series with this text.
    pub(crate) fn get(&mut self, text: &[u8], bound: BoundLabel) -> Option<SeriesHandle> {
        let hash = self.hasher.hash_one((bound as u8, text));
        let same = |&i: &u32| {
            let entry = &self.entries[i as usize];
            entry.hash == hash && entry.bound == bound && entry.text(&self.texts) == text
        };
        let entry = *self.by_text.find(hash, same)?;
        self.came(entry);
        Some(self.entries[entry as usize].handle)
    }

    /// Remembers a series that is not known.
    pub(crate) fn insert(&mut self, text: &[u8], bound: BoundLabel, handle: SeriesHandle) {
        if self.texts.len() + text.len() > MAX_BYTES {
            *self = Self { hasher: self.hasher.clone(), ..Self::default() };
        }
        // A text that is longer than all that may be remembered is read anew each time.
        if text.len() > MAX_BYTES {
            return;
        }
        let entry = self.entries.len() as u32;
        let start = self.texts.len() as u32;
        self.texts.extend_from_slice(text);
        let hash = self.hasher.hash_one((bound as u8, text));
        self.entries.push(Entry { start, end: self.texts.len() as u32, bound, handle, hash, next: None });
        let entries = &self.entries;
        self.by_text.insert_unique(hash, entry, |&i| entries[i as usize].hash);
        self.came(entry);
    }

    /// Notes that an entry came after the last one.
    fn came(&mut self, entry: u32) {
        if let Some(last) = self.last {
            self.entries[last as usize].next = Some(entry);
        }
        self.repeats = false;
        self.last = Some(entry);
    }

    /// Whether `line` begins with the text of an entry: its handle and the length of the text.
    #[inline]
    fn begins(&self, line: &[u8], entry: u32, bound: BoundLabel) -> Option<(SeriesHandle, usize)> {
        let entry = &self.entries[entry as usize];
        let text = entry.text(&self.texts);
        let fits = entry.bound == bound && line.starts_with(text) && ends_here(line, text.len());
        fits.then_some((entry.handle, text.len()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_and_recurring_series_are_found_without_an_end_being_looked_for() {
        let mut cache = SeriesCache::default();
        // A brace in a value misleads the look for an end, so that only comparing finds this text.
        let texts = ["a{x=\"}\"}", "b", "a{x=\"1\"}"];
        for (i, text) in (0..).zip(texts) {
            cache.insert(text.as_bytes(), BoundLabel::None, SeriesHandle(i));
        }
        let mut find =
            |line: &str, bound| cache.find(line.as_bytes(), bound).map(|(handle, end)| (handle.0, end));
        assert_eq!(find("a{x=\"}\"} 1", BoundLabel::None), None);
        assert_eq!(find("b 1", BoundLabel::None), Some((1, 1)));
        assert_eq!(find("b 1", BoundLabel::None), Some((1, 1)));
        assert_eq!(find("a{x=\"1\"} 1", BoundLabel::None), Some((2, 8)));
        assert_eq!(find("a{x=\"1\"} 1", BoundLabel::Le), None);
        assert_eq!(find("bb 1", BoundLabel::None), None);
        assert_eq!(find("b {x=\"1\"} 1", BoundLabel::None), None);
        assert_eq!(cache.get(texts[0].as_bytes(), BoundLabel::None), Some(SeriesHandle(0)));
        let mut find =
            |line: &str| cache.find(line.as_bytes(), BoundLabel::None).map(|(handle, end)| (handle.0, end));
        assert_eq!(find("b 1"), Some((1, 1)));
        assert_eq!(find("a{x=\"1\"} 1"), Some((2, 8)));
        cache.get(texts[0].as_bytes(), BoundLabel::None);
        cache.get(texts[2].as_bytes(), BoundLabel::None);
        cache.get(texts[0].as_bytes(), BoundLabel::None);
        let found = cache.find(b"a{x=\"1\"} 2", BoundLabel::None);
        assert_eq!(found, Some((SeriesHandle(2), 8)));
        let found = cache.find(b"a{x=\"}\"} 2", BoundLabel::None);
        assert_eq!(found, Some((SeriesHandle(0), 8)));
    }
}
