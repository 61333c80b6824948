//! The cases of Prometheus' join benchmark.

use super::Case;
use crate::Dataset;
use crate::data::JOIN_SAMPLES;

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let (success, error) = ("rpc_request_success_total", "rpc_request_error_total");
    let mut queries =
        vec![format!("{success} + {error}"), format!("{success} + ON (job, instance) GROUP_LEFT {error}")];
    for op in ["AND", "OR", "UNLESS"] {
        queries.push(format!("{success} {op} {error}{{instance=~\"0.*\"}}"));
    }
    let end = JOIN_SAMPLES * 10_000;
    queries.iter().map(|query| Case::range(Dataset::Joins, query, end - 5000 * 10_000, end, 10_000)).collect()
}
