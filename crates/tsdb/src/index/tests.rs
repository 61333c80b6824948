//! Indexes of other versions, and damage that checksums do not tell.

use promqlite_model::{Labels, MatchOp, Matcher};
use promqlite_storage::id_list;

use super::*;
use crate::bytes::{crc, put_uvarint, put_varint};

fn open(bytes: &[u8]) -> Result<Index, TsdbError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Index::open(FileBytes::open(file.path(), false)?)
}

/// An index with the series of `labels`, each with one chunk, as this crate writes it.
fn written(labels: &[&[(&str, &str)]]) -> Vec<u8> {
    let symbols = Symbols::new();
    let mut sets: Vec<Labels> =
        labels.iter().map(|pairs| Labels::new(&symbols, pairs.iter().copied())).collect();
    sets.sort_by(|a, b| a.compare(b, &symbols));
    let chunks = [
        ChunkMeta { min_ms: -5, max_ms: 7, reference: 8 },
        ChunkMeta { min_ms: 9, max_ms: 70, reference: 99 },
    ];
    let series: Vec<_> = sets.iter().map(|labels| (labels, &chunks[..])).collect();
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("index");
    crate::write::write_index(&path, &series, &symbols).unwrap();
    std::fs::read(path).unwrap()
}

fn put_string(out: &mut Vec<u8>, string: &str) {
    put_uvarint(out, string.len() as u64);
    out.extend(string.bytes());
}

fn put_section(out: &mut Vec<u8>, body: &[u8]) {
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(body);
    out.extend(crc(body).to_be_bytes());
}

/// An index of version 1: strings and series go by their places, and the postings table is not sorted.
fn version_1() -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(1);
    let strings = ["__name__", "a", "b", "job", "up"];
    let (mut body, mut places) = (5u32.to_be_bytes().to_vec(), Vec::new());
    for string in strings {
        places.push((out.len() + 4 + body.len()) as u64);
        put_string(&mut body, string);
    }
    put_section(&mut out, &body);
    let start = out.len();
    let mut references = Vec::new();
    for (value, t) in [(1, 1000), (2, 2000)] {
        references.push(out.len() as u32);
        let mut body = vec![2];
        [places[0], places[4], places[3], places[value]]
            .iter()
            .for_each(|&place| put_uvarint(&mut body, place));
        body.push(1);
        put_varint(&mut body, t);
        put_uvarint(&mut body, 500);
        put_uvarint(&mut body, 8);
        put_uvarint(&mut out, body.len() as u64);
        out.extend(&body);
        out.extend(crc(&body).to_be_bytes());
    }
    let mut table = 4u32.to_be_bytes().to_vec();
    let lists: [(&str, &str, &[u32]); 4] = [
        ("job", "b", &references[1..]),
        ("", "", &references),
        ("job", "a", &references[..1]),
        ("__name__", "up", &references),
    ];
    for (name, value, list) in lists {
        table.push(2);
        put_string(&mut table, name);
        put_string(&mut table, value);
        put_uvarint(&mut table, out.len() as u64);
        let mut body = (list.len() as u32).to_be_bytes().to_vec();
        body.extend(list.iter().flat_map(|reference| reference.to_be_bytes()));
        put_section(&mut out, &body);
    }
    let table_at = out.len();
    put_section(&mut out, &table);
    let toc: Vec<u8> =
        [5, start, 0, 0, start, table_at].iter().flat_map(|&at| (at as u64).to_be_bytes()).collect();
    out.extend(&toc);
    out.extend(crc(&toc).to_be_bytes());
    out
}

/// Labels as text and chunks of the series that pass.
fn select(
    index: &Index,
    symbols: &Symbols,
    matchers: &[Matcher],
) -> Result<Vec<(String, Vec<ChunkMeta>)>, TsdbError> {
    let mut entry = SeriesEntry::default();
    let (references, _) = index.resolve(matchers)?;
    let mut found = Vec::new();
    for reference in references {
        index.series(reference, &mut entry)?;
        let mut text = String::new();
        for &(name, value) in &entry.labels {
            let string = |s| Ok::<_, TsdbError>(symbols.get(index.intern(s, symbols)?));
            text += &format!("{}={} ", string(name)?, string(value)?);
        }
        found.push((text, entry.chunks.clone()));
    }
    Ok(found)
}

#[test]
fn version_1_is_read() {
    let index = open(&version_1()).unwrap();
    let symbols = Symbols::new();
    let chunk = |t| vec![ChunkMeta { min_ms: t, max_ms: t + 500, reference: 8 }];
    let (a, b) =
        (("__name__=up job=a ".to_owned(), chunk(1000)), ("__name__=up job=b ".to_owned(), chunk(2000)));
    assert_eq!(select(&index, &symbols, &[]).unwrap(), [a.clone(), b.clone()]);
    assert_eq!(select(&index, &symbols, &[Matcher::equal("job", "b")]).unwrap(), std::slice::from_ref(&b));
    let not_b = Matcher::new("job", MatchOp::NotRegex, "b.*").unwrap();
    assert_eq!(select(&index, &symbols, &[not_b]).unwrap(), [a]);
    assert_eq!(index.label_names().collect::<Vec<_>>(), ["__name__", "job"]);
    let mut values = Vec::new();
    index.for_each_value("job", |value| values.push(value.to_owned())).unwrap();
    assert_eq!(values, ["a", "b"]);
}

#[test]
fn version_3_reads_as_version_2() {
    let mut bytes = written(&[&[("__name__", "up")], &[("__name__", "up"), ("job", "x")]]);
    let second = select(&open(&bytes).unwrap(), &Symbols::new(), &[]).unwrap();
    assert_eq!(second.len(), 2);
    bytes[4] = 3;
    assert_eq!(select(&open(&bytes).unwrap(), &Symbols::new(), &[]).unwrap(), second);
    bytes[4] = 4;
    assert!(open(&bytes).unwrap_err().to_string().contains("version 4"));
}

/// Values past the ones whose places are kept, and all ways to look for them.
#[test]
fn matchers_find_what_a_filter_finds() {
    let values: Vec<String> = (0..300).map(|i| format!("v{i}")).collect();
    let sets: Vec<Vec<(&str, &str)>> = values
        .iter()
        .enumerate()
        .map(|(i, v)| match i % 3 {
            0 => vec![("__name__", "m"), ("v", v.as_str())],
            1 => vec![("__name__", "n"), ("v", v.as_str()), ("third", "yes")],
            _ => vec![("__name__", "m"), ("w", v.as_str())],
        })
        .collect();
    let index = open(&written(&sets.iter().map(Vec::as_slice).collect::<Vec<_>>())).unwrap();
    let cases: [&[(&str, MatchOp, &str)]; 14] = [
        &[("v", MatchOp::Equal, "v0")],
        &[("v", MatchOp::Equal, "v99")],
        &[("v", MatchOp::Equal, "v999")],
        &[("v", MatchOp::Equal, "")],
        &[("v", MatchOp::NotEqual, "v3")],
        &[("v", MatchOp::NotEqual, "")],
        &[("v", MatchOp::Regex, "v1.*")],
        &[("v", MatchOp::Regex, "v3|v4|")],
        &[("v", MatchOp::NotRegex, "v1.*"), ("__name__", MatchOp::Equal, "m")],
        &[("v", MatchOp::Regex, ".*[05]"), ("third", MatchOp::Equal, "yes")],
        &[("v", MatchOp::Regex, "v1.*"), ("v", MatchOp::Equal, "v12")],
        &[("v", MatchOp::NotRegex, "v1.*"), ("v", MatchOp::Equal, "v12")],
        &[("absent", MatchOp::Equal, ""), ("w", MatchOp::Regex, "v5|v8")],
        &[("absent", MatchOp::NotEqual, "")],
    ];
    for case in cases {
        let matchers: Vec<Matcher> = case.iter().map(|(n, op, v)| Matcher::new(n, *op, v).unwrap()).collect();
        let value = |set: &[(&str, &str)], name: &str| {
            set.iter().find(|(n, _)| *n == name).map_or(String::new(), |(_, v)| (*v).to_owned())
        };
        let passes = |set: &&Vec<(&str, &str)>| matchers.iter().all(|m| m.matches(&value(set, m.name())));
        let want = sets.iter().filter(passes).count();
        let (found, _) = index.resolve(&matchers).unwrap();
        assert_eq!(found.len(), want, "{case:?}");
        let mut all = index.all_series().unwrap();
        id_list::intersect(&mut all, &found);
        assert_eq!(all, found, "{case:?}");
    }
}

/// The parts of an index that a checksum follows.
fn checked_parts(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let index = open(bytes).unwrap();
    let toc = Toc::read(bytes).unwrap();
    let mut lists = vec![index.postings.all().unwrap()];
    let names: Vec<String> = index.label_names().map(str::to_owned).collect();
    for name in names {
        index.postings.for_each_value(bytes, &name, |value| lists.push(value.postings)).unwrap();
    }
    let sections = [toc.symbols, toc.postings_table].into_iter().chain(lists.iter().map(|&at| at as usize));
    let mut parts: Vec<_> =
        sections.map(|at| at + 4..at + 4 + Cursor::at(bytes, at).unwrap().u32().unwrap() as usize).collect();
    for reference in index.all_series().unwrap() {
        let mut cursor = Cursor::at(bytes, reference as usize * SERIES_ALIGNMENT).unwrap();
        let length = cursor.prefixed().unwrap().len();
        parts.push(cursor.position() - length..cursor.position());
    }
    parts.push(bytes.len() - 52..bytes.len() - 4);
    parts
}

/// A hostile index may have right sums around anything.
#[test]
fn no_flipped_bit_with_a_right_checksum_makes_it_panic() {
    let bytes = written(&[
        &[("__name__", "up"), ("job", "x")],
        &[("__name__", "up"), ("job", "y"), ("zone", "z")],
        &[("__name__", "m")],
    ]);
    let parts = checked_parts(&bytes);
    assert!(parts.iter().map(|part| part.len()).sum::<usize>() * 2 > bytes.len());
    let matchers = [
        vec![],
        vec![Matcher::equal("job", "x")],
        vec![Matcher::new("job", MatchOp::Regex, ".*x?").unwrap()],
        vec![Matcher::new("zone", MatchOp::NotRegex, "a.*").unwrap()],
    ];
    for part in parts {
        for bit in part.start * 8..part.end * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let sum = crc(&damaged[part.clone()]);
            damaged[part.end..part.end + 4].copy_from_slice(&sum.to_be_bytes());
            let Ok(index) = open(&damaged) else { continue };
            let symbols = Symbols::new();
            for matchers in &matchers {
                let _ = select(&index, &symbols, matchers);
            }
            let _ = index.for_each_value("job", |_| {});
        }
    }
}
