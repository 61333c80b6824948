//! What makes two subtrees equal: everything but their positions.

use std::hash::{Hash, Hasher};

use promqlite_functions::Extension;
use promqlite_functions::binary::BinaryOp;
use promqlite_model::{Grid, Matcher, Millis, TimeRange, ValueType};
use promqlite_syntax::ByteString;

use crate::node::{Cardinality, Emit, Grouping, Matching, Node, NodeKind, RangeInput, SelectorId, TimeMap};

/// A node without its operands and its position.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Shape<'a> {
    grid: Grid,
    ty: ValueType,
    kind: Kind<'a>,
}

#[derive(PartialEq, Eq, Hash)]
enum Kind<'a> {
    Number(u64),
    String(&'a ByteString),
    Time,
    Select(SelectorId, TimeMap, Millis, bool, Emit),
    Range(Input),
    RangeFunction(&'static str, Input, usize, &'a [Matcher]),
    Call(&'static str, usize, &'a [Matcher]),
    Info(&'a [Matcher], &'a [Matcher], TimeMap, Millis, TimeRange),
    Aggregate(&'static str, &'a Grouping, bool),
    Binary(BinaryOp, bool, Match<'a>),
    Negate,
    Broadcast,
    Shared(usize),
}

#[derive(PartialEq, Eq)]
enum Input {
    Selector(SelectorId, TimeMap, Millis, Option<Extension>, Millis),
    Subquery(TimeMap, Millis),
}

impl Hash for Input {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Selector(id, ends, range, extension, lookback) => {
                (id, ends, range, extension.map(|e| e == Extension::Smoothed), lookback).hash(state);
            }
            Self::Subquery(ends, range) => (ends, range).hash(state),
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
struct Match<'a> {
    card: Cardinality,
    on: bool,
    labels: &'a [String],
    include: &'a [String],
    fill: [Option<u64>; 2],
}

impl<'a> Shape<'a> {
    pub(super) fn of(node: &'a Node) -> Self {
        Self { grid: node.grid, ty: node.ty, kind: kind(node) }
    }
}

fn kind(node: &Node) -> Kind<'_> {
    match &node.kind {
        NodeKind::Number(value) => Kind::Number(value.to_bits()),
        NodeKind::String(value) => Kind::String(value),
        NodeKind::Time => Kind::Time,
        NodeKind::Select { selector, at, lookback, smoothed, emit } => {
            Kind::Select(*selector, *at, *lookback, *smoothed, *emit)
        }
        NodeKind::Range(input) => Kind::Range(range_input(input)),
        NodeKind::RangeFunction { function, input, range_arg, absent_matchers, .. } => {
            Kind::RangeFunction(function.name, range_input(input), *range_arg, absent_matchers)
        }
        NodeKind::Call { function, args, matchers } => Kind::Call(function.name, args.len(), matchers),
        NodeKind::Info(info) => {
            Kind::Info(&info.name_matchers, &info.data_matchers, info.at, info.lookback, info.range)
        }
        NodeKind::Aggregate { aggregation, grouping, param, .. } => {
            Kind::Aggregate(aggregation.name, grouping, param.is_some())
        }
        NodeKind::Binary { op, return_bool, matching, .. } => {
            Kind::Binary(*op, *return_bool, match_shape(matching))
        }
        NodeKind::Negate(_) => Kind::Negate,
        NodeKind::Broadcast(_) => Kind::Broadcast,
        NodeKind::Shared(id) => Kind::Shared(*id),
    }
}

fn range_input(input: &RangeInput) -> Input {
    match input {
        RangeInput::Selector { selector, ends, range, extension, lookback } => {
            Input::Selector(*selector, *ends, *range, *extension, *lookback)
        }
        RangeInput::Subquery { ends, range, .. } => Input::Subquery(*ends, *range),
    }
}

fn match_shape(matching: &Matching) -> Match<'_> {
    Match {
        card: matching.card,
        on: matching.on,
        labels: &matching.labels,
        include: &matching.include,
        fill: [matching.fill_left.map(f64::to_bits), matching.fill_right.map(f64::to_bits)],
    }
}
