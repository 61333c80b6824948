//! Logs into samples.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use promqlite_model::{Labels, SampleBuf, Symbols, TimeRange, is_stale};
use promqlite_storage::{MemStore, Metadata, MetricKind, Storage};

use super::chunks::HeadChunks;
use super::report::{Dropped, HeadReport, LogReport};
use super::series::HeadSeries;
use crate::block::OpenOptions;
use crate::error::{Malformed, TsdbError};
use crate::wal::{
    Damage, FloatSample, HistogramSample, Reader, Record, SeriesEntry, SeriesMetadata, Tombstone,
};

/// A head being put together.
pub(super) struct Replay {
    store: MemStore,
    chunks: HeadChunks,
    min_valid_ms: i64,
    series: Vec<HeadSeries>,
    by_labels: HashMap<Labels, u32, RandomState>,
    by_reference: HashMap<u64, u32, RandomState>,
    dropped: Dropped,
    /// A chunk that is being decoded.
    scratch: SampleBuf,
    chunk_damage: Vec<Damage>,
}

impl Replay {
    pub(super) fn new(chunks: HeadChunks, min_valid_ms: i64) -> Self {
        Self {
            store: MemStore::new(),
            chunks,
            min_valid_ms,
            series: Vec::new(),
            by_labels: HashMap::default(),
            by_reference: HashMap::default(),
            dropped: Dropped::default(),
            scratch: SampleBuf::default(),
            chunk_damage: Vec::new(),
        }
    }

    /// Replays a log: the WAL, or, `late`, the WBL.
    pub(super) fn log(
        &mut self,
        reader: &mut Reader,
        report: &mut LogReport,
        late: bool,
        options: &OpenOptions,
    ) -> Result<(), TsdbError> {
        while let Some(record) = reader.next()? {
            options.go_on()?;
            if let Err(problem) = self.record(record.data, report, late) {
                reader.reject_record(&problem);
            }
        }
        Ok(())
    }

    /// Puts everything into the store and completes the report.
    pub(super) fn finish(mut self, report: &mut HeadReport) -> MemStore {
        let lost = self.chunks.series().filter(|(reference, _)| !self.by_reference.contains_key(reference));
        let lost: usize = lost.map(|(_, chunks)| chunks).sum();
        report.head_chunks = std::mem::take(&mut self.chunks.report);
        report.head_chunks.unknown_series = lost as u64;
        report.head_chunks.damage.append(&mut self.chunk_damage);
        drop(std::mem::take(&mut self.chunks));
        for series in self.series {
            let (summary, deleted) = series.store(&self.store);
            report.samples += summary.added;
            self.dropped.duplicates += summary.duplicates;
            self.dropped.conflicts += summary.conflicts;
            self.dropped.deleted += deleted;
        }
        self.store.optimize();
        report.series = self.store.series_count() as u64;
        report.dropped = self.dropped;
        self.store
    }

    /// Takes a record as a whole or not at all.
    fn record(&mut self, data: &[u8], report: &mut LogReport, late: bool) -> Result<(), Malformed> {
        let (kind, record) = Record::decode(data)?;
        match record {
            Record::Series(entries) => {
                let entries: Vec<SeriesEntry<'_>> = entries.collect::<Result<_, _>>()?;
                report.series += entries.len() as u64;
                entries.iter().for_each(|entry| self.add_series(entry));
            }
            Record::Samples(entries) => {
                let entries: Vec<FloatSample> = entries.collect::<Result<_, _>>()?;
                report.float_samples += entries.len() as u64;
                entries.iter().for_each(|sample| self.add_float(sample, late));
            }
            Record::Histograms(entries) => {
                let entries: Vec<HistogramSample> = entries.collect::<Result<_, _>>()?;
                report.histogram_samples += entries.len() as u64;
                entries.iter().for_each(|sample| self.add_histogram(sample, late));
            }
            Record::Tombstones(entries) => {
                let entries: Vec<Tombstone> = entries.collect::<Result<_, _>>()?;
                entries.iter().for_each(|tombstone| self.delete(tombstone));
            }
            Record::Metadata(entries) => {
                let entries: Vec<SeriesMetadata<'_>> = entries.collect::<Result<_, _>>()?;
                entries.iter().for_each(|metadata| self.set_metadata(metadata));
            }
            Record::Exemplars(entries) => report.exemplars += count(entries)?,
            // Samples that are in a chunk as well are told apart by their times.
            Record::MmapMarkers(entries) => _ = count(entries)?,
        }
        *report.records.entry(kind).or_default() += 1;
        Ok(())
    }

    /// A reference and its labels. Its head chunks are read as soon as their series is known.
    fn add_series(&mut self, entry: &SeriesEntry<'_>) {
        let labels = Labels::new(self.store.symbols(), entry.labels.iter());
        let series = &mut self.series;
        let index = *self.by_labels.entry(labels).or_insert_with_key(|labels| {
            series.push(HeadSeries::new(labels.clone()));
            series.len() as u32 - 1
        });
        if self.by_reference.insert(entry.reference, index).is_none() {
            self.add_chunks(entry.reference, index);
        }
    }

    fn add_chunks(&mut self, reference: u64, index: u32) {
        let series = &mut self.series[index as usize];
        series.start_chunks();
        for chunk in self.chunks.of_series(reference) {
            if !chunk.out_of_order && chunk.max_ms < self.min_valid_ms {
                continue;
            }
            self.chunk_damage.extend(self.chunks.decode(chunk, &mut self.scratch).err());
            series.add_chunk(&self.scratch.samples(), chunk.out_of_order);
        }
    }

    fn add_float(&mut self, sample: &FloatSample, late: bool) {
        let Some(index) = self.series_of(sample.reference, sample.t_ms, late) else { return };
        if late {
            return self.series[index as usize].add_late_float(sample);
        }
        if self.accepts(index, sample.t_ms) {
            self.series[index as usize].add_float(sample);
        }
        self.series[index as usize].note_kind(is_stale(sample.value), false);
    }

    fn add_histogram(&mut self, sample: &HistogramSample, late: bool) {
        let Some(index) = self.series_of(sample.reference, sample.t_ms, late) else { return };
        if late {
            return self.series[index as usize].add_late_histogram(sample);
        }
        if self.accepts(index, sample.t_ms) {
            self.series[index as usize].add_histogram(sample);
        }
        self.series[index as usize].note_kind(false, true);
    }

    /// The series of a sample, if it is known. What told of series that are in blocks alone may be gone from the WAL.
    fn series_of(&mut self, reference: u64, t_ms: i64, late: bool) -> Option<u32> {
        let index = self.by_reference.get(&reference).copied();
        if index.is_none() {
            let in_blocks = !late && t_ms < self.min_valid_ms;
            let reason =
                if in_blocks { &mut self.dropped.in_blocks } else { &mut self.dropped.unknown_series };
            *reason += 1;
        }
        index
    }

    /// Whether a sample of the WAL is to be kept.
    fn accepts(&mut self, index: u32, t_ms: i64) -> bool {
        let series = &mut self.series[index as usize];
        let reason = if t_ms < self.min_valid_ms {
            &mut self.dropped.in_blocks
        } else if series.accepted.is_some_and(|accepted| t_ms <= accepted) {
            &mut self.dropped.out_of_order
        } else {
            series.accepted = Some(t_ms);
            if !series.chunks_have(t_ms) {
                return true;
            }
            &mut self.dropped.duplicates
        };
        *reason += 1;
        false
    }

    fn delete(&mut self, tombstone: &Tombstone) {
        let Some(&index) = self.by_reference.get(&tombstone.reference) else { return };
        let series = &mut self.series[index as usize];
        // All of time: no user's deletion, but the word that the series went to a block before the others did.
        if (tombstone.start_ms, tombstone.end_ms) == (i64::MIN, i64::MAX) {
            self.dropped.in_blocks += series.evict();
        } else {
            series.delete(TimeRange::new(tombstone.start_ms, tombstone.end_ms));
        }
    }

    fn set_metadata(&mut self, metadata: &SeriesMetadata<'_>) {
        let Some(&index) = self.by_reference.get(&metadata.reference) else { return };
        let name = metric_name(&self.series[index as usize].labels, self.store.symbols());
        if name.is_empty() {
            return;
        }
        self.store.set_metadata(Metadata {
            family: family(&name, metadata.kind).to_owned(),
            kind: metadata.kind,
            unit: metadata.unit.to_owned(),
            help: metadata.help.to_owned(),
        });
    }
}

fn count<T>(entries: impl Iterator<Item = Result<T, Malformed>>) -> Result<u64, Malformed> {
    entries.map(|entry| entry.map(|_| 1)).sum()
}

fn metric_name(labels: &Labels, symbols: &Symbols) -> String {
    let name = symbols.lookup("__name__").map(|name| symbols.get(labels.get(name)));
    name.unwrap_or_default().to_owned()
}

/// The family that a series of name `name` belongs to.
fn family(name: &str, kind: MetricKind) -> &str {
    let suffixes: &[&str] = match kind {
        MetricKind::Histogram => &["_bucket", "_count", "_sum"],
        MetricKind::GaugeHistogram => &["_bucket", "_gcount", "_gsum"],
        MetricKind::Summary => &["_count", "_sum"],
        _ => &[],
    };
    suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name)
}
