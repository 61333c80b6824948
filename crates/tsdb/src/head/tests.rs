//! Heads that are written, damaged and loaded.

mod damage;
mod rules;
mod twin;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use promqlite_model::{SampleBuf, TimeRange};
use promqlite_storage::{MemStore, SelectRequest, Storage};

use super::Head;
use crate::chunk::{self, EncodedChunk};
use crate::wal::testing::{Compression, SegmentWriter};

/// Values, or texts of histograms, by series and time.
type Content = BTreeMap<String, BTreeMap<i64, String>>;

/// All that a store holds, floats as the bits of their values.
fn content(store: &MemStore) -> Content {
    let selection = store.select(&SelectRequest::new(&[], TimeRange::ALL)).expect("memory");
    let mut buf = SampleBuf::default();
    let mut content = Content::new();
    for i in 0..selection.len() {
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).expect("memory");
        let sample = |i: usize| {
            let text = match samples.histogram(i) {
                Some(histogram) if histogram.is_stale() => "stale histogram".to_owned(),
                Some(histogram) => histogram.to_string(),
                None => float(samples.values[i]),
            };
            (samples.times[i], text)
        };
        let labels = selection.labels(i).display(store.symbols());
        content.insert(labels, (0..samples.len()).map(sample).collect());
    }
    content
}

fn float(value: f64) -> String {
    if value.is_nan() { format!("{:#x}", value.to_bits()) } else { value.to_string() }
}

/// The samples of series `{__name__="NAME"}`.
fn floats(content: &Content, name: &str) -> Vec<(i64, String)> {
    let series = content.get(&format!("{{__name__=\"{name}\"}}"));
    series.map(|samples| samples.iter().map(|(t, v)| (*t, v.clone())).collect()).unwrap_or_default()
}

/// A data directory whose files are given by name, as in `wal/00000000`.
fn directory(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        write(folder.path(), name, bytes);
    }
    folder
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
    fs::write(path, bytes).expect("a file");
}

fn segment(records: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = SegmentWriter::default();
    records.iter().for_each(|record| _ = writer.record(record, Compression::Snappy));
    writer.bytes().to_vec()
}

/// A chunk of floats.
fn chunk(samples: &[(i64, f64)]) -> EncodedChunk {
    let mut buf = SampleBuf::default();
    samples.iter().for_each(|&(t, value)| buf.push(t, value));
    chunk::encode(&buf.samples(), false).next().expect("a chunk")
}

fn load(folder: &Path, min_valid_ms: i64) -> Head {
    Head::load(folder, min_valid_ms, false).expect("readable files")
}
