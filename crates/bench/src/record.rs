//! What a measurement leaves behind: one JSON object per line.

use serde::{Deserialize, Serialize};

/// One case, measured on one engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// `promqlite`, `prometheus` or `thanos`; `promqlite, streamed` where the result was dropped as it came.
    pub engine: String,
    /// The data set's name.
    pub dataset: String,
    /// The case's name.
    pub case: String,
    /// Threads that the engine could use.
    pub threads: usize,
    /// Time of one operation in ns, the least that was seen; none where only memory was measured.
    #[serde(default)]
    pub ns: Option<f64>,
    /// Bytes allocated by one operation; none where it was not measured.
    #[serde(default)]
    pub bytes: Option<f64>,
    /// Peak of memory above what was in use before, in bytes; none where it was not measured.
    #[serde(default)]
    pub peak: Option<f64>,
    /// Why there is no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Reads records, one a line; blank lines are skipped.
///
/// # Errors
/// The line that is no record.
pub fn parse(text: &str) -> Result<Vec<Record>, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(|e| format!("{e}: {line}"))).collect()
}
