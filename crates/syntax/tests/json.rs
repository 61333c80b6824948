//! The JSON form of trees.
#![cfg(feature = "json")]

mod common;

use common::all;
use promqlite_syntax::{Signature, SignatureSource, ValueType, parse_expr, to_json, to_json_string};
use serde_json::{Value, json};

struct Signatures;

impl SignatureSource for Signatures {
    fn signature(&self, name: &str) -> Option<Signature> {
        let (arg, return_type) = match name {
            "rate" => (ValueType::Matrix, ValueType::Vector),
            "scalar" => (ValueType::Vector, ValueType::Scalar),
            _ => return None,
        };
        Some(Signature { arg_types: vec![arg], variadic: 0, return_type })
    }
}

fn parse(text: &str) -> Value {
    let expr = parse_expr(text, all()).unwrap_or_else(|error| panic!("{}", error.render(text)));
    let value = to_json(&expr, &Signatures);
    assert_eq!(to_json_string(&expr, &Signatures), value.to_string());
    value
}

#[test]
fn selectors_and_durations() {
    assert_eq!(
        parse(r#"rate(foo{a="b"}[5m] offset -1s @ 5 anchored)"#),
        json!({
            "type": "call",
            "func": { "name": "rate", "argTypes": ["matrix"], "variadic": 0, "returnType": "vector" },
            "args": [{
                "type": "matrixSelector", "name": "foo",
                "range": 300_000, "rangeExpr": null, "offset": -1000, "offsetExpr": null,
                "matchers": [
                    { "name": "a", "type": "=", "value": "b" },
                    { "name": "__name__", "type": "=", "value": "foo" },
                ],
                "timestamp": 5000, "startOrEnd": null, "anchored": true, "smoothed": false,
            }],
        })
    );
    assert_eq!(
        parse("{\"foo\"} @ start() offset (step()*5m)"),
        json!({
            "type": "vectorSelector", "name": "",
            "offset": 0,
            "offsetExpr": {
                "type": "durationExpr", "op": "*", "wrapped": true,
                "lhs": { "type": "durationExpr", "op": "step", "lhs": null, "rhs": null, "wrapped": false },
                "rhs": { "type": "numberLiteral", "val": "300", "duration": true },
            },
            "matchers": [{ "name": "__name__", "type": "=", "value": "foo" }],
            "timestamp": null, "startOrEnd": "start", "anchored": false, "smoothed": false,
        })
    );
}

#[test]
fn operators() {
    let matching = parse("a == bool on(b) group_left(c) fill_left(1) d")["matching"].clone();
    assert_eq!(
        matching,
        json!({
            "card": "many-to-one", "labels": ["b"], "on": true, "include": ["c"],
            "fillValues": { "lhs": 1.0, "rhs": null },
        })
    );
    assert_eq!(parse("a and b")["matching"]["card"], json!("many-to-many"));
    assert_eq!(parse("a + scalar(b)")["matching"], Value::Null);
    assert_eq!(parse("1 + 2")["lhs"], json!({ "type": "numberLiteral", "val": "1" }));
    assert_eq!(
        parse("-(\"x\")"),
        json!({ "type": "unaryExpr", "op": "-", "expr": {
            "type": "parenExpr", "expr": { "type": "stringLiteral", "val": "x" },
        }})
    );
    let subquery = parse("sum without (a) (b)[5m:]");
    assert_eq!((&subquery["step"], &subquery["stepExpr"]), (&json!(0), &Value::Null));
    assert_eq!(
        (&subquery["expr"]["grouping"], &subquery["expr"]["without"], &subquery["expr"]["param"]),
        (&json!(["a"]), &json!(true), &Value::Null)
    );
}
