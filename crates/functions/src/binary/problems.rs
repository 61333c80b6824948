//! What operators remark: of all problems of a step the last one in the order of the samples.

use promqlite_model::{Annotation, Annotations, Pos, Validity};

/// What the texts of a problem take, roughly.
const TEXT_BYTES: usize = 64;

/// The last problem of each step. States over different pairs of rows merge in any order.
#[derive(Debug, Default)]
pub struct StepProblems {
    /// Per step the order of the pair of rows and its problem; empty until there is one.
    last: Vec<Option<(u32, Annotation)>>,
}

impl StepProblems {
    /// No problems.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Bytes on the heap, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.last.capacity() * (size_of::<Option<(u32, Annotation)>>() + TEXT_BYTES)
    }

    /// Records a problem. `order` is the place of the pair of rows in evaluation order.
    pub fn record(&mut self, step: usize, order: u32, problem: Annotation) {
        if self.last.len() <= step {
            self.last.resize(step + 1, None);
        }
        match &self.last[step] {
            Some((known, _)) if *known > order => {}
            _ => self.last[step] = Some((order, problem)),
        }
    }

    /// Forgets the problems of all other steps than those that are on in row 0 of `steps`.
    pub fn retain(&mut self, steps: &Validity) {
        for (step, problem) in self.last.iter_mut().enumerate() {
            if !steps.get(0, step) {
                *problem = None;
            }
        }
    }

    /// Takes over the problems of other pairs of rows.
    pub fn merge(&mut self, other: Self) {
        for (step, problem) in other.last.into_iter().enumerate() {
            if let Some((order, problem)) = problem {
                self.record(step, order, problem);
            }
        }
    }

    /// Adds the remaining problems to `notes`, at the position of the binary expression.
    pub fn report(self, notes: &mut Annotations, pos: Pos) {
        for (_, problem) in self.last.into_iter().flatten() {
            notes.add(problem, Some(pos));
        }
    }
}
