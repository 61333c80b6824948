//! OpenMetrics text with timestamps.

use std::io::{self, Write};

use promqlite_model::{Floats, LabelSet, SampleValue, Value, float_plain};

use crate::text::series::{is_label_name, metric_name_len};
use crate::write::Omitted;
use crate::write::number::push_api_time;

/// The name of series that have none, since the format asks for one.
pub const DEFAULT_NAME: &str = "query_result";

/// Writes one line per sample and `# EOF`. `promtool tsdb create-blocks-from openmetrics` accepts the text.
///
/// Series without a name are called `default_name`. Native histograms and strings have no form here: they are
/// left out and counted.
///
/// # Errors
/// What `out` reports.
pub fn write_openmetrics(out: &mut dyn Write, value: &Value, default_name: &str) -> io::Result<Omitted> {
    let mut omitted = Omitted::default();
    match value {
        Value::Scalar(t, v) => {
            let nameless = series_text(&LabelSet::from_pairs([]), default_name);
            write_samples(out, &nameless, &Floats::from_iter([(*t, *v)]))?;
        }
        Value::String(..) => omitted.strings += 1,
        Value::Vector(t, samples) => {
            for sample in samples {
                match &sample.value {
                    SampleValue::Float(v) => {
                        write_samples(
                            out,
                            &series_text(&sample.labels, default_name),
                            &Floats::from_iter([(*t, *v)]),
                        )?;
                    }
                    SampleValue::Histogram(_) => omitted.histograms += 1,
                }
            }
        }
        Value::Matrix(series) => {
            for one in series {
                omitted.histograms += one.histograms.len() as u64;
                write_samples(out, &series_text(&one.labels, default_name), &one.floats)?;
            }
        }
    }
    out.write_all(b"# EOF\n")?;
    Ok(omitted)
}

fn write_samples(out: &mut dyn Write, series: &str, samples: &Floats) -> io::Result<()> {
    let mut line = String::from(series);
    for (t, v) in samples {
        line.truncate(series.len());
        line.push_str(&float_plain(v));
        line.push(' ');
        push_api_time(&mut line, t);
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// `name{a="b"} `, or `{"a name",a="b"} ` for a name that only quotes can hold.
pub(super) fn series_text(labels: &LabelSet, default_name: &str) -> String {
    let name = match labels.metric_name() {
        "" => default_name,
        name => name,
    };
    let bare = metric_name_len(name.as_bytes()) == name.len();
    let mut items = Vec::new();
    if !bare {
        items.push(quoted(name));
    }
    for (label, value) in labels.iter().filter(|(label, _)| *label != "__name__") {
        let label = if is_label_name(label) { label.to_owned() } else { quoted(label) };
        items.push(format!("{label}={}", quoted(value)));
    }
    let outside = if bare { name } else { "" };
    if items.is_empty() { format!("{outside} ") } else { format!("{outside}{{{}}} ", items.join(",")) }
}

fn quoted(s: &str) -> String {
    format!("\"{}\"", s.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
