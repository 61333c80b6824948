//! How fast text is read, in bytes per second: the parser alone, and into the store.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use promqlite_formats::{Format, LoadOptions, Loader, ReadOptions, SampleSink, SeriesHandle, read_stream};
use promqlite_model::histogram::HistogramView;
use promqlite_storage::{MemStore, Metadata};

/// Adds values up, so that nothing is optimised away.
#[derive(Default)]
struct Sum {
    series: u32,
    total: f64,
}

impl SampleSink for Sum {
    fn series(&mut self, _: &[(&str, &str)]) -> SeriesHandle {
        self.series += 1;
        SeriesHandle(self.series)
    }
    fn sample(&mut self, _: SeriesHandle, t_ms: i64, value: f64) {
        self.total += value + t_ms as f64;
    }
    fn histogram(&mut self, _: SeriesHandle, _: i64, histogram: HistogramView<'_>) {
        self.total += histogram.sum();
    }
    fn metadata(&mut self, _: Metadata) {}
}

fn text(c: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/shop.om");
    let by_series = std::fs::read_to_string(path).expect("the sample data is there");
    // The same samples as scrapes would bring them: neighbouring lines are of different series.
    let mut lines: Vec<&str> = by_series.lines().filter(|line| !line.starts_with('#')).collect();
    lines.sort_by_key(|line| line.rsplit(' ').next());
    let by_scrape = lines.join("\n") + "\n# EOF\n";
    for (name, text) in [("by series", &by_series), ("by scrape", &by_scrape)] {
        let mut group = c.benchmark_group(format!("openmetrics {name}"));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("parse", |b| {
            b.iter(|| {
                let mut sink = Sum::default();
                read_stream("b", text.as_bytes(), Format::OpenMetrics, &ReadOptions::default(), &mut sink)
                    .expect("the sample data is valid");
                sink.total
            });
        });
        group.bench_function("load", |b| {
            b.iter(|| {
                let store = MemStore::new();
                Loader::new(&store, LoadOptions::default())
                    .load_reader("b", text.as_bytes())
                    .expect("the sample data is valid");
                store
            });
        });
    }
}

/// As servers are scraped: neighbouring lines are of different series, of a size that fits the caches or not.
fn large(c: &mut Criterion) {
    for (name, series, scrapes) in [("large", 2_000, 100), ("very large", 200_000, 4)] {
        let text = large_text(series, scrapes);
        let mut group = c.benchmark_group(format!("openmetrics {name}"));
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
        group.bench_function("load", |b| {
            b.iter(|| {
                let store = MemStore::new();
                Loader::new(&store, LoadOptions::default())
                    .load_reader("b", text.as_bytes())
                    .expect("the text is valid");
                store
            });
        });
    }
}

fn large_text(series: usize, scrapes: usize) -> String {
    let name = |i: usize| {
        let (method, code) = (["GET", "POST", "PUT", "HEAD"][i % 4], 200 + i % 5);
        format!(
            "http_requests_total{{job=\"shop\",instance=\"web-{}:9100\",method=\"{method}\",code=\"{code}\"}}",
            i / 20
        )
    };
    let names: Vec<String> = (0..series).map(name).collect();
    let mut text = String::new();
    for scrape in 0..scrapes {
        for (i, name) in names.iter().enumerate() {
            let value = (i * 17 + scrape * (3 + i % 7)) as f64 / if i % 3 == 0 { 4.0 } else { 1.0 };
            let line = format!("{name} {value} {}.{:03}\n", 1_785_542_400 + scrape * 15, i * 7 % 1000);
            text.push_str(&line);
        }
    }
    text + "# EOF\n"
}

criterion_group!(benches, text, large);
criterion_main!(benches);
