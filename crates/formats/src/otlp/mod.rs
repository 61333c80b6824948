//! OpenTelemetry metrics as JSON: what the collector's file exporter writes, one request per line.
//!
//! | module | does |
//! |---|---|
//! | `model` | the JSON of a request |
//! | `any_value` | attribute values and their text |
//! | `names` | metric and label names as Prometheus translates them |
//! | `labels` | attributes → labels; `job`, `instance`, `target_info` |
//! | `histogram` | data points → histograms |
//! | `delta` | changes → totals |
//! | `convert` | metrics → samples |
//! | `frames` | the older framing of the collector |
//! | `read` | a stream of requests |

mod any_value;
mod convert;
mod delta;
mod frames;
mod histogram;
mod labels;
mod model;
mod names;
mod read;

pub(crate) use frames::looks_framed;
pub use names::OtlpNames;
pub(crate) use read::read_otlp;

/// Options of OpenTelemetry metrics. The defaults are those of Prometheus' OTLP endpoint.
#[derive(Clone, Debug, Default)]
pub struct OtlpOptions {
    /// How names become names.
    pub names: OtlpNames,
    /// Whether name, version, schema and attributes of the scope become `otel_scope_…` labels.
    pub scope_labels: bool,
    /// Attributes of the resource that become labels of all its series, beside those of `target_info`.
    pub promoted_attributes: Vec<String>,
    /// Whether histograms with explicit bounds become native histograms with custom bounds, not classic ones.
    pub custom_buckets: bool,
}
