//! Buckets over time.

use std::fmt::Write;

use crate::chart::Rgb;
use crate::scale::Scale;
use crate::terminal::{Colors, Frame, Glyphs, Terminal, cut, end_line};

/// How much lies in each bucket at each time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heatmap {
    /// Stands above the picture; empty for none.
    pub title: String,
    /// The times of the columns, in ms since the epoch, ascending.
    pub times: Vec<i64>,
    /// What the rows are called, the lowest bucket first.
    pub buckets: Vec<String>,
    /// A value per bucket and time, buckets × times. NaN where there is none.
    pub values: Vec<f64>,
}

/// Steps of viridis (van der Walt and Smith 2015), dark to light: its lightness grows evenly, so that the
/// picture can be read without colours too.
const VIRIDIS: [Rgb; 6] =
    [(68, 1, 84), (65, 68, 135), (42, 120, 142), (34, 168, 132), (122, 209, 81), (253, 231, 37)];
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
const ASCII_SHADES: [char; 5] = [' ', '.', ':', '*', '#'];

impl Heatmap {
    /// The value of a bucket at a time; NaN outside.
    fn value(&self, bucket: usize, time: usize) -> f64 {
        self.values.get(bucket * self.times.len() + time).copied().unwrap_or(f64::NAN)
    }

    /// The greatest finite value, zero at least.
    pub(crate) fn greatest(&self) -> f64 {
        self.values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max)
    }

    /// The ends of the time axis.
    pub(crate) fn span(&self) -> (i64, i64) {
        (self.times.first().copied().unwrap_or(0), self.times.last().copied().unwrap_or(0))
    }

    pub(crate) fn time_scale(&self) -> Scale {
        let (start, end) = self.span();
        let (start, end) = (start as f64, end as f64);
        if end > start {
            Scale { low: start, high: end }
        } else {
            Scale { low: start - 500.0, high: start + 500.0 }
        }
    }

    /// How strong a cell is, from 0 to 1; `None` where there is nothing. The square root lets rare buckets show
    /// beside frequent ones.
    pub(crate) fn strength(&self, value: f64) -> Option<f64> {
        let greatest = self.greatest();
        (value > 0.0 && greatest > 0.0).then(|| (value / greatest).min(1.0).sqrt())
    }

    /// The values of one of `columns` columns of equal length of time: the greatest of the samples in it, or of
    /// the one before when none is.
    pub(crate) fn column(&self, column: usize, columns: usize) -> Vec<f64> {
        if self.times.is_empty() {
            return vec![f64::NAN; self.buckets.len()];
        }
        let scale = self.time_scale();
        let place = |t: &i64| (scale.place(*t as f64) * (columns - 1) as f64).round() as usize;
        let start = self.times.partition_point(|t| place(t) < column);
        let end = self.times.partition_point(|t| place(t) <= column);
        let times = if start < end { start..end } else { start.saturating_sub(1)..start.max(1) };
        let greatest =
            |bucket| times.clone().map(|time| self.value(bucket, time)).fold(f64::NAN, |a: f64, b| a.max(b));
        (0..self.buckets.len()).map(greatest).collect()
    }

    /// The colour of a strength.
    pub(crate) fn color(strength: f64) -> Rgb {
        let place = strength.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
        let (low, part) = ((place as usize).min(VIRIDIS.len() - 2), place - place.floor());
        let part = if place as usize > low { 1.0 } else { part };
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
        let (a, b) = (VIRIDIS[low], VIRIDIS[low + 1]);
        (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }

    /// The heatmap as lines of text, a row per bucket, the highest bucket on top.
    #[must_use]
    pub fn to_text(&self, terminal: &Terminal) -> String {
        let rows = self.buckets.len();
        let terminal = &Terminal { rows: rows.max(1), columns: terminal.columns.max(20), ..*terminal };
        let mut labels: Vec<String> = self.buckets.iter().rev().cloned().collect();
        labels.resize(terminal.rows, String::new());
        let frame = Frame::new(terminal, labels);
        let columns: Vec<Vec<f64>> = (0..frame.columns).map(|c| self.column(c, frame.columns)).collect();
        let mut out = String::new();
        if !self.title.is_empty() {
            writeln!(out, "{}", cut(&self.title, terminal.columns)).expect("a string takes all");
        }
        for row in 0..rows {
            frame.left(&mut out, row);
            columns.iter().for_each(|column| self.cell(&mut out, terminal, column[rows - 1 - row]));
            end_line(&mut out);
        }
        let (start, end) = self.span();
        frame.time_axis(&mut out, self.time_scale(), start, end);
        self.key(&mut out, terminal);
        out
    }

    fn cell(&self, out: &mut String, terminal: &Terminal, value: f64) {
        let Some(strength) = self.strength(value) else {
            out.push(' ');
            return;
        };
        let shades = if terminal.glyphs == Glyphs::Unicode { SHADES } else { ASCII_SHADES };
        // Something is never drawn as nothing.
        let shade = ((strength * 4.0).ceil() as usize).clamp(1, 4);
        match terminal.colors {
            Colors::None => out.push(shades[shade]),
            Colors::True => terminal.paint(out, &shades[4].to_string(), Self::color(strength)),
        }
    }

    /// What the shades mean.
    fn key(&self, out: &mut String, terminal: &Terminal) {
        let greatest = self.greatest();
        for part in 1..=4 {
            // The strength is a square root, so the bounds of its quarters are squares.
            let bound = greatest * (f64::from(part) / 4.0).powi(2);
            self.cell(out, terminal, bound);
            write!(out, " ≤ {}  ", crate::Unit::Number.format(bound, 3)).expect("a string takes all");
        }
        end_line(out);
    }
}
