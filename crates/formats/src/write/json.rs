//! The bodies of the HTTP API.

use std::io::{self, Write};
use std::sync::Arc;

use promqlite_model::histogram::FloatHistogram;
use promqlite_model::{LabelSet, SampleValue, Series, Timestamp, Value, float_plain};

use crate::write::notes::Notes;
use crate::write::number::{api_float, push_api_time};

/// Writes the body of a successful query, byte for byte as Prometheus does, without a line end.
///
/// `stats` is JSON text for the key of that name.
///
/// # Errors
/// What `out` reports.
pub fn write_json(out: &mut dyn Write, value: &Value, notes: &Notes, stats: Option<&str>) -> io::Result<()> {
    let kind = value.value_type();
    write!(out, "{{\"status\":\"success\",\"data\":{{\"resultType\":\"{kind}\",\"result\":")?;
    write_result(out, value)?;
    if let Some(stats) = stats {
        write!(out, ",\"stats\":{stats}")?;
    }
    out.write_all(b"}")?;
    end_envelope(out, notes)
}

/// Writes the body of a failed query: `error_type` is the API's word, such as `bad_data` or `execution`.
///
/// # Errors
/// What `out` reports.
pub fn write_json_error(out: &mut dyn Write, error_type: &str, message: &str) -> io::Result<()> {
    let mut text = String::from("{\"status\":\"error\",\"errorType\":");
    push_string(&mut text, error_type);
    text.push_str(",\"error\":");
    push_string(&mut text, message);
    text.push('}');
    out.write_all(text.as_bytes())
}

/// Writes the body of a list of label names or label values.
///
/// # Errors
/// What `out` reports.
pub fn write_json_list<T: AsRef<str>>(out: &mut dyn Write, items: &[T], notes: &Notes) -> io::Result<()> {
    let mut text = String::from("{\"status\":\"success\",\"data\":");
    push_list(&mut text, items);
    out.write_all(text.as_bytes())?;
    end_envelope(out, notes)
}

/// Writes the body of a list of series.
///
/// # Errors
/// What `out` reports.
pub fn write_json_series(out: &mut dyn Write, series: &[LabelSet], notes: &Notes) -> io::Result<()> {
    out.write_all(b"{\"status\":\"success\",\"data\":[")?;
    let mut text = String::new();
    for (i, labels) in series.iter().enumerate() {
        text.clear();
        text.push_str(if i > 0 { "," } else { "" });
        push_labels(&mut text, labels);
        out.write_all(text.as_bytes())?;
    }
    out.write_all(b"]")?;
    end_envelope(out, notes)
}

fn end_envelope(out: &mut dyn Write, notes: &Notes) -> io::Result<()> {
    let mut text = String::new();
    for (key, texts) in [("warnings", &notes.warnings), ("infos", &notes.infos)] {
        if !texts.is_empty() {
            text.push_str(",\"");
            text.push_str(key);
            text.push_str("\":");
            push_list(&mut text, texts);
        }
    }
    text.push('}');
    out.write_all(text.as_bytes())
}

fn write_result(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    let mut text = String::new();
    match value {
        Value::Scalar(t, v) => {
            push_scalar_time(&mut text, *t);
            text.push('"');
            text.push_str(&float_plain(*v));
            text.push_str("\"]");
        }
        Value::String(t, s) => {
            push_scalar_time(&mut text, *t);
            push_string(&mut text, s);
            text.push(']');
        }
        Value::Vector(t, samples) => {
            out.write_all(b"[")?;
            for (i, sample) in samples.iter().enumerate() {
                text.clear();
                text.push_str(if i > 0 { ",{\"metric\":" } else { "{\"metric\":" });
                push_labels(&mut text, &sample.labels);
                match &sample.value {
                    SampleValue::Float(v) => {
                        text.push_str(",\"value\":");
                        push_float_point(&mut text, *t, *v);
                    }
                    SampleValue::Histogram(h) => {
                        text.push_str(",\"histogram\":");
                        push_histogram_point(&mut text, *t, h);
                    }
                }
                text.push('}');
                out.write_all(text.as_bytes())?;
            }
            return out.write_all(b"]");
        }
        Value::Matrix(series) => {
            out.write_all(b"[")?;
            for (i, one) in series.iter().enumerate() {
                text.clear();
                text.push_str(if i > 0 { "," } else { "" });
                push_series(&mut text, one);
                out.write_all(text.as_bytes())?;
            }
            return out.write_all(b"]");
        }
    }
    out.write_all(text.as_bytes())
}

fn push_series(text: &mut String, series: &Series) {
    text.push_str("{\"metric\":");
    push_labels(text, &series.labels);
    if !series.floats.is_empty() {
        text.push_str(",\"values\":[");
        for (i, (t, v)) in series.floats.iter().enumerate() {
            text.push_str(if i > 0 { "," } else { "" });
            push_float_point(text, t, v);
        }
        text.push(']');
    }
    if !series.histograms.is_empty() {
        text.push_str(",\"histograms\":");
        push_histograms(text, &series.histograms);
    }
    text.push('}');
}

pub(super) fn push_histograms(text: &mut String, histograms: &[(Timestamp, Arc<FloatHistogram>)]) {
    text.push('[');
    for (i, (t, h)) in histograms.iter().enumerate() {
        text.push_str(if i > 0 { "," } else { "" });
        push_histogram_point(text, *t, h);
    }
    text.push(']');
}

/// `[1.5,`: scalars and strings show their time as any JSON number.
fn push_scalar_time(text: &mut String, t: Timestamp) {
    text.push('[');
    text.push_str(&float_plain(t.seconds()));
    text.push(',');
}

fn push_float_point(text: &mut String, t: Timestamp, v: f64) {
    text.push('[');
    push_api_time(text, t);
    text.push_str(",\"");
    text.push_str(&api_float(v));
    text.push_str("\"]");
}

pub(super) fn push_histogram_point(text: &mut String, t: Timestamp, h: &FloatHistogram) {
    text.push('[');
    push_api_time(text, t);
    text.push_str(",{\"count\":\"");
    text.push_str(&api_float(h.view().count()));
    text.push_str("\",\"sum\":\"");
    text.push_str(&api_float(h.view().sum()));
    text.push('"');
    let mut buckets = h.view().populated_buckets().peekable();
    if buckets.peek().is_some() {
        text.push_str(",\"buckets\":[");
        for (i, b) in buckets.enumerate() {
            let [lower, upper, count] = [b.lower, b.upper, b.count].map(api_float);
            let comma = if i > 0 { "," } else { "" };
            text.push_str(&format!("{comma}[{},\"{lower}\",\"{upper}\",\"{count}\"]", b.boundary_rule()));
        }
        text.push(']');
    }
    text.push_str("}]");
}

pub(super) fn push_labels(text: &mut String, labels: &LabelSet) {
    text.push('{');
    for (i, (name, value)) in labels.iter().enumerate() {
        text.push_str(if i > 0 { "," } else { "" });
        push_string(text, name);
        text.push(':');
        push_string(text, value);
    }
    text.push('}');
}

fn push_list<T: AsRef<str>>(text: &mut String, items: &[T]) {
    text.push('[');
    for (i, item) in items.iter().enumerate() {
        text.push_str(if i > 0 { "," } else { "" });
        push_string(text, item.as_ref());
    }
    text.push(']');
}

pub(super) fn push_string(text: &mut String, s: &str) {
    text.push_str(&serde_json::to_string(s).expect("invariant: every string is JSON"));
}
