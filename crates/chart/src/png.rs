//! Pictures as PNG.

use font8x8::UnicodeFonts;
use tiny_skia::{Color, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform};

use crate::chart::Rgb;
use crate::picture::{Anchor, CHARACTER, Layout, Painter};
use crate::{Chart, Heatmap};

/// Why a picture could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PngError {
    /// No picture can have this size.
    #[error("no picture can be {width} × {height} px: ask for a smaller one")]
    Size {
        /// Width in px.
        width: u32,
        /// Height in px.
        height: u32,
    },
    /// The picture could not be packed.
    #[error("cannot pack the picture: {0}")]
    Encode(String),
}

impl Chart {
    /// The chart as a PNG file, `width` px wide.
    ///
    /// # Errors
    /// [`PngError`]
    pub fn to_png(&self, width: u32) -> Result<Vec<u8>, PngError> {
        let layout = self.layout(f64::from(width.max(200)));
        picture(&layout, |png| self.paint(png, &layout))
    }
}

impl Heatmap {
    /// The heatmap as a PNG file, `width` px wide.
    ///
    /// # Errors
    /// [`PngError`]
    pub fn to_png(&self, width: u32) -> Result<Vec<u8>, PngError> {
        let layout = self.layout(f64::from(width.max(200)));
        picture(&layout, |png| self.paint(png, &layout))
    }
}

fn picture(layout: &Layout, paint: impl FnOnce(&mut Png)) -> Result<Vec<u8>, PngError> {
    let (width, height) = (layout.width as u32, layout.height.ceil() as u32);
    let mut pixmap = Pixmap::new(width, height).ok_or(PngError::Size { width, height })?;
    pixmap.fill(Color::WHITE);
    let mut png = Png { pixmap };
    paint(&mut png);
    png.pixmap.encode_png().map_err(|e| PngError::Encode(e.to_string()))
}

struct Png {
    pixmap: Pixmap,
}

fn paint_of((r, g, b): Rgb, smooth: bool) -> Paint<'static> {
    let mut paint = Paint { anti_alias: smooth, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, 255);
    paint
}

impl Painter for Png {
    fn polyline(&mut self, points: &[(f64, f64)], color: Rgb, width: f64) {
        let mut path = PathBuilder::new();
        for (i, (x, y)) in points.iter().enumerate() {
            let (x, y) = (*x as f32, *y as f32);
            if i == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        let Some(path) = path.finish() else { return };
        let stroke = Stroke { width: width as f32, ..Stroke::default() };
        self.pixmap.stroke_path(&path, &paint_of(color, true), &stroke, Transform::identity(), None);
    }

    fn rectangle(&mut self, from: (f64, f64), size: (f64, f64), color: Rgb) {
        let rect = Rect::from_xywh(from.0 as f32, from.1 as f32, size.0 as f32, size.1 as f32);
        let Some(rect) = rect else { return };
        self.pixmap.fill_rect(rect, &paint_of(color, false), Transform::identity(), None);
    }

    fn text(&mut self, at: (f64, f64), anchor: Anchor, text: &str, color: Rgb) {
        let width = text.chars().count() as f64 * CHARACTER;
        let left = match anchor {
            Anchor::Start => at.0,
            Anchor::Middle => at.0 - width / 2.0,
            Anchor::End => at.0 - width,
        };
        let (left, top) = (left.round(), (at.1 - 8.0).round());
        for (i, c) in text.chars().enumerate() {
            for (y, row) in glyph(c).into_iter().enumerate() {
                for x in (0..8).filter(|x| row >> x & 1 == 1) {
                    let at = (left + i as f64 * CHARACTER + f64::from(x), top + y as f64);
                    self.rectangle(at, (1.0, 1.0), color);
                }
            }
        }
    }
}

/// The dots of a character, a byte per row, the lowest bit on the left. What the font lacks is a box.
fn glyph(c: char) -> [u8; 8] {
    let known = font8x8::BASIC_FONTS.get(c).or_else(|| font8x8::LATIN_FONTS.get(c));
    let known = known.or_else(|| font8x8::GREEK_FONTS.get(c)).or_else(|| font8x8::MISC_FONTS.get(c));
    match (known, c) {
        (Some(glyph), _) => glyph,
        (None, '…') => [0, 0, 0, 0, 0, 0, 0x2a, 0],
        (None, _) => [0x7e, 0x42, 0x42, 0x42, 0x42, 0x42, 0x7e, 0],
    }
}
