//! What `info` tells about data directories.

use std::collections::BTreeMap;
use std::io::{self, Write};

use promqlite::Timestamp;
use promqlite_tsdb::{DataDir, DirReport, Encoding, TsdbError};

use crate::numbers::{bytes, count, counted};
use crate::output::{Page, align_right, new_table, one_line, write_table};
use crate::time::show_time;

/// How many chunks there are of each encoding. Reads all chunks; a damaged one is told instead of counted.
pub(super) fn encodings(directories: &[DataDir]) -> Vec<Encodings> {
    directories.iter().map(DataDir::count_encodings).collect()
}

/// Chunks of a directory by encoding, or why they could not be counted.
pub(super) type Encodings = Result<BTreeMap<Encoding, u64>, TsdbError>;

/// Blocks, head, encodings, and what is left out, of each directory.
pub(super) fn write(page: &mut Page<'_>, encodings: &[Encodings], directories: &[DataDir]) -> io::Result<()> {
    for (directory, encodings) in directories.iter().zip(encodings) {
        let report = directory.report();
        writeln!(page, "\n{}", one_line(&report.path.display().to_string()))?;
        write_blocks(page, report)?;
        write_head(page, report)?;
        write_encodings(page, encodings)?;
        write_left_out(page, report)?;
    }
    Ok(())
}

fn write_blocks(page: &mut Page<'_>, report: &DirReport) -> io::Result<()> {
    if report.blocks.is_empty() {
        return Ok(());
    }
    let header = ["block", "from", "to", "series", "samples", "chunks", "size", "level", "labels"];
    let labelled = report.blocks.iter().any(|block| !block.external_labels.is_empty());
    let columns = if labelled { header.len() } else { header.len() - 1 };
    let mut table = new_table(header.into_iter().take(columns));
    (3..=7).for_each(|column| align_right(&mut table, column));
    for block in &report.blocks {
        let stats = &block.meta.stats;
        let labels: Vec<String> = block.external_labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let cells = [
            one_line(&block.path.file_name().unwrap_or(block.path.as_os_str()).to_string_lossy()),
            show_time(Timestamp(block.meta.min_time)),
            show_time(Timestamp(block.meta.max_time - 1)),
            count(stats.num_series),
            count(stats.num_samples),
            count(stats.num_chunks),
            bytes(block.bytes),
            block.meta.compaction.level.to_string(),
            one_line(&labels.join(", ")),
        ];
        table.add_row(cells.into_iter().take(columns).collect::<Vec<_>>());
    }
    write_table(page, table)
}

fn write_head(page: &mut Page<'_>, report: &DirReport) -> io::Result<()> {
    let Some(head) = report.head.as_ref().filter(|head| !head.is_absent()) else { return Ok(()) };
    writeln!(
        page,
        "head: {}, {}; WAL: {}, {}{}; head chunks: {} in {}, {}",
        counted(head.series, "series", "series"),
        counted(head.samples, "sample", "samples"),
        counted(head.wal.segments, "segment", "segments"),
        bytes(head.wal.bytes),
        head.wal.checkpoint.map_or(String::new(), |number| format!(", checkpoint {number}")),
        counted(head.head_chunks.chunks.values().sum(), "chunk", "chunks"),
        counted(head.head_chunks.files, "file", "files"),
        bytes(head.head_chunks.bytes),
    )?;
    if head.wbl.segments > 0 {
        writeln!(
            page,
            "out of order: {}, {}",
            counted(head.wbl.segments, "segment", "segments"),
            counted(head.wbl.float_samples + head.wbl.histogram_samples, "sample", "samples"),
        )?;
    }
    let dropped = &head.dropped;
    for (n, why) in [
        (dropped.in_blocks, "are in blocks too"),
        (dropped.duplicates, "are there twice"),
        (dropped.out_of_order, "came out of order: they are in the WBL, a chunk or a block, or were refused"),
        (dropped.conflicts, "have the time of another sample"),
        (dropped.deleted, "were deleted"),
    ] {
        if n > 0 {
            writeln!(page, "{} of the head {why}", counted(n, "sample", "samples"))?;
        }
    }
    Ok(())
}

fn write_encodings(page: &mut Page<'_>, encodings: &Encodings) -> io::Result<()> {
    match encodings {
        Ok(encodings) if encodings.is_empty() => Ok(()),
        Ok(encodings) => {
            let shown: Vec<String> =
                encodings.iter().map(|(e, n)| format!("{} {}", count(*n), e.as_str())).collect();
            writeln!(page, "chunks: {}", shown.join(", "))
        }
        Err(error) => writeln!(page, "chunks: not counted, since one is damaged: {error}"),
    }
}

/// What was passed over, and what is damaged. What only looks unfinished is said to be so.
fn write_left_out(page: &mut Page<'_>, report: &DirReport) -> io::Result<()> {
    for skipped in &report.skipped {
        let name = skipped.path.file_name().unwrap_or(skipped.path.as_os_str()).to_string_lossy();
        writeln!(page, "left out: {}: {}", one_line(&name), one_line(&skipped.message))?;
    }
    if let Some(head) = &report.head {
        for damage in head.damage().filter(|damage| damage.torn) {
            writeln!(page, "unfinished: {damage}")?;
        }
        for warning in head.warnings() {
            writeln!(page, "damaged: {}", one_line(&warning))?;
        }
    }
    Ok(())
}
