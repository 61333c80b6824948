//! The meaning of columns, from a header line.

use std::collections::HashSet;

use crate::csv::columns::{CsvColumns, TimeForm};
use crate::csv::title::labels_of_title;

/// Where one column's values go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ValueColumn {
    /// Position from 0.
    pub(super) index: usize,
    /// The title, for errors.
    pub(super) title: String,
    /// The labels of all its samples.
    pub(super) labels: Vec<(String, String)>,
}

/// What the columns of a file mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The column of times.
    pub(super) time: Option<(usize, TimeForm)>,
    /// The columns of values.
    pub(super) values: Vec<ValueColumn>,
    /// Columns whose cells are labels of the row's samples.
    pub(super) labels: Vec<(usize, String)>,
    /// Whether NaN is a gap: so where a row holds many series.
    pub(super) nan_is_gap: bool,
}

/// How rows hold samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvLayout {
    /// [`Long`](Self::Long) if there is a column of values by name, else [`Wide`](Self::Wide).
    #[default]
    Auto,
    /// One sample per row: a time column, a `value` column, and every other column is a label.
    Long,
    /// A time column, and every other column is a series.
    Wide,
}

const TIME_TITLES: [&str; 9] =
    ["timestamp", "time", "ts", "datetime", "date", "_time", "timestamp_ms", "unixtime", "epoch"];

const VALUE_TITLES: [&str; 3] = ["value", "_value", "val"];

/// Titles of the metric's name, best first.
const NAME_TITLES: [&str; 3] = ["__name__", "metric", "metric_name"];

fn position_of(titles: &[String], known: &[&str]) -> Option<usize> {
    let exact = known.iter().find_map(|name| titles.iter().position(|title| title == name));
    let alike = |name| titles.iter().position(|title: &String| title.trim().eq_ignore_ascii_case(name));
    exact.or_else(|| known.iter().find_map(|name| alike(name)))
}

/// Whether this can be a header by itself: it names a time, and something else.
pub(super) fn is_header(titles: &[String]) -> bool {
    titles.len() > 1 && (position_of(titles, &TIME_TITLES).is_some() || is_export(titles))
}

/// Whether the titles are those of VictoriaMetrics' CSV export, whose fields are JSON strings.
pub(super) fn is_export(titles: &[String]) -> bool {
    let time = |title: &&String| title.split(':').next() == Some("__timestamp__");
    titles.iter().any(|title| title == "__value__") && titles.iter().find(time).is_some()
}

/// The plan for columns that the user described.
pub(super) fn described(columns: &CsvColumns) -> Plan {
    let value = |(index, name): &(usize, String)| ValueColumn {
        index: *index,
        title: name.clone(),
        labels: vec![("__name__".to_owned(), name.clone())],
    };
    Plan {
        time: columns.time,
        values: columns.metrics.iter().map(value).collect(),
        labels: columns.labels.clone(),
        nan_is_gap: false,
    }
}

/// The plan that a header gives. `first_is_time` tells that the first column holds times in the first row, for
/// headers that do not name it.
pub(super) fn plan_of(titles: &[String], layout: CsvLayout, first_is_time: bool) -> Result<Plan, String> {
    let mut seen = HashSet::new();
    if let Some(twice) = titles.iter().find(|title| !title.is_empty() && !seen.insert(title.as_str())) {
        return Err(format!("two columns are called {twice:?}: rename one"));
    }
    if is_export(titles) {
        return exported(titles);
    }
    let Some(time) = position_of(titles, &TIME_TITLES).or(first_is_time.then_some(0)) else {
        return Err("no column is the time: call one \"timestamp\", or describe the columns like \
                    1:time:unix_s,2:label:job,3:metric:up"
            .to_owned());
    };
    let value = position_of(titles, &VALUE_TITLES).filter(|_| layout != CsvLayout::Wide);
    let other = |index: &usize| *index != time && Some(*index) != value && !titles[*index].trim().is_empty();
    let others = (0..titles.len()).filter(other);
    let (values, labels) = match value {
        None if layout == CsvLayout::Long => {
            return Err("no column is called \"value\", as the long form asks for".to_owned());
        }
        None => (others.map(|index| wide_column(index, &titles[index])).collect::<Vec<_>>(), Vec::new()),
        Some(index) => {
            let column = ValueColumn { index, title: titles[index].clone(), labels: Vec::new() };
            (vec![column], label_columns(titles, others))
        }
    };
    if values.is_empty() {
        return Err("no column besides the time".to_owned());
    }
    Ok(Plan { time: Some((time, TimeForm::Any)), values, labels, nan_is_gap: value.is_none() })
}

fn wide_column(index: usize, title: &str) -> ValueColumn {
    ValueColumn { index, title: title.to_owned(), labels: labels_of_title(title) }
}

/// Every column is the label of its title; the best title for a name becomes `__name__`.
fn label_columns(titles: &[String], columns: impl Iterator<Item = usize>) -> Vec<(usize, String)> {
    let name = NAME_TITLES.iter().find(|name| titles.iter().any(|title| title == *name));
    let label = |index: usize| {
        let title = titles[index].trim();
        (index, if Some(&title) == name { "__name__".to_owned() } else { title.to_owned() })
    };
    columns.map(label).collect()
}

/// The columns of VictoriaMetrics' `/api/v1/export/csv`.
fn exported(titles: &[String]) -> Result<Plan, String> {
    let mut plan = Plan { time: None, values: Vec::new(), labels: Vec::new(), nan_is_gap: false };
    for (index, title) in titles.iter().enumerate() {
        if title == "__value__" {
            plan.values.push(ValueColumn { index, title: title.clone(), labels: Vec::new() });
        } else if let Some(form) = title.strip_prefix("__timestamp__") {
            let form = form.strip_prefix(':').unwrap_or("unix_ms");
            let form = TimeForm::from_name(form).ok_or_else(|| {
                format!("times of the form {form:?} are not read: export with __timestamp__:unix_ms")
            })?;
            plan.time = Some((index, form));
        } else if !title.is_empty() {
            plan.labels.push((index, title.clone()));
        }
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(header: &str) -> Result<Plan, String> {
        plan_of(&header.split(',').map(str::to_owned).collect::<Vec<_>>(), CsvLayout::Auto, false)
    }

    fn label_names(plan: &Plan) -> Vec<(usize, &str)> {
        plan.labels.iter().map(|(i, name)| (*i, &**name)).collect()
    }

    #[test]
    fn long_and_wide() {
        let long = plan("__name__,job,timestamp,value,").unwrap();
        assert_eq!(long.time, Some((2, TimeForm::Any)));
        assert_eq!(label_names(&long), [(0, "__name__"), (1, "job")]);
        assert_eq!((long.values[0].index, long.nan_is_gap), (3, false));
        assert_eq!(label_names(&plan("ts,metric,value").unwrap()), [(1, "__name__")]);
        assert_eq!(label_names(&plan("ts,metric,__name__,value").unwrap()), [(1, "metric"), (2, "__name__")]);
        let wide = plan("Time,cpu,mem").unwrap();
        assert_eq!((wide.values.len(), wide.labels.len(), wide.nan_is_gap), (2, 0, true));
        let export = plan("__name__,job,__value__,__timestamp__:unix_s").unwrap();
        assert_eq!(export.time, Some((3, TimeForm::Unit(crate::TimeUnit::Seconds))));
    }

    #[test]
    fn headers_that_say_too_little() {
        for (header, start) in [
            ("a,b", "no column is the time"),
            ("time", "no column besides the time"),
            ("time,a,a", "two columns are called \"a\""),
            ("__value__,__timestamp__:custom:2006", "times of the form \"custom:2006\" are not read"),
        ] {
            assert!(plan(header).unwrap_err().starts_with(start), "{header}");
        }
        let titles = ["time".to_owned(), "a".to_owned()];
        assert!(plan_of(&titles, CsvLayout::Long, false).unwrap_err().starts_with("no column is called"));
    }
}
