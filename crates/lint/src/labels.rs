//! Which labels the series of an expression can have.

use std::collections::BTreeSet;

use promqlite_functions::Kernel;
use promqlite_functions::aggregate::AggregateKernel;
use promqlite_functions::binary::BinaryOp;
use promqlite_plan::typed::{Expr, ExprKind};
use promqlite_plan::{Cardinality, Grouping, Matching};

/// An upper bound of the labels of some series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LabelBound {
    /// Only these.
    Only(BTreeSet<String>),
    /// Any but these.
    AllBut(BTreeSet<String>),
}

impl LabelBound {
    fn any() -> Self {
        Self::AllBut(BTreeSet::new())
    }

    /// Whether a series may have the label.
    pub(crate) fn may_have(&self, label: &str) -> bool {
        match self {
            Self::Only(labels) => labels.contains(label),
            Self::AllBut(labels) => !labels.contains(label),
        }
    }

    fn grouped(self, grouping: &Grouping) -> Self {
        if grouping.without {
            return grouping.labels.iter().fold(self, |bound, label| bound.without(label));
        }
        Self::Only(grouping.labels.iter().filter(|label| self.may_have(label)).cloned().collect())
    }

    fn without(mut self, label: &str) -> Self {
        match &mut self {
            Self::Only(labels) => drop(labels.remove(label)),
            Self::AllBut(labels) => drop(labels.insert(label.to_owned())),
        }
        self
    }

    fn with(mut self, label: &str) -> Self {
        match &mut self {
            Self::Only(labels) => drop(labels.insert(label.to_owned())),
            Self::AllBut(labels) => drop(labels.remove(label)),
        }
        self
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a.into_iter().chain(b).collect()),
            (Self::AllBut(a), Self::AllBut(b)) => Self::AllBut(a.intersection(&b).cloned().collect()),
            (Self::Only(only), Self::AllBut(but)) | (Self::AllBut(but), Self::Only(only)) => {
                Self::AllBut(but.into_iter().filter(|label| !only.contains(label)).collect())
            }
        }
    }
}

/// The labels that the series of a vector can have.
pub(crate) fn label_bound(expr: &Expr) -> LabelBound {
    promqlite_syntax::with_stack(|| match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => LabelBound::Only(BTreeSet::new()),
        ExprKind::Selector(_) | ExprKind::Range(_) => LabelBound::any(),
        ExprKind::Subquery(subquery) => label_bound(&subquery.input),
        ExprKind::Plus(input) | ExprKind::Negate(input) => label_bound(input),
        ExprKind::Aggregate { aggregation, grouping, input, param } => {
            let input = label_bound(input);
            if keeps_series(aggregation.kernel) {
                return input;
            }
            match param.as_ref().map(|p| &p.kind) {
                Some(ExprKind::String(label)) => input.grouped(grouping).with(&label.to_string_lossy()),
                _ => input.grouped(grouping),
            }
        }
        ExprKind::Call { function, args } => of_call(&function.kernel, args),
        ExprKind::Binary { op, lhs, rhs, matching, .. } => of_binary(*op, lhs, rhs, matching),
    })
}

/// Whether an aggregation hands on series as they are.
pub(crate) fn keeps_series(kernel: AggregateKernel) -> bool {
    matches!(kernel, AggregateKernel::TopK { .. } | AggregateKernel::LimitK | AggregateKernel::LimitRatio)
}

fn of_call(kernel: &Kernel, args: &[promqlite_plan::typed::ExprBox]) -> LabelBound {
    let vector = args.iter().find(|arg| {
        matches!(arg.ty, promqlite_model::ValueType::Vector | promqlite_model::ValueType::Matrix)
    });
    let Some(vector) = vector else { return LabelBound::Only(BTreeSet::new()) };
    match kernel {
        Kernel::LabelReplace | Kernel::LabelJoin => match args.get(1).map(|arg| &arg.kind) {
            Some(ExprKind::String(label)) => label_bound(vector).with(&label.to_string_lossy()),
            _ => LabelBound::any(),
        },
        Kernel::Info | Kernel::Absent | Kernel::AbsentOverTime | Kernel::HistogramQuantiles => {
            LabelBound::any()
        }
        Kernel::HistogramQuantile | Kernel::HistogramFraction => label_bound(vector).without("le"),
        _ => label_bound(vector),
    }
}

fn of_binary(op: BinaryOp, lhs: &Expr, rhs: &Expr, matching: &Matching) -> LabelBound {
    use promqlite_model::ValueType::Scalar;
    if op.is_set() {
        let left = label_bound(lhs);
        return if op == BinaryOp::Or { left.or(label_bound(rhs)) } else { left };
    }
    if lhs.ty == Scalar || rhs.ty == Scalar {
        return label_bound(if lhs.ty == Scalar { rhs } else { lhs });
    }
    match matching.card {
        Cardinality::ManyToOne | Cardinality::OneToMany => {
            let many = if matching.card == Cardinality::ManyToOne { lhs } else { rhs };
            matching.include.iter().fold(label_bound(many), |bound, label| bound.with(label))
        }
        _ => {
            let grouping = Grouping { without: !matching.on, labels: matching.labels.clone() };
            label_bound(lhs).grouped(&grouping)
        }
    }
}
