//! Tables of samples as comma-separated values.
//!
//! | module | does |
//! |---|---|
//! | `columns` | columns as users describe them |
//! | `header` | a header line → which column means what |
//! | `title` | a column's title → labels of a series |
//! | `rows` | bytes → rows of fields |
//! | `utf16` | UTF-16 → UTF-8 |
//! | `read` | rows → samples |

mod columns;
mod header;
mod read;
mod rows;
mod title;
mod utf16;

pub use columns::{CsvColumns, InvalidColumns};
pub use header::CsvLayout;
pub(crate) use read::{looks_like_csv, read_csv};
pub(crate) use title::labels_of_title;

/// Options of CSV.
#[derive(Clone, Debug, Default)]
pub struct CsvOptions {
    /// What stands between two fields; `None` finds out from the first line: a comma, a semicolon or a tab.
    pub delimiter: Option<u8>,
    /// How rows hold samples, where a header leaves it open.
    pub layout: CsvLayout,
    /// What the columns hold; `None` reads it from the header.
    pub columns: Option<CsvColumns>,
}
