//! Bounds of exponential buckets, bit for bit as Prometheus has them.

use super::numeric::ldexp;

/// The ratio of neighbouring bounds in schemas 1 to 8. Not all are the nearest double of the exact root: with
/// these, multiplying up from the schema below gives Prometheus' own table.
#[allow(clippy::approx_constant, reason = "the first is not the double nearest to the root of two")]
const RATIOS: [f64; 8] = [
    1.414213562373095,
    1.189207115002721,
    1.0905077326652577,
    1.0442737824274138,
    1.0218971486541166,
    1.0108892860517005,
    1.0054299011128027,
    1.0027112750502025,
];

/// The bounds in [0.5, 1) of all schemas from 0 up, one after the other: those of schema s start at 2^s − 1.
static FRACTIONS: [f64; 511] = fractions();

const fn fractions() -> [f64; 511] {
    let mut table = [0.5; 511];
    let mut schema = 1;
    while schema <= 8 {
        let (start, below) = ((1 << schema) - 1, (1 << (schema - 1)) - 1);
        let mut k = 1;
        while k < 1 << schema {
            table[start + k] =
                if k % 2 == 0 { table[below + k / 2] } else { table[start + k - 1] * RATIOS[schema - 1] };
            k += 1;
        }
        schema += 1;
    }
    table
}

/// The upper bound of the positive bucket `index` of an exponential schema: ideally `2^(index / 2^schema)`.
pub(super) fn exponential_bound(index: i32, schema: i32) -> f64 {
    debug_assert!((-4..=8).contains(&schema), "invariant: the schema is exponential");
    let index = i64::from(index);
    if schema < 0 {
        let exponent = index << -schema;
        // The bucket before the one for infinity ends at the greatest finite number.
        return if exponent == 1024 { f64::MAX } else { ldexp(0.5, exponent + 1) };
    }
    let per_octave = 1i64 << schema;
    let fraction = FRACTIONS[(per_octave - 1 + (index & (per_octave - 1))) as usize];
    let exponent = (index >> schema) + 1;
    if fraction == 0.5 && exponent == 1025 { f64::MAX } else { ldexp(fraction, exponent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::approx_constant, reason = "a bound that must not become the nearest double")]
    fn known_bounds() {
        for (index, schema, bound) in [
            (-1, 0, 0.5),
            (0, 0, 1.0),
            (2, 0, 4.0),
            (3, 2, 1.6817928305074288),
            (-5, 3, 0.6484197773255048),
            (5, -1, 1024.0),
            (1024, 0, f64::MAX),
            (1025, 0, f64::INFINITY),
            (64, -4, f64::MAX),
            (65, -4, f64::INFINITY),
            (1024 * 256, 8, f64::MAX),
            (1024 * 256 + 1, 8, f64::INFINITY),
            (-68, -4, 0.0),
            (1, 1, 1.414213562373095),
        ] {
            assert_eq!(exponential_bound(index, schema), bound, "index {index}, schema {schema}");
        }
    }

    #[test]
    fn bounds_ascend_and_agree_between_schemas() {
        for schema in -4..=8 {
            let (first, last) = if schema < 0 {
                (-1020 >> -schema, 1024 >> -schema)
            } else {
                (-1020 << schema, 1024 << schema)
            };
            let mut previous = 0.0;
            for index in first..=last {
                let bound = exponential_bound(index, schema);
                assert!(bound > previous && bound.is_finite(), "index {index}, schema {schema}");
                if schema > -4 && index % 2 == 0 {
                    assert_eq!(bound, exponential_bound(index / 2, schema - 1));
                }
                let ideal = (f64::from(index) / 2f64.powi(schema)).exp2();
                assert!(ideal.is_infinite() || (bound / ideal - 1.0).abs() < 1e-14);
                previous = bound;
            }
        }
    }
}
