//! From plan nodes to opened operators: one exhaustive match.

use promqlite_functions::aggregate::AggregateKernel;
use promqlite_functions::{Function, Kernel, MetricNameRule};
use promqlite_model::{Batch, Labels, Matcher, Pos, Validity, ValueType};
use promqlite_plan::{Emit, Node, NodeBox, NodeKind, RangeInput, SelectorId, with_stack};

use crate::block::{Block, float_bytes};
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Materialized, Opened, Schema, Source};
use crate::ops::aggregate::{Param, Positions, open_aggregate};
use crate::ops::lookback::References;
use crate::ops::map::{drop_names, map};
use crate::ops::merge::Conflict;
use crate::ops::range::{Geometry, RangeFunction, RowSamples, range_kernel};
use crate::ops::scalar::{Numbers, scalar};
use crate::ops::select::InstantSelector;
use crate::ops::{absent, binary, calls, info};
use crate::run::Query;

/// Opens a vector node.
pub(crate) fn open<'q>(node: &'q Node, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Opened<'q>, ExecError> {
    with_stack(|| {
        let _at = cx.at_node(node);
        cx.check()?;
        let opened = open_kind(node, query, cx)?;
        cx.check_shape(opened.rows(), opened.steps)?;
        let held = cx.hold(opened.schema.bytes())?;
        let opened = opened.holding(held);
        Ok(match &cx.meter {
            Some(meter) => opened.measured(meter.node(node), meter),
            None => opened,
        })
    })
}

fn open_kind<'q>(node: &'q Node, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Opened<'q>, ExecError> {
    let steps = node.grid.len;
    cx.check_shape(0, steps)?;
    match &node.kind {
        NodeKind::Select { selector, at, lookback, smoothed, emit } => {
            if *emit == Emit::StartTimestamp && !cx.settings.use_start_timestamps {
                return Ok(Opened::empty(steps));
            }
            let selection = query.selection(*selector);
            let references = References::new(*at, steps);
            let (lookback, smoothed, emit, pos) = (*lookback, *smoothed, *emit, node.pos);
            let opened = InstantSelector { selection, references, lookback, smoothed, emit, pos }.open(cx)?;
            if emit == Emit::Value {
                return Ok(opened);
            }
            drop_names(opened, MetricNameRule::Drop, Conflict::SameStep, cx)
        }
        NodeKind::RangeFunction { function, input, args, range_arg, positions, absent_matchers } => {
            let call =
                RangeCall { function, args, range_arg: *range_arg, positions, matchers: absent_matchers };
            call.open(input, node, query, cx)
        }
        NodeKind::Call { function, args, matchers } => {
            calls::open_call(node, function, args, matchers, query, cx)
        }
        NodeKind::Info(info) => {
            let input = open(&info.input, query, cx)?;
            info::open_info(info, input, node.pos, cx)
        }
        NodeKind::Aggregate { aggregation, grouping, input, param } => {
            let param = open_param(aggregation.kernel, param.as_ref(), query, cx)?;
            let mark = cx.held_samples();
            let at = Positions { aggregation: node.pos, operand: input.pos };
            let opened =
                open_aggregate(aggregation.kernel, grouping, open(input, query, cx)?, param, at, cx)?;
            cx.release_samples_to(mark, 0);
            cx.hold_samples(opened.rows().saturating_mul(opened.steps))?;
            Ok(opened)
        }
        NodeKind::Binary { op, return_bool, lhs, rhs, matching } => {
            let (op, return_bool, pos) = (*op, *return_bool, node.pos);
            binary::open_binary(binary::Parts { op, return_bool, lhs, rhs, matching, pos }, query, cx)
        }
        NodeKind::Negate(input) => {
            let negated = map(open(input, query, cx)?, |batch, _| {
                binary::negate(batch);
                Ok(())
            });
            drop_names(negated, MetricNameRule::Drop, Conflict::SameStep, cx)
        }
        NodeKind::Broadcast(input) => {
            let mut opened = open(input, query, cx)?;
            let schema = std::mem::take(&mut opened.schema);
            Ok(Opened::new(schema, steps, Broadcast { input: opened, steps }))
        }
        NodeKind::Shared(i) => open_shared(*i, query, cx),
        NodeKind::Number(_) | NodeKind::Time | NodeKind::String(_) | NodeKind::Range(_) => {
            unreachable!("invariant: only vector nodes are opened as vectors")
        }
    }
}

struct RangeCall<'q> {
    function: &'static Function,
    args: &'q [NodeBox],
    range_arg: usize,
    positions: &'q [Pos],
    matchers: &'q [Matcher],
}

impl<'q> RangeCall<'q> {
    fn open(
        self,
        input: &'q RangeInput,
        node: &'q Node,
        query: &'q Query<'q>,
        cx: &Cx<'q>,
    ) -> Result<Opened<'q>, ExecError> {
        let (input, geometry) = open_range_input(input, node, query, cx)?;
        if matches!(self.function.kernel, Kernel::AbsentOverTime) {
            return absent::open_absent_over_time(&input, &geometry, self.matchers, cx);
        }
        let args = self.args.iter().map(|arg| scalar(arg, query, cx)).collect::<Result<Vec<_>, _>>()?;
        let opened = RangeFunction {
            kernel: range_kernel(self.function),
            input,
            geometry,
            args,
            positions: self.positions.to_vec(),
            range_arg: self.range_arg,
        }
        .open(cx)?;
        drop_names(opened, self.function.metric_name, Conflict::AnyStep, cx)
    }
}

/// Opens what windows are taken of.
pub(crate) fn open_range_input<'q>(
    input: &'q RangeInput,
    node: &Node,
    query: &'q Query<'q>,
    cx: &Cx<'q>,
) -> Result<(RowSamples<'q>, Geometry), ExecError> {
    match input {
        RangeInput::Selector { selector, ends, range, extension, lookback } => {
            let selection = query.selection(*selector);
            let rows = RowSamples::Stored { selection, extension: *extension, lookback: *lookback };
            Ok((rows, Geometry { grid: node.grid, ends: *ends, range: *range }))
        }
        RangeInput::Subquery { input, ends, range } => {
            let opened = open_vector_or_scalar(input, query, cx)?;
            cx.check_subquery(opened.rows(), opened.steps)?;
            let rows = RowSamples::Subquery { input: opened, grid: input.grid };
            Ok((rows, Geometry { grid: node.grid, ends: *ends, range: *range }))
        }
    }
}

/// Opens a vector, or a scalar as one row without labels.
pub(crate) fn open_vector_or_scalar<'q>(
    node: &'q Node,
    query: &'q Query<'q>,
    cx: &Cx<'q>,
) -> Result<Opened<'q>, ExecError> {
    if node.ty != ValueType::Scalar {
        return open(node, query, cx);
    }
    let values = scalar(node, query, cx)?;
    one_row(values, cx)
}

/// Numbers as a vector of one row without labels.
pub(crate) fn one_row<'q>(values: Numbers, cx: &Cx<'_>) -> Result<Opened<'q>, ExecError> {
    let (values, _held) = values.into_parts();
    let steps = values.len();
    let batch = Batch::from_parts(1, steps, values, Validity::all(1, steps));
    Ok(Opened::materialized(Schema::new(vec![Labels::empty()]), Block::adopt(batch, cx)?))
}

fn open_param<'q>(
    kernel: AggregateKernel,
    param: Option<&'q NodeBox>,
    query: &'q Query<'q>,
    cx: &Cx<'q>,
) -> Result<Param, ExecError> {
    let Some(param) = param else { return Ok(Param::None) };
    if kernel == AggregateKernel::CountValues {
        return Ok(Param::Text(calls::label_name(param)?.to_owned()));
    }
    Ok(Param::Numbers(scalar(param, query, cx)?, param.pos))
}

/// A one-step source at every step.
struct Broadcast<'q> {
    input: Opened<'q>,
    steps: usize,
}

impl Source for Broadcast<'_> {
    fn read(&self, rows: std::ops::Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let one = self.input.read(rows, cx)?;
        let histograms = one.bytes() - float_bytes(one.rows(), 1);
        let repeated = histograms.saturating_mul(self.steps).saturating_mul(2);
        let room = cx.hold(float_bytes(one.rows(), self.steps).saturating_add(repeated))?;
        let many = one.broadcast(self.steps);
        drop(room);
        Block::adopt(many, cx)
    }
}

fn open_shared<'q>(i: usize, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Opened<'q>, ExecError> {
    let slot = &query.shared[i];
    if slot.get().is_none() {
        let opened = open(&query.plan.shared[i], query, cx)?;
        let batch = opened.read_all(cx)?;
        // Operators open one after another, so nobody else can have filled it meanwhile.
        let _ = slot.set((opened.schema, batch));
    }
    let (schema, batch) = slot.get().expect("invariant: filled above");
    Ok(Opened::new(schema.clone(), batch.steps(), Materialized(batch)))
}

impl<'q> Query<'q> {
    pub(crate) fn selection(&'q self, id: SelectorId) -> &'q dyn promqlite_storage::Selection {
        self.selections[id.0].as_ref()
    }
}
