//! Narrows down one side of `and` and `unless` by what is known about the other.
//!
//! Only set operators qualify: other joins look for duplicates on their "one" side, and that error must not
//! vanish. Only plain selectors are narrowed down, since everything else may have remarks or errors of its own.

use promqlite_functions::Kernel;
use promqlite_functions::aggregate::AggregateKernel;
use promqlite_functions::binary::BinaryOp;
use promqlite_model::{Matcher, ValueType};
use promqlite_syntax::with_stack;

use super::Pass;
use crate::node::{Emit, Matching, Node, NodeKind, Plan, SelectorId, SelectorSpec};
use crate::walk::for_each;

pub(super) const PASS: Pass = Pass {
    name: "propagate-matchers",
    summary: "Applies the matchers of one side of `and` and `unless` to a selector on the other.",
    apply,
};

fn apply(plan: &mut Plan) -> bool {
    // What is known comes from one selector and narrows down another one.
    if plan.selectors.len() < 2 {
        return false;
    }
    let mut found: Vec<(SelectorId, Vec<Matcher>)> = Vec::new();
    let mut uses = vec![0; plan.selectors.len()];
    for_each(&plan.root, &mut |node| {
        if let Some(id) = node.selector() {
            uses[id.0] += 1;
        }
        let NodeKind::Binary { op, lhs, rhs, matching, .. } = &node.kind else { return };
        let both = match op {
            BinaryOp::And => true,
            BinaryOp::Unless => false,
            _ => return,
        };
        let known = |side| -> Vec<Matcher> {
            let mut known = known_matchers(side, &plan.selectors);
            known.retain(|matcher| must_agree(matching, matcher.name()));
            known
        };
        if let Some(target) = plain_selector(rhs) {
            found.push((target, known(lhs)));
        }
        if let Some(target) = plain_selector(lhs).filter(|_| both) {
            found.push((target, known(rhs)));
        }
    });
    let mut changed = false;
    // A selector that others read as well must stay as wide as they need it.
    for (target, matchers) in found.into_iter().filter(|(target, _)| uses[target.0] == 1) {
        for matcher in matchers {
            let present = &mut plan.selectors[target.0].matchers;
            if !present.contains(&matcher) {
                present.push(matcher);
                changed = true;
            }
        }
    }
    changed
}

/// Whether partners have the same value of a label.
fn must_agree(matching: &Matching, label: &str) -> bool {
    matching.on == matching.labels.iter().any(|name| name == label)
}

fn plain_selector(node: &Node) -> Option<SelectorId> {
    match &node.kind {
        NodeKind::Select { selector, smoothed: false, emit: Emit::Value, .. } => Some(*selector),
        NodeKind::Broadcast(inner) => plain_selector(inner),
        _ => None,
    }
}

/// Matchers on other labels than the name that every element of the result passes.
fn known_matchers(node: &Node, selectors: &[SelectorSpec]) -> Vec<Matcher> {
    let below = |inner: &Node| with_stack(|| known_matchers(inner, selectors));
    match &node.kind {
        NodeKind::Select { .. } => of_selector(node, selectors),
        NodeKind::RangeFunction { input, function, .. } if matches!(function.kernel, Kernel::Range(_)) => {
            match input.node() {
                Some(inner) => below(inner),
                None => of_selector(node, selectors),
            }
        }
        NodeKind::Call { function, args, .. } => match function.kernel {
            Kernel::Map(_)
            | Kernel::MapArgs(_)
            | Kernel::MapHistogram(_)
            | Kernel::MapHistogramTotals(_)
            | Kernel::Sort(_) => below(&args[0]),
            _ => Vec::new(),
        },
        NodeKind::Negate(inner) | NodeKind::Broadcast(inner) => below(inner),
        NodeKind::Binary { op: BinaryOp::And | BinaryOp::Unless, lhs, .. } => below(lhs),
        NodeKind::Binary { lhs, rhs, .. } => match (lhs.ty, rhs.ty) {
            (ValueType::Vector, ValueType::Scalar) => below(lhs),
            (ValueType::Scalar, ValueType::Vector) => below(rhs),
            _ => Vec::new(),
        },
        NodeKind::Aggregate { aggregation, grouping, input, .. } => {
            let mut known = below(input);
            match aggregation.kernel {
                AggregateKernel::Fold(_) | AggregateKernel::Quantile => known.retain(|matcher| {
                    grouping.without != grouping.labels.iter().any(|name| name == matcher.name())
                }),
                AggregateKernel::TopK { .. } | AggregateKernel::LimitK | AggregateKernel::LimitRatio => {}
                AggregateKernel::CountValues => known.clear(),
            }
            known
        }
        _ => Vec::new(),
    }
}

fn of_selector(node: &Node, selectors: &[SelectorSpec]) -> Vec<Matcher> {
    let id = node.selector().expect("invariant: the node reads a selector");
    selectors[id.0].matchers.iter().filter(|matcher| matcher.name() != "__name__").cloned().collect()
}
