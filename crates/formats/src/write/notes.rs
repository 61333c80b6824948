//! Annotations as the HTTP API shows them.

use promqlite_model::{Annotations, Level};

/// The texts of a result's warnings and infos.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Warnings, ready to be shown.
    pub warnings: Vec<String>,
    /// Infos, ready to be shown.
    pub infos: Vec<String>,
}

/// Texts of each level that the API shows at most.
const SHOWN: usize = 10;

impl Notes {
    /// The annotations of `query`, at most ten of each level, and then how many more there are.
    #[must_use]
    pub fn new(annotations: &Annotations, query: &str) -> Self {
        let cut = |level, word| {
            let mut texts = annotations.render(level, query);
            if texts.len() > SHOWN {
                let more = texts.len() - SHOWN;
                texts.truncate(SHOWN);
                texts.push(format!("{more} more {word} annotations omitted"));
            }
            texts
        };
        Self { warnings: cut(Level::Warning, "warning"), infos: cut(Level::Info, "info") }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.warnings.is_empty() && self.infos.is_empty()
    }
}
