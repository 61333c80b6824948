//! Makes first inputs for the targets below `corpus/`, from the fixtures and scripts of the other crates and, where it
//! exists, from `../../shared/data`.

use std::fs;
use std::path::{Path, PathBuf};

use promqlite_formats::Format;
use promqlite_tsdb::bytes::Cursor;

/// Longer inputs make runs slow.
const LONGEST: usize = 16 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Seeds of one target.
struct Corpus {
    folder: PathBuf,
    count: usize,
}

impl Corpus {
    fn new(target: &str) -> Self {
        let folder = root().join("fuzz/corpus").join(target);
        fs::create_dir_all(&folder).expect("a writable folder");
        Self { folder, count: 0 }
    }

    fn add(&mut self, flags: &[u8], bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(LONGEST)];
        let name = format!("seed-{:04}", self.count);
        fs::write(self.folder.join(name), [flags, bytes].concat()).expect("a writable folder");
        self.count += 1;
    }
}

fn main() {
    storage_files();
    texts();
    queries();
}

fn storage_files() {
    let [mut index, mut chunks, mut wal, mut head] =
        ["index", "chunks", "wal", "head_chunks"].map(Corpus::new);
    let mut paths = files(&root().join("crates/tsdb/tests/fixtures"));
    paths.extend(files(&root().join("../shared/data/live")));
    for path in paths {
        let bytes = fs::read(&path).expect("a readable fixture");
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let folder = path.parent().and_then(|folder| folder.file_name()).and_then(|name| name.to_str());
        match folder.unwrap_or_default() {
            _ if name == "index" => [1, 3].iter().for_each(|flag| index.add(&[*flag], &bytes)),
            "chunks" => block_chunks(&bytes, &mut chunks),
            "chunks_head" => [1, 5].iter().for_each(|flag| head.add(&[*flag], &bytes)),
            "wbl" => [11, 27].iter().for_each(|flag| wal.add(&[*flag], &bytes)),
            "wal" | "checkpoint.00000002" => [3, 19].iter().for_each(|flag| wal.add(&[*flag], &bytes)),
            _ => {}
        }
    }
}

/// Every chunk of a block's file: length, encoding, data, checksum.
fn block_chunks(file: &[u8], corpus: &mut Corpus) {
    let Ok(mut cursor) = Cursor::at(file, 8) else { return };
    while let Ok(length) = cursor.uvarint() {
        let (Ok(encoding), Ok(data)) = (cursor.u8(), cursor.take(length as usize)) else { return };
        corpus.add(&[encoding.wrapping_sub(1), 40, 200], data);
        let _ = cursor.u32();
    }
}

fn texts() {
    let mut corpus = Corpus::new("text");
    let mut paths = files(&root().join("crates/formats/tests/fixtures"));
    let shared = root().join("../shared/data");
    paths.extend(
        ["app.om", "app.prom", "node.prom", "query_matrix.json", "query_range.json"].map(|n| shared.join(n)),
    );
    for path in paths {
        let Ok(bytes) = fs::read(&path) else { continue };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(format) = Format::detect(&bytes, true, name) else { continue };
        let number = Format::ALL.iter().position(|known| *known == format).unwrap_or_default() as u8;
        for flags in [4, 21] {
            corpus.add(&[number, flags], &bytes[..bytes.len().min(4096)]);
        }
    }
    for (format, text) in BY_HAND {
        let number = Format::ALL.iter().position(|known| *known == format).unwrap_or_default() as u8;
        [4, 21].iter().for_each(|flags| corpus.add(&[number, *flags], text.as_bytes()));
        corpus.add(&[Format::ALL.len() as u8, 5], text.as_bytes());
    }
}

/// What the fixtures lack.
const BY_HAND: [(Format, &str); 6] = [
    (
        Format::PrometheusText,
        "# HELP up x\\ny\n# TYPE up gauge\nup{job=\"a\",le=\"1\",} 1 1700000000000\n{\"my.metric\",x=\"\\\"\"} +Inf\n",
    ),
    (
        Format::OpenMetrics,
        "# TYPE a counter\n# UNIT a seconds\na_total{a=\"b\"} 17 1700000000.5 # {trace_id=\"x\"} 0.5 1.5\na_created 5\n# EOF\n",
    ),
    (
        Format::OpenMetrics,
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2 # {} 3\nh_count 2\nh_sum 4\n# TYPE i info\ni_info{a=\"\\n\"} 1\n# EOF\n",
    ),
    (
        Format::TsdbDump,
        "{__name__=\"h\", a=\"\\u00e9\\x41\"} {count:5, sum:18.4, [-2,-1):1, [-0.001,0.001]:2, (1,2]:2} 1700000000000\n{a=\"b\"} NaN 1\n",
    ),
    (Format::TsdbDumpOpenMetrics, "my.metric{a=\"\\t\"} 1 1700000000.500\nup NaN 1700000000.000\n# EOF\n"),
    (
        Format::ApiJson,
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"a\":\"b\"},\"histograms\":[[3,{\"count\":\"3\",\"sum\":\"4\",\"buckets\":[[0,\"1\",\"2\",\"3\"],[3,\"-1\",\"1\",\"2\"]]}]]}]}}",
    ),
];

/// The expressions of our own scripts.
fn queries() {
    let mut corpus = Corpus::new("query");
    for path in files(&root().join("tests/scripts")) {
        let Ok(script) = fs::read_to_string(&path) else { continue };
        for line in script.lines().filter_map(|line| line.strip_prefix("eval ")) {
            let words = if line.starts_with("range") { 7 } else { 3 };
            let text = line.splitn(words + 1, ' ').last().unwrap_or_default();
            corpus.add(&[(corpus.count % 32) as u8], text.as_bytes());
        }
    }
}
