//! The engine against a naive twin: the definitions, one step at a time, with maps and loops, and no kernel
//! shared. Random data, random well-typed queries, a fixed seed.
//!
//! `PROMQLITE_ORACLE_CASES` sets how many queries are asked, `PROMQLITE_ORACLE_SEED` where the random numbers
//! start.

mod aggregate;
mod binary;
mod classic;
mod compare;
mod data;
mod estimate;
mod evaluate;
mod expr;
mod generate;
mod histogram;
mod instant;
mod labels;
mod laws;
mod numbers;
mod random;
mod windows;

use std::collections::BTreeMap;

use compare::{Bench, When};
use expr::Expr;
use generate::Generator;
use promqlite::{Engine, EngineOptions, Features};
use random::Random;

/// Queries per data set.
const PER_DATA: u64 = 100;

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")),
        Err(_) => default,
    }
}

fn when(random: &mut Random) -> When {
    let start = (random.below(24) as i64) * 60_000 + random.pick(&[0, 0, 30_000, 5_500]);
    if random.chance(55) {
        return When::At(start);
    }
    let step = random.pick(&[60_000, 45_000, 150_000, 30_000]);
    When::Over { start, end: start + step * (1 + random.below(6) as i64), step }
}

/// A shorter query that is wrong still: sub-expressions are replaced by their parts as long as it stays wrong.
fn shrunk(mut expr: Expr, wrong: impl Fn(&Expr) -> bool) -> Expr {
    'again: loop {
        for smaller in expr.simpler() {
            if wrong(&smaller) {
                expr = smaller;
                continue 'again;
            }
        }
        return expr;
    }
}

/// The data without the samples that the difference does not need.
fn fewest(engine: &Engine, mut data: Vec<data::Stored>, expr: &Expr, when: When) -> Vec<data::Stored> {
    for i in 0..data.len() {
        let mut k = 0;
        while k < data[i].samples.len() {
            let taken = data[i].samples.remove(k);
            let store = data::store(&data);
            if !matches!(Bench { data: &data, store: &store, engine }.difference(expr, when), Ok(Some(_))) {
                data[i].samples.insert(k, taken);
                k += 1;
            }
        }
    }
    data
}

/// The data that the difference needs.
fn needed(engine: &Engine, data: &[data::Stored], expr: &Expr, when: When) -> Vec<data::Stored> {
    let mut kept = data.to_vec();
    let mut i = 0;
    while i < kept.len() {
        let mut fewer = kept.clone();
        fewer.remove(i);
        let store = data::store(&fewer);
        let bench = Bench { data: &fewer, store: &store, engine };
        if matches!(bench.difference(expr, when), Ok(Some(_))) {
            kept = fewer;
        } else {
            i += 1;
        }
    }
    kept
}

fn report(bench: &Bench<'_>, expr: &Expr, when: When, seed: u64) -> String {
    let expr = shrunk(expr.clone(), |x| matches!(bench.difference(x, when), Ok(Some(_))));
    let data = needed(bench.engine, bench.data, &expr, when);
    let data = fewest(bench.engine, data, &expr, when);
    let store = data::store(&data);
    let small = Bench { data: &data, store: &store, engine: bench.engine };
    let difference = small.difference(&expr, when).ok().flatten().unwrap_or_default();
    let names = if bench.engine.options().delayed_name_removal { "last" } else { "at once" };
    format!("# seed {seed}, names removed {names}\n{}\n{when} {expr}\n{difference}\n", data::script(&data))
}

/// Calls `ask` with data sets, queries and their times, as many as there are cases.
fn for_each_case(seed: u64, cases: u64, mut ask: impl FnMut(&Bench<'_>, &mut Random, u64)) {
    for set in 0..cases.div_ceil(PER_DATA) {
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(set);
        let mut random = Random(seed);
        let data = data::data(&mut random);
        let store = data::store(&data);
        let engine = Engine::new(EngineOptions {
            features: Features::ALL,
            delayed_name_removal: random.chance(50),
            single_thread: true,
            ..EngineOptions::default()
        });
        let bench = Bench { data: &data, store: &store, engine: &engine };
        for _ in 0..PER_DATA {
            ask(&bench, &mut random, seed);
        }
    }
}

#[test]
fn the_engine_answers_as_the_definitions_say() {
    let (cases, seed) = (setting("PROMQLITE_ORACLE_CASES", 50_000), setting("PROMQLITE_ORACLE_SEED", 1));
    let most = setting("PROMQLITE_ORACLE_REPORTS", 1) as usize;
    let mut open: BTreeMap<&str, u64> = BTreeMap::new();
    let mut found = Vec::new();
    for_each_case(seed, cases, |bench, random, seed| {
        let expr = Generator { random }.query();
        let when = when(random);
        match bench.difference(&expr, when) {
            Ok(None) => {}
            Err(why) => *open.entry(why).or_default() += 1,
            Ok(Some(_)) => found.push(report(bench, &expr, when, seed)),
        }
        assert!(found.len() < most, "{}", found.join("\n"));
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
    let left_open: u64 = open.values().sum();
    assert!(left_open * 10 < cases, "too much is left open: {open:?}");
}

#[test]
fn laws_hold_between_answers() {
    let (cases, seed) = (setting("PROMQLITE_ORACLE_CASES", 50_000) / 10, setting("PROMQLITE_ORACLE_SEED", 1));
    let most = setting("PROMQLITE_ORACLE_REPORTS", 1) as usize;
    let mut found = Vec::new();
    for_each_case(seed.wrapping_add(1 << 32), cases, |bench, random, seed| {
        let mut generator = Generator { random };
        let (x, y) = (generator.query(), generator.vector(1));
        let when = when(random);
        for (name, law) in laws::LAWS {
            if let Some(difference) = law(bench, &x, &y, when) {
                let x = shrunk(x.clone(), |x| law(bench, x, &y, when).is_some());
                let difference = law(bench, &x, &y, when).unwrap_or(difference);
                let data = data::script(bench.data);
                found.push(format!("# seed {seed}: {name}\n{data}\n{when} {x}\n# y is {y}\n{difference}\n"));
            }
        }
        assert!(found.len() < most, "{}", found.join("\n"));
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}
