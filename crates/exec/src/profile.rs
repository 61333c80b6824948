//! What each part of a query used, as a list that reads like the plan.

use std::time::Duration;

use promqlite_plan::{Plan, SelectorId};

use crate::measure::{Meter, PartId, Usage, walk};

/// What a query used, part by part.
///
/// The parts lie in one list, each followed by the parts below it, which are one level deeper: a tree that may have
/// any depth. Every moment of the query belongs to exactly one part, so the parts' times add up to the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The time that went by from the start to the end of the query.
    pub total: Duration,
    /// The parts: preparation, searches, the result with the operators that it is made of, shared subtrees, and all
    /// the rest.
    pub parts: Vec<Part>,
}

/// A part of a query and what it used, parts below it left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its name: of an operator as in [`Explain`](promqlite_plan::Explain).
    pub name: String,
    /// How many parts it is below.
    pub depth: usize,
    /// Series that came out of it; `None` where there are none to count, as in an operator that never ran.
    pub rows: Option<u64>,
    /// Steps at which it was evaluated; `None` for what has no steps.
    pub steps: Option<u64>,
    /// Samples that it took from storage.
    pub samples: u64,
    /// Batches that it was asked for after it was opened.
    pub batches: u64,
    /// Its share of the time that went by. While several threads work, time is split by the work that they do for
    /// each part.
    pub time: Duration,
    /// The time that threads worked for it, summed over threads.
    pub busy: Duration,
    /// Bytes that it took, as [`Limits::max_bytes`](crate::Limits::max_bytes) counts them: all that it ever held.
    pub bytes: u64,
    /// The most bytes that it held at once. The parts hold their most at different moments.
    pub peak_bytes: u64,
}

/// The kinds of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartKind {
    /// Parsing, lowering and rewriting.
    Preparation,
    /// The search of a selector's series in storage.
    Search,
    /// The conversion of batches to a result, its order included.
    Result,
    /// An operator of the plan.
    Operator,
    /// Everything else, such as letting go of memory.
    Rest,
}

impl Profile {
    /// What a meter counted; the total is the meter's.
    pub(crate) fn new(plan: &Plan, meter: &Meter) -> Self {
        let total = meter.elapsed();
        let mut parts = Vec::new();
        for (id, spec) in plan.selectors.iter().enumerate() {
            let matchers: Vec<String> = spec.matchers.iter().map(ToString::to_string).collect();
            let name = format!("search ${id} {{{}}}", matchers.join(", "));
            parts.push(Part::new(PartKind::Search, name, meter.usage(meter.search(SelectorId(id)))));
        }
        let result = Part::new(PartKind::Result, "result".to_owned(), meter.usage(meter.result()));
        parts.push(Part { steps: Some(plan.root.grid.len as u64), ..result });
        walk(plan, |node, (depth, shared)| {
            let (name, depth) = match shared {
                Some(id) => (format!("shared #{id}: {}", node.operation()), depth),
                None => (node.operation(), depth + 1),
            };
            let part = Part::new(PartKind::Operator, name, meter.usage(meter.node(node)));
            parts.push(Part { depth, steps: Some(node.grid.len as u64), ..part });
        });
        parts.push(Part::new(PartKind::Rest, "rest".to_owned(), meter.usage(PartId::REST)));
        Self { total, parts }
    }

    /// Adds the time that the preparation of the query took before it ran.
    #[must_use]
    pub fn after_preparation(mut self, time: Duration) -> Self {
        let nothing = Usage { time, busy: time, rows: None, batches: 0, samples: 0, bytes: 0, peak_bytes: 0 };
        self.parts.insert(0, Part::new(PartKind::Preparation, "parse and plan".to_owned(), nothing));
        self.total += time;
        self
    }

    /// The sum of the parts' times. Differs from the total by no more than what measuring misses.
    #[must_use]
    pub fn accounted(&self) -> Duration {
        self.parts.iter().map(|part| part.time).sum()
    }

    /// The time that threads worked, summed over threads.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.parts.iter().map(|part| part.busy).sum()
    }

    /// The part that took the most time, as an index into the parts.
    #[must_use]
    pub fn hottest(&self) -> Option<usize> {
        // Of equals the first: the one above.
        (0..self.parts.len()).rev().max_by_key(|&i| self.parts[i].time)
    }

    /// The time of a part and all parts below it; `index` is that of the part.
    ///
    /// # Panics
    /// If there is no such part.
    #[must_use]
    pub fn time_with_inputs(&self, index: usize) -> Duration {
        let part = &self.parts[index];
        let below = self.parts[index + 1..].iter().take_while(|below| below.depth > part.depth);
        part.time + below.map(|below| below.time).sum::<Duration>()
    }
}

impl Part {
    fn new(kind: PartKind, name: String, usage: Usage) -> Self {
        let Usage { time, busy, rows, batches, samples, bytes, peak_bytes } = usage;
        Self { kind, name, depth: 0, rows, steps: None, samples, batches, time, busy, bytes, peak_bytes }
    }
}
