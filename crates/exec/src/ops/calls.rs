//! Functions of instant vectors: one match from kernel variant to operator.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use promqlite_functions::{Function, Kernel, MapArgsFn, MetricNameRule};
use promqlite_model::{Annotation, Batch, Grid, Labels, LabelsBuilder, Matcher, Validity, ValueType};
use promqlite_plan::{Node, NodeBox, NodeKind};

use crate::block::Block;
use crate::budget::{Held, Tally};
use crate::build::{one_row, open};
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema, first_error};
use crate::ops::absent::open_absent;
use crate::ops::classic::{Statistic, open_histogram};
use crate::ops::labels::{Join, Replace};
use crate::ops::map::{drop_names, map};
use crate::ops::merge::{Conflict, merge_equal};
use crate::ops::scalar::{Numbers, scalar};
use crate::ops::sort::{open_sort, open_sort_by_label};
use crate::run::Query;

/// Opens a call whose result is a vector.
pub(crate) fn open_call<'q>(
    node: &'q Node,
    function: &'static Function,
    args: &'q [NodeBox],
    matchers: &[Matcher],
    query: &'q Query<'q>,
    cx: &Cx<'q>,
) -> Result<Opened<'q>, ExecError> {
    let vector = |i: usize| open(&args[i], query, cx);
    let opened = match function.kernel {
        Kernel::Map(f) => map(vector(0)?, move |batch, _| {
            batch.drop_histograms();
            f(batch.values_mut());
            Ok(())
        }),
        Kernel::MapArgs(f) => {
            let input = vector(0)?;
            let numbers = args[1..].iter().map(|arg| scalar(arg, query, cx)).collect::<Result<Vec<_>, _>>();
            let numbers = numbers.map_err(|error| first_error(error, &[&input], cx))?;
            map_with_args(input, f, numbers)
        }
        Kernel::MapHistogram(f) | Kernel::MapHistogramTotals(f) => map(vector(0)?, move |batch, cx| {
            *batch = of_histograms(batch, f, cx)?;
            Ok(())
        }),
        Kernel::Calendar(f) if args.is_empty() => {
            let times = || node.grid.times().map(|t| f(t.0.div_euclid(1000))).collect();
            return one_row(Numbers::new(node.grid.len, cx, times)?, cx);
        }
        Kernel::Calendar(f) => map(vector(0)?, move |batch, _| {
            batch.drop_histograms();
            batch.values_mut().iter_mut().for_each(|v| *v = f(*v as i64));
            Ok(())
        }),
        Kernel::VectorOfScalar => return one_row(scalar(&args[0], query, cx)?, cx),
        Kernel::Timestamp => open_timestamp(&args[0], node.grid, query, cx)?,
        // Only selectors know start timestamps, and the plan makes nodes of another kind of those.
        Kernel::StartTimestamp => return Ok(Opened::empty(node.grid.len)),
        Kernel::Absent => return open_absent(&vector(0)?, matchers, cx),
        Kernel::Sort(direction) => {
            note_sort(node, cx)?;
            open_sort(vector(0)?, direction, cx)?
        }
        Kernel::SortByLabel(direction) => {
            note_sort(node, cx)?;
            let labels = texts(&args[1..])?;
            open_sort_by_label(vector(0)?, &labels, direction, cx)?
        }
        Kernel::LabelReplace => {
            check_label_name(&args[1], "destination", function.name)?;
            let t = texts(&args[1..])?;
            let replace = Replace::new(t[0], t[1], t[2], t[3], cx)?;
            return replace.open(vector(0)?, cx);
        }
        Kernel::LabelJoin => {
            args[3..].iter().try_for_each(|source| check_label_name(source, "source", function.name))?;
            check_label_name(&args[1], "destination", function.name)?;
            let t = texts(&args[1..])?;
            let join = Join::new(t[0], t[1], &t[2..])?;
            return join.open(vector(0)?, cx);
        }
        Kernel::HistogramQuantile => {
            let q = scalar(&args[0], query, cx)?;
            note_quantile(&q, &args[0], cx)?;
            let quantile = Statistic::Quantile(&q);
            refuse_twins(open_histogram(quantile, &vector(1)?, node.grid, args[1].pos, cx)?, cx)?
        }
        Kernel::HistogramQuantiles => open_quantiles(node.grid, args, query, cx)?,
        Kernel::HistogramFraction => {
            let (lower, upper) = (scalar(&args[0], query, cx)?, scalar(&args[1], query, cx)?);
            let fraction = Statistic::Fraction(&lower, &upper);
            refuse_twins(open_histogram(fraction, &vector(2)?, node.grid, args[2].pos, cx)?, cx)?
        }
        Kernel::Range(_)
        | Kernel::AbsentOverTime
        | Kernel::Info
        | Kernel::Constant(_)
        | Kernel::Time
        | Kernel::QueryRange(_)
        | Kernel::ScalarPair(_)
        | Kernel::ScalarOfVector => {
            unreachable!("invariant: the plan gives these functions nodes of their own")
        }
    };
    drop_names(opened, function.metric_name, Conflict::SameStep, cx)
}

/// The text of a string node.
pub(crate) fn text(node: &Node) -> Result<&str, ExecError> {
    match &node.kind {
        NodeKind::String(bytes) => bytes
            .as_str()
            .ok_or_else(|| ExecError::Evaluation(format!("string argument {bytes:?} is not valid UTF-8"))),
        _ => unreachable!("invariant: the check binds string arguments to string literals"),
    }
}

/// Refuses bytes that cannot be a label's name in the words for that argument.
fn check_label_name(node: &Node, role: &str, function: &str) -> Result<(), ExecError> {
    match &node.kind {
        NodeKind::String(bytes) if bytes.as_str().is_none() => {
            let name = String::from_utf8_lossy(bytes.as_bytes());
            Err(ExecError::Evaluation(format!("invalid {role} label name in {function}(): {name}")))
        }
        _ => Ok(()),
    }
}

/// The label name of a string node: not empty, and UTF-8.
pub(crate) fn label_name(node: &Node) -> Result<&str, ExecError> {
    match &node.kind {
        NodeKind::String(bytes) => bytes.as_str().filter(|name| !name.is_empty()).ok_or_else(|| {
            let quoted = promqlite_plan::go_quote(bytes.as_bytes());
            ExecError::Evaluation(format!("invalid label name {quoted}"))
        }),
        _ => unreachable!("invariant: the check binds string arguments to string literals"),
    }
}

fn texts(args: &[NodeBox]) -> Result<Vec<&str>, ExecError> {
    args.iter().map(|arg| text(arg)).collect()
}

fn map_with_args<'q>(input: Opened<'q>, f: MapArgsFn, numbers: Vec<Numbers>) -> Opened<'q> {
    map(input, move |batch, _| {
        batch.drop_histograms();
        let args: Vec<&[f64]> = numbers.iter().map(|numbers| &**numbers).collect();
        for row in 0..batch.rows() {
            let mut row = batch.row_mut(row);
            let (values, valid) = row.floats();
            f(values, valid, &args);
        }
        Ok(())
    })
}

fn of_histograms(
    batch: &Batch,
    f: fn(promqlite_model::histogram::HistogramView<'_>) -> f64,
    cx: &Cx<'_>,
) -> Result<Block, ExecError> {
    let mut out = Block::empty(batch.rows(), batch.steps(), cx)?;
    if batch.histograms().is_none() {
        return Ok(out);
    }
    for row in 0..batch.rows() {
        for step in 0..batch.steps() {
            if let Some(histogram) = batch.histogram(row, step) {
                out.set_float(row, step, f(histogram));
            }
        }
    }
    Ok(out)
}

/// The time of the step wherever the argument has a sample. Of a selector the plan makes a node that emits the
/// samples' own times.
fn open_timestamp<'q>(
    arg: &'q Node,
    grid: Grid,
    query: &'q Query<'q>,
    cx: &Cx<'q>,
) -> Result<Opened<'q>, ExecError> {
    let input = open(arg, query, cx)?;
    Ok(map(input, move |batch, cx| {
        let mut out = Block::empty(batch.rows(), batch.steps(), cx)?;
        for row in 0..batch.rows() {
            for step in (0..batch.steps()).filter(|&step| batch.has(row, step)) {
                out.set_float(row, step, grid.time(step).seconds());
            }
        }
        *batch = out;
        Ok(())
    }))
}

fn note_sort(node: &Node, cx: &Cx<'_>) -> Result<(), ExecError> {
    if node.grid.len > 1 {
        cx.note(Annotation::SortInRangeQuery, node.pos)?;
    }
    Ok(())
}

fn note_quantile(q: &[f64], arg: &Node, cx: &Cx<'_>) -> Result<(), ExecError> {
    let mut last = f64::NEG_INFINITY.to_bits() ^ 1;
    for &q in q.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
        if q.to_bits() != last {
            cx.note(Annotation::InvalidQuantile(q), arg.pos)?;
            last = q.to_bits();
        }
    }
    Ok(())
}

/// With delayed name removal, equal labels at one step are an error of range queries here, and of instant queries in
/// the end. One quantile twice gives them, and native histograms with different `le` do.
fn refuse_twins<'q>(opened: Opened<'q>, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    if cx.settings.delayed_name_removal && opened.steps > 1 {
        merge_equal(opened, Conflict::SameStep, cx)
    } else {
        Ok(opened)
    }
}

/// `histogram_quantiles(v, label, q…)`: a row per quantile and histogram.
fn open_quantiles<'q>(
    grid: Grid,
    args: &'q [NodeBox],
    query: &'q Query<'q>,
    cx: &Cx<'q>,
) -> Result<Opened<'q>, ExecError> {
    let input = open(&args[0], query, cx)?;
    let block = input.read_all(cx)?;
    let held = cx.hold(input.schema.bytes())?;
    let input = Opened::materialized(input.schema, block).holding(held);
    let name = text(&args[1])?;
    if name.is_empty() {
        return Err(ExecError::Evaluation(format!("invalid label name {}", promqlite_model::quote(name))));
    }
    let name = cx.intern(name)?;
    let mut schema = Schema::default();
    let mut batches = Vec::new();
    let mut tally = Tally::new(cx, 0)?;
    for arg in &args[2..] {
        let q = scalar(arg, query, cx)?;
        note_quantile(&q, arg, cx)?;
        let (runs, _runs_held) = runs_of_equal(&q, cx)?;
        for (steps, text) in runs {
            let value = cx.intern(&text)?;
            let one = open_histogram(Statistic::Quantile(&q), &input, grid, args[0].pos, cx)?;
            let mut batch = one.read_all(cx)?;
            keep_steps(&mut batch, &steps);
            for labels in one.schema.labels.iter() {
                let labels = LabelsBuilder::from_labels(labels).set(name, value).build(&cx.symbols);
                tally.add(labels.bytes() + 3 * size_of::<Labels>())?;
                schema.labels.push(labels);
            }
            schema.drop_name.extend((0..one.rows()).map(|row| one.schema.drops_name(row)));
            batches.push(batch);
        }
    }
    let block = Block::concat(&batches, grid.len, cx)?;
    let opened = Opened::materialized(schema, block).holding(tally.finish()?);
    if cx.settings.delayed_name_removal {
        return refuse_twins(opened, cx);
    }
    drop_names(opened, MetricNameRule::Drop, Conflict::SameStep, cx)
}

/// What a distinct quantile takes beside its bits: a label text and places in growing tables.
const RUN_BYTES: usize = 300;

/// The distinct values of a parameter, each with the steps at which it holds and its label text.
fn runs_of_equal(q: &[f64], cx: &Cx<'_>) -> Result<(Vec<(Validity, String)>, Held), ExecError> {
    let mut held = cx.hold(0)?;
    let mut slots: HashMap<u64, usize, RandomState> = HashMap::default();
    let mut runs: Vec<(Validity, String)> = Vec::new();
    for (step, &q_at) in q.iter().enumerate() {
        let slot = match slots.get(&q_at.to_bits()) {
            Some(&slot) => slot,
            None => {
                cx.check()?;
                held.add(q.len() / 8 + RUN_BYTES)?;
                slots.insert(q_at.to_bits(), runs.len());
                let text = promqlite_functions::buckets::quantile_label(q_at);
                runs.push((Validity::none(1, q.len()), text));
                runs.len() - 1
            }
        };
        runs[slot].0.set(0, step);
    }
    Ok((runs, held))
}

fn keep_steps(batch: &mut Batch, steps: &Validity) {
    for row in 0..batch.rows() {
        let words = batch.valid_mut().row_mut(row);
        words.iter_mut().zip(steps.row(0)).for_each(|(word, keep)| *word &= keep);
    }
}

/// Whether a node is a scalar.
pub(crate) fn is_scalar(node: &Node) -> bool {
    node.ty == ValueType::Scalar
}
