//! PromQL text to syntax tree and back: lexer, grammar, printer, diagnostics.
//!
//! The crate knows no functions, types, time or storage. Names are bound by promqlite-plan.

pub mod ast;
mod bytes;
mod ops;
mod span;
mod stack;

pub use bytes::ByteString;
pub use span::Span;
pub use stack::{Boxed, with_stack};
