//! Results as aligned tables for people.
//!
//! Labels that all series share stand once, above the table; the others have a column each.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};

use comfy_table::{
    Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Row, Table, TableStyle,
};
use promqlite::{LabelSet, Series, Timestamp, Value, VectorSample};
use promqlite::{SampleValue, float_plain};
use promqlite_formats::write::api_float;

use crate::time::show_time;

/// Columns, and one rule under the header.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─'))
    .content_lines(ContentLineStyle::none());

/// A result as a table; scalars and strings as they are. Nothing for a result without series.
pub(crate) fn write_value(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    match value {
        Value::Scalar(_, number) => writeln!(out, "{}", float_plain(*number)),
        Value::String(_, text) => writeln!(out, "{text}"),
        Value::Vector(_, samples) if samples.is_empty() => Ok(()),
        Value::Vector(_, samples) => write_vector(out, samples),
        Value::Matrix(series) if series.is_empty() => Ok(()),
        Value::Matrix(series) => write_matrix(out, series),
    }
}

fn write_vector(out: &mut dyn Write, samples: &[VectorSample]) -> io::Result<()> {
    let labels = LabelColumns::of(samples.iter().map(|sample| &sample.labels));
    let mut table = new_table(labels.header().chain(["value"]));
    align_right(&mut table, labels.columns.len());
    for sample in samples {
        let value = std::iter::once(show_value(&sample.value));
        table.add_row(Row::from(labels.cells(&sample.labels).chain(value).collect::<Vec<_>>()));
    }
    labels.write_caption(out)?;
    write_table(out, &table)
}

/// A row per point; a series' labels stand in its first row only.
fn write_matrix(out: &mut dyn Write, series: &[Series]) -> io::Result<()> {
    let labels = LabelColumns::of(series.iter().map(|series| &series.labels));
    let mut table = new_table(labels.header().chain(["time", "value"]));
    align_right(&mut table, labels.columns.len() + 1);
    for one in series {
        for (i, (time, value)) in points(one).into_iter().enumerate() {
            let mut cells: Vec<String> = match i {
                0 => labels.cells(&one.labels).collect(),
                _ => vec![String::new(); labels.columns.len()],
            };
            cells.extend([show_time(time), value]);
            table.add_row(cells);
        }
    }
    labels.write_caption(out)?;
    write_table(out, &table)
}

/// All points of a series in order of time.
fn points(series: &Series) -> Vec<(Timestamp, String)> {
    let floats = series.floats.iter().map(|(time, value)| (*time, api_float(*value)));
    let histograms = series.histograms.iter().map(|(time, value)| (*time, value.to_string()));
    let mut points: Vec<_> = floats.chain(histograms).collect();
    points.sort_by_key(|(time, _)| *time);
    points
}

fn show_value(value: &SampleValue) -> String {
    match value {
        SampleValue::Float(value) => api_float(*value),
        SampleValue::Histogram(histogram) => histogram.to_string(),
    }
}

/// Which labels get a column, and which stand above the table.
struct LabelColumns {
    /// The labels that all series share.
    caption: String,
    /// The names of the others; the metric name comes first, as `metric`.
    columns: Vec<String>,
}

const METRIC_NAME: &str = "__name__";

impl LabelColumns {
    fn of<'a>(sets: impl Iterator<Item = &'a LabelSet> + Clone) -> Self {
        let names: BTreeSet<&str> = sets.clone().flat_map(LabelSet::iter).map(|(name, _)| name).collect();
        let differs = |name: &&str| {
            let mut values = sets.clone().map(|set| set.get(name));
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let (columns, shared): (Vec<&str>, Vec<&str>) = names.into_iter().partition(differs);
        let caption = match sets.clone().next() {
            Some(first) if !shared.is_empty() => {
                let pairs = shared.iter().filter_map(|name| Some((*name, first.get(name)?)));
                LabelSet::from_pairs(pairs).to_string()
            }
            _ => String::new(),
        };
        Self { caption, columns: columns.into_iter().map(str::to_owned).collect() }
    }

    fn header(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|name| if name == METRIC_NAME { "metric" } else { name })
    }

    fn cells<'a>(&'a self, set: &'a LabelSet) -> impl Iterator<Item = String> + 'a {
        self.columns.iter().map(|name| one_line(set.get(name).unwrap_or("")))
    }

    fn write_caption(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.caption.is_empty() { Ok(()) } else { writeln!(out, "{}", self.caption) }
    }
}

/// Label values may hold anything; control characters would break the table or the terminal.
pub(crate) fn one_line(text: &str) -> String {
    if text.chars().any(char::is_control) { text.escape_debug().to_string() } else { text.to_owned() }
}

/// Spaces between columns.
const GAP: u16 = 2;

/// Terminals that are narrower get tables as wide as their content.
const MIN_WIDTH: u16 = 20;

/// A table with this header, as wide as its content, or as the terminal if that is narrower.
pub(crate) fn new_table<'a>(header: impl Iterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    // A pseudo-terminal may be of no known width.
    if io::stdout().is_terminal() && table.width().is_some_and(|width| width >= MIN_WIDTH) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(header.map(Cell::new).collect::<Vec<_>>());
    let last = table.column_count().saturating_sub(1);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if i == last { 0 } else { GAP }));
    }
    table
}

/// Aligns a column to the right, as numbers are.
pub(crate) fn align_right(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

/// Writes a table without spaces at the ends of lines.
pub(crate) fn write_table(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
