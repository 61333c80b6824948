//! Results on standard output, and what is said about them on standard error.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use promqlite::{Profile, QueryError, QueryResult, Value};
use promqlite_formats::write::{Notes, Omitted, write_json_error, write_value};

use crate::failure::Failure;
use crate::numbers::{bytes, count, counted, elapsed};
use crate::output::profile::write_profile;
use crate::output::{Destination, Page, Screen, can_draw, drawing, markdown, table, to_text};
use crate::report;
use crate::result_format::ResultFormat;
use crate::terminal::note;
use crate::when::When;

/// The form of results on standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The format.
    pub(crate) format: ResultFormat,
    /// Whether the JSON body, which has no line end in the API, gets one.
    pub(crate) ends_json: bool,
}

impl Shape {
    fn end(self, out: &mut dyn Write) -> io::Result<()> {
        if self.ends_json && self.format == ResultFormat::Json { out.write_all(b"\n") } else { Ok(()) }
    }
}

/// Shows a result, and its warnings and infos.
pub(crate) fn show(
    result: &QueryResult,
    text: &str,
    when: When,
    shape: Shape,
    destination: &mut Destination,
) -> Result<(), Failure> {
    let notes = Notes::new(&result.annotations, text);
    let mut omitted = Omitted::default();
    let form = form_of(&result.value, when, shape.format, destination)?;
    destination.write(|page| {
        match form.writer() {
            None if form.is_drawing() => drawing::write_value(page, &result.value, text, when, form)?,
            None if form == ResultFormat::Markdown => markdown::write_value(page, &result.value)?,
            None => table::write_value(page, &result.value)?,
            Some(writer) => omitted = write_value(writer, page, &result.value, &notes)?,
        }
        shape.end(page)
    })?;
    report::notes(&notes);
    warn_of_omitted(omitted, shape.format);
    Ok(())
}

/// The form that suits a result: what cannot be drawn is a table where people read, and an error where a picture
/// was asked for.
fn form_of(
    value: &Value,
    when: When,
    asked: ResultFormat,
    destination: &Destination,
) -> Result<ResultFormat, Failure> {
    let drawable = can_draw(value, when);
    match asked {
        ResultFormat::Auto => Ok(if drawable { ResultFormat::Graph } else { ResultFormat::Table }),
        form if !form.is_drawing() || drawable => {
            let binary = form == ResultFormat::Png && destination.next_path().is_none();
            if binary && io::stdout().is_terminal() {
                return Err(Failure::Usage(
                    "a terminal shows no PNG: use --output FILE or `.once FILE`".into(),
                ));
            }
            Ok(form)
        }
        form if form.is_picture() => Err(Failure::Usage(match when {
            When::Instant(_) => {
                format!("{} needs a range query: add --start TIME or --last DURATION (`.last`)", form.name())
            }
            When::Range { .. } => format!("there is nothing to draw as {}", form.name()),
        })),
        form => {
            if let (When::Instant(_), false) = (when, is_empty(value)) {
                note(format!(
                    "{} needs a range query, so this is a table; add --last DURATION (`.last`)",
                    form.name()
                ));
            }
            Ok(ResultFormat::Table)
        }
    }
}

fn warn_of_omitted(omitted: Omitted, format: ResultFormat) {
    if omitted.histograms > 0 {
        let left_out = counted(omitted.histograms, "native histogram was", "native histograms were");
        report::warning(&format!("{left_out} left out: {} has no form for them", format.name()));
    }
    if omitted.strings > 0 {
        report::warning(&format!("the string was left out: {} has no form for it", format.name()));
    }
}

/// Shows a failed query to programs that read the HTTP API's shape. Others find the error on standard error.
pub(crate) fn show_error(
    error: &QueryError,
    shape: Shape,
    destination: &mut Destination,
) -> Result<(), Failure> {
    match shape.format {
        ResultFormat::Json => destination.write(|page| {
            write_json_error(page, error.error_type(), &api_message(error))?;
            shape.end(page)
        }),
        _ => Ok(()),
    }
}

/// Errors of query creation carry the parameter's name in the API.
fn api_message(error: &QueryError) -> String {
    match error.error_type() {
        "bad_data" => format!("invalid parameter \"query\": {error}"),
        _ => error.to_string(),
    }
}

/// Whether a result has nothing to show in a table.
pub(crate) fn is_empty(value: &Value) -> bool {
    value.series_count() == 0
}

/// Number of points in a result.
fn point_count(value: &Value) -> u64 {
    match value {
        Value::Scalar(..) | Value::String(..) => 1,
        Value::Vector(_, samples) => samples.len() as u64,
        Value::Matrix(series) => {
            series.iter().map(|one| (one.floats.len() + one.histograms.len()) as u64).sum()
        }
    }
}

/// Tells how long a query took, and what it and each part of it used.
pub(crate) fn show_stats(result: &QueryResult, took: Duration, profile: &Profile) {
    note(stats_line(result, took));
    let table = to_text(Screen::of_stderr(), |page| write_profile(page, profile, &result.stats));
    note(table.trim_end());
}

/// Writes what each part of a query used, and below what came of it.
pub(crate) fn write_analysis(page: &mut Page<'_>, result: &QueryResult, profile: &Profile) -> io::Result<()> {
    write_profile(page, profile, &result.stats)?;
    writeln!(page, "\n{}", stats_line(result, profile.total))
}

fn stats_line(result: &QueryResult, took: Duration) -> String {
    let stats = &result.stats;
    format!(
        "query: {}; result: {}, {}; read: {}, {}{}; peak: {} samples, about {}",
        elapsed(took),
        counted(result.value.series_count() as u64, "series", "series"),
        counted(point_count(&result.value), "point", "points"),
        counted(stats.series, "series", "series"),
        counted(stats.samples_read, "sample", "samples"),
        if stats.bytes_read > 0 {
            let chunks = counted(stats.chunks_decoded, "chunk", "chunks");
            format!(", {chunks}, {} of blocks", bytes(stats.bytes_read))
        } else {
            String::new()
        },
        count(stats.peak_samples),
        bytes(stats.peak_bytes),
    )
}
