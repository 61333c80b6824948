//! `load` blocks.

use promqlite::LabelSet;
use promqlite::syntax::parse_series_desc;

use super::start_times::{StartTimes, is_start_line};
use super::{Lines, Pattern, compiled, duration, groups, labels};
use crate::error::ScriptError;
use crate::script::{Load, LoadedSeries};
use crate::values::{Expansion, expand};

static LOAD: Pattern = Pattern::new(|| compiled(r"^load(?:_(with_nhcb))?\s+(.+?)$"));

pub(super) fn parse(line: usize, text: &str, lines: &mut Lines<'_>) -> Result<Load, ScriptError> {
    let Some([with_nhcb, Some(step)]) = groups(&LOAD, text) else {
        let message = "invalid load command. (load[_with_nhcb] <step:duration>)";
        return Err(ScriptError::command(line, message));
    };
    let interval = duration(step)
        .map_err(|e| ScriptError::command(line, format!("invalid step definition {step:?}: {e}")))?;
    let mut load = Load { line, interval, with_nhcb: with_nhcb.is_some(), series: Vec::new() };
    let mut pending: Option<(usize, StartTimes)> = None;
    while let Some((number, text)) = lines.next_in_block() {
        if is_start_line(text) {
            if let Some((number, _)) = pending {
                return Err(ScriptError::command(number, NO_SAMPLE_LINE));
            }
            let start_times =
                StartTimes::parse(text).map_err(|message| ScriptError::command(number, message))?;
            pending = Some((number, start_times));
            continue;
        }
        let (labels, values) = series_line(number, text)?;
        let start_offsets = match pending.take() {
            Some((_, start_times)) => start_times
                .for_series(&labels, values.len())
                .map_err(|message| ScriptError::command(number, message))?,
            None => Vec::new(),
        };
        insert(&mut load.series, LoadedSeries { line: number, labels, values, start_offsets });
    }
    match pending {
        Some((number, _)) => Err(ScriptError::command(number, NO_SAMPLE_LINE)),
        None => Ok(load),
    }
}

const NO_SAMPLE_LINE: &str = "@st line has no following sample line";

/// A series and its values.
pub(super) fn series_line(line: usize, text: &str) -> Result<(LabelSet, Expansion), ScriptError> {
    let description =
        parse_series_desc(text).map_err(|error| ScriptError::new(line, error.render_at(text, line - 1)))?;
    // Histograms are combined after the last token was read, which is where the error belongs.
    let values = expand(&description).map_err(|error| {
        ScriptError::new(line, format!("{line}:{}: parse error: {error}", text.len() + 1))
    })?;
    Ok((labels(&description.metric), values))
}

/// Adds a series; of several lines for one series the last wins.
fn insert(all: &mut Vec<LoadedSeries>, series: LoadedSeries) {
    match all.iter_mut().find(|other| other.labels == series.labels) {
        Some(other) => *other = series,
        None => all.push(series),
    }
}
