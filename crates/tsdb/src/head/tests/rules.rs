//! One rule of loading at a time.

use promqlite_model::STALE_NAN;
use promqlite_model::histogram::HistogramParts;
use promqlite_storage::{Metadata, MetricKind, Storage};

use super::super::testing::chunk_file;
use super::*;
use crate::head::Dropped;
use crate::wal::RecordType;
use crate::wal::testing::*;

const A: &[(&str, &str)] = &[("__name__", "a")];
const B: &[(&str, &str)] = &[("__name__", "b")];

fn texts(samples: &[(i64, f64)]) -> Vec<(i64, String)> {
    samples.iter().map(|&(t, value)| (t, float(value))).collect()
}

#[test]
fn checkpoint_and_later_segments_are_one_log() {
    let folder = directory(&[
        ("wal/00000003", segment(&[samples_record(&[(1, 1, 99.0)])])),
        ("wal/checkpoint.00000004/00000000", segment(&[series_record(&[(1, A)])])),
        ("wal/checkpoint.00000004/00000001", segment(&[samples_record(&[(1, 10, 1.0)])])),
        ("wal/00000005", segment(&[series_record(&[(2, B)]), samples_record(&[(1, 20, 2.0), (2, 20, 3.0)])])),
    ]);
    let head = load(folder.path(), i64::MIN);
    let content = content(head.store());
    assert_eq!(floats(&content, "a"), texts(&[(10, 1.0), (20, 2.0)]));
    assert_eq!(floats(&content, "b"), texts(&[(20, 3.0)]));
    let report = head.report();
    assert_eq!((report.series, report.samples, report.wal.segments), (2, 3, 3));
    assert_eq!((report.wal.checkpoint, report.wal.series, report.wal.float_samples), (Some(4), 2, 3));
    assert_eq!(report.wal.records, [(RecordType::Series, 2), (RecordType::Samples, 2)].into());
    assert_eq!(report.time_range, Some(TimeRange::new(10, 20)));
    assert_eq!(report.warnings(), [""; 0]);
}

#[test]
fn what_blocks_have_is_left_out_but_out_of_order_samples_never_are() {
    let early = chunk(&[(10, 1.0), (20, 2.0)]);
    let partly = chunk(&[(30, 3.0), (45, 4.5), (50, 5.0)]);
    let late = chunk(&[(5, 0.5), (15, 1.5)]);
    let chunks = chunk_file(&[(1, early, false), (1, partly, false), (1, late, true)], 100);
    let wal = [series_record(&[(1, A)]), samples_record(&[(1, 10, 1.0), (1, 45, 4.5), (1, 60, 6.0)])];
    let wbl = [samples_record(&[(1, 5, 0.5), (1, 7, 0.7)]), markers_record(&[(1, 1 << 32)])];
    let folder = directory(&[
        ("chunks_head/000001", chunks),
        ("wal/00000000", segment(&wal)),
        ("wbl/00000000", segment(&wbl)),
    ]);
    let head = load(folder.path(), 40);
    let wanted = [(5, 0.5), (7, 0.7), (15, 1.5), (30, 3.0), (45, 4.5), (50, 5.0), (60, 6.0)];
    assert_eq!(floats(&content(head.store()), "a"), texts(&wanted));
    let dropped = Dropped { in_blocks: 1, duplicates: 2, ..Dropped::default() };
    assert_eq!(head.report().dropped, dropped);
    assert_eq!(head.report().head_chunks.out_of_order, 1);
}

#[test]
fn what_was_refused_when_it_came_is_left_out() {
    let wal = [
        series_record(&[(1, A)]),
        samples_record(&[(1, 10, 1.0), (1, 30, 3.0), (1, 20, 2.0), (1, 30, 4.0), (1, 40, 5.0)]),
    ];
    let folder = directory(&[("wal/00000000", segment(&wal))]);
    let head = load(folder.path(), i64::MIN);
    assert_eq!(floats(&content(head.store()), "a"), texts(&[(10, 1.0), (30, 3.0), (40, 5.0)]));
    assert_eq!(head.report().dropped.out_of_order, 2);
}

#[test]
fn series_are_known_by_their_labels() {
    let wal = [
        series_record(&[(1, A)]),
        samples_record(&[(1, 10, 1.0)]),
        series_record(&[(7, A), (8, B)]),
        samples_record(&[(7, 20, 2.0), (8, 20, 4.0), (9, 20, 9.0)]),
    ];
    let chunks = chunk_file(&[(7, chunk(&[(15, 1.5)]), false), (5, chunk(&[(15, 9.0)]), false)], 0);
    let folder = directory(&[("wal/00000000", segment(&wal)), ("chunks_head/000001", chunks)]);
    let head = load(folder.path(), i64::MIN);
    let content = content(head.store());
    assert_eq!(floats(&content, "a"), texts(&[(10, 1.0), (15, 1.5), (20, 2.0)]));
    assert_eq!(floats(&content, "b"), texts(&[(20, 4.0)]));
    assert_eq!((content.len(), head.report().series), (2, 2));
    assert_eq!((head.report().dropped.unknown_series, head.report().head_chunks.unknown_series), (1, 1));
    let warnings = head.report().warnings();
    assert!(warnings[0].starts_with("1 samples of the WAL are left out"), "{warnings:?}");
    assert!(warnings[1].starts_with("1 head chunks are left out"), "{warnings:?}");
}

#[test]
fn deletions_hold_wherever_they_stand() {
    let wal = [
        series_record(&[(1, A), (2, B)]),
        tombstones_record(&[(1, 15, 25), (2, 0, 1000)]),
        samples_record(&[(1, 10, 1.0), (1, 20, 2.0), (1, 30, 3.0), (2, 20, 1.0)]),
        tombstones_record(&[(1, 30, 30)]),
    ];
    let wbl = [samples_record(&[(1, 22, 9.0), (1, 5, 0.5)])];
    let folder = directory(&[("wal/00000000", segment(&wal)), ("wbl/00000000", segment(&wbl))]);
    let head = load(folder.path(), i64::MIN);
    let content = content(head.store());
    assert_eq!(floats(&content, "a"), texts(&[(5, 0.5), (10, 1.0)]));
    assert!(floats(&content, "b").is_empty());
    assert_eq!((head.report().dropped.deleted, head.report().series), (4, 1));
}

#[test]
fn series_that_went_to_a_block_alone_begin_anew() {
    let wal = [
        series_record(&[(1, A), (2, B)]),
        samples_record(&[(1, 10, 1.0), (1, 20, 2.0), (2, 20, 5.0)]),
        tombstones_record(&[(1, i64::MIN, i64::MAX)]),
        series_record(&[(3, A)]),
        samples_record(&[(3, 15, 1.5), (3, 30, 3.0)]),
    ];
    let folder = directory(&[("wal/00000000", segment(&wal))]);
    let head = load(folder.path(), i64::MIN);
    let content = content(head.store());
    assert_eq!(floats(&content, "a"), texts(&[(15, 1.5), (30, 3.0)]));
    assert_eq!(floats(&content, "b"), texts(&[(20, 5.0)]));
    assert_eq!(head.report().dropped, Dropped { in_blocks: 2, ..Dropped::default() });
}

#[test]
fn unknown_series_that_are_in_blocks_are_no_loss() {
    let wal = [samples_record(&[(1, 10, 1.0), (1, 50, 2.0)])];
    let folder = directory(&[("wal/00000000", segment(&wal)), ("wbl/00000000", segment(&wal))]);
    let head = load(folder.path(), 40);
    assert_eq!(head.report().dropped, Dropped { in_blocks: 1, unknown_series: 3, ..Dropped::default() });
}

#[test]
fn a_marker_after_a_histogram_ends_a_histogram() {
    let parts = HistogramParts { count: 3.0, sum: 2.0, zero_count: 3.0, ..HistogramParts::default() };
    let wal = [
        series_record(&[(1, A), (2, B)]),
        histograms_record(RecordType::Histograms, &[(1, 10, 0, parts.clone())]),
        samples_record(&[(1, 20, STALE_NAN), (2, 20, 1.0), (2, 30, STALE_NAN), (1, 30, STALE_NAN)]),
        histograms_record(RecordType::FloatHistograms, &[(2, 40, 0, parts)]),
        samples_record(&[(1, 40, 7.0), (1, 50, STALE_NAN), (2, 50, f64::from_bits(0x7ff8_0000_0000_0001))]),
    ];
    let folder = directory(&[("wal/00000000", segment(&wal))]);
    let head = load(folder.path(), i64::MIN);
    let content = content(head.store());
    let kinds = |name: &str| floats(&content, name).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    let stale = "0x7ff0000000000002";
    let histogram = "{count:3, sum:2, [-0,0]:3}";
    assert_eq!(kinds("a"), [histogram, "stale histogram", "stale histogram", "7", stale]);
    assert_eq!(kinds("b"), ["1", stale, histogram, "0x7ff8000000000001"]);
    assert_eq!(head.report().wal.histogram_samples, 2);
}

#[test]
fn metadata_is_of_families() {
    let bucket: &[(&str, &str)] = &[("__name__", "t_seconds_bucket"), ("le", "1")];
    let wal = [
        series_record(&[(1, bucket), (2, &[("__name__", "x_total")]), (3, &[("__name__", "s_count")])]),
        metadata_record(&[(1, 3, "", "Old."), (2, 1, "", "X."), (3, 5, "", "S."), (4, 1, "", "?")]),
        metadata_record(&[(1, 3, "seconds", "New.")]),
    ];
    let folder = directory(&[("wal/00000000", segment(&wal))]);
    let metadata = |family: &str, kind, unit: &str, help: &str| Metadata {
        family: family.to_owned(),
        kind,
        unit: unit.to_owned(),
        help: help.to_owned(),
    };
    let wanted = [
        metadata("s", MetricKind::Summary, "", "S."),
        metadata("t_seconds", MetricKind::Histogram, "seconds", "New."),
        metadata("x_total", MetricKind::Counter, "", "X."),
    ];
    assert_eq!(load(folder.path(), i64::MIN).store().metadata(), wanted);
}

#[test]
fn start_times_are_kept() {
    let wal =
        [series_record(&[(1, A)]), samples_v2_record(&[(1, 10, 3, 1.0), (1, 20, 3, 2.0), (1, 30, 0, 3.0)])];
    let folder = directory(&[("wal/00000000", segment(&wal))]);
    let head = load(folder.path(), i64::MIN);
    let selection = head.store().select(&SelectRequest::new(&[], TimeRange::ALL)).expect("memory");
    let mut buf = SampleBuf::default();
    let samples = selection.samples(0, TimeRange::ALL, &mut buf).expect("memory");
    assert_eq!((0..3).map(|i| samples.start_time(i)).collect::<Vec<_>>(), [3, 3, 0]);
}

#[test]
fn there_may_be_nothing() {
    let folder = directory(&[]);
    let head = load(folder.path(), 0);
    assert!(head.report().is_absent() && head.report().time_range.is_none());
    assert!(content(head.store()).is_empty());
}
