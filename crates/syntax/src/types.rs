//! Value types, and what of the tree depends on them.

use std::fmt;

use crate::ast::Expr;
use crate::stack::with_stack;

/// The type of an expression's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ValueType {
    /// A number.
    Scalar,
    /// An instant vector.
    Vector,
    /// A range vector.
    Matrix,
    /// A text.
    String,
}

impl ValueType {
    /// The name in AST JSON: `scalar`, `vector`, `matrix`, `string`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Vector => "vector",
            Self::Matrix => "matrix",
            Self::String => "string",
        }
    }

    /// The name in most error messages: `scalar`, `instant vector`, `range vector`, `string`.
    pub const fn documented(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
            Self::String => "string",
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A function's signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// The declared argument types.
    pub arg_types: Vec<ValueType>,
    /// With n declared types: 0 means exactly n arguments, v > 0 between n-1 and n-1+v, -1 at least n-1.
    pub variadic: i32,
    /// The type of the result.
    pub return_type: ValueType,
}

/// Knows the signatures of functions.
pub trait SignatureSource {
    /// The signature of a function, `None` if there is no such function.
    fn signature(&self, name: &str) -> Option<Signature>;
}

/// The type of an expression. Calls of unknown functions count as vectors. Nothing is checked.
pub fn value_type(expr: &Expr, signatures: &dyn SignatureSource) -> ValueType {
    with_stack(|| match expr {
        Expr::Aggregate(_) | Expr::Vector(_) => ValueType::Vector,
        Expr::Matrix(_) | Expr::Subquery(_) => ValueType::Matrix,
        Expr::Number(_) => ValueType::Scalar,
        Expr::String(_) => ValueType::String,
        Expr::Paren(node) => value_type(&node.expr, signatures),
        Expr::Unary(node) => value_type(&node.expr, signatures),
        Expr::Call(node) => signatures.signature(&node.func).map_or(ValueType::Vector, |it| it.return_type),
        Expr::Binary(node) => {
            let scalar = |side| value_type(side, signatures) == ValueType::Scalar;
            if scalar(&node.lhs) && scalar(&node.rhs) { ValueType::Scalar } else { ValueType::Vector }
        }
    })
}

/// Removes the matching clause of every binary operation that has an operand other than an instant vector, as
/// Prometheus' type check does. Call it on a checked expression before printing it.
pub fn normalize(expr: &mut Expr, signatures: &dyn SignatureSource) {
    normalize_node(expr, signatures);
}

/// Normalizes a subtree and returns its type, so that no type is computed twice.
fn normalize_node(expr: &mut Expr, signatures: &dyn SignatureSource) -> ValueType {
    with_stack(|| {
        let types: Vec<ValueType> =
            expr.children_mut().map(|child| normalize_node(child, signatures)).collect();
        match expr {
            Expr::Binary(node) => {
                if types.iter().any(|side| *side != ValueType::Vector) {
                    node.matching = None;
                }
                if types.iter().all(|side| *side == ValueType::Scalar) {
                    return ValueType::Scalar;
                }
                ValueType::Vector
            }
            Expr::Paren(_) | Expr::Unary(_) => types[0],
            _ => value_type(expr, signatures),
        }
    })
}
