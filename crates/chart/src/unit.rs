//! What values are counted in, and how they are written beside an axis.

/// What the values of a chart are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Plain numbers: `1.5k`, `20M`.
    #[default]
    Number,
    /// Seconds: `250ms`, `1.5h`.
    Seconds,
    /// Bytes: `1.5KiB`, `20MiB`.
    Bytes,
    /// Bytes per second: `20MiB/s`.
    BytesPerSecond,
    /// Anything per second: `1.5k/s`.
    PerSecond,
    /// A part of one: `0.25` is written `25%`.
    Ratio,
}

const THOUSANDS: [(f64, &str); 5] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];
const POWERS_OF_1024: [(f64, &str); 5] = [
    (1_099_511_627_776.0, "TiB"),
    (1_073_741_824.0, "GiB"),
    (1_048_576.0, "MiB"),
    (1024.0, "KiB"),
    (1.0, "B"),
];
const TIMES: [(f64, &str); 7] =
    [(86_400.0, "d"), (3600.0, "h"), (60.0, "m"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];

impl Unit {
    /// The unit that a metric's name tells by Prometheus' naming rules (`_seconds`, `_bytes`, `_ratio`), of its
    /// values or of their rate per second.
    #[must_use]
    pub fn of_metric(name: &str, per_second: bool) -> Self {
        let name = ["_total", "_sum", "_bucket", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix).map(|rest| (rest, *suffix)))
            .map_or(name, |(rest, suffix)| if suffix == "_count" { "" } else { rest });
        let told = if name.ends_with("_seconds") {
            Self::Seconds
        } else if name.ends_with("_bytes") {
            Self::Bytes
        } else if name.ends_with("_ratio") {
            Self::Ratio
        } else {
            Self::Number
        };
        match (told, per_second) {
            (told, false) => told,
            (Self::Bytes, true) => Self::BytesPerSecond,
            // Seconds per second are a share of the time.
            (Self::Seconds, true) => Self::Ratio,
            (_, true) => Self::PerSecond,
        }
    }

    /// The size of a step to which ticks are rounded: 1024 for bytes, one for the rest.
    pub(crate) fn base(self, largest: f64) -> f64 {
        match self {
            Self::Bytes | Self::BytesPerSecond => {
                POWERS_OF_1024.iter().map(|(size, _)| *size).find(|size| largest >= *size).unwrap_or(1.0)
            }
            Self::Seconds => {
                [86_400.0, 3600.0, 60.0].into_iter().find(|size| largest >= *size).unwrap_or(1.0)
            }
            _ => 1.0,
        }
    }

    /// A value as text, with `digits` significant digits at most.
    #[must_use]
    pub fn format(self, value: f64, digits: usize) -> String {
        if value == 0.0 {
            return "0".to_owned();
        }
        if !value.is_finite() {
            return if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            }
            .to_owned();
        }
        match self {
            Self::Number => scaled(value, &THOUSANDS, digits),
            Self::PerSecond => scaled(value, &THOUSANDS, digits) + "/s",
            Self::Bytes => scaled(value, &POWERS_OF_1024, digits),
            Self::BytesPerSecond => scaled(value, &POWERS_OF_1024, digits) + "/s",
            Self::Seconds => scaled(value, &TIMES, digits),
            Self::Ratio => significant(value * 100.0, digits) + "%",
        }
    }
}

fn scaled(value: f64, sizes: &[(f64, &str)], digits: usize) -> String {
    let size = value.abs();
    // A hair below a size still counts as that size, so that 999.9996 does not become "1000".
    let fits = |(unit, _): &&(f64, &str)| size >= unit * (1.0 - 0.5 * 10_f64.powi(-(digits as i32)));
    let (unit, suffix) = sizes.iter().find(fits).unwrap_or(sizes.last().expect("invariant: not empty"));
    if size / unit >= 1e6 || size / unit < 1e-6 {
        return format!("{value:.*e}", digits.saturating_sub(1));
    }
    significant(value / unit, digits) + suffix
}

/// A number with so many significant digits, without trailing zeros and without an exponent.
fn significant(value: f64, digits: usize) -> String {
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (digits as i32 - 1 - magnitude).clamp(0, 17) as usize;
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
