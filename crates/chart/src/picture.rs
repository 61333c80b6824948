//! The layout of a picture, whatever paints it.

use crate::chart::{Rgb, key};
use crate::scale::{Scale, full_time, time_ticks};
use crate::{Chart, Heatmap};

/// Which end of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// What can draw. Units are pixels from the upper left corner.
pub(crate) trait Painter {
    fn polyline(&mut self, points: &[(f64, f64)], color: Rgb, width: f64);
    fn rectangle(&mut self, from: (f64, f64), size: (f64, f64), color: Rgb);
    /// A text whose base line is at `at`.
    fn text(&mut self, at: (f64, f64), anchor: Anchor, text: &str, color: Rgb);
}

/// Width of a character in px: all painters use a font of fixed width.
pub(crate) const CHARACTER: f64 = 8.0;
pub(crate) const LINE_HEIGHT: f64 = 18.0;
const TEXT: Rgb = (60, 60, 60);
const GRID: Rgb = (225, 225, 225);
const AXIS: Rgb = (120, 120, 120);
/// Series that the legend of a picture names.
const LEGEND: usize = 40;

/// A picture's size and the place of its plot, in px.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub width: f64,
    pub height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Layout {
    fn new(width: f64, plot: f64, margin: usize, below: usize) -> Self {
        let left = margin as f64 * CHARACTER + 16.0;
        let (top, bottom) = (32.0, 32.0 + plot);
        Self {
            width,
            height: bottom + 48.0 + below as f64 * LINE_HEIGHT,
            left,
            right: width - 28.0,
            top,
            bottom,
        }
    }

    fn x(&self, scale: Scale, value: f64) -> f64 {
        self.left + scale.place(value) * (self.right - self.left)
    }

    fn y(&self, scale: Scale, value: f64) -> f64 {
        self.bottom - scale.place(value) * (self.bottom - self.top)
    }

    fn frame(&self, painter: &mut dyn Painter, title: &str, times: Scale, span: (i64, i64)) {
        let fit = ((self.width - 24.0) / CHARACTER) as usize;
        painter.text((12.0, 20.0), Anchor::Start, &crate::terminal::cut(title, fit), TEXT);
        let corner = [(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)];
        painter.polyline(&corner, AXIS, 1.0);
        let most = ((self.right - self.left) / 110.0) as usize;
        for tick in time_ticks(span.0, span.1, most.max(2)) {
            let x = self.x(times, tick.t_ms as f64);
            painter.polyline(&[(x, self.bottom), (x, self.bottom + 5.0)], AXIS, 1.0);
            painter.text((x, self.bottom + 20.0), Anchor::Middle, &tick.text, TEXT);
        }
        let span = format!("{} to {} UTC", full_time(span.0), full_time(span.1));
        painter.text((self.left, self.bottom + 38.0), Anchor::Start, &span, TEXT);
    }
}

impl Chart {
    pub(crate) fn layout(&self, width: f64) -> Layout {
        let (_, ticks) = self.value_scale().ticks(7, self.unit);
        let margin = ticks.iter().map(|t| self.unit.format(*t, 4).chars().count()).max().unwrap_or(0);
        let legend = self.lines.len().min(LEGEND) + usize::from(self.lines.len() > LEGEND);
        Layout::new(width, width * 0.4, margin, legend)
    }

    pub(crate) fn paint(&self, painter: &mut dyn Painter, layout: &Layout) {
        let (values, ticks) = self.value_scale().ticks(7, self.unit);
        let times = self.time_scale();
        for tick in ticks {
            let y = layout.y(values, tick);
            painter.polyline(&[(layout.left, y), (layout.right, y)], GRID, 1.0);
            painter.text((layout.left - 6.0, y + 4.0), Anchor::End, &self.unit.format(tick, 4), TEXT);
        }
        layout.frame(painter, &self.title, times, (self.start_ms, self.end_ms));
        for (i, line) in self.lines.iter().enumerate() {
            for run in line.runs(self.step_ms) {
                let point = |k| (layout.x(times, line.times[k] as f64), layout.y(values, line.values[k]));
                match run.len() {
                    1 => {
                        let (x, y) = point(run.start);
                        painter.rectangle((x - 1.5, y - 1.5), (3.0, 3.0), Self::color(i));
                    }
                    _ => painter.polyline(&run.map(point).collect::<Vec<_>>(), Self::color(i), 1.5),
                }
            }
        }
        self.paint_legend(painter, layout);
    }

    fn paint_legend(&self, painter: &mut dyn Painter, layout: &Layout) {
        let fit = ((layout.width - 44.0) / CHARACTER) as usize;
        let mut y = layout.bottom + 48.0 + LINE_HEIGHT * 0.7;
        for (i, line) in self.lines.iter().take(LEGEND).enumerate() {
            painter.rectangle((12.0, y - 9.0), (10.0, 10.0), Self::color(i));
            let text = format!("{} {}", key(i), line.name);
            painter.text((30.0, y), Anchor::Start, &crate::terminal::cut(&text, fit), TEXT);
            y += LINE_HEIGHT;
        }
        if self.lines.len() > LEGEND {
            let more = format!("and {} more series", self.lines.len() - LEGEND);
            painter.text((30.0, y), Anchor::Start, &more, TEXT);
        }
    }
}

impl Heatmap {
    pub(crate) fn layout(&self, width: f64) -> Layout {
        let margin = self.buckets.iter().map(|b| b.chars().count()).max().unwrap_or(0);
        Layout::new(width, (self.buckets.len() as f64 * LINE_HEIGHT).max(60.0), margin, 0)
    }

    pub(crate) fn paint(&self, painter: &mut dyn Painter, layout: &Layout) {
        let columns = self.times.len().clamp(1, (layout.right - layout.left) as usize);
        let rows = self.buckets.len().max(1) as f64;
        let size = ((layout.right - layout.left) / columns as f64, (layout.bottom - layout.top) / rows);
        for column in 0..columns {
            for (bucket, value) in self.column(column, columns).into_iter().enumerate() {
                let Some(strength) = self.strength(value) else { continue };
                let x = layout.left + column as f64 * size.0;
                let y = layout.bottom - (bucket + 1) as f64 * size.1;
                // A little wider, so that no seam shows.
                painter.rectangle((x, y), (size.0 + 0.5, size.1), Self::color(strength));
            }
        }
        for (bucket, name) in self.buckets.iter().enumerate() {
            let y = layout.bottom - (bucket as f64 + 0.5) * size.1 + 4.0;
            painter.text((layout.left - 6.0, y), Anchor::End, name, TEXT);
        }
        layout.frame(painter, &self.title, self.time_scale(), self.span());
    }
}
