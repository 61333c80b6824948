//! Prometheus' protobuf exposition: `io.prometheus.client.MetricFamily` messages, each behind its length.
//!
//! Five small message types are read by a wire reader of our own: it tells at which byte a file is damaged, holds
//! every length to what is there, and costs no derive macros in the build.
//!
//! | module | does |
//! |---|---|
//! | `wire` | bytes → fields |
//! | `family` | fields → families, metrics, histograms |
//! | `read` | families → samples |

mod family;
mod read;
pub(crate) mod wire;

pub(crate) use read::{looks_like_protobuf, read_protobuf};

/// Options of protobuf exposition.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProtobufOptions {
    /// Whether histograms that are both native and classic become both; else the native one alone is kept, as
    /// Prometheus does unless told to scrape classic histograms always.
    pub keep_classic: bool,
}
