//! What the parser asks about functions and regular expressions, answered from the registry.

use promqlite_functions::function;
use promqlite_regex::Regex;
use promqlite_syntax::{Environment, Features, FunctionStatus};

/// The functions that exist, and Go's regular expressions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registry;

impl Environment for Registry {
    fn function(&self, name: &str, features: Features) -> FunctionStatus {
        match function(name) {
            None => FunctionStatus::Unknown,
            Some(f) if f.experimental && !features.experimental_functions => FunctionStatus::Disabled,
            Some(_) => FunctionStatus::Known,
        }
    }

    fn check_regex(&self, pattern: &str) -> Result<(), String> {
        Regex::new(pattern).map(drop).map_err(|error| error.detail())
    }
}
