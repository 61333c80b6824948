//! Operators on native histograms.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram};
use promqlite_model::{Annotations, Batch, Pos};

use super::*;
use crate::aggregate::testing::{Cell, batch_of, custom, exponential, texts};

fn h(factor: f64) -> FloatHistogram {
    exponential(10.0 * factor, &[factor, 2.0 * factor])
}

/// The result of one pair of samples and the texts of what is remarked.
fn pair(op: BinaryOp, comparison: Comparison, left: Cell, right: Cell) -> (Batch, Vec<String>) {
    let batch = batch_of(&[vec![left], vec![right]]);
    let side = |row| Operand::Row { batch: &batch, row, fill: None };
    run(op, comparison, side(0), side(1))
}

fn run(op: BinaryOp, comparison: Comparison, left: Operand<'_>, right: Operand<'_>) -> (Batch, Vec<String>) {
    let mut out = batch_of(&[vec![Cell::Histogram(h(99.0))]]);
    let mut problems = StepProblems::new();
    combine_rows(op, comparison, left, right, &mut out, 0, 0, &mut problems);
    let mut notes = Annotations::default();
    problems.report(&mut notes, Pos(0));
    (out, texts(&notes))
}

fn histogram(batch: &Batch) -> Option<FloatHistogram> {
    batch.histogram(0, 0).map(|view| view.to_owned())
}

/// Which types go together; all else is remarked and dropped, with `bool` too.
#[test]
fn the_matrix_of_types() {
    use BinaryOp::*;
    let kinds = [("float", Cell::Float(2.0)), ("histogram", Cell::Histogram(h(1.0)))];
    for op in BinaryOp::ALL.into_iter().filter(|op| !op.is_set()) {
        for (left, l) in &kinds {
            for (right, r) in &kinds {
                let supported = match (*left, *right) {
                    ("float", "float") => !op.is_trim(),
                    ("histogram", "float") => matches!(op, Mul | Div | TrimUpper | TrimLower),
                    ("float", _) => op == Mul,
                    _ => matches!(op, Add | Sub | Eq | Ne),
                };
                for comparison in [Comparison::Filter, Comparison::Bool] {
                    let (out, notes) = pair(op, comparison, l.clone(), r.clone());
                    if supported {
                        assert!(notes.is_empty(), "{left} {op} {right}: {notes:?}");
                    } else {
                        assert!(!out.has(0, 0), "{left} {op} {right}");
                        let expected = format!(
                            "incompatible sample types encountered for binary operator \"{op}\": {left} {op} {right}"
                        );
                        assert_eq!(notes, [expected]);
                    }
                }
            }
        }
    }
}

#[test]
fn arithmetic() {
    for (op, left, right, expected) in [
        (BinaryOp::Add, Cell::Histogram(h(1.0)), Cell::Histogram(h(2.0)), h(3.0)),
        (BinaryOp::Sub, Cell::Histogram(h(3.0)), Cell::Histogram(h(1.0)), h(2.0)),
        (BinaryOp::Mul, Cell::Histogram(h(2.0)), Cell::Float(3.0), h(6.0)),
        (BinaryOp::Mul, Cell::Float(3.0), Cell::Histogram(h(2.0)), h(6.0)),
        (BinaryOp::Div, Cell::Histogram(h(6.0)), Cell::Float(3.0), h(2.0)),
    ] {
        let (out, _) = pair(op, Comparison::Filter, left, right);
        assert_eq!(histogram(&out), Some(expected), "{op}");
    }
}

#[test]
fn comparisons_filter_or_tell() {
    let (a, b) = (Cell::Histogram(h(1.0)), Cell::Histogram(h(2.0)));
    let result = |op, comparison, l: &Cell, r: &Cell| pair(op, comparison, l.clone(), r.clone()).0;
    assert_eq!(histogram(&result(BinaryOp::Eq, Comparison::Filter, &a, &a)), Some(h(1.0)));
    assert!(!result(BinaryOp::Eq, Comparison::Filter, &a, &b).has(0, 0));
    assert_eq!(histogram(&result(BinaryOp::Ne, Comparison::Filter, &a, &b)), Some(h(1.0)));
    assert_eq!(result(BinaryOp::Eq, Comparison::Bool, &a, &b).float(0, 0), Some(0.0));
    assert_eq!(result(BinaryOp::Ne, Comparison::Bool, &a, &b).float(0, 0), Some(1.0));
}

#[test]
fn trimming_keeps_one_side_of_a_bound() {
    let batch = batch_of(&[vec![Cell::Histogram(custom(30.0, &[5.0, 10.0], &[1.0, 2.0, 3.0]))]]);
    let row = Operand::Row { batch: &batch, row: 0, fill: None };
    let (out, _) = run(BinaryOp::TrimUpper, Comparison::Filter, row, Operand::Scalar(&[5.0]));
    assert_eq!(out.histogram(0, 0).expect("trimmed").count(), 1.0);
    let (out, _) = run(BinaryOp::TrimLower, Comparison::Filter, row, Operand::Scalar(&[5.0]));
    assert_eq!(out.histogram(0, 0).expect("trimmed").count(), 5.0);
}

#[test]
fn scalars_and_fills_are_floats() {
    let batch = batch_of(&[vec![Cell::Histogram(h(1.0))]]);
    let row = Operand::Row { batch: &batch, row: 0, fill: None };
    let (out, _) = run(BinaryOp::Mul, Comparison::Filter, Operand::Scalar(&[2.0]), row);
    assert_eq!(histogram(&out), Some(h(2.0)));
    let (out, notes) = run(BinaryOp::Add, Comparison::Filter, row, Operand::Filled(0.0));
    assert!(!out.has(0, 0));
    assert_eq!(notes, ["incompatible sample types encountered for binary operator \"+\": histogram + float"]);
}

#[test]
fn what_does_not_go_together_is_remarked() {
    let exponential = Cell::Histogram(h(1.0));
    let bounds = |bounds: &[f64]| Cell::Histogram(custom(1.0, bounds, &[1.0, 1.0]));
    let (out, notes) = pair(BinaryOp::Sub, Comparison::Filter, exponential, bounds(&[5.0]));
    assert!(!out.has(0, 0));
    assert_eq!(notes, ["incompatible bucket layout encountered for binary operator -"]);
    let (out, notes) = pair(BinaryOp::Add, Comparison::Filter, bounds(&[5.0, 6.0]), bounds(&[6.0, 7.0]));
    assert_eq!(histogram(&out), Some(custom(2.0, &[6.0], &[3.0, 1.0])));
    assert_eq!(notes, ["mismatched custom buckets were reconciled during addition"]);
}

#[test]
fn contradicting_hints_drop_the_pair() {
    let hinted = |hint| Cell::Histogram(h(1.0).with_hint(hint));
    for (op, what) in [(BinaryOp::Add, "addition"), (BinaryOp::Sub, "subtraction")] {
        let (reset, not_reset) = (hinted(CounterResetHint::Reset), hinted(CounterResetHint::NotReset));
        let (out, notes) = pair(op, Comparison::Filter, reset, not_reset);
        assert!(!out.has(0, 0));
        assert_eq!(notes, [format!("conflicting counter resets during histogram {what}")]);
    }
}

#[test]
fn negation() {
    let mut batch = batch_of(&[vec![Cell::Float(1.0), Cell::Histogram(h(1.0)), Cell::Gap]]);
    negate_row(&mut batch, 0);
    assert_eq!(batch.float(0, 0), Some(-1.0));
    let negated = batch.histogram(0, 1).expect("still a histogram");
    assert!(negated.almost_equals(h(-1.0).view()));
    assert_eq!(negated.hint(), CounterResetHint::Gauge);
    assert!(!batch.has(0, 2));
}

#[test]
fn presence_counts_histograms() {
    let batch = batch_of(&[vec![Cell::Float(1.0), Cell::Histogram(h(1.0)), Cell::Gap]]);
    let mut words = Vec::new();
    presence(&batch, 0, &mut words);
    assert_eq!(words, [0b011]);
}

/// Rows of many steps: floats where there are floats, histograms where there are histograms.
#[test]
fn rows_may_hold_both() {
    let left = vec![Cell::Float(1.0), Cell::Histogram(h(1.0)), Cell::Gap, Cell::Float(4.0)];
    let batch = batch_of(&[left]);
    let row = Operand::Row { batch: &batch, row: 0, fill: None };
    let mut out = Batch::empty(1, 4);
    combine_rows(
        BinaryOp::Mul,
        Comparison::Filter,
        row,
        Operand::Scalar(&[2.0; 4]),
        &mut out,
        0,
        0,
        &mut StepProblems::new(),
    );
    assert_eq!([0, 2, 3].map(|step| out.float(0, step)), [Some(2.0), None, Some(8.0)]);
    assert_eq!(out.histogram(0, 1).expect("a product"), h(2.0).view());
}
