//! Joins in which a step decides who meets whom: several candidates per match, or fill modifiers.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use promqlite_functions::binary::{Operand, StepProblems, combine_rows};
use promqlite_model::{Labels, Pos, Validity};
use promqlite_plan::Cardinality;

use crate::block::Block;
use crate::budget::Tally;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::{Opened, Schema};
use crate::ops::join::{JoinSpec, MatchGroups};

/// What a group takes in the lists of a step, and among its results.
const GROUP_BYTES: usize = 64;
/// What a pair takes beside the labels of its result, in lists and tables that grow.
const PAIR_BYTES: usize = 400;
/// What a step takes at which a pair meets, in a list that grows.
const STEP_BYTES: usize = 24;

/// A pair of rows, one of which may be made up, and the steps at which the two meet.
struct Pair {
    many: Option<usize>,
    one: Option<usize>,
    out: usize,
    steps: Vec<usize>,
}

struct GeneralJoin<'a> {
    spec: &'a JoinSpec,
    groups: &'a MatchGroups,
    many_schema: &'a Schema,
    one_schema: &'a Schema,
    many: Block,
    one: Block,
    tally: Tally<'a, 'a>,
    cx: &'a Cx<'a>,
    pairs: Vec<Pair>,
    pair_of: HashMap<(Option<usize>, Option<usize>), usize, RandomState>,
    rows: HashMap<(Labels, bool), usize, RandomState>,
    schema: Schema,
}

/// Runs the join to its end.
pub(crate) fn open_general<'q>(
    spec: &JoinSpec,
    groups: &MatchGroups,
    many: &Opened<'_>,
    one: &Opened<'_>,
    pos: Pos,
    cx: &Cx<'_>,
) -> Result<Opened<'q>, ExecError> {
    let (many_batch, one_batch) = (many.read_all(cx)?, one.read_all(cx)?);
    let mut join = GeneralJoin {
        spec,
        groups,
        many_schema: &many.schema,
        one_schema: &one.schema,
        many: many_batch,
        one: one_batch,
        tally: Tally::new(cx, groups.keys.len() * GROUP_BYTES)?,
        cx,
        pairs: Vec::new(),
        pair_of: HashMap::default(),
        rows: HashMap::default(),
        schema: Schema::default(),
    };
    let mut at_step = StepMatches::new(groups.keys.len());
    for step in 0..many.steps {
        cx.check()?;
        join.match_step(step, &mut at_step)?;
    }
    join.compute(pos)
}

/// Who is present in each group at the current step.
struct StepMatches {
    one: Vec<Option<usize>>,
    used: Vec<bool>,
    results: HashSet<(u32, usize), RandomState>,
}

impl StepMatches {
    fn new(groups: usize) -> Self {
        Self { one: vec![None; groups], used: vec![false; groups], results: HashSet::default() }
    }

    fn clear(&mut self) {
        self.one.fill(None);
        self.used.fill(false);
        self.results.clear();
    }
}

impl GeneralJoin<'_> {
    fn match_step(&mut self, step: usize, at: &mut StepMatches) -> Result<(), ExecError> {
        let any_many = (0..self.many.rows()).any(|row| self.many.has(row, step));
        let any_one = (0..self.one.rows()).any(|row| self.one.has(row, step));
        let fills = self.spec.fill_left.is_some() || self.spec.fill_right.is_some();
        if (!any_many && !any_one) || ((!any_many || !any_one) && !fills) {
            return Ok(());
        }
        at.clear();
        for row in (0..self.one.rows()).filter(|&row| self.one.has(row, step)) {
            let group = self.groups.one[row] as usize;
            self.tally.add(0)?;
            if let Some(rival) = at.one[group].replace(row) {
                return Err(self.duplicate(group, rival, row));
            }
        }
        for row in 0..self.many.rows() {
            if !self.many.has(row, step) {
                continue;
            }
            let group = self.groups.many[row];
            let one = at.one[group as usize];
            if one.is_none() && self.spec.fill_right.is_none() {
                continue;
            }
            let pair = self.pair(Some(row), one)?;
            self.check_unique(group, pair, at)?;
            self.tally.add(STEP_BYTES)?;
            self.pairs[pair].steps.push(step);
        }
        if self.spec.fill_left.is_some() {
            for row in 0..self.one.rows() {
                if !self.one.has(row, step) {
                    continue;
                }
                let group = self.groups.one[row];
                if !at.used[group as usize] {
                    let pair = self.pair(None, Some(row))?;
                    self.check_unique(group, pair, at)?;
                    self.tally.add(STEP_BYTES)?;
                    self.pairs[pair].steps.push(step);
                }
            }
        }
        Ok(())
    }

    /// A match may have one result, or, when grouped, one per label set. Checked even where a filter would drop
    /// the sample.
    fn check_unique(&self, group: u32, pair: usize, at: &mut StepMatches) -> Result<(), ExecError> {
        let used = std::mem::replace(&mut at.used[group as usize], true);
        let what = if self.spec.card == Cardinality::OneToOne {
            if !used {
                return Ok(());
            }
            "many-to-one matching must be explicit (group_left/group_right)"
        } else {
            if at.results.insert((group, self.pairs[pair].out)) {
                return Ok(());
            }
            "grouping labels must ensure unique matches"
        };
        Err(ExecError::Evaluation(format!("multiple matches for labels: {what}")))
    }

    fn duplicate(&self, group: usize, a: usize, b: usize) -> ExecError {
        let text = |row: usize| self.one_schema.labels[row].display(&self.cx.symbols);
        let (mut a, mut b) = (text(a), text(b));
        if b < a {
            std::mem::swap(&mut a, &mut b);
        }
        let side = if self.spec.one_is_left() { "left" } else { "right" };
        let key = self.groups.keys[group].display(&self.cx.symbols);
        ExecError::Evaluation(format!(
            "found duplicate series for the match group {key} on the {side} hand-side of the operation: [{a}, {b}];many-to-many matching not allowed: matching labels must be unique on one side"
        ))
    }

    fn pair(&mut self, many: Option<usize>, one: Option<usize>) -> Result<usize, ExecError> {
        if let Some(&known) = self.pair_of.get(&(many, one)) {
            return Ok(known);
        }
        let labels = match (many, one) {
            (Some(m), Some(o)) => {
                let (m, o) = (&self.many_schema.labels[m], &self.one_schema.labels[o]);
                self.spec.result_labels(m, o, self.cx)
            }
            (Some(m), None) => {
                let m = &self.many_schema.labels[m];
                self.spec.result_labels(m, &self.spec.filled_labels(m), self.cx)
            }
            (None, Some(o)) => {
                let o = &self.one_schema.labels[o];
                self.spec.result_labels(&self.spec.filled_labels(o), o, self.cx)
            }
            (None, None) => unreachable!("invariant: one side of a pair exists"),
        };
        let inherits = self.spec.is_filter() && many.is_some_and(|m| self.many_schema.drops_name(m));
        let drops = self.cx.settings.delayed_name_removal && (self.spec.marks() || inherits);
        self.tally.add(labels.bytes() + PAIR_BYTES)?;
        let next = self.rows.len();
        let out = *self.rows.entry((labels.clone(), drops)).or_insert(next);
        if out == next {
            self.schema.labels.push(labels);
            self.schema.drop_name.push(drops);
        }
        self.pairs.push(Pair { many, one, out, steps: Vec::new() });
        self.pair_of.insert((many, one), self.pairs.len() - 1);
        Ok(self.pairs.len() - 1)
    }

    fn compute<'q>(self, pos: Pos) -> Result<Opened<'q>, ExecError> {
        let steps = self.many.steps();
        self.cx.check_shape(self.schema.len(), steps)?;
        let mut out = Block::empty(self.schema.len(), steps, self.cx)?;
        let mut problems = StepProblems::new();
        let mut result = Block::empty(1, steps, self.cx)?;
        for (order, pair) in self.pairs.iter().enumerate() {
            if order % 64 == 0 {
                self.cx.check()?;
            }
            let side = |batch, row: Option<usize>, fill: Option<f64>| match row {
                Some(row) => Operand::Row { batch, row, fill: None },
                None => Operand::Filled(fill.expect("invariant: only filled rows are missing")),
            };
            let many = side(&self.many, pair.many, self.spec.fill_left);
            let one = side(&self.one, pair.one, self.spec.fill_right);
            let (l, r) = if self.spec.one_is_left() { (one, many) } else { (many, one) };
            let mut own = StepProblems::new();
            combine_rows(self.spec.op, self.spec.comparison(), l, r, &mut result, 0, order as u32, &mut own);
            let mut meets = Validity::none(1, steps);
            for &step in &pair.steps {
                meets.set(0, step);
                if !result.has(0, step) {
                    continue;
                }
                if out.has(pair.out, step) {
                    return Err(ExecError::duplicate_labels());
                }
                out.copy_cell(pair.out, step, &result, 0, step);
            }
            result.settle()?;
            out.settle()?;
            own.retain(&meets);
            problems.merge(own);
        }
        self.cx.add_problems(self.cx.problem_list(pos), problems)?;
        Ok(Opened::materialized(self.schema, out).holding(self.tally.finish()?))
    }
}
