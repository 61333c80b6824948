//! Results as aligned tables for people.
//!
//! Labels that all series share stand once, above the table; the others have a column each.

use std::collections::BTreeSet;
use std::io::{self, Write};

use comfy_table::{
    Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Row, Table, TableStyle,
};
use promqlite::{LabelSet, Series, Timestamp, Value, VectorSample};
use promqlite::{SampleValue, float_plain};
use promqlite_formats::write::api_float;

use crate::output::page::Page;
use crate::time::show_time;

/// Columns, and one rule under the header.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─'))
    .content_lines(ContentLineStyle::none());

/// A result as a table; scalars and strings as they are. Nothing for a result without series.
pub(crate) fn write_value(page: &mut Page<'_>, value: &Value) -> io::Result<()> {
    match value {
        Value::Scalar(_, number) => writeln!(page, "{}", float_plain(*number)),
        Value::String(_, text) => writeln!(page, "{text}"),
        Value::Vector(_, samples) if samples.is_empty() => Ok(()),
        Value::Vector(_, samples) => write_grid(page, Grid::of_vector(samples, Shared::Caption)),
        Value::Matrix(series) if series.is_empty() => Ok(()),
        Value::Matrix(series) => write_grid(page, Grid::of_matrix(series, Shared::Caption)),
    }
}

fn write_grid(page: &mut Page<'_>, grid: Grid) -> io::Result<()> {
    if !grid.caption.is_empty() {
        writeln!(page, "{}", grid.caption)?;
    }
    let mut table = new_table(grid.header.iter().map(String::as_str));
    align_right(&mut table, grid.header.len() - 1);
    for row in grid.rows {
        table.add_row(Row::from(row));
    }
    write_table(page, table)
}

/// What happens to labels that all series share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shared {
    /// They stand once, above the table.
    Caption,
    /// They have columns like others.
    Columns,
}

/// A result cut into cells. The last column holds values.
pub(crate) struct Grid {
    /// The labels that all series share; empty if they have columns.
    pub(crate) caption: String,
    /// The names of the columns.
    pub(crate) header: Vec<String>,
    /// The rows.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Grid {
    /// A row per series.
    pub(crate) fn of_vector(samples: &[VectorSample], shared: Shared) -> Self {
        let labels = LabelColumns::of(samples.iter().map(|sample| &sample.labels), shared);
        let header = labels.header().chain(["value"]).map(str::to_owned).collect();
        let row = |sample: &VectorSample| {
            labels.cells(&sample.labels).chain(std::iter::once(show_value(&sample.value))).collect()
        };
        Self { header, rows: samples.iter().map(row).collect(), caption: labels.caption }
    }

    /// A row per point; a series' labels stand in its first row only.
    pub(crate) fn of_matrix(series: &[Series], shared: Shared) -> Self {
        let labels = LabelColumns::of(series.iter().map(|series| &series.labels), shared);
        let header = labels.header().chain(["time", "value"]).map(str::to_owned).collect();
        let mut rows = Vec::new();
        for one in series {
            for (i, (time, value)) in points(one).into_iter().enumerate() {
                let mut cells: Vec<String> = match i {
                    0 => labels.cells(&one.labels).collect(),
                    _ => vec![String::new(); labels.columns.len()],
                };
                cells.extend([show_time(time), value]);
                rows.push(cells);
            }
        }
        Self { header, rows, caption: labels.caption }
    }
}

/// All points of a series in order of time.
fn points(series: &Series) -> Vec<(Timestamp, String)> {
    let floats = series.floats.iter().map(|(time, value)| (time, api_float(value)));
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
    fn of<'a>(sets: impl Iterator<Item = &'a LabelSet> + Clone, shared: Shared) -> Self {
        let names: BTreeSet<&str> = sets.clone().flat_map(LabelSet::iter).map(|(name, _)| name).collect();
        let differs = |name: &&str| {
            if shared == Shared::Columns {
                return true;
            }
            let mut values = sets.clone().map(|set| set.get(name));
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let (columns, common): (Vec<&str>, Vec<&str>) = names.into_iter().partition(differs);
        let caption = match sets.clone().next() {
            Some(first) if !common.is_empty() => {
                let pairs = common.iter().filter_map(|name| Some((*name, first.get(name)?)));
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
}

/// Label values may hold anything; control characters would break the table or the terminal.
pub(crate) fn one_line(text: &str) -> String {
    if text.chars().any(char::is_control) { text.escape_debug().to_string() } else { text.to_owned() }
}

/// Spaces between columns.
const GAP: u16 = 2;

/// Terminals that are narrower get tables as wide as their content.
const MIN_WIDTH: u16 = 20;

/// A table with this header.
pub(crate) fn new_table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(header.into_iter().map(Cell::new).collect::<Vec<_>>());
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

/// Writes a table, as wide as its content or as the screen if that is narrower, without spaces at the ends of
/// lines.
pub(crate) fn write_table(page: &mut Page<'_>, mut table: Table) -> io::Result<()> {
    if let Some(width) = page.screen.width.filter(|&width| width >= MIN_WIDTH) {
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    }
    for line in table.lines() {
        writeln!(page, "{}", line.trim_end())?;
    }
    Ok(())
}
