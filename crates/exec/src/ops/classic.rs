//! `histogram_quantile`, `histogram_quantiles`, `histogram_fraction`: buckets of one histogram are brought
//! together by labels, then computed step by step.

use std::ops::Range;
use std::sync::Arc;

use promqlite_functions::buckets::{Bucket, BucketQuantile, bucket_fraction, bucket_quantile, parse_le};
use promqlite_model::histogram::{Fraction, HistogramView, Quantile, QuantileNote};
use promqlite_model::{Annotation, Annotations, Batch, ForcedMonotonicity, Grid, Labels, Pos, Symbol};

use crate::block::Block;
use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema, Source};
use crate::ops::grouping::{Grouper, KeyLabels};
use crate::ops::scalar::Numbers;

/// What is computed of each histogram.
pub(crate) enum Statistic {
    /// The quantile of each step.
    Quantile(Arc<Numbers>),
    /// The fraction of observations between two bounds of each step.
    Fraction(Numbers, Numbers),
}

/// What a row may take here beside its group: a histogram of its own with a bucket or two, in lists that grow and
/// are put in order.
const ROW_BYTES: usize = 400;

/// The rows of one output series.
struct Histogram {
    /// Rows of native histograms with exactly these labels.
    native: Vec<usize>,
    /// Classic buckets: upper bound and row.
    buckets: Vec<(f64, usize)>,
    metric: String,
}

/// Opens one statistic over a vector of classic and native histograms.
pub(crate) struct ClassicHistogram {
    statistic: Statistic,
    input: Block,
    histograms: Vec<Histogram>,
    grid: Grid,
    pos: Pos,
}

/// Groups the rows of the input once; several statistics can be computed of it.
pub(crate) fn open_histogram<'q>(
    statistic: Statistic,
    input: &Opened<'_>,
    grid: Grid,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let batch = input.read_all(cx)?;
    let (histograms, schema, held) = group_rows(&batch, &input.schema, pos, cx)?;
    let steps = input.steps;
    let source = ClassicHistogram { statistic, input: batch, histograms, grid, pos };
    Ok(Opened::new(schema, steps, source).holding(held))
}

fn group_rows(
    batch: &Batch,
    schema: &Schema,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<(Vec<Histogram>, Schema, Held), ExecError> {
    let all = KeyLabels::Except(Vec::new());
    let mut grouper = Grouper::new(&all, cx)?;
    let mut held = cx.hold(batch.rows() * ROW_BYTES)?;
    let mut histograms: Vec<Histogram> = Vec::new();
    let mut drop_name = Vec::new();
    let mut slot_of = |labels: &Labels, row: usize, histograms: &mut Vec<Histogram>| {
        let slot = grouper.insert(labels)? as usize;
        if slot == histograms.len() {
            let metric = annotated_name(labels, cx);
            histograms.push(Histogram { native: Vec::new(), buckets: Vec::new(), metric });
            drop_name.push(schema.drops_name(row));
        }
        Ok::<_, ExecError>(slot)
    };
    for row in 0..batch.rows() {
        let labels = &schema.labels[row];
        if batch.histograms().is_some_and(|h| h.any(row)) {
            let slot = slot_of(labels, row, &mut histograms)?;
            histograms[slot].native.push(row);
        }
        if !batch.valid().any(row) {
            continue;
        }
        let le = cx.symbols.get(labels.get(Symbol::LE));
        let Some(bound) = parse_le(le) else {
            let metric = annotated_name(labels, cx);
            cx.note(Annotation::BadBucketLabel { le: le.to_owned(), metric }, pos)?;
            continue;
        };
        let slot = slot_of(&labels.without(|name| name == Symbol::LE), row, &mut histograms)?;
        histograms[slot].buckets.push((bound, row));
    }
    for histogram in &mut histograms {
        histogram.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let (keys, keys_held) = grouper.finish()?;
    held.absorb(keys_held);
    let mut schema = Schema { labels: keys, drop_name, distinct: false };
    // Native results come first, then classic ones, as the reference has them.
    let mut order: Vec<usize> = (0..histograms.len()).collect();
    order.sort_by_key(|&i| histograms[i].native.is_empty());
    schema = schema.take(&order, cx)?;
    for labels in schema.labels.iter_mut() {
        *labels = labels.without(|name| name == Symbol::LE);
    }
    let mut slots: Vec<Option<Histogram>> = histograms.into_iter().map(Some).collect();
    Ok((order.iter().filter_map(|&i| slots[i].take()).collect(), schema, held))
}

/// The metric name as annotations about histograms show it: only while names are still there.
fn annotated_name(labels: &Labels, cx: &Cx<'_>) -> String {
    if cx.settings.delayed_name_removal {
        cx.symbols.get(labels.get(Symbol::NAME)).to_owned()
    } else {
        String::new()
    }
}

impl Source for ClassicHistogram {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let steps = self.input.steps();
        let mut out = Block::empty(rows.len(), steps, cx)?;
        let mut notes = Annotations::default();
        let mut scratch: Vec<Bucket> = Vec::new();
        for (at, row) in rows.enumerate() {
            let histogram = &self.histograms[row];
            for step in 0..steps {
                if step % 1024 == 0 {
                    cx.check()?;
                }
                scratch.clear();
                scratch.extend(histogram.buckets.iter().filter_map(|&(upper, row)| {
                    self.input.float(row, step).map(|count| Bucket { upper, count })
                }));
                let native = histogram.native.iter().find_map(|&row| self.input.histogram(row, step));
                if let Some(value) = self.cell(histogram, native, &mut scratch, step, &mut notes) {
                    out.set_float(at, step, value);
                }
            }
        }
        cx.note_all(notes)?;
        Ok(out)
    }
}

impl ClassicHistogram {
    fn cell(
        &self,
        histogram: &Histogram,
        native: Option<HistogramView<'_>>,
        buckets: &mut Vec<Bucket>,
        step: usize,
        notes: &mut Annotations,
    ) -> Option<f64> {
        match native {
            Some(_) if !buckets.is_empty() => {
                let metric = histogram.metric.clone();
                notes.add(Annotation::MixedClassicNative { metric }, Some(self.pos));
                None
            }
            Some(native) => Some(self.native_cell(native, &histogram.metric, step, notes)),
            None if buckets.is_empty() => None,
            None => Some(self.classic_cell(buckets, &histogram.metric, step, notes)),
        }
    }

    fn classic_cell(
        &self,
        buckets: &mut Vec<Bucket>,
        metric: &str,
        step: usize,
        notes: &mut Annotations,
    ) -> f64 {
        match &self.statistic {
            Statistic::Quantile(q) => {
                let BucketQuantile { value, repair } = bucket_quantile(q[step], buckets);
                if let Some(forced) = repair {
                    let at = self.grid.time(step);
                    let annotation = Annotation::ForcedMonotonicity(ForcedMonotonicity {
                        metric: metric.to_owned(),
                        min_bound: forced.min_bound,
                        max_bound: forced.max_bound,
                        max_diff: forced.max_diff,
                        samples: 1,
                        first: at,
                        last: at,
                    });
                    notes.add(annotation, Some(self.pos));
                }
                value
            }
            Statistic::Fraction(lower, upper) => bucket_fraction(lower[step], upper[step], buckets),
        }
    }

    fn native_cell(&self, h: HistogramView<'_>, metric: &str, step: usize, notes: &mut Annotations) -> f64 {
        let metric = || metric.to_owned();
        let (value, note) = match &self.statistic {
            Statistic::Quantile(q) => {
                let Quantile { value, note } = h.quantile(q[step]);
                let note = note.map(|note| match note {
                    QuantileNote::ResultIsNan => Annotation::QuantileNanResult { metric: metric() },
                    QuantileNote::ResultIsSkewed => Annotation::QuantileNanSkewed { metric: metric() },
                });
                (value, note)
            }
            Statistic::Fraction(lower, upper) => {
                let Fraction { value, nan_excluded } = h.fraction(lower[step], upper[step]);
                (value, nan_excluded.then(|| Annotation::FractionNanExcluded { metric: metric() }))
            }
        };
        if let Some(note) = note {
            notes.add(note, Some(self.pos));
        }
        value
    }
}
