//! Primitives of the definitions on plain slices.

/// Compensated addition of `x` to `(sum, compensation)`.
pub(crate) fn add(s: f64, c: f64, x: f64) -> (f64, f64) {
    let t = s + x;
    if t.is_infinite() {
        (t, 0.0)
    } else if s.abs() >= x.abs() {
        (t, c + ((s - t) + x))
    } else {
        (t, c + ((x - t) + s))
    }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    let (mut s, mut c) = (values[0], 0.0);
    let mut incremental = false;
    for (i, &x) in values.iter().enumerate().skip(1) {
        let n = (i + 1) as f64;
        if !incremental {
            let (next, comp) = add(s, c, x);
            if next.is_infinite() {
                incremental = true;
                (s, c) = (s / (n - 1.0), c / (n - 1.0));
            } else {
                (s, c) = (next, comp);
                continue;
            }
        }
        let q = (n - 1.0) / n;
        (s, c) = add(q * s, q * c, x / n);
    }
    let n = values.len() as f64;
    if incremental { s + c } else { s / n + c / n }
}

/// Population variance.
pub(crate) fn variance(values: &[f64]) -> f64 {
    if values.iter().any(|v| !v.is_finite()) {
        return f64::NAN;
    }
    let (mut mean, mut squares) = (0.0, 0.0);
    for (i, &x) in values.iter().enumerate() {
        let d = x - mean;
        mean += d / (i + 1) as f64;
        squares += d * (x - mean);
    }
    squares / values.len() as f64
}

pub(crate) fn quantile(q: f64, values: &[f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    } else if q < 0.0 {
        return f64::NEG_INFINITY;
    } else if q > 1.0 {
        return f64::INFINITY;
    }
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_nan()).collect();
    let mut rest: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    rest.sort_by(f64::total_cmp);
    sorted.append(&mut rest);
    let n = sorted.len();
    let rank = q * (n as f64 - 1.0);
    let lo = rank.floor().max(0.0) as usize;
    let hi = (lo + 1).min(n - 1);
    let w = rank - rank.floor();
    sorted[lo] * (1.0 - w) + sorted[hi] * w
}

/// Shortest digits, never an exponent.
pub(crate) fn plain(v: f64) -> String {
    if v.is_infinite() { if v > 0.0 { "+Inf" } else { "-Inf" }.to_owned() } else { format!("{v}") }
}

/// XXH64 with seed 0.
pub(crate) fn xxh64(bytes: &[u8]) -> u64 {
    const P: [u64; 5] = [
        11_400_714_785_074_694_791,
        14_029_467_366_897_019_727,
        1_609_587_929_392_839_161,
        9_650_029_242_287_828_579,
        2_870_177_450_012_600_261,
    ];
    let word = |b: &[u8]| u64::from_le_bytes(b[..8].try_into().expect("eight bytes"));
    let round = |acc: u64, x: u64| acc.wrapping_add(x.wrapping_mul(P[1])).rotate_left(31).wrapping_mul(P[0]);
    let mut rest = bytes;
    let mut h = if bytes.len() >= 32 {
        let mut v = [P[0].wrapping_add(P[1]), P[1], 0, 0u64.wrapping_sub(P[0])];
        while rest.len() >= 32 {
            for (i, lane) in v.iter_mut().enumerate() {
                *lane = round(*lane, word(&rest[8 * i..]));
            }
            rest = &rest[32..];
        }
        let turned = [1, 7, 12, 18].into_iter().zip(v).map(|(by, lane)| lane.rotate_left(by));
        let mut h = turned.fold(0u64, u64::wrapping_add);
        for lane in v {
            h = (h ^ round(0, lane)).wrapping_mul(P[0]).wrapping_add(P[3]);
        }
        h
    } else {
        P[4]
    };
    h = h.wrapping_add(bytes.len() as u64);
    while rest.len() >= 8 {
        h = (h ^ round(0, word(rest))).rotate_left(27).wrapping_mul(P[0]).wrapping_add(P[3]);
        rest = &rest[8..];
    }
    if rest.len() >= 4 {
        let four = u64::from(u32::from_le_bytes(rest[..4].try_into().expect("four bytes")));
        h = (h ^ four.wrapping_mul(P[0])).rotate_left(23).wrapping_mul(P[1]).wrapping_add(P[2]);
        rest = &rest[4..];
    }
    for b in rest {
        h = (h ^ u64::from(*b).wrapping_mul(P[4])).rotate_left(11).wrapping_mul(P[0]);
    }
    h = (h ^ (h >> 33)).wrapping_mul(P[1]);
    h = (h ^ (h >> 29)).wrapping_mul(P[2]);
    h ^ (h >> 32)
}

/// Least squares through `(ms, value)`; x in seconds since `origin_ms`. Slope and intercept.
pub(crate) fn line(points: &[(i64, f64)], origin_ms: i64) -> (f64, f64) {
    let first = points[0].1;
    if points.iter().all(|p| p.1 == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let n = points.len() as f64;
    let total = |f: &dyn Fn(f64, f64) -> f64| {
        let (s, c) = points
            .iter()
            .fold((0.0, 0.0), |(s, c), (t, y)| add(s, c, f((t - origin_ms) as f64 / 1000.0, *y)));
        s + c
    };
    let (x, y) = (total(&|x, _| x), total(&|_, y| y));
    let (xy, xx) = (total(&|x, y| x * y), total(&|x, _| x * x));
    let slope = (xy - x * y / n) / (xx - x * x / n);
    (slope, y / n - slope * x / n)
}
