//! Files of other programs: what they are taken for, what they hold, and that damage to them does no harm.

mod support;

use std::fs;
use std::path::Path;

use promqlite_formats::{Format, ReadOptions};
use support::{read, truncations_and_flips};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

const FIXTURES: [(&str, Format); 10] = [
    ("victoriametrics.jsonl", Format::JsonLines),
    ("victoriametrics.csv", Format::Csv),
    ("victoriametrics_rfc3339.csv", Format::Csv),
    ("grafana_joined.csv", Format::Csv),
    ("influx_client.lp", Format::Influx),
    ("influx_inspect.lp", Format::Influx),
    ("client_golang.pb", Format::Protobuf),
    ("otel_collector.jsonl", Format::Otlp),
    ("grafana_query.json", Format::Grafana),
    ("grafana_panel_data.json", Format::Grafana),
];

#[test]
fn every_fixture_is_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    names.sort();
    let mut known = FIXTURES.map(|(name, _)| name.to_owned()).to_vec();
    known.sort();
    assert_eq!(names, known);
}

#[test]
fn what_they_hold() {
    for (name, format) in FIXTURES {
        let bytes = fixture(name);
        assert_eq!(Format::detect(&bytes, true, name), Some(format), "{name}");
        let options = ReadOptions { default_time_ms: Some(1_785_542_400_000), ..ReadOptions::default() };
        let (samples, warnings) = read(format, &bytes, &options).unwrap();
        insta::assert_snapshot!(name, format!("{samples}{}", warnings.join("\n")));
    }
}

#[test]
fn damage_does_no_harm() {
    for (name, format) in FIXTURES {
        truncations_and_flips(format, &fixture(name));
    }
}
