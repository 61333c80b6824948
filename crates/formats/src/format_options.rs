//! Options of single formats.

use crate::csv::CsvOptions;
use crate::influx::InfluxOptions;
use crate::otlp::OtlpOptions;
use crate::protobuf::ProtobufOptions;
use crate::time_text::TimeUnit;

/// What a reader may be told about formats that leave something open.
#[derive(Clone, Debug, Default)]
pub struct FormatOptions {
    /// The unit of numeric times in CSV and line protocol; `None` tells it from the size of the first.
    pub time_unit: Option<TimeUnit>,
    /// The offset from UTC, in minutes, of dates without a zone; `None` takes them for UTC, with a warning.
    pub utc_offset_minutes: Option<i32>,
    /// Options of CSV.
    pub csv: CsvOptions,
    /// Options of line protocol.
    pub influx: InfluxOptions,
    /// Options of OpenTelemetry metrics.
    pub otlp: OtlpOptions,
    /// Options of protobuf exposition.
    pub protobuf: ProtobufOptions,
}
