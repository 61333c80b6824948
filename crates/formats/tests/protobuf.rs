//! Protobuf exposition.

mod support;

use promqlite_formats::{Format, FormatOptions, ProtobufOptions, ReadOptions};
use promqlite_model::STALE_NAN;
use support::read;

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn bytes(field: u64, content: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn integer(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn double(field: u64, value: f64) -> Vec<u8> {
    [varint(field << 3 | 1), value.to_le_bytes().to_vec()].concat()
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn label(name: &str, value: &str) -> Vec<u8> {
    bytes(1, &[bytes(1, name.as_bytes()), bytes(2, value.as_bytes())].concat())
}

fn family(name: &str, kind: u64, metrics: &[Vec<u8>]) -> Vec<u8> {
    let metrics: Vec<u8> = metrics.iter().flat_map(|metric| bytes(4, metric)).collect();
    let content = [bytes(1, name.as_bytes()), integer(3, kind), metrics].concat();
    [varint(content.len() as u64), content].concat()
}

fn gauge(value: f64, time_ms: i64) -> Vec<u8> {
    [label("a", "b"), bytes(2, &double(1, value)), integer(6, time_ms as u64)].concat()
}

fn read_plain(content: &[u8]) -> Result<(String, Vec<String>), String> {
    read(Format::Protobuf, content, &ReadOptions::default()).map_err(|e| e.to_string())
}

#[test]
fn times_and_values() {
    let content = [
        family("g", 1, &[gauge(1.5, 1000), gauge(f64::INFINITY, -5)]),
        family("stale", 1, &[gauge(STALE_NAN, 1000)]),
    ]
    .concat();
    let (samples, _) = read_plain(&content).unwrap();
    assert_eq!(
        samples, "{__name__=\"g\",a=\"b\"} 1.5@1000 inf@-5\n{__name__=\"stale\",a=\"b\"} NaN@1000\n",
        "no exposed NaN is a staleness marker"
    );
    let error = read_plain(&family("g", 1, &[gauge(1.0, 0)])).unwrap_err();
    assert!(
        error.ends_with("g: the sample has no timestamp, and no time was given for such samples"),
        "{error}"
    );
}

/// A float histogram with gaps, both sides and a classic side.
fn histogram() -> Vec<u8> {
    let span =
        |field, offset: i64, length| bytes(field, &[integer(1, zigzag(offset)), integer(2, length)].concat());
    let content = [
        double(4, 12.5),
        double(2, 30.0),
        bytes(3, &[double(2, 1.0), double(4, 2.5)].concat()),
        integer(5, zigzag(1)),
        double(6, 0.001),
        double(8, 0.5),
        span(9, -3, 1),
        double(11, 4.0),
        span(12, 0, 2),
        span(12, 2, 1),
        bytes(14, &[1.0f64, 2.0, 5.0].map(f64::to_le_bytes).concat()),
    ];
    [bytes(7, &content.concat()), integer(6, 1000)].concat()
}

#[test]
fn float_histograms() {
    let content = family("h", 5, &[histogram()]);
    insta::assert_snapshot!(read_plain(&content).unwrap().0, @r#"{__name__="h"} {count:12.5, sum:30, [-0.35355339059327373,-0.25):4, [-0.001,0.001]:0.5, (0.7071067811865475,1]:1, (1,1.414213562373095]:2, (2.82842712474619,4]:5}@1000"#);
    let protobuf = ProtobufOptions { keep_classic: true };
    let formats = FormatOptions { protobuf, ..FormatOptions::default() };
    let options = ReadOptions { formats, ..ReadOptions::default() };
    let (samples, _) = read(Format::Protobuf, &content, &options).unwrap();
    assert_eq!(samples.lines().count(), 5, "{samples}");
    assert!(samples.contains("{__name__=\"h_bucket\",le=\"1.0\"} 2.5@1000\n"), "{samples}");
    assert!(samples.contains("{__name__=\"h_bucket\",le=\"+Inf\"} 12.5@1000\n"), "{samples}");
}

#[test]
fn faults_name_the_byte() {
    let broken = |content: &[u8]| read_plain(content).unwrap_err();
    let whole = family("g", 1, &[gauge(1.0, 1000)]);
    assert_eq!(
        broken(&whole[..whole.len() - 1]),
        format!(
            "f: at byte {}: the file ends within a metric family of {} bytes",
            whole.len() - 1,
            whole.len() - 1
        )
    );
    assert_eq!(broken(&[0xff; 11]), "f: at byte 0: a broken length before a metric family");
    assert_eq!(
        broken(&varint(1 << 40)),
        "f: at byte 6: a metric family of 1099511627776 bytes; no file of metrics has such"
    );
    assert_eq!(broken(&family("", 1, &[])), "f: at byte 1: a metric family without a name");
    let twice = [label("a", "b"), label("a", "c"), bytes(2, &double(1, 1.0)), integer(6, 1)].concat();
    assert_eq!(broken(&family("g", 1, &[twice])), "f: at byte 8: g: the label a is there twice");
    let mismatch = bytes(7, &[integer(1, 3), bytes(12, &integer(2, 4_000_000_000))].concat());
    let error = broken(&family("h", 4, &[[mismatch, integer(6, 1)].concat()]));
    assert!(error.starts_with("f: at byte 8: h: "), "{error}");
    assert_eq!(broken(&family("s", 2, &[integer(6, 1)])), "f: at byte 8: s: a summary without its values");
    let options = ReadOptions { lenient: true, ..ReadOptions::default() };
    let content = [family("s", 2, &[integer(6, 1)]), whole].concat();
    let (samples, warnings) = read(Format::Protobuf, &content, &options).unwrap();
    assert_eq!((&*samples, warnings.len()), ("{__name__=\"g\",a=\"b\"} 1@1000\n", 1));
}

#[test]
fn lengths_that_look_like_text_are_still_found() {
    // The length is 32 and more, so that it is a blank, a quote, a letter.
    for extra in 0..120 {
        let name = "x".repeat(20 + extra);
        let content = family(&name, 1, &[gauge(1.0, 1000)]);
        assert_eq!(Format::detect(&content, true, "f"), Some(Format::Protobuf), "{}", content[0]);
    }
    assert_eq!(Format::detect(b"a\n!", true, "f"), None);
}
