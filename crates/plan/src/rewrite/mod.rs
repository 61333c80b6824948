//! Rewrites: small passes from plan to plan that save work. None changes a result, a remark or an error.

mod fold_constants;
mod merge_selectors;
mod needed_labels;
mod propagate_matchers;
mod remarks;
mod shape;
mod share_subtrees;

use std::fmt;

use crate::explain::{Explain, Stage};
use crate::node::Plan;

/// A rewrite.
#[derive(Debug)]
pub struct Pass {
    /// Its name, as switches and `explain` show it.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Does it; tells whether anything changed.
    apply: fn(&mut Plan) -> bool,
}

/// All passes, in the order in which they run.
pub static PASSES: &[Pass] = &[
    fold_constants::PASS,
    propagate_matchers::PASS,
    merge_selectors::PASS,
    share_subtrees::PASS,
    needed_labels::PASS,
];

/// A set of passes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rewrites(u32);

impl Rewrites {
    /// No pass: the plan is executed as it was lowered.
    pub const NONE: Self = Self(0);
    /// Every pass.
    pub const ALL: Self = Self(u32::MAX);

    /// The set with the pass of this name; `None` if there is no such pass.
    #[must_use]
    pub fn with(self, name: &str) -> Option<Self> {
        Some(Self(self.0 | 1 << index(name)?))
    }

    /// The set without the pass of this name; `None` if there is no such pass.
    #[must_use]
    pub fn without(self, name: &str) -> Option<Self> {
        Some(Self(self.0 & !(1 << index(name)?)))
    }

    /// The passes of the set, in the order in which they run.
    pub fn passes(self) -> impl Iterator<Item = &'static Pass> {
        PASSES.iter().enumerate().filter(move |(i, _)| self.0 & 1 << i != 0).map(|(_, pass)| pass)
    }
}

impl Default for Rewrites {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Debug for Rewrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.passes().map(|pass| pass.name)).finish()
    }
}

fn index(name: &str) -> Option<usize> {
    PASSES.iter().position(|pass| pass.name == name)
}

/// Runs passes over a plan.
pub fn rewrite(plan: &mut Plan, rewrites: Rewrites) {
    for pass in rewrites.passes() {
        (pass.apply)(plan);
    }
}

/// Runs passes over a plan, and prints it at first and after each pass that changed it.
pub fn explain(plan: &mut Plan, rewrites: Rewrites) -> Explain {
    let mut stages = vec![Stage { name: "lower", plan: plan.to_string() }];
    for pass in rewrites.passes() {
        if (pass.apply)(plan) {
            stages.push(Stage { name: pass.name, plan: plan.to_string() });
        }
    }
    Explain { stages }
}
