//! Results as pictures: lines over time, or a heatmap where the series are a histogram.

mod heat;
mod lines;

use std::io::{self, Write};

use promqlite::Value;
use promqlite_chart::{Chart, Colors, Glyphs, Heatmap, Terminal};

use crate::output::page::{Page, Screen};
use crate::result_format::ResultFormat;
use crate::terminal;
use crate::when::When;

/// Width of a picture in a file, px.
const PICTURE_WIDTH: u32 = 1000;
/// Columns where the screen has no width.
const COLUMNS: u16 = 100;

/// What a range result looks like.
enum Drawing {
    Lines(Chart),
    Heat(Heatmap),
}

impl Drawing {
    fn of(value: &Value, query: &str, when: When, format: ResultFormat) -> Option<Self> {
        let (When::Range { .. }, Value::Matrix(series)) = (when, value) else { return None };
        let heat = match format {
            ResultFormat::Heatmap => heat::heatmap(series, query),
            _ if heat::is_histogram(series) => heat::heatmap(series, query),
            _ => None,
        };
        match heat {
            Some(heatmap) => Some(Self::Heat(heatmap)),
            None if series.iter().all(|one| one.floats.is_empty()) => None,
            None => Some(Self::Lines(lines::chart(series, query, when))),
        }
    }

    fn to_text(&self, terminal: &Terminal) -> String {
        match self {
            Self::Lines(chart) => chart.to_text(terminal),
            Self::Heat(heatmap) => heatmap.to_text(terminal),
        }
    }

    fn to_file(&self, format: ResultFormat) -> io::Result<Vec<u8>> {
        let png = |png: Result<Vec<u8>, _>| png.map_err(io::Error::other);
        match (format, self) {
            (ResultFormat::Svg, Self::Lines(chart)) => Ok(chart.to_svg(PICTURE_WIDTH).into_bytes()),
            (ResultFormat::Svg, Self::Heat(heatmap)) => Ok(heatmap.to_svg(PICTURE_WIDTH).into_bytes()),
            (ResultFormat::Html, Self::Lines(chart)) => Ok(chart.to_html(PICTURE_WIDTH).into_bytes()),
            (ResultFormat::Html, Self::Heat(heatmap)) => Ok(heatmap.to_html(PICTURE_WIDTH).into_bytes()),
            (_, Self::Lines(chart)) => png(chart.to_png(PICTURE_WIDTH)),
            (_, Self::Heat(heatmap)) => png(heatmap.to_png(PICTURE_WIDTH)),
        }
    }
}

/// Whether a result can be drawn: it has a time axis, and something on it.
pub(crate) fn can_draw(value: &Value, when: When) -> bool {
    Drawing::of(value, "", when, ResultFormat::Graph).is_some()
}

/// Draws a result that [`can_draw`]; others are left out.
pub(super) fn write_value(
    page: &mut Page<'_>,
    value: &Value,
    query: &str,
    when: When,
    format: ResultFormat,
) -> io::Result<()> {
    let Some(drawing) = Drawing::of(value, query, when, format) else { return Ok(()) };
    match format {
        ResultFormat::Svg | ResultFormat::Png | ResultFormat::Html => {
            page.write_all(&drawing.to_file(format)?)
        }
        _ => {
            let text = drawing.to_text(&terminal_of(page.screen));
            page.write_all(text.as_bytes())
        }
    }
}

/// Half of the screen, so that the next question fits below.
fn terminal_of(screen: Screen) -> Terminal {
    let rows = usize::from(screen.height.unwrap_or(40) / 2).clamp(8, 24);
    Terminal {
        columns: usize::from(screen.width.unwrap_or(COLUMNS)),
        rows,
        legend: rows.max(12),
        colors: if screen.coloured { Colors::True } else { Colors::None },
        glyphs: if terminal::is_dumb() { Glyphs::Ascii } else { Glyphs::Unicode },
    }
}
