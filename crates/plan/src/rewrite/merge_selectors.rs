//! Selects equal series once.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use promqlite_model::{Matcher, TimeRange};

use super::Pass;
use crate::node::{Plan, SelectorId, SelectorSpec};

pub(super) const PASS: Pass = Pass {
    name: "merge-selectors",
    summary: "Issues one select for selectors with equal matchers and near time ranges.",
    apply,
};

/// Stores with blocks of two hours read little more when the gap between two ranges is not larger than that.
const SMALL_GAP_MS: i64 = 2 * 60 * 60 * 1000;

#[allow(clippy::mutable_key_type, reason = "a matcher's hash leaves out its compiled expression")]
fn apply(plan: &mut Plan) -> bool {
    let before = plan.selectors.len();
    if before < 2 {
        return false;
    }
    let mut merged: Vec<SelectorSpec> = Vec::with_capacity(before);
    let hasher = RandomState::default();
    let mut alike: HashMap<u64, Vec<usize>, RandomState> = HashMap::default();
    let mut new_id = Vec::with_capacity(before);
    for spec in std::mem::take(&mut plan.selectors) {
        // A sum, since the order of matchers does not matter.
        let hashes = spec.matchers.iter().map(|matcher| hasher.hash_one(matcher));
        let homes = alike.entry(hashes.fold(0, u64::wrapping_add)).or_default();
        match homes.iter().copied().find(|&i| joins(&merged[i], &spec)) {
            Some(i) => {
                absorb(&mut merged[i], &spec);
                new_id.push(SelectorId(i));
            }
            None => {
                homes.push(merged.len());
                new_id.push(SelectorId(merged.len()));
                merged.push(spec);
            }
        }
    }
    plan.selectors = merged;
    if plan.selectors.len() == before {
        return false;
    }
    plan.for_each_node_mut(|node| {
        if let Some(id) = node.selector_mut() {
            *id = new_id[id.0];
        }
    });
    true
}

/// Whether one select can serve both.
fn joins(home: &SelectorSpec, spec: &SelectorSpec) -> bool {
    near(home.range, spec.range)
        && home.totals_only == spec.totals_only
        && (home.matchers == spec.matchers || sorted(&home.matchers) == sorted(&spec.matchers))
}

/// Matchers in an order that does not depend on how they were written.
fn sorted(matchers: &[Matcher]) -> Vec<&Matcher> {
    let mut sorted: Vec<&Matcher> = matchers.iter().collect();
    sorted
        .sort_by(|a, b| (a.name(), a.op().as_str(), a.value()).cmp(&(b.name(), b.op().as_str(), b.value())));
    sorted
}

/// Whether the gap between two ranges is small, absolutely or against what is read anyway.
fn near(a: TimeRange, b: TimeRange) -> bool {
    let length = |range: TimeRange| (range.end - range.start).0;
    let whole = length(a.union(b));
    let parts = length(a).saturating_add(length(b));
    let gap = whole.saturating_sub(parts);
    gap <= SMALL_GAP_MS.max(parts)
}

fn absorb(home: &mut SelectorSpec, spec: &SelectorSpec) {
    home.newest_only &= spec.newest_only && home.range == spec.range;
    home.range = home.range.union(spec.range);
    home.window = home.window.max(spec.window);
    home.step = home.step.min(spec.step);
    home.needed_labels = match (home.needed_labels.take(), &spec.needed_labels) {
        (Some(mut ours), Some(theirs)) => {
            ours.extend(theirs.iter().cloned());
            ours.sort_unstable();
            ours.dedup();
            Some(ours)
        }
        _ => None,
    };
}
