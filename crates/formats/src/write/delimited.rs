//! CSV and TSV.

use std::collections::BTreeSet;
use std::io::{self, Write};

use promqlite_model::{LabelSet, SampleValue, Value, float_plain};

use crate::write::number::api_time;

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// A tab.
    Tab,
}

/// Writes the long form: a header line, then one line per sample.
///
/// The columns are `__name__` (if any series has a name), every other label name in sorted order, and always
/// last `timestamp` (Unix seconds, with three decimals unless whole) and `value`. A label that a series lacks
/// is an empty field. Floats have all their digits and no exponent; histograms look like
/// `{count:3, sum:4, (1,2]:3}`. Fields are quoted as RFC 4180 says, in TSV too.
///
/// # Errors
/// What `out` reports.
pub fn write_delimited(out: &mut dyn Write, value: &Value, delimiter: Delimiter) -> io::Result<()> {
    let delimiter = match delimiter {
        Delimiter::Comma => b',',
        Delimiter::Tab => b'\t',
    };
    let mut rows = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
    let names: Vec<String> = label_names(value).into_iter().collect();
    rows.write_record(names.iter().map(String::as_str).chain(["timestamp", "value"]))?;
    let mut row = |labels: Option<&LabelSet>, time: String, value: &str| {
        let fields = names.iter().map(|name| labels.and_then(|l| l.get(name)).unwrap_or(""));
        rows.write_record(fields.chain([time.as_str(), value]))
    };
    match value {
        Value::Scalar(t, v) => row(None, api_time(*t), &float_plain(*v))?,
        Value::String(t, s) => row(None, api_time(*t), s)?,
        Value::Vector(t, samples) => {
            for sample in samples {
                let text = match &sample.value {
                    SampleValue::Float(v) => float_plain(*v),
                    SampleValue::Histogram(h) => h.to_string(),
                };
                row(Some(&sample.labels), api_time(*t), &text)?;
            }
        }
        Value::Matrix(series) => {
            for one in series {
                let mut histograms = one.histograms.iter().peekable();
                for (t, v) in &one.floats {
                    while let Some((at, h)) = histograms.next_if(|(at, _)| *at < t) {
                        row(Some(&one.labels), api_time(*at), &h.to_string())?;
                    }
                    row(Some(&one.labels), api_time(t), &float_plain(v))?;
                }
                for (t, h) in histograms {
                    row(Some(&one.labels), api_time(*t), &h.to_string())?;
                }
            }
        }
    }
    rows.flush()
}

/// The names of all labels; `__name__` sorts before what users call their labels, except for capitals, so it is
/// put first by hand.
fn label_names(value: &Value) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut add = |labels: &LabelSet| {
        for (name, _) in labels.iter().filter(|(name, _)| *name != "__name__") {
            if !names.contains(name) {
                names.insert(name.to_owned());
            }
        }
        !labels.metric_name().is_empty()
    };
    let named = match value {
        Value::Scalar(..) | Value::String(..) => false,
        Value::Vector(_, samples) => samples.iter().fold(false, |named, s| add(&s.labels) | named),
        Value::Matrix(series) => series.iter().fold(false, |named, s| add(&s.labels) | named),
    };
    named.then(|| "__name__".to_owned()).into_iter().chain(names).collect()
}
