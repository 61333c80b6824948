//! InfluxDB's line protocol.

mod support;

use promqlite_formats::{Format, FormatOptions, InfluxOptions, ReadOptions, TimeUnit};
use support::read;

fn read_with(text: &str, formats: FormatOptions) -> Result<(String, Vec<String>), String> {
    let options = ReadOptions { formats, ..ReadOptions::default() };
    read(Format::Influx, text.as_bytes(), &options).map_err(|e| e.to_string())
}

fn read_plain(text: &str) -> Result<(String, Vec<String>), String> {
    read_with(text, FormatOptions::default())
}

#[test]
fn names_and_tags() {
    let text = "a-b:c,x.y=1,empty=,__name__=no value=1,other\\ one=2 1785542415\n";
    assert_eq!(
        read_plain(text).unwrap().0,
        "{__name__=\"a_b:c\",x_y=\"1\"} 1@1785542415000\n{__name__=\"a_b:c_other_one\",x_y=\"1\"} 2@1785542415000\n"
    );
    let influx = InfluxOptions { keep_value_suffix: true, keep_names: true };
    assert_eq!(
        read_with(text, FormatOptions { influx, ..FormatOptions::default() }).unwrap().0,
        "{__name__=\"a-b:c_value\",x.y=\"1\"} 1@1785542415000\n\
         {__name__=\"a-b:c_other one\",x.y=\"1\"} 2@1785542415000\n"
    );
}

#[test]
fn times_have_the_unit_of_their_size_or_the_given_one() {
    for (time, ms) in [
        ("1785542415", 1_785_542_415_000i64),
        ("1785542415250", 1_785_542_415_250),
        ("1785542415250000", 1_785_542_415_250),
        ("1785542415250000000", 1_785_542_415_250),
    ] {
        assert_eq!(
            read_plain(&format!("a v=1 {time}\n")).unwrap().0,
            format!("{{__name__=\"a_v\"}} 1@{ms}\n")
        );
    }
    let formats = FormatOptions { time_unit: Some(TimeUnit::Nanoseconds), ..FormatOptions::default() };
    assert_eq!(read_with("a v=1 5000000\n", formats).unwrap().0, "{__name__=\"a_v\"} 1@5\n");
    let formats = FormatOptions { time_unit: Some(TimeUnit::Seconds), ..FormatOptions::default() };
    let error = read_with("a v=1 9223372036854775807\n", formats).unwrap_err();
    assert_eq!(error, "f:1:7: a time that does not fit 64 bits of milliseconds; is its unit right?");
}

#[test]
fn lines_without_a_time_take_the_given_one() {
    let error = read_plain("a v=1").unwrap_err();
    assert_eq!(error, "f:1:6: the sample has no timestamp, and no time was given for such samples");
    let options = ReadOptions { default_time_ms: Some(7), ..ReadOptions::default() };
    assert_eq!(read(Format::Influx, b"a v=1", &options).unwrap().0, "{__name__=\"a_v\"} 1@7\n");
}

#[test]
fn strings_may_have_lines() {
    let (samples, warnings) =
        read_plain("a s=\"x\n# no comment\n\\\" y\",v=1 1785542415\nb v=2 1785542415\n").unwrap();
    assert_eq!(samples, "{__name__=\"a_v\"} 1@1785542415000\n{__name__=\"b_v\"} 2@1785542415000\n");
    assert_eq!(warnings, ["1 string field left out: samples are numbers"]);
    assert_eq!(read_plain("a v=1 5\nb s=\"x\n\n").unwrap_err(), "f:2:5: a string without an end");
    let endless = format!("b s=\"x\n{}c v=1 5\n", "y\n".repeat(1 << 20));
    let error = read_plain(&endless).unwrap_err();
    assert_eq!(error, "f:1:5: a string without an end");
    let options = ReadOptions { lenient: true, ..ReadOptions::default() };
    let (samples, _) = read(Format::Influx, endless.as_bytes(), &options).unwrap();
    assert!(samples.ends_with("{__name__=\"c_v\"} 1@5000\n"), "{samples}");
}

#[test]
fn detection_wants_tags_or_times() {
    let detect = |text: &str| Format::detect(text.as_bytes(), true, "f");
    assert_eq!(detect("cpu,host=a v=1"), Some(Format::Influx));
    assert_eq!(detect("# x\ncpu v=1 1785542415000000000\n"), Some(Format::Influx));
    assert_eq!(detect("cpu v=1"), None);
    assert_eq!(detect("key value=1\nnot at all\n"), None);
    assert_eq!(detect("up{job=\"a b=1\"} 1 1\n"), Some(Format::PrometheusText));
    assert_eq!(detect("Dear reader, x=1\n"), None);
}
