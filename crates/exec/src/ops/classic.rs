//! `histogram_quantile`, `histogram_quantiles`, `histogram_fraction`: buckets of one histogram are brought
//! together by labels, then computed step by step.

use promqlite_functions::buckets::{Bucket, BucketQuantile, bucket_fraction, bucket_quantile, parse_le};
use promqlite_model::histogram::{Fraction, HistogramView, Quantile, QuantileNote};
use promqlite_model::{Annotation, Annotations, Batch, ForcedMonotonicity, Grid, Labels, Pos, Symbol};

use crate::block::Block;
use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema};
use crate::ops::grouping::{Grouper, Groups, KeyLabels};
use crate::ops::small_groups::{Pieces, SmallGroups};

/// What is computed of each histogram.
#[derive(Clone, Copy)]
pub(crate) enum Statistic<'n> {
    /// The quantile of each step.
    Quantile(&'n [f64]),
    /// The fraction of observations between two bounds of each step.
    Fraction(&'n [f64], &'n [f64]),
}

/// What a row may take here beside its group: a histogram of its own with a bucket or two, in lists that grow and
/// are put in order.
const ROW_BYTES: usize = 400;

/// The rows of one output series, by their numbers in a batch.
struct Histogram {
    /// Rows of native histograms with exactly these labels.
    native: Vec<usize>,
    /// Classic buckets: upper bound and row.
    buckets: Vec<(f64, usize)>,
    metric: String,
    output: Output,
}

/// Computes one statistic of a vector of classic and native histograms. Where steps are many, the buckets of some
/// histograms at a time are read.
pub(crate) fn open_histogram<'q>(
    statistic: Statistic<'_>,
    input: &Opened<'_>,
    grid: Grid,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let compute = |batch: Block, rows: &[usize]| -> Result<Computed, ExecError> {
        let mut held = cx.hold(batch.rows() * ROW_BYTES)?;
        let histograms = histograms_of(&batch, rows, &input.schema, pos, cx)?;
        let block = Computation { statistic, input: &batch, grid, pos }.run(&histograms, cx)?;
        let series: Vec<Output> = histograms.into_iter().map(|histogram| histogram.output).collect();
        held.resize(series.len() * size_of::<Output>())?;
        Ok(Computed { series, block, held })
    };
    if SmallGroups::may_pay(input.rows(), input.steps) {
        // Whatever the rows hold, only these meet in one histogram.
        let key = KeyLabels::Except(vec![Symbol::LE]);
        let groups = Groups::by_key(&input.schema.labels, &key, cx)?;
        if let Some(small) = SmallGroups::of(&groups, input.steps, cx)? {
            let mut parts = Vec::new();
            let some = |_, rows: &[usize]| compute(input.read_some(rows, cx)?, rows);
            small.fold(cx, some, |part| {
                parts.push(part);
                Ok(())
            })?;
            return in_order(parts, input, cx);
        }
    }
    let rows: Vec<usize> = (0..input.rows()).collect();
    in_order(vec![compute(input.read_all(cx)?, &rows)?], input, cx)
}

/// An output series.
struct Output {
    labels: Labels,
    drop_name: bool,
    /// Whether native histograms have these labels.
    is_native: bool,
    /// The first input row that has a sample.
    first_row: usize,
}

/// Some output series and their cells.
struct Computed {
    series: Vec<Output>,
    block: Block,
    held: Held,
}

/// The series that come of native histograms, then those that come of classic ones only, as the reference has them;
/// both in the order of their first rows.
fn in_order<'q>(parts: Vec<Computed>, input: &Opened<'_>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    let mut held = cx.hold(0)?;
    let (mut series, mut blocks) = (Vec::new(), Vec::new());
    for part in parts {
        series.extend(part.series);
        blocks.push(part.block);
        held.absorb(part.held);
    }
    held.add(series.len() * (size_of::<usize>() + size_of::<Labels>()))?;
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.sort_by_key(|&i| (!series[i].is_native, series[i].first_row));
    let mut schema = Schema::new(Vec::with_capacity(series.len()));
    schema.labels.extend(order.iter().map(|&i| series[i].labels.clone()));
    if !input.schema.drop_name.is_empty() {
        schema.drop_name = order.iter().map(|&i| series[i].drop_name).collect();
    }
    let pieces = Pieces::new(blocks, input.steps);
    if order.is_sorted() {
        return Ok(Opened::new(schema, input.steps, pieces).holding(held));
    }
    let block = Opened::new(Schema::default(), input.steps, pieces).read_some(&order, cx)?;
    Ok(Opened::materialized(schema, block).holding(held))
}

/// The histograms that rows of the input make up; row `i` of `batch` is row `rows[i]` there.
fn histograms_of(
    batch: &Batch,
    rows: &[usize],
    schema: &Schema,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Vec<Histogram>, ExecError> {
    let all = KeyLabels::Except(Vec::new());
    let mut grouper = Grouper::new(&all, cx)?;
    let mut histograms: Vec<Histogram> = Vec::new();
    let mut slot_of = |labels: &Labels, row: usize, histograms: &mut Vec<Histogram>| {
        let slot = grouper.insert(labels)? as usize;
        if slot == histograms.len() {
            let output = Output {
                labels: labels.without(|name| name == Symbol::LE),
                drop_name: schema.drops_name(row),
                is_native: false,
                first_row: row,
            };
            let metric = annotated_name(labels, cx);
            histograms.push(Histogram { native: Vec::new(), buckets: Vec::new(), metric, output });
        }
        Ok::<_, ExecError>(slot)
    };
    for (at, &row) in rows.iter().enumerate() {
        let labels = &schema.labels[row];
        if batch.histograms().is_some_and(|h| h.any(at)) {
            let slot = slot_of(labels, row, &mut histograms)?;
            histograms[slot].native.push(at);
            histograms[slot].output.is_native = true;
        }
        if !batch.valid().any(at) {
            continue;
        }
        let le = cx.symbols.get(labels.get(Symbol::LE));
        let Some(bound) = parse_le(le) else {
            let metric = annotated_name(labels, cx);
            cx.note(Annotation::BadBucketLabel { le: le.to_owned(), metric }, pos)?;
            continue;
        };
        let slot = slot_of(&labels.without(|name| name == Symbol::LE), row, &mut histograms)?;
        histograms[slot].buckets.push((bound, at));
    }
    for histogram in &mut histograms {
        histogram.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    Ok(histograms)
}

/// The metric name as annotations about histograms show it: only while names are still there.
fn annotated_name(labels: &Labels, cx: &Cx<'_>) -> String {
    if cx.settings.delayed_name_removal {
        cx.symbols.get(labels.get(Symbol::NAME)).to_owned()
    } else {
        String::new()
    }
}

/// A statistic of some histograms of a batch.
struct Computation<'a> {
    statistic: Statistic<'a>,
    input: &'a Batch,
    grid: Grid,
    pos: Pos,
}

impl Computation<'_> {
    fn run(&self, histograms: &[Histogram], cx: &Cx<'_>) -> Result<Block, ExecError> {
        let steps = self.input.steps();
        let mut out = Block::empty(histograms.len(), steps, cx)?;
        let mut notes = Annotations::default();
        let mut scratch: Vec<Bucket> = Vec::new();
        for (at, histogram) in histograms.iter().enumerate() {
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
        match self.statistic {
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
        let (value, note) = match self.statistic {
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
