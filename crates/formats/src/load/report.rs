//! What a load did.

use promqlite_model::TimeRange;

use crate::detect::{Compression, Format};
use crate::load::store_sink::Loaded;
use crate::text::read::ReadSummary;

/// What a load did, file by file.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    /// One entry per file, in the order of loading.
    pub files: Vec<FileReport>,
    /// Staleness markers that were set where series missed a scrape; counted when loading ends.
    pub stale_markers: u64,
    /// Bytes that the store takes when loading ends, labels and indexes included; 0 until then.
    pub store_bytes: u64,
    /// Samples that the store holds when loading ends, also those of earlier loads; 0 until then.
    pub store_samples: u64,
}

impl LoadReport {
    /// Samples of all files, without those that were there already.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.files.iter().map(|f| f.samples).sum()
    }

    /// What a sample takes in memory when loading ends, in bytes, its share of labels and indexes included: 16 for
    /// time and value, and less than one more for series of hundreds of samples. `None` without samples.
    #[must_use]
    pub fn bytes_per_sample(&self) -> Option<f64> {
        (self.store_samples > 0).then(|| self.store_bytes as f64 / self.store_samples as f64)
    }

    /// The time span of all files; `None` without samples.
    #[must_use]
    pub fn span(&self) -> Option<TimeRange> {
        self.files.iter().filter_map(|f| f.span).reduce(TimeRange::union)
    }

    /// Every warning with its file before it.
    pub fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        self.files.iter().flat_map(|f| f.warnings.iter().map(move |w| format!("{}: {w}", f.name)))
    }
}

/// What loading one file did.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// The file's path, or the name that the caller gave a stream.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// How it was packed.
    pub compression: Compression,
    /// Its size in bytes as it was on disk.
    pub bytes: u64,
    /// Series that it has samples of, whether or not other files had them before.
    pub series: u64,
    /// Samples that it added.
    pub samples: u64,
    /// Samples that were there already.
    pub duplicates: u64,
    /// Samples that were left out, since their series has another value at that time.
    pub conflicts: u64,
    /// Lines or values that were skipped as broken, in lenient mode.
    pub skipped: u64,
    /// Samples without a time of their own.
    pub untimed: u64,
    /// From the oldest to the newest sample of this file; `None` if it has none.
    pub span: Option<TimeRange>,
    /// Oddities.
    pub warnings: Vec<String>,
}

impl FileReport {
    pub(super) fn new(
        name: &str,
        format: Format,
        compression: Compression,
        bytes: u64,
        loaded: Loaded,
        summary: ReadSummary,
        empty: bool,
    ) -> Self {
        let mut warnings = summary.warnings;
        if empty {
            warnings.push("the file is empty".to_owned());
        }
        if loaded.append.conflicts > 0 {
            warnings.push(conflict_text(loaded.append.conflicts, summary.untimed > 0));
        }
        Self {
            name: name.to_owned(),
            format,
            compression,
            bytes,
            series: loaded.series,
            samples: loaded.append.added,
            duplicates: loaded.append.duplicates,
            conflicts: loaded.append.conflicts,
            skipped: summary.skipped,
            untimed: summary.untimed,
            span: loaded.span,
            warnings,
        }
    }
}

fn conflict_text(conflicts: u64, untimed: bool) -> String {
    let samples = if conflicts == 1 { "1 sample was" } else { &format!("{conflicts} samples were") };
    let advice = if untimed {
        "; samples without a timestamp all get the same time, so that scrapes belong into a file each"
    } else {
        ""
    };
    format!("{samples} left out: the series has another value at that time{advice}")
}
