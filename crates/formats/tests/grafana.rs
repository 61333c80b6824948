//! Grafana's data frames.

mod support;

use promqlite_formats::{Format, ReadOptions};
use support::read;

fn read_plain(text: &str) -> Result<(String, Vec<String>), String> {
    read(Format::Grafana, text.as_bytes(), &ReadOptions::default()).map_err(|e| e.to_string())
}

/// A frame with a field of times and these others.
fn frame(fields: &str, values: &str) -> String {
    format!(
        r#"{{"schema":{{"fields":[{{"name":"Time","type":"time"}},{fields}]}},"data":{{"values":[[1000,2000],{values}]}}}}"#
    )
}

#[test]
fn bare_frames_and_lists_of_them() {
    let one = frame(r#"{"name":"Value","type":"number","labels":{"__name__":"a"}}"#, "[1,2]");
    let two = frame(r#"{"name":"cpu idle","type":"number"}"#, "[3,null]");
    for text in [format!("[{one},{two}]"), format!("{one}\n{two}")] {
        assert_eq!(Format::detect(text.as_bytes(), true, "f"), Some(Format::Grafana));
        let (samples, warnings) = read_plain(&text).unwrap();
        assert_eq!(
            samples,
            "{__name__=\"a\"} 1@1000 2@2000\n{__name__=\"cpu_idle\",legend=\"cpu idle\"} 3@1000\n"
        );
        assert_eq!(warnings, [] as [&str; 0]);
    }
}

#[test]
fn faults() {
    let number = r#"{"name":"Value","type":"number"}"#;
    for (text, message) in [
        (frame(number, "[1]"), "f: frame 1: the field \"Value\" has 1 values for 2 times"),
        (frame(number, "[1,\"12 %\"]"), "f: frame 1: expected a number, found \"12 %\""),
        (frame(number, "[1,2],[3]"), "f: frame 1: a frame of 2 fields with 3 columns of values"),
        (
            r#"{"schema":{"fields":[{"name":"Value","type":"number"}]},"data":{"values":[[1]]}}"#.to_owned(),
            "f: frame 1: a frame without a field of times",
        ),
        (
            r#"{"schema":{"fields":[{"name":"t","type":"time"},{"name":"v","type":"number"}]},"data":{"values":[[{}],[1]]}}"#
                .to_owned(),
            "f: frame 1: expected a time in milliseconds, found {}",
        ),
        (
            r#"{"schema":{"fields":[{"name":"t","type":"time"}]},"data":{"values":[[1]],"entities":[{"NaN":[7]}]}}"#
                .to_owned(),
            "f: frame 1: an entity of a row that is not there",
        ),
        (
            r#"{"results":{"A":{"error":"bad query"}}}"#.to_owned(),
            "f: the saved response is an error (query): bad query",
        ),
        ("{}".to_owned(), "f: no data frame in this file: copy the response from the query inspector"),
        ("{\n\"a\":]".to_owned(), "f:2:5: expected value"),
    ] {
        assert_eq!(read_plain(&text).unwrap_err(), message);
    }
    let options = ReadOptions { lenient: true, ..ReadOptions::default() };
    let text = format!("[{},{}]", frame(number, "[1]"), frame(r#"{"name":"a","type":"number"}"#, "[1,2]"));
    let (samples, warnings) = read(Format::Grafana, text.as_bytes(), &options).unwrap();
    assert_eq!(samples, "{__name__=\"a\"} 1@1000 2@2000\n");
    assert_eq!(warnings.len(), 1);
}

#[test]
fn responses_of_the_api_with_such_labels_are_no_frames() {
    let text = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"schema":"x","fields":"y","values":"z"},"value":[1,"2"]}]}}"#;
    assert_eq!(Format::detect(text.as_bytes(), true, "f"), Some(Format::ApiJson));
}
