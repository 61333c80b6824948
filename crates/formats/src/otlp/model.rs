//! The JSON of `ExportMetricsServiceRequest`, as far as samples need it.
//!
//! Protobuf's JSON rules with OTLP's: keys in lower camel case or as in the schema, 64-bit integers as strings or
//! numbers, enumerations as numbers or names, `null` for what is left out.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::json::number::Number;
use crate::otlp::any_value::AnyValue;

/// A list, which may be `null`.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> List<T> {
    pub(super) fn empty() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(deserializer)?.unwrap_or_default()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Request {
    #[serde(alias = "resource_metrics")]
    pub(super) resource_metrics: Option<Vec<ResourceMetrics>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ResourceMetrics {
    pub(super) resource: Option<Resource>,
    #[serde(alias = "scope_metrics")]
    pub(super) scope_metrics: List<ScopeMetrics>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resource {
    pub(super) attributes: List<KeyValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyValue {
    pub(super) key: String,
    pub(super) value: AnyValue,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ScopeMetrics {
    pub(super) scope: Option<Scope>,
    #[serde(alias = "schema_url")]
    pub(super) schema_url: String,
    pub(super) metrics: List<Metric>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scope {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) attributes: List<KeyValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) unit: String,
    pub(super) gauge: Option<Points<NumberPoint>>,
    pub(super) sum: Option<Points<NumberPoint>>,
    pub(super) histogram: Option<Points<HistogramPoint>>,
    #[serde(alias = "exponential_histogram")]
    pub(super) exponential_histogram: Option<Points<ExponentialPoint>>,
    pub(super) summary: Option<Points<SummaryPoint>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Points<T> {
    #[serde(alias = "data_points", default = "List::empty")]
    pub(super) data_points: List<T>,
    #[serde(alias = "aggregation_temporality", default)]
    pub(super) aggregation_temporality: Temporality,
    #[serde(alias = "is_monotonic", default)]
    pub(super) is_monotonic: bool,
}

/// Whether points are totals or changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Temporality {
    #[default]
    Unspecified,
    Delta,
    Cumulative,
}

/// What all kinds of points have.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PointHead {
    pub(super) attributes: List<KeyValue>,
    #[serde(alias = "start_time_unix_nano")]
    pub(super) start_time_unix_nano: Unsigned,
    #[serde(alias = "time_unix_nano")]
    pub(super) time_unix_nano: Unsigned,
    pub(super) flags: Unsigned,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NumberPoint {
    #[serde(flatten)]
    pub(super) head: PointHead,
    #[serde(alias = "as_double")]
    pub(super) as_double: Option<Number>,
    #[serde(alias = "as_int")]
    pub(super) as_int: Option<Signed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct HistogramPoint {
    #[serde(flatten)]
    pub(super) head: PointHead,
    pub(super) count: Unsigned,
    pub(super) sum: Option<Number>,
    #[serde(alias = "bucket_counts")]
    pub(super) bucket_counts: List<Unsigned>,
    #[serde(alias = "explicit_bounds")]
    pub(super) explicit_bounds: List<Number>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ExponentialPoint {
    #[serde(flatten)]
    pub(super) head: PointHead,
    pub(super) count: Unsigned,
    pub(super) sum: Option<Number>,
    pub(super) scale: Signed,
    #[serde(alias = "zero_count")]
    pub(super) zero_count: Unsigned,
    #[serde(alias = "zero_threshold")]
    pub(super) zero_threshold: Option<Number>,
    pub(super) positive: Option<Buckets>,
    pub(super) negative: Option<Buckets>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Buckets {
    pub(super) offset: Signed,
    #[serde(alias = "bucket_counts")]
    pub(super) bucket_counts: List<Unsigned>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SummaryPoint {
    #[serde(flatten)]
    pub(super) head: PointHead,
    pub(super) count: Unsigned,
    pub(super) sum: Option<Number>,
    #[serde(alias = "quantile_values")]
    pub(super) quantile_values: List<QuantileValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct QuantileValue {
    #[serde(default = "zero")]
    pub(super) quantile: Number,
    #[serde(default = "zero")]
    pub(super) value: Number,
}

fn zero() -> Number {
    Number(0.0)
}

/// A 64-bit integer with a sign, as a number or a string.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signed(pub(super) i64);

/// A 64-bit integer without a sign, as a number or a string.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unsigned(pub(super) u64);

/// Takes integers in any form.
struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer of 64 bits")
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<i128, E> {
        Ok(v.into())
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<i128, E> {
        Ok(v.into())
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<i128, E> {
        if v.fract() == 0.0 && v.abs() < 2e19 {
            return Ok(v as i128);
        }
        Err(E::invalid_value(de::Unexpected::Float(v), &self))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<i128, E> {
        v.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(v), &self))
    }

    fn visit_unit<E: de::Error>(self) -> Result<i128, E> {
        Ok(0)
    }
}

impl<'de> Deserialize<'de> for Signed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(IntegerVisitor)?;
        i64::try_from(value).map(Self).map_err(|_| de::Error::custom("an integer beyond 64 bits"))
    }
}

impl<'de> Deserialize<'de> for Unsigned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(IntegerVisitor)?;
        u64::try_from(value)
            .map(Self)
            .map_err(|_| de::Error::custom("a count that is negative or beyond 64 bits"))
    }
}

impl<'de> Deserialize<'de> for Temporality {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl Visitor<'_> for Named {
            type Value = Temporality;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an aggregation temporality: 0, 1, 2 or its name")
            }

            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Temporality, E> {
                match v {
                    0 => Ok(Temporality::Unspecified),
                    1 => Ok(Temporality::Delta),
                    2 => Ok(Temporality::Cumulative),
                    _ => Err(E::invalid_value(de::Unexpected::Unsigned(v), &self)),
                }
            }

            fn visit_str<E: de::Error>(self, v: &str) -> Result<Temporality, E> {
                match v {
                    "AGGREGATION_TEMPORALITY_UNSPECIFIED" | "0" => Ok(Temporality::Unspecified),
                    "AGGREGATION_TEMPORALITY_DELTA" | "1" => Ok(Temporality::Delta),
                    "AGGREGATION_TEMPORALITY_CUMULATIVE" | "2" => Ok(Temporality::Cumulative),
                    _ => Err(E::invalid_value(de::Unexpected::Str(v), &self)),
                }
            }
        }
        deserializer.deserialize_any(Named)
    }
}
