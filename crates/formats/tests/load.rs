//! Loading files, streams and directories into a store.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use promqlite_formats::{
    Compression, FileReport, Format, FormatError, Input, LoadOptions, Loader, is_data_directory,
    resolve_inputs,
};
use promqlite_model::{Matcher, SampleBuf, TimeRange, is_stale};
use promqlite_storage::{MemStore, SelectRequest, Storage};

const TEXT: &str = "# TYPE up gauge\nup{job=\"a\"} 1 1700000000000\nup{job=\"a\"} 0 1700000015000\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn load(name: &str, bytes: &[u8], options: LoadOptions) -> Result<(MemStore, FileReport), FormatError> {
    let store = MemStore::new();
    let report = Loader::new(&store, options).load_reader(name, bytes)?.clone();
    Ok((store, report))
}

fn load_at_zero(name: &str, bytes: &[u8]) -> Result<(MemStore, FileReport), FormatError> {
    load(name, bytes, LoadOptions { at_ms: Some(0), ..LoadOptions::default() })
}

/// All series with their samples, one per line.
fn dump(store: &MemStore) -> String {
    let no_matchers: [Matcher; 0] = [];
    let selection = store.select(&SelectRequest::new(&no_matchers, TimeRange::ALL)).unwrap();
    let mut out = String::new();
    for i in 0..selection.len() {
        out.push_str(&selection.labels(i).display(store.symbols()));
        let mut buf = SampleBuf::default();
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).unwrap();
        for k in 0..samples.len() {
            let value = match samples.histogram(k) {
                Some(h) => h.to_string(),
                None if is_stale(samples.values[k]) => "stale".to_owned(),
                None => samples.values[k].to_string(),
            };
            out.push_str(&format!(" {value}@{}", samples.times[k]));
        }
        out.push('\n');
    }
    out
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(name)
}

#[test]
fn compression_is_found_by_content() {
    let twice = [gzip(b"up 1 1700000000000\n"), gzip(b"up 2 1700000015000\n")].concat();
    let (store, report) = load("metrics", &twice, LoadOptions::default()).unwrap();
    assert_eq!((report.compression, report.samples), (Compression::Gzip, 2));
    assert_eq!(report.bytes, twice.len() as u64);
    assert_eq!(store.sample_count(), 2);
    let packed = zstd::encode_all(TEXT.as_bytes(), 3).unwrap();
    let (_, report) = load("metrics.gz", &packed, LoadOptions::default()).unwrap();
    assert_eq!(
        (report.compression, report.format, report.samples),
        (Compression::Zstd, Format::PrometheusText, 2)
    );
}

#[test]
fn damaged_archives_are_errors() {
    let long: String =
        (0..20_000).map(|i| format!("up{{n=\"{}\"}} {i} 17000000{i:05}\n", i * 7919 % 1000)).collect();
    let packed = gzip(long.as_bytes());
    let error = load("x.gz", &packed[..packed.len() / 2], LoadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "x.gz: damaged gzip data: the file ends early");
    let error = load("x.gz", &packed[..3], LoadOptions::default()).unwrap_err();
    assert!(matches!(error, FormatError::Compression { .. } | FormatError::Unrecognised { .. }), "{error}");
    let packed = zstd::encode_all(long.as_bytes(), 3).unwrap();
    let error = load("x.zst", &packed[..packed.len() / 2], LoadOptions::default()).unwrap_err();
    assert!(matches!(error, FormatError::Compression { compression: "zstd", .. }), "{error}");
}

#[test]
fn errors_name_the_place() {
    for (text, message) in [
        ("up 1 1700000000000\nup abc\n", r#"f:2:4: expected a number, found "abc""#),
        ("# TYPE up gauge\nup 1 1.5\n", r#"f:2:6: expected a timestamp in whole milliseconds, found "1.5""#),
        ("up 1 1700000000000 x\n", r#"f:1:20: expected the end of the line, found "x""#),
        ("up{é=\"1\"} 1\n# HELP a b\n", r#"f:1:4: expected a label name, found "é=\"1\"}""#),
        ("a 1\nb{x=\"é\"} x\n", r#"f:2:10: expected a number, found "x""#),
        ("a 1\nb\n", "f:2:2: expected a number, found the end of the line"),
        ("a 1\nb 1e999\n", r#"f:2:3: expected a number that fits 64 bits, found "1e999""#),
        ("a 1\n# TYPE b blob\n", r#"f:2:10: expected a metric type, found "blob""#),
    ] {
        let format = Some(Format::PrometheusText);
        let options = LoadOptions { format, at_ms: Some(0), ..LoadOptions::default() };
        assert_eq!(load("f", text.as_bytes(), options).unwrap_err().to_string(), message);
    }
    let error = load("f", b"up 1\n", LoadOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "f:1:5: the sample has no timestamp, and no time was given for such samples"
    );
}

#[test]
fn lenient_loads_skip_and_count() {
    let text = "up 1 1700000000000\n".to_owned() + &"up x\n".repeat(7) + "up 2 1700000015000\n";
    let options = LoadOptions { lenient: true, ..LoadOptions::default() };
    let (_, report) = load("f", text.as_bytes(), options).unwrap();
    assert_eq!((report.samples, report.skipped, report.warnings.len()), (2, 7, 5));
    assert_eq!(report.warnings[0], r#"skipped: f:2:4: expected a number, found "x""#);
}

#[test]
fn duplicates_and_conflicts() {
    let text = "a 1 1000\na 1 1000\na 2 1000\na 3 500\nb 1 1000\n";
    let (store, report) = load("f", text.as_bytes(), LoadOptions::default()).unwrap();
    assert_eq!((report.series, report.samples, report.duplicates, report.conflicts), (2, 3, 1, 1));
    assert_eq!(report.warnings, ["1 sample was left out: the series has another value at that time"]);
    assert_eq!(report.span, Some(TimeRange::new(500, 1000)));
    assert_eq!(dump(&store), "{__name__=\"a\"} 3@500 1@1000\n{__name__=\"b\"} 1@1000\n");
}

#[test]
fn scrapes_one_after_the_other() {
    let text = "# TYPE a counter\n# HELP a x\na_total 1 100.5\nb 1 100.5\n# EOF\n# TYPE a counter\na_total 2 115.5\nb 2 115.5\n# EOF\n";
    let (store, report) = load("f", text.as_bytes(), LoadOptions::default()).unwrap();
    assert_eq!(report.format, Format::OpenMetrics);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    assert_eq!(
        dump(&store),
        "{__name__=\"a_total\"} 1@100500 2@115500\n{__name__=\"b\"} 1@100500 2@115500\n"
    );
    assert_eq!(store.metadata()[0].help, "x");
}

#[test]
fn bounds_are_rendered_as_prometheus_3_stores_them() {
    let text = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n# TYPE s summary\ns{quantile=\"0.50\"} 1\n# TYPE g gauge\ng{le=\"1\"} 1\nh_bucket{le=\"1\"} 1\n";
    let (store, _) = load_at_zero("f", text.as_bytes()).unwrap();
    assert_eq!(
        dump(&store),
        "{__name__=\"h_bucket\", le=\"1.0\"} 1@0\n{__name__=\"s\", quantile=\"0.5\"} 1@0\n{__name__=\"g\", le=\"1\"} 1@0\n{__name__=\"h_bucket\", le=\"1\"} 1@0\n"
    );
    let options = LoadOptions { at_ms: Some(0), normalize_le: false, ..LoadOptions::default() };
    let (store, _) = load("f", text.as_bytes(), options).unwrap();
    assert_eq!(store.series_count(), 3);
}

#[test]
fn promtool_dumps() {
    let text = concat!(
        "{__name__=\"up\", job=\"\\u00e9\"} 1 1700000000000\n",
        "{__name__=\"up\", job=\"\\u00e9\"} NaN 1700000015000\n",
        "{__name__=\"h\"} {count:5, sum:18.4, [-2,-1):1, [-0.001,0.001]:2, (1,2]:2} 1700000000000\n",
    );
    let (store, report) = load("f", text.as_bytes(), LoadOptions::default()).unwrap();
    assert_eq!(report.format, Format::TsdbDump);
    insta::assert_snapshot!(dump(&store), @r#"
    {__name__="up", job="é"} 1@1700000000000 NaN@1700000015000
    {__name__="h"} {count:5, sum:18.4, [-2,-1):1, [-0.001,0.001]:2, (1,2]:2}@1700000000000
    "#);
    let options = LoadOptions { nan_as_stale: true, ..LoadOptions::default() };
    let (store, _) = load("f", text.as_bytes(), options.clone()).unwrap();
    assert!(dump(&store).contains("stale@1700000015000"));
    let text = "my.metric{a=\"\\t\"} 1 1700000000.500\nup NaN 1700000000.000\n# EOF\n";
    let (store, report) = load("f", text.as_bytes(), options).unwrap();
    assert_eq!(report.format, Format::TsdbDumpOpenMetrics);
    assert_eq!(
        dump(&store),
        "{__name__=\"my.metric\", a=\"\\t\"} 1@1700000000500\n{__name__=\"up\"} stale@1700000000000\n"
    );
}

#[test]
fn api_responses_whole_and_in_part() {
    let vector = r#"[{"metric":{"__name__":"up","job":"a"},"value":[1435781451.781,"1"]},{"metric":{},"value":[1435781451,"+Inf"]}]"#;
    for text in [
        format!(r#"{{"status":"success","data":{{"resultType":"vector","result":{vector}}}}}"#),
        format!(r#"{{"resultType":"vector","result":{vector}}}"#),
        vector.to_owned(),
    ] {
        let (store, report) = load("f", text.as_bytes(), LoadOptions::default()).unwrap();
        assert_eq!(report.format, Format::ApiJson);
        assert_eq!(
            dump(&store),
            "{__name__=\"up\", job=\"a\"} 1@1435781451781\n{} inf@1435781451000\n",
            "{text}"
        );
    }
    let matrix = r#"{"status":"success","isPartial":false,"data":{"result":[{"values":[[1,"2"],[2.5,"3e1"]],"metric":{"a":"b"},"histograms":[[3,{"count":"3","sum":"4","buckets":[[0,"1","2","3"]]}]]}],"resultType":"matrix","stats":{"x":[1]}},"warnings":["careful"]}"#;
    let text = format!("{matrix}\n{matrix}\n[7,\"8\"]");
    let options = LoadOptions { name: Some("named".to_owned()), ..LoadOptions::default() };
    let (store, report) = load("f", text.as_bytes(), options).unwrap();
    assert_eq!((report.samples, report.duplicates), (4, 3));
    assert_eq!(report.warnings[0], "the response says: careful");
    assert_eq!(
        dump(&store),
        "{__name__=\"named\", a=\"b\"} 2@1000 30@2500 {count:3, sum:4, (1,2]:3}@3000\n{__name__=\"named\"} 8@7000\n"
    );
}

#[test]
fn responses_without_samples() {
    let error = r#"{"status":"error","errorType":"bad_data","error":"1:1: parse error: x"}"#;
    let message = load("f", error.as_bytes(), LoadOptions::default()).unwrap_err().to_string();
    assert_eq!(message, "f: the saved response is an error (bad_data): 1:1: parse error: x");
    for text in [
        r#"{"status":"success","data":{"resultType":"string","result":[1,"text"]}}"#,
        r#"{"status":"success","data":["a","b"]}"#,
        r#"{"status":"success","data":[{"__name__":"up"}]}"#,
        "[]",
    ] {
        let (_, report) = load("f", text.as_bytes(), LoadOptions::default()).unwrap();
        assert_eq!(report.samples, 0, "{text}");
        assert!(report.warnings.iter().any(|w| w == "no samples in this file"), "{text}");
    }
}

#[test]
fn broken_json_names_the_place() {
    for (text, message) in [
        (
            "{\"status\":\"success\",\"data\":\n{\"result\":[{\"metric\":{},\"value\":[1,\"x\"]}]}}",
            "f:2:39: expected a sample value, found \"x\"",
        ),
        ("{\"status\":\"success\",\"data\":", "f:1:27: EOF while parsing a value"),
        ("{\"metric\":{\"a\":1}}", "f:1:17: invalid type: integer `1`, expected a string"),
        (
            "{\"metric\":{},\"values\":[1,2],\"timestamps\":[1]}",
            "f:1:45: a series with 2 values and 1 timestamps",
        ),
        ("[[1]]", "unknown"),
    ] {
        let error = load("f", text.as_bytes(), LoadOptions::default()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}\n{message}");
    }
}

#[test]
fn json_lines() {
    let text = concat!(
        r#"{"metric":{"__name__":"up","job":"a"},"values":[1,2.5,null,"Infinity","-Infinity"],"timestamps":[1000,2000,3000,4000,5000]}"#,
        "\n",
        r#"{"metric":{"__name__":"up","job":"a"},"values":[7],"timestamps":[6000]}"#,
    );
    let (store, report) = load("f", text.as_bytes(), LoadOptions::default()).unwrap();
    assert_eq!(report.format, Format::JsonLines);
    assert_eq!(
        dump(&store),
        "{__name__=\"up\", job=\"a\"} 1@1000 2.5@2000 NaN@3000 inf@4000 -inf@5000 7@6000\n"
    );
}

#[test]
fn formats_are_found_by_content() {
    for (text, format) in [
        ("up 1\n", Some(Format::PrometheusText)),
        ("# HELP up x\nup 1 1700000000000\n", Some(Format::PrometheusText)),
        ("# TYPE up untyped\n", Some(Format::PrometheusText)),
        ("# TYPE a_total counter\na_total 1\n", Some(Format::PrometheusText)),
        ("{\"my.metric\",a=\"b\"} 1\n", Some(Format::PrometheusText)),
        ("up 1 1700000000\n", Some(Format::OpenMetrics)),
        ("up 1\n# EOF\n", Some(Format::OpenMetrics)),
        ("# TYPE a counter\na_total 1\n", Some(Format::OpenMetrics)),
        ("a_total 1 # {trace_id=\"x\"} 0.5\n", Some(Format::OpenMetrics)),
        ("{\"my.metric\",a=\"b\"} 1 1700000000.5\n", Some(Format::OpenMetrics)),
        ("{a=\"b\"} 1 1700000000000\n", Some(Format::TsdbDump)),
        ("{\"é\"=\"b\", __name__=\"x\"} 1 1700000000000\n", Some(Format::TsdbDump)),
        ("{\"status\":\"success\"}", Some(Format::ApiJson)),
        ("[{\"metric\":{}}]", Some(Format::ApiJson)),
        ("[{\"query\":\"up\"}]", None),
        ("{\"panels\":[]}", None),
        ("hello world, this is no metric\n", None),
        ("timestamp,value\n1,2\n", None),
        ("# A title\n\nSome text, not a metric.\n", None),
        ("", None),
        ("{", None),
        ("{}", None),
        ("\u{0}\u{1}\u{2}", None),
    ] {
        assert_eq!(Format::detect(text.as_bytes(), true, "data"), format, "{text}");
    }
    assert_eq!(Format::detect(b"up 1\n", true, "a.om.gz"), Some(Format::OpenMetrics));
    assert_eq!(Format::detect(b"up{ 1\n", true, "a.prom"), Some(Format::PrometheusText));
}

#[test]
fn times_of_samples_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let named = dir.path().join("m.2026-08-01T00:00:15Z.prom");
    fs::write(&named, "up 1\n").unwrap();
    let plain = dir.path().join("plain.prom");
    fs::write(&plain, "up 1\n").unwrap();
    let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    fs::File::options().append(true).open(&plain).unwrap().set_modified(modified).unwrap();
    let store = MemStore::new();
    let mut loader = Loader::new(&store, LoadOptions::default());
    assert_eq!(
        loader.load_file(&named).unwrap().span,
        Some(TimeRange::new(1_785_542_415_000, 1_785_542_415_000))
    );
    assert_eq!(
        loader.load_file(&plain).unwrap().span,
        Some(TimeRange::new(1_700_000_000_000, 1_700_000_000_000))
    );
    let mut loader = Loader::new(&store, LoadOptions { at_ms: Some(5), ..LoadOptions::default() });
    assert_eq!(loader.load_file(&named).unwrap().span, Some(TimeRange::new(5, 5)));
}

#[test]
fn inputs_are_resolved_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::create_dir_all(root.join("sub/data/wal")).unwrap();
    fs::create_dir_all(root.join(".git")).unwrap();
    for (name, text) in [
        ("b.prom", "up 1\n"),
        ("a.om", "up 1 1700000000\n# EOF\n"),
        ("README.md", "# Title\n\nwords\n"),
        ("sub/c.json", "[]"),
        (".hidden.prom", "up 1\n"),
        (".git/x.prom", "up 1\n"),
        ("odd*.prom", "up 1\n"),
        ("empty", ""),
    ] {
        fs::write(root.join(name), text).unwrap();
    }
    let at = |name: &str| root.join(name).display().to_string();
    let resolved = resolve_inputs(&[root.display().to_string()]).unwrap();
    let file = |name: &str| Input::File(root.join(name));
    assert_eq!(
        resolved,
        [
            file("a.om"),
            file("b.prom"),
            file("odd*.prom"),
            file("sub/c.json"),
            Input::DataDirectory(root.join("sub/data"))
        ]
    );
    assert_eq!(resolve_inputs(&[at("*.om"), "-".to_owned()]).unwrap(), [file("a.om"), Input::StandardInput]);
    assert_eq!(resolve_inputs(&[at("odd*.prom")]).unwrap(), [file("odd*.prom")]);
    assert!(matches!(resolve_inputs(&[at("*.none")]), Err(FormatError::NoFiles { .. })));
    assert!(matches!(resolve_inputs(&[at("none")]), Err(FormatError::Io { .. })));
    assert!(matches!(resolve_inputs(&[at("a***")]), Err(FormatError::Pattern { .. })));
    assert!(is_data_directory(&root.join("sub/data")));
    let store = MemStore::new();
    let mut loader = Loader::new(&store, LoadOptions::default());
    assert!(matches!(loader.load_all(&[root.display().to_string()]), Err(FormatError::DataDirectory { .. })));
    assert!(matches!(loader.load_all(&["-"]), Err(FormatError::StandardInput)));
    let report = loader.load_all(&[at("a.om"), at("b.prom"), at("empty")]).unwrap();
    assert_eq!((report.files.len(), report.samples()), (3, 2));
    assert_eq!(report.warnings().collect::<Vec<_>>(), [format!("{}: the file is empty", at("empty"))]);
}

#[test]
fn progress_and_cancellation() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.prom");
    fs::write(&path, "up 1 1700000000000\n".repeat(100_000)).unwrap();
    let store = MemStore::new();
    let mut seen = Vec::new();
    {
        let mut loader = Loader::new(&store, LoadOptions::default())
            .on_progress(|p| seen.push((p.bytes_done, p.bytes_total.expect("the size of a file is known"))));
        loader.load_file(&path).unwrap();
    }
    assert!(seen.len() > 3 && seen.windows(2).all(|w| w[0].0 <= w[1].0));
    assert_eq!(seen.last().unwrap(), &(1_900_000, 1_900_000));
    let flag = Arc::new(AtomicBool::new(true));
    let mut loader = Loader::new(&store, LoadOptions::default()).cancel_on(flag);
    assert!(matches!(loader.load_file(&path), Err(FormatError::Cancelled)));
    let flag = Arc::new(AtomicBool::new(false));
    let mut loader = Loader::new(&store, LoadOptions::default())
        .on_progress(|p| flag.store(p.bytes_done > 500_000, std::sync::atomic::Ordering::Relaxed))
        .cancel_on(Arc::clone(&flag));
    assert!(matches!(loader.load_file(&path), Err(FormatError::Cancelled)));
}

#[test]
fn limits() {
    let endless = vec![b'a'; 17 << 20];
    let error = load_at_zero("a.prom", &endless).unwrap_err().to_string();
    assert_eq!(error, "a.prom:1:1: the line is longer than 16 MiB");
    let labels: String = (0..1100).map(|i| format!("l{i}=\"\",")).collect();
    let error = load_at_zero("a.prom", format!("up{{{labels}}} 1\n").as_bytes()).unwrap_err().to_string();
    assert!(error.ends_with("more than 1024 labels"), "{error}");
}

#[test]
fn line_ends_and_marks() {
    let text = "\u{feff}# HELP up x\r\nup 1\r\n\r\n  \t\r\nup{a=\"b\"}\t2";
    let (store, _) = load_at_zero("f", text.as_bytes()).unwrap();
    assert_eq!(store.sample_count(), 2);
}

#[test]
fn labels_for_every_series() {
    let options = LoadOptions {
        labels: vec![("run".to_owned(), "1".to_owned()), ("job".to_owned(), "z".to_owned())],
        ..LoadOptions::default()
    };
    let (store, _) = load("f", TEXT.as_bytes(), options).unwrap();
    assert!(dump(&store).starts_with("{__name__=\"up\", job=\"z\", run=\"1\"}"));
}

#[test]
fn files_of_our_own() {
    let mut summary = String::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(fixture("")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|p| p.is_file()) {
        let store = MemStore::new();
        let mut loader =
            Loader::new(&store, LoadOptions { at_ms: Some(1_700_000_000_000), ..LoadOptions::default() });
        let r = loader.load_file(path).unwrap();
        let name = path.file_name().unwrap().display();
        summary.push_str(&format!(
            "{name}: {} {} series={} samples={} span={:?} warnings={:?}\n",
            r.format,
            r.compression.as_str(),
            r.series,
            r.samples,
            r.span.map(|s| (s.start.0, s.end.0)),
            r.warnings,
        ));
        if r.samples < 50 {
            summary.push_str(&dump(&store));
        }
    }
    insta::assert_snapshot!(summary);
}

#[test]
fn files_of_a_real_server() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !shared.is_dir() {
        println!("skipped: no ../shared/data beside the workspace");
        return;
    }
    for (name, format, series, samples) in [
        ("shop.om.gz", Format::OpenMetrics, Some(885), Some(660_052)),
        ("app.om", Format::OpenMetrics, None, None),
        ("app.prom", Format::PrometheusText, None, None),
        ("node.prom", Format::PrometheusText, None, None),
        ("dump.txt.gz", Format::TsdbDump, Some(117), Some(85_461)),
        ("query_range.json", Format::ApiJson, None, None),
        ("query_matrix.json", Format::ApiJson, Some(5), Some(440)),
    ] {
        let store = MemStore::new();
        let mut loader = Loader::new(&store, LoadOptions::default());
        let report = loader.load_file(&shared.join(name)).unwrap();
        println!("{report:?}");
        assert_eq!((report.format, report.conflicts, report.skipped), (format, 0, 0), "{name}");
        assert!(series.is_none_or(|n: u64| n == report.series), "{name}: {}", report.series);
        assert!(samples.is_none_or(|n: u64| n == report.samples), "{name}: {}", report.samples);
        assert!(report.samples > 0 && report.samples == store.sample_count(), "{name}");
    }
    // Two exports of the same data agree to the bit.
    let store = MemStore::new();
    let mut loader = Loader::new(&store, LoadOptions::default());
    loader.load_file(&shared.join("shop.om.gz")).unwrap();
    let dump = loader.load_file(&shared.join("dump.txt.gz")).unwrap();
    assert!(dump.conflicts == 0 && dump.duplicates > 80_000, "{dump:?}");
    let resolved = resolve_inputs(&[shared.display().to_string()]).unwrap();
    let directories = resolved.iter().filter(|i| matches!(i, Input::DataDirectory(_))).count();
    assert_eq!((resolved.len(), directories), (9, 2), "{resolved:?}");
}

#[test]
fn samples_take_eight_bytes_and_their_share_of_times_and_labels() {
    let mut text = String::new();
    for t in 0..500 {
        for i in 0..20 {
            text.push_str(&format!(
                "up{{instance=\"web-{i}:9100\"}} {} {}\n",
                t % 7,
                1_700_000_000_000i64 + t * 15_000
            ));
        }
    }
    let store = MemStore::new();
    let mut loader = Loader::new(&store, LoadOptions::default());
    loader.load_reader("f", text.as_bytes()).unwrap();
    assert_eq!(loader.report().bytes_per_sample(), None);
    let report = loader.finish();
    assert_eq!(report.store_samples, 10_000);
    let each = report.bytes_per_sample().unwrap();
    assert!((8.4..10.0).contains(&each), "{each}");
}
