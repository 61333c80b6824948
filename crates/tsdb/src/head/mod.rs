//! What a Prometheus has not written to blocks yet: head chunks, WAL, out-of-order WBL.
//!
//! [`Head::load`] does what a starting Prometheus would, without its repairs, and keeps the samples in a
//! [`MemStore`].

mod chunks;
mod replay;
mod report;
mod series;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::path::Path;

use promqlite_storage::{MemStore, Storage};

use crate::block::OpenOptions;
use crate::error::TsdbError;
use crate::wal::{Log, Reader};
use chunks::HeadChunks;
use replay::Replay;

pub use report::{Dropped, HeadChunksReport, HeadReport, LogReport};

/// The samples of a head, in memory.
#[derive(Debug)]
pub struct Head {
    store: MemStore,
    report: HeadReport,
}

impl Head {
    /// Loads what `chunks_head`, `wal` and `wbl` in `folder` hold; any of them may be missing. Of what is in order,
    /// samples before `min_valid_ms` are left out, since blocks have them. With `strict`, damage is an error;
    /// otherwise the report tells what was lost.
    ///
    /// The rules, which are a Prometheus' own where it would not repair:
    ///
    /// - Series are known by their labels, whatever references they had.
    /// - Samples of the WAL that head chunks have already are left out, and so are those that are not later than the
    ///   sample before: what of them was not refused is in the WBL, in a chunk or in a block as well.
    /// - Out-of-order samples are never too old. Of two samples at one time, the one that was in order stays, else
    ///   that of a head chunk, else the first of the WBL.
    /// - Deletions hold for all samples of a series in their range.
    /// - A float staleness marker that follows a histogram is a histogram's.
    ///
    /// # Errors
    /// When a file cannot be read, and with `strict` when one is damaged.
    pub fn load(folder: &Path, min_valid_ms: i64, strict: bool) -> Result<Self, TsdbError> {
        Self::load_as(folder, min_valid_ms, &OpenOptions { strict, ..OpenOptions::default() })
    }

    /// The same with [`OpenOptions::strict`] and [`OpenOptions::cancel`].
    ///
    /// # Errors
    /// As for [`load`](Self::load), and when it is cancelled.
    pub fn load_as(folder: &Path, min_valid_ms: i64, options: &OpenOptions) -> Result<Self, TsdbError> {
        let chunks = HeadChunks::read(&folder.join("chunks_head"))?;
        let mut replay = Replay::new(chunks, min_valid_ms);
        let mut report = HeadReport::default();
        let logs = [("wal", &mut report.wal), ("wbl", &mut report.wbl)];
        for (name, log_report) in logs {
            let log = Log::find(&folder.join(name))?;
            log_report.segments = log.segments.len() as u64;
            log_report.bytes = log.bytes();
            log_report.checkpoint = log.checkpoint;
            log_report.gaps.clone_from(&log.gaps);
            let mut reader = Reader::new(&log);
            replay.log(&mut reader, log_report, name == "wbl", options)?;
            log_report.damage = reader.into_damage();
        }
        let store = replay.finish(&mut report);
        options.go_on()?;
        let damage = report.damage().find(|damage| !damage.torn);
        if let Some(damage) = damage.filter(|_| options.strict) {
            return Err(damage.clone().into());
        }
        report.time_range = store.time_range();
        report.store_bytes = store.bytes() as u64;
        report.sample_bytes = store.sample_bytes() as u64;
        Ok(Self { store, report })
    }

    /// What was loaded, and what was not.
    #[must_use]
    pub fn report(&self) -> &HeadReport {
        &self.report
    }

    /// The samples.
    #[must_use]
    pub fn store(&self) -> &MemStore {
        &self.store
    }

    /// Store and report.
    #[must_use]
    pub fn into_parts(self) -> (MemStore, HeadReport) {
        (self.store, self.report)
    }
}
