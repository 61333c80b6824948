//! Prometheus data directories among the inputs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use promqlite::storage::MergedStore;
use promqlite::{Storage, TimeRange};
use promqlite_formats::{FormatError, Input};
use promqlite_tsdb::{DataDir, DirKind, DirReport, OpenOptions, TsdbError, is_data_directory};

use crate::dataset::{InputArgs, InputSummary};
use crate::failure::Failure;
use crate::report;

/// Opens a data directory, a folder of blocks or a block. Nothing in it is changed. Ends early once `cancel` is set.
pub(super) fn open(path: &Path, args: &InputArgs, cancel: &Arc<AtomicBool>) -> Result<DataDir, Failure> {
    let options = OpenOptions {
        replica_labels: args.replica_label.clone(),
        strict: args.strict,
        cancel: Some(Arc::clone(cancel)),
        ..OpenOptions::default()
    };
    DataDir::open(path, &options).map_err(|error| match error {
        TsdbError::Cancelled => FormatError::Cancelled.into(),
        other => other.into(),
    })
}

/// Fails for files and folders that are parts of a data directory, and says which.
pub(super) fn refuse_parts(paths: &[String]) -> Result<(), Failure> {
    for path in paths {
        if let Some(whole) = whole_of(Path::new(path)) {
            let whole = whole.display();
            return Err(Failure::Usage(format!(
                "`{path}` is only a part of a data directory: give `{whole}`"
            )));
        }
    }
    Ok(())
}

/// The data directory or block that a path with the name of one of its parts is in.
fn whole_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let is_segment = name.bytes().all(|b| b.is_ascii_digit()) && path.is_file();
    if !(PARTS.contains(&name) && path.exists() || is_segment) {
        return None;
    }
    let above = path.parent()?;
    [Some(above), above.parent()].into_iter().flatten().find_map(|whole| {
        let whole = if whole.as_os_str().is_empty() { Path::new(".") } else { whole };
        is_data_directory(whole).then(|| whole.to_owned())
    })
}

/// What a data directory and its blocks are made of, apart from numbered files.
const PARTS: [&str; 7] = ["wal", "wbl", "chunks_head", "chunks", "index", "tombstones", "meta.json"];

/// Warns where one path leads to several data directories, as that of a bucket with tenants does: their series become
/// one, which is right for snapshots of one server only.
pub(super) fn warn_of_several(paths: &[String], inputs: &[Input]) {
    let found: Vec<&Path> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::DataDirectory(path) => Some(path.as_path()),
            _ => None,
        })
        .collect();
    for path in paths {
        let below: Vec<_> = found.iter().filter_map(|f| f.strip_prefix(path).ok()).collect();
        let [first, second, ..] = below[..] else { continue };
        let example = Path::new(path).join(first);
        report::warning(&format!(
            "{path} has {} data directories ({}, {}{}), which are read as one; give them one by one with labels to \
             tell their series apart, as in tenant=a:{}",
            below.len(),
            first.display(),
            second.display(),
            if below.len() > 2 { ", …" } else { "" },
            example.display(),
        ));
    }
}

/// Its store, with the labels that all series are to get.
pub(super) fn storage(directory: &DataDir, args: &InputArgs) -> Arc<dyn Storage> {
    args.label.iter().fold(directory.storage(), |store, (name, value)| {
        Arc::new(MergedStore::builder().add_labelled(store, name, value).build())
    })
}

/// A directory in one line. Series that several blocks have are counted in each.
pub(super) fn summary(report: &DirReport) -> InputSummary {
    let blocks = || report.blocks.iter();
    let head = report.head.as_ref().filter(|head| !head.is_absent());
    let block_spans = blocks().map(|block| TimeRange::new(block.meta.min_time, block.meta.max_time - 1));
    InputSummary {
        name: report.path.display().to_string(),
        format: kind_of(report),
        bytes: blocks().map(|block| block.bytes).sum::<u64>()
            + head.map_or(0, |head| head.wal.bytes + head.wbl.bytes + head.head_chunks.bytes),
        series: blocks().map(|block| block.meta.stats.num_series).sum::<u64>()
            + head.map_or(0, |head| head.series),
        samples: blocks().map(|block| block.meta.stats.num_samples).sum::<u64>()
            + head.map_or(0, |head| head.samples),
        span: block_spans.chain(head.and_then(|head| head.time_range)).reduce(TimeRange::union),
    }
}

fn kind_of(report: &DirReport) -> String {
    let blocks = match report.blocks.len() {
        1 => "1 block".to_owned(),
        n => format!("{n} blocks"),
    };
    match report.kind {
        DirKind::Block => "block".to_owned(),
        DirKind::Blocks => blocks,
        DirKind::Agent => "agent's WAL".to_owned(),
        DirKind::Data if report.head.as_ref().is_none_or(|head| head.is_absent()) => blocks,
        DirKind::Data if report.blocks.is_empty() => "head".to_owned(),
        DirKind::Data => format!("{blocks} and head"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lead_to_their_whole() {
        let folder = std::env::temp_dir().join(format!("promqlite-parts-{}", std::process::id()));
        let wal = folder.join("wal");
        std::fs::create_dir_all(&wal).expect("a folder");
        for name in ["wal/00000000", "notes.om"] {
            std::fs::write(folder.join(name), "").expect("a file");
        }
        assert_eq!(whole_of(&wal).as_ref(), Some(&folder));
        assert_eq!(whole_of(&wal.join("00000000")).as_ref(), Some(&folder));
        for other in ["", "notes.om", "wal/00000001", "wbl"] {
            assert_eq!(whole_of(&folder.join(other)), None, "{other}");
        }
        std::fs::remove_dir_all(&folder).expect("a folder");
    }
}
