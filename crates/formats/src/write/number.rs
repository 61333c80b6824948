//! Values and times in the forms of the HTTP API.

use std::fmt::Write as _;

use promqlite_model::{Timestamp, float_g, float_plain};

/// A sample value as the API shows it in vectors and matrices: the shortest digits that read back, with an
/// exponent below 1e-6 and from 1e21 on. Examples: `0.1`, `1e-07`, `1e+21`, `NaN`, `+Inf`, `-0`.
#[must_use]
pub fn api_float(v: f64) -> String {
    let magnitude = v.abs();
    let plain = !v.is_finite() || v == 0.0 || (1e-6..1e21).contains(&magnitude);
    // So far from 1, `%g` always has an exponent.
    if plain { float_plain(v) } else { float_g(v) }
}

/// A time as the API shows it in vectors and matrices: Unix seconds, whole or with exactly three decimals.
#[must_use]
pub fn api_time(t: Timestamp) -> String {
    let mut out = String::with_capacity(16);
    push_api_time(&mut out, t);
    out
}

pub(super) fn push_api_time(out: &mut String, t: Timestamp) {
    let ms = t.0.unsigned_abs();
    let sign = if t.0 < 0 { "-" } else { "" };
    let written = match ms % 1000 {
        0 => write!(out, "{sign}{}", ms / 1000),
        fraction => write!(out, "{sign}{}.{fraction:03}", ms / 1000),
    };
    written.expect("writing to a string");
}
