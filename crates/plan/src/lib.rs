//! From a syntax tree to a logical plan: checks, lowering, rewrites, explain.
//!
//! ```
//! use promqlite_model::Timestamp;
//! use promqlite_plan::{QueryParams, Rewrites, explain, lower, parse};
//! use promqlite_syntax::Features;
//!
//! let expr = parse("sum by (job) (rate(http_requests_total[5m]))", Features::default())?;
//! let mut plan = lower(&expr, &QueryParams::instant(Timestamp(600_000)))?;
//! let text = explain(&mut plan, Rewrites::ALL).to_string();
//! assert!(text.contains("sum by (job): vector at 600s\n  rate $0[5m]: vector"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Three stages, three types. [`parse`] binds names and types once ([`typed::Expr`]); [`lower()`] resolves all that
//! depends on the query's times ([`Plan`]); [`rewrite()`] saves work without changing any answer. Nothing here
//! reads samples: the plan says what to read, promqlite-exec reads it.

mod check;
mod explain;
mod lower;
mod node;
mod rewrite;
pub mod typed;
mod walk;

pub use check::{Registry, check, parse, similar_function};
pub use explain::{Explain, Stage};
pub use lower::{DurationFault, LowerError, LowerErrorKind, QueryParams, lower};
pub use node::*;
pub use promqlite_syntax::{go_quote, with_stack};
pub use rewrite::{PASSES, Pass, Rewrites, explain, rewrite};
