//! What may be wrong with a query, judged by its text and by the data at hand; and why an answer is empty.
//!
//! [`lint`] looks at a query that parses and tells what its writer may not have meant: [`Finding`]s, each with a
//! code that stays the same between versions. [`why_empty`] looks for the place where the series of an empty
//! answer got lost. Neither changes an answer.
//!
//! ```
//! use promqlite::{Features, MemStore};
//!
//! let store = MemStore::new();
//! let free = store.series_of([("__name__", "memory_free_bytes"), ("job", "node")]);
//! (0..20).for_each(|i| drop(store.append(free, i * 15_000, if i % 2 == 0 { 7.0 } else { 5.0 })));
//!
//! let findings = promqlite_lint::lint("rate(memory_free_bytes[5m])", Features::SERVER_DEFAULT, &store)?;
//! assert_eq!(findings[0].code.name, "rate-of-gauge");
//! # Ok::<(), promqlite::Diagnostic>(())
//! ```

mod empty;
mod facts;
mod finding;
mod labels;
mod metrics;
mod rules;
mod similar;

pub use empty::{EmptyReason, Times, why_empty};
pub use finding::{CODES, Code, Finding, Severity};
pub use rules::lint;
pub use similar::similar;
