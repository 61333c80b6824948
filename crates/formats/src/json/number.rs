//! Numbers as the API writes them: sample values in strings, times bare; other tools mix the two.

use std::fmt;

use promqlite_model::NORMAL_NAN;
use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::text::number::parse_float;

/// A number, a string that holds one, or `null` for NaN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Number, E> {
        Ok(Number(v as f64))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Number, E> {
        Ok(Number(v as f64))
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Number, E> {
        Ok(Number(v))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Number, E> {
        if v == "null" {
            return Ok(Number(NORMAL_NAN));
        }
        parse_float(v.as_bytes()).map(Number).ok_or_else(|| E::invalid_value(de::Unexpected::Str(v), &self))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Number, E> {
        Ok(Number(NORMAL_NAN))
    }
}

/// A time in ms: an integer, exactly, or what [`Number`] takes, rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Millis(pub(super) i64);

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MillisVisitor)
    }
}

struct MillisVisitor;

impl Visitor<'_> for MillisVisitor {
    type Value = Millis;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in milliseconds")
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Millis, E> {
        Ok(Millis(v))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Millis, E> {
        i64::try_from(v).map(Millis).or_else(|_| to_ms(v as f64).map(Millis))
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Millis, E> {
        to_ms(v).map(Millis)
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Millis, E> {
        match v.parse() {
            Ok(ms) => Ok(Millis(ms)),
            Err(_) => NumberVisitor.visit_str(v).and_then(|number| to_ms(number.0)).map(Millis),
        }
    }
}

/// A time in seconds as ms, rounded to the nearest.
pub(super) fn seconds_to_ms<E: de::Error>(seconds: f64) -> Result<i64, E> {
    to_ms(seconds * 1000.0)
}

/// A float number of ms as ms.
fn to_ms<E: de::Error>(ms: f64) -> Result<i64, E> {
    if ms.abs() <= 9.2e18 {
        return Ok(ms.round() as i64);
    }
    Err(E::custom("a timestamp that does not fit 64 bits of milliseconds"))
}
