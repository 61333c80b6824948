//! A bare `m[d] anchored` or `m[d] smoothed` at the root: the window with points put on both of its edges.

use promqlite_functions::Extension;
use promqlite_model::{LabelSet, Samples, Series, Timestamp};

use crate::error::ExecError;
use crate::ops::range::Geometry;
use crate::ops::smoothed::on_line;

/// The interior points and one at each edge. Empty where the window has no points.
pub(crate) fn with_edges(
    labels: LabelSet,
    samples: &Samples<'_>,
    geometry: &Geometry,
    extension: Extension,
) -> Result<Series, ExecError> {
    let of = |floats: Vec<(Timestamp, f64)>| Series { labels, floats: floats.into(), histograms: Vec::new() };
    if samples.is_empty() {
        return Ok(of(Vec::new()));
    }
    if samples.histograms.is_some() {
        let word = match extension {
            Extension::Anchored => "anchored",
            Extension::Smoothed => "smoothed",
        };
        let text = format!("{word} modifier is not supported with histograms");
        return Err(ExecError::Evaluation(text));
    }
    let (times, values) = (samples.times, samples.values);
    let (begin, end) = (geometry.ends.first.0 - geometry.range.0, geometry.ends.first.0);
    let n = times.len();
    let smoothed = extension == Extension::Smoothed;
    let start = times[..n - 1].iter().position(|&t| t > begin).unwrap_or(n - 1);
    let first = start.saturating_sub(1);
    let last = if smoothed { times[..n - 1].iter().position(|&t| t >= end).unwrap_or(n - 1) } else { n - 1 };
    if times[last] <= begin || (smoothed && times[first] > end) {
        return Ok(of(Vec::new()));
    }
    let left = if smoothed && times[first] < begin { on_line(samples, first, begin) } else { values[first] };
    let right = if smoothed && last > 0 && times[last] > end {
        on_line(samples, last - 1, end)
    } else {
        values[last]
    };
    let mut floats = vec![(Timestamp(begin), left)];
    let inside = (first..=last).filter(|&i| times[i] > begin && times[i] < end);
    floats.extend(inside.map(|i| (Timestamp(times[i]), values[i])));
    floats.push((Timestamp(end), right));
    Ok(of(floats))
}
