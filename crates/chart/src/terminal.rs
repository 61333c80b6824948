//! Charts as text.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::canvas::{BRAILLE, Canvas};
use crate::chart::{Rgb, key};
use crate::scale::{Scale, TimeTick, full_time, time_ticks};
use crate::{Chart, Line};

/// Which colours a terminal may be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colors {
    /// None: lines are told apart by the keys at their right ends.
    #[default]
    None,
    /// 24-bit colours.
    True,
}

/// Which characters a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Braille dots and box drawing: 2 × 4 dots a cell.
    #[default]
    Unicode,
    /// ASCII alone: a line is drawn with its key.
    Ascii,
}

/// The place to draw in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Cells across, at least 20.
    pub columns: usize,
    /// Cells down for the picture itself, without title, axis and legend; at least 3.
    pub rows: usize,
    /// Lines of the legend; further series are counted.
    pub legend: usize,
    /// The colours that may be used.
    pub colors: Colors,
    /// The characters that may be used.
    pub glyphs: Glyphs,
}

impl Default for Terminal {
    /// 80 × 15, 20 lines of legend, no colours, Unicode.
    fn default() -> Self {
        Self { columns: 80, rows: 15, legend: 20, colors: Colors::None, glyphs: Glyphs::Unicode }
    }
}

impl Chart {
    /// The chart as lines of text, the last one ended too.
    #[must_use]
    pub fn to_text(&self, terminal: &Terminal) -> String {
        let terminal = &terminal.at_least();
        let (values, ticks) = self.value_scale().ticks(terminal.rows.div_ceil(3).max(3), self.unit);
        let labels = row_labels(&ticks, values, terminal.rows, |tick| self.unit.format(tick, 4));
        let frame = Frame::new(terminal, labels);
        let canvas = self.canvas(&frame, values);
        let mut out = String::new();
        if !self.title.is_empty() {
            writeln!(out, "{}", cut(&self.title, terminal.columns)).expect("a string takes all");
        }
        let ends = self.right_ends(&frame, values);
        for (row, end) in ends.iter().enumerate() {
            frame.left(&mut out, row);
            self.picture_row(&mut out, &canvas, terminal, (row, frame.columns));
            if let Some(line) = end {
                out.push(' ');
                terminal.paint(&mut out, &key(*line).to_string(), Self::color(*line));
            }
            end_line(&mut out);
        }
        frame.time_axis(&mut out, self.time_scale(), self.start_ms, self.end_ms);
        self.legend(&mut out, terminal);
        out
    }

    fn canvas(&self, frame: &Frame<'_>, values: Scale) -> Canvas {
        let cell = if frame.terminal.glyphs == Glyphs::Unicode { BRAILLE } else { (1, 1) };
        let mut canvas = Canvas::new(frame.columns, frame.rows, cell);
        let times = self.time_scale();
        let (right, bottom) = ((canvas.width() - 1) as f64, (canvas.height() - 1) as f64);
        for (i, line) in self.lines.iter().enumerate() {
            let dot = |k: usize| {
                let x = times.place(line.times[k] as f64) * right;
                let y = (1.0 - values.place(line.values[k])) * bottom;
                (x.round() as usize, y.round() as usize)
            };
            for run in line.runs(self.step_ms) {
                canvas.line(dot(run.start), dot(run.start), i);
                (run.start + 1..run.end).for_each(|k| canvas.line(dot(k - 1), dot(k), i));
            }
        }
        canvas
    }

    /// One row of the picture; cells of one line side by side are coloured together.
    fn picture_row(
        &self,
        out: &mut String,
        canvas: &Canvas,
        terminal: &Terminal,
        (row, columns): (usize, usize),
    ) {
        let mut column = 0;
        while column < columns {
            let owner = canvas.cell(column, row).1;
            let same = (column..columns).take_while(|c| canvas.cell(*c, row).1 == owner);
            let cells: Vec<char> = same.map(|c| canvas.cell(c, row).0).collect();
            column += cells.len();
            match owner {
                None => out.extend(cells.iter().map(|_| ' ')),
                Some(line) => {
                    let ascii = terminal.glyphs == Glyphs::Ascii;
                    let text: String = cells.into_iter().map(|c| if ascii { key(line) } else { c }).collect();
                    terminal.paint(out, &text, Self::color(line));
                }
            }
        }
    }

    /// The line whose last value lies in each row; of several the first.
    fn right_ends(&self, frame: &Frame<'_>, values: Scale) -> Vec<Option<usize>> {
        let mut ends = vec![None; frame.rows];
        for (i, line) in self.lines.iter().enumerate().rev() {
            let Some(last) = line.values.iter().rev().find(|v| v.is_finite()) else { continue };
            ends[row_of(values, *last, frame.rows)] = Some(i);
        }
        ends
    }

    fn legend(&self, out: &mut String, terminal: &Terminal) {
        let shown = self.lines.len().min(terminal.legend);
        let numbers: Vec<String> = self.lines[..shown].iter().map(|line| self.numbers(line)).collect();
        let widest = numbers.iter().map(|n| n.width()).max().unwrap_or(0);
        // Keys take two cells, the gap two more; a legend of names alone is better than one of numbers alone.
        let numbers_fit = widest + 24 <= terminal.columns;
        let names = terminal.columns.saturating_sub(2 + if numbers_fit { widest + 2 } else { 0 });
        let longest = self.lines[..shown].iter().map(|l| l.name.width()).max().unwrap_or(0).min(names);
        for (i, line) in self.lines[..shown].iter().enumerate() {
            terminal.paint(out, &key(i).to_string(), Self::color(i));
            let name = cut(&line.name, names);
            let pad = longest - name.width();
            write!(out, " {name}").expect("a string takes all");
            if numbers_fit {
                write!(out, "{:pad$}  {}", "", numbers[i]).expect("a string takes all");
            }
            end_line(out);
        }
        let more = self.lines.len() - shown;
        if more > 0 {
            writeln!(out, "  and {more} more series").expect("a string takes all");
        }
    }

    fn numbers(&self, line: &Line) -> String {
        let Some(told) = line.summary() else { return "no value".to_owned() };
        let [last, min, max] = [told.last, told.min, told.max].map(|v| self.unit.format(v, 4));
        format!("last {last}  min {min}  max {max}")
    }
}

impl Terminal {
    pub(crate) fn at_least(self) -> Self {
        Self { columns: self.columns.max(20), rows: self.rows.max(3), ..self }
    }

    /// Text in a colour, if colours may be used.
    pub(crate) fn paint(&self, out: &mut String, text: &str, (r, g, b): Rgb) {
        match self.colors {
            Colors::None => out.push_str(text),
            Colors::True => {
                write!(out, "\x1b[38;2;{r};{g};{b}m{text}\x1b[0m").expect("a string takes all");
            }
        }
    }
}

/// The place of the picture between its axes.
pub(crate) struct Frame<'t> {
    pub terminal: &'t Terminal,
    /// Cells across and down inside the axes.
    pub columns: usize,
    pub rows: usize,
    /// Width of the texts on the left.
    margin: usize,
    /// The text of each row, empty where there is none.
    labels: Vec<String>,
}

impl<'t> Frame<'t> {
    pub(crate) fn new(terminal: &'t Terminal, labels: Vec<String>) -> Self {
        let widest = labels.iter().map(|l| l.width()).max().unwrap_or(0);
        let margin = widest.min(terminal.columns / 2);
        // A cell for the axis, one for the gap on the right, one for the key.
        let columns = terminal.columns - margin - 4;
        Self { terminal, columns, rows: terminal.rows, margin, labels }
    }

    /// The text and the axis left of a row.
    pub(crate) fn left(&self, out: &mut String, row: usize) {
        let label = cut(&self.labels[row], self.margin);
        let pad = self.margin - label.width();
        let axis = match (self.terminal.glyphs, label.is_empty()) {
            (Glyphs::Unicode, true) => '│',
            (Glyphs::Unicode, false) => '┤',
            (Glyphs::Ascii, _) => '|',
        };
        write!(out, "{:pad$}{label} {axis}", "").expect("a string takes all");
    }

    /// The line under the picture, the times, and the whole span.
    pub(crate) fn time_axis(&self, out: &mut String, scale: Scale, start_ms: i64, end_ms: i64) {
        let ticks = time_ticks(start_ms, end_ms, (self.columns / 14).max(2));
        let column =
            |tick: &TimeTick| (scale.place(tick.t_ms as f64) * (self.columns - 1) as f64).round() as usize;
        let (corner, flat, mark) = match self.terminal.glyphs {
            Glyphs::Unicode => ('└', '─', '┬'),
            Glyphs::Ascii => ('+', '-', '+'),
        };
        let mut axis = vec![flat; self.columns];
        ticks.iter().for_each(|tick| axis[column(tick)] = mark);
        let axis: String = axis.into_iter().collect();
        writeln!(out, "{:1$} {corner}{axis}", "", self.margin).expect("a string takes all");
        let mut texts = String::new();
        for tick in &ticks {
            let from = (self.margin + 2 + column(tick)).saturating_sub(tick.text.len() / 2);
            if !texts.is_empty() && from <= texts.len() || from + tick.text.len() > self.terminal.columns {
                continue;
            }
            write!(texts, "{:1$}{2}", "", from - texts.len(), tick.text).expect("a string takes all");
        }
        writeln!(out, "{texts}").expect("a string takes all");
        let span = format!("{} to {} UTC", full_time(start_ms), full_time(end_ms));
        if span.len() + self.margin + 2 <= self.terminal.columns {
            writeln!(out, "{:1$}  {span}", "", self.margin).expect("a string takes all");
        }
    }
}

/// The row from the top that a value lies in.
fn row_of(scale: Scale, value: f64, rows: usize) -> usize {
    ((1.0 - scale.place(value)) * (rows - 1) as f64).round() as usize
}

fn row_labels(ticks: &[f64], scale: Scale, rows: usize, text: impl Fn(f64) -> String) -> Vec<String> {
    let mut labels = vec![String::new(); rows];
    for &tick in ticks {
        labels[row_of(scale, tick, rows)] = text(tick);
    }
    labels
}

/// The text in at most so many cells; a cut one ends in `…`.
pub(crate) fn cut(text: &str, cells: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.width() <= cells {
        return clean;
    }
    let mut kept = String::new();
    let mut width = 0;
    for c in clean.chars() {
        width += c.width().unwrap_or(0);
        if width >= cells {
            break;
        }
        kept.push(c);
    }
    if cells > 0 {
        kept.push('…');
    }
    kept
}

/// Ends a line without blanks at its end.
pub(crate) fn end_line(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}
