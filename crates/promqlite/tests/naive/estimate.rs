//! What is estimated from naive histograms: quantiles, fractions, variance, trimming; and their text.

use super::histogram::{Bucket, Hist};

/// Annotations of an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Note {
    ResultIsNan,
    Skewed,
    Excluded,
}

/// The share of a bucket below `v`, for `lower < v < upper`.
fn share(b: Bucket, v: f64, linear: bool) -> f64 {
    let (l, u) = (b.lower, b.upper);
    if linear {
        (v - l) / (u - l)
    } else if v > 0.0 {
        (v.log2() - l.log2()) / (u.log2() - l.log2())
    } else {
        1.0 - (v.abs().log2() - u.abs().log2()) / (l.abs().log2() - u.abs().log2())
    }
}

impl Hist {
    pub(crate) fn quantile(&self, q: f64) -> (f64, Option<Note>) {
        if q < 0.0 {
            return (f64::NEG_INFINITY, None);
        } else if q > 1.0 {
            return (f64::INFINITY, None);
        } else if self.count == 0.0 || q.is_nan() {
            return (f64::NAN, None);
        }
        let nan_sum = self.sum.is_nan();
        let up = nan_sum || q < 0.5;
        let mut buckets = self.ascending();
        if !up {
            buckets.reverse();
        }
        let mut rank = if up { q * self.count } else { (1.0 - q) * self.count };
        let mut b = Bucket { lower: 0.0, upper: 0.0, count: 0.0 };
        let mut seen = 0.0;
        let mut rest = buckets.iter().copied();
        for bucket in rest.by_ref() {
            b = bucket;
            if b.count != 0.0 {
                seen += b.count;
                if seen >= rank {
                    break;
                }
            }
        }
        if self.custom() {
            if b.lower == f64::NEG_INFINITY {
                if b.upper <= 0.0 {
                    return (b.upper, None);
                }
                b.lower = 0.0;
            } else if b.upper == f64::INFINITY {
                return (b.lower, None);
            }
        } else if b.lower < 0.0 && b.upper > 0.0 {
            if self.negative.is_empty() && !self.positive.is_empty() {
                b.lower = 0.0;
            } else if self.positive.is_empty() && !self.negative.is_empty() {
                b.upper = 0.0;
            }
        }
        seen = seen.min(self.count);
        if seen < rank {
            return if nan_sum { (f64::NAN, Some(Note::ResultIsNan)) } else { (b.upper, None) };
        }
        rank = if up { rank - (seen - b.count) } else { seen - rank };
        let mut note = None;
        if nan_sum {
            let mut total = seen;
            for bucket in rest {
                b = bucket;
                total += b.count;
            }
            if total < self.count {
                note = Some(Note::Skewed);
            }
        }
        let phi = rank / b.count;
        let (l, u) = (b.lower, b.upper);
        let value = if self.custom() || (l <= 0.0 && u >= 0.0) {
            l + (u - l) * phi
        } else if l > 0.0 {
            (l.log2() + (u.log2() - l.log2()) * phi).exp2()
        } else {
            -(u.abs().log2() + (l.abs().log2() - u.abs().log2()) * (1.0 - phi)).exp2()
        };
        (value, note)
    }

    pub(crate) fn fraction(&self, lower: f64, upper: f64) -> (f64, Option<Note>) {
        if self.count == 0.0 || lower.is_nan() || upper.is_nan() {
            return (f64::NAN, None);
        } else if lower >= upper {
            return (0.0, None);
        }
        let mut ranks = [None, None];
        let mut running = 0.0;
        for mut b in self.ascending() {
            let around_zero = b.lower <= 0.0 && b.upper >= 0.0;
            if around_zero && (self.custom() || (self.negative.is_empty() && !self.positive.is_empty())) {
                b.lower = 0.0;
            } else if around_zero && self.positive.is_empty() && !self.negative.is_empty() {
                b.upper = 0.0;
            }
            for (limit, rank) in [lower, upper].into_iter().zip(&mut ranks) {
                if rank.is_some() {
                    continue;
                }
                if b.lower >= limit {
                    *rank = Some(running);
                } else if b.upper > limit {
                    *rank = Some(if b.lower == f64::NEG_INFINITY {
                        running + b.count
                    } else {
                        running + b.count * share(b, limit, self.custom() || around_zero)
                    });
                }
            }
            running += b.count;
        }
        let total = if self.sum.is_nan() { running } else { self.count };
        let note = (self.sum.is_nan() && total < self.count).then_some(Note::Excluded);
        let [low, high] = ranks.map(|r: Option<f64>| r.unwrap_or(total).min(total));
        ((high - low) / self.count, note)
    }

    pub(crate) fn variance(&self) -> f64 {
        let mean = self.sum / self.count;
        let mut total = 0.0;
        for b in self.ascending() {
            if b.count == 0.0 {
                continue;
            }
            let at = if self.custom() {
                (b.lower + b.upper) / 2.0
            } else if b.lower <= 0.0 && b.upper >= 0.0 {
                0.0
            } else {
                (b.lower * b.upper).sqrt().copysign(b.lower)
            };
            total += b.count * (at - mean) * (at - mean);
        }
        total / self.count
    }

    /// `</` keeps what is at most `r`, `>/` what is at least `r`.
    pub(crate) fn trimmed(&self, below: bool, r: f64) -> Self {
        let mut out = self.clone();
        let (mut count, mut sum, mut changed) = (0.0, 0.0, false);
        for (i, negative, b) in self.raw() {
            if b.count == 0.0 {
                continue;
            }
            let (kept, at) = self.keep(b, below, r);
            changed |= kept != b.count;
            count += kept;
            if kept != 0.0 {
                sum += kept * at;
            }
            let side = if negative { &mut out.negative } else { &mut out.positive };
            side.insert(i, kept);
        }
        if self.zero_count > 0.0 {
            let (kept, at) = self.keep_of_zero(below, r);
            changed |= kept != self.zero_count;
            count += kept;
            if kept != 0.0 {
                sum += kept * at;
            }
            out.zero_count = kept;
        }
        if !changed {
            return self.clone();
        }
        (out.count, out.sum) = (count, sum);
        out.compact()
    }

    /// The middle of a bucket.
    fn middle(&self, l: f64, u: f64) -> f64 {
        match (l.is_infinite(), u.is_infinite()) {
            (true, true) => 0.0,
            (true, false) => {
                if u > 0.0 {
                    u / 2.0
                } else {
                    u
                }
            }
            (false, true) => l,
            _ if self.custom() => (l + u) / 2.0,
            _ => (l * u).abs().sqrt().copysign(if l < 0.0 { -1.0 } else { 1.0 }),
        }
    }

    /// How much of a raw bucket is kept, and at which value.
    fn keep(&self, b: Bucket, below: bool, r: f64) -> (f64, f64) {
        let (l, u, c) = (b.lower, b.upper, b.count);
        let (whole, partial) = if below { (u <= r, l < r) } else { (l >= r, u > r) };
        if whole {
            return (c, self.middle(l, u));
        } else if !partial {
            return (0.0, 0.0);
        }
        if l == f64::NEG_INFINITY {
            return match (below, u.is_finite()) {
                (true, true) if r > 0.0 => (c * r / u, r / 2.0),
                (true, _) if u <= 0.0 => (c, r),
                (false, true) if r >= 0.0 => (c * (1.0 - r / u), (r + u) / 2.0),
                _ => (0.0, 0.0),
            };
        }
        if u == f64::INFINITY {
            return if below { (0.0, 0.0) } else { (c, r) };
        }
        let under = c * share(b, r, self.custom());
        if below { (under, self.middle(l, r)) } else { (c - under, self.middle(r, u)) }
    }

    fn keep_of_zero(&self, below: bool, r: f64) -> (f64, f64) {
        let populated = |side: &super::histogram::Side| side.values().any(|c| *c != 0.0);
        let (mut l, mut u, c) = (-self.zero_threshold, self.zero_threshold, self.zero_count);
        match (populated(&self.positive), populated(&self.negative)) {
            (true, false) => l = 0.0,
            (false, true) => u = 0.0,
            _ => {}
        }
        let none = if below { r <= l } else { r >= u };
        let all = if below { r >= u } else { r <= l };
        // A zero bucket without width is both; the order is the one of the definition.
        match (below, none, all) {
            (true, true, _) => (0.0, 0.0),
            (true, _, true) => (c, (l + u) / 2.0),
            (true, ..) => (c * (r - l) / (u - l), (l + r) / 2.0),
            (false, _, true) => (c, (l + u) / 2.0),
            (false, true, _) => (0.0, 0.0),
            (false, ..) => (c * (u - r) / (u - l), (r + u) / 2.0),
        }
    }

    /// As `count_values` and results show it.
    pub(crate) fn text(&self) -> String {
        let g = promqlite::syntax::format_number_g;
        let mut out = format!("{{count:{}, sum:{}", g(self.count), g(self.sum));
        let mut buckets: Vec<(f64, f64, f64, bool, bool)> = Vec::new();
        let zero = (-self.zero_threshold, self.zero_threshold, self.zero_count, true, true);
        let raw = self.raw();
        for (_, _, b) in raw.iter().filter(|(_, negative, _)| *negative).rev() {
            buckets.push((b.lower, b.upper, b.count, true, false));
        }
        buckets.push(zero);
        for (_, _, b) in raw.iter().filter(|(_, negative, _)| !*negative) {
            buckets.push((b.lower, b.upper, b.count, self.custom() && b.lower == f64::NEG_INFINITY, true));
        }
        buckets.retain(|b| b.2 != 0.0);
        for (l, u, c, lower_in, upper_in) in buckets {
            let (open, shut) = (if lower_in { '[' } else { '(' }, if upper_in { ']' } else { ')' });
            out.push_str(&format!(", {open}{},{}{shut}:{}", g(l), g(u), g(c)));
        }
        out.push('}');
        out
    }
}
