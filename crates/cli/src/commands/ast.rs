//! `promqlite ast`

use std::io::Write;

use promqlite::{Engine, EngineOptions, Features, ValueType, functions};
use promqlite_plan::Registry;
use promqlite_syntax::ast::Expr;
use promqlite_syntax::{ParseOptions, Signature, SignatureSource, parse_expr, to_json_string, tree};

use crate::args::AstArgs;
use crate::commands::query_text;
use crate::failure::Failure;
use crate::output::to_stdout;

/// Shows a query's syntax tree.
pub(super) fn run(args: &AstArgs) -> Result<(), Failure> {
    let text = query_text(args.expr.as_deref())?;
    let expr = parse(text.trim_end())?;
    let shown = if args.json { to_json_string(&expr, &Functions) } else { tree(&expr) };
    to_stdout(|out| writeln!(out, "{}", shown.trim_end()))?;
    Ok(())
}

/// The syntax tree of a query as text.
pub(crate) fn syntax_tree(text: &str) -> Result<String, Failure> {
    Ok(tree(&parse(text)?))
}

/// Checks a query with all features and returns its tree.
pub(super) fn parse(text: &str) -> Result<Expr, Failure> {
    let engine = Engine::new(EngineOptions { features: Features::ALL, ..EngineOptions::default() });
    engine.check(text).map_err(|error| Failure::query(error, text))?;
    let options = ParseOptions { features: Features::ALL, env: &Registry };
    Ok(parse_expr(text, options).expect("invariant: what passes the checks parses"))
}

/// The signatures of all functions.
struct Functions;

impl SignatureSource for Functions {
    fn signature(&self, name: &str) -> Option<Signature> {
        let function = functions::function(name)?;
        Some(Signature {
            arg_types: function.args.iter().copied().map(syntax_type).collect(),
            variadic: function.variadic,
            return_type: syntax_type(function.returns),
        })
    }
}

fn syntax_type(ty: ValueType) -> promqlite_syntax::ValueType {
    match ty {
        ValueType::Scalar => promqlite_syntax::ValueType::Scalar,
        ValueType::String => promqlite_syntax::ValueType::String,
        ValueType::Vector => promqlite_syntax::ValueType::Vector,
        ValueType::Matrix => promqlite_syntax::ValueType::Matrix,
    }
}
