use std::sync::Arc;

use promqlite_model::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite_model::{
    Annotation, Annotations, LabelSet, Pos, SampleValue, Series, Timestamp, Value, VectorSample,
};

use super::*;

fn histogram() -> Arc<FloatHistogram> {
    let parts = HistogramParts {
        schema: 0,
        zero_threshold: 0.001,
        zero_count: 2.0,
        count: 7.5,
        sum: 18.4,
        positive_spans: vec![Span { offset: 1, length: 3 }],
        negative_spans: vec![Span { offset: 1, length: 1 }],
        positive_counts: vec![2.5, 0.0, 1.0],
        negative_counts: vec![2.0],
        ..HistogramParts::default()
    };
    Arc::new(FloatHistogram::from_parts(parts).unwrap())
}

fn vector() -> Value {
    let sample = |pairs: &[(&str, &str)], value| VectorSample {
        labels: LabelSet::from_pairs(pairs.iter().copied()),
        value,
    };
    Value::Vector(
        Timestamp(1_435_781_451_781),
        vec![
            sample(&[("__name__", "up"), ("job", "a\"b,\\\n<é>"), ("Zone", "x")], SampleValue::Float(1.0)),
            sample(&[("__name__", "my.metric"), ("a b", "1")], SampleValue::Float(f64::NAN)),
            sample(&[("job", "b")], SampleValue::Float(1e-7)),
            sample(&[("job", "h")], SampleValue::Histogram(histogram())),
        ],
    )
}

fn matrix() -> Value {
    let t = |ms: i64| Timestamp(1_700_000_000_000 + ms);
    Value::Matrix(vec![
        Series {
            labels: LabelSet::from_pairs([("__name__", "x_total"), ("l", "v")]),
            floats: vec![(t(0), 0.5), (t(1500), f64::INFINITY), (t(3000), 1e21), (t(4500), -0.0)].into(),
            histograms: vec![(t(2000), histogram())],
        },
        Series {
            labels: LabelSet::from_pairs([("__name__", "y")]),
            floats: promqlite_model::Floats::new(),
            histograms: vec![(t(0), histogram())],
        },
    ])
}

fn notes() -> Notes {
    let mut annotations = Annotations::default();
    annotations.add(Annotation::InvalidQuantile(2.0), Some(Pos(9)));
    annotations.add(Annotation::PossibleNonCounter { metric: "up".to_owned() }, Some(Pos(5)));
    Notes::new(&annotations, "quantile(2, rate(up[5m]))")
}

fn text(format: OutputFormat, value: &Value) -> String {
    let mut out = Vec::new();
    write_value(format, &mut out, value, &Notes::default()).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_format_of_every_type() {
    let values = [
        ("scalar", Value::Scalar(Timestamp(1_435_781_451_500), 1e21)),
        ("string", Value::String(Timestamp(1_435_781_451_000), "a \"b\"".to_owned())),
        ("vector", vector()),
        ("matrix", matrix()),
        ("empty vector", Value::Vector(Timestamp(0), vec![])),
        ("empty matrix", Value::Matrix(vec![])),
    ];
    let mut all = String::new();
    for format in OutputFormat::ALL {
        for (name, value) in &values {
            all.push_str(&format!("### {} of {name}\n{}\n", format.as_str(), text(format, value).trim_end()));
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_body_of_the_api() {
    let value = Value::Vector(
        Timestamp(1_435_781_451_781),
        vec![VectorSample {
            labels: LabelSet::from_pairs([("__name__", "up"), ("job", "a")]),
            value: SampleValue::Float(1.0),
        }],
    );
    let mut out = Vec::new();
    write_json(&mut out, &value, &notes(), Some("{\"samples\":{}}")).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"#,
            r#""value":[1435781451.781,"1"]}],"stats":{"samples":{}}},"#,
            r#""warnings":["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"],"#,
            r#""infos":["PromQL info: metric might not be a counter, name does not end in "#,
            r#"_total/_sum/_count/_bucket: \"up\" (1:6)"]}"#
        )
    );
}

#[test]
fn other_bodies() {
    let mut out = Vec::new();
    write_json_error(&mut out, "bad_data", "1:1: \"x\"").unwrap();
    out.push(b'\n');
    write_json_list(&mut out, &["a", "b"], &Notes::default()).unwrap();
    out.push(b'\n');
    write_json_series(&mut out, &[LabelSet::from_pairs([("a", "b")])], &Notes::default()).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"{"status":"error","errorType":"bad_data","error":"1:1: \"x\""}"#,
            "\n",
            r#"{"status":"success","data":["a","b"]}"#,
            "\n",
            r#"{"status":"success","data":[{"a":"b"}]}"#
        )
    );
}

#[test]
fn at_most_ten_annotations() {
    let mut annotations = Annotations::default();
    for i in 0..13 {
        annotations.add(Annotation::PossibleNonCounter { metric: format!("m{i:02}") }, None);
    }
    let notes = Notes::new(&annotations, "");
    assert_eq!(notes.infos.len(), 11);
    assert_eq!(notes.infos[10], "3 more info annotations omitted");
}

#[test]
fn numbers_and_times() {
    for (v, shown) in [
        (0.0, "0"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (9.9e-7, "9.9e-07"),
        (-1e-100, "-1e-100"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ] {
        assert_eq!(api_float(v), shown);
    }
    for (ms, shown) in
        [(0, "0"), (1500, "1.500"), (-1, "-0.001"), (-2000, "-2"), (1_435_781_451_781, "1435781451.781")]
    {
        assert_eq!(api_time(Timestamp(ms)), shown);
    }
}

#[test]
fn omitted_samples_are_counted() {
    let mut out = Vec::new();
    let omitted = write_openmetrics(&mut out, &matrix(), DEFAULT_NAME).unwrap();
    assert_eq!(omitted, Omitted { histograms: 2, strings: 0 });
}
