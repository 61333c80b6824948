//! The strings of an index.

use std::ops::Range;
use std::sync::OnceLock;

use promqlite_model::{Symbol, Symbols};

use super::toc::Version;
use crate::bytes::Cursor;
use crate::error::Malformed;

/// Every so many strings the place of one is kept.
const STRIDE: usize = 32;
/// Strings whose symbols are kept together once one of them is known.
const PAGE: usize = 256;

/// The symbol table of an index. It is looked at when the first string is needed.
#[derive(Debug)]
pub(super) struct SymbolTable {
    version: Version,
    /// Where the section is in the file.
    section: usize,
    loaded: OnceLock<Result<Loaded, Malformed>>,
}

#[derive(Debug)]
struct Loaded {
    /// Where the strings are in the file.
    strings: Range<usize>,
    count: usize,
    /// Places of every 32nd string, from the start of the strings.
    sparse: Vec<u32>,
    /// By ordinal: symbols of the strings that were asked for.
    interned: Vec<OnceLock<Box<[OnceLock<Symbol>]>>>,
}

impl SymbolTable {
    pub(super) fn new(version: Version, section: usize) -> Self {
        Self { version, section, loaded: OnceLock::new() }
    }

    /// The string with a reference from a series.
    pub(super) fn get<'a>(&self, file: &'a [u8], reference: u64) -> Result<&'a str, Malformed> {
        let loaded = self.loaded(file)?;
        match self.version {
            Version::V1 => {
                let at = usize::try_from(reference).ok().filter(|at| loaded.strings.contains(at));
                let at = at.ok_or_else(|| self.unknown(reference))?;
                Cursor::at(&file[..loaded.strings.end], at)?.string()
            }
            Version::V2 => self.by_ordinal(loaded, file, reference),
        }
    }

    /// The symbol, in the store's table, of the string with a reference from a series.
    pub(super) fn intern(&self, file: &[u8], reference: u64, symbols: &Symbols) -> Result<Symbol, Malformed> {
        if self.version == Version::V1 {
            return Ok(symbols.intern(self.get(file, reference)?));
        }
        let loaded = self.loaded(file)?;
        let ordinal = usize::try_from(reference).unwrap_or(usize::MAX);
        let page = loaded.interned.get(ordinal / PAGE).ok_or_else(|| self.unknown(reference))?;
        let page = page.get_or_init(|| (0..PAGE).map(|_| OnceLock::new()).collect());
        if let Some(symbol) = page[ordinal % PAGE].get() {
            return Ok(*symbol);
        }
        let symbol = symbols.intern(self.by_ordinal(loaded, file, reference)?);
        Ok(*page[ordinal % PAGE].get_or_init(|| symbol))
    }

    fn by_ordinal<'a>(&self, loaded: &Loaded, file: &'a [u8], reference: u64) -> Result<&'a str, Malformed> {
        let ordinal = usize::try_from(reference).ok().filter(|&i| i < loaded.count);
        let ordinal = ordinal.ok_or_else(|| self.unknown(reference))?;
        let start = loaded.strings.start + loaded.sparse[ordinal / STRIDE] as usize;
        let mut cursor = Cursor::at(&file[..loaded.strings.end], start)?;
        for _ in 0..ordinal % STRIDE {
            cursor.prefixed()?;
        }
        cursor.string()
    }

    fn unknown(&self, reference: u64) -> Malformed {
        Malformed::new(
            self.section,
            format!("a series refers to string {reference}, which is not in the symbol table"),
        )
    }

    fn loaded(&self, file: &[u8]) -> Result<&Loaded, Malformed> {
        self.loaded.get_or_init(|| Loaded::new(file, self.section)).as_ref().map_err(Clone::clone)
    }
}

impl Loaded {
    fn new(file: &[u8], section: usize) -> Result<Self, Malformed> {
        let body = Cursor::at(file, section)?.checked_section()?;
        let start = section + 4;
        let moved = |e: Malformed| e.moved(start);
        let mut cursor = Cursor::new(body);
        let count = cursor.u32().map_err(moved)? as usize;
        if count > cursor.remaining() {
            return Err(Malformed::new(
                start,
                format!("{count} strings told where {} bytes are", body.len()),
            ));
        }
        let strings = start + 4..start + body.len();
        let mut sparse = Vec::with_capacity(count.div_ceil(STRIDE));
        for i in 0..count {
            if i % STRIDE == 0 {
                sparse.push((cursor.position() - 4) as u32);
            }
            cursor.prefixed().map_err(moved)?;
        }
        let interned = (0..count.div_ceil(PAGE)).map(|_| OnceLock::new()).collect();
        Ok(Self { strings, count, sparse, interned })
    }
}
