//! Function calls.

use promqlite_functions::{ExtensionSupport, Function, Kernel, QueryRangePart, functions};
use promqlite_model::{Matcher, Pos, ValueType};
use promqlite_syntax::ast::Extended;

use super::{LowerError, Lowerer, Scope};
use crate::node::{Emit, NodeBox, NodeKind};
use crate::typed::{ExprBox, ExprKind};

impl Lowerer<'_> {
    pub(super) fn call(
        &mut self,
        function: &'static Function,
        args: &[ExprBox],
        scope: Scope,
    ) -> Result<NodeKind, LowerError> {
        let direct = args.first().and_then(|arg| match &arg.kind {
            ExprKind::Selector(selector) => Some(selector),
            _ => None,
        });
        match (&function.kernel, direct) {
            (Kernel::Constant(value), _) => Ok(NodeKind::Number(*value)),
            (Kernel::QueryRange(part), _) => Ok(NodeKind::Number(self.query_range(*part))),
            (Kernel::Time, _) => Ok(NodeKind::Time),
            (Kernel::Timestamp, Some(selector)) => self.timestamp_selector(selector, Emit::Timestamp, scope),
            (Kernel::StartTimestamp, Some(selector)) => {
                self.timestamp_selector(selector, Emit::StartTimestamp, scope)
            }
            (Kernel::Info, _) => self.info(args, scope),
            (Kernel::Range(_) | Kernel::AbsentOverTime, _) => self.range_function(function, args, scope),
            (Kernel::Absent, Some(selector)) => {
                self.plain_call(function, args, selector.matchers.clone(), scope)
            }
            _ => self.plain_call(function, args, Vec::new(), scope),
        }
    }

    fn plain_call(
        &mut self,
        function: &'static Function,
        args: &[ExprBox],
        matchers: Vec<Matcher>,
        scope: Scope,
    ) -> Result<NodeKind, LowerError> {
        let args = args.iter().map(|arg| self.boxed(arg, scope)).collect::<Result<_, _>>()?;
        Ok(NodeKind::Call { function, args, matchers })
    }

    fn range_function(
        &mut self,
        function: &'static Function,
        args: &[ExprBox],
        scope: Scope,
    ) -> Result<NodeKind, LowerError> {
        let range_arg = args
            .iter()
            .position(|arg| arg.ty == ValueType::Matrix)
            .expect("invariant: range functions take a range vector");
        let mut positions: Vec<Pos> = args.iter().map(|arg| arg.pos()).collect();
        let mut scalars: Vec<NodeBox> = Vec::new();
        let mut input = None;
        let mut absent_matchers = Vec::new();
        for arg in args {
            match &arg.kind {
                ExprKind::Range(range) => {
                    self.check_extension(function, range.selector.extended);
                    input = Some(self.range_selector(range, scope)?);
                    if matches!(function.kernel, Kernel::AbsentOverTime) {
                        absent_matchers.clone_from(&range.selector.matchers);
                    }
                }
                ExprKind::Subquery(subquery) => {
                    // Prometheus replaces a subquery by its points, which have no place in the text.
                    positions[range_arg] = Pos(0);
                    input = Some(self.subquery(subquery, scope)?);
                }
                _ => scalars.push(self.boxed(arg, scope)?),
            }
        }
        let input = Box::new(input.expect("invariant: a range vector is a selector or a subquery"));
        Ok(NodeKind::RangeFunction { function, input, args: scalars, range_arg, positions, absent_matchers })
    }

    /// Prometheus finds a wrong modifier only when it evaluates, so the error waits for those of creation.
    fn check_extension(&mut self, function: &'static Function, extended: Option<Extended>) {
        let Some(extended) = extended else { return };
        if !supports(function, extended) && self.deferred.is_none() {
            let allowed: Vec<&str> =
                functions().iter().filter(|f| supports(f, extended)).map(|f| f.name).collect();
            self.deferred = Some(LowerError::Extension {
                modifier: extended.as_str(),
                allowed: allowed.join(", "),
                function: function.name,
            });
        }
    }

    fn query_range(&self, part: QueryRangePart) -> f64 {
        let params = self.params;
        match part {
            QueryRangePart::Start => params.start.seconds(),
            QueryRangePart::End => params.end.seconds(),
            QueryRangePart::Range => (params.end - params.start).seconds(),
            QueryRangePart::Step if params.start == params.end => 0.0,
            QueryRangePart::Step => params.step.map_or(0.0, |step| step.seconds()),
        }
    }
}

fn supports(function: &Function, extended: Extended) -> bool {
    let Kernel::Range(kernel) = &function.kernel else { return false };
    match kernel.extended {
        ExtensionSupport::No => false,
        ExtensionSupport::Anchored(_) => extended == Extended::Anchored,
        ExtensionSupport::Both(_) => true,
    }
}
