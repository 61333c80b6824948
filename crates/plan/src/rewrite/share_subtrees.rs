//! Evaluates subtrees that occur several times once.
//!
//! Remarks keep the position of the last occurrence, as if each occurrence had been evaluated. Where that would
//! not come out right, because something else makes the same remarks or because remarks are counted, nothing is
//! shared. Nor is what an aggregation takes series by series: keeping `rate(x[5m])` for all series costs more memory
//! than a second look at the samples costs time.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use promqlite_functions::Kernel;
use promqlite_model::ValueType;
use promqlite_syntax::with_stack;

use super::Pass;
use super::remarks::Remarks;
use super::shape::Shape;
use crate::node::{Node, NodeKind, Plan, Settings};
use crate::walk::{for_each, for_each_mut};

pub(super) const PASS: Pass =
    Pass { name: "share-subtrees", summary: "Evaluates expressions that occur several times once.", apply };

fn apply(plan: &mut Plan) -> bool {
    if !plan.shared.is_empty() || !reads_twice(plan) {
        return false;
    }
    let mut survey = Survey {
        settings: plan.settings,
        hasher: RandomState::default(),
        facts: Vec::new(),
        streamed: HashSet::default(),
    };
    let all = survey.visit(&plan.root, false).remarks;
    let mut times: HashMap<u64, usize, RandomState> = HashMap::default();
    for facts in &survey.facts {
        *times.entry(facts.hash).or_default() += 1;
    }
    if times.len() == survey.facts.len() {
        return false;
    }
    let mut sharer = Sharer {
        facts: survey.facts,
        streamed: survey.streamed,
        times,
        all,
        next: 0,
        known: HashMap::default(),
        shared: Vec::new(),
    };
    sharer.visit(&mut plan.root);
    plan.shared = sharer.shared;
    inline_single_uses(plan);
    !plan.shared.is_empty()
}

/// Whether a selector is read at two places: what is shared reads samples, and equal reads are one selector by now.
fn reads_twice(plan: &Plan) -> bool {
    let mut read = vec![false; plan.selectors.len()];
    let mut twice = false;
    for_each(&plan.root, &mut |node| {
        if let Some(id) = node.selector() {
            twice |= std::mem::replace(&mut read[id.0], true);
        }
    });
    twice
}

/// What is known about the subtree at a node.
#[derive(Clone, Copy)]
struct Facts {
    hash: u64,
    nodes: usize,
    reads: bool,
    /// Whether each row comes from one series, whatever the others are.
    by_series: bool,
    remarks: Remarks,
}

/// Collects facts in the order of a walk from the root.
struct Survey {
    settings: Settings,
    hasher: RandomState,
    facts: Vec<Facts>,
    /// The hashes of subtrees whose series an aggregation somewhere takes one by one.
    streamed: HashSet<u64, RandomState>,
}

impl Survey {
    fn visit(&mut self, node: &Node, streams: bool) -> Facts {
        let place = self.facts.len();
        let mut facts = Facts {
            hash: self.hasher.hash_one(Shape::of(node)),
            nodes: 1,
            by_series: keeps_series_apart(node),
            reads: node.selector().is_some() || matches!(node.kind, NodeKind::Info(_)),
            remarks: Remarks::of(node, self.settings),
        };
        self.facts.push(facts);
        let streams_below = match node.kind {
            NodeKind::Aggregate { .. } => true,
            _ => streams && facts.by_series,
        };
        for child in node.children() {
            let below = with_stack(|| self.visit(child, streams_below && child.ty == ValueType::Vector));
            facts.by_series &= below.by_series || child.ty != ValueType::Vector;
            facts.hash = self.hasher.hash_one((facts.hash, below.hash));
            facts.nodes += below.nodes;
            facts.reads |= below.reads;
            facts.remarks.add(below.remarks);
        }
        if streams && facts.by_series {
            self.streamed.insert(facts.hash);
        }
        self.facts[place] = facts;
        facts
    }
}

struct Sharer {
    facts: Vec<Facts>,
    streamed: HashSet<u64, RandomState>,
    times: HashMap<u64, usize, RandomState>,
    all: Remarks,
    /// The place of the next node in `facts`.
    next: usize,
    /// Indices into `shared` by hash.
    known: HashMap<u64, Vec<usize>, RandomState>,
    shared: Vec<Node>,
}

impl Sharer {
    fn visit(&mut self, node: &mut Node) {
        let facts = self.facts[self.next];
        let times = self.times[&facts.hash];
        let share = times > 1
            && facts.reads
            && !is_plain_selector(node)
            && !self.streamed.contains(&facts.hash)
            && facts.remarks.can_be_made_once(times, self.all);
        if share && let Some(id) = self.find(facts.hash, node) {
            self.next += facts.nodes;
            take_positions(&mut self.shared, id, node);
            node.kind = NodeKind::Shared(id);
            return;
        }
        self.next += 1;
        for child in node.children_mut() {
            with_stack(|| self.visit(child));
        }
        if share {
            let id = self.shared.len();
            let kind = std::mem::replace(&mut node.kind, NodeKind::Shared(id));
            self.shared.push(Node { kind, ..*node });
            self.known.entry(facts.hash).or_default().push(id);
        }
    }

    fn find(&self, hash: u64, node: &Node) -> Option<usize> {
        let known = self.known.get(&hash)?;
        known.iter().copied().find(|&id| same(&self.shared[id], node, &self.shared))
    }
}

/// Whether a node works on its vector series by series, without a need for all of them at once.
fn keeps_series_apart(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Select { .. } | NodeKind::Negate(_) | NodeKind::Broadcast(_) => true,
        NodeKind::RangeFunction { input, function, .. } => {
            input.node().is_none() && matches!(function.kernel, Kernel::Range(_))
        }
        NodeKind::Call { function, .. } => matches!(
            function.kernel,
            Kernel::Map(_)
                | Kernel::MapArgs(_)
                | Kernel::MapHistogram(_)
                | Kernel::MapHistogramTotals(_)
                | Kernel::Calendar(_)
        ),
        NodeKind::Binary { lhs, rhs, .. } => lhs.ty != rhs.ty,
        _ => false,
    }
}

/// Reading a selection twice costs little more than keeping its cells, and much less memory.
fn is_plain_selector(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Select { .. } | NodeKind::Range(_) => true,
        NodeKind::Broadcast(inner) => is_plain_selector(inner),
        _ => false,
    }
}

/// Whether a subtree with shared parts equals one without.
fn same(with_shared: &Node, plain: &Node, shared: &[Node]) -> bool {
    let with_shared = match with_shared.kind {
        NodeKind::Shared(id) => &shared[id],
        _ => with_shared,
    };
    Shape::of(with_shared) == Shape::of(plain)
        && with_shared.children().len() == plain.children().len()
        && with_shared
            .children()
            .into_iter()
            .zip(plain.children())
            .all(|(a, b)| with_stack(|| same(a, b, shared)))
}

/// Copies the positions of a later occurrence into a shared subtree and what that shares.
fn take_positions(shared: &mut [Node], id: usize, later: &Node) {
    let mut kind = std::mem::replace(&mut shared[id].kind, NodeKind::Time);
    let mut node = Node { kind, ..shared[id] };
    copy_positions(&mut node, later, shared);
    kind = node.kind;
    shared[id].pos = node.pos;
    shared[id].kind = kind;
}

fn copy_positions(node: &mut Node, later: &Node, shared: &mut [Node]) {
    node.pos = later.pos;
    if let NodeKind::Shared(id) = node.kind {
        return take_positions(shared, id, later);
    }
    if let (NodeKind::RangeFunction { positions, .. }, NodeKind::RangeFunction { positions: theirs, .. }) =
        (&mut node.kind, &later.kind)
    {
        positions.clone_from(theirs);
    }
    for (ours, theirs) in node.children_mut().into_iter().zip(later.children()) {
        with_stack(|| copy_positions(ours, theirs, shared));
    }
}

/// Puts subtrees back that only one place uses: those whose other uses lie in subtrees that are shared themselves.
fn inline_single_uses(plan: &mut Plan) {
    let mut uses = vec![0usize; plan.shared.len()];
    plan.for_each_node_mut(|node| {
        if let NodeKind::Shared(id) = node.kind {
            uses[id] += 1;
        }
    });
    let mut kept: Vec<Node> = Vec::new();
    let mut new_id = vec![0; uses.len()];
    let mut single: Vec<Option<NodeKind>> = (0..uses.len()).map(|_| None).collect();
    // A subtree refers to earlier ones only, so those are settled when it is looked at.
    for (id, mut node) in std::mem::take(&mut plan.shared).into_iter().enumerate() {
        for_each_mut(&mut node, &mut |inner| settle(inner, &mut single, &new_id));
        if uses[id] == 1 {
            single[id] = Some(node.kind);
        } else {
            new_id[id] = kept.len();
            kept.push(node);
        }
    }
    for_each_mut(&mut plan.root, &mut |inner| settle(inner, &mut single, &new_id));
    plan.shared = kept;
}

fn settle(node: &mut Node, single: &mut [Option<NodeKind>], new_id: &[usize]) {
    if let NodeKind::Shared(id) = node.kind {
        node.kind = single[id].take().unwrap_or(NodeKind::Shared(new_id[id]));
    }
}
