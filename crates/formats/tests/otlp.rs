//! OpenTelemetry metrics.

mod support;

use std::io::Read as _;

use promqlite_formats::{Format, FormatOptions, OtlpNames, OtlpOptions, ReadOptions};
use support::{read, truncations_and_flips};

/// A request with one metric.
fn request(metric: &str) -> String {
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}},
        {"key":"host.name","value":{"stringValue":"web-1"}}]}"#;
    let scope = r#"{"name":"lib","version":"2","attributes":[{"key":"a.b","value":{"intValue":1}}]}"#;
    let text = format!(
        r#"{{"resourceMetrics":[{{"resource":{resource},"scopeMetrics":[{{"scope":{scope},"schemaUrl":"u","metrics":[{metric}]}}]}}]}}"#
    );
    text.replace('\n', " ")
}

fn read_with(text: &str, otlp: OtlpOptions) -> Result<(String, Vec<String>), String> {
    let formats = FormatOptions { otlp, ..FormatOptions::default() };
    let options = ReadOptions { formats, ..ReadOptions::default() };
    read(Format::Otlp, text.as_bytes(), &options).map_err(|e| e.to_string())
}

fn read_plain(text: &str) -> Result<(String, Vec<String>), String> {
    read_with(text, OtlpOptions::default())
}

/// The samples but those of `target_info`.
fn samples(metric: &str) -> String {
    let (samples, _) = read_plain(&request(metric)).unwrap();
    samples.lines().filter(|line| !line.contains("target_info")).map(|line| format!("{line}\n")).collect()
}

const GAUGE: &str = r#"{"name":"a.b","unit":"s","gauge":{"dataPoints":[
    {"attributes":[{"key":"x.y","value":{"stringValue":"1"}},{"key":"x-y","value":{"stringValue":"2"}},
                   {"key":"__name__","value":{"stringValue":"no"}},{"key":"job","value":{"stringValue":"no"}},
                   {"key":"empty","value":{"stringValue":""}}],
     "timeUnixNano":1000999999,"asDouble":"Infinity"}]}}"#;

#[test]
fn labels_of_points_and_targets() {
    let (samples, warnings) = read_plain(&request(GAUGE)).unwrap();
    assert_eq!(
        samples,
        "{__name__=\"a_b_seconds\",job=\"cart\",x_y=\"2;1\"} inf@1000\n\
         {__name__=\"target_info\",host_name=\"web-1\",job=\"cart\"} 1@1000\n"
    );
    assert_eq!(warnings, [] as [&str; 0]);
    let options = OtlpOptions {
        names: OtlpNames::Unchanged,
        scope_labels: true,
        promoted_attributes: vec!["host.name".to_owned()],
        ..OtlpOptions::default()
    };
    let (samples, _) = read_with(&request(GAUGE), options).unwrap();
    assert_eq!(
        samples.lines().next().unwrap(),
        "{__name__=\"a.b\",job=\"cart\",x-y=\"2\",x.y=\"1\",host.name=\"web-1\",otel_scope_name=\"lib\",\
         otel_scope_version=\"2\",otel_scope_schema_url=\"u\",otel_scope_a.b=\"1\"} inf@1000"
    );
}

#[test]
fn target_info_lives_as_long_as_the_points() {
    let point = |s: u64| format!(r#"{{"timeUnixNano":"{}","asInt":1}}"#, s * 1_000_000_000);
    let gauge = format!(r#"{{"name":"a","gauge":{{"dataPoints":[{},{}]}}}}"#, point(400), point(1));
    let (samples, _) = read_plain(&request(&gauge)).unwrap();
    assert!(samples.ends_with(" 1@1000 1@151000 1@301000 1@400000\n"), "{samples}");
    // Times that are made up do not fill the memory.
    let gauge = format!(
        r#"{{"name":"a","gauge":{{"dataPoints":[{},{{"timeUnixNano":"{}","asInt":1}}]}}}}"#,
        point(1),
        u64::MAX
    );
    let (samples, _) = read_plain(&request(&gauge)).unwrap();
    let info = samples.lines().find(|line| line.contains("target_info")).unwrap();
    assert!((10_000..10_010).contains(&info.matches('@').count()), "{}", info.matches('@').count());
}

#[test]
fn other_spellings_of_the_same() {
    let snake = r#"{"resource_metrics":[{"scope_metrics":[{"metrics":[{"name":"a","sum":{"aggregation_temporality":
        "AGGREGATION_TEMPORALITY_CUMULATIVE","is_monotonic":true,"data_points":[{"time_unix_nano":2000000000,
        "as_int":"3","exemplars":[],"attributes":null}]}}]}]}]}"#;
    assert_eq!(read_plain(snake).unwrap().0, "{__name__=\"a_total\"} 3@2000\n");
    assert_eq!(Format::detect(snake.as_bytes(), true, "f"), Some(Format::Otlp));
    let (_, warnings) = read_plain("{\"resourceSpans\":[]}\n{\"resourceLogs\":[]}\n").unwrap();
    assert_eq!(
        warnings,
        ["2 records of other signals, such as traces and logs, left out", "no samples in this file"]
    );
}

const EXPLICIT: &str = r#"{"name":"h","unit":"s","histogram":{"aggregationTemporality":TEMPORALITY,"dataPoints":[
    {"startTimeUnixNano":1000000000,"timeUnixNano":2000000000,"count":"4","sum":5.5,"bucketCounts":["1","2","1"],"explicitBounds":[1,2.5]},
    {"startTimeUnixNano":2000000000,"timeUnixNano":3000000000,"count":"1","sum":9,"bucketCounts":[0,0,1],"explicitBounds":[1,2.5]},
    {"timeUnixNano":4000000000,"flags":1}]}}"#;

#[test]
fn explicit_histograms() {
    insta::assert_snapshot!(samples(&EXPLICIT.replace("TEMPORALITY", "2")), @r#"
    {__name__="h_seconds_sum",job="cart"} 5.5@2000 9@3000 stale@4000
    {__name__="h_seconds_count",job="cart"} 4@2000 1@3000 stale@4000
    {__name__="h_seconds_bucket",job="cart",le="1"} 1@2000 0@3000
    {__name__="h_seconds_bucket",job="cart",le="2.5"} 3@2000 0@3000
    {__name__="h_seconds_bucket",job="cart",le="+Inf"} 4@2000 1@3000 stale@4000
    "#);
    insta::assert_snapshot!(samples(&EXPLICIT.replace("TEMPORALITY", "1")), @r#"
    {__name__="h_seconds_sum",job="cart"} stale@4000 5.5@2000 14.5@3000
    {__name__="h_seconds_count",job="cart"} stale@4000 4@2000 5@3000
    {__name__="h_seconds_bucket",job="cart",le="+Inf"} stale@4000 4@2000 5@3000
    {__name__="h_seconds_bucket",job="cart",le="1"} 1@2000 1@3000
    {__name__="h_seconds_bucket",job="cart",le="2.5"} 3@2000 3@3000
    "#);
    let options = OtlpOptions { custom_buckets: true, ..OtlpOptions::default() };
    let (samples, _) = read_with(&request(&EXPLICIT.replace("TEMPORALITY", "2")), options).unwrap();
    insta::assert_snapshot!(samples.lines().next().unwrap(), @r#"{__name__="h_seconds",job="cart"} {count:4, sum:5.5, [-Inf,1]:1, (1,2.5]:2, (2.5,+Inf]:1}@2000 {count:1, sum:9, (2.5,+Inf]:1}@3000 stale histogram@4000"#);
}

#[test]
fn exponential_histograms() {
    let metric = r#"{"name":"e","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[
        {"startTimeUnixNano":1000000000,"timeUnixNano":2000000000,"count":3,"sum":5,"scale":0,"zeroCount":1,"zeroThreshold":0.25,"positive":{"offset":1,"bucketCounts":[1,0,0,0,1]}},
        {"startTimeUnixNano":2000000000,"timeUnixNano":3000000000,"count":1,"sum":2,"scale":-1,"negative":{"offset":0,"bucketCounts":["1"]}},
        {"timeUnixNano":4000000000,"flags":1}]}}"#;
    insta::assert_snapshot!(samples(metric), @r#"{__name__="e",job="cart"} stale histogram@4000 {count:3, sum:5, [-0.25,0.25]:1, (2,4]:1, (32,64]:1}@2000 {count:4, sum:7, [-4,-1):1, [-0.25,0.25]:1, (1,4]:1, (16,64]:1}@3000"#);
}

#[test]
fn faults_name_line_and_metric() {
    let gauge = |point: &str| request(&format!(r#"{{"name":"a","gauge":{{"dataPoints":[{point}]}}}}"#));
    let exponential = |point: &str| {
        request(&format!(
            r#"{{"name":"a","exponentialHistogram":{{"dataPoints":[{{"timeUnixNano":1,{point}}}]}}}}"#
        ))
    };
    let good = gauge(r#"{"timeUnixNano":1,"asInt":1}"#);
    for (text, message) in [
        (gauge(r#"{"asInt":1}"#), "a: a point without a time"),
        (gauge(r#"{"timeUnixNano":1}"#), "a: a point without a value"),
        (
            exponential(r#""scale":-5"#),
            "a: the scale -5, which is below -4: native histograms have no such buckets",
        ),
        (
            exponential(r#""positive":{"offset":9223372036854775807,"bucketCounts":[0,1]}"#),
            "a: a bucket beyond all floats",
        ),
        (
            exponential(r#""positive":{"offset":2147483647,"bucketCounts":[1]}"#),
            "a: a bucket beyond all floats",
        ),
        (
            request(
                r#"{"name":"h","histogram":{"dataPoints":[{"timeUnixNano":1,"bucketCounts":[1],"explicitBounds":[1]}]}}"#,
            ),
            "h: 1 bucket counts for 1 bounds",
        ),
        (
            request(
                r#"{"name":"h","histogram":{"dataPoints":[{"timeUnixNano":1,"bucketCounts":[1,1,1],"explicitBounds":[1,"NaN"]}]}}"#,
            ),
            "h: bounds that do not ascend",
        ),
        (request(r#"{"name":"...","gauge":{"dataPoints":[]}}"#), "a metric called \"...\""),
    ] {
        let error = read_plain(&format!("{good}\n{text}\n")).unwrap_err();
        assert_eq!(error, format!("f:2: {message}"));
        let options = ReadOptions { lenient: true, ..ReadOptions::default() };
        let lenient = format!("{text}\n{good}\n");
        let (samples, _) = read(Format::Otlp, lenient.as_bytes(), &options).unwrap();
        assert!(samples.contains("{__name__=\"a\",job=\"cart\"} 1@0\n"), "{samples}");
    }
    let error = read_plain(&format!("{good}\n\n{{\"resourceMetrics\":[{{]\n")).unwrap_err();
    assert_eq!(error, "f:3:22: key must be a string");
    let options = ReadOptions { lenient: true, ..ReadOptions::default() };
    let text = format!("{{\"resourceMetrics\":[{{]}}\n{good}\n");
    let (samples, warnings) = read(Format::Otlp, text.as_bytes(), &options).unwrap();
    assert!(samples.starts_with("{__name__=\"a\",job=\"cart\"} 1@0\n"), "{samples}");
    assert_eq!(warnings, ["skipped: f:1:22: key must be a string"]);
}

/// Records behind their lengths.
fn framed(records: &[Vec<u8>]) -> Vec<u8> {
    let length = |record: &Vec<u8>| u32::try_from(record.len()).unwrap().to_be_bytes();
    records.iter().flat_map(|record| [&length(record)[..], record].concat()).collect()
}

#[test]
fn the_older_framing() {
    let record = |time: u64| {
        request(&format!(
            r#"{{"name":"a","gauge":{{"dataPoints":[{{"timeUnixNano":{time}000000,"asInt":1}}]}}}}"#
        ))
        .into_bytes()
    };
    let plain = [record(1), record(2)];
    let packed = plain.clone().map(|record| zstd::encode_all(&record[..], 1).unwrap());
    for records in [plain, packed] {
        let bytes = framed(&records);
        assert_eq!(Format::detect(&bytes, true, "f"), Some(Format::Otlp));
        let (samples, _) = read(Format::Otlp, &bytes, &ReadOptions::default()).unwrap();
        assert!(samples.starts_with("{__name__=\"a\",job=\"cart\"} 1@1 1@2\n"), "{samples}");
        let error = read(Format::Otlp, &bytes[..bytes.len() - 1], &ReadOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), "f: the file ends within a record");
        truncations_and_flips(Format::Otlp, &bytes);
    }
    // A record that unpacks to far more than any real one.
    let bomb = zstd::encode_all(std::io::repeat(b' ').take(300 << 20), 1).unwrap();
    let error = read(Format::Otlp, &framed(&[bomb]), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "f: a record of more than 256 MiB");
}

#[test]
fn nesting_is_limited() {
    let deep = format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[{{"key":"a","value":{}{}}}]}}}}]}}"#,
        r#"{"arrayValue":{"values":["#.repeat(100_000),
        "]}}".repeat(100_000)
    );
    assert!(read_plain(&deep).unwrap_err().ends_with("recursion limit exceeded"));
}
