//! `series@st` lines: the start timestamps of the samples on the next line.

use promqlite::LabelSet;
use promqlite::syntax::parse_metric;

use super::{Pattern, compiled, duration, groups, labels};
use crate::values::MAX_VALUES;

/// The start timestamps of one series, relative to its samples in ms.
pub(super) struct StartTimes {
    labels: LabelSet,
    offsets: Vec<Option<i64>>,
}

static ITEM: Pattern =
    Pattern::new(|| compiled(r"^([-+]?(?:\d+[a-z]+|0))(?:([-+])(\d+[a-z]+|0))?(?:x(\d+))?$"));
static GAP: Pattern = Pattern::new(|| compiled(r"^_(?:x(\d+))?$"));

/// Whether what stands before the first blank ends in `@st`.
pub(super) fn is_start_line(line: &str) -> bool {
    line.split([' ', '\t']).next().is_some_and(|word| word.ends_with("@st"))
}

impl StartTimes {
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let (metric, items) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let metric = metric.strip_suffix("@st").unwrap_or(metric);
        let parsed =
            parse_metric(metric).map_err(|error| format!("invalid @st line metric {metric:?}: {error}"))?;
        let mut offsets = Vec::new();
        for item in items.split_ascii_whitespace() {
            push_item(item, &mut offsets).map_err(|error| format!("invalid @st sequence: {error}"))?;
        }
        Ok(Self { labels: labels(&parsed), offsets })
    }

    /// The start timestamps for the sample line of `series`, which has `values` values.
    pub(super) fn for_series(self, series: &LabelSet, values: usize) -> Result<Vec<Option<i64>>, String> {
        if self.labels != *series {
            return Err("@st metric does not match the following sample line metric".to_owned());
        }
        if self.offsets.len() != values {
            let n = self.offsets.len();
            return Err(format!("@st line has {n} values but sample line has {values}"));
        }
        Ok(self.offsets)
    }
}

fn push_item(item: &str, offsets: &mut Vec<Option<i64>>) -> Result<(), String> {
    if let Some([count]) = groups(&GAP, item) {
        let count = count.map_or(Ok(1), repetitions)?;
        if count == 0 {
            return Err(format!("{item:?} repeats nothing"));
        }
        return extend(offsets, (0..count).map(|_| None), count);
    }
    let Some([Some(first), sign, step, count]) = groups(&ITEM, item) else {
        return Err(format!("invalid item {item:?}"));
    };
    if sign.is_some() && count.is_none() {
        return Err(format!("{item:?} lacks a repetition `xN`"));
    }
    let first = signed_unit(first)?;
    let step = match (sign, step) {
        (Some("-"), Some(step)) => -signed_unit(step)?,
        (_, Some(step)) => signed_unit(step)?,
        (_, None) => 0,
    };
    let count = count.map_or(Ok(0), repetitions)?;
    let times = (0..=count).map(|k| Some(first.saturating_add(step.saturating_mul(k as i64))));
    extend(offsets, times, count)
}

fn extend(
    offsets: &mut Vec<Option<i64>>,
    items: impl Iterator<Item = Option<i64>>,
    count: u64,
) -> Result<(), String> {
    if count + offsets.len() as u64 > MAX_VALUES {
        return Err(format!("the line has more than {MAX_VALUES} values"));
    }
    offsets.extend(items);
    Ok(())
}

fn repetitions(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(n) if n <= MAX_VALUES => Ok(n),
        _ => Err(format!("the repetition {text} is out of range")),
    }
}

/// A duration of a single unit in ms, with an optional sign.
fn signed_unit(text: &str) -> Result<i64, String> {
    match text.strip_prefix('-') {
        Some(digits) => duration(digits).map(|d| -d.0),
        None => duration(text.strip_prefix('+').unwrap_or(text)).map(|d| d.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(items: &str) -> Result<Vec<Option<i64>>, String> {
        StartTimes::parse(&format!("m@st {items}")).map(|start_times| start_times.offsets)
    }

    #[test]
    fn items_expand() {
        let none = None;
        assert_eq!(offsets("_ _x2 0"), Ok(vec![none, none, none, Some(0)]));
        assert_eq!(offsets("-30s-1mx2"), Ok(vec![Some(-30_000), Some(-90_000), Some(-150_000)]));
        assert_eq!(offsets("-1ms 5sx1 +1s+1sx1"), Ok([-1, 5000, 5000, 1000, 2000].map(Some).to_vec()));
    }

    #[test]
    fn bad_items_are_refused() {
        for items in ["1m30s", "5", "-1m-1m", "_x0", "x", "1sx99999999999999999999", "1sx10000001"] {
            let error = offsets(items).unwrap_err();
            assert!(error.starts_with("invalid @st sequence: "), "{items}: {error}");
        }
    }
}
