//! The in-memory store against a list that does everything the slow way, and under concurrent appends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use promqlite_model::{LabelSet, MatchOp, Matcher, SampleBuf, Samples, TimeRange};
use promqlite_storage::{AppendSummary, Appended, MemStore, SelectRequest, Selection, Storage};
use proptest::prelude::*;

/// Name and value by number; few of each, so that sets collide and matchers hit.
const NAMES: [&str; 4] = ["__name__", "job", "zone", "Case"];
const VALUES: [&str; 6] = ["", "a", "b", "ab", "abc", "b.c"];
const PATTERNS: [&str; 12] =
    ["", ".*", ".+", "a", "a|b", "ab?", "a.*", ".*c", "ab.*|b", "x|y", "|a", "[^a]*"];

type Pairs = Vec<(&'static str, &'static str)>;

fn pairs() -> impl Strategy<Value = Pairs> {
    proptest::collection::vec((0..NAMES.len(), 0..VALUES.len()), 0..5)
        .prop_map(|labels| labels.into_iter().map(|(n, v)| (NAMES[n], VALUES[v])).collect())
}

fn matchers() -> impl Strategy<Value = Vec<Matcher>> {
    let one = (0..=NAMES.len(), 0..4usize, 0..PATTERNS.len()).prop_map(|(name, op, value)| {
        let name = NAMES.get(name).copied().unwrap_or("absent");
        let ops = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex];
        let value = if op < 2 { VALUES[value % VALUES.len()] } else { PATTERNS[value] };
        Matcher::new(name, ops[op], value).unwrap()
    });
    proptest::collection::vec(one, 0..4)
}

#[derive(Clone, Debug)]
enum Step {
    /// One sample.
    Append {
        series: usize,
        t_ms: i64,
        value: i32,
    },
    /// Samples in order, one every 3 ms.
    Bulk {
        series: usize,
        from_ms: i64,
        len: usize,
    },
    /// A snapshot that stays alive until the end.
    Hold,
    Optimise,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..20usize, 0..200i64, 0..3i32)
            .prop_map(|(series, t_ms, value)| Step::Append { series, t_ms, value }),
        3 => (0..20usize, 0..3_000i64, 0..600usize)
            .prop_map(|(series, from_ms, len)| Step::Bulk { series, from_ms, len }),
        2 => Just(Step::Hold),
        1 => Just(Step::Optimise),
    ];
    proptest::collection::vec(step, 0..60)
}

/// Labels and samples, in order of creation.
#[derive(Clone, Default)]
struct Twin(Vec<(LabelSet, BTreeMap<i64, u64>)>);

impl Twin {
    fn series(&mut self, pairs: &Pairs) -> &mut BTreeMap<i64, u64> {
        let labels = LabelSet::from_pairs(pairs.iter().copied());
        let i = self.0.iter().position(|(l, _)| *l == labels).unwrap_or_else(|| {
            self.0.push((labels, BTreeMap::new()));
            self.0.len() - 1
        });
        &mut self.0[i].1
    }

    fn append(&mut self, pairs: &Pairs, t_ms: i64, value: f64) -> Appended {
        let samples = self.series(pairs);
        match samples.get(&t_ms) {
            Some(bits) if *bits == value.to_bits() => Appended::Duplicate,
            Some(_) => Appended::Conflict,
            None => {
                samples.insert(t_ms, value.to_bits());
                Appended::New
            }
        }
    }

    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Vec<(String, Vec<(i64, u64)>)> {
        let passes =
            |labels: &LabelSet| matchers.iter().all(|m| m.matches(labels.get(m.name()).unwrap_or("")));
        let meets = |samples: &BTreeMap<i64, u64>| {
            let ends = samples.first_key_value().zip(samples.last_key_value());
            range.start <= range.end
                && ends.is_some_and(|(a, b)| *a.0 <= range.end.0 && range.start.0 <= *b.0)
        };
        let cut = |samples: &BTreeMap<i64, u64>| {
            samples
                .iter()
                .map(|(t, v)| (*t, *v))
                .filter(|(t, _)| range.start.0 <= *t && *t <= range.end.0)
                .collect()
        };
        let selected = self.0.iter().filter(|(labels, samples)| passes(labels) && meets(samples));
        selected.map(|(labels, samples)| (labels.to_string(), cut(samples))).collect()
    }
}

/// All rows of a selection, in its own order.
fn contents(store: &MemStore, selection: &dyn Selection, range: TimeRange) -> Vec<(String, Vec<(i64, u64)>)> {
    let mut buf = SampleBuf::default();
    let row = |i| {
        let labels = LabelSet::new(selection.labels(i).clone(), store.symbols().clone());
        let samples = selection.samples(i, range, &mut buf).unwrap();
        let bits = samples.values.iter().map(|v| v.to_bits());
        (labels.to_string(), samples.times.iter().copied().zip(bits).collect())
    };
    (0..selection.len()).map(row).collect()
}

/// A selection of everything and what it must show for ever.
type Held = (Box<dyn Selection>, Vec<(String, Vec<(i64, u64)>)>);

/// Does the steps to both and checks what each append answers.
fn apply(steps: &[Step], sets: &[Pairs]) -> (MemStore, Twin, Vec<Held>) {
    let (store, mut twin, mut held) = (MemStore::new(), Twin::default(), Vec::new());
    let everything = SelectRequest::new(&[], TimeRange::ALL);
    for step in steps {
        match *step {
            Step::Append { series, t_ms, value } => {
                let pairs = &sets[series % sets.len()];
                let id = store.series_of(pairs.iter().copied());
                let value = f64::from(value);
                assert_eq!(store.append(id, t_ms, value), twin.append(pairs, t_ms, value));
            }
            Step::Bulk { series, from_ms, len } => {
                let pairs = &sets[series % sets.len()];
                let times: Vec<i64> = (0..len as i64).map(|i| from_ms + 3 * i).collect();
                let values = vec![f64::from(series as u32 % 2); len];
                let id = store.series_of(pairs.iter().copied());
                let got = store.append_samples(id, &Samples::floats(&times, &values));
                let mut want = AppendSummary::default();
                twin.series(pairs);
                for (t, v) in times.iter().zip(&values) {
                    match twin.append(pairs, *t, *v) {
                        Appended::New => want.added += 1,
                        Appended::Duplicate => want.duplicates += 1,
                        Appended::Conflict => want.conflicts += 1,
                    }
                }
                assert_eq!(got, want);
            }
            Step::Hold => held.push((store.select(&everything).unwrap(), twin.select(&[], TimeRange::ALL))),
            Step::Optimise => store.optimize(),
        }
    }
    (store, twin, held)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn store_answers_as_the_twin(
        steps in steps(),
        sets in proptest::collection::vec(pairs(), 1..20),
        lists in proptest::collection::vec(matchers(), 1..12),
        (start, length) in (-10..2_000i64, -5..3_000i64),
    ) {
        let (store, twin, held) = apply(&steps, &sets);
        let samples: usize = twin.0.iter().map(|(_, samples)| samples.len()).sum();
        prop_assert_eq!(store.sample_count(), samples as u64);
        prop_assert_eq!(store.series_count(), twin.0.len());
        for range in [TimeRange::ALL, TimeRange::new(start, start + length)] {
            for list in &lists {
                let selection = store.select(&SelectRequest::new(list, range)).unwrap();
                let got = contents(&store, &*selection, range);
                prop_assert_eq!(&got, &twin.select(list, range), "{:?} in {:?}", list, range);
            }
        }
        for (selection, want) in held {
            prop_assert_eq!(contents(&store, &*selection, TimeRange::ALL), want);
        }
    }

    #[test]
    fn names_and_values_agree_with_a_selection(
        sets in proptest::collection::vec(pairs(), 0..20),
        empty in proptest::collection::vec(pairs(), 0..3),
        list in matchers(),
        range in prop_oneof![Just(TimeRange::ALL), (-5..30i64, -2..20i64).prop_map(|(a, n)| TimeRange::new(a, a + n))],
    ) {
        let store = MemStore::new();
        for (t, pairs) in sets.iter().enumerate() {
            store.append(store.series_of(pairs.iter().copied()), t as i64, 0.0);
        }
        empty.iter().for_each(|pairs| { store.series_of(pairs.iter().copied()); });
        let selection = store.select(&SelectRequest::new(&list, range)).unwrap();
        let symbols = store.symbols();
        let labels: Vec<_> = (0..selection.len()).flat_map(|i| selection.labels(i).iter()).collect();
        let distinct = |strings: Vec<&str>| {
            strings.into_iter().map(String::from).collect::<std::collections::BTreeSet<_>>()
        };
        let names = distinct(labels.iter().map(|l| symbols.get(l.name)).collect());
        prop_assert!(store.label_names(&list, range).unwrap().iter().eq(&names));
        for name in NAMES {
            let of_name = labels.iter().filter(|l| symbols.get(l.name) == name);
            let values = distinct(of_name.map(|l| symbols.get(l.value)).collect());
            prop_assert!(store.label_values(name, &list, range).unwrap().iter().eq(&values));
        }
    }
}

/// Writers append to shared series in order, out of order and in bulk while readers select. What a reader sees
/// must be ascending, hold the writer's own values, and not change when it looks again.
#[test]
fn snapshots_hold_while_threads_append() {
    const SERIES: usize = 8;
    const SAMPLES: i64 = 6_000;
    let store = MemStore::new();
    let done = AtomicBool::new(false);
    let name = |i: usize| format!("s{i}");
    let write = |writer: i64| {
        // Writer w of 2 writes the samples t ≡ w (mod 2); together they are out of order for each other.
        for t in (writer..SAMPLES).step_by(2) {
            for i in 0..SERIES {
                let id = store.series_of([("__name__", "shared"), ("i", name(i).as_str())]);
                assert_eq!(store.append(id, t, (t * 10 + i as i64) as f64), Appended::New);
            }
            let own = store.series_of([("__name__", "own"), ("writer", name(writer as usize).as_str())]);
            store.append_samples(own, &Samples::floats(&[3 * t, 3 * t + 1], &[1.0, 2.0]));
        }
    };
    let read = || {
        let matchers = [Matcher::equal("__name__", "shared")];
        let mut rounds = 0;
        while !done.load(Ordering::Relaxed) || rounds == 0 {
            let selection = store.select(&SelectRequest::new(&matchers, TimeRange::ALL)).unwrap();
            let first = contents(&store, &*selection, TimeRange::ALL);
            for (labels, samples) in &first {
                let i: i64 = labels.split('"').nth(1).unwrap()[1..].parse().unwrap();
                assert!(samples.is_sorted_by(|a, b| a.0 < b.0));
                assert!(samples.iter().all(|(t, bits)| f64::from_bits(*bits) == (t * 10 + i) as f64));
            }
            std::thread::yield_now();
            assert!(contents(&store, &*selection, TimeRange::ALL) == first, "a snapshot changed");
            rounds += 1;
        }
    };
    std::thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        let write = &write;
        let writers = [0, 1].map(|w| scope.spawn(move || write(w)));
        let wrote = writers.map(|w| w.join());
        done.store(true, Ordering::Relaxed);
        wrote.into_iter().chain(readers.map(|r| r.join())).for_each(|thread| thread.unwrap());
    });
    assert_eq!(store.series_count(), SERIES + 2);
    assert_eq!(store.sample_count(), (SERIES as i64 * SAMPLES + 2 * SAMPLES) as u64);
    assert_eq!(store.time_range(), Some(TimeRange::new(0, 3 * (SAMPLES - 1) + 1)));
}
