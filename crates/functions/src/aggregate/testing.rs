//! Histograms and blocks for tests.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramParts, Span};
use promqlite_model::{Annotations, Batch, Level};

/// A cell of a test's input.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Gap,
    Float(f64),
    Histogram(FloatHistogram),
}

/// A block of these rows.
pub(crate) fn batch_of(rows: &[Vec<Cell>]) -> Batch {
    let mut batch = Batch::empty(rows.len(), rows.first().map_or(0, Vec::len));
    for (row, cells) in rows.iter().enumerate() {
        for (step, cell) in cells.iter().enumerate() {
            match cell {
                Cell::Gap => {}
                Cell::Float(value) => batch.set_float(row, step, *value),
                Cell::Histogram(histogram) => batch.set_histogram(row, step, histogram.view()),
            }
        }
    }
    batch
}

/// Schema 0 with buckets from index 0 on; the buckets make the count.
pub(crate) fn exponential(sum: f64, buckets: &[f64]) -> FloatHistogram {
    build(0, sum, buckets, &[])
}

/// Custom buckets; they make the count.
pub(crate) fn custom(sum: f64, bounds: &[f64], buckets: &[f64]) -> FloatHistogram {
    build(-53, sum, buckets, bounds)
}

fn build(schema: i32, sum: f64, buckets: &[f64], bounds: &[f64]) -> FloatHistogram {
    let parts = HistogramParts {
        hint: CounterResetHint::Unknown,
        schema,
        count: buckets.iter().sum(),
        sum,
        positive_spans: vec![Span { offset: 0, length: buckets.len() as u32 }],
        positive_counts: buckets.to_vec(),
        custom_bounds: bounds.to_vec(),
        ..HistogramParts::default()
    };
    FloatHistogram::from_parts(parts).expect("a sound layout")
}

/// Warnings and infos without their fixed beginnings.
pub(crate) fn texts(notes: &Annotations) -> Vec<String> {
    let all = [Level::Warning, Level::Info].into_iter().flat_map(|level| notes.render(level, "q"));
    all.map(|text| {
        let text = text.trim_start_matches("PromQL warning: ").trim_start_matches("PromQL info: ");
        text.trim_end_matches(" (1:1)").to_owned()
    })
    .collect()
}
