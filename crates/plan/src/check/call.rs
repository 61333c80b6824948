//! Function calls: arity, argument types, the rules of `info`.

use promqlite_functions::{Function, Kernel, function};
use promqlite_model::ValueType;
use promqlite_syntax::{Diagnostic, DiagnosticKind, ast, with_stack};

use super::selector::{EmptyMatchers, check_vector};
use super::{expect, suggest, type_error};
use crate::typed::{Expr, ExprBox, ExprKind, Invariance};

pub(super) fn check_call(node: &ast::Call) -> Result<Expr, Diagnostic> {
    let Some(function) = function(&node.func) else {
        let message = format!("unknown function with name {:?}", node.func);
        let error = Diagnostic::new(DiagnosticKind::Action, message, node.func_span);
        return Err(suggest::with_similar(error, &node.func));
    };
    check_arity(function, node)?;
    let labels_only = matches!(function.kernel, Kernel::Info).then_some(1);
    if labels_only.is_some() {
        check_info_selector(function, node)?;
    }
    let context = format_args!("call to function \"{}\"", function.name);
    let mut args = Vec::with_capacity(node.args.len());
    for (i, arg) in node.args.iter().enumerate() {
        let checked = match &**arg {
            ast::Expr::Vector(vector) if labels_only == Some(i) => {
                ExprBox::new(check_vector(vector, EmptyMatchers::Allow)?)
            }
            arg => expect(arg, declared(function, i), context)
                .map_err(|error| error.with_secondary(node.func_span, signature(function)))?,
        };
        args.push(checked);
    }
    let invariance = invariance(function, &args);
    Ok(Expr { kind: ExprKind::Call { function, args }, ty: function.returns, span: node.span, invariance })
}

/// The declared type of argument `i`; the last one repeats.
fn declared(function: &Function, i: usize) -> ValueType {
    function.args[i.min(function.args.len() - 1)]
}

/// `rate(range vector)`, for the note under an error.
fn signature(function: &Function) -> String {
    let args: Vec<&str> = function.args.iter().map(|ty| ty.documented()).collect();
    let more = if function.variadic < 0 { ", …" } else { "" };
    format!("it is {}({}{more})", function.name, args.join(", "))
}

fn check_arity(function: &Function, node: &ast::Call) -> Result<(), Diagnostic> {
    let (declared, got) = (function.args.len(), node.args.len());
    let (least, most) = match function.variadic {
        0 => (declared, Some(declared)),
        more if more > 0 => (declared - 1, Some(declared - 1 + more.unsigned_abs() as usize)),
        _ => (declared - 1, None),
    };
    let wrong = |quantity: &str, n: usize| {
        let message =
            format!("expected {quantity}{n} argument(s) in call to \"{}\", got {got}", function.name);
        Err(type_error(message, node.span).with_secondary(node.func_span, signature(function)))
    };
    match most {
        Some(most) if most == least && got != least => wrong("", least),
        _ if got < least => wrong("at least ", least),
        Some(most) if got > most => wrong("at most ", most),
        _ => Ok(()),
    }
}

/// The second argument of `info` is a bare list of matchers.
fn check_info_selector(function: &Function, node: &ast::Call) -> Result<(), Diagnostic> {
    let Some(arg) = node.args.get(1) else { return Ok(()) };
    let got = declared_type(arg);
    if got != ValueType::Vector {
        let message = format!(
            "expected type {} in call to function \"{}\", got {}",
            ValueType::Vector.documented(),
            function.name,
            got.documented()
        );
        return Err(type_error(message, node.span).with_secondary(arg.span(), "this argument"));
    }
    let message = match &**arg {
        ast::Expr::Vector(vector) if vector.name.is_none() => return Ok(()),
        ast::Expr::Vector(_) => "expected label selectors only, got vector selector instead",
        _ => "expected label selectors only",
    };
    Err(type_error(message, arg.span()).with_help("write matchers in braces, such as `{version=~\".+\"}`"))
}

/// The type of an expression before anything below it is checked.
fn declared_type(expr: &ast::Expr) -> ValueType {
    match expr.unparen() {
        ast::Expr::Number(_) => ValueType::Scalar,
        ast::Expr::String(_) => ValueType::String,
        ast::Expr::Vector(_) | ast::Expr::Aggregate(_) => ValueType::Vector,
        ast::Expr::Matrix(_) | ast::Expr::Subquery(_) => ValueType::Matrix,
        ast::Expr::Call(call) => function(&call.func).map_or(ValueType::Vector, |f| f.returns),
        ast::Expr::Paren(paren) => with_stack(|| declared_type(&paren.expr)),
        ast::Expr::Unary(unary) => with_stack(|| declared_type(&unary.expr)),
        ast::Expr::Binary(binary) => with_stack(|| {
            let scalar = |side| declared_type(side) == ValueType::Scalar;
            if scalar(&binary.lhs) && scalar(&binary.rhs) { ValueType::Scalar } else { ValueType::Vector }
        }),
    }
}

/// Whether a call has the same value at every step when its arguments do.
fn invariance(function: &Function, args: &[ExprBox]) -> Invariance {
    let all = args.iter().fold(Invariance::Constant, |all, arg| all.and(arg.invariance));
    match function.kernel {
        Kernel::Time => Invariance::Varying,
        Kernel::Calendar(_) => Invariance::Varying,
        // Of anything but a selector it is the time of the step.
        Kernel::Timestamp if !matches!(args[0].kind, ExprKind::Selector(_)) => Invariance::Varying,
        // A function with one parameter behind the range looks at the time of the step: `predict_linear` does.
        Kernel::Range(_) if args.len() == 2 && args[0].ty == ValueType::Matrix => Invariance::Varying,
        _ => all,
    }
}
