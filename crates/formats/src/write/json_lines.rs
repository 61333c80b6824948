//! VictoriaMetrics' JSON lines.

use std::io::{self, Write};
use std::sync::Arc;

use promqlite_model::histogram::FloatHistogram;
use promqlite_model::{Floats, LabelSet, SampleValue, Timestamp, Value};

use crate::write::json::{push_histograms, push_labels, push_string};
use crate::write::number::api_float;

/// Writes one JSON object per series and line: `{"metric":{…},"values":[…],"timestamps":[…]}`, with times in ms,
/// as VictoriaMetrics exports and imports it. NaN is `null`, infinities are `"Infinity"` and `"-Infinity"`.
///
/// Native histograms, which that format does not know, come under `histograms` in the shape of the HTTP API.
/// A string result is a string among the values.
///
/// # Errors
/// What `out` reports.
pub fn write_json_lines(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    let nameless = LabelSet::from_pairs([]);
    match value {
        Value::Scalar(t, v) => line(out, &nameless, &Floats::from_iter([(*t, *v)]), &[]),
        Value::String(t, s) => {
            let mut text = String::from("{\"metric\":{},\"values\":[");
            push_string(&mut text, s);
            text.push_str(&format!("],\"timestamps\":[{}]}}\n", t.0));
            out.write_all(text.as_bytes())
        }
        Value::Vector(t, samples) => samples.iter().try_for_each(|sample| match &sample.value {
            SampleValue::Float(v) => line(out, &sample.labels, &Floats::from_iter([(*t, *v)]), &[]),
            SampleValue::Histogram(h) => line(out, &sample.labels, &Floats::new(), &[(*t, Arc::clone(h))]),
        }),
        Value::Matrix(series) => {
            series.iter().try_for_each(|s| line(out, &s.labels, &s.floats, &s.histograms))
        }
    }
}

fn line(
    out: &mut dyn Write,
    labels: &LabelSet,
    floats: &Floats,
    histograms: &[(Timestamp, Arc<FloatHistogram>)],
) -> io::Result<()> {
    let mut text = String::from("{\"metric\":");
    push_labels(&mut text, labels);
    text.push_str(",\"values\":[");
    for (i, (_, v)) in floats.iter().enumerate() {
        text.push_str(if i > 0 { "," } else { "" });
        push_value(&mut text, v);
    }
    text.push_str("],\"timestamps\":[");
    for (i, (t, _)) in floats.iter().enumerate() {
        text.push_str(if i > 0 { "," } else { "" });
        text.push_str(&t.0.to_string());
    }
    text.push(']');
    if !histograms.is_empty() {
        text.push_str(",\"histograms\":");
        push_histograms(&mut text, histograms);
    }
    text.push_str("}\n");
    out.write_all(text.as_bytes())
}

pub(super) fn push_value(text: &mut String, v: f64) {
    if v.is_nan() {
        text.push_str("null");
    } else if v.is_infinite() {
        text.push_str(if v > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    } else {
        text.push_str(&api_float(v));
    }
}
