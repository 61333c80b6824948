//! Raw series, one after another, in formats that other systems import.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use promqlite_model::{LabelSet, Samples, Timestamp, float_plain, is_stale};

use crate::write::json::{push_histograms, push_labels};
use crate::write::json_lines::push_value;
use crate::write::number::{api_time, push_api_time};
use crate::write::openmetrics::{DEFAULT_NAME, series_text};

/// The formats that series can be exported in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFormat {
    /// OpenMetrics text, which `promtool tsdb create-blocks-from openmetrics` takes.
    OpenMetrics,
    /// JSON lines for VictoriaMetrics' `/api/v1/import`.
    Vm,
    /// The same lines, with native histograms under a key of their own, which this crate reads back.
    JsonLines,
    /// Comma-separated values, a line per sample.
    Csv,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::OpenMetrics, Self::Vm, Self::JsonLines, Self::Csv];

    /// The name by which users ask for the format: `openmetrics`, `vm`, `jsonl`, `csv`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenMetrics => "openmetrics",
            Self::Vm => "vm",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }
}

/// What an export wrote, and what its format could not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportSummary {
    /// Series that were written, those without a sample that the format can say left out.
    pub series: u64,
    /// Samples that were written.
    pub samples: u64,
    /// Native histograms that were left out.
    pub omitted_histograms: u64,
    /// Staleness markers that were left out.
    pub omitted_markers: u64,
}

/// Writes series one at a time.
///
/// | format | native histograms | staleness markers | no name |
/// |---|---|---|---|
/// | OpenMetrics | left out | left out | [`DEFAULT_NAME`] |
/// | VictoriaMetrics | left out | `null` | no name |
/// | JSON lines | as the HTTP API shows them | `null` | no name |
/// | CSV | as text, `{count:3, sum:4, (1,2]:3}` | left out | an empty cell |
///
/// ```
/// use promqlite_formats::write::{ExportFormat, Exporter};
/// use promqlite_model::{LabelSet, Samples};
///
/// let mut out = Vec::new();
/// let mut exporter = Exporter::new(ExportFormat::Vm, &mut out, [])?;
/// let labels = LabelSet::from_pairs([("__name__", "up"), ("job", "a")]);
/// exporter.write_series(&labels, &Samples::floats(&[15_000], &[1.0]))?;
/// assert_eq!(exporter.finish()?.samples, 1);
/// let line = r#"{"metric":{"__name__":"up","job":"a"},"values":[1],"timestamps":[15000]}"#;
/// assert_eq!(String::from_utf8_lossy(&out).trim_end(), line);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Exporter<W: Write> {
    format: ExportFormat,
    out: Out<W>,
    summary: ExportSummary,
    text: String,
}

#[derive(Debug)]
enum Out<W: Write> {
    Text(W),
    Table { rows: Box<csv::Writer<W>>, names: Vec<String> },
}

/// Samples of one JSON line: VictoriaMetrics refuses lines above 10 MB.
const LINE_SAMPLES: usize = 50_000;

impl<W: Write> Exporter<W> {
    /// Starts an export. `label_names` are those of all series that will come; only [`ExportFormat::Csv`], whose
    /// header has to name them, looks at them.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn new<'n>(
        format: ExportFormat,
        out: W,
        label_names: impl IntoIterator<Item = &'n str>,
    ) -> io::Result<Self> {
        let out = match format {
            ExportFormat::Csv => {
                let mut rows = Box::new(csv::Writer::from_writer(out));
                // A name alone shows that this is a long table, and which label is the name.
                let others: BTreeSet<&str> = label_names.into_iter().filter(|n| *n != "__name__").collect();
                let names: Vec<String> = ["__name__"].into_iter().chain(others).map(str::to_owned).collect();
                rows.write_record(names.iter().map(String::as_str).chain(["timestamp", "value"]))?;
                Out::Table { rows, names }
            }
            _ => Out::Text(out),
        };
        Ok(Self { format, out, summary: ExportSummary::default(), text: String::new() })
    }

    /// Writes the samples of one series, those of the same series in ascending time if it comes in parts.
    ///
    /// # Errors
    /// What the output reports; [`io::ErrorKind::InvalidInput`] for a label that was not announced to CSV.
    pub fn write_series(&mut self, labels: &LabelSet, samples: &Samples<'_>) -> io::Result<()> {
        let before = self.summary.samples;
        match (&mut self.out, self.format) {
            (Out::Table { rows, names }, _) => {
                if let Some((name, _)) = labels.iter().find(|(name, _)| !names.iter().any(|n| n == name)) {
                    let message = format!("the label {name} was not announced");
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                }
                table_rows(rows, names, labels, samples, &mut self.summary)?;
            }
            (Out::Text(out), ExportFormat::OpenMetrics) => {
                text_lines(out, &mut self.text, labels, samples, &mut self.summary)?;
            }
            (Out::Text(out), format) => {
                json_lines(out, &mut self.text, format, labels, samples, &mut self.summary)?;
            }
        }
        self.summary.series += u64::from(self.summary.samples > before);
        Ok(())
    }

    /// Ends the export and flushes the output.
    ///
    /// # Errors
    /// What the output reports.
    pub fn finish(self) -> io::Result<ExportSummary> {
        match self.out {
            Out::Table { mut rows, .. } => rows.flush()?,
            Out::Text(mut out) => {
                if self.format == ExportFormat::OpenMetrics {
                    out.write_all(b"# EOF\n")?;
                }
                out.flush()?;
            }
        }
        Ok(self.summary)
    }
}

fn text_lines(
    out: &mut impl Write,
    line: &mut String,
    labels: &LabelSet,
    samples: &Samples<'_>,
    summary: &mut ExportSummary,
) -> io::Result<()> {
    line.clear();
    line.push_str(&series_text(labels, DEFAULT_NAME));
    let series_len = line.len();
    for i in 0..samples.len() {
        if samples.histogram(i).is_some_and(|histogram| !histogram.is_stale()) {
            summary.omitted_histograms += 1;
        } else if is_stale(samples.values[i]) {
            summary.omitted_markers += 1;
        } else {
            line.truncate(series_len);
            line.push_str(&float_plain(samples.values[i]));
            line.push(' ');
            push_api_time(line, Timestamp(samples.times[i]));
            line.push('\n');
            out.write_all(line.as_bytes())?;
            summary.samples += 1;
        }
    }
    Ok(())
}

fn table_rows<W: Write>(
    rows: &mut csv::Writer<W>,
    names: &[String],
    labels: &LabelSet,
    samples: &Samples<'_>,
    summary: &mut ExportSummary,
) -> io::Result<()> {
    let cells: Vec<&str> = names.iter().map(|name| labels.get(name).unwrap_or("")).collect();
    for i in 0..samples.len() {
        let value = match samples.histogram(i) {
            Some(histogram) if !histogram.is_stale() => histogram.to_string(),
            None if !is_stale(samples.values[i]) => float_plain(samples.values[i]).to_string(),
            _ => {
                summary.omitted_markers += 1;
                continue;
            }
        };
        let time = api_time(Timestamp(samples.times[i]));
        rows.write_record(cells.iter().copied().chain([time.as_str(), value.as_str()]))?;
        summary.samples += 1;
    }
    Ok(())
}

fn json_lines(
    out: &mut impl Write,
    text: &mut String,
    format: ExportFormat,
    labels: &LabelSet,
    samples: &Samples<'_>,
    summary: &mut ExportSummary,
) -> io::Result<()> {
    let mut start = 0;
    while start < samples.len() {
        let end = samples.len().min(start + LINE_SAMPLES);
        let (mut floats, mut histograms) = (Vec::with_capacity(end - start), Vec::new());
        for i in start..end {
            match samples.histogram(i) {
                None => floats.push(i),
                // A marker has no form among the histograms, but it has one among the floats.
                Some(histogram) if histogram.is_stale() => floats.push(i),
                Some(_) if format == ExportFormat::Vm => summary.omitted_histograms += 1,
                Some(histogram) => {
                    histograms.push((Timestamp(samples.times[i]), Arc::new(histogram.to_owned())))
                }
            }
        }
        start = end;
        if floats.is_empty() && histograms.is_empty() {
            continue;
        }
        summary.samples += (floats.len() + histograms.len()) as u64;
        text.clear();
        text.push_str("{\"metric\":");
        push_labels(text, labels);
        text.push_str(",\"values\":[");
        push_each(text, &floats, |text, i| push_value(text, samples.values[i]));
        text.push_str("],\"timestamps\":[");
        push_each(text, &floats, |text, i| text.push_str(&samples.times[i].to_string()));
        text.push(']');
        if !histograms.is_empty() {
            text.push_str(",\"histograms\":");
            push_histograms(text, &histograms);
        }
        text.push_str("}\n");
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

fn push_each(text: &mut String, items: &[usize], mut push: impl FnMut(&mut String, usize)) {
    for (k, &i) in items.iter().enumerate() {
        if k > 0 {
            text.push(',');
        }
        push(text, i);
    }
}
