//! Which remarks operations may make, as far as rewrites care.

use promqlite_functions::Kernel;
use promqlite_functions::aggregate::{AggregateKernel, Fold};
use promqlite_functions::binary::BinaryOp;
use promqlite_model::ValueType;

use crate::node::{Node, NodeKind, Settings};

/// Operations of different classes never make the same remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// About the samples of series, windows and groups.
    Samples,
    /// About the operands of an operator.
    Operands,
    /// About sorting in a range query.
    Order,
}

/// How many operations of each class there are, and whether any remark counts how often it was made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Remarks {
    classes: [usize; 3],
    counted: bool,
}

impl Remarks {
    /// Those of a single operation, its operands left out.
    pub(super) fn of(node: &Node, settings: Settings) -> Self {
        let mut remarks = Self { classes: [0; 3], counted: counts_remarks(node, settings) };
        if let Some(class) = class(node) {
            remarks.classes[class as usize] = 1;
        }
        remarks
    }

    pub(super) fn add(&mut self, other: Self) {
        for (ours, theirs) in self.classes.iter_mut().zip(other.classes) {
            *ours += theirs;
        }
        self.counted |= other.counted;
    }

    /// Whether an expression that occurs `times` times can be evaluated once without any remark getting another
    /// position or count, given all remarks of the query: nothing else may make the same ones.
    pub(super) fn can_be_made_once(self, times: usize, all: Self) -> bool {
        !self.counted
            && self.classes.iter().zip(all.classes).all(|(&ours, all)| ours == 0 || ours * times == all)
    }
}

fn class(node: &Node) -> Option<Class> {
    match &node.kind {
        NodeKind::Select { smoothed: true, .. } => Some(Class::Samples),
        NodeKind::RangeFunction { .. } => Some(Class::Samples),
        NodeKind::Call { function, .. } => match function.kernel {
            Kernel::HistogramQuantile | Kernel::HistogramQuantiles | Kernel::HistogramFraction => {
                Some(Class::Samples)
            }
            Kernel::Sort(_) | Kernel::SortByLabel(_) => Some(Class::Order),
            _ => None,
        },
        NodeKind::Aggregate { aggregation, .. } => match aggregation.kernel {
            AggregateKernel::Fold(Fold::Count | Fold::Group)
            | AggregateKernel::CountValues
            | AggregateKernel::LimitK => None,
            _ => Some(Class::Samples),
        },
        NodeKind::Binary { .. } if node.ty == ValueType::Scalar => None,
        NodeKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, lhs, rhs, .. }
            if is_floats(lhs) && is_floats(rhs) =>
        {
            None
        }
        // Adding histograms may be remarked on by operators and by functions in the same words.
        NodeKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, .. } => Some(Class::Samples),
        NodeKind::Binary { op, .. } if !op.is_set() => Some(Class::Operands),
        _ => None,
    }
}

/// Whether no histogram can come out.
fn is_floats(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Call { function, .. } => matches!(
            function.kernel,
            Kernel::Map(_)
                | Kernel::MapArgs(_)
                | Kernel::MapHistogram(_)
                | Kernel::MapHistogramTotals(_)
                | Kernel::Calendar(_)
        ),
        _ => node.ty == ValueType::Scalar,
    }
}

fn counts_remarks(node: &Node, settings: Settings) -> bool {
    match &node.kind {
        NodeKind::Call { function, .. } => {
            matches!(function.kernel, Kernel::HistogramQuantile | Kernel::HistogramQuantiles)
        }
        NodeKind::RangeFunction { function, .. } => match &function.kernel {
            Kernel::Range(kernel) => kernel.start_times && settings.use_start_timestamps,
            _ => false,
        },
        _ => false,
    }
}
