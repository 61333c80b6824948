//! Rows against a plain evaluation step by step, and the rules that only words can tell.

use promqlite_model::{Annotations, Batch, Level, Pos};
use proptest::prelude::*;

use super::*;

type Row = Vec<Option<f64>>;

fn batch(cells: &[Option<f64>]) -> Batch {
    let mut batch = Batch::empty(1, cells.len());
    for (step, cell) in cells.iter().enumerate() {
        if let Some(value) = cell {
            batch.set_float(0, step, *value);
        }
    }
    batch
}

fn cells(batch: &Batch) -> Row {
    (0..batch.steps()).map(|step| batch.float(0, step)).collect()
}

fn vector(batch: &Batch, fill: Option<f64>) -> Operand<'_> {
    Operand::Row { batch, row: 0, fill }
}

fn run(op: BinaryOp, comparison: Comparison, left: Operand<'_>, right: Operand<'_>, steps: usize) -> Row {
    let mut out = batch(&vec![Some(99.0); steps]);
    combine_rows(op, comparison, left, right, &mut out, 0, 0, &mut StepProblems::new());
    let tail = steps % 64;
    if tail != 0 {
        let last = out.valid().row(0)[steps / 64];
        assert_eq!(last >> tail, 0, "bits behind the last step");
    }
    cells(&out)
}

/// The definition, for two floats that are present; `element` is what a filter lets pass.
fn naive(op: BinaryOp, comparison: Comparison, a: f64, b: f64, element: f64) -> Option<f64> {
    let holds = match op {
        BinaryOp::Add => return Some(a + b),
        BinaryOp::Sub => return Some(a - b),
        BinaryOp::Mul => return Some(a * b),
        BinaryOp::Div => return Some(a / b),
        BinaryOp::Mod => return Some(a % b),
        // A square is exact up to one rounding, in Go as well; the C library's may be off in the last bit.
        BinaryOp::Pow => return Some(if b == 2.0 { a * a } else { a.powf(b) }),
        BinaryOp::Atan2 => return Some(a.atan2(b)),
        BinaryOp::Eq => a == b,
        BinaryOp::Ne => a != b,
        BinaryOp::Lt => a < b,
        BinaryOp::Gt => a > b,
        BinaryOp::Le => a <= b,
        BinaryOp::Ge => a >= b,
        _ => return None,
    };
    match comparison {
        Comparison::Filter => holds.then_some(element),
        Comparison::Bool => Some(f64::from(u8::from(holds))),
    }
}

fn same(a: &Row, b: &Row) -> bool {
    let equal = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    a.len() == b.len()
        && a.iter().zip(b).all(|pair| match pair {
            (Some(a), Some(b)) => equal(*a, *b),
            (None, None) => true,
            _ => false,
        })
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (-3_i32..4).prop_map(f64::from),
        2 => any::<f64>(),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)],
    ]
}

fn rows() -> impl Strategy<Value = (Row, Row)> {
    (1_usize..200).prop_flat_map(|steps| {
        let row = || prop::collection::vec(prop::option::weighted(0.8, number()), steps);
        (row(), row())
    })
}

fn operator() -> impl Strategy<Value = (BinaryOp, Comparison)> {
    let computing: Vec<BinaryOp> = BinaryOp::ALL.into_iter().filter(|op| !op.is_set()).collect();
    (prop::sample::select(computing), prop_oneof![Just(Comparison::Filter), Just(Comparison::Bool)])
}

proptest! {
    #[test]
    fn vectors_step_by_step((left, right) in rows(), (op, comparison) in operator()) {
        let expected: Row = left.iter().zip(&right)
            .map(|(l, r)| naive(op, comparison, (*l)?, (*r)?, (*l)?)).collect();
        let (l, r) = (batch(&left), batch(&right));
        let got = run(op, comparison, vector(&l, None), vector(&r, None), left.len());
        prop_assert!(same(&got, &expected), "{got:?}\n{expected:?}");
    }

    #[test]
    fn filled_vectors_step_by_step(
        (left, right) in rows(), (op, comparison) in operator(),
        left_fill in prop::option::of(number()), right_fill in prop::option::of(number()),
    ) {
        let expected: Row = left.iter().zip(&right).map(|(l, r)| {
            let (l, r) = (l.or(r.and(left_fill)), r.or(l.and(right_fill)));
            naive(op, comparison, l?, r?, l?)
        }).collect();
        let (l, r) = (batch(&left), batch(&right));
        let got = run(op, comparison, vector(&l, left_fill), vector(&r, right_fill), left.len());
        prop_assert!(same(&got, &expected), "{got:?}\n{expected:?}");
        if let Some(fill) = right_fill {
            let expected: Row = left.iter().map(|l| naive(op, comparison, (*l)?, fill, (*l)?)).collect();
            let got = run(op, comparison, vector(&l, left_fill), Operand::Filled(fill), left.len());
            prop_assert!(same(&got, &expected), "{got:?}\n{expected:?}");
        }
    }

    #[test]
    fn scalars_step_by_step((left, right) in rows(), (op, comparison) in operator()) {
        let scalar: Vec<f64> = right.iter().map(|r| r.unwrap_or(0.5)).collect();
        let l = batch(&left);
        let expected: Row = left.iter().zip(&scalar)
            .map(|(l, s)| naive(op, comparison, (*l)?, *s, (*l)?)).collect();
        let got = run(op, comparison, vector(&l, None), Operand::Scalar(&scalar), left.len());
        prop_assert!(same(&got, &expected), "{got:?}\n{expected:?}");
        let expected: Row = left.iter().zip(&scalar)
            .map(|(l, s)| naive(op, comparison, *s, (*l)?, (*l)?)).collect();
        let got = run(op, comparison, Operand::Scalar(&scalar), vector(&l, None), left.len());
        prop_assert!(same(&got, &expected), "{got:?}\n{expected:?}");
    }

    #[test]
    fn numbers_alone(a in number(), b in number(), (op, _) in operator()) {
        let got = combine_numbers(op, a, b);
        prop_assert!(same(&vec![got], &vec![naive(op, Comparison::Bool, a, b, a)]));
    }
}

#[test]
fn float_arithmetic_is_that_of_c() {
    let inf = f64::INFINITY;
    for (op, a, b, expected) in [
        (BinaryOp::Mod, -7.0, 3.0, -1.0),
        (BinaryOp::Mod, 7.0, -3.0, 1.0),
        (BinaryOp::Mod, 5.0, inf, 5.0),
        (BinaryOp::Pow, f64::NAN, 0.0, 1.0),
        (BinaryOp::Pow, 1.0, f64::NAN, 1.0),
        (BinaryOp::Pow, 0.0, -1.0, inf),
        (BinaryOp::Pow, -1.0, inf, 1.0),
        (BinaryOp::Atan2, 1.0, 1.0, std::f64::consts::FRAC_PI_4),
        (BinaryOp::Div, 1.0, 0.0, inf),
        (BinaryOp::Eq, 1.0, f64::NAN, 0.0),
        (BinaryOp::Ne, f64::NAN, f64::NAN, 1.0),
    ] {
        assert_eq!(combine_numbers(op, a, b), Some(expected), "{a} {op} {b}");
    }
    for (op, a, b) in [
        (BinaryOp::Mod, 1.0, 0.0),
        (BinaryOp::Mod, inf, 2.0),
        (BinaryOp::Pow, -8.0, 1.0 / 3.0),
        (BinaryOp::Div, 0.0, 0.0),
    ] {
        assert!(combine_numbers(op, a, b).is_some_and(f64::is_nan), "{a} {op} {b}");
    }
    assert_eq!(combine_numbers(BinaryOp::And, 1.0, 1.0), None);
}

#[test]
fn trimming_numbers_is_refused() {
    let error =
        combine_scalars(BinaryOp::TrimUpper, &[1.0], &[1.0], &mut [0.0]).expect_err("no trim of scalars");
    assert_eq!(error.to_string(), "operator \"</\" not allowed for Scalar operations");
}

#[test]
fn trimming_floats_is_remarked_once_per_step() {
    let (l, r) = (batch(&[Some(1.0), None]), batch(&[Some(2.0), Some(2.0)]));
    let mut problems = StepProblems::new();
    let mut out = Batch::empty(1, 2);
    combine_rows(
        BinaryOp::TrimLower,
        Comparison::Filter,
        vector(&l, None),
        vector(&r, None),
        &mut out,
        0,
        0,
        &mut problems,
    );
    assert!(!out.any(0));
    let mut notes = Annotations::default();
    problems.report(&mut notes, Pos(0));
    assert_eq!(
        notes.render(Level::Info, "a >/ b"),
        [
            r#"PromQL info: incompatible sample types encountered for binary operator ">/": float >/ float (1:1)"#
        ]
    );
}

#[test]
fn the_last_problem_of_a_step_stays() {
    use promqlite_model::Annotation;
    let collision = || Annotation::HistogramResetCollision("addition");
    let layout = || Annotation::IncompatibleBucketLayout { op: "+" };
    let (mut early, mut late) = (StepProblems::new(), StepProblems::new());
    early.record(0, 1, collision());
    late.record(0, 5, layout());
    late.merge(early);
    let mut notes = Annotations::default();
    late.report(&mut notes, Pos(0));
    assert_eq!(notes.iter().map(|(note, _)| note.clone()).collect::<Vec<_>>(), [layout()]);
}

#[test]
fn negation_keeps_gaps() {
    let mut row = batch(&[Some(5.0), None, Some(-0.0)]);
    negate_row(&mut row, 0);
    assert_eq!(cells(&row), [Some(-5.0), None, Some(0.0)]);
}
