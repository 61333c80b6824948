//! Carries out `load`: appends the data of a block to a store under Prometheus' storage rules.

use std::collections::BTreeMap;

use promqlite::histogram::FloatHistogram;
use promqlite::storage::SeriesId;
use promqlite::{LabelSet, MemStore, STALE_NAN, SampleBuf, is_stale};

use crate::error::LoadError;
use crate::hints::HintRun;
use crate::nhcb;
use crate::script::Load;
use crate::values::ItemValue;

/// A store being filled, with what must be remembered per series.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    store: MemStore,
    heads: BTreeMap<usize, Head>,
}

/// The newest end of a series.
#[derive(Debug, Default)]
struct Head {
    newest_ms: Option<i64>,
    hints: HintRun,
}

/// One sample to be appended.
struct NewSample<'a> {
    t_ms: i64,
    start_ms: i64,
    value: NewValue<'a>,
}

enum NewValue<'a> {
    Float(f64),
    Histogram(&'a FloatHistogram),
}

impl Loader {
    /// The store.
    pub(crate) fn store(&self) -> &MemStore {
        &self.store
    }

    /// Adds the data of a block.
    pub(crate) fn load(&mut self, load: &Load) -> Result<(), LoadError> {
        let time = |k: usize| load.interval.0.saturating_mul(k as i64);
        for series in &load.series {
            let id = self.series(&series.labels);
            for (k, value) in series.values.iter().enumerate() {
                let value = match value {
                    ItemValue::Gap => continue,
                    ItemValue::Float(v) => NewValue::Float(*v),
                    ItemValue::Histogram { histogram, .. } => NewValue::Histogram(histogram),
                };
                let offset = series.start_offsets.get(k).copied().flatten();
                let start_ms = offset.map_or(0, |offset| time(k).saturating_add(offset));
                self.append(id, &series.labels, series.line, NewSample { t_ms: time(k), start_ms, value })?;
            }
        }
        if load.with_nhcb {
            for series in nhcb::derive(load)? {
                let id = self.series(&series.labels);
                for (k, histogram) in &series.values {
                    let value = NewValue::Histogram(histogram);
                    let sample = NewSample { t_ms: time(*k), start_ms: 0, value };
                    self.append(id, &series.labels, load.line, sample)?;
                }
            }
        }
        Ok(())
    }

    fn series(&self, labels: &LabelSet) -> SeriesId {
        self.store.series_of(labels.iter())
    }

    fn append(
        &mut self,
        id: SeriesId,
        labels: &LabelSet,
        line: usize,
        sample: NewSample<'_>,
    ) -> Result<(), LoadError> {
        let series = || labels.to_string();
        let t_ms = sample.t_ms;
        let head = self.heads.entry(id.index()).or_default();
        if let Some(newest_ms) = head.newest_ms.filter(|&newest| t_ms < newest) {
            return Err(LoadError::OutOfOrder { line, series: series(), t_ms, newest_ms });
        }
        let mut column = SampleBuf::default();
        match sample.value {
            NewValue::Float(v) => {
                head.hints.end();
                column.push(t_ms, if is_stale(v) { STALE_NAN } else { v });
            }
            NewValue::Histogram(histogram) => {
                let source = histogram.view().check_counts();
                source.map_err(|source| LoadError::Histogram { line, series: series(), source })?;
                let hint = head.hints.next(histogram);
                column.push_histogram(t_ms, histogram.view().with_hint(hint));
            }
        }
        column.set_start_time(sample.start_ms);
        head.newest_ms = Some(t_ms);
        match self.store.append_samples(id, &column.samples()).conflicts {
            0 => Ok(()),
            _ => Err(LoadError::Conflict { line, series: series(), t_ms }),
        }
    }
}
