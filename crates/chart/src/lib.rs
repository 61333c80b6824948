//! Draws query results: lines and heatmaps in the terminal, as SVG, HTML and PNG.
//!
//! A [`Chart`] holds what is to be drawn, in milliseconds and plain numbers; it knows nothing of queries. All
//! outputs share its scales, so the picture in a report is the one that the terminal showed.
//!
//! Times and values stay `i64` and `f64` until they become a dot: an `f32` cannot tell two scrapes of today
//! apart.

mod canvas;
mod chart;
mod heatmap;
mod html;
mod picture;
#[cfg(feature = "png")]
mod png;
mod scale;
mod svg;
mod terminal;
mod unit;

pub use chart::{Chart, Line};
pub use heatmap::Heatmap;
#[cfg(feature = "png")]
pub use png::PngError;
pub use terminal::{Colors, Glyphs, Terminal};
pub use unit::Unit;

#[cfg(test)]
mod tests;
