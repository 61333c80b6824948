//! Pictures as SVG.

use std::fmt::Write;

use crate::chart::Rgb;
use crate::picture::{Anchor, Layout, Painter};
use crate::{Chart, Heatmap};

impl Chart {
    /// The chart as an SVG document, `width` px wide.
    #[must_use]
    pub fn to_svg(&self, width: u32) -> String {
        let layout = self.layout(f64::from(width.max(200)));
        document(&layout, |svg| self.paint(svg, &layout))
    }
}

impl Heatmap {
    /// The heatmap as an SVG document, `width` px wide.
    #[must_use]
    pub fn to_svg(&self, width: u32) -> String {
        let layout = self.layout(f64::from(width.max(200)));
        document(&layout, |svg| self.paint(svg, &layout))
    }
}

struct Svg {
    out: String,
}

fn document(layout: &Layout, paint: impl FnOnce(&mut Svg)) -> String {
    let (width, height) = (layout.width, layout.height);
    let mut svg = Svg { out: String::new() };
    writeln!(
        svg.out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    )
    .expect("a string takes all");
    paint(&mut svg);
    svg.out.push_str("</svg>\n");
    svg.out
}

impl Painter for Svg {
    fn polyline(&mut self, points: &[(f64, f64)], color: Rgb, width: f64) {
        self.out.push_str("<polyline points=\"");
        for (i, (x, y)) in points.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(self.out, "{gap}{},{}", tenths(*x), tenths(*y)).expect("a string takes all");
        }
        writeln!(self.out, "\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"/>", hex(color))
            .expect("a string takes all");
    }

    fn rectangle(&mut self, from: (f64, f64), size: (f64, f64), color: Rgb) {
        writeln!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            tenths(from.0),
            tenths(from.1),
            tenths(size.0),
            tenths(size.1),
            hex(color)
        )
        .expect("a string takes all");
    }

    fn text(&mut self, at: (f64, f64), anchor: Anchor, text: &str, color: Rgb) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        writeln!(
            self.out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" fill=\"{}\">{}</text>",
            tenths(at.0),
            tenths(at.1),
            hex(color),
            escape(text)
        )
        .expect("a string takes all");
    }
}

/// A tenth of a pixel is as fine as anyone sees.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text for XML and HTML: markup escaped, what XML 1.0 does not allow replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
