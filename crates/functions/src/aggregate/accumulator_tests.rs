//! Accumulators against a plain fold over each group and step, whole and in parts.

use promqlite_model::{Annotations, Batch, Pos};
use proptest::prelude::*;

use super::{Accumulator, Fold};
use crate::numeric::{CompensatedSum, Mean, Welford};

const FOLDS: [Fold; 8] =
    [Fold::Sum, Fold::Avg, Fold::Min, Fold::Max, Fold::Count, Fold::Group, Fold::Stddev, Fold::Stdvar];

/// Rows of cells, and the group of each row.
#[derive(Debug, Clone)]
struct Input {
    steps: usize,
    groups: usize,
    rows: Vec<(usize, Vec<Option<f64>>)>,
}

impl Input {
    fn batch(&self) -> Batch {
        let mut batch = Batch::empty(self.rows.len(), self.steps);
        for (row, (_, cells)) in self.rows.iter().enumerate() {
            for (step, cell) in cells.iter().enumerate() {
                if let Some(value) = cell {
                    batch.set_float(row, step, *value);
                }
            }
        }
        batch
    }

    /// What the group's rows hold at a step, in order.
    fn members(&self, group: usize, step: usize) -> Vec<f64> {
        let rows = self.rows.iter().filter(|(of, _)| *of == group);
        rows.filter_map(|(_, cells)| cells[step]).collect()
    }

    fn accumulate(&self, fold: Fold, rows: std::ops::Range<usize>) -> Accumulator {
        let batch = self.batch();
        let mut accumulator = Accumulator::new(fold, self.groups, self.steps);
        for row in rows {
            accumulator.add_row(self.rows[row].0, &batch, row, &String::new);
        }
        accumulator
    }
}

fn finish(accumulator: Accumulator) -> Batch {
    let mut notes = Annotations::default();
    let batch = accumulator.finish(&mut notes, Pos(0));
    assert!(notes.is_empty());
    batch
}

/// The definitions, value by value.
fn naive(fold: Fold, values: &[f64]) -> Option<f64> {
    let (&first, rest) = values.split_first()?;
    let better = |better: fn(f64, f64) -> bool| {
        rest.iter().fold(first, |best, &x| if best.is_nan() || better(x, best) { x } else { best })
    };
    let variance = || {
        let mut state = Welford::starting_with(first);
        rest.iter().for_each(|&x| state.add(x));
        state.variance()
    };
    Some(match fold {
        Fold::Sum => {
            let mut sum = CompensatedSum::starting_with(first);
            rest.iter().for_each(|&x| sum.add(x));
            sum.value()
        }
        Fold::Avg => Mean::of(values),
        Fold::Min => better(|x, best| x < best),
        Fold::Max => better(|x, best| x > best),
        Fold::Count => values.len() as f64,
        Fold::Group => 1.0,
        Fold::Stddev => variance().sqrt(),
        Fold::Stdvar => variance(),
    })
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1e3..1e3_f64,
        2 => (-3_i32..4).prop_map(f64::from),
        2 => any::<f64>(),
        1 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e16, -1e16, 1e100, -1e100, 1.7e308, -1.7e308,
        ]),
    ]
}

fn input(value: BoxedStrategy<f64>) -> impl Strategy<Value = Input> {
    (1_usize..150, 1_usize..4, 0_usize..12, 0.2..1.0_f64).prop_flat_map(
        move |(steps, groups, rows, density)| {
            let cells = prop::collection::vec(prop::option::weighted(density, value.clone()), steps);
            prop::collection::vec((0..groups, cells), rows).prop_map(move |rows| Input {
                steps,
                groups,
                rows,
            })
        },
    )
}

proptest! {
    #[test]
    fn unsplit_is_bit_for_bit_the_definition(input in input(any_number().boxed())) {
        for fold in FOLDS {
            let got = finish(input.accumulate(fold, 0..input.rows.len()));
            for group in 0..input.groups {
                for step in 0..input.steps {
                    let expected = naive(fold, &input.members(group, step));
                    let found = got.float(group, step);
                    let equal = match (found, expected) {
                        (Some(a), Some(b)) => same(a, b),
                        (a, b) => a.is_none() && b.is_none(),
                    };
                    prop_assert!(equal, "{fold:?} {found:?} {expected:?}");
                }
            }
        }
    }

    #[test]
    fn parts_make_the_whole(
        input in input(prop_oneof![
            8 => -1e3..1e3_f64,
            1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e16, -1e16]),
        ].boxed()),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.rows.len() + 1)).collect();
        cuts.extend([0, input.rows.len()]);
        cuts.sort_unstable();
        let identity: Vec<u32> = (0..input.groups as u32).collect();
        for fold in FOLDS {
            let whole = finish(input.accumulate(fold, 0..input.rows.len()));
            let mut merged = Accumulator::new(fold, input.groups, input.steps);
            for part in cuts.windows(2) {
                merged.merge(&mut input.accumulate(fold, part[0]..part[1]), &identity);
            }
            let merged = finish(merged);
            for group in 0..input.groups {
                for step in 0..input.steps {
                    let members = input.members(group, step);
                    let (Some(a), Some(b)) = (whole.float(group, step), merged.float(group, step)) else {
                        prop_assert_eq!(whole.has(group, step), merged.has(group, step));
                        continue;
                    };
                    let scale = members.iter().map(|v| v.abs()).fold(0.0, f64::max);
                    let scale = if matches!(fold, Fold::Stdvar) { scale * scale } else { scale };
                    let exact = !matches!(fold, Fold::Sum | Fold::Avg | Fold::Stddev | Fold::Stdvar);
                    let near = match fold {
                        // A root magnifies what is lost near 0.
                        Fold::Stddev => (a * a - b * b).abs() <= 1e-12 * scale * scale,
                        _ => (a - b).abs() <= 1e-12 * scale,
                    };
                    prop_assert!(same(a, b) || !exact && near, "{fold:?} {a} {b} {members:?}");
                }
            }
        }
    }
}

fn one_step(fold: Fold, values: &[f64]) -> Option<f64> {
    let rows = values.iter().map(|&value| (0, vec![Some(value)])).collect();
    finish(Input { steps: 1, groups: 1, rows }.accumulate(fold, 0..values.len())).float(0, 0)
}

#[test]
fn known_results() {
    let nan = f64::NAN;
    for (fold, values, expected) in [
        (Fold::Sum, [1.0, 1e100, 1.0, -1e100].as_slice(), 2.0),
        (Fold::Avg, &[2.0, 4.0], 3.0),
        (Fold::Avg, &[2.0, 8.0, 1e100, -1e100], 2.5),
        (Fold::Avg, &[0.0, f64::INFINITY, f64::INFINITY], f64::INFINITY),
        (Fold::Avg, &[9.988e307; 4], 9.988e307),
        (Fold::Avg, &[52.0; 12], 52.0),
        (Fold::Min, &[1.0, 2.0, nan, 4.0], 1.0),
        (Fold::Max, &[1.0, 2.0, nan, 4.0], 4.0),
        (Fold::Count, &[1.0, 2.0, nan, 4.0], 4.0),
        (Fold::Group, &[1.0, 2.0, nan, 4.0], 1.0),
        (Fold::Stdvar, &[1.0, 2.0, 3.0, 4.0], 1.25),
        (Fold::Stddev, &[5.0], 0.0),
        (Fold::Stdvar, &[13.3; 3], 0.0),
    ] {
        let got = one_step(fold, values).expect("a group with members has a value");
        assert!(
            (got - expected).abs() <= 1e-15 * expected.abs() || got == expected,
            "{fold:?} {values:?} {got}"
        );
    }
    for (fold, values) in [
        (Fold::Min, [nan, nan].as_slice()),
        (Fold::Stddev, &[1.0, f64::INFINITY]),
        (Fold::Stdvar, &[nan, 1.0]),
        (Fold::Sum, &[f64::INFINITY, f64::NEG_INFINITY]),
        (Fold::Avg, &[f64::INFINITY, f64::NEG_INFINITY]),
    ] {
        assert!(one_step(fold, values).is_some_and(f64::is_nan), "{fold:?} {values:?}");
    }
}

#[test]
fn groups_of_parts_find_their_place() {
    let part = |group: usize, value: f64| {
        let rows = vec![(group, vec![Some(value)])];
        Input { steps: 1, groups: 2, rows }.accumulate(Fold::Sum, 0..1)
    };
    let mut whole = Accumulator::new(Fold::Sum, 3, 1);
    whole.merge(&mut part(0, 1.0), &[2, 0]);
    whole.merge(&mut part(1, 2.0), &[1, 2]);
    let got = finish(whole);
    assert_eq!([0, 1, 2].map(|group| got.float(group, 0)), [None, None, Some(3.0)]);
}
