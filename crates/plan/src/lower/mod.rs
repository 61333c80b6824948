//! From the typed tree to the plan: everything that depends on the query's times is resolved here.

mod call;
mod duration;
mod error;
mod info;
mod params;
mod select;
mod subquery;
mod validate;

use promqlite_functions::Kernel;
use promqlite_functions::binary::BinaryOp;
use promqlite_model::{Grid, Millis, Pos, ValueType};
use promqlite_syntax::with_stack;

pub use error::{DurationFault, LowerError, LowerErrorKind};
pub use params::QueryParams;

use crate::node::{Node, NodeBox, NodeKind, Plan, SelectorSpec};
use crate::typed::{Expr, ExprKind, Invariance};
use duration::QueryDurations;

/// Plans a checked query for the given times.
///
/// # Errors
/// [`LowerError`]; errors that Prometheus raises while a query runs come last.
pub fn lower(expr: &Expr, params: &QueryParams) -> Result<Plan, LowerError> {
    validate::validate(expr, params)?;
    if let Some(step) = params.step {
        if !matches!(expr.ty, ValueType::Scalar | ValueType::Vector) {
            return Err(LowerError::RangeQueryType { got: expr.ty.documented() });
        }
        if step.0 <= 0 {
            return Err(LowerError::Step { got_ms: step.0 });
        }
    }
    let mut lowerer = Lowerer::new(params);
    let scope = Scope {
        grid: params.grid(),
        step: params.step.unwrap_or(Millis::ZERO),
        at: AtRule::Pins,
        buckets: Buckets::Read,
    };
    let root = lowerer.expr(expr, scope)?;
    match lowerer.deferred {
        Some(error) => Err(error),
        None => Ok(Plan {
            root,
            selectors: lowerer.selectors,
            shared: Vec::new(),
            is_range: params.step.is_some(),
            settings: params.settings,
        }),
    }
}

/// Where in the query an expression is evaluated.
#[derive(Clone, Copy)]
struct Scope {
    /// The steps.
    grid: Grid,
    /// The step of the innermost subquery, else of the query: a hint to storage.
    step: Millis,
    /// What `@` means here.
    at: AtRule,
    /// Whether selectors here read the buckets of native histograms.
    buckets: Buckets,
}

/// Whether anything looks at the buckets of the native histograms that a selector reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Buckets {
    /// Nothing says otherwise.
    Read,
    /// A function above looks at count and sum alone.
    Skip,
    /// Something above looks at them, or hands them on in ways that are not followed.
    Needed,
}

impl Scope {
    /// The scope of a function's arguments.
    fn arguments_of(self, kernel: &Kernel) -> Self {
        let buckets = match (kernel, self.buckets) {
            (Kernel::HistogramQuantile | Kernel::HistogramQuantiles | Kernel::HistogramFraction, _) => {
                Buckets::Needed
            }
            (Kernel::MapHistogramTotals(_), Buckets::Read) => Buckets::Skip,
            (_, buckets) => buckets,
        };
        Self { buckets, ..self }
    }

    /// The scope of an operator's operands.
    fn operands_of(self, op: BinaryOp) -> Self {
        match op {
            BinaryOp::TrimUpper | BinaryOp::TrimLower => Self { buckets: Buckets::Needed, ..self },
            _ => self,
        }
    }
}

/// What `@` does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtRule {
    /// It pins every step to one instant.
    Pins,
    /// Inside the parameter of an aggregation, which Prometheus evaluates as it is written: `@ start()` and
    /// `@ end()` do nothing, and `@ x` holds for the first step only, later ones move on with the steps.
    Drifts,
}

struct Lowerer<'a> {
    params: &'a QueryParams,
    durations: QueryDurations,
    selectors: Vec<SelectorSpec>,
    /// The first error that counts only if the query can be created at all.
    deferred: Option<LowerError>,
}

impl<'a> Lowerer<'a> {
    fn new(params: &'a QueryParams) -> Self {
        let durations = match params.step {
            None => QueryDurations { step: 0.0, range: 0.0 },
            Some(step) => {
                QueryDurations { step: step.seconds(), range: (params.end - params.start).seconds() }
            }
        };
        Self { params, durations, selectors: Vec::new(), deferred: None }
    }

    /// Lowers an expression; one that `@` pins is evaluated at the first step only.
    fn expr(&mut self, expr: &Expr, scope: Scope) -> Result<Node, LowerError> {
        // `sort` of constants is ineffective, and says so, only where it is evaluated at several steps.
        let sorts = matches!(&expr.kind, ExprKind::Call { function, .. }
            if matches!(function.kernel, Kernel::Sort(_) | Kernel::SortByLabel(_)));
        let once = (expr.invariance == Invariance::Pinned
            || (expr.invariance == Invariance::Constant && sorts))
            && expr.ty != ValueType::Matrix
            && scope.at == AtRule::Pins
            && scope.grid.len > 1;
        if !once {
            return with_stack(|| self.per_step(expr, scope));
        }
        let first = Scope { grid: Grid::instant(scope.grid.start), ..scope };
        let inner = with_stack(|| self.per_step(expr, first))?;
        let (ty, pos) = (inner.ty, inner.pos);
        Ok(Node { kind: NodeKind::Broadcast(NodeBox::new(inner)), grid: scope.grid, ty, pos })
    }

    fn boxed(&mut self, expr: &Expr, scope: Scope) -> Result<NodeBox, LowerError> {
        self.expr(expr, scope).map(NodeBox::new)
    }

    fn per_step(&mut self, expr: &Expr, scope: Scope) -> Result<Node, LowerError> {
        let kind = match &expr.kind {
            ExprKind::Number(value) => NodeKind::Number(*value),
            ExprKind::String(value) => NodeKind::String(value.clone()),
            ExprKind::Selector(selector) => self.instant_selector(selector, scope)?,
            ExprKind::Range(range) => NodeKind::Range(self.range_selector(range, scope)?),
            ExprKind::Subquery(subquery) => NodeKind::Range(self.subquery(subquery, scope)?),
            ExprKind::Call { function, args } => {
                self.call(function, args, scope.arguments_of(&function.kernel))?
            }
            ExprKind::Aggregate { aggregation, grouping, input, param } => {
                let input = self.boxed(input, scope)?;
                let drifting = Scope { at: AtRule::Drifts, ..scope };
                let param = param.as_ref().map(|param| self.boxed(param, drifting)).transpose()?;
                NodeKind::Aggregate { aggregation, grouping: grouping.clone(), input, param }
            }
            ExprKind::Binary { op, return_bool, lhs, rhs, matching } => NodeKind::Binary {
                op: *op,
                return_bool: *return_bool,
                lhs: self.boxed(lhs, scope.operands_of(*op))?,
                rhs: self.boxed(rhs, scope.operands_of(*op))?,
                matching: matching.clone(),
            },
            ExprKind::Negate(operand) => NodeKind::Negate(self.boxed(operand, scope)?),
            ExprKind::Plus(operand) => return Ok(signed(self.expr(operand, scope)?, expr.pos())),
        };
        Ok(Node { kind, grid: scope.grid, ty: expr.ty, pos: expr.pos() })
    }
}

/// `+x` is `x`, but remarks on an operand point at its sign. Calls, aggregations and binary operations keep their
/// position, since they make remarks on themselves.
fn signed(mut node: Node, sign: Pos) -> Node {
    match node.kind {
        NodeKind::Call { .. } | NodeKind::Aggregate { .. } | NodeKind::Binary { .. } => {}
        _ => node.pos = sign,
    }
    node
}
