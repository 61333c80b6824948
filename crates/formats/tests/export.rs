//! Raw series written and read back.

use std::sync::Arc;

use promqlite_formats::write::{ExportFormat, ExportSummary, Exporter};
use promqlite_formats::{
    Collected, CollectedValue, Format, FormatOptions, ReadOptions, TimeUnit, read_stream,
};
use promqlite_model::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite_model::{LabelSet, Matcher, NORMAL_NAN, STALE_NAN, SampleBuf, Samples, TimeRange};
use promqlite_storage::{MemStore, SelectRequest, Storage};
use proptest::prelude::*;

/// Writes all of a store.
fn export(format: ExportFormat, store: &MemStore) -> (String, ExportSummary) {
    let no_matchers: [Matcher; 0] = [];
    let selection = store.select(&SelectRequest::new(&no_matchers, TimeRange::ALL)).unwrap();
    let all: Vec<LabelSet> = (0..selection.len())
        .map(|i| LabelSet::new(selection.labels(i).clone(), Arc::clone(store.symbols())))
        .collect();
    let mut out = Vec::new();
    let names = all.iter().flat_map(|labels| labels.iter().map(|(name, _)| name));
    let mut exporter = Exporter::new(format, &mut out, names).unwrap();
    let mut buffer = SampleBuf::default();
    for (i, labels) in all.iter().enumerate() {
        let samples = selection.samples(i, TimeRange::ALL, &mut buffer).unwrap();
        exporter.write_series(labels, &samples).unwrap();
    }
    let summary = exporter.finish().unwrap();
    (String::from_utf8(out).unwrap(), summary)
}

fn histogram() -> FloatHistogram {
    FloatHistogram::from_parts(HistogramParts {
        count: 3.0,
        sum: 4.5,
        positive_spans: vec![Span { offset: 1, length: 1 }],
        positive_counts: vec![3.0],
        zero_threshold: 0.001,
        ..HistogramParts::default()
    })
    .unwrap()
}

fn mixed() -> MemStore {
    let store = MemStore::new();
    let up = store.series_of([("__name__", "up"), ("job", "a \"b\", c\n")]);
    for (t, v) in [(0, 1.0), (15_250, 1e-7), (30_000, STALE_NAN), (45_000, f64::NEG_INFINITY)] {
        store.append(up, t, v);
    }
    store.append(up, 60_000, NORMAL_NAN);
    let nameless = store.series_of([("é", "x")]);
    store.append(nameless, 1, 0.0);
    let h = store.series_of([("__name__", "h")]);
    store.append_histogram(h, 1000, histogram().view());
    store.append_histogram(h, 2000, FloatHistogram::stale().view());
    store
}

#[test]
fn every_format() {
    let mut all = String::new();
    for format in ExportFormat::ALL {
        assert_eq!(ExportFormat::from_name(format.as_str()), Some(format));
        let (text, summary) = export(format, &mixed());
        all.push_str(&format!("### {}: {summary:?}\n{text}", format.as_str()));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn labels_that_were_not_announced_are_refused() {
    let mut exporter = Exporter::new(ExportFormat::Csv, Vec::new(), ["a"]).unwrap();
    let error = exporter
        .write_series(&LabelSet::from_pairs([("b", "c")]), &Samples::floats(&[0], &[0.0]))
        .unwrap_err();
    assert_eq!(error.to_string(), "the label b was not announced");
}

#[test]
fn long_series_take_several_lines() {
    let store = MemStore::new();
    let id = store.series_of([("__name__", "up")]);
    for t in 0..120_001 {
        store.append(id, t, 1.0);
    }
    let (text, summary) = export(ExportFormat::Vm, &store);
    assert_eq!((summary.series, summary.samples, text.lines().count()), (1, 120_001, 3));
    let mut sink = Collected::default();
    read_stream("f", text.as_bytes(), Format::JsonLines, &ReadOptions::default(), &mut sink).unwrap();
    assert_eq!(sink.series.len(), 1);
    assert_eq!(sink.series[0].samples.len(), 120_001);
}

#[test]
fn histograms_come_back_from_lines_and_tables() {
    let store = mixed();
    for (format, input) in [(ExportFormat::JsonLines, Format::JsonLines), (ExportFormat::Csv, Format::Csv)] {
        let (text, _) = export(format, &store);
        let mut sink = Collected::default();
        read_stream("f", text.as_bytes(), input, &ReadOptions::default(), &mut sink).unwrap();
        let series =
            sink.series.iter().find(|s| s.labels == [("__name__".to_owned(), "h".to_owned())]).unwrap();
        let shown: Vec<String> = series
            .samples
            .iter()
            .filter_map(|(t, v)| match v {
                CollectedValue::Histogram(h) => Some(format!("{h}@{t}")),
                CollectedValue::Float(_) => None,
            })
            .collect();
        assert_eq!(shown, ["{count:3, sum:4.5, (1,2]:3}@1000"], "{text}");
    }
}

type Plain = (Vec<(String, String)>, Vec<(i64, u64)>);

fn label() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z_][a-zA-Z0-9_]{0,6}", "[ -~]{1,8}", "\\PC{1,4}", "[\"\\\\\n\t,{}#= é]{1,5}"]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), Just(STALE_NAN)].prop_map(|v| if v.is_nan() { STALE_NAN } else { v })
}

prop_compose! {
    fn series()(
        name in label(),
        labels in prop::collection::btree_map(label(), label(), 0..4),
        samples in prop::collection::btree_map(any::<i64>(), value(), 1..6),
    ) -> Plain {
        let labels = labels.into_iter().filter(|(n, _)| n != "__name__");
        let mut labels: Vec<_> = labels.chain([("__name__".to_owned(), name)]).collect();
        labels.sort();
        (labels, samples.into_iter().map(|(t, v)| (t, v.to_bits())).collect())
    }
}

fn store_of(all: &[Plain]) -> MemStore {
    let store = MemStore::new();
    for (labels, samples) in all {
        let id = store.series_of(labels.iter().map(|(n, v)| (&**n, &**v)));
        for (t, bits) in samples {
            store.append(id, *t, f64::from_bits(*bits));
        }
    }
    store
}

fn read_back(text: &str, format: Format, options: &ReadOptions) -> Vec<Plain> {
    let mut sink = Collected::default();
    read_stream("f", text.as_bytes(), format, options, &mut sink).unwrap();
    let mut read: Vec<Plain> = sink
        .series
        .into_iter()
        .map(|s| {
            let mut labels = s.labels;
            labels.sort();
            let samples = s.samples.into_iter().map(|(t, v)| match v {
                CollectedValue::Float(v) => (t, v.to_bits()),
                CollectedValue::Histogram(_) => unreachable!("none was written"),
            });
            (labels, samples.collect())
        })
        .collect();
    read.sort();
    read
}

proptest! {
    /// Markers are null in JSON, and null is read as a marker when asked to.
    #[test]
    fn json_lines_come_back(mut all in prop::collection::vec(series(), 0..5)) {
        all.sort();
        all.dedup_by(|a, b| a.0 == b.0);
        let (text, summary) = export(ExportFormat::Vm, &store_of(&all));
        prop_assert_eq!(summary.samples, all.iter().map(|s| s.1.len() as u64).sum::<u64>());
        let options = ReadOptions { nan_as_stale: true, ..ReadOptions::default() };
        prop_assert_eq!(read_back(&text, Format::JsonLines, &options), all, "{}", text);
    }

    /// Tables keep everything but markers.
    #[test]
    fn tables_come_back(mut all in prop::collection::vec(series(), 0..5)) {
        let stale = STALE_NAN.to_bits();
        for (_, samples) in &mut all {
            samples.retain(|(t, bits)| *bits != stale && t.unsigned_abs() < 1 << 53);
        }
        all.retain(|(_, samples)| !samples.is_empty());
        all.sort();
        all.dedup_by(|a, b| a.0 == b.0);
        let (text, _) = export(ExportFormat::Csv, &store_of(&all));
        let formats = FormatOptions { time_unit: Some(TimeUnit::Seconds), ..FormatOptions::default() };
        let options = ReadOptions { formats, ..ReadOptions::default() };
        let clash = all.iter().flat_map(|s| &s.0).any(|(n, _)| {
            ["timestamp", "value"].contains(&n.as_str()) || n.trim() != n
        });
        prop_assume!(!clash);
        prop_assert_eq!(read_back(&text, Format::Csv, &options), all, "{}", text);
    }
}
