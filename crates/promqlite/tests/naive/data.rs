//! Random data: few series, few samples, everything that is odd.

use std::rc::Rc;

use promqlite::histogram::CounterResetHint;
use promqlite::{MemStore, STALE_NAN};

use super::evaluate::Val;
use super::expr::number;
use super::histogram::{Hist, Side};
use super::labels::Labels;
use super::random::Random;

/// A stored series.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) labels: Labels,
    pub(crate) samples: Vec<(i64, Val)>,
}

pub(crate) const INTERVAL_MS: i64 = 60_000;
pub(crate) const SLOTS: i64 = 24;

/// The series of one data set, in label order.
pub(crate) fn data(random: &mut Random) -> Vec<Stored> {
    let mut all = Vec::new();
    let some = |random: &mut Random| random.chance(80);
    for (metric, jobs, insts) in [("x_total", 2, 2), ("y", 2, 2), ("z_total", 1, 2)] {
        for job in &["a", "b"][..jobs] {
            for inst in &["0", "1"][..insts] {
                // Numbers that swallow others are in one metric only.
                let style = random.below(if metric == "z_total" { 4 } else { 3 });
                if some(random) {
                    let labels = Labels::of([("__name__", metric), ("job", job), ("inst", inst)]);
                    all.push(Stored {
                        labels,
                        samples: samples(random, |r, k| Some(Val::Float(float(r, style, k)))),
                    });
                }
            }
        }
    }
    let broken = random.chance(30);
    for (i, le) in ["0.5", "1", "2.5", "+Inf", "x"].into_iter().enumerate() {
        if (le != "x" || broken) && random.chance(90) {
            let labels = Labels::of([("__name__", "h_bucket"), ("job", "a"), ("le", le)]);
            let samples = samples(random, |r, k| {
                let wrong = if broken && r.chance(10) { 5 } else { 0 };
                Some(Val::Float(((i as i64 + 1) * (k + 1) * 2 - wrong) as f64))
            });
            all.push(Stored { labels, samples });
        }
    }
    for (i, metric) in ["n", "n", "m"].into_iter().enumerate() {
        if some(random) {
            let labels = Labels::of([("__name__", metric), ("job", ["a", "b"][i % 2]), ("inst", "0")]);
            all.push(Stored { labels, samples: histograms(random) });
        }
    }
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    all
}

/// Samples at some of the slots, staleness markers among them.
fn samples(random: &mut Random, mut value: impl FnMut(&mut Random, i64) -> Option<Val>) -> Vec<(i64, Val)> {
    let gaps = if random.chance(50) { 20 } else { 4 };
    let mut out = Vec::new();
    for k in 0..SLOTS {
        if random.chance(gaps) {
            continue;
        }
        let value = if random.chance(4) { Some(Val::Float(STALE_NAN)) } else { value(random, k) };
        out.extend(value.map(|v| (k * INTERVAL_MS, v)));
    }
    out
}

fn float(random: &mut Random, style: u64, k: i64) -> f64 {
    match random.below(40) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -0.0,
        3 if style == 3 => 1e16,
        4 => f64::NEG_INFINITY,
        _ if style == 0 => (k * 3) as f64 + random.below(3) as f64,
        _ if style == 1 => random.below(6) as f64 - 2.0,
        _ if style == 2 => random.below(2000) as f64 / 64.0,
        _ => random.below(30) as f64,
    }
}

/// Native histograms that grow, are reset, change their layout, and sometimes are floats.
fn histograms(random: &mut Random) -> Vec<(i64, Val)> {
    let custom = random.chance(35);
    let gauge = random.chance(30);
    let (mixed, changing, hinted) = (random.chance(30), random.chance(30), random.chance(50));
    let mut h = base(random, custom);
    let mut fresh = true;
    samples(random, |random, _| {
        if mixed && random.chance(20) {
            return Some(Val::Float(random.below(20) as f64));
        }
        let mut reset = false;
        if random.chance(12) {
            let other = changing && random.chance(20);
            h = base(random, custom != other);
            reset = true;
        } else {
            grow(random, &mut h, gauge);
        }
        h.hint = match () {
            () if gauge => CounterResetHint::Gauge,
            () if !hinted || fresh => CounterResetHint::Unknown,
            () if reset => CounterResetHint::Reset,
            () => CounterResetHint::NotReset,
        };
        fresh = false;
        Some(Val::Hist(Rc::new(h.clone())))
    })
}

fn base(random: &mut Random, custom: bool) -> Hist {
    let mut h = Hist {
        hint: CounterResetHint::Unknown,
        schema: if custom { -53 } else { random.below(4) as i32 - 1 },
        zero_threshold: 0.0,
        zero_count: 0.0,
        count: 0.0,
        sum: 0.0,
        positive: Side::new(),
        negative: Side::new(),
        bounds: Vec::new(),
    };
    if custom {
        h.bounds = random.pick(&[vec![1.0, 2.0, 4.0], vec![2.0, 4.0], vec![-1.0, 2.0], vec![1.0, 3.0, 4.0]]);
    } else {
        h.zero_threshold = random.pick(&[0.0, 0.001, 0.001, 0.5]);
        h.zero_count = random.below(3) as f64;
    }
    for _ in 0..random.below(3) + 1 {
        grow(random, &mut h, false);
    }
    h
}

/// Some more observations, and one that is not a number once in a while.
fn grow(random: &mut Random, h: &mut Hist, gauge: bool) {
    for _ in 0..random.below(3) + 1 {
        let by = if gauge && random.chance(30) { -1.0 } else { (random.below(4) + 1) as f64 };
        let negative = !h.custom() && random.chance(25);
        let i = if h.custom() { random.below(h.bounds.len() as u64 + 1) } else { random.below(5) } as i32;
        let mut i = if h.custom() { i } else { i - 1 };
        // Nothing is counted both in the zero bucket and in another one.
        while !h.custom() && super::histogram::bound(h.schema, i - 1) < h.zero_threshold {
            i += 1;
        }
        let side = if negative { &mut h.negative } else { &mut h.positive };
        let count = side.entry(i).or_insert(0.0);
        if *count + by >= 0.0 {
            *count += by;
        }
        h.sum += if negative { -by } else { by } * 1.5;
    }
    h.count = h.zero_count + h.positive.values().chain(h.negative.values()).sum::<f64>();
    if random.chance(2) {
        h.count += 1.0;
        h.sum = f64::NAN;
    }
}

/// A store with these series.
pub(crate) fn store(all: &[Stored]) -> MemStore {
    let store = MemStore::new();
    for series in all {
        let id = store.series_of(series.labels.pairs());
        for (t, v) in &series.samples {
            match v {
                Val::Float(v) => store.append(id, *t, *v),
                Val::Hist(h) => store.append_histogram(id, *t, h.write().view()),
            };
        }
    }
    store
}

/// The data as a test script loads it.
pub(crate) fn script(all: &[Stored]) -> String {
    let mut out = format!("load {}s\n", INTERVAL_MS / 1000);
    for series in all {
        let pairs: Vec<String> = series
            .labels
            .pairs()
            .filter(|(n, _)| *n != "__name__")
            .map(|(n, v)| format!("{n}={v:?}"))
            .collect();
        out.push_str(&format!("  {}{{{}}}", series.labels.metric(), pairs.join(",")));
        let mut slot = 0;
        for (t, v) in &series.samples {
            while slot < t / INTERVAL_MS {
                out.push_str(" _");
                slot += 1;
            }
            slot += 1;
            out.push_str(&match v {
                v if super::evaluate::stale(v) => " stale".to_owned(),
                Val::Float(v) => format!(" {}", number(*v)),
                Val::Hist(h) => format!(" {}", h.write().view().literal()),
            });
        }
        out.push('\n');
    }
    out
}
