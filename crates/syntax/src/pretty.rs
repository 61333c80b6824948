//! Trees back to text on several lines, in the form of Prometheus' formatter.

use crate::ast::Expr;
use crate::print::{AggregateHead, BinaryMiddle, SubqueryTail};
use crate::stack::with_stack;

/// Longest line, in bytes, that is not split.
const MAX_LINE: usize = 100;

/// Formats an expression over several lines: what does not fit into 100 bytes is split, two spaces per level.
pub fn pretty(expr: &Expr) -> String {
    level(expr, 0)
}

fn level(expr: &Expr, depth: usize) -> String {
    with_stack(|| {
        // The one-line form of every level costs quadratic time only along paths that are too long to fit.
        let line = OneLine::of(expr);
        let indent = "  ".repeat(depth);
        match expr {
            Expr::Vector(_) | Expr::Matrix(_) | Expr::Number(_) | Expr::String(_) => {
                format!("{indent}{expr}")
            }
            Expr::Unary(node) => {
                format!("{indent}{}{}", node.op, level(&node.expr, depth).trim())
            }
            Expr::Subquery(node) => match line.fits() {
                // Prometheus does not indent here.
                Some(text) => text,
                None => format!("{}{}", level(&node.expr, depth), SubqueryTail(node)),
            },
            _ if line.fits().is_some() => format!("{indent}{}", line.text),
            Expr::Aggregate(node) => {
                let param = node.param.iter().map(|param| level(param, depth + 1));
                let parts: Vec<_> = param.chain([level(&node.expr, depth + 1)]).collect();
                wrapped(&indent, &AggregateHead(node).to_string(), &parts)
            }
            Expr::Call(node) => {
                let parts: Vec<_> = node.args.iter().map(|arg| level(arg, depth + 1)).collect();
                wrapped(&indent, &node.func, &parts)
            }
            Expr::Paren(node) => wrapped(&indent, "", &[level(&node.expr, depth + 1)]),
            Expr::Binary(node) => format!(
                "{}\n{indent}{}\n{}",
                level(&node.lhs, depth + 1),
                BinaryMiddle(node),
                level(&node.rhs, depth + 1)
            ),
        }
    })
}

fn wrapped(indent: &str, head: &str, parts: &[String]) -> String {
    format!("{indent}{head}(\n{}\n{indent})", parts.join(",\n"))
}

/// The one-line form, cut once it is too long.
struct OneLine {
    text: String,
    complete: bool,
}

impl OneLine {
    fn of(expr: &Expr) -> Self {
        use std::fmt::Write;
        let mut line = OneLine { text: String::new(), complete: true };
        // The writer fails to stop the printer early; that is no error.
        let _ = write!(line, "{expr}");
        line
    }

    fn fits(&self) -> Option<String> {
        self.complete.then(|| self.text.clone())
    }
}

impl std::fmt::Write for OneLine {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.text.len() + text.len() > MAX_LINE {
            self.complete = false;
            return Err(std::fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}
