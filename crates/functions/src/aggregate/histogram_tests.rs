//! Native histograms in aggregations.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram};
use promqlite_model::{Annotations, Batch, Pos};

use super::testing::{Cell, batch_of, custom, exponential, texts};
use super::{Accumulator, CountValuesState, Fold, QuantileState, TopKState};

const MIX: &str = "encountered a mix of histograms and floats for aggregation";
const SCHEMAS: &str =
    "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";

fn h(sum: f64) -> Cell {
    Cell::Histogram(exponential(sum, &[1.0, 2.0]))
}

/// Folds a column of cells, cut before each of `cuts`.
fn fold(fold: Fold, column: &[Cell], cuts: &[usize]) -> (Batch, Vec<String>) {
    let rows: Vec<Vec<Cell>> = column.iter().map(|cell| vec![cell.clone()]).collect();
    let batch = batch_of(&rows);
    let mut bounds = vec![0];
    bounds.extend(cuts.iter().copied().chain([column.len()]));
    let mut whole: Option<Accumulator> = None;
    for part in bounds.windows(2) {
        let mut accumulator = Accumulator::new(fold, 1, 1);
        for row in part[0]..part[1] {
            accumulator.add_row(0, &batch, row, &|| format!("m{row}"));
        }
        match &mut whole {
            None => whole = Some(accumulator),
            Some(whole) => whole.merge(&mut accumulator, &[0]),
        }
    }
    let whole = whole.expect("at least one part");
    assert!(whole.bytes() > 0);
    let mut notes = Annotations::default();
    let batch = whole.finish(&mut notes, Pos(0));
    (batch, texts(&notes))
}

fn histogram(batch: &Batch) -> FloatHistogram {
    assert!(batch.float(0, 0).is_none());
    batch.histogram(0, 0).expect("a histogram").to_owned()
}

/// The same result however the rows are cut.
fn everywhere(of: Fold, column: &[Cell], check: impl Fn(&Batch, &[String])) {
    for cut in 0..=column.len() {
        let (batch, notes) = fold(of, column, &[cut]);
        check(&batch, &notes);
    }
}

#[test]
fn sums_and_means() {
    let column = [h(1.0), h(1e100), Cell::Gap, h(1.0), h(-1e100)];
    everywhere(Fold::Sum, &column, |batch, notes| {
        assert_eq!(histogram(batch), exponential(2.0, &[4.0, 8.0]));
        assert!(notes.is_empty());
    });
    everywhere(Fold::Avg, &column, |batch, notes| {
        assert_eq!(histogram(batch), exponential(0.5, &[1.0, 2.0]));
        assert!(notes.is_empty());
    });
}

#[test]
fn results_are_compacted() {
    let column = [Cell::Histogram(exponential(1.0, &[0.0, 1.0, 0.0]))];
    let (batch, _) = fold(Fold::Sum, &column, &[]);
    assert_eq!(histogram(&batch).view().positive_counts(), [1.0]);
}

#[test]
fn floats_and_histograms_do_not_add_up() {
    for of in [Fold::Sum, Fold::Avg] {
        for column in
            [vec![h(1.0), Cell::Float(1.0)], vec![Cell::Float(1.0), h(1.0), h(2.0), Cell::Float(3.0)]]
        {
            everywhere(of, &column, |batch, notes| {
                assert!(!batch.has(0, 0));
                assert_eq!(notes, [MIX]);
            });
        }
    }
}

#[test]
fn a_mix_concerns_its_own_step_and_group() {
    let rows = [
        vec![h(1.0), h(1.0), Cell::Float(1.0)],
        vec![Cell::Float(1.0), h(2.0), Cell::Float(2.0)],
        vec![Cell::Float(5.0), Cell::Float(6.0), Cell::Gap],
    ];
    let batch = batch_of(&rows);
    let mut accumulator = Accumulator::new(Fold::Sum, 2, 3);
    for (row, group) in [0, 0, 1].into_iter().enumerate() {
        accumulator.add_row(group, &batch, row, &String::new);
    }
    let mut notes = Annotations::default();
    let out = accumulator.finish(&mut notes, Pos(0));
    assert_eq!(texts(&notes), [MIX]);
    assert!(!out.has(0, 0));
    assert_eq!(out.histogram(0, 1).expect("a sum").sum(), 3.0);
    assert_eq!(out.float(0, 2), Some(3.0));
    assert_eq!([0, 1, 2].map(|step| out.float(1, step)), [Some(5.0), Some(6.0), None]);
}

#[test]
fn exponential_and_custom_buckets_do_not_add_up() {
    let column = [h(1.0), Cell::Histogram(custom(1.0, &[5.0], &[1.0])), h(2.0)];
    for of in [Fold::Sum, Fold::Avg] {
        everywhere(of, &column, |batch, notes| {
            assert!(!batch.has(0, 0));
            assert_eq!(notes, [format!("{SCHEMAS} \"m1\"")]);
        });
        assert_eq!(fold(of, &column, &[1, 2]).1, [format!("{SCHEMAS} \"m1\"")]);
    }
}

/// Every order of samples that do not go together is told of in the same words, however the rows are cut.
#[test]
fn remarks_do_not_depend_on_cuts() {
    let samples = [
        Cell::Gap,
        Cell::Float(1.0),
        h(1.0),
        Cell::Histogram(custom(1.0, &[5.0], &[1.0])),
        Cell::Histogram(custom(1.0, &[6.0], &[1.0])),
    ];
    for of in [Fold::Sum, Fold::Avg] {
        for order in 0..samples.len().pow(4) {
            let digit = |place: u32| samples[order / samples.len().pow(place) % samples.len()].clone();
            let column = [0, 1, 2, 3].map(digit);
            let (whole, notes) = fold(of, &column, &[]);
            for cuts in [&[1][..], &[2], &[3], &[1, 2, 3]] {
                let (cut, cut_notes) = fold(of, &column, cuts);
                assert_eq!(cut_notes, notes, "{column:?} cut at {cuts:?}");
                assert_eq!(cut.has(0, 0), whole.has(0, 0), "{column:?} cut at {cuts:?}");
            }
        }
    }
}

/// What comes after histograms that do not go together is not looked at, floats neither.
#[test]
fn nothing_is_mixed_into_a_failed_group() {
    let mut column = vec![h(1.0), Cell::Histogram(custom(1.0, &[5.0], &[1.0])), Cell::Float(2.0)];
    everywhere(Fold::Sum, &column, |_, notes| assert_eq!(notes, [format!("{SCHEMAS} \"m1\"")]));
    column.swap(1, 2);
    everywhere(Fold::Sum, &column, |_, notes| {
        assert_eq!(notes, [MIX.to_owned(), format!("{SCHEMAS} \"m2\"")]);
    });
    column.swap(0, 1);
    everywhere(Fold::Sum, &column, |_, notes| assert_eq!(notes, [MIX.to_owned()]));
}

#[test]
fn different_custom_bounds_are_reconciled() {
    let column = [
        Cell::Histogram(custom(1.0, &[5.0, 10.0], &[1.0, 2.0])),
        Cell::Histogram(custom(2.0, &[10.0, 20.0], &[3.0, 4.0])),
    ];
    everywhere(Fold::Sum, &column, |batch, notes| {
        assert_eq!(histogram(batch), custom(3.0, &[10.0], &[6.0, 4.0]));
        assert_eq!(notes, ["mismatched custom buckets were reconciled during aggregation"]);
    });
}

#[test]
fn contradicting_hints_are_remarked() {
    let hinted = |hint| Cell::Histogram(exponential(1.0, &[1.0]).with_hint(hint));
    let column = [
        hinted(CounterResetHint::Reset),
        hinted(CounterResetHint::Unknown),
        hinted(CounterResetHint::NotReset),
    ];
    everywhere(Fold::Avg, &column, |batch, notes| {
        assert_eq!(histogram(batch), exponential(1.0, &[1.0]));
        assert_eq!(notes, ["conflicting counter resets during histogram aggregation"]);
    });
    everywhere(Fold::Sum, &column[..2], |_, notes| assert!(notes.is_empty()));
}

#[test]
fn some_folds_ignore_histograms() {
    for (of, expected) in [(Fold::Min, 1.0), (Fold::Max, 3.0), (Fold::Stdvar, 1.0), (Fold::Stddev, 1.0)] {
        everywhere(of, &[Cell::Float(1.0), h(1.0), Cell::Float(3.0)], |batch, notes| {
            assert_eq!(batch.float(0, 0), Some(expected));
            assert_eq!(notes, [format!("ignored histogram in {} aggregation", of.as_str())]);
        });
        everywhere(of, &[h(1.0)], |batch, _| assert!(!batch.has(0, 0)));
    }
}

#[test]
fn counts_take_everything() {
    let column = [Cell::Float(1.0), h(1.0), Cell::Gap, h(3.0)];
    for (of, expected) in [(Fold::Count, 3.0), (Fold::Group, 1.0)] {
        everywhere(of, &column, |batch, notes| {
            assert_eq!(batch.float(0, 0), Some(expected));
            assert!(notes.is_empty());
        });
    }
}

#[test]
fn selections_ignore_histograms() {
    let batch = batch_of(&[vec![h(1.0)], vec![Cell::Float(2.0)]]);
    let mut top = TopKState::new(true, vec![5], &[2]);
    let mut quantile = QuantileState::new(1, 1);
    for row in 0..2 {
        top.add_row(0, &batch, row, row as u32);
        quantile.add_row(0, &batch, row);
    }
    let mut notes = Annotations::default();
    assert_eq!(top.finish(&mut notes, Pos(0)).rows, [1]);
    assert_eq!(quantile.finish(&[0.5], crate::Stop::default(), &mut notes, Pos(0)).float(0, 0), Some(2.0));
    assert_eq!(
        texts(&notes),
        ["ignored histogram in quantile aggregation", "ignored histogram in topk aggregation"]
    );
}

#[test]
fn values_of_histograms_are_texts() {
    let batch = batch_of(&[vec![h(1.0)], vec![h(1.0)], vec![Cell::Float(2.0)]]);
    let mut state = CountValuesState::new(1);
    for row in 0..3 {
        let Ok(()) = state.add_row::<std::convert::Infallible>(0, &batch, row, &mut |_| Ok(()));
    }
    let (series, counts) = state.finish();
    let texts: Vec<_> =
        series.iter().map(|series| (series.group(), series.with_text(str::to_owned))).collect();
    assert_eq!(texts, [(0, "{count:3, sum:1, (0.5,1]:1, (1,2]:2}".into()), (0, "2".into())]);
    let mut counted = Batch::empty(2, 1);
    (0..2).for_each(|row| counts.fill_row(row, &mut counted, row));
    assert_eq!([0, 1].map(|row| counted.float(row, 0)), [Some(2.0), Some(1.0)]);
}
