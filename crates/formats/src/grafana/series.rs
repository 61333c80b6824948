//! A frame's fields as series.

use promqlite_model::{NORMAL_NAN, STALE_NAN};
use serde_json::Value;

use crate::csv::labels_of_title;
use crate::grafana::frame::{Field, Frame};
use crate::sink::{SampleSink, SeriesHandle};
use crate::text::number::parse_float;
use crate::time_text::{TimeReader, TimeUnit};

/// Labels of a series at most, as for text.
const MAX_LABELS: usize = 1024;

/// What came of a frame.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) samples: u64,
    /// Whether a series has no name.
    pub(super) nameless: bool,
}

/// Gives the samples of a frame to the sink: every field of numbers is a series, or, where there are fields of
/// text (as in tables), one for each combination of their values.
pub(super) fn read_frame<S: SampleSink>(
    frame: &Frame,
    nan_as_stale: bool,
    sink: &mut S,
) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let is_time = |field: &&Field| field.kind == "time" || (field.kind.is_empty() && field.name == "Time");
    let Some(times) = frame.fields.iter().find(is_time) else {
        return if frame.rows() == 0 {
            Ok(outcome)
        } else {
            Err("a frame without a field of times".to_owned())
        };
    };
    let texts: Vec<&Field> = frame.fields.iter().filter(|field| field.kind == "string").collect();
    let is_number = |field: &&Field| {
        !std::ptr::eq(*field, times) && matches!(field.kind.as_str(), "number" | "boolean" | "")
    };
    for field in frame.fields.iter().filter(is_number) {
        if field.values.len() != times.values.len() {
            return Err(format!(
                "the field {:?} has {} values for {} times",
                field.name,
                field.values.len(),
                times.values.len()
            ));
        }
        let labels = labels_of_field(field, !texts.is_empty());
        let mut series: Option<SeriesHandle> = None;
        for (row, (time, value)) in times.values.iter().zip(&field.values).enumerate() {
            let Some(value) = number_of(value)? else { continue };
            let t_ms = time_of(time)?;
            let handle = match series {
                Some(handle) if texts.is_empty() => handle,
                _ => series_of(&labels, &texts, row, sink, &mut outcome)?,
            };
            series = Some(handle);
            let value = if value.is_nan() && nan_as_stale { STALE_NAN } else { value };
            sink.sample(handle, t_ms, value);
            outcome.samples += 1;
        }
    }
    Ok(outcome)
}

/// The labels that hold for all rows of a field.
fn labels_of_field(field: &Field, is_table: bool) -> Vec<(String, String)> {
    if let Some(labels) = field.labels.as_ref().filter(|labels| !labels.is_empty()) {
        return labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    }
    match field.display_name() {
        Some(title) if !is_table => labels_of_title(title),
        // What the data source calls all values says nothing, nor do `Value #A` and the like.
        _ if field.name.starts_with("Value") || field.name.is_empty() => Vec::new(),
        _ => labels_of_title(&field.name),
    }
}

fn series_of<S: SampleSink>(
    fixed: &[(String, String)],
    texts: &[&Field],
    row: usize,
    sink: &mut S,
    outcome: &mut Outcome,
) -> Result<SeriesHandle, String> {
    let mut labels: Vec<(&str, &str)> = fixed.iter().map(|(name, value)| (&**name, &**value)).collect();
    for field in texts {
        let value = field.values.get(row).and_then(Value::as_str).unwrap_or("");
        labels.retain(|(name, _)| *name != field.name);
        if !value.is_empty() && !field.name.is_empty() {
            labels.push((&field.name, value));
        }
    }
    if labels.len() > MAX_LABELS {
        return Err(format!("more than {MAX_LABELS} labels"));
    }
    outcome.nameless |= !labels.iter().any(|(name, _)| *name == "__name__");
    Ok(sink.series(&labels))
}

/// A value; `None` where there is none.
fn number_of(value: &Value) -> Result<Option<f64>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(f64::from(*truth))),
        Value::Number(number) => Ok(number.as_f64()),
        Value::String(text) => match parse_float(text.as_bytes()) {
            Some(number) if number.is_nan() => Ok(Some(NORMAL_NAN)),
            Some(number) => Ok(Some(number)),
            None => Err(format!("expected a number, found {}", short(value))),
        },
        other => Err(format!("expected a number, found {}", short(other))),
    }
}

/// A time in ms; numbers are ms always.
fn time_of(value: &Value) -> Result<i64, String> {
    let time = match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().filter(|ms| ms.abs() <= 9.2e18).map(|ms| ms.floor() as i64)),
        Value::String(text) => TimeReader::new(Some(TimeUnit::Milliseconds), Some(0)).read(text.as_bytes()),
        _ => None,
    };
    time.ok_or_else(|| format!("expected a time in milliseconds, found {}", short(value)))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    let head: String = text.chars().take(40).collect();
    if head.len() < text.len() { head + "…" } else { head }
}
