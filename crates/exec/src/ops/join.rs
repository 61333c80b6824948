//! Arithmetic and comparisons between two vectors: which rows meet, and what the result is called.

use promqlite_functions::binary::{BinaryOp, Comparison};
use promqlite_model::{Labels, LabelsBuilder, Symbol};
use promqlite_plan::{Cardinality, Matching};

use crate::aside::Aside;
use crate::budget::Held;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::Schema;
use crate::ops::grouping::{Grouper, KeyLabels};

/// How a join is written, with its labels interned.
pub(crate) struct JoinSpec {
    pub op: BinaryOp,
    pub return_bool: bool,
    pub card: Cardinality,
    pub key: KeyLabels,
    pub on: bool,
    pub labels: Vec<Symbol>,
    pub include: Vec<Symbol>,
    pub fill_left: Option<f64>,
    pub fill_right: Option<f64>,
    pub delayed_names: bool,
}

impl JoinSpec {
    pub(crate) fn new(op: BinaryOp, return_bool: bool, matching: &Matching, cx: &Cx<'_>) -> Self {
        let symbols = &cx.symbols;
        let intern = |names: &[String]| names.iter().map(|name| symbols.intern(name)).collect();
        Self {
            op,
            return_bool,
            card: matching.card,
            key: KeyLabels::of_matching(matching, symbols),
            on: matching.on,
            labels: intern(&matching.labels),
            include: intern(&matching.include),
            fill_left: matching.fill_left,
            fill_right: matching.fill_right,
            delayed_names: cx.settings.delayed_name_removal,
        }
    }

    /// Whether the left operand is the side that may have only one row per match.
    pub(crate) fn one_is_left(&self) -> bool {
        self.card == Cardinality::OneToMany
    }

    /// Whether the operator is a comparison that filters.
    pub(crate) fn is_filter(&self) -> bool {
        self.op.is_comparison() && !self.return_bool
    }

    /// What a comparison yields.
    pub(crate) fn comparison(&self) -> Comparison {
        if self.return_bool { Comparison::Bool } else { Comparison::Filter }
    }

    /// Whether the result's name goes at once.
    fn drops_name_now(&self) -> bool {
        if self.op.is_comparison() || self.op.is_trim() {
            return self.return_bool && !self.delayed_names;
        }
        true
    }

    /// Whether rows of the result are marked for losing their name.
    pub(crate) fn marks(&self) -> bool {
        self.return_bool && self.delayed_names
    }

    /// The labels of a pair's result.
    pub(crate) fn result_labels(&self, many: &Labels, one: &Labels, cx: &Cx<'_>) -> Labels {
        let mut labels = if self.drops_name_now() { many.without_metadata() } else { many.clone() };
        if self.card == Cardinality::OneToOne {
            labels = if self.on {
                labels.only(|name| self.labels.contains(&name))
            } else {
                labels.without(|name| self.labels.contains(&name))
            };
        }
        if self.include.is_empty() {
            return labels;
        }
        let mut builder = LabelsBuilder::from_labels(&labels);
        for &name in &self.include {
            builder.set(name, one.get(name));
        }
        builder.build(&cx.symbols)
    }

    /// The labels of a row that is made up because its partner has none.
    pub(crate) fn filled_labels(&self, partner: &Labels) -> Labels {
        if self.on {
            partner.only(|name| self.labels.contains(&name))
        } else {
            partner.without(|name| name == Symbol::NAME || self.labels.contains(&name))
        }
    }
}

/// Rows of both sides by matching labels.
pub(crate) struct MatchGroups {
    /// The group of each many-side row.
    pub many: Vec<u32>,
    /// The group of each one-side row.
    pub one: Vec<u32>,
    /// The one-side rows of each group.
    pub one_rows: Vec<Vec<usize>>,
    /// Number of many-side rows of each group.
    pub many_count: Vec<u32>,
    /// The matching labels of each group.
    pub keys: Aside<Vec<Labels>>,
    /// What all of this takes.
    _held: Held,
}

impl MatchGroups {
    pub(crate) fn new(spec: &JoinSpec, many: &Schema, one: &Schema, cx: &Cx<'_>) -> Result<Self, ExecError> {
        let mut grouper = Grouper::new(&spec.key, cx)?;
        let one_group = grouper.insert_all(&one.labels)?;
        let many_group = grouper.insert_all(&many.labels)?;
        let (keys, mut held) = grouper.finish()?;
        // A list of rows per group, most of them with one row; a count; and the pairs that come of it.
        held.add(keys.len() * 64 + one.len() * 16 + many.len() * 32)?;
        let mut one_rows = vec![Vec::new(); keys.len()];
        one_group.iter().enumerate().for_each(|(row, &group)| one_rows[group as usize].push(row));
        let mut many_count = vec![0; keys.len()];
        many_group.iter().for_each(|&group| many_count[group as usize] += 1);
        Ok(Self { many: many_group, one: one_group, one_rows, many_count, keys, _held: held })
    }

    /// The partners of all many-side rows that have one, if every group has at most one one-side row, and, in
    /// a one-to-one join, one many-side row: then no step can hold an ambiguous match.
    pub(crate) fn unique_pairs(&self, spec: &JoinSpec) -> Option<Vec<(usize, usize)>> {
        if spec.fill_left.is_some() || spec.fill_right.is_some() {
            return None;
        }
        if self.one_rows.iter().any(|rows| rows.len() > 1) {
            return None;
        }
        let mut matched = self.many_count.iter().zip(&self.one_rows).filter(|(_, one)| !one.is_empty());
        if spec.card == Cardinality::OneToOne && matched.any(|(&n, _)| n > 1) {
            return None;
        }
        let pairs = self.many.iter().enumerate();
        Some(pairs.filter_map(|(row, &g)| Some((row, *self.one_rows[g as usize].first()?))).collect())
    }
}
