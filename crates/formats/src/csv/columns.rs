//! Which column means what, as users say it: VictoriaMetrics' `1:label:ticker,2:metric:ask,4:time:unix_ms`.

use std::str::FromStr;

use crate::time_text::TimeUnit;

/// How the times of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeForm {
    /// Numbers of this unit.
    Unit(TimeUnit),
    /// Anything that is read without being told.
    Any,
}

impl TimeForm {
    /// The form behind `time:`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "unix_s" => Self::Unit(TimeUnit::Seconds),
            "unix_ms" => Self::Unit(TimeUnit::Milliseconds),
            "unix_ns" => Self::Unit(TimeUnit::Nanoseconds),
            "rfc3339" => Self::Any,
            _ => return None,
        })
    }
}

/// What the columns of a CSV file hold, in VictoriaMetrics' notation: `position:kind:detail` for each column that
/// counts, separated by commas, with positions from 1.
///
/// `N:time:unix_s`, `unix_ms`, `unix_ns` or `rfc3339` is the time, `N:label:NAME` a label, and `N:metric:NAME`
/// the values of a metric; there may be several of the last two.
///
/// ```
/// use promqlite_formats::CsvColumns;
///
/// let columns: CsvColumns = "1:label:ticker,2:metric:ask,3:metric:bid,4:time:unix_ms".parse()?;
/// assert_eq!(columns, "4:time:unix_ms,1:label:ticker,2:metric:ask,3:metric:bid".parse()?);
/// # Ok::<(), promqlite_formats::InvalidColumns>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvColumns {
    pub(crate) time: Option<(usize, TimeForm)>,
    pub(crate) labels: Vec<(usize, String)>,
    pub(crate) metrics: Vec<(usize, String)>,
}

/// Why a text does not describe columns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; columns are described like 1:label:ticker,2:metric:ask,4:time:unix_ms")]
pub struct InvalidColumns(String);

/// Highest position of a column.
pub(crate) const MAX_COLUMN: usize = 1 << 16;

impl FromStr for CsvColumns {
    type Err = InvalidColumns;

    fn from_str(text: &str) -> Result<Self, InvalidColumns> {
        let mut columns = Self { time: None, labels: Vec::new(), metrics: Vec::new() };
        for item in text.split(',') {
            columns.add(item.trim()).map_err(InvalidColumns)?;
        }
        if columns.metrics.is_empty() {
            return Err(InvalidColumns("no column is a metric".to_owned()));
        }
        columns.labels.sort_unstable();
        columns.metrics.sort_unstable();
        Ok(columns)
    }
}

impl CsvColumns {
    fn add(&mut self, item: &str) -> Result<(), String> {
        let mut parts = item.splitn(3, ':');
        let (Some(position), Some(kind), Some(detail)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("{item:?} is not position:kind:detail"));
        };
        let index = match position.parse::<usize>() {
            Ok(position @ 1..=MAX_COLUMN) => position - 1,
            _ => return Err(format!("{position:?} is no position from 1 to {MAX_COLUMN}")),
        };
        if detail.is_empty() {
            return Err(format!("{item:?} names nothing"));
        }
        let named = |list: &[(usize, String)]| list.iter().any(|(i, name)| name == detail || *i == index);
        match kind {
            "time" => {
                let form = TimeForm::from_name(detail)
                    .ok_or_else(|| format!("{detail:?} is none of unix_s, unix_ms, unix_ns, rfc3339"))?;
                if self.time.replace((index, form)).is_some() {
                    return Err("two columns are the time".to_owned());
                }
            }
            "label" if named(&self.labels) => return Err(format!("{item:?} is there twice")),
            "label" if detail == "__name__" => {
                return Err("a label cannot be __name__: the metric columns have the names".to_owned());
            }
            "label" => self.labels.push((index, detail.to_owned())),
            "metric" if named(&self.metrics) => return Err(format!("{item:?} is there twice")),
            "metric" => self.metrics.push((index, detail.to_owned())),
            _ => return Err(format!("{kind:?} is none of time, label, metric")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        for (text, message) in [
            ("", "\"\" is not position:kind:detail"),
            ("1:label", "\"1:label\" is not position:kind:detail"),
            ("0:metric:a", "\"0\" is no position from 1 to 65536"),
            ("x:metric:a", "\"x\" is no position from 1 to 65536"),
            ("1:metric:", "\"1:metric:\" names nothing"),
            ("1:metric:a,2:time:iso", "\"iso\" is none of unix_s, unix_ms, unix_ns, rfc3339"),
            ("1:metric:a,2:time:unix_s,3:time:unix_s", "two columns are the time"),
            ("1:label:a", "no column is a metric"),
            ("1:metric:a,2:metric:a", "\"2:metric:a\" is there twice"),
            ("1:metric:a,2:label:b,2:label:c", "\"2:label:c\" is there twice"),
            ("1:metric:a,2:label:__name__", "a label cannot be __name__: the metric columns have the names"),
            ("1:value:a", "\"value\" is none of time, label, metric"),
        ] {
            let error = text.parse::<CsvColumns>().unwrap_err().to_string();
            assert_eq!(error.split("; columns are").next(), Some(message), "{text}");
        }
    }
}
