//! Binary operators with a vector on at least one side.

use std::ops::Range;

use promqlite_functions::MetricNameRule;
use promqlite_functions::binary::{BinaryOp, Comparison, Operand, StepProblems, combine_rows, negate_row};
use promqlite_model::{Batch, Pos};
use promqlite_plan::{Matching, Node};

use crate::block::Block;
use crate::budget::Tally;
use crate::build::open;
use crate::context::{Cx, ProblemList};
use crate::error::ExecError;
use crate::operator::{Opened, Schema, Source, first_error};
use crate::ops::calls::is_scalar;
use crate::ops::grouping::all_differ;
use crate::ops::join::{JoinSpec, MatchGroups};
use crate::ops::join_general::open_general;
use crate::ops::map::drop_names;
use crate::ops::merge::Conflict;
use crate::ops::scalar::{Numbers, scalar};
use crate::ops::sets::open_set;
use crate::run::Query;

/// A binary node taken apart.
pub(crate) struct Parts<'q> {
    pub op: BinaryOp,
    pub return_bool: bool,
    pub lhs: &'q Node,
    pub rhs: &'q Node,
    pub matching: &'q Matching,
    pub pos: Pos,
}

/// Opens the operator that the operands' types ask for.
pub(crate) fn open_binary<'q>(
    parts: Parts<'q>,
    query: &'q Query<'q>,
    cx: &Cx<'q>,
) -> Result<Opened<'q>, ExecError> {
    let Parts { op, return_bool, lhs, rhs, matching, pos } = parts;
    let comparison = if return_bool { Comparison::Bool } else { Comparison::Filter };
    if is_scalar(lhs) || is_scalar(rhs) {
        let scalar_left = is_scalar(lhs);
        let (number, vector) = if scalar_left { (lhs, rhs) } else { (rhs, lhs) };
        let (numbers, mut input);
        if scalar_left {
            numbers = scalar(number, query, cx)?;
            input = open(vector, query, cx)?;
        } else {
            input = open(vector, query, cx)?;
            numbers = scalar(number, query, cx).map_err(|error| first_error(error, &[&input], cx))?;
        }
        let (schema, steps) = (std::mem::take(&mut input.schema), input.steps);
        let problems = cx.problem_list(pos);
        let source = WithScalar { op, comparison, input, numbers, scalar_left, problems };
        if scalar_left && op.is_trim() {
            // No sample comes of it but problems of two kinds, and the last one of a step counts.
            source.read(0..schema.len(), cx)?;
            return Ok(Opened::empty(steps));
        }
        let opened = Opened::new(schema, steps, source);
        let rule = if op.is_arithmetic() || (op.is_comparison() && return_bool) {
            MetricNameRule::Drop
        } else {
            MetricNameRule::Keep
        };
        return drop_names(opened, rule, Conflict::SameStep, cx);
    }
    let left = open(lhs, query, cx)?;
    let right = open(rhs, query, cx).map_err(|error| first_error(error, &[&left], cx))?;
    if op.is_set() {
        return open_set(op, matching, left, right, cx);
    }
    open_join(&JoinSpec::new(op, return_bool, matching, cx), left, right, pos, cx)
}

struct WithScalar<'q> {
    op: BinaryOp,
    comparison: Comparison,
    input: Opened<'q>,
    numbers: Numbers,
    scalar_left: bool,
    problems: ProblemList,
}

impl Source for WithScalar<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.combine(&self.input.read(rows.clone(), cx)?, rows, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.combine(&self.input.read_some(rows, cx)?, rows.iter().copied(), cx)
    }
}

impl WithScalar<'_> {
    fn combine(
        &self,
        batch: &Block,
        rows: impl Iterator<Item = usize>,
        cx: &Cx<'_>,
    ) -> Result<Block, ExecError> {
        let mut out = Block::empty(batch.rows(), batch.steps(), cx)?;
        let room = batch.room_for_more(cx)?;
        let mut problems = StepProblems::new();
        for (row, place) in rows.enumerate() {
            let vector = Operand::Row { batch, row, fill: None };
            let number = Operand::Scalar(&self.numbers);
            let (l, r) = if self.scalar_left { (number, vector) } else { (vector, number) };
            combine_rows(self.op, self.comparison, l, r, &mut out, row, place as u32, &mut problems);
        }
        drop(room);
        out.settle()?;
        cx.add_problems(self.problems, problems)?;
        Ok(out)
    }
}

/// Negates every sample of a batch.
pub(crate) fn negate(batch: &mut Batch) {
    (0..batch.rows()).for_each(|row| negate_row(batch, row));
}

fn open_join<'q>(
    spec: &JoinSpec,
    left: Opened<'q>,
    right: Opened<'q>,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let (many, one) = if spec.one_is_left() { (right, left) } else { (left, right) };
    let groups = MatchGroups::new(spec, &many.schema, &one.schema, cx)?;
    let one_is_left = spec.one_is_left();
    let in_order = |error, many: &Opened<'_>, one: &Opened<'_>| {
        first_error(error, &if one_is_left { [one, many] } else { [many, one] }, cx)
    };
    let general =
        || open_general(spec, &groups, &many, &one, pos, cx).map_err(|error| in_order(error, &many, &one));
    let Some(pairs) = groups.unique_pairs(spec) else { return general() };
    cx.check_shape(pairs.len(), many.steps)?;
    let mut tally = Tally::new(cx, pairs.len() * PAIR_BYTES)?;
    let mut schema = Schema::new(Vec::with_capacity(pairs.len()));
    for &(m, o) in &pairs {
        let labels = spec.result_labels(&many.schema.labels[m], &one.schema.labels[o], cx);
        tally.add(labels.bytes())?;
        schema.labels.push(labels);
    }
    let held = tally.finish()?;
    if cx.settings.delayed_name_removal {
        let marked = |m: usize| spec.marks() || (spec.is_filter() && many.schema.drops_name(m));
        schema.drop_name = pairs.iter().map(|&(m, _)| marked(m)).collect();
    }
    if !all_differ(&schema.labels, cx)? {
        // Results that share labels must not meet at a step: that is settled step by step.
        return general();
    }
    let steps = many.steps;
    let (mut met_many, mut met_one) = (vec![false; many.rows()], vec![false; one.rows()]);
    pairs.iter().for_each(|&(m, o)| (met_many[m], met_one[o]) = (true, true));
    many.read_for_remarks((0..many.rows()).filter(|&row| !met_many[row]), cx)
        .and_then(|()| one.read_for_remarks((0..one.rows()).filter(|&row| !met_one[row]), cx))
        .map_err(|error| in_order(error, &many, &one))?;
    let before_one = if one_is_left { &[][..] } else { &[&many][..] };
    let one = OneSide::new(one, &pairs, cx).map_err(|error| first_error(error, before_one, cx))?;
    let comparison = spec.comparison();
    let problems = cx.problem_list(pos);
    let source = PairJoin { op: spec.op, comparison, one_is_left, many, one, pairs, problems };
    Ok(Opened::new(schema, steps, source).holding(held))
}

/// What a pair of rows takes: the two numbers, the result's labels, marks.
const PAIR_BYTES: usize = 56;

/// The side with one row per match: read along where rows are used once and in order, else kept.
enum OneSide<'q> {
    Streamed(Opened<'q>),
    Kept(Block),
}

impl<'q> OneSide<'q> {
    fn new(one: Opened<'q>, pairs: &[(usize, usize)], cx: &Cx<'_>) -> Result<Self, ExecError> {
        if pairs.windows(2).all(|pair| pair[0].1 < pair[1].1) {
            return Ok(Self::Streamed(one));
        }
        Ok(Self::Kept(one.read_all(cx)?))
    }
}

/// A join in which every pair of rows is known beforehand.
struct PairJoin<'q> {
    op: BinaryOp,
    comparison: Comparison,
    one_is_left: bool,
    many: Opened<'q>,
    one: OneSide<'q>,
    pairs: Vec<(usize, usize)>,
    problems: ProblemList,
}

impl Source for PairJoin<'_> {
    fn read(&self, rows: Range<usize>, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.join(rows, cx)
    }

    fn read_some(&self, rows: &[usize], _: usize, cx: &Cx<'_>) -> Result<Block, ExecError> {
        self.join(rows.iter().copied(), cx)
    }
}

impl PairJoin<'_> {
    fn join(&self, rows: impl Iterator<Item = usize> + Clone, cx: &Cx<'_>) -> Result<Block, ExecError> {
        let many_rows: Vec<usize> = rows.clone().map(|row| self.pairs[row].0).collect();
        let many = self.many.read_some(&many_rows, cx).map_err(|error| match &self.one {
            OneSide::Streamed(one) if self.one_is_left => first_error(error, &[one], cx),
            _ => error,
        })?;
        let streamed;
        let (one, streams) = match &self.one {
            OneSide::Kept(batch) => (&**batch, false),
            OneSide::Streamed(opened) => {
                let one_rows: Vec<usize> = rows.clone().map(|row| self.pairs[row].1).collect();
                let before = if self.one_is_left { &[][..] } else { &[&self.many][..] };
                streamed = opened.read_some(&one_rows, cx).map_err(|error| first_error(error, before, cx))?;
                (&*streamed, true)
            }
        };
        let mut out = Block::empty(many.rows(), many.steps(), cx)?;
        let room = many.room_for_more(cx)?;
        let mut problems = StepProblems::new();
        for (row, place) in rows.enumerate() {
            let many = Operand::Row { batch: &many, row, fill: None };
            let one =
                Operand::Row { batch: one, row: if streams { row } else { self.pairs[place].1 }, fill: None };
            let (l, r) = if self.one_is_left { (one, many) } else { (many, one) };
            combine_rows(self.op, self.comparison, l, r, &mut out, row, place as u32, &mut problems);
        }
        drop(room);
        out.settle()?;
        cx.add_problems(self.problems, problems)?;
        Ok(out)
    }
}
