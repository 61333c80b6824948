//! Scalars: a number per step. They are small, so they are computed at once.

use promqlite_functions::Kernel;
use promqlite_functions::binary::combine_scalars;
use promqlite_plan::{Node, NodeKind};

use crate::build::open;
use crate::context::Cx;
use crate::error::ExecError;
use crate::operator::Opened;
use crate::run::Query;

/// Evaluates a scalar node on its grid.
pub(crate) fn scalar<'q>(node: &'q Node, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Vec<f64>, ExecError> {
    promqlite_plan::with_stack(|| scalar_inner(node, query, cx))
}

fn scalar_inner<'q>(node: &'q Node, query: &'q Query<'q>, cx: &Cx<'q>) -> Result<Vec<f64>, ExecError> {
    let steps = node.grid.len;
    cx.check_shape(1, steps)?;
    let values = match &node.kind {
        NodeKind::Number(v) => vec![*v; steps],
        NodeKind::Time => node.grid.times().map(|t| t.seconds()).collect(),
        NodeKind::Negate(input) => scalar(input, query, cx)?.into_iter().map(|v| -v).collect(),
        NodeKind::Broadcast(input) => {
            let one = scalar(input, query, cx)?;
            vec![one.first().copied().unwrap_or(f64::NAN); steps]
        }
        NodeKind::Shared(i) => scalar(&query.plan.shared[*i], query, cx)?,
        NodeKind::Binary { op, lhs, rhs, .. } => {
            let (lhs, rhs) = (scalar(lhs, query, cx)?, scalar(rhs, query, cx)?);
            let mut out = vec![0.0; steps];
            combine_scalars(*op, &lhs, &rhs, &mut out).map_err(|e| ExecError::Evaluation(e.to_string()))?;
            out
        }
        NodeKind::Call { function, args, .. } => match function.kernel {
            Kernel::Constant(v) => vec![v; steps],
            Kernel::Time => node.grid.times().map(|t| t.seconds()).collect(),
            Kernel::ScalarPair(f) => {
                let (a, b) = (scalar(&args[0], query, cx)?, scalar(&args[1], query, cx)?);
                pairwise(&a, &b, f)
            }
            Kernel::ScalarOfVector => the_one_float(&open(&args[0], query, cx)?, cx)?,
            _ => unreachable!("invariant: only these functions return scalars"),
        },
        _ => unreachable!("invariant: the plan types this node as a scalar"),
    };
    Ok(values)
}

fn pairwise(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
}

/// `scalar(v)`: the value at steps with exactly one float, NaN elsewhere.
fn the_one_float(input: &Opened<'_>, cx: &Cx<'_>) -> Result<Vec<f64>, ExecError> {
    let mut values = vec![f64::NAN; input.steps];
    let mut count = vec![0u8; input.steps];
    input.for_each_batch(cx, |_, batch| {
        for row in 0..batch.rows() {
            for (step, (value, n)) in values.iter_mut().zip(&mut count).enumerate() {
                if let Some(v) = batch.float(row, step) {
                    *value = if *n == 0 { v } else { f64::NAN };
                    *n = (*n + 1).min(2);
                }
            }
        }
        Ok(())
    })?;
    Ok(values)
}
