//! PromQL text to syntax tree and back: lexer, grammar, printer, diagnostics.
//!
//! ```
//! use promqlite_syntax::{ParseOptions, parse_expr, pretty};
//!
//! let expr = parse_expr("sum(rate(up[300s])) by (job)", ParseOptions::PERMISSIVE).unwrap();
//! assert_eq!(expr.to_string(), "sum by (job) (rate(up[5m]))");
//! assert_eq!(pretty(&expr), "sum by (job) (rate(up[5m]))");
//!
//! let error = parse_expr("sum(foo bar)", ParseOptions::PERMISSIVE).unwrap_err();
//! let line = "1:9: parse error: unexpected identifier \"bar\" in aggregation";
//! assert_eq!(error.render("sum(foo bar)"), line);
//! ```
//!
//! The crate knows no functions, no storage, and nothing of evaluation. Names and types are bound by promqlite-plan;
//! what a parse must know about functions and regular expressions comes through [`Environment`].
//!
//! All passes here are safe on trees of any depth, on any stack. Others reach the same by [`with_stack`] and [`Boxed`].

pub mod ast;
mod build;
mod bytes;
mod diagnostic;
mod duration;
#[cfg(feature = "json")]
mod json;
mod lexer;
mod number;
mod ops;
mod options;
mod parse;
mod place;
mod pretty;
mod print;
mod quote;
pub mod series;
mod span;
mod stack;
mod token;
mod tree;
mod types;
mod walk;

#[allow(clippy::all, clippy::pedantic, unused, missing_docs, unreachable_pub)]
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/promql.rs"));
}

pub use build::MAX_DEPTH;
pub use bytes::ByteString;
pub use diagnostic::{Diagnostic, DiagnosticKind, line_and_column};
pub use duration::{DurationError, format_duration, parse_duration};
#[cfg(feature = "json")]
pub use json::{to_json, to_json_string};
pub use lexer::{tokenize, unquote};
pub use number::{NumberError, format_number, format_number_g, parse_number};
pub use options::{Environment, Features, FunctionStatus, ParseOptions, Permissive};
pub use parse::{parse_expr, parse_metric, parse_metric_selector, parse_series_desc};
pub use pretty::pretty;
pub use quote::go_quote;
pub use span::Span;
pub use stack::{Boxed, with_stack};
pub use token::{Hint, HistogramKey, KEYWORDS, Keyword, Token, TokenKind, keyword};
pub use tree::tree;
pub use types::{Signature, SignatureSource, ValueType, normalize, value_type};
pub use walk::{erase_spans, map, walk, walk_mut};
