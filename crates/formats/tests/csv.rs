//! Tables of comma-separated values.

mod support;

use promqlite_formats::{CsvLayout, CsvOptions, Format, FormatError, FormatOptions, ReadOptions, TimeUnit};
use support::{read, truncations_and_flips};

fn options(csv: CsvOptions) -> ReadOptions {
    ReadOptions { formats: FormatOptions { csv, ..FormatOptions::default() }, ..ReadOptions::default() }
}

fn read_plain(text: &str) -> Result<(String, Vec<String>), FormatError> {
    read(Format::Csv, text.as_bytes(), &ReadOptions::default())
}

#[test]
fn long_tables() {
    let text = "__name__,job,timestamp,value\n\
                up,a,1785542415,1\n\
                up,\"b, \"\"c\"\"\",1785542415.25,NaN\n\
                up,a,1785542430,\n\
                h,,1785542430,\"{count:3, sum:4.5, (1,2]:3}\"\n\
                \n\
                ,a,1785542430,-Inf\n";
    let (samples, warnings) = read_plain(text).unwrap();
    insta::assert_snapshot!(samples, @r#"
    {__name__="up",job="a"} 1@1785542415000
    {__name__="up",job="b, \"c\""} NaN@1785542415250
    {__name__="h"} {count:3, sum:4.5, (1,2]:3}@1785542430000
    {job="a"} -inf@1785542430000
    "#);
    assert_eq!(warnings, ["series without a metric name; give them one on loading"]);
}

#[test]
fn wide_tables() {
    let text = "sep=;\r\n\"Time\";\"up{job=\"\"a\"\", instance=\"\"b\"\"}\";\"CPU idle\"\r\n\
                2026-08-01 00:00:15;1;\r\n2026-08-01 00:00:30;NaN;0.5\r\n";
    let (samples, warnings) = read_plain(text).unwrap();
    insta::assert_snapshot!(samples, @r#"
    {__name__="up",job="a",instance="b"} 1@1785542415000
    {__name__="CPU_idle",legend="CPU idle"} 0.5@1785542430000
    "#);
    assert_eq!(warnings, ["dates without a time zone were read as UTC; give their offset if it is another"]);
    let mut local = options(CsvOptions::default());
    local.formats.utc_offset_minutes = Some(120);
    let (samples, warnings) = read(Format::Csv, b"t,a\n2026-08-01 02:00:15,1\n", &local).unwrap();
    assert_eq!((&*samples, warnings.len()), ("{__name__=\"a\"} 1@1785542415000\n", 0));
}

#[test]
fn tables_for_excel_are_in_utf_16() {
    let text = "Time\tcpu é\r\n1785542415000\t1\r\n";
    let bytes: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(Format::detect(&bytes, true, "a.csv"), Some(Format::Csv));
    let (samples, _) = read(Format::Csv, &bytes, &ReadOptions::default()).unwrap();
    assert_eq!(samples, "{__name__=\"cpu\",legend=\"cpu é\"} 1@1785542415000\n");
    truncations_and_flips(Format::Csv, &bytes);
}

#[test]
fn the_unit_of_times_may_be_given() {
    let mut ms = options(CsvOptions::default());
    ms.formats.time_unit = Some(TimeUnit::Milliseconds);
    let (samples, _) = read(Format::Csv, b"time,a\n15,1\n", &ms).unwrap();
    assert_eq!(samples, "{__name__=\"a\"} 1@15\n");
    assert_eq!(read_plain("time,a\n15,1\n").unwrap().0, "{__name__=\"a\"} 1@15000\n");
}

#[test]
fn described_columns_with_and_without_a_header() {
    let columns = Some("1:label:ticker,2:metric:ask,3:metric:bid,4:time:unix_ms".parse().unwrap());
    let options = options(CsvOptions { columns, ..CsvOptions::default() });
    for header in ["", "name,ask price,bid price,at\n"] {
        let text = format!("{header}GOOG,1.23,4.56,1785542415000\nGOOG,,5,1785542430000\n");
        let (samples, _) = read(Format::Csv, text.as_bytes(), &options).unwrap();
        assert_eq!(
            samples,
            "{__name__=\"ask\",ticker=\"GOOG\"} 1.23@1785542415000\n\
             {__name__=\"bid\",ticker=\"GOOG\"} 4.56@1785542415000 5@1785542430000\n"
        );
    }
}

#[test]
fn the_export_of_victoriametrics_quotes_as_json() {
    let text = "__name__,job,__value__,__timestamp__:unix_s\nup,\"a\\\"b,\\n\\u00e9\",1.5,1785542415\nup,,NaN,1785542430\n";
    assert_eq!(Format::detect(text.as_bytes(), true, "no-ending"), Some(Format::Csv));
    let (samples, _) = read_plain(text).unwrap();
    assert_eq!(
        samples,
        "{__name__=\"up\",job=\"a\\\"b,\\né\"} 1.5@1785542415000\n{__name__=\"up\"} NaN@1785542430000\n"
    );
    let broken = "__name__,__value__,__timestamp__\nup\"x,1,2\n\"up,1,2\n";
    let error = read_plain(broken).unwrap_err();
    assert_eq!(error.to_string(), "f:3: a quoted field without an end");
}

#[test]
fn faults_name_line_and_remedy() {
    for (text, message) in [
        (
            "time,value\nx,1\n",
            "f:2: expected a time (Unix time, or a date like 2026-08-01T00:00:15Z), found \"x\"",
        ),
        (
            "time,a\n\"1\",\"two\nlines\"\n",
            "f:2: expected a number in the column \"a\", found \"two\\nlines\"",
        ),
        (
            "time,a\n1,2\n1,12.5%\n",
            "f:3: expected a number in the column \"a\", found \"12.5%\": values must be plain numbers (in Grafana, \
             switch off \"Formatted data\" before the download)",
        ),
        (
            "a,b\n1,2\n",
            "f:1: no column is the time: call one \"timestamp\", or describe the columns like \
             1:time:unix_s,2:label:job,3:metric:up",
        ),
        ("time,a,a\n", "f:1: two columns are called \"a\": rename one"),
    ] {
        assert_eq!(read_plain(text).unwrap_err().to_string(), message);
    }
    let error = read_plain("#datatype,string\n").unwrap_err().to_string();
    assert!(error.starts_with("f:1: this is annotated CSV of InfluxDB"), "{error}");
    let mut layout = options(CsvOptions { layout: CsvLayout::Long, ..CsvOptions::default() });
    let error = read(Format::Csv, b"time,a\n1,2\n", &layout).unwrap_err().to_string();
    assert_eq!(error, "f:1: no column is called \"value\", as the long form asks for");
    layout.formats.csv.layout = CsvLayout::Wide;
    let (samples, _) = read(Format::Csv, b"time,value,b\n1,2,3\n", &layout).unwrap();
    assert_eq!(samples, "{__name__=\"value\"} 2@1000\n{__name__=\"b\"} 3@1000\n");
}

#[test]
fn lenient_reads_skip_rows() {
    let options = ReadOptions { lenient: true, ..ReadOptions::default() };
    let (samples, warnings) = read(Format::Csv, b"time,value\nx,1\n2,y\n3,4\n", &options).unwrap();
    assert_eq!(samples, "{} 4@3000\n");
    assert!(warnings[0].starts_with("skipped: f:2: expected a time"), "{warnings:?}");
}

#[test]
fn only_what_is_named_and_headed_as_a_table_is_one() {
    let detect = |text: &str, name: &str| Format::detect(text.as_bytes(), true, name);
    assert_eq!(detect("time,a\n1,2\n", "x.csv"), Some(Format::Csv));
    assert_eq!(detect("Timestamp\ta\n1\t2\n", "x.TSV.gz"), Some(Format::Csv));
    assert_eq!(detect("time,a\n1,2\n", "x.txt"), None);
    assert_eq!(detect("a,b\n1,2\n", "x.csv"), None);
    assert_eq!(detect("up 1\n", "x.csv"), Some(Format::PrometheusText));
}

#[test]
fn damaged_tables_do_no_harm() {
    let long = "__name__,job,timestamp,value\nup,\"a\",1785542415,1\nh,b,1785542430,\"{count:3, sum:4.5, (1,2]:3}\"\n";
    let export = "__name__,job,__value__,__timestamp__:unix_ms\nup,\"a\\\"b\",1.5,1785542415000\n";
    for text in [long, export] {
        truncations_and_flips(Format::Csv, text.as_bytes());
    }
}

#[test]
fn a_quote_without_an_end_does_not_fill_the_memory() {
    let text = format!("time,a\n1,\"{}", "x".repeat(40 << 20));
    let error = read_plain(&text).unwrap_err().to_string();
    assert_eq!(error, "f:2: the row is longer than 16 MiB: a quote may be missing");
}
