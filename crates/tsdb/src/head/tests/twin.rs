//! Random heads, cut into files at random places, against what was put into them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::testing::chunk_file;
use super::*;
use crate::wal::testing::{samples_record, series_record};

const SERIES: usize = 3;

/// An append: which series, how long after its newest sample, and the value. Negative distances are out of order.
type Append = (usize, i64, f64);

/// When a record, a segment or a chunk of a series ends, in numbers of appends.
#[derive(Clone, Debug)]
struct Cuts {
    record: usize,
    segment: usize,
    chunk: usize,
    checkpoint: Option<usize>,
}

fn cuts() -> impl Strategy<Value = Cuts> {
    (1usize..9, 5usize..40, 2usize..12, prop::option::of(0usize..4))
        .prop_map(|(record, segment, chunk, checkpoint)| Cuts { record, segment, chunk, checkpoint })
}

fn labels(series: usize) -> [(&'static str, &'static str); 1] {
    [("__name__", ["a", "b", "c"][series])]
}

#[derive(Default)]
struct Written {
    wanted: Content,
    wal: Vec<(usize, Vec<u8>)>,
    wbl: Vec<(usize, Vec<u8>)>,
    chunks: Vec<(u64, EncodedChunk, bool)>,
}

/// What a Prometheus would write for these appends.
fn write_head(appends: &[Append], cuts: &Cuts) -> Written {
    let mut written = Written::default();
    let mut newest = [1000i64; SERIES];
    let mut open: [Vec<(i64, f64)>; SERIES] = Default::default();
    let mut late: [BTreeMap<i64, f64>; SERIES] = Default::default();
    let all: Vec<_> = (0..SERIES).map(|i| (i as u64 + 1, labels(i))).collect();
    let all: Vec<_> = all.iter().map(|(reference, labels)| (*reference, &labels[..])).collect();
    written.wal.push((0, series_record(&all)));
    for (i, batch) in appends.chunks(cuts.record).enumerate() {
        let segment = i * cuts.record / cuts.segment;
        let (mut in_order, mut out_of_order) = (Vec::new(), Vec::new());
        for &(series, distance, value) in batch {
            let t = newest[series] + distance;
            let reference = series as u64 + 1;
            let samples =
                written.wanted.entry(format!("{{__name__=\"{}\"}}", labels(series)[0].1)).or_default();
            if samples.contains_key(&t) {
                continue;
            }
            samples.insert(t, float(value));
            if distance > 0 {
                in_order.push((reference, t, value));
                newest[series] = t;
                open[series].push((t, value));
                if open[series].len() > cuts.chunk {
                    let full = open[series].drain(..cuts.chunk).collect::<Vec<_>>();
                    written.chunks.push((reference, chunk(&full), false));
                }
            } else {
                out_of_order.push((reference, t, value));
                late[series].insert(t, value);
                if late[series].len() == cuts.chunk {
                    let full: Vec<_> = std::mem::take(&mut late[series]).into_iter().collect();
                    written.chunks.push((reference, chunk(&full), true));
                }
            }
        }
        written.wal.push((segment, samples_record(&in_order)));
        written.wbl.push((segment, samples_record(&out_of_order)));
    }
    written
}

fn write_log(folder: &Path, log: &str, records: &[(usize, Vec<u8>)], checkpoint: Option<usize>) {
    let last = records.iter().map(|(segment, _)| *segment).max().unwrap_or(0);
    let of = |range: std::ops::RangeInclusive<usize>| {
        let records = records.iter().filter(|(segment, _)| range.contains(segment));
        segment(&records.map(|(_, record)| record.clone()).collect::<Vec<_>>())
    };
    if let Some(until) = checkpoint {
        write(folder, &format!("{log}/checkpoint.{until:08}/00000000"), &of(0..=until));
    }
    for number in 0..=last {
        write(folder, &format!("{log}/{number:08}"), &of(number..=number));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn loads_what_was_written(
        appends in prop::collection::vec((0..SERIES, -300i64..100, -1e6f64..1e6), 0..150),
        cuts in cuts(),
    ) {
        let written = write_head(&appends, &cuts);
        let folder = tempfile::tempdir().expect("a folder");
        write_log(folder.path(), "wal", &written.wal, cuts.checkpoint);
        write_log(folder.path(), "wbl", &written.wbl, None);
        let (first, second) = written.chunks.split_at(written.chunks.len() / 2);
        write(folder.path(), "chunks_head/000003", &chunk_file(first, 0));
        write(folder.path(), "chunks_head/000004", &chunk_file(second, 500));
        let head = load(folder.path(), i64::MIN);
        prop_assert_eq!(content(head.store()), written.wanted);
        prop_assert_eq!(head.report().warnings(), [""; 0]);
        prop_assert_eq!(head.report().dropped.conflicts, 0);
    }
}
