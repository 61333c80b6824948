//! What the writers write, the readers read back.

use promqlite_formats::write::{Notes, OutputFormat, write_value};
use promqlite_formats::{Collected, CollectedValue, Format, ReadOptions, read_stream};
use promqlite_model::{LabelSet, NORMAL_NAN, Series, Timestamp, Value};
use proptest::prelude::*;

fn label() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z_][a-zA-Z0-9_]{0,6}", "[ -~]{1,8}", "\\PC{1,4}", "[\"\\\\\n\t,{}#= é]{1,5}"]
}

fn value() -> impl Strategy<Value = f64> {
    any::<f64>().prop_map(|v| if v.is_nan() { NORMAL_NAN } else { v })
}

prop_compose! {
    fn series()(
        name in label(),
        labels in prop::collection::btree_map(label(), label(), 0..4),
        samples in prop::collection::btree_map(-100_000_000_000_000i64..100_000_000_000_000, value(), 1..6),
    ) -> Series {
        let labels = labels.iter().filter(|(n, _)| *n != "__name__").map(|(n, v)| (&**n, &**v));
        Series {
            labels: LabelSet::from_pairs(labels.chain([("__name__", &*name)])),
            floats: samples.into_iter().map(|(t, v)| (Timestamp(t), v)).collect(),
            histograms: Vec::new(),
        }
    }
}

/// Labels in order, and times with the bits of their values.
type Plain = (Vec<(String, String)>, Vec<(i64, u64)>);

fn plain(labels: impl Iterator<Item = (String, String)>, samples: impl Iterator<Item = (i64, f64)>) -> Plain {
    let mut labels: Vec<_> = labels.collect();
    labels.sort();
    (labels, samples.map(|(t, v)| (t, v.to_bits())).collect())
}

proptest! {
    #[test]
    fn samples_come_back(mut all in prop::collection::vec(series(), 0..5)) {
        all.sort_by(|a, b| a.labels.cmp(&b.labels));
        all.dedup_by(|a, b| a.labels == b.labels);
        let mut written: Vec<Plain> = all
            .iter()
            .map(|s| {
                let labels = s.labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned()));
                plain(labels, s.floats.iter().map(|(t, v)| (t.0, v)))
            })
            .collect();
        written.sort();
        let value = Value::Matrix(all);
        for (output, input) in [
            (OutputFormat::Json, Format::ApiJson),
            (OutputFormat::JsonLines, Format::JsonLines),
            (OutputFormat::OpenMetrics, Format::OpenMetrics),
        ] {
            let mut text = Vec::new();
            write_value(output, &mut text, &value, &Notes::default()).unwrap();
            let mut sink = Collected::default();
            read_stream("f", &text[..], input, &ReadOptions::default(), &mut sink).unwrap();
            let mut read: Vec<Plain> = sink
                .series
                .into_iter()
                .map(|s| {
                    let samples = s.samples.into_iter().map(|(t, v)| match v {
                        CollectedValue::Float(v) => (t, v),
                        CollectedValue::Histogram(_) => unreachable!("none was written"),
                    });
                    plain(s.labels.into_iter(), samples)
                })
                .collect();
            read.sort();
            prop_assert_eq!(&read, &written, "{}", String::from_utf8_lossy(&text));
        }
    }
}
