//! `promqlite info`

mod directories;

use std::io::{self, Write};

use crate::args::InfoArgs;
use crate::catalog::{self, LabelUse, Metric, Samples};
use crate::dataset::{Dataset, Summary};
use crate::failure::Failure;
use crate::numbers::{bytes, count, counted, elapsed};
use crate::output::{Page, align_right, new_table, one_line, to_stdout, write_table};
use crate::report;
use crate::time::{show_length, show_time};

/// Shows what is in files.
pub(super) fn run(args: &InfoArgs) -> Result<(), Failure> {
    let dataset = Dataset::open(&args.paths, &args.input, &Default::default())?;
    let storage = dataset.storage();
    let metrics = metrics(&dataset)?;
    let labels = catalog::labels(storage, &[])?;
    let summary = Summary { memory: dataset.memory(), ..dataset.summary() };
    let encodings = directories::encodings(&dataset.directories);
    to_stdout(|page| {
        write_files(page, &summary)?;
        writeln!(page)?;
        write_summary(page, &summary)?;
        directories::write(page, &encodings, &dataset.directories)?;
        write_tops(page, &metrics, &labels, args.top)
    })?;
    Ok(())
}

/// The metrics, with samples if these are few enough to be counted. Warns of what turns out to be damaged then.
fn metrics(dataset: &Dataset) -> Result<Vec<Metric>, Failure> {
    let counted = dataset.counts.samples <= COUNTED_SAMPLES;
    let samples = if counted { Samples::Counted } else { Samples::Skipped };
    let (metrics, warnings) = catalog::metrics_and_warnings(dataset.storage(), &[], samples)?;
    // What was known when it was opened is shown with the directories.
    let known: Vec<String> =
        dataset.directories.iter().flat_map(|directory| directory.report().warnings()).collect();
    warnings.iter().filter(|text| !known.contains(text)).for_each(|text| report::warning(text));
    Ok(metrics)
}

/// Samples that are counted by metric, for which all of them are read.
const COUNTED_SAMPLES: u64 = 50_000_000;

/// One line per file.
pub(crate) fn write_files(page: &mut Page<'_>, summary: &Summary) -> io::Result<()> {
    // The times of each are of use beside those of all together only if there are several.
    let timed = match page.screen.width {
        Some(width) => width >= TIMED_WIDTH && summary.inputs.len() > 1,
        None => true,
    };
    let columns = if timed { 7 } else { 5 };
    let header = ["file", "format", "size", "series", "samples", "from", "to"];
    let mut table = new_table(header.into_iter().take(columns));
    [2, 3, 4].into_iter().for_each(|column| align_right(&mut table, column));
    for input in &summary.inputs {
        let (from, to) = match input.span {
            Some(span) => (show_time(span.start), show_time(span.end)),
            None => (String::new(), String::new()),
        };
        let cells = [
            one_line(&input.name),
            input.format.clone(),
            bytes(input.bytes),
            count(input.series),
            count(input.samples),
            from,
            to,
        ];
        table.add_row(cells.into_iter().take(columns).collect::<Vec<_>>());
    }
    write_table(page, table)
}

/// Columns that a screen must have for times in the list of files.
const TIMED_WIDTH: u16 = 110;

/// All inputs together, in a few lines.
pub(crate) fn write_summary(page: &mut Page<'_>, summary: &Summary) -> io::Result<()> {
    writeln!(
        page,
        "{}{} of {}, {} from {}, loaded in {}{}",
        if summary.counts.series_at_most { "at most " } else { "" },
        counted(summary.counts.series, "series", "series"),
        counted(summary.metrics, "metric", "metrics"),
        counted(summary.counts.samples, "sample", "samples"),
        inputs(summary),
        elapsed(summary.load_time),
        summary.memory.map_or(String::new(), |memory| {
            let each = memory.sample_bytes as f64 / memory.samples as f64;
            let labels = bytes(memory.bytes - memory.sample_bytes);
            format!(
                " into {} of memory, {each:.1} bytes a sample and {labels} for labels",
                bytes(memory.bytes)
            )
        }),
    )?;
    if summary.counts.stale_markers > 0 {
        let markers = counted(summary.counts.stale_markers, "staleness marker", "staleness markers");
        writeln!(page, "{markers} set where a series missed a scrape of its target")?;
    }
    if let Some(span) = summary.span {
        let length = show_length(rounded((span.end - span.start).0));
        let (start, end) = (show_time(span.start), show_time(span.end));
        let every = summary
            .interval
            .map_or(String::new(), |interval| format!(", a sample every {}", show_length(interval.0)));
        writeln!(page, "from {start} to {end} ({length}){every}")?;
    }
    Ok(())
}

/// Milliseconds say nothing about more than a minute.
fn rounded(ms: i64) -> i64 {
    if ms > 60_000 { (ms + 500) / 1000 * 1000 } else { ms }
}

/// `1 file`, `2 files`, `3 inputs` if directories are among them.
fn inputs(summary: &Summary) -> String {
    let n = summary.inputs.len() as u64;
    match summary.directories {
        0 => counted(n, "file", "files"),
        _ if summary.directories == summary.inputs.len() => counted(n, "directory", "directories"),
        _ => counted(n, "input", "inputs"),
    }
}

/// The largest metrics, and the labels with the most values, behind an empty line each.
pub(crate) fn write_tops(
    page: &mut Page<'_>,
    metrics: &[Metric],
    labels: &[LabelUse],
    top: usize,
) -> io::Result<()> {
    if top == 0 {
        return Ok(());
    }
    if !metrics.is_empty() {
        writeln!(page)?;
        write_metrics(page, metrics, top)?;
    }
    if !labels.is_empty() {
        writeln!(page)?;
        write_labels(page, labels, top)?;
    }
    Ok(())
}

fn write_metrics(page: &mut Page<'_>, metrics: &[Metric], top: usize) -> io::Result<()> {
    let counted = metrics.iter().any(|metric| metric.samples > 0);
    let header = ["metric", "type", "series", "samples"];
    let mut table = new_table(header[..if counted { 4 } else { 3 }].iter().copied());
    [2, 3].into_iter().for_each(|column| align_right(&mut table, column));
    for metric in metrics.iter().take(top) {
        let kind = metric.kind.as_str().to_owned();
        let cells = [one_line(&metric.name), kind, count(metric.series), count(metric.samples)];
        table.add_row(cells.into_iter().take(if counted { 4 } else { 3 }).collect::<Vec<_>>());
    }
    write_table(page, table)?;
    write_rest(page, metrics.len(), top)
}

fn write_labels(page: &mut Page<'_>, labels: &[LabelUse], top: usize) -> io::Result<()> {
    let mut table = new_table(["label", "values", "series"]);
    [1, 2].into_iter().for_each(|column| align_right(&mut table, column));
    for label in labels.iter().take(top) {
        table.add_row([one_line(&label.name), count(label.values), count(label.series)]);
    }
    write_table(page, table)?;
    write_rest(page, labels.len(), top)
}

fn write_rest(page: &mut Page<'_>, all: usize, top: usize) -> io::Result<()> {
    if all > top { writeln!(page, "… and {} more", count((all - top) as u64)) } else { Ok(()) }
}
