//! Ways through a plan.

use promqlite_syntax::with_stack;
use smallvec::{SmallVec, smallvec};

use crate::node::{Node, NodeBox, NodeKind, Plan, RangeInput, SelectorId};

/// Operands of a node: rarely more than a few.
pub(crate) type Children<T> = SmallVec<[T; 4]>;

impl Node {
    /// The operands in the order in which they are evaluated. Shared subtrees are no operands.
    #[must_use]
    pub fn children(&self) -> Children<&Node> {
        match &self.kind {
            NodeKind::Number(_)
            | NodeKind::String(_)
            | NodeKind::Time
            | NodeKind::Select { .. }
            | NodeKind::Shared(_) => Children::new(),
            NodeKind::Range(input) => input.node().into_iter().map(|node| &**node).collect(),
            NodeKind::RangeFunction { input, args, range_arg, .. } => {
                let mut children: Children<&Node> = args.iter().map(|arg| &**arg).collect();
                if let Some(node) = input.node() {
                    children.insert((*range_arg).min(children.len()), node);
                }
                children
            }
            NodeKind::Call { args, .. } => args.iter().map(|arg| &**arg).collect(),
            NodeKind::Info(info) => smallvec![&*info.input],
            NodeKind::Aggregate { input, param, .. } => {
                std::iter::once(input).chain(param).map(|node| &**node).collect()
            }
            NodeKind::Binary { lhs, rhs, .. } => smallvec![&**lhs, &**rhs],
            NodeKind::Negate(input) | NodeKind::Broadcast(input) => smallvec![&**input],
        }
    }

    /// Like [`Node::children`], to be changed.
    pub fn children_mut(&mut self) -> Children<&mut Node> {
        match &mut self.kind {
            NodeKind::Number(_)
            | NodeKind::String(_)
            | NodeKind::Time
            | NodeKind::Select { .. }
            | NodeKind::Shared(_) => Children::new(),
            NodeKind::Range(input) => input.node_mut().into_iter().map(|node| &mut **node).collect(),
            NodeKind::RangeFunction { input, args, range_arg, .. } => {
                let mut children: Children<&mut Node> = args.iter_mut().map(|arg| &mut **arg).collect();
                if let Some(node) = input.node_mut() {
                    children.insert((*range_arg).min(children.len()), node);
                }
                children
            }
            NodeKind::Call { args, .. } => args.iter_mut().map(|arg| &mut **arg).collect(),
            NodeKind::Info(info) => smallvec![&mut *info.input],
            NodeKind::Aggregate { input, param, .. } => {
                std::iter::once(input).chain(param).map(|node| &mut **node).collect()
            }
            NodeKind::Binary { lhs, rhs, .. } => smallvec![&mut **lhs, &mut **rhs],
            NodeKind::Negate(input) | NodeKind::Broadcast(input) => smallvec![&mut **input],
        }
    }

    /// The selector that the node itself reads.
    #[must_use]
    pub fn selector(&self) -> Option<SelectorId> {
        match &self.kind {
            NodeKind::Select { selector, .. } => Some(*selector),
            NodeKind::Range(input) => input.selector(),
            NodeKind::RangeFunction { input, .. } => input.selector(),
            _ => None,
        }
    }

    pub(crate) fn selector_mut(&mut self) -> Option<&mut SelectorId> {
        let input = match &mut self.kind {
            NodeKind::Select { selector, .. } => return Some(selector),
            NodeKind::Range(input) => input,
            NodeKind::RangeFunction { input, .. } => &mut **input,
            _ => return None,
        };
        match input {
            RangeInput::Selector { selector, .. } => Some(selector),
            RangeInput::Subquery { .. } => None,
        }
    }
}

impl RangeInput {
    /// The expression of a subquery.
    #[must_use]
    pub fn node(&self) -> Option<&NodeBox> {
        match self {
            Self::Selector { .. } => None,
            Self::Subquery { input, .. } => Some(input),
        }
    }

    fn node_mut(&mut self) -> Option<&mut NodeBox> {
        match self {
            Self::Selector { .. } => None,
            Self::Subquery { input, .. } => Some(input),
        }
    }

    fn selector(&self) -> Option<SelectorId> {
        match self {
            Self::Selector { selector, .. } => Some(*selector),
            Self::Subquery { .. } => None,
        }
    }
}

/// Calls `f` on a node and then on everything below it.
pub(crate) fn for_each<'a>(node: &'a Node, f: &mut impl FnMut(&'a Node)) {
    f(node);
    for child in node.children() {
        with_stack(|| for_each(child, f));
    }
}

/// Calls `f` on everything below a node and then on the node.
pub(crate) fn for_each_mut(node: &mut Node, f: &mut impl FnMut(&mut Node)) {
    for child in node.children_mut() {
        with_stack(|| for_each_mut(child, f));
    }
    f(node);
}

impl Plan {
    /// Calls `f` on every node of the plan, operands first.
    pub(crate) fn for_each_node_mut(&mut self, mut f: impl FnMut(&mut Node)) {
        for shared in &mut self.shared {
            for_each_mut(shared, &mut f);
        }
        for_each_mut(&mut self.root, &mut f);
    }
}
