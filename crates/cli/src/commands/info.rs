//! `promqlite info`

use std::collections::HashMap;
use std::io::{self, Write};

use promqlite::storage::{MetricKind, SelectRequest};
use promqlite::{LabelSet, SampleBuf, Storage, TimeRange, is_stale};
use promqlite_formats::{Compression, FileReport};

use crate::args::InfoArgs;
use crate::dataset::Dataset;
use crate::failure::Failure;
use crate::numbers::{bytes, count, counted, elapsed};
use crate::output::to_stdout;
use crate::table::{align_right, new_table, one_line, write_table};
use crate::time::{show_length, show_time};

/// Shows what is in files.
pub(super) fn run(args: &InfoArgs) -> Result<(), Failure> {
    let dataset = Dataset::open(&args.paths, &args.input, &Default::default())?;
    let metrics = metrics(dataset.storage())?;
    to_stdout(|out| {
        write_files(out, &dataset)?;
        writeln!(out)?;
        write_summary(out, &dataset)?;
        if metrics.is_empty() || args.top == 0 {
            return Ok(());
        }
        writeln!(out)?;
        write_metrics(out, &metrics, args.top)
    })?;
    Ok(())
}

/// One line per file.
pub(crate) fn write_files(out: &mut dyn Write, dataset: &Dataset) -> io::Result<()> {
    let mut table = new_table(["file", "format", "size", "series", "samples", "from", "to"].into_iter());
    [2, 3, 4].into_iter().for_each(|column| align_right(&mut table, column));
    for file in &dataset.files {
        let (from, to) = match file.span {
            Some(span) => (show_time(span.start), show_time(span.end)),
            None => (String::new(), String::new()),
        };
        let samples = file.samples + file.duplicates + file.conflicts;
        let cells = [
            one_line(&file.name),
            format_name(file),
            bytes(file.bytes),
            count(file.series),
            count(samples),
            from,
            to,
        ];
        table.add_row(cells);
    }
    write_table(out, &table)
}

fn format_name(file: &FileReport) -> String {
    match file.compression {
        Compression::None => file.format.to_string(),
        packed => format!("{}, {}", file.format, packed.as_str()),
    }
}

/// All files together, in a few lines.
pub(crate) fn write_summary(out: &mut dyn Write, dataset: &Dataset) -> io::Result<()> {
    writeln!(
        out,
        "{}, {} from {}, loaded in {}",
        counted(dataset.counts.series, "series", "series"),
        counted(dataset.counts.samples, "sample", "samples"),
        counted(dataset.files.len() as u64, "file", "files"),
        elapsed(dataset.load_time),
    )?;
    if dataset.counts.stale_markers > 0 {
        let markers = counted(dataset.counts.stale_markers, "staleness marker", "staleness markers");
        writeln!(out, "{markers} set where a series missed a scrape of its target")?;
    }
    if let Some(span) = dataset.storage().time_range() {
        let length = show_length((span.end - span.start).0);
        let (start, end) = (show_time(span.start), show_time(span.end));
        let every = dataset
            .scrape_interval()
            .map_or(String::new(), |interval| format!(", a sample every {}", show_length(interval.0)));
        writeln!(out, "from {start} to {end} ({length}){every}")?;
    }
    Ok(())
}

/// A metric and how much of it there is.
struct Metric {
    name: String,
    kind: MetricKind,
    series: u64,
    samples: u64,
}

/// All metrics, the one with the most samples first.
fn metrics(storage: &dyn Storage) -> Result<Vec<Metric>, Failure> {
    let selection = storage.select(&SelectRequest::new(&[], TimeRange::ALL))?;
    let mut found: HashMap<String, Metric> = HashMap::new();
    let mut buffer = SampleBuf::default();
    for i in 0..selection.len() {
        let labels = LabelSet::new(selection.labels(i).clone(), storage.symbols().clone());
        let name = labels.metric_name();
        let values = selection.samples(i, TimeRange::ALL, &mut buffer)?.values;
        let samples = values.iter().filter(|&&value| !is_stale(value)).count() as u64;
        let metric = found.entry(name.to_owned()).or_insert_with(|| Metric {
            name: name.to_owned(),
            kind: MetricKind::Unknown,
            series: 0,
            samples: 0,
        });
        metric.series += 1;
        metric.samples += samples;
    }
    let kinds = storage.metadata().into_iter().map(|family| (family.family, family.kind)).collect();
    let mut metrics: Vec<Metric> = found.into_values().collect();
    metrics.iter_mut().for_each(|metric| metric.kind = kind_of(&metric.name, &kinds));
    metrics.sort_by(|a, b| b.samples.cmp(&a.samples).then_with(|| a.name.cmp(&b.name)));
    Ok(metrics)
}

/// Endings that a sample's name may have beyond its family's name.
const SUFFIXES: [&str; 6] = ["_total", "_bucket", "_sum", "_count", "_info", "_created"];

/// The type of a metric by its own name, or by its family's.
pub(crate) fn kind_of(metric: &str, kinds: &HashMap<String, MetricKind>) -> MetricKind {
    let family = SUFFIXES.iter().filter_map(|suffix| metric.strip_suffix(suffix));
    std::iter::once(metric).chain(family).find_map(|name| kinds.get(name).copied()).unwrap_or_default()
}

fn write_metrics(out: &mut dyn Write, metrics: &[Metric], top: usize) -> io::Result<()> {
    let mut table = new_table(["metric", "type", "series", "samples"].into_iter());
    [2, 3].into_iter().for_each(|column| align_right(&mut table, column));
    for metric in metrics.iter().take(top) {
        let name = one_line(&metric.name);
        table.add_row([name, metric.kind.as_str().to_owned(), count(metric.series), count(metric.samples)]);
    }
    write_table(out, &table)?;
    if metrics.len() > top {
        writeln!(out, "… and {} more; --top N shows more", count((metrics.len() - top) as u64))?;
    }
    Ok(())
}
