//! Scalars: a number per step. They are small, so they are computed at once.

use std::ops::Deref;

use promqlite_functions::Kernel;
use promqlite_functions::binary::combine_scalars;
use promqlite_plan::{Node, NodeKind};

use crate::budget::Held;
use crate::build::open;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::Opened;
use crate::run::Query;

/// A number per step, with the bytes that they hold.
#[derive(Debug)]
pub(crate) struct Numbers {
    values: Vec<f64>,
    held: Held,
}

impl Numbers {
    /// `make` yields `steps` numbers; they are counted before.
    pub(crate) fn new(steps: usize, cx: &Cx<'_>, make: impl FnOnce() -> Vec<f64>) -> Result<Self, ExecError> {
        let held = cx.hold(steps.saturating_mul(size_of::<f64>()))?;
        Ok(Self { values: make(), held })
    }

    /// The numbers, and what is held for them.
    pub(crate) fn into_parts(self) -> (Vec<f64>, Held) {
        (self.values, self.held)
    }
}

impl Deref for Numbers {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.values
    }
}

/// Evaluates a scalar node on its grid.
pub(crate) fn scalar<'q>(node: &'q Node, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Numbers, ExecError> {
    promqlite_plan::with_stack(|| {
        let _at = cx.at_node(node);
        let numbers = scalar_inner(node, query, cx)?;
        if let Some(meter) = &cx.meter {
            meter.set_rows(meter.node(node), 1);
        }
        Ok(numbers)
    })
}

fn scalar_inner<'q>(node: &'q Node, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Numbers, ExecError> {
    let steps = node.grid.len;
    cx.check()?;
    cx.check_shape(1, steps)?;
    let times = || node.grid.times().map(|t| t.seconds()).collect();
    match &node.kind {
        NodeKind::Number(v) => Numbers::new(steps, cx, || vec![*v; steps]),
        NodeKind::Time => Numbers::new(steps, cx, times),
        NodeKind::Negate(input) => {
            let mut numbers = scalar(input, query, cx)?;
            numbers.values.iter_mut().for_each(|v| *v = -*v);
            Ok(numbers)
        }
        NodeKind::Broadcast(input) => {
            let one = scalar(input, query, cx)?.first().copied().unwrap_or(f64::NAN);
            Numbers::new(steps, cx, || vec![one; steps])
        }
        NodeKind::Shared(i) => scalar(&query.plan.shared[*i], query, cx),
        NodeKind::Binary { op, lhs, rhs, .. } => {
            let (lhs, rhs) = (scalar(lhs, query, cx)?, scalar(rhs, query, cx)?);
            let mut out = Numbers::new(steps, cx, || vec![0.0; steps])?;
            combine_scalars(*op, &lhs, &rhs, &mut out.values)
                .map_err(|e| ExecError::Evaluation(e.to_string()))?;
            Ok(out)
        }
        NodeKind::Call { function, args, .. } => match function.kernel {
            Kernel::Constant(v) => Numbers::new(steps, cx, || vec![v; steps]),
            Kernel::Time => Numbers::new(steps, cx, times),
            Kernel::ScalarPair(f) => {
                let (a, b) = (scalar(&args[0], query, cx)?, scalar(&args[1], query, cx)?);
                Numbers::new(steps, cx, || a.iter().zip(&*b).map(|(&a, &b)| f(a, b)).collect())
            }
            Kernel::ScalarOfVector => the_one_float(&open(&args[0], query, cx)?, cx),
            _ => unreachable!("invariant: only these functions return scalars"),
        },
        _ => unreachable!("invariant: the plan types this node as a scalar"),
    }
}

/// `scalar(v)`: the value at steps with exactly one float, NaN elsewhere.
fn the_one_float(input: &Opened<'_>, cx: &Cx<'_>) -> Result<Numbers, ExecError> {
    let mut numbers = Numbers::new(input.steps, cx, || vec![f64::NAN; input.steps])?;
    let _counts = cx.hold(input.steps)?;
    let mut count = vec![0u8; input.steps];
    input.for_each_batch(cx, |_, batch| {
        for row in 0..batch.rows() {
            for (step, (value, n)) in numbers.values.iter_mut().zip(&mut count).enumerate() {
                if let Some(v) = batch.float(row, step) {
                    *value = if *n == 0 { v } else { f64::NAN };
                    *n = (*n + 1).min(2);
                }
            }
        }
        Ok(())
    })?;
    Ok(numbers)
}
