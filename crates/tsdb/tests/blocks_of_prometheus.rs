//! Blocks that Prometheus 3.14 made of samples of our own, against what its own reader finds in them: all
//! encodings, staleness markers, counter resets, gauges, custom buckets, changes of layout, tombstones.
//!
//! A line of `expected.txt.gz` is a sample: labels, time in ms, start timestamp, then the bits of a float or the
//! fields of a histogram.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use promqlite_model::histogram::{CounterResetHint, HistogramView, Span};
use promqlite_model::{SampleBuf, TimeRange};
use promqlite_storage::{SelectRequest, Storage};
use promqlite_tsdb::{BlockStore, Encoding, OpenOptions};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn samples(store: &BlockStore) -> Vec<String> {
    let selection = store.select(&SelectRequest::new(&[], TimeRange::ALL)).unwrap();
    let mut lines = Vec::new();
    let mut buf = SampleBuf::default();
    for i in 0..selection.len() {
        let labels = selection.labels(i).display(store.symbols());
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).unwrap();
        for k in 0..samples.len() {
            let value = match samples.histogram(k) {
                Some(histogram) => fields(histogram),
                None => format!("{:016x}", samples.values[k].to_bits()),
            };
            lines.push(format!("{labels} {} st{} {value}", samples.times[k], samples.start_time(k)));
        }
    }
    lines.sort();
    lines
}

fn fields(h: HistogramView<'_>) -> String {
    let hint = match h.hint() {
        CounterResetHint::Unknown => 0,
        CounterResetHint::Reset => 1,
        CounterResetHint::NotReset => 2,
        CounterResetHint::Gauge => 3,
    };
    let spans = |spans: &[Span]| {
        let text = |span: &Span| format!("{{{} {}}}", span.offset, span.length);
        spans.iter().map(text).collect::<Vec<_>>().join(" ")
    };
    format!(
        "c={} zc={} sum={:016x} hint={hint} schema={} zt={} ps=[{}] ns=[{}] p={:?} n={:?} cv={:?}",
        h.count(),
        h.zero_count(),
        h.sum().to_bits(),
        h.schema().get(),
        h.zero_threshold().to_bits(),
        spans(h.positive_spans()),
        spans(h.negative_spans()),
        h.positive_counts(),
        h.negative_counts(),
        h.custom_bounds()
    )
}

fn check(name: &str, encodings: [Encoding; 3]) {
    let folder = fixture(name);
    let mut expected = String::new();
    let packed = std::fs::File::open(folder.join("expected.txt.gz")).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut expected).unwrap();
    for copy_files in [false, true] {
        let options = OpenOptions { copy_files, ..OpenOptions::default() };
        let store = BlockStore::open(&folder, &options).unwrap();
        let got = samples(&store);
        assert_eq!(got.len(), expected.lines().count());
        for (got, want) in got.iter().zip(expected.lines()) {
            assert_eq!(got, want);
        }
        let counts: BTreeMap<Encoding, u64> = store.blocks().next().unwrap().count_encodings().unwrap();
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), encodings);
    }
}

#[test]
fn classic_encodings() {
    check("plain", [Encoding::Xor, Encoding::Histogram, Encoding::FloatHistogram]);
}

#[test]
fn encodings_with_start_timestamps() {
    check("st", [Encoding::Xor2, Encoding::HistogramSt, Encoding::FloatHistogramSt]);
}
