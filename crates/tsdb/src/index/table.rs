//! The postings offset table: which labels there are, and where the lists of their series lie.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::bytes::Cursor;
use crate::error::Malformed;

/// Of the values of a label the place of every so many is kept.
const STRIDE: usize = 32;

/// The names of all labels, and of their values enough to find the others.
#[derive(Debug)]
pub(super) struct PostingsTable {
    /// Where the entries are in the file.
    entries: Range<usize>,
    /// Sorted by name.
    names: Vec<Name>,
    /// Where the list of all series is in the file.
    all: Option<u64>,
}

#[derive(Debug)]
struct Name {
    name: Box<str>,
    values: usize,
    /// Places of entries, from the start of the entries: of each 32nd value of a sorted table, of each value
    /// otherwise, in order of the values.
    places: Vec<u32>,
    stride: usize,
}

/// An entry as it lies in the file.
struct Entry<'a> {
    name: &'a [u8],
    value: &'a [u8],
    postings: u64,
}

/// A value of a label, and where the list of its series is in the file.
pub(super) struct Value<'a> {
    pub(super) value: &'a str,
    pub(super) postings: u64,
}

impl PostingsTable {
    pub(super) fn read(file: &[u8], section: usize) -> Result<Self, Malformed> {
        let body = Cursor::at(file, section)?.checked_section()?;
        let start = section + 4;
        let mut cursor = Cursor::new(body);
        let count = cursor.u32().map_err(|e| e.moved(start))?;
        let mut table = Self { entries: start + 4..start + body.len(), names: Vec::new(), all: None };
        let sorted = table.walk(cursor.rest(), count).map_err(|e| e.moved(start + 4))?;
        if !sorted {
            table.walk_unsorted(cursor.rest(), count).map_err(|e| e.moved(start + 4))?;
        }
        Ok(table)
    }

    /// Keeps places at strides. Returns whether the entries are sorted, as they are since version 2.
    fn walk(&mut self, entries: &[u8], count: u32) -> Result<bool, Malformed> {
        let mut cursor = Cursor::new(entries);
        let mut before: Option<(&[u8], &[u8])> = None;
        for _ in 0..count {
            let place = cursor.position();
            let entry = Entry::read(&mut cursor)?;
            if before.is_some_and(|before| before >= (entry.name, entry.value)) {
                return Ok(false);
            }
            if before.is_none_or(|(name, _)| name != entry.name) {
                self.names.push(Name::new(entry.name, STRIDE, place)?);
            }
            before = Some((entry.name, entry.value));
            self.note_all(&entry);
            let name = self.names.last_mut().expect("invariant: a name was pushed for the first entry");
            if name.values.is_multiple_of(STRIDE) {
                name.places.push(place as u32);
            }
            name.values += 1;
        }
        Ok(true)
    }

    fn walk_unsorted(&mut self, entries: &[u8], count: u32) -> Result<(), Malformed> {
        let mut by_name: BTreeMap<&[u8], Vec<(&[u8], u32)>> = BTreeMap::new();
        let mut cursor = Cursor::new(entries);
        for _ in 0..count {
            let place = cursor.position();
            let entry = Entry::read(&mut cursor)?;
            self.note_all(&entry);
            by_name.entry(entry.name).or_default().push((entry.value, place as u32));
        }
        self.names.clear();
        for (name, mut values) in by_name {
            values.sort_unstable();
            let place = values.first().map_or(0, |(_, place)| *place as usize);
            let mut name = Name::new(name, 1, place)?;
            name.values = values.len();
            name.places = values.into_iter().map(|(_, place)| place).collect();
            self.names.push(name);
        }
        Ok(())
    }

    fn note_all(&mut self, entry: &Entry<'_>) {
        if entry.name.is_empty() && entry.value.is_empty() {
            self.all = Some(entry.postings);
        }
    }

    /// Where the list of all series is in the file; `None` in an index without series.
    pub(super) fn all(&self) -> Option<u64> {
        self.all
    }

    /// The names of all labels, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &*name.name).filter(|name| !name.is_empty())
    }

    /// How many values a label has; 0 if there is no such label.
    pub(super) fn value_count(&self, name: &str) -> usize {
        self.name(name).map_or(0, |name| name.values)
    }

    /// Where the list of the series with a label's value is in the file.
    pub(super) fn find(&self, file: &[u8], name: &str, value: &str) -> Result<Option<u64>, Malformed> {
        let Some(name) = self.name(name) else { return Ok(None) };
        let entry_at = |place: u32| Entry::read(&mut self.cursor(file, place)?);
        // The last place whose value is not above the one that is looked for.
        let (mut low, mut high) = (0, name.places.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if entry_at(name.places[middle])?.value <= value.as_bytes() {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let Some(block) = low.checked_sub(1) else { return Ok(None) };
        let mut cursor = self.cursor(file, name.places[block])?;
        for _ in 0..name.stride.min(name.values - block * name.stride) {
            let entry = Entry::read(&mut cursor)?;
            if entry.value == value.as_bytes() {
                return Ok(Some(entry.postings));
            }
        }
        Ok(None)
    }

    /// Calls `each` for all values of a label, sorted.
    pub(super) fn for_each_value<'a>(
        &self,
        file: &'a [u8],
        name: &str,
        mut each: impl FnMut(Value<'a>),
    ) -> Result<(), Malformed> {
        let Some(name) = self.name(name) else { return Ok(()) };
        for (block, &place) in name.places.iter().enumerate() {
            let mut cursor = self.cursor(file, place)?;
            for _ in 0..name.stride.min(name.values - block * name.stride) {
                let at = cursor.position();
                let entry = Entry::read(&mut cursor)?;
                let value = std::str::from_utf8(entry.value)
                    .map_err(|_| Malformed::new(at, "the value of a label is not UTF-8"))?;
                each(Value { value, postings: entry.postings });
            }
        }
        Ok(())
    }

    fn cursor<'a>(&self, file: &'a [u8], place: u32) -> Result<Cursor<'a>, Malformed> {
        Cursor::at(&file[..self.entries.end], self.entries.start + place as usize)
    }

    fn name(&self, name: &str) -> Option<&Name> {
        let i = self.names.binary_search_by(|n| (*n.name).cmp(name)).ok()?;
        Some(&self.names[i])
    }
}

impl Name {
    fn new(name: &[u8], stride: usize, place: usize) -> Result<Self, Malformed> {
        let name = std::str::from_utf8(name)
            .map_err(|_| Malformed::new(place, "the name of a label is not UTF-8"))?;
        Ok(Self { name: name.into(), values: 0, places: Vec::new(), stride })
    }
}

impl<'a> Entry<'a> {
    #[inline]
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let start = *cursor;
        if cursor.uvarint()? != 2 {
            return Err(start.malformed("an entry of the postings table has not two keys"));
        }
        Ok(Self { name: cursor.prefixed()?, value: cursor.prefixed()?, postings: cursor.uvarint()? })
    }
}
