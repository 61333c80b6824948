//! Parses Go's regular expression syntax into an [`Hir`](regex_syntax::hir::Hir).
//!
//! The grammar is that of Go's `regexp/syntax` with the Perl flags. Parsing is driven by an explicit stack of open
//! groups, so it uses constant stack space, and error fragments are cut where Go cuts them.

mod class;
mod escape;
mod flags;
mod node;
mod parser;
mod repeat;

pub(crate) use parser::{Parsed, parse};
