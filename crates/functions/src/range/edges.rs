//! The oldest and the newest sample of a window, and their times.

use promqlite_model::{LayoutMemo, NO_HISTOGRAM, RowMut};

use super::definition::{experimental, keeping_names, of_range};
use super::window::FloatRow;
use crate::{Function, RangeCx, Windows};

/// `first_over_time`
pub(super) static FIRST: Function = keeping_names(of_range(
    "first_over_time",
    "The oldest sample in the range.",
    "first_over_time(queue_length[10m])",
    |w, row, _| sample(w, row, Edge::Oldest),
    |w, row, _| sample(w, row, Edge::Oldest),
));

/// `last_over_time`
pub(super) static LAST: Function = keeping_names(of_range(
    "last_over_time",
    "The newest sample in the range.",
    "last_over_time(queue_length[10m])",
    |w, row, _| sample(w, row, Edge::Newest),
    |w, row, _| sample(w, row, Edge::Newest),
));

/// `ts_of_first_over_time`
pub(super) static TS_OF_FIRST: Function = experimental(of_range(
    "ts_of_first_over_time",
    "Unix time of the oldest sample in the range, in seconds.",
    "ts_of_first_over_time(queue_length[10m])",
    first_time,
    first_time,
));

/// `ts_of_last_over_time`
pub(super) static TS_OF_LAST: Function = experimental(of_range(
    "ts_of_last_over_time",
    "Unix time of the newest sample in the range, in seconds.",
    "ts_of_last_over_time(queue_length[10m])",
    last_time,
    last_time,
));

#[derive(Clone, Copy)]
enum Edge {
    Oldest,
    Newest,
}

impl Edge {
    fn index(self, lo: usize, hi: usize) -> usize {
        match self {
            Self::Oldest => lo,
            Self::Newest => hi - 1,
        }
    }
}

fn sample(w: &Windows<'_>, row: &mut RowMut<'_>, edge: Edge) {
    let mut layout = LayoutMemo::default();
    w.for_each(|k, lo, hi| {
        if lo == hi {
            return;
        }
        let i = edge.index(lo, hi);
        match w.samples.histograms {
            Some(h) if h.index[i] != NO_HISTOGRAM => {
                row.set_histogram_of(k, h.column, h.index[i], &mut layout)
            }
            _ => row.set(k, w.samples.values[i]),
        }
    });
}

fn first_time(w: &Windows<'_>, row: &mut RowMut<'_>, _: &mut RangeCx<'_>) {
    time(w, row, Edge::Oldest);
}

fn last_time(w: &Windows<'_>, row: &mut RowMut<'_>, _: &mut RangeCx<'_>) {
    time(w, row, Edge::Newest);
}

fn time(w: &Windows<'_>, row: &mut RowMut<'_>, edge: Edge) {
    let mut out = FloatRow::new(row);
    w.for_each(|k, lo, hi| {
        if lo < hi {
            out.set(k, w.samples.times[edge.index(lo, hi)] as f64 / 1000.0);
        }
    });
}
