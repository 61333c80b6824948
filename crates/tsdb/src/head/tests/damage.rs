//! Every bit and every length of the files of a head.

use super::super::testing::chunk_file;
use super::*;
use crate::wal::testing::{samples_record, series_record};

const A: &[(&str, &str)] = &[("__name__", "a")];
const B: &[(&str, &str)] = &[("__name__", "b")];

/// Zeros after the last chunk.
const RESERVED: usize = 40;

fn wal() -> Vec<u8> {
    segment(&[
        series_record(&[(1, A), (2, B)]),
        samples_record(&[(1, 10, 1.0), (2, 10, 2.0), (1, 20, 3.5)]),
        samples_record(&[(2, 20, 4.5), (1, 30, 5.5)]),
    ])
}

fn chunks() -> Vec<u8> {
    let chunks = [
        (1, chunk(&[(1, 0.25), (2, 0.5), (5, 0.75)]), false),
        (2, chunk(&[(3, 9.0)]), false),
        (2, chunk(&[(2, 8.0), (9, 8.5)]), true),
    ];
    chunk_file(&chunks, RESERVED)
}

/// Whether all samples of `part` are in `whole`.
fn is_part(part: &Content, whole: &Content) -> bool {
    part.iter().all(|(labels, samples)| {
        whole.get(labels).is_some_and(|all| samples.iter().all(|(t, value)| all.get(t) == Some(value)))
    })
}

#[test]
fn no_flipped_bit_of_head_chunks_goes_unnoticed() {
    let file = chunks();
    let folder = directory(&[("wal/00000000", wal()), ("chunks_head/000001", file.clone())]);
    let whole = content(load(folder.path(), i64::MIN).store());
    assert_eq!(whole.values().map(BTreeMap::len).sum::<usize>(), 11);
    for bit in 0..file.len() * 8 {
        let mut bytes = file.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        write(folder.path(), "chunks_head/000001", &bytes);
        let head = load(folder.path(), i64::MIN);
        let found = content(head.store());
        assert!(is_part(&found, &whole), "bit {bit}: {found:?}");
        let damage = &head.report().head_chunks.damage;
        // The three bytes after the version mean nothing, nor do those after the series and times that end the file.
        let byte = bit / 8;
        let idle = (5..8).contains(&byte) || byte >= file.len() - RESERVED + 24;
        assert_eq!(damage.len(), usize::from(!idle), "bit {bit}");
        assert!(found == whole || !damage.is_empty(), "bit {bit}");
        if let Some(damage) = damage.first() {
            assert!(damage.path.ends_with("chunks_head/000001") && damage.offset <= bit as u64 / 8);
            assert_eq!(Head::load(folder.path(), i64::MIN, true).is_err(), !damage.torn);
        }
    }
}

#[test]
fn head_chunks_may_end_anywhere() {
    let file = chunks();
    let folder = directory(&[("wal/00000000", wal())]);
    let mut most = 0;
    for cut in 0..=file.len() {
        write(folder.path(), "chunks_head/000001", &file[..cut]);
        let head = load(folder.path(), i64::MIN);
        assert!(head.report().head_chunks.damage.iter().all(|damage| damage.torn), "cut at {cut}");
        let samples = head.report().samples;
        assert!(samples >= most.max(5), "cut at {cut}");
        most = samples;
    }
    assert_eq!(most, 11);
}

#[test]
fn no_flipped_bit_of_the_wal_goes_unnoticed() {
    let file = wal();
    let folder = directory(&[("wal/00000000", file.clone())]);
    let whole = content(load(folder.path(), i64::MIN).store());
    for bit in 0..file.len() * 8 {
        let mut bytes = file.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        write(folder.path(), "wal/00000000", &bytes);
        let head = load(folder.path(), i64::MIN);
        let found = content(head.store());
        assert!(is_part(&found, &whole), "bit {bit}: {found:?}");
        assert!(!head.report().wal.damage.is_empty(), "bit {bit}");
    }
    for cut in 0..file.len() {
        write(folder.path(), "wal/00000000", &file[..cut]);
        let head = load(folder.path(), i64::MIN);
        assert!(is_part(&content(head.store()), &whole), "cut at {cut}");
        assert!(head.report().wal.damage.iter().all(|damage| damage.torn), "cut at {cut}");
        assert_eq!(head.report().warnings(), [""; 0], "cut at {cut}");
    }
}

#[test]
fn the_wal_fills_in_for_lost_chunks() {
    let all: Vec<(i64, f64)> = (0..40).map(|i| (i * 10, i as f64)).collect();
    let part = |range: std::ops::Range<usize>| (1, chunk(&all[range]), false);
    let mut damaged = chunk_file(&[part(0..10), part(10..20)], 0);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let samples: Vec<_> = all.iter().map(|&(t, value)| (1, t, value)).collect();
    let folder = directory(&[
        ("chunks_head/000001", damaged),
        ("chunks_head/000002", chunk_file(&[part(20..30)], 64)),
        ("wal/00000000", segment(&[series_record(&[(1, A)]), samples_record(&samples)])),
    ]);
    let head = load(folder.path(), i64::MIN);
    assert_eq!((head.report().samples, head.report().head_chunks.damage.len()), (40, 1));
    let warning = &head.report().warnings()[0];
    assert!(
        warning.contains("chunks_head/000001: the checksum of a head chunk is wrong at byte"),
        "{warning}"
    );
}

#[test]
fn a_damaged_segment_costs_its_rest() {
    let mut damaged = wal();
    let end = damaged.len();
    damaged[end - 3] ^= 1;
    let folder = directory(&[
        ("wal/00000000", damaged),
        ("wal/00000001", segment(&[samples_record(&[(1, 40, 6.5)])])),
        ("wal/00000004", segment(&[samples_record(&[(1, 50, 7.5)])])),
    ]);
    let head = load(folder.path(), i64::MIN);
    assert_eq!(head.report().samples, 5);
    let warnings = head.report().warnings();
    assert!(warnings[0].contains("wal/00000000: the checksum of a record is wrong at byte"), "{warnings:?}");
    assert_eq!(warnings[1], "wal: segments 00000002 to 00000003 are missing");
    let error = Head::load(folder.path(), i64::MIN, true).expect_err("damage").to_string();
    assert!(error.contains("wal/00000000: the checksum of a record is wrong at byte"), "{error}");
}
