//! How fast chunks decode, and how fast a block with a million series opens.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use promqlite_model::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite_model::{Matcher, SampleBuf, Samples, TimeRange, Timestamp};
use promqlite_storage::{MemStore, SelectRequest, Storage};
use promqlite_tsdb::chunk::{EncodedChunk, decode, encode};
use promqlite_tsdb::{BlockStore, OpenOptions, WriteOptions, write_blocks};

const SAMPLES: usize = 12_000;

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn chunks(name: &str) -> Vec<EncodedChunk> {
    let mut random = Random(1);
    let mut buf = SampleBuf::default();
    let (mut t, mut value) = (1_700_000_000_000i64, 0.0);
    for i in 0..SAMPLES {
        t += if name.starts_with("jittered") { 14_990 + random.next(20) as i64 } else { 15_000 };
        value = match name {
            "regular constant" => 1.0,
            "regular integers" => random.next(1_000) as f64,
            "regular gauge" | "jittered gauge" => random.next(1 << 30) as f64 / 1e6,
            "regular slow counter" => value + random.next(3) as f64,
            _ => value + random.next(100) as f64,
        };
        if name == "histogram" {
            let counts = [value, value + 3.0, value / 2.0, 5.0, 6.0, 7.0].map(f64::floor);
            let histogram = FloatHistogram::from_parts(HistogramParts {
                count: counts.iter().sum(),
                sum: value,
                positive_spans: vec![Span { offset: 0, length: 6 }],
                positive_counts: counts.to_vec(),
                ..HistogramParts::default()
            });
            buf.push_histogram(t, histogram.expect("a valid histogram").view());
        } else {
            buf.push(t, value);
        }
        if name == "xor2" {
            buf.set_start_time(1_600_000_000_000 + i as i64 / 1_000);
        }
    }
    encode(&buf.samples(), true).collect()
}

fn decoding(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    for name in [
        "regular constant",
        "regular counter",
        "regular slow counter",
        "regular integers",
        "regular gauge",
        "jittered counter",
        "jittered gauge",
        "xor2",
        "histogram",
    ] {
        let chunks = chunks(name);
        let mut buf = SampleBuf::default();
        group.bench_function(name, |b| {
            b.iter(|| {
                buf.clear();
                for chunk in &chunks {
                    decode(chunk.encoding, &chunk.data, TimeRange::ALL, &mut buf).expect("a sound chunk");
                }
                buf.len()
            });
        });
    }
}

/// A block with `series` series of 4 samples each.
fn big_store(series: usize) -> MemStore {
    let store = MemStore::new();
    for i in 0..series {
        let (name, instance) = (format!("metric_{}", i % 1_000), format!("host-{}:9100", i / 1_000));
        let job = format!("job-{}", i / 1_000 % 10);
        let id = store.series_of([("__name__", name.as_str()), ("instance", &instance), ("job", &job)]);
        let times = [0, 15_000, 30_000, 45_000];
        store.append_samples(id, &Samples::floats(&times, &[1.0, 2.0, 3.0, i as f64]));
    }
    store
}

fn opening(c: &mut Criterion) {
    let mut group = c.benchmark_group("block");
    group.sample_size(20);
    let folder = tempfile::tempdir().expect("a folder");
    let store = big_store(1_000_000);
    let options = WriteOptions::new(Timestamp(0));
    let block =
        write_blocks(folder.path(), &store, &[], TimeRange::ALL, &options).expect("a block").remove(0);
    drop(store);
    group.bench_function("open 1M series", |b| {
        b.iter(|| BlockStore::open(&block.path, &OpenOptions::default()).expect("a sound block"));
    });
    let matchers = [Matcher::equal("__name__", "metric_7")];
    let range = TimeRange::new(0, 60_000);
    group.bench_function("open, select 1000 of 1M series and read them", |b| {
        b.iter(|| {
            let store = BlockStore::open(&block.path, &OpenOptions::default()).expect("a sound block");
            let selection = store.select(&SelectRequest::new(&matchers, range)).expect("a sound index");
            let mut buf = SampleBuf::default();
            (0..selection.len())
                .map(|i| selection.samples(i, range, &mut buf).expect("samples").len())
                .sum::<usize>()
        });
    });
}

criterion_group!(benches, decoding, opening);
criterion_main!(benches);
