//! The line formats: Prometheus text, OpenMetrics, and what `promtool tsdb dump` prints.
//!
//! | module | does |
//! |---|---|
//! | `read` | blocks of bytes → lines → parser; counts, warns, skips |
//! | `line` | one line → sample, metadata or comment |
//! | `series` | the text of a series → labels |
//! | `cache` | the text of a series, seen again → its handle |
//! | `metadata` | `# HELP`, `# TYPE`, `# UNIT` |
//! | `dump_histogram` | `{count:…, sum:…, (1,2]:3}` → histogram |
//! | `number` | numbers and times |

mod cache;
pub(crate) mod dump_histogram;
pub(crate) mod line;
mod metadata;
pub(crate) mod number;
pub(crate) mod read;
pub(crate) mod series;
