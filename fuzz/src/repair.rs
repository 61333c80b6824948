//! Makes checksums right where a file still has them in place, so that mutations get past them.

use promqlite_tsdb::bytes::{Cursor, crc};

/// Bytes of a page of a log, and of the header of a fragment there.
const PAGE: usize = 32 * 1024;
const FRAGMENT_HEADER: usize = 7;
/// Six offsets and a checksum.
const TOC_BYTES: usize = 6 * 8 + 4;

fn u32_at(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*file.get(at..)?.first_chunk()?))
}

/// Puts the checksum of `start..end` behind it; `None` if there is no space.
fn put_crc(file: &mut [u8], start: usize, end: usize) -> Option<()> {
    let sum = crc(file.get(start..end)?);
    *file.get_mut(end..)?.first_chunk_mut()? = sum.to_be_bytes();
    Some(())
}

/// Repairs an index file: its series, lists, tables and its table of contents.
pub fn index(file: &mut [u8]) {
    let Some(toc) = file.len().checked_sub(TOC_BYTES) else { return };
    let offset = |file: &[u8], i: usize| {
        let bytes = file.get(toc + 8 * i..)?.first_chunk()?;
        usize::try_from(u64::from_be_bytes(*bytes)).ok()
    };
    let (symbols, table) = (offset(file, 0), offset(file, 5));
    let lists = table.and_then(|at| postings(file, at)).unwrap_or_default();
    for &list in &lists {
        series_of_list(file, list);
    }
    for at in lists.into_iter().chain(symbols).chain(table) {
        section(file, at);
    }
    put_crc(file, toc, toc + TOC_BYTES - 4);
}

/// A length of four bytes, a body, its checksum.
fn section(file: &mut [u8], at: usize) -> Option<()> {
    let start = at.checked_add(4)?;
    let end = start.checked_add(u32_at(file, at)? as usize)?;
    put_crc(file, start, end)
}

/// Where the lists of an offset table are.
fn postings(file: &[u8], at: usize) -> Option<Vec<usize>> {
    let count = u32_at(file, at.checked_add(4)?)?;
    let mut cursor = Cursor::at(file, at.checked_add(8)?).ok()?;
    let mut lists = Vec::new();
    for _ in 0..count.min(10_000) {
        let entry = cursor.uvarint().and_then(|_| cursor.prefixed()).and_then(|_| cursor.prefixed());
        let Ok(list) = entry.and_then(|_| cursor.uvarint()) else { break };
        lists.extend(usize::try_from(list));
    }
    Some(lists)
}

fn series_of_list(file: &mut [u8], list: usize) -> Option<()> {
    let bytes_per_reference = if file.get(4) == Some(&1) { 1 } else { 16 };
    let count = u32_at(file, list.checked_add(4)?)? as usize;
    for i in 0..count.min(10_000) {
        let at = u32_at(file, list.checked_add(8 + 4 * i)?)? as usize * bytes_per_reference;
        let mut cursor = Cursor::at(file, at).ok()?;
        let length = usize::try_from(cursor.uvarint().ok()?).ok()?;
        let start = cursor.position();
        put_crc(file, start, start.checked_add(length)?);
    }
    Some(())
}

/// Repairs a segment of a log. With `fit`, fragments that reach past their page or the end become shorter.
pub fn segment(file: &mut [u8], fit: bool) {
    for page in file.chunks_mut(PAGE) {
        let mut at = 0;
        while at + FRAGMENT_HEADER <= page.len() && page[at] & 7 != 0 {
            let start = at + FRAGMENT_HEADER;
            let mut end = start + usize::from(u16::from_be_bytes([page[at + 1], page[at + 2]]));
            if end > page.len() {
                if !fit {
                    break;
                }
                end = page.len();
                page[at + 1..at + 3].copy_from_slice(&((end - start) as u16).to_be_bytes());
            }
            let sum = crc(&page[start..end]);
            page[at + 3..start].copy_from_slice(&sum.to_be_bytes());
            at = end;
        }
    }
}

/// Repairs a file of head chunks.
pub fn head_chunks(file: &mut [u8]) {
    let mut at = 8;
    while let Some(end) = head_chunk(file, at) {
        at = end;
    }
}

/// Series, times, encoding, length, data, checksum; where the chunk ends.
fn head_chunk(file: &mut [u8], at: usize) -> Option<usize> {
    let mut cursor = Cursor::at(file, at).ok()?;
    cursor.take(25).ok()?;
    let length = usize::try_from(cursor.uvarint().ok()?).ok()?;
    let end = cursor.position().checked_add(length)?;
    put_crc(file, at, end)?;
    Some(end + 4)
}
