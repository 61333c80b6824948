//! Data directories that Prometheus 3.14's own storage wrote, against what it answered from them.
//!
//! Each fixture is a folder `data` (blocks of in-order and out-of-order samples, a checkpoint, WAL, WBL, head chunks of
//! both kinds, deletions, metadata, exemplars) and `content.txt.gz`, a line per sample that a query of everything gave:
//! `labels time stSTART VALUE`. `zstd` has a WAL in zstd, `st` has one in Snappy with start timestamps in WAL records
//! and chunks.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use promqlite_model::histogram::CounterResetHint;
use promqlite_model::{Matcher, SampleBuf, TimeRange};
use promqlite_storage::{MetricKind, SelectRequest, Storage};
use promqlite_tsdb::wal::RecordType;
use promqlite_tsdb::{DataDir, OpenOptions};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn open(name: &str) -> DataDir {
    let options = OpenOptions { strict: true, ..OpenOptions::default() };
    DataDir::open(&fixture(name).join("data"), &options).unwrap()
}

fn expected(name: &str) -> BTreeSet<String> {
    let mut text = String::new();
    let file = File::open(fixture(name).join("content.txt.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn content(storage: &dyn Storage) -> BTreeSet<String> {
    let selection = storage.select(&SelectRequest::new(&[], TimeRange::ALL)).unwrap();
    let mut buf = SampleBuf::default();
    let mut lines = BTreeSet::new();
    for i in 0..selection.len() {
        let labels = selection.labels(i).display(storage.symbols());
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).unwrap();
        for i in 0..samples.len() {
            let value = match samples.histogram(i) {
                None => format!("{:016x}", samples.values[i].to_bits()),
                Some(histogram) if histogram.is_stale() => "stale".to_owned(),
                Some(histogram) => format!(
                    "{histogram} schema={} gauge={}",
                    histogram.schema().get(),
                    histogram.hint() == CounterResetHint::Gauge
                ),
            };
            lines.insert(format!("{labels} {} st{} {value}", samples.times[i], samples.start_time(i)));
        }
    }
    lines
}

fn compare(name: &str) {
    let data = open(name);
    let (found, expected) = (content(&*data.storage()), expected(name));
    assert!(expected.len() > 2000);
    let missing: Vec<_> = expected.difference(&found).take(20).collect();
    let unexpected: Vec<_> = found.difference(&expected).take(20).collect();
    assert!(missing.is_empty() && unexpected.is_empty(), "missing {missing:#?}\nunexpected {unexpected:#?}");
    assert_eq!(data.report().warnings(), [""; 0]);
}

#[test]
fn a_zstd_wal_with_all_that_belongs_to_it() {
    compare("head_zstd");
}

#[test]
fn start_timestamps_everywhere() {
    compare("head_st");
}

#[test]
fn the_report_tells_what_there_is() {
    for (name, types) in [
        ("head_zstd", [RecordType::Samples, RecordType::Histograms, RecordType::FloatHistograms]),
        ("head_st", [RecordType::SamplesV2, RecordType::HistogramsV2, RecordType::FloatHistogramsV2]),
    ] {
        let data = open(name);
        let head = data.report().head.as_ref().unwrap();
        assert_eq!(head.wal.checkpoint, Some(2));
        for kind in types.into_iter().chain([RecordType::Series, RecordType::Metadata, RecordType::Exemplars])
        {
            assert!(head.wal.records.contains_key(&kind), "{name}: {kind:?}");
        }
        assert!(head.wbl.records.contains_key(&RecordType::MmapMarkers));
        assert!(head.head_chunks.out_of_order > 0 && head.dropped.deleted > 0);
        assert_eq!((head.dropped.unknown_series, head.head_chunks.unknown_series), (0, 0));
        let metadata = data.storage().metadata();
        let latency = metadata.iter().find(|m| m.family == "latency").unwrap();
        assert_eq!(
            (latency.kind, &*latency.unit, &*latency.help),
            (MetricKind::Histogram, "seconds", "How long.")
        );
        let names = data.storage().label_values("__name__", &[Matcher::equal("code", "200")], TimeRange::ALL);
        assert_eq!(names.unwrap(), ["requests_total"]);
    }
}
