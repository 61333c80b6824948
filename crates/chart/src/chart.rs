//! What is to be drawn.

use crate::Unit;
use crate::scale::Scale;

/// One series of a chart: its samples in ascending time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Times in ms since the epoch, ascending.
    pub times: Vec<i64>,
    /// A value per time. What is not finite is not drawn and parts the line.
    pub values: Vec<f64>,
}

/// Lines over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Stands above the picture; empty for none.
    pub title: String,
    /// What the values are counted in.
    pub unit: Unit,
    /// The left end of the time axis, in ms since the epoch.
    pub start_ms: i64,
    /// The right end of the time axis, in ms since the epoch.
    pub end_ms: i64,
    /// Distance of the steps in ms: samples further apart are not joined.
    pub step_ms: i64,
    /// The series.
    pub lines: Vec<Line>,
}

/// The line's numbers for a legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub last: f64,
    pub min: f64,
    pub max: f64,
}

impl Line {
    /// Last, least and greatest value; `None` when there is no number to tell.
    pub(crate) fn summary(&self) -> Option<Summary> {
        let mut told: Option<Summary> = None;
        for &value in self.values.iter().filter(|v| !v.is_nan()) {
            let known = told.unwrap_or(Summary { last: value, min: value, max: value });
            told = Some(Summary { last: value, min: known.min.min(value), max: known.max.max(value) });
        }
        told
    }

    /// The runs of samples that are joined: finite, and no further apart than a step.
    pub(crate) fn runs(&self, step_ms: i64) -> Vec<std::ops::Range<usize>> {
        let mut runs = Vec::new();
        let mut start = None;
        for i in 0..self.times.len().min(self.values.len()) {
            let torn = start.is_some() && self.times[i].saturating_sub(self.times[i - 1]) > step_ms.max(1);
            if !self.values[i].is_finite() || torn {
                runs.extend(start.take().map(|start| start..i));
            }
            if self.values[i].is_finite() && start.is_none() {
                start = Some(i);
            }
        }
        runs.extend(start.map(|start| start..self.times.len().min(self.values.len())));
        runs
    }
}

impl Chart {
    /// The scale of the values.
    pub(crate) fn value_scale(&self) -> Scale {
        Scale::of(self.lines.iter().flat_map(|line| line.values.iter().copied()))
    }

    /// The scale of the times, never of length zero.
    pub(crate) fn time_scale(&self) -> Scale {
        let (start, end) = (self.start_ms as f64, self.end_ms as f64);
        if end > start {
            Scale { low: start, high: end }
        } else {
            Scale { low: start - 500.0, high: start + 500.0 }
        }
    }

    /// The colour of line `i`.
    pub(crate) fn color(i: usize) -> Rgb {
        PALETTE[i % PALETTE.len()]
    }
}

/// A colour: red, green, blue.
pub(crate) type Rgb = (u8, u8, u8);

/// Okabe and Ito's palette (2008), made for eyes that tell few colours apart, without its black and with a grey.
pub(crate) const PALETTE: [Rgb; 8] = [
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (213, 94, 0),
    (204, 121, 167),
    (86, 180, 233),
    (190, 178, 40),
    (128, 128, 128),
];

/// The key of line `i` in a legend: `a` to `z`, then `A` to `Z`, then `·`.
pub(crate) fn key(i: usize) -> char {
    let letters = ('a'..='z').chain('A'..='Z');
    letters.into_iter().nth(i).unwrap_or('·')
}
