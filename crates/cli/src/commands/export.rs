//! `promqlite export`

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use promqlite::storage::SelectRequest;
use promqlite::{LabelSet, Matcher, SampleBuf, Storage, TimeRange, Timestamp};
use promqlite_formats::write::{ExportFormat, ExportSummary, Exporter};
use promqlite_tsdb::{WriteOptions, write_blocks};

use crate::any_of::AnyOf;
use crate::args::ExportArgs;
use crate::dataset::Dataset;
use crate::failure::Failure;
use crate::numbers::counted;
use crate::output::to_stdout;
use crate::report;
use crate::selectors;
use crate::terminal::note;
use crate::time::{clock, show_time};

/// Writes the series of any input in any format.
pub(super) fn run(args: &ExportArgs) -> Result<(), Failure> {
    let matchers =
        args.matches.iter().map(|text| selectors::matchers(text)).collect::<Result<Vec<_>, _>>()?;
    let target = match (args.format, &args.output) {
        (Some(target), _) => target,
        (None, Some(output)) => Target::Text(format_of(output)?),
        (None, None) => Target::Text(ExportFormat::OpenMetrics),
    };
    let dataset = Dataset::open(&args.paths, &args.input, &Default::default())?;
    let now = dataset.now(None);
    let range = TimeRange {
        start: args.start.map_or(Timestamp(i64::MIN), |start| start.resolve(now)),
        end: args.end.map_or(Timestamp(i64::MAX), |end| end.resolve(now)),
    };
    let format = match target {
        Target::Text(format) => format,
        Target::Blocks => return to_blocks(&dataset, args.output.as_deref(), &matchers, range),
    };
    let summary = match &args.output {
        Some(output) => to_file(&dataset, output, format, &matchers, range)?,
        None => {
            let mut summary = Ok(ExportSummary::default());
            to_stdout(|page| match write_series(&dataset, &mut *page, format, &matchers, range) {
                Err(Failure::Output(e)) => Err(e),
                other => {
                    summary = other;
                    Ok(())
                }
            })?;
            summary?
        }
    };
    warn_of_omitted(&summary, format);
    if let Some(output) = &args.output {
        note(told(&summary, output));
    }
    Ok(())
}

/// What series are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// One stream of text.
    Text(ExportFormat),
    /// Blocks of a data directory.
    Blocks,
}

/// Writes blocks into a folder, one for each two hours that hold samples.
fn to_blocks(
    dataset: &Dataset,
    folder: Option<&str>,
    matchers: &[Vec<Matcher>],
    range: TimeRange,
) -> Result<(), Failure> {
    let folder =
        folder.ok_or_else(|| Failure::Usage("blocks go into a folder: add --output FOLDER".into()))?;
    if is_input(Path::new(folder), dataset) {
        return Err(Failure::Usage(format!(
            "`{folder}` is read, and nothing is ever written there: give another folder to --output"
        )));
    }
    std::fs::create_dir_all(folder).map_err(|e| Failure::io(folder, e))?;
    let options = WriteOptions::new(clock());
    let store = AnyOf::new(dataset.storage(), matchers);
    let blocks = write_blocks(Path::new(folder), &store, &[], range, &options)?;
    let warnings: BTreeSet<&String> = blocks.iter().flat_map(|block| &block.warnings).collect();
    warnings.into_iter().for_each(|text| report::warning(text));
    for block in &blocks {
        let stats = &block.meta.stats;
        note(format!(
            "{}: {}, {} from {} to {}",
            block.path.display(),
            counted(stats.num_series, "series", "series"),
            counted(stats.num_samples, "sample", "samples"),
            show_time(Timestamp(block.meta.min_time)),
            show_time(Timestamp(block.meta.max_time - 1)),
        ));
    }
    if blocks.is_empty() {
        note("no block was written: there are no samples");
    }
    Ok(())
}

/// Whether a folder is, or lies in, a data directory that is read.
fn is_input(folder: &Path, dataset: &Dataset) -> bool {
    // A folder that is not there yet lies where its nearest ancestor does.
    let place = folder.ancestors().find_map(|ancestor| {
        let ancestor = if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor };
        ancestor.canonicalize().ok()
    });
    let inputs = dataset.directories.iter().filter_map(|input| input.report().path.canonicalize().ok());
    place.is_some_and(|place| inputs.into_iter().any(|input| place.starts_with(input)))
}

/// Writes the series of one of the selectors, or all if there is none, into a file whose ending tells the format.
/// Returns what was done.
pub(crate) fn export_to(dataset: &Dataset, file: &str, matchers: &[Vec<Matcher>]) -> Result<String, Failure> {
    let format = format_of(file)?;
    let summary = to_file(dataset, file, format, matchers, TimeRange::ALL)?;
    warn_of_omitted(&summary, format);
    Ok(told(&summary, file))
}

fn told(summary: &ExportSummary, file: &str) -> String {
    let series = counted(summary.series, "series", "series");
    format!("{series}, {} written to {file}", counted(summary.samples, "sample", "samples"))
}

/// The format that the ending of a file's name stands for.
fn format_of(file: &str) -> Result<ExportFormat, Failure> {
    let unpacked = file.strip_suffix(".gz").unwrap_or(file);
    let ending = Path::new(unpacked).extension().and_then(|ending| ending.to_str()).unwrap_or("");
    match ending {
        "om" => Ok(ExportFormat::OpenMetrics),
        other => ExportFormat::from_name(other).ok_or_else(|| {
            Failure::Usage(format!(
                "the ending of `{file}` tells no format; known are .om, .openmetrics, .csv, .jsonl, .vm, each \
                 with .gz behind it to be packed"
            ))
        }),
    }
}

fn to_file(
    dataset: &Dataset,
    file: &str,
    format: ExportFormat,
    matchers: &[Vec<Matcher>],
    range: TimeRange,
) -> Result<ExportSummary, Failure> {
    let failed = |e| Failure::io(file, e);
    let mut out = BufWriter::new(File::create(file).map_err(failed)?);
    let told = |e| if let Failure::Output(e) = e { failed(e) } else { e };
    let summary = if file.ends_with(".gz") {
        let mut packed = GzEncoder::new(&mut out, Compression::default());
        let summary = write_series(dataset, &mut packed, format, matchers, range).map_err(told)?;
        packed.finish().map_err(failed)?;
        summary
    } else {
        write_series(dataset, &mut out, format, matchers, range).map_err(told)?
    };
    out.flush().map_err(failed)?;
    Ok(summary)
}

/// Writes the series that pass one of the selectors.
fn write_series(
    dataset: &Dataset,
    out: &mut dyn Write,
    format: ExportFormat,
    matchers: &[Vec<Matcher>],
    range: TimeRange,
) -> Result<ExportSummary, Failure> {
    let store = AnyOf::new(dataset.storage(), matchers);
    let names = if format == ExportFormat::Csv { store.label_names(&[], range)? } else { Vec::new() };
    let mut exporter = Exporter::new(format, out, names.iter().map(String::as_str))?;
    let selection = store.select(&SelectRequest::new(&[], range))?;
    let mut buffer = SampleBuf::default();
    for row in 0..selection.len() {
        let labels = LabelSet::new(selection.labels(row).clone(), store.symbols().clone());
        let samples = selection.samples(row, range, &mut buffer)?;
        // A store may hand out more than was asked for.
        let inside = samples.slice(range.slice(samples.times));
        exporter.write_series(&labels, &inside)?;
    }
    // Some damage shows only when it is read.
    selection.warnings().iter().for_each(|text| report::warning(text));
    Ok(exporter.finish()?)
}

fn warn_of_omitted(summary: &ExportSummary, format: ExportFormat) {
    let histograms = (summary.omitted_histograms, "native histogram was", "native histograms were");
    let markers = (summary.omitted_markers, "staleness marker was", "staleness markers were");
    for (n, one, many) in [histograms, markers] {
        if n > 0 {
            let left_out = counted(n, one, many);
            report::warning(&format!("{left_out} left out: {} has no form for them", format.as_str()));
        }
    }
}

/// For the command line.
pub(crate) fn parse_target(name: &str) -> Result<Target, String> {
    if name == "block" {
        return Ok(Target::Blocks);
    }
    ExportFormat::from_name(name).map(Target::Text).ok_or_else(|| {
        let known: Vec<&str> = ExportFormat::ALL.iter().map(|format| format.as_str()).collect();
        format!("known formats are {}, block", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_tell_formats() {
        assert_eq!(format_of("a.b/c.om").expect("OpenMetrics"), ExportFormat::OpenMetrics);
        assert_eq!(format_of("x.csv").expect("CSV"), ExportFormat::Csv);
        assert_eq!(format_of("x.vm.gz").expect("packed"), ExportFormat::Vm);
        assert!(format_of("x").is_err() && format_of("x.txt").is_err());
        assert_eq!(to_file_missing(), std::io::ErrorKind::NotFound);
    }

    fn to_file_missing() -> std::io::ErrorKind {
        let dataset = Dataset::open(&[], &Default::default(), &Default::default()).expect("nothing");
        match export_to(&dataset, "/nonexistent/x.om", &[]) {
            Err(Failure::Io { source, .. }) => source.kind(),
            other => panic!("a missing directory is an error, not {other:?}"),
        }
    }
}
