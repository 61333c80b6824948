//! Changes added up to totals.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use promqlite_model::histogram::FloatHistogram;

use crate::otlp::histogram::Explicit;
use crate::otlp::labels::Labels;

/// The value of a point, as a change or as a total.
#[derive(Clone, Debug)]
pub(super) enum PointValue {
    Number(f64),
    Explicit(Explicit),
    Exponential(FloatHistogram),
}

impl PointValue {
    /// Adds a later change; false if the two do not go together.
    fn add(&mut self, later: &Self) -> bool {
        match (self, later) {
            (Self::Number(total), Self::Number(change)) => {
                *total += change;
                true
            }
            (Self::Explicit(total), Self::Explicit(change)) => total.add(change),
            (Self::Exponential(total), Self::Exponential(change)) => match total.view().plus(change.view()) {
                Ok((sum, _)) => {
                    *total = sum;
                    true
                }
                Err(_) => false,
            },
            _ => false,
        }
    }
}

/// One change.
#[derive(Debug)]
struct Change {
    start_ns: u64,
    time_ns: u64,
    value: PointValue,
}

/// All changes of all series: only at the end of a file is their order known.
#[derive(Debug, Default)]
pub(super) struct Deltas {
    index: HashMap<Labels, usize, RandomState>,
    series: Vec<(String, Labels, Vec<Change>)>,
    points: u64,
}

/// How far apart the end of a point and the start of the next may lie: 1 ms.
const TOLERANCE_NS: u64 = 1_000_000;

impl Deltas {
    /// Keeps a change of the metric `name`.
    pub(super) fn push(
        &mut self,
        name: &str,
        labels: Labels,
        start_ns: u64,
        time_ns: u64,
        value: PointValue,
    ) {
        let mut key = labels.clone();
        key.sort_unstable();
        key.push((name.to_owned(), String::new()));
        let series = &mut self.series;
        let index = *self.index.entry(key).or_insert_with(|| {
            series.push((name.to_owned(), labels, Vec::new()));
            series.len() - 1
        });
        self.series[index].2.push(Change { start_ns, time_ns, value });
        self.points += 1;
    }

    /// What is to be said of the changes.
    pub(super) fn warning(&self) -> Option<String> {
        (self.points > 0).then(|| {
            let (points, series) = (self.points, self.series.len());
            format!(
                "{points} delta points of {series} series were added up to totals: they are right only as far as \
                 the file is complete, and start again wherever points are missing"
            )
        })
    }

    /// Gives every total to `each`: name, labels, time in ns, value.
    pub(super) fn add_up(self, mut each: impl FnMut(&str, &Labels, u64, &PointValue)) {
        for (name, labels, mut changes) in self.series {
            changes.sort_by_key(|change| change.time_ns);
            let mut total: Option<(u64, u64, PointValue)> = None;
            for change in changes {
                let goes_on = match &mut total {
                    // The same point, exported again.
                    Some((start, end, _)) if (*start, *end) == (change.start_ns, change.time_ns) => continue,
                    Some((start, end, value)) if end.abs_diff(change.start_ns) <= TOLERANCE_NS => {
                        (*start, *end) = (change.start_ns, change.time_ns);
                        value.add(&change.value)
                    }
                    _ => false,
                };
                if !goes_on {
                    total = Some((change.start_ns, change.time_ns, change.value));
                }
                if let Some((_, end, value)) = &total {
                    each(&name, &labels, *end, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_start_again_where_points_are_missing() {
        let mut deltas = Deltas::default();
        let ms = 1_000_000;
        // Out of order, one twice, a gap between 30 and 45.
        for (start, end, value) in [(15, 30, 2.0), (0, 15, 1.0), (15, 30, 2.0), (45, 60, 7.0), (61, 75, 1.0)]
        {
            deltas.push("a", Vec::new(), start * ms, end * ms, PointValue::Number(value));
        }
        deltas.push("b", Vec::new(), 0, 5 * ms, PointValue::Number(9.0));
        assert!(deltas.warning().unwrap().starts_with("6 delta points of 2 series"));
        let mut totals = Vec::new();
        deltas.add_up(|name, _, time, value| {
            let PointValue::Number(value) = value else { panic!("numbers only") };
            totals.push((name.to_owned(), time / ms, *value));
        });
        let expected = [("a", 15, 1.0), ("a", 30, 3.0), ("a", 60, 7.0), ("a", 75, 8.0), ("b", 5, 9.0)];
        assert_eq!(totals, expected.map(|(name, time, value)| (name.to_owned(), time, value)));
    }
}
