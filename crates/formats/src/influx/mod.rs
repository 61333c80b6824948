//! InfluxDB's line protocol: what `influxd inspect export-lp` and `influx_inspect export` write, and Telegraf.
//!
//! | module | does |
//! |---|---|
//! | `line` | one line → measurement, tags, fields, time |
//! | `read` | lines → samples |

mod line;
mod read;

pub(crate) use read::{looks_like_influx, read_influx};

/// Options of line protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct InfluxOptions {
    /// Whether the field `value` is part of the metric's name too: `cpu_value` in place of `cpu`.
    pub keep_value_suffix: bool,
    /// Whether names stay as they are. Else `_` stands for what classic names cannot have.
    pub keep_names: bool,
}
