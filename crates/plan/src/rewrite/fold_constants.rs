//! Computes what consists of nothing but numbers.

use promqlite_functions::Kernel;
use promqlite_functions::binary::combine_numbers;

use super::Pass;
use crate::node::{Node, NodeKind, Plan};

pub(super) const PASS: Pass = Pass {
    name: "fold-constants",
    summary: "Computes operations on constant numbers once, while planning.",
    apply,
};

fn apply(plan: &mut Plan) -> bool {
    let mut changed = false;
    plan.for_each_node_mut(|node| {
        if let Some(value) = constant(node) {
            node.kind = NodeKind::Number(value);
            changed = true;
        }
    });
    changed
}

/// The value of an operation whose operands are numbers. Operations that fail are left to fail later.
fn constant(node: &Node) -> Option<f64> {
    match &node.kind {
        NodeKind::Binary { op, lhs, rhs, .. } => combine_numbers(*op, number(lhs)?, number(rhs)?),
        NodeKind::Negate(operand) => number(operand).map(|value| -value),
        NodeKind::Call { function, args, .. } => match (&function.kernel, &args[..]) {
            (Kernel::ScalarPair(pair), [a, b]) => Some(pair(number(a)?, number(b)?)),
            _ => None,
        },
        _ => None,
    }
}

fn number(node: &Node) -> Option<f64> {
    match node.kind {
        NodeKind::Number(value) => Some(value),
        _ => None,
    }
}
