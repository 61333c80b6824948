//! Go's RE2 regular expressions as PromQL uses them: fully anchored matchers and label_replace templates.
//!
//! PromQL inherits the syntax and semantics of Go's `regexp` package, which differ from those of Rust's `regex` in
//! many small ways. [`Regex`] accepts exactly what Go accepts, rejects the rest with Go's text, and matches a whole
//! value at once: leftmost-first, with `.` matching newlines. [`Template`] holds the replacement of a
//! `label_replace`.
//!
//! ```
//! use promqlite_regex::{Regex, Template};
//!
//! let instance = Regex::new(r"(?P<host>[^:]+):\d+").unwrap();
//! assert!(instance.is_match("db-1:9100"));
//! assert_eq!(instance.replace("db-1:9100", &Template::new("$host")), Some("db-1".to_owned()));
//!
//! let error = Regex::new("a**").unwrap_err();
//! assert_eq!(error.to_string(), "error parsing regexp: invalid nested repetition operator: `**`");
//! ```

mod cost;
mod error;
mod fast;
mod parse;
mod regex;
mod stack;
mod template;
mod unicode;

pub use cost::{compiled_bytes, is_small, reading_bytes};
pub use error::{RegexError, RegexErrorReason};
pub use regex::Regex;
pub use template::Template;
