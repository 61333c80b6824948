//! Trees as the JSON of Prometheus' `/api/v1/parse_query`.

use serde_json::{Map, Value, json};

use crate::ast::{
    At, Binary, Call, DurationExpr, DurationOperand, DurationValue, Expr, ExprBox, Extended, LabelName,
    Matcher, NumberLiteral, VectorSelector,
};
use crate::number::format_number;
use crate::stack::with_stack;
use crate::types::{SignatureSource, ValueType, value_type};

/// Stack for building, writing and dropping the JSON of the deepest expression, in bytes.
const JSON_STACK: usize = 64 * 1024 * 1024;

/// The expression as JSON text. Unlike a [`Value`], which is dropped by plain recursion, safe at any depth.
pub fn to_json_string(expr: &Expr, signatures: &dyn SignatureSource) -> String {
    stacker::grow(JSON_STACK, || to_json(expr, signatures).to_string())
}

/// The expression as JSON. Durations and times are integer milliseconds. For trees that others wrote, prefer
/// [`to_json_string`]: dropping the value of a tree of some thousand levels takes megabytes of stack.
pub fn to_json(expr: &Expr, signatures: &dyn SignatureSource) -> Value {
    with_stack(|| match expr {
        Expr::Aggregate(node) => json!({
            "type": "aggregation",
            "op": node.op.as_str(),
            "expr": to_json(&node.expr, signatures),
            "param": node.param.as_ref().map(|param| to_json(param, signatures)),
            "grouping": names(&node.grouping),
            "without": node.without,
        }),
        Expr::Binary(node) => json!({
            "type": "binaryExpr",
            "op": node.op.as_str(),
            "lhs": to_json(&node.lhs, signatures),
            "rhs": to_json(&node.rhs, signatures),
            "bool": node.return_bool,
            "matching": matching(node, signatures),
        }),
        Expr::Call(node) => call(node, signatures),
        Expr::Matrix(node) => {
            let mut fields = selector("matrixSelector", &node.selector);
            put_duration(&mut fields, "range", Some(&node.range));
            Value::Object(fields)
        }
        Expr::Subquery(node) => {
            let mut fields = Map::new();
            fields.insert("type".to_owned(), json!("subquery"));
            fields.insert("expr".to_owned(), to_json(&node.expr, signatures));
            put_duration(&mut fields, "range", Some(&node.range));
            put_duration(&mut fields, "step", node.step.as_ref());
            put_duration(&mut fields, "offset", node.offset.as_ref());
            put_at(&mut fields, node.at);
            Value::Object(fields)
        }
        Expr::Number(node) => json!({ "type": "numberLiteral", "val": format_number(node.value) }),
        Expr::String(node) => json!({ "type": "stringLiteral", "val": node.value.to_string_lossy() }),
        Expr::Paren(node) => json!({ "type": "parenExpr", "expr": to_json(&node.expr, signatures) }),
        Expr::Unary(node) => json!({
            "type": "unaryExpr",
            "op": node.op.as_str(),
            "expr": to_json(&node.expr, signatures),
        }),
        Expr::Vector(node) => Value::Object(selector("vectorSelector", node)),
    })
}

fn names(labels: &[LabelName]) -> Vec<&str> {
    labels.iter().map(|label| label.name.as_str()).collect()
}

fn matching(node: &Binary, signatures: &dyn SignatureSource) -> Value {
    let is_vector = |side: &ExprBox| value_type(side, signatures) == ValueType::Vector;
    match &node.matching {
        Some(matching) if is_vector(&node.lhs) && is_vector(&node.rhs) => json!({
            "card": matching.card.as_str(),
            "labels": names(&matching.labels),
            "on": matching.on,
            "include": names(&matching.include),
            "fillValues": { "lhs": matching.fill.lhs, "rhs": matching.fill.rhs },
        }),
        _ => Value::Null,
    }
}

fn call(node: &Call, signatures: &dyn SignatureSource) -> Value {
    let signature = signatures.signature(&node.func);
    let arg_types = signature.as_ref().map_or(&[][..], |it| &it.arg_types);
    json!({
        "type": "call",
        "func": {
            "name": node.func,
            "argTypes": arg_types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
            "variadic": signature.as_ref().map_or(0, |it| it.variadic),
            "returnType": signature.as_ref().map_or(ValueType::Vector, |it| it.return_type).as_str(),
        },
        "args": node.args.iter().map(|arg| to_json(arg, signatures)).collect::<Vec<_>>(),
    })
}

fn matcher(matcher: &Matcher) -> Value {
    json!({
        "name": matcher.name.to_string_lossy(),
        "type": matcher.op.as_str(),
        "value": matcher.value.to_string_lossy(),
    })
}

fn selector(kind: &str, node: &VectorSelector) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("type".to_owned(), json!(kind));
    fields.insert("name".to_owned(), json!(node.name.as_deref().unwrap_or("")));
    fields.insert("matchers".to_owned(), node.matchers.iter().map(matcher).collect());
    fields.insert("anchored".to_owned(), json!(node.extended == Some(Extended::Anchored)));
    fields.insert("smoothed".to_owned(), json!(node.extended == Some(Extended::Smoothed)));
    put_duration(&mut fields, "offset", node.offset.as_ref());
    put_at(&mut fields, node.at);
    fields
}

fn put_at(fields: &mut Map<String, Value>, at: Option<At>) {
    let (timestamp, word) = match at {
        None => (None, None),
        Some(At::Time(ms)) => (Some(ms), None),
        Some(At::Start) => (None, Some("start")),
        Some(At::End) => (None, Some("end")),
    };
    fields.insert("timestamp".to_owned(), json!(timestamp));
    fields.insert("startOrEnd".to_owned(), json!(word));
}

/// Puts the fixed value under `name` and the expression under `nameExpr`; the one that is absent is 0 or null.
fn put_duration(fields: &mut Map<String, Value>, name: &str, duration: Option<&DurationValue>) {
    let (ms, expr) = match duration {
        None => (0, Value::Null),
        Some(DurationValue::Fixed(fixed)) => (fixed.ns / 1_000_000, Value::Null),
        Some(DurationValue::Expr(expr)) => (0, duration_expr(expr)),
    };
    fields.insert(name.to_owned(), json!(ms));
    fields.insert(format!("{name}Expr"), expr);
}

fn duration_expr(expr: &DurationExpr) -> Value {
    with_stack(|| {
        let (lhs, rhs) = expr.kind.operands();
        json!({
            "type": "durationExpr",
            "op": expr.kind.op_name(),
            "lhs": lhs.map(duration_operand),
            "rhs": rhs.map(duration_operand),
            "wrapped": expr.wrapped,
        })
    })
}

fn duration_operand(operand: &DurationOperand) -> Value {
    match operand {
        DurationOperand::Literal(NumberLiteral { value, duration, .. }) => {
            json!({ "type": "numberLiteral", "val": format_number(*value), "duration": duration })
        }
        DurationOperand::Expr(expr) => duration_expr(expr),
    }
}
