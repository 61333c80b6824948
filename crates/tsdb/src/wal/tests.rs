//! Logs that are written, damaged and read.

use std::fs;
use std::io::Read;
use std::path::Path;

use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramParts, Span};
use promqlite_storage::MetricKind;
use proptest::prelude::*;

use super::testing::*;
use super::*;

const COMPRESSIONS: [Compression; 3] = [Compression::None, Compression::Snappy, Compression::Zstd];

/// Writes segments into a folder, from number `first`.
fn write(folder: &Path, first: usize, segments: &[&[u8]]) {
    fs::create_dir_all(folder).expect("a folder");
    for (i, bytes) in segments.iter().enumerate() {
        fs::write(folder.join(format!("{:08}", first + i)), bytes).expect("a segment");
    }
}

/// All records and all damage of a log.
fn read(folder: &Path) -> (Vec<Vec<u8>>, Vec<Damage>) {
    let mut reader = Reader::open(folder).expect("a folder");
    let mut records = Vec::new();
    while let Some(record) = reader.next().expect("readable files") {
        records.push(record.data.to_vec());
    }
    (records, reader.into_damage())
}

fn segment(records: &[Vec<u8>], compression: Compression) -> Vec<u8> {
    let mut writer = SegmentWriter::default();
    records.iter().for_each(|record| _ = writer.record(record, compression));
    writer.bytes().to_vec()
}

/// Records that compress and records that do not, so that they end anywhere in a page.
fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let noise = |(length, seed): (usize, u64)| {
        let mut state = seed | 1;
        let step = move |_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        };
        (0..length).map(step).collect()
    };
    let record = prop_oneof![
        3 => (0usize..200, any::<u64>()).prop_map(noise),
        1 => (32_000usize..33_000, any::<u64>()).prop_map(noise),
        1 => (60_000usize..140_000, any::<u64>()).prop_map(noise),
        1 => (0usize..100_000).prop_map(|length| vec![7; length]),
    ];
    prop::collection::vec(record, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn records_read_back(a in records(), b in records(), which in 0usize..3) {
        let folder = tempfile::tempdir().expect("a folder");
        let compression = COMPRESSIONS[which];
        write(folder.path(), 3, &[&segment(&a, compression), &segment(&b, compression)]);
        let (found, damage) = read(folder.path());
        prop_assert_eq!(found, [a, b].concat());
        prop_assert_eq!(damage, vec![]);
    }

    #[test]
    fn float_samples_read_back(samples: Vec<(u64, i64, i64, u64)>) {
        let v1: Vec<_> = samples.iter().map(|s| (s.0, s.1, f64::from_bits(s.3))).collect();
        let v2: Vec<_> = samples.iter().map(|s| (s.0, s.1, s.2, f64::from_bits(s.3))).collect();
        let bits = |s: FloatSample| (s.reference, s.t_ms, s.start_ms, s.value.to_bits());
        for (record, starts) in [(samples_record(&v1), false), (samples_v2_record(&v2), true)] {
            let Record::Samples(found) = Record::decode(&record).expect("a record").1 else { panic!("samples") };
            let found: Vec<_> = found.map(|s| bits(s.expect("a sample"))).collect();
            let wanted = samples.iter().map(|&(r, t, start, v)| (r, t, if starts { start } else { 0 }, v));
            prop_assert_eq!(found, wanted.collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_record_makes_decoding_panic(kind in 0u8..16, bytes: Vec<u8>) {
        let record = [&[kind][..], &bytes].concat();
        let Ok((_, record)) = Record::decode(&record) else { return Ok(()) };
        match record {
            Record::Series(entries) => entries.flatten().for_each(|e| _ = e.labels.iter().count()),
            Record::Samples(entries) => _ = entries.count(),
            Record::Tombstones(entries) => _ = entries.count(),
            Record::Exemplars(entries) => entries.flatten().for_each(|e| _ = e.labels.iter().count()),
            Record::MmapMarkers(entries) => _ = entries.count(),
            Record::Metadata(entries) => _ = entries.count(),
            Record::Histograms(entries) => _ = entries.count(),
        }
    }
}

#[test]
fn series_and_facts_about_them_read_back() {
    let series: [(u64, &[(&str, &str)]); 2] = [(7, &[("__name__", "up"), ("job", "α\nβ")]), (u64::MAX, &[])];
    let record = series_record(&series);
    let Record::Series(found) = Record::decode(&record).expect("a record").1 else { panic!("series") };
    let found: Vec<_> = found.map(|e| e.expect("a series")).collect();
    assert_eq!(found.len(), 2);
    for (found, (reference, labels)) in found.iter().zip(series) {
        assert_eq!((found.reference, &*found.labels.iter().collect::<Vec<_>>()), (reference, labels));
    }

    let record = tombstones_record(&[(7, -5, 100), (8, i64::MIN, i64::MAX)]);
    let Record::Tombstones(found) = Record::decode(&record).expect("a record").1 else {
        panic!("tombstones")
    };
    let found: Vec<_> = found.flatten().map(|t| (t.reference, t.start_ms, t.end_ms)).collect();
    assert_eq!(found, [(7, -5, 100), (8, i64::MIN, i64::MAX)]);

    let record = markers_record(&[(7, 1 << 32 | 8)]);
    let Record::MmapMarkers(found) = Record::decode(&record).expect("a record").1 else { panic!("markers") };
    assert_eq!(found.flatten().collect::<Vec<_>>(), [MmapMarker { reference: 7, chunk: 1 << 32 | 8 }]);

    let record = metadata_record(&[(300, 3, "seconds", "How long."), (1, 200, "", "")]);
    let Record::Metadata(found) = Record::decode(&record).expect("a record").1 else { panic!("metadata") };
    let entry = |reference, kind, unit, help| SeriesMetadata { reference, kind, unit, help };
    let wanted =
        [entry(300, MetricKind::Histogram, "seconds", "How long."), entry(1, MetricKind::Unknown, "", "")];
    assert_eq!(found.flatten().collect::<Vec<_>>(), wanted);

    let record = exemplars_record(&[(7, 5, 0.5, &[("trace_id", "x")]), (6, 9, 1.5, &[])]);
    let Record::Exemplars(found) = Record::decode(&record).expect("a record").1 else { panic!("exemplars") };
    let found: Vec<_> =
        found.flatten().map(|e| (e.reference, e.t_ms, e.value, e.labels.iter().count())).collect();
    assert_eq!(found, [(7, 5, 0.5, 1), (6, 9, 1.5, 0)]);
}

fn span(offset: i32, length: u32) -> Span {
    Span { offset, length }
}

fn exponential(hint: CounterResetHint) -> HistogramParts {
    HistogramParts {
        hint,
        schema: 1,
        zero_threshold: 0.001,
        zero_count: 2.0,
        count: 17.0,
        sum: 12.5,
        positive_spans: vec![span(-2, 2), span(3, 1)],
        positive_counts: vec![4.0, 1.0, 7.0],
        negative_spans: vec![span(0, 1)],
        negative_counts: vec![3.0],
        ..HistogramParts::default()
    }
}

fn custom() -> HistogramParts {
    HistogramParts {
        schema: -53,
        count: 5.0,
        sum: 1.25,
        positive_spans: vec![span(0, 2)],
        positive_counts: vec![2.0, 3.0],
        custom_bounds: vec![0.5],
        ..HistogramParts::default()
    }
}

#[test]
fn histograms_of_all_types_read_back() {
    use RecordType as T;
    let stale = HistogramParts { sum: promqlite_model::STALE_NAN, ..HistogramParts::default() };
    let samples = [
        (9, 1000, 0, exponential(CounterResetHint::Gauge)),
        (4, 1015, 990, exponential(CounterResetHint::Reset)),
        (9, 1030, 990, custom()),
        (9, 1045, 700, stale),
    ];
    for kind in [
        T::Histograms,
        T::FloatHistograms,
        T::CustomHistograms,
        T::CustomFloatHistograms,
        T::HistogramsV2,
        T::FloatHistogramsV2,
    ] {
        let record = histograms_record(kind, &samples);
        let (found_kind, Record::Histograms(found)) = Record::decode(&record).expect("a record") else {
            panic!("histograms")
        };
        assert_eq!(found_kind, kind);
        let found: Vec<HistogramSample> = found.map(|s| s.expect("a histogram")).collect();
        assert_eq!(found.len(), samples.len());
        for (found, (reference, t, start, parts)) in found.iter().zip(&samples) {
            let start = if matches!(kind, T::HistogramsV2 | T::FloatHistogramsV2) { *start } else { 0 };
            assert_eq!((found.reference, found.t_ms, found.start_ms), (*reference, *t, start));
            let wanted = FloatHistogram::from_parts(parts.clone()).expect("a histogram");
            assert_eq!(format!("{:?}", found.histogram), format!("{wanted:?}"), "{kind:?}");
        }
    }
}

#[test]
fn schemas_that_are_too_fine_are_brought_down() {
    let parts = HistogramParts {
        schema: 10,
        count: 15.0,
        sum: 1.0,
        // Buckets 1, 2, 4, 5 and 13: the first three end at or before the end of bucket 1 of schema 8.
        positive_spans: vec![span(1, 2), span(1, 2), span(7, 1)],
        positive_counts: vec![1.0, 2.0, 3.0, 4.0, 5.0],
        ..HistogramParts::default()
    };
    let record = histograms_record(RecordType::FloatHistograms, &[(1, 1, 0, parts.clone())]);
    let Record::Histograms(mut found) = Record::decode(&record).expect("a record").1 else { panic!("one") };
    let found = found.next().expect("a sample").expect("a histogram").histogram;
    let wanted = FloatHistogram::from_parts(HistogramParts {
        schema: 8,
        positive_spans: vec![span(1, 2), span(1, 1)],
        positive_counts: vec![6.0, 4.0, 5.0],
        ..parts
    });
    assert_eq!(format!("{found:?}"), format!("{:?}", wanted.expect("a histogram")));
}

#[test]
fn a_log_is_its_newest_checkpoint_and_what_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = |name: u8| segment(&[vec![name]], Compression::Snappy);
    let at = |name: &str| folder.path().join(name);
    write(folder.path(), 4, &[&record(4), &record(5), &record(6)]);
    write(folder.path(), 9, &[&record(9)]);
    write(&at("checkpoint.00000003"), 0, &[&record(103)]);
    write(&at("checkpoint.00000005"), 0, &[&record(105), &record(106)]);
    write(&at("checkpoint.00000007.tmp"), 0, &[&record(107)]);
    fs::create_dir(at("checkpoint.00000008")).expect("a folder");
    fs::write(at("notes.txt"), "?").expect("a file");
    let log = Log::find(folder.path()).expect("a folder");
    assert_eq!((log.checkpoint, &*log.gaps), (Some(5), &[(7, 8)][..]));
    let live: Vec<bool> = log.segments.iter().map(|segment| segment.live).collect();
    assert_eq!(live, [false, false, false, true]);
    let (found, damage) = read(folder.path());
    assert_eq!((found.concat(), damage), (vec![105, 106, 6, 9], vec![]));
    assert_eq!(read(&at("nowhere")), (vec![], vec![]));
}

#[test]
fn segments_that_vanish_are_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = segment(&[vec![1]], Compression::None);
    write(folder.path(), 0, &[&one, &one, &one]);
    let log = Log::find(folder.path()).expect("a folder");
    fs::remove_file(folder.path().join("00000001")).expect("a file");
    let mut reader = Reader::new(&log);
    let mut records = 0;
    while reader.next().expect("readable files").is_some() {
        records += 1;
    }
    assert_eq!(records, 2);
}

#[test]
fn zeros_after_the_last_record_are_padding() {
    let folder = tempfile::tempdir().expect("a folder");
    for zeros in [0, 1, 6, 7, 20, 40_000, 200_000] {
        let mut bytes = segment(&[vec![1; 50]], Compression::Snappy);
        bytes.resize(bytes.len() + zeros, 0);
        write(folder.path(), 0, &[&bytes, &bytes]);
        let (found, damage) = read(folder.path());
        assert_eq!((found.len(), damage), (2, vec![]), "{zeros} zeros");
    }
}

#[test]
fn a_cut_is_torn_at_the_end_of_the_log_and_damage_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let records = [vec![1; 50], vec![2; 70_000], vec![3; 50]];
    let whole = segment(&records, Compression::None);
    let ends = [1, 2, 3].map(|n| segment(&records[..n], Compression::None).len());
    for cut in (0..whole.len()).step_by(257).chain(whole.len() - 60..whole.len()) {
        write(folder.path(), 0, &[&whole[..cut], &whole, &whole[..cut]]);
        let (found, damage) = read(folder.path());
        let kept = ends.iter().filter(|&&end| end <= cut).count();
        assert_eq!(found.len(), 3 + 2 * kept, "{cut}");
        let torn: Vec<bool> = damage.iter().map(|d| d.torn).collect();
        let whole_records = cut == 0 || ends.contains(&cut);
        assert_eq!(torn, if whole_records { vec![] } else { vec![false, true] }, "{cut}: {damage:?}");
    }
}

#[test]
fn damage_costs_the_rest_of_its_segment_and_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = segment(&[vec![1; 50], vec![2; 50], vec![3; 50]], Compression::None);
    let mut bad = good.clone();
    bad[57 + 7 + 20] ^= 4;
    write(folder.path(), 0, &[&bad, &good]);
    let (found, damage) = read(folder.path());
    assert_eq!(found.len(), 1 + 3);
    let damage: Vec<String> = damage.iter().map(ToString::to_string).collect();
    let path = folder.path().join("00000000");
    assert_eq!(damage, [format!("{}: the checksum of a record is wrong at byte 57", path.display())]);
}

/// Every bit of a segment, and every length: what is read is what was written, or damage is told.
#[test]
fn no_flipped_bit_goes_unnoticed() {
    let folder = tempfile::tempdir().expect("a folder");
    for compression in COMPRESSIONS {
        let records =
            vec![b"one record, one record, one record".to_vec(), vec![9; 100], b"the last".to_vec()];
        let whole = segment(&records, compression);
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            write(folder.path(), 0, &[&bytes]);
            let (found, damage) = read(folder.path());
            // The bits of a fragment's type have no checksum: a compressed record can pass for a plain one.
            let wrong = found.iter().filter(|record| !records.contains(record)).count();
            let flags = (bit % 8) >= 3 && starts(&whole).contains(&(bit / 8));
            assert!(wrong == 0 || flags, "{compression:?}, bit {bit}");
            assert!(!damage.is_empty() || (flags && wrong == 1), "{compression:?}, bit {bit}: {found:?}");
        }
        for cut in 0..whole.len() {
            write(folder.path(), 0, &[&whole[..cut]]);
            let (found, damage) = read(folder.path());
            assert!(records.starts_with(&found), "{compression:?}, cut at {cut}");
            assert_eq!(damage.is_empty(), cut == 0 || starts(&whole).contains(&cut), "cut at {cut}");
        }
    }
}

/// Where the records of a segment of one page start.
fn starts(segment: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    while starts[starts.len() - 1] < segment.len() {
        let at = starts[starts.len() - 1];
        let length = usize::from(u16::from_be_bytes([segment[at + 1], segment[at + 2]]));
        starts.push(at + 7 + length);
    }
    starts
}

#[test]
fn declared_lengths_are_no_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    // A Snappy block that claims 2^31 bytes, and a zstd frame that is 100 MB of zeros.
    let claims = [&[0xff, 0xff, 0xff, 0xff, 0x07][..], &[0; 20]].concat();
    let mut writer = SegmentWriter::default();
    writer.raw(&claims, Compression::Snappy);
    write(folder.path(), 0, &[writer.bytes()]);
    let bomb = zstd::stream::encode_all(std::io::repeat(0).take(100 << 20), 1).expect("memory");
    let mut writer = SegmentWriter::default();
    writer.raw(&bomb, Compression::Zstd);
    write(folder.path(), 1, &[writer.bytes()]);
    let (found, damage) = read(folder.path());
    assert_eq!(found.len(), 0);
    let damage: Vec<_> = damage.iter().map(|d| &*d.message).collect();
    assert!(damage[0].contains("claims to be 2147483647 bytes"), "{damage:?}");
    assert!(damage[1].contains("longer than"), "{damage:?}");
}
