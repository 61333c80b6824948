//! The block that a real server wrote, against what `promtool` says is in it.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use promqlite_model::{Matcher, SampleBuf, Samples, TimeRange};
use promqlite_storage::{SelectHints, SelectRequest, Selection, Storage};
use promqlite_tsdb::{BlockStore, Encoding, OpenOptions};

fn shared(what: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(what);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

fn open(options: &OpenOptions) -> Option<BlockStore> {
    let snapshot = shared("snapshot")?;
    let block = std::fs::read_dir(snapshot).unwrap().next().unwrap().unwrap().path();
    Some(BlockStore::open(&block, options).unwrap())
}

fn select(store: &BlockStore, matchers: &[Matcher], range: TimeRange) -> Box<dyn Selection> {
    store.select(&SelectRequest::new(matchers, range)).unwrap()
}

#[test]
fn counts_are_those_of_the_meta_file() {
    for copy_files in [false, true] {
        let Some(store) = open(&OpenOptions { copy_files, ..OpenOptions::default() }) else { return };
        let block = store.blocks().next().unwrap();
        let stats = block.meta().stats;
        let selection = select(&store, &[], TimeRange::ALL);
        assert_eq!(selection.len() as u64, stats.num_series);
        let mut buf = SampleBuf::default();
        let samples: usize =
            (0..selection.len()).map(|i| selection.samples(i, TimeRange::ALL, &mut buf).unwrap().len()).sum();
        assert_eq!(samples as u64, stats.num_samples);
        assert_eq!(selection.stats().chunks, stats.num_chunks);
        assert_eq!(selection.stats().samples, stats.num_samples);
        assert_eq!(block.count_encodings().unwrap(), [(Encoding::Xor, stats.num_chunks)].into());
        let range = TimeRange::new(block.meta().min_time, block.meta().max_time - 1);
        assert_eq!(store.time_range(), Some(range));
    }
}

#[test]
fn every_dumped_sample_is_there() {
    let (Some(store), Some(dump)) = (open(&OpenOptions::default()), shared("dump.txt.gz")) else { return };
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(dump).unwrap()).read_to_string(&mut text).unwrap();
    let mut dumped: HashMap<&str, Vec<(i64, f64)>> = HashMap::new();
    for line in text.lines() {
        let (labels, sample) = line.rsplit_once("} ").unwrap();
        let (value, t) = sample.split_once(' ').unwrap();
        dumped.entry(labels).or_default().push((t.parse().unwrap(), value.parse().unwrap()));
    }
    assert!(dumped.len() > 10);
    let mut buf = SampleBuf::default();
    let mut seen = 0;
    let selection = select(&store, &[], TimeRange::ALL);
    for i in 0..selection.len() {
        let labels = selection.labels(i).display(store.symbols());
        let Some(want) = dumped.get(labels.trim_end_matches('}')) else { continue };
        seen += 1;
        let got = selection.samples(i, TimeRange::ALL, &mut buf).unwrap();
        assert!(got.times.iter().eq(want.iter().map(|(t, _)| t)), "{labels}");
        let same = |(a, b): (&f64, &(i64, f64))| *a == b.1 || a.is_nan() && b.1.is_nan();
        assert!(got.values.iter().zip(want).all(same), "{labels}");
    }
    assert_eq!(seen, dumped.len());
}

#[test]
fn an_instant_query_reads_one_chunk_of_each_series_that_it_selects() {
    let Some(store) = open(&OpenOptions::default()) else { return };
    let matchers = [Matcher::equal("__name__", "up")];
    let now = 1_795_414_260_000;
    let range = TimeRange::new(now - 299_999, now);
    let whole = select(&store, &matchers, range);
    let hints = SelectHints { newest_only: true, ..SelectHints::default() };
    let request = SelectRequest { hints, ..SelectRequest::new(&matchers, range) };
    let selection = store.select(&request).unwrap();
    let (mut buf, mut all) = (SampleBuf::default(), SampleBuf::default());
    for i in 0..selection.len() {
        let (newest, all) =
            (selection.samples(i, range, &mut buf).unwrap(), whole.samples(i, range, &mut all).unwrap());
        let last =
            |samples: &Samples<'_>| (samples.times[samples.len() - 1], samples.values[samples.len() - 1]);
        assert_eq!(last(&newest), last(&all));
    }
    let stats = selection.stats();
    assert!(selection.len() >= 3 && stats.chunks == selection.len() as u64, "{stats:?}");
    // Where the range begins in one chunk and ends in the next, the former is left out.
    assert!(stats.chunks < whole.stats().chunks, "{stats:?}");
    let size = store.blocks().next().unwrap().info().bytes;
    assert!(stats.bytes * 100 < size, "{stats:?} of {size} bytes");
}
