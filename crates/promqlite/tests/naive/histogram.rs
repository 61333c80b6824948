//! Naive native histograms: maps from bucket index to count, and the definitions of their operators.

use std::collections::{BTreeMap, BTreeSet};

use promqlite::histogram::{CounterResetHint, FloatHistogram, HistogramParts, HistogramView, Span};

pub(crate) type Side = BTreeMap<i32, f64>;

/// A native histogram. A bucket is stored if its index is in the map, with whatever count.
#[derive(Clone, Debug)]
pub(crate) struct Hist {
    pub(crate) hint: CounterResetHint,
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: f64,
    pub(crate) count: f64,
    pub(crate) sum: f64,
    pub(crate) positive: Side,
    pub(crate) negative: Side,
    pub(crate) bounds: Vec<f64>,
}

/// What a combination has to say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) reconciled: bool,
    pub(crate) collision: bool,
}

/// Exponential and custom buckets do not combine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixed;

/// A bucket in order of value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    pub(crate) count: f64,
}

// The table's own factors: not all are the nearest numbers.
#[allow(clippy::approx_constant)]
const FACTORS: [f64; 8] = [
    1.414213562373095,
    1.189207115002721,
    1.0905077326652577,
    1.0442737824274138,
    1.0218971486541166,
    1.0108892860517005,
    1.0054299011128027,
    1.0027112750502025,
];

/// The fraction of a bound in its octave, by the recurrence of its table.
fn fraction_of_bound(schema: i32, k: i32) -> f64 {
    if k == 0 {
        0.5
    } else if k % 2 == 0 {
        fraction_of_bound(schema - 1, k / 2)
    } else {
        fraction_of_bound(schema, k - 1) * FACTORS[schema as usize - 1]
    }
}

fn times_power_of_two(mut f: f64, mut e: i32) -> f64 {
    while e > 500 {
        (f, e) = (f * 2f64.powi(500), e - 500);
    }
    while e < -500 {
        (f, e) = (f * 2f64.powi(-500), e + 500);
    }
    f * 2f64.powi(e)
}

/// The upper bound of positive bucket `i`.
pub(crate) fn bound(schema: i32, i: i32) -> f64 {
    let (f, e) = if schema < 0 {
        (1.0, i << -schema)
    } else {
        (fraction_of_bound(schema, i & ((1 << schema) - 1)), (i >> schema) + 1)
    };
    let past = if schema < 0 { 1024 } else { 1025 };
    if e == past && (schema < 0 || f == 0.5) { f64::MAX } else { times_power_of_two(f, e) }
}

fn map_of(spans: &[Span], counts: &[f64]) -> Side {
    let mut out = Side::new();
    let (mut next, mut counts) = (0i32, counts.iter());
    for span in spans {
        next += span.offset;
        for _ in 0..span.length {
            out.insert(next, *counts.next().expect("a count per bucket"));
            next += 1;
        }
    }
    out
}

fn spans_of(side: &Side) -> (Vec<Span>, Vec<f64>) {
    let mut spans: Vec<Span> = Vec::new();
    let mut next = 0;
    for &i in side.keys() {
        match spans.last_mut() {
            Some(last) if i == next => last.length += 1,
            _ => spans.push(Span { offset: i - next, length: 1 }),
        }
        next = i + 1;
    }
    (spans, side.values().copied().collect())
}

/// Symmetric merge of hints, and whether they contradict each other.
pub(crate) fn merge_hints(a: CounterResetHint, b: CounterResetHint) -> (CounterResetHint, bool) {
    use CounterResetHint::{Gauge, Unknown};
    if a == b {
        (a, false)
    } else if a == Gauge || b == Gauge {
        (Gauge, false)
    } else {
        (Unknown, a != Unknown && b != Unknown)
    }
}

impl Hist {
    pub(crate) fn read(view: HistogramView<'_>) -> Self {
        Hist {
            hint: view.hint(),
            schema: view.schema().get(),
            zero_threshold: view.zero_threshold(),
            zero_count: view.zero_count(),
            count: view.count(),
            sum: view.sum(),
            positive: map_of(view.positive_spans(), view.positive_counts()),
            negative: map_of(view.negative_spans(), view.negative_counts()),
            bounds: view.custom_bounds().to_vec(),
        }
    }

    pub(crate) fn write(&self) -> FloatHistogram {
        let (positive_spans, positive_counts) = spans_of(&self.positive);
        let (negative_spans, negative_counts) = spans_of(&self.negative);
        FloatHistogram::from_parts(HistogramParts {
            hint: self.hint,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count,
            count: self.count,
            sum: self.sum,
            positive_spans,
            positive_counts,
            negative_spans,
            negative_counts,
            custom_bounds: self.bounds.clone(),
        })
        .expect("generated histograms have a layout")
    }

    pub(crate) fn empty_like(&self) -> Self {
        Hist {
            hint: CounterResetHint::Unknown,
            zero_threshold: 0.0,
            zero_count: 0.0,
            count: 0.0,
            sum: 0.0,
            positive: Side::new(),
            negative: Side::new(),
            ..self.clone()
        }
    }

    /// With count and sum alone.
    pub(crate) fn totals(&self) -> Self {
        Hist { hint: self.hint, count: self.count, sum: self.sum, bounds: Vec::new(), ..self.empty_like() }
    }

    pub(crate) fn custom(&self) -> bool {
        self.schema == -53
    }

    /// Bounds of a bucket of the positive side.
    fn span(&self, i: i32) -> (f64, f64) {
        if self.custom() {
            let at = |i: i32| match usize::try_from(i) {
                Err(_) => f64::NEG_INFINITY,
                Ok(i) => self.bounds.get(i).copied().unwrap_or(f64::INFINITY),
            };
            (at(i - 1), at(i))
        } else {
            (bound(self.schema, i - 1), bound(self.schema, i))
        }
    }

    fn counts_mut(&mut self) -> impl Iterator<Item = &mut f64> {
        let own = [&mut self.zero_count, &mut self.count, &mut self.sum];
        own.into_iter().chain(self.positive.values_mut()).chain(self.negative.values_mut())
    }

    /// Removes empty buckets.
    pub(crate) fn compact(mut self) -> Self {
        self.positive.retain(|_, c| *c != 0.0);
        self.negative.retain(|_, c| *c != 0.0);
        self
    }

    pub(crate) fn reduced(&self, schema: i32) -> Self {
        let merged = |side: &Side| {
            let mut out = Side::new();
            for (i, c) in side {
                *out.entry(((i - 1) >> (self.schema - schema)) + 1).or_insert(0.0) += c;
            }
            out
        };
        if self.schema == schema {
            return self.clone();
        }
        Hist { schema, positive: merged(&self.positive), negative: merged(&self.negative), ..self.clone() }
    }

    /// What the zero bucket would count, and how wide it would be, if it were at least this wide.
    fn widened(&self, mut wide: f64) -> (f64, f64) {
        if wide == self.zero_threshold {
            return (self.zero_count, wide);
        }
        'again: loop {
            let mut total = self.zero_count;
            for (&i, &c) in &self.positive {
                let (lower, upper) = self.span(i);
                if lower >= wide {
                    break;
                }
                total += c;
                if upper > wide {
                    if c != 0.0 {
                        wide = upper;
                    }
                    break;
                }
            }
            for (&i, &c) in &self.negative {
                let (lower, upper) = self.span(i);
                if lower >= wide {
                    break;
                }
                total += c;
                if upper > wide {
                    if c != 0.0 {
                        wide = upper;
                        continue 'again;
                    }
                    break;
                }
            }
            return (total, wide);
        }
    }

    fn widen(&mut self, to: f64) {
        let (count, wide) = self.widened(to);
        let schema = self.schema;
        (self.zero_count, self.zero_threshold) = (count, wide);
        for side in [&mut self.positive, &mut self.negative] {
            side.retain(|&i, c| *c != 0.0 && bound(schema, i - 1) >= wide);
        }
    }

    /// `self + sign · other`.
    fn combine(&self, other: &Self, sign: f64) -> Result<(Self, Told), Mixed> {
        if self.custom() != other.custom() {
            return Err(Mixed);
        }
        let (mut a, mut b) = (self.clone(), other.clone());
        let (hint, collision) = merge_hints(a.hint, b.hint);
        let mut told = Told { collision, reconciled: false };
        if a.custom() {
            if a.bounds != b.bounds {
                told.reconciled = true;
                let shared: Vec<f64> = a.bounds.iter().copied().filter(|x| b.bounds.contains(x)).collect();
                (a, b) = (a.rebounded(&shared), b.rebounded(&shared));
            }
        } else {
            // The buckets of `other` stay, though its zero bucket has swallowed some of them.
            while a.zero_threshold != b.zero_threshold {
                if a.zero_threshold > b.zero_threshold {
                    (b.zero_count, b.zero_threshold) = other.widened(a.zero_threshold);
                } else {
                    a.widen(b.zero_threshold);
                }
            }
            let schema = a.schema.min(b.schema);
            (a, b) = (a.reduced(schema), b.reduced(schema));
        }
        a.hint = hint;
        a.count += sign * b.count;
        a.sum += sign * b.sum;
        a.zero_count += sign * b.zero_count;
        let (schema, wide) = (a.schema, a.zero_threshold);
        for (to, from) in [(&mut a.positive, &b.positive), (&mut a.negative, &b.negative)] {
            // Buckets inside of the zero bucket are not looked at.
            let inside = |i: i32| schema != -53 && bound(schema, i) <= wide;
            for (i, c) in from.iter().filter(|(i, _)| !inside(**i)) {
                *to.entry(*i).or_insert(0.0) += sign * c;
            }
        }
        Ok((a, told))
    }

    /// Custom buckets moved to fewer bounds.
    fn rebounded(&self, shared: &[f64]) -> Self {
        let mut positive = Side::new();
        for (&i, &c) in &self.positive {
            let upper = self.span(i).1;
            let to = shared.iter().position(|b| *b >= upper).unwrap_or(shared.len());
            *positive.entry(to as i32).or_insert(0.0) += c;
        }
        positive.retain(|_, c| *c != 0.0);
        Hist { positive, bounds: shared.to_vec(), ..self.clone() }
    }

    pub(crate) fn plus(&self, other: &Self) -> Result<(Self, Told), Mixed> {
        self.combine(other, 1.0)
    }

    pub(crate) fn minus(&self, other: &Self) -> Result<(Self, Told), Mixed> {
        let (mut out, told) = self.combine(other, -1.0)?;
        out.hint = CounterResetHint::Gauge;
        Ok((out, told))
    }

    pub(crate) fn times(&self, factor: f64) -> Self {
        let mut out = self.clone();
        out.counts_mut().for_each(|c| *c *= factor);
        if factor < 0.0 {
            out.hint = CounterResetHint::Gauge;
        }
        out
    }

    pub(crate) fn divided(&self, by: f64) -> Self {
        let mut out = self.clone();
        if by == 0.0 {
            (out.positive, out.negative) = (Side::new(), Side::new());
        } else if by < 0.0 {
            out.hint = CounterResetHint::Gauge;
        }
        out.counts_mut().for_each(|c| *c /= by);
        out
    }

    /// The `==` of PromQL: bits and layout.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let bits = |side: &Side| side.iter().map(|(i, c)| (*i, c.to_bits())).collect::<Vec<_>>();
        let own = |h: &Self| [h.count.to_bits(), h.sum.to_bits(), h.zero_count.to_bits()];
        self.schema == other.schema
            && own(self) == own(other)
            && self.zero_threshold == other.zero_threshold
            && self.bounds == other.bounds
            && bits(&self.positive) == bits(&other.positive)
            && bits(&self.negative) == bits(&other.negative)
    }

    /// Whether a counter was reset between `before` and `self`.
    pub(crate) fn resets_after(&self, before: &Self) -> bool {
        match self.hint {
            CounterResetHint::Reset => return true,
            CounterResetHint::NotReset => return false,
            _ => {}
        }
        if self.count < before.count || (self.custom() && !before.custom()) {
            return true;
        }
        if self.custom() && self.bounds != before.bounds {
            let shared: Vec<f64> =
                self.bounds.iter().copied().filter(|x| before.bounds.contains(x)).collect();
            let (now, then) = (self.rebounded(&shared), before.rebounded(&shared));
            let all: BTreeSet<&i32> = now.positive.keys().chain(then.positive.keys()).collect();
            let get = |side: &Side, i: &i32| side.get(i).copied().unwrap_or(0.0);
            return all.into_iter().any(|i| get(&now.positive, i) < get(&then.positive, i));
        }
        if self.schema > before.schema || self.zero_threshold < before.zero_threshold {
            return true;
        }
        let mut then = before.clone();
        if !self.custom() {
            let (count, wide) = before.widened(self.zero_threshold);
            if wide != self.zero_threshold || self.zero_count < count {
                return true;
            }
            then = then.reduced(self.schema);
        }
        let fell = |now: &Side, then: &Side| {
            let inside = |i: i32| !self.custom() && bound(self.schema, i) <= self.zero_threshold;
            then.iter().any(|(&i, &c)| c != 0.0 && !inside(i) && now.get(&i).is_none_or(|now| *now < c))
        };
        fell(&self.positive, &then.positive) || fell(&self.negative, &then.negative)
    }

    /// Stored buckets from the lowest value to the highest, the zero bucket only if it counts something.
    pub(crate) fn ascending(&self) -> Vec<Bucket> {
        let zt = self.zero_threshold;
        let cut = |inner: f64| if inner > 0.0 && inner < zt { zt } else { inner };
        let mut out = Vec::new();
        for (&i, &count) in self.negative.iter().rev() {
            let (inner, outer) = self.span(i);
            out.push(Bucket { lower: -outer, upper: -cut(inner), count });
        }
        if self.zero_count > 0.0 {
            out.push(Bucket { lower: -zt, upper: zt, count: self.zero_count });
        }
        for (&i, &count) in &self.positive {
            let (lower, upper) = self.span(i);
            let lower = if self.custom() { lower } else { cut(lower) };
            out.push(Bucket { lower, upper, count });
        }
        out
    }

    /// Raw buckets: lower, upper, count, whether of the negative side.
    pub(crate) fn raw(&self) -> Vec<(i32, bool, Bucket)> {
        let positive = self.positive.iter().map(|(&i, &count)| {
            let (lower, upper) = self.span(i);
            (i, false, Bucket { lower, upper, count })
        });
        let negative = self.negative.iter().map(|(&i, &count)| {
            let (inner, outer) = self.span(i);
            (i, true, Bucket { lower: -outer, upper: -inner, count })
        });
        positive.chain(negative).collect()
    }
}
