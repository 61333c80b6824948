//! Holds results to expectations.

use promqlite::histogram::FloatHistogram;
use promqlite::{Millis, SampleValue, Series, Timestamp, Value, VectorSample, float_g, float_plain};

use promqlite::histogram::almost_equal;
use promqlite::syntax::go_quote;

use crate::report::Comparison;
use crate::script::{Eval, Expected, ExpectedSeries, Mode};
use crate::values::ItemValue;

/// Judges the result of the query, or the part of a range query's result at the instant of an instant query.
/// The error is Prometheus' text.
pub(crate) fn judge(eval: &Eval, value: &Value) -> Result<(), String> {
    match (&eval.expected, value) {
        (Expected::Scalar(wanted), Value::Scalar(_, got)) if almost_equal(*wanted, *got) => Ok(()),
        (Expected::Scalar(wanted), Value::Scalar(_, got)) => {
            Err(format!("expected scalar {} but got {}", float_g(*wanted), float_g(*got)))
        }
        (Expected::Scalar(_), Value::Matrix(_)) => {
            Err("expected scalar result, but query returned a matrix".to_owned())
        }
        (Expected::Scalar(_), other) => {
            Err(format!("expected scalar result, but query returned a {}", other.value_type()))
        }
        (Expected::String(wanted), Value::String(_, got)) if wanted == got => Ok(()),
        (Expected::String(wanted), Value::String(_, got)) => Err(format!(
            "expected string {} but got {}",
            go_quote(wanted.as_bytes()),
            go_quote(got.as_bytes())
        )),
        (Expected::String(wanted), other) => Err(format!(
            "expected string {} but query returned a {}",
            go_quote(wanted.as_bytes()),
            other.value_type()
        )),
        (Expected::Series(_) | Expected::RangeVector(..), Value::Scalar(_, got)) => {
            Err(format!("expected vector or matrix result, but got scalar {}", float_g(*got)))
        }
        (Expected::Series(_) | Expected::RangeVector(..), Value::String(_, got)) => {
            Err(format!("expected vector or matrix result, but got string {}", go_quote(got.as_bytes())))
        }
        (Expected::Series(wanted), Value::Vector(_, got)) => judge_vector(wanted, got, eval.ordered),
        (Expected::RangeVector(..), Value::Vector(..)) => {
            Err("expected a range vector, but query returned an instant vector".to_owned())
        }
        (Expected::Series(wanted), Value::Matrix(got)) => match eval.mode {
            Mode::Range { start, end, step } => judge_matrix(wanted, got, (start, end, step), eval.ordered),
            Mode::Instant(_) => Err(
                "query returned a range vector, which needs an `expect range vector from … to … step …` line"
                    .to_owned(),
            ),
        },
        (Expected::RangeVector(times, wanted), Value::Matrix(got)) => {
            judge_matrix(wanted, got, (times.start, times.end, times.step), eval.ordered)
        }
    }
}

/// A matrix must come sorted by labels.
pub(crate) fn check_sorted(matrix: &[Series]) -> Result<(), String> {
    match matrix.windows(2).find(|pair| pair[0].labels >= pair[1].labels) {
        Some(pair) => Err(format!(
            "matrix results should always be sorted by labels, but matrix is not sorted: {} comes before {}",
            pair[0].labels.in_braces(),
            pair[1].labels.in_braces()
        )),
        None => Ok(()),
    }
}

fn judge_vector(wanted: &[ExpectedSeries], got: &[VectorSample], ordered: bool) -> Result<(), String> {
    let mut seen = vec![false; wanted.len()];
    for (at, sample) in got.iter().enumerate() {
        let labels = sample.labels.in_braces();
        let Some(index) = wanted.iter().position(|w| w.labels == sample.labels) else {
            return Err(format!(
                "unexpected metric {labels} in result, has value {}",
                value_text(&sample.value)
            ));
        };
        let series = &wanted[index];
        if ordered && series.position != at + 1 {
            return Err(format!(
                "expected metric {labels} with {} at position {} but was at {}",
                series_notation(&series.values),
                series.position,
                at + 1
            ));
        }
        judge_sample(&series.values[0], &labels, &sample.value)?;
        seen[index] = true;
    }
    match wanted.iter().zip(seen).find(|(_, seen)| !seen) {
        Some((series, _)) => Err(format!(
            "expected metric {} with {}: {} not found",
            series.labels.in_braces(),
            series.position,
            series_notation(&series.values)
        )),
        None => Ok(()),
    }
}

fn judge_sample(wanted: &ItemValue, labels: &str, got: &SampleValue) -> Result<(), String> {
    let (fits, what) = match (wanted, got) {
        (ItemValue::Gap, SampleValue::Float(got)) => (almost_equal(0.0, *got), ["", ""]),
        (ItemValue::Float(wanted), SampleValue::Float(got)) => (almost_equal(*wanted, *got), ["", ""]),
        (ItemValue::Histogram { histogram, hint_counts }, SampleValue::Histogram(got)) => {
            (same_histogram(histogram, *hint_counts, got), ["", ""])
        }
        (ItemValue::Histogram { .. }, SampleValue::Float(_)) => (false, ["histogram ", "float value "]),
        (_, SampleValue::Histogram(_)) => (false, ["float value ", "histogram "]),
    };
    if fits {
        return Ok(());
    }
    let wanted = match wanted {
        ItemValue::Gap => "0".to_owned(),
        ItemValue::Float(v) => float_g(*v),
        histogram => histogram.to_string(),
    };
    let [kind_wanted, kind_got] = what;
    Err(format!("expected {kind_wanted}{wanted} for {labels} but got {kind_got}{}", value_text(got)))
}

fn same_histogram(wanted: &FloatHistogram, hint_counts: bool, got: &FloatHistogram) -> bool {
    let (wanted, got) = (wanted.view(), got.view());
    wanted.almost_equals(got) && (!hint_counts || wanted.hint() == got.hint())
}

type Times = (Timestamp, Timestamp, Millis);

fn judge_matrix(
    wanted: &[ExpectedSeries],
    got: &[Series],
    times: Times,
    ordered: bool,
) -> Result<(), String> {
    if ordered {
        return Err("expected ordered result, but query returned a matrix".to_owned());
    }
    check_sorted(got)?;
    let mut seen = vec![false; wanted.len()];
    for series in got {
        let Some(index) = wanted.iter().position(|w| w.labels == series.labels) else {
            return Err(format!(
                "unexpected metric {} in result, has {}",
                series.labels.in_braces(),
                points_text(series)
            ));
        };
        judge_series(&wanted[index], series, times)?;
        seen[index] = true;
    }
    match wanted.iter().zip(seen).find(|(_, seen)| !seen) {
        Some((series, _)) => Err(format!("expected metric {} not found", series.labels.in_braces())),
        None => Ok(()),
    }
}

fn judge_series(wanted: &ExpectedSeries, got: &Series, (start, end, step): Times) -> Result<(), String> {
    let labels = &*wanted.labels.in_braces();
    let mut floats = Vec::new();
    let mut histograms = Vec::new();
    for (k, value) in wanted.values.iter().enumerate() {
        let t = Timestamp(start.0.saturating_add(step.0.saturating_mul(k as i64)));
        if t > end {
            let n = wanted.values.len();
            return Err(format!(
                "expected {n} points for {labels}, but query time range cannot return this many points"
            ));
        }
        match value {
            ItemValue::Gap => {}
            ItemValue::Float(v) => floats.push((t, *v)),
            ItemValue::Histogram { histogram, hint_counts } => histograms.push((t, histogram, *hint_counts)),
        }
    }
    if floats.len() != got.floats.len() || histograms.len() != got.histograms.len() {
        return Err(format!(
            "expected {} float points and {} histogram points for {labels}, but got {}",
            floats.len(),
            histograms.len(),
            points_text(got)
        ));
    }
    for (i, (&(t, wanted), (got_t, value))) in floats.iter().zip(&got.floats).enumerate() {
        let place = Place { kind: "float", index: i, t, got_t };
        place.check(labels, got, almost_equal(wanted, value), || [float_g(wanted), float_g(value)])?;
    }
    for (i, (&(t, wanted, hint_counts), (got_t, value))) in histograms.iter().zip(&got.histograms).enumerate()
    {
        let place = Place { kind: "histogram", index: i, t, got_t: *got_t };
        let texts = || [wanted.view().literal(), value.view().literal()];
        place.check(labels, got, same_histogram(wanted, hint_counts, value), texts)?;
    }
    Ok(())
}

/// A point of a series, for error texts.
struct Place {
    kind: &'static str,
    index: usize,
    t: Timestamp,
    got_t: Timestamp,
}

impl Place {
    fn check(
        &self,
        labels: &str,
        series: &Series,
        equal: bool,
        texts: impl Fn() -> [String; 2],
    ) -> Result<(), String> {
        let Self { kind, index, t, got_t } = self;
        if t != got_t {
            return Err(format!(
                "expected {kind} value at index {index} for {labels} to have timestamp {}, but it had timestamp {} (result has {})",
                t.0,
                got_t.0,
                points_text(series)
            ));
        }
        if equal {
            return Ok(());
        }
        let [wanted, got] = texts();
        Err(format!(
            "expected {kind} value at index {index} (t={}) for {labels} to be {wanted}, but got {got} (result has {})",
            t.0,
            points_text(series)
        ))
    }
}

fn value_text(value: &SampleValue) -> String {
    match value {
        SampleValue::Float(v) => float_g(*v),
        SampleValue::Histogram(h) => h.view().literal(),
    }
}

/// Values as Prometheus writes those of a series line: `[1.000000 _ {count:2, sum:3}]`.
fn series_notation(values: &[ItemValue]) -> String {
    let text = |value: &ItemValue| match value {
        ItemValue::Gap => "_".to_owned(),
        ItemValue::Float(v) if v.is_finite() => format!("{v:.6}"),
        ItemValue::Float(v) => float_g(*v),
        ItemValue::Histogram { histogram, .. } => histogram.to_string(),
    };
    format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(" "))
}

fn list(values: &[ItemValue]) -> String {
    let values: Vec<_> = values.iter().map(ToString::to_string).collect();
    format!("[{}]", values.join(" "))
}

/// `2 float points [1 @[0] 2 @[60000]] and 0 histogram points []`
fn points_text(series: &Series) -> String {
    let counted = |points: Vec<String>, kind: &str| {
        let plural = if points.len() == 1 { "" } else { "s" };
        format!("{} {kind} point{plural} [{}]", points.len(), points.join(" "))
    };
    let floats = series.floats.iter().map(|(t, v)| format!("{} @[{}]", float_plain(v), t.0)).collect();
    let histograms =
        series.histograms.iter().map(|(t, h)| format!("{} @[{}]", h.view().literal(), t.0)).collect();
    format!("{} and {}", counted(floats, "float"), counted(histograms, "histogram"))
}

/// Expected and actual result side by side, expected series first.
pub(crate) fn compare(eval: &Eval, value: &Value) -> Vec<Comparison> {
    let mut rows: Vec<Comparison> = match &eval.expected {
        Expected::Series(series) | Expected::RangeVector(_, series) => {
            series.iter().map(|s| expected_row(&s.labels.to_string(), list(&s.values))).collect()
        }
        Expected::Scalar(v) => vec![expected_row("{}", float_g(*v))],
        Expected::String(text) => vec![expected_row("{}", go_quote(text.as_bytes()))],
    };
    for (series, actual) in actual_rows(value) {
        match rows.iter_mut().find(|row| row.series == series) {
            Some(row) => row.actual = Some(actual),
            None => rows.push(Comparison { series, expected: None, actual: Some(actual) }),
        }
    }
    rows
}

fn expected_row(series: &str, expected: String) -> Comparison {
    Comparison { series: series.to_owned(), expected: Some(expected), actual: None }
}

fn actual_rows(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Scalar(_, v) => vec![("{}".to_owned(), float_g(*v))],
        Value::String(_, text) => vec![("{}".to_owned(), go_quote(text.as_bytes()))],
        Value::Vector(_, samples) => {
            samples.iter().map(|s| (s.labels.to_string(), format!("[{}]", value_text(&s.value)))).collect()
        }
        Value::Matrix(matrix) => matrix.iter().map(|s| (s.labels.to_string(), points_text(s))).collect(),
    }
}
