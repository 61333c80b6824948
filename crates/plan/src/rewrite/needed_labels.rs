//! Tells storage which labels matter.
//!
//! Below `sum by (job)` nothing depends on other labels than `job` and the metadata labels, which remarks and
//! the removal of names need. What the executor owes in return: a selection with the hint may have rows with
//! equal labels, which stay rows of their own, and no operator between the selector and the aggregation looks
//! for duplicates. That is right because the selector has a single name, so removing names makes no duplicates,
//! unless a row has `__type__` or `__unit__`: then the executor selects again without the hint.

use std::collections::BTreeSet;
use std::rc::Rc;

use promqlite_functions::Kernel;
use promqlite_functions::aggregate::AggregateKernel;
use promqlite_model::{MatchOp, ValueType};
use promqlite_syntax::with_stack;

use super::Pass;
use crate::node::{Grouping, Node, NodeKind, Plan, SelectorSpec};

pub(super) const PASS: Pass =
    Pass { name: "needed-labels", summary: "Tells storage which labels the result depends on.", apply };

/// The labels that the operations above depend on; `None` for all.
type Need<'p> = Option<Rc<BTreeSet<&'p str>>>;

/// What is known so far about each selector and each shared subtree.
struct Needs<'p> {
    selectors: Vec<Option<Need<'p>>>,
    shared: Vec<Option<Need<'p>>>,
}

fn apply(plan: &mut Plan) -> bool {
    let mut needs =
        Needs { selectors: vec![None; plan.selectors.len()], shared: vec![None; plan.shared.len()] };
    needs.visit(&plan.root, None);
    // A subtree refers to earlier ones only, so by now all uses of this one are known.
    for i in (0..plan.shared.len()).rev() {
        let need = needs.shared[i].take().flatten();
        needs.visit(&plan.shared[i], need);
    }
    let mut changed = false;
    for (spec, need) in plan.selectors.iter_mut().zip(needs.selectors) {
        let labels = need.flatten().filter(|_| has_one_name(spec));
        let labels = labels.map(|need| need.iter().map(|&name| name.to_owned()).collect());
        changed |= spec.needed_labels != labels;
        spec.needed_labels = labels;
    }
    changed
}

fn has_one_name(spec: &SelectorSpec) -> bool {
    spec.matchers.iter().any(|m| m.name() == "__name__" && m.op() == MatchOp::Equal && !m.value().is_empty())
}

impl<'p> Needs<'p> {
    fn visit(&mut self, node: &'p Node, need: Need<'p>) {
        if let Some(id) = node.selector() {
            add(&mut self.selectors[id.0], need.clone());
        }
        if let NodeKind::Shared(id) = node.kind {
            add(&mut self.shared[id], need.clone());
        }
        for (i, child) in node.children().into_iter().enumerate() {
            let need = if child.ty == ValueType::Vector { below(node, i, &need) } else { None };
            with_stack(|| self.visit(child, need));
        }
    }
}

fn add<'p>(known: &mut Option<Need<'p>>, need: Need<'p>) {
    *known = Some(match (known.take(), need) {
        (None, need) => need,
        (Some(Some(mut all)), Some(more)) => {
            Rc::make_mut(&mut all).extend(more.iter().copied());
            Some(all)
        }
        _ => None,
    });
}

/// The labels that a node needs of its operand `i`, a vector, when `need` is needed of the node.
fn below<'p>(node: &'p Node, i: usize, need: &Need<'p>) -> Need<'p> {
    match &node.kind {
        NodeKind::Aggregate { aggregation, grouping, .. } if i == 0 => match aggregation.kernel {
            AggregateKernel::Fold(_) | AggregateKernel::Quantile | AggregateKernel::CountValues => {
                by(grouping)
            }
            AggregateKernel::TopK { .. } | AggregateKernel::LimitK => {
                let mut all = by(grouping)?;
                Rc::make_mut(&mut all).extend(need.as_ref()?.iter().copied());
                Some(all)
            }
            AggregateKernel::LimitRatio => None,
        },
        NodeKind::RangeFunction { function, .. } if matches!(function.kernel, Kernel::Range(_)) => {
            need.clone()
        }
        NodeKind::Call { function, .. } => match function.kernel {
            Kernel::Map(_)
            | Kernel::MapArgs(_)
            | Kernel::MapHistogram(_)
            | Kernel::MapHistogramTotals(_)
            | Kernel::Calendar(_) => need.clone(),
            _ => None,
        },
        NodeKind::Binary { lhs, rhs, .. } if lhs.ty != rhs.ty => need.clone(),
        NodeKind::Broadcast(_) => need.clone(),
        _ => None,
    }
}

fn by(grouping: &Grouping) -> Need<'_> {
    if grouping.without {
        return None;
    }
    let metadata = ["__name__", "__type__", "__unit__"];
    Some(Rc::new(grouping.labels.iter().map(String::as_str).chain(metadata).collect()))
}
