//! The parameter of an aggregation: checked over all steps of a query before any sample is read.

use promqlite_model::{Annotation, Annotations, Pos, float_g};

/// A parameter that fails the query. Texts are Prometheus' own.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// The k of `topk`, `bottomk` or `limitk` is NaN at some step.
    #[error("Parameter value is NaN")]
    NanCount,
    /// The ratio of `limit_ratio` is NaN at some step.
    #[error("Ratio value is NaN")]
    NanRatio,
    /// A k that is too small for a 64-bit integer.
    #[error("Scalar value {} underflows int64", float_g(*.0))]
    Underflow(f64),
    /// A k that is too large for a 64-bit integer.
    #[error("Scalar value {} overflows int64", float_g(*.0))]
    Overflow(f64),
}

/// The smallest float that Prometheus takes for an overflow of 64-bit integers.
const OVERFLOW: f64 = 9_223_372_036_854_774_784.0;

/// The k of each step for `topk`, `bottomk` and `limitk`, never more than there are input series. `None` if no
/// step asks for any element: the result is empty.
///
/// # Errors
/// NaN at any step, or a number out of range while some step asks for an element.
pub fn count_parameter(values: &[f64], series: usize) -> Result<Option<Vec<usize>>, ParameterError> {
    if values.iter().any(|v| v.is_nan()) {
        return Err(ParameterError::NanCount);
    }
    let (min, max) = extent(values);
    if max < 1.0 {
        return Ok(None);
    }
    if min <= i64::MIN as f64 {
        return Err(ParameterError::Underflow(min));
    }
    if max >= OVERFLOW {
        return Err(ParameterError::Overflow(max));
    }
    Ok(Some(values.iter().map(|&v| (v.max(0.0) as usize).min(series)).collect()))
}

/// The ratio of each step for `limit_ratio`, capped to [−1, 1] with a warning at `pos`. `None` if all are 0:
/// the result is empty.
///
/// # Errors
/// NaN at any step.
pub fn ratio_parameter(
    values: &[f64],
    notes: &mut Annotations,
    pos: Pos,
) -> Result<Option<Vec<f64>>, ParameterError> {
    if values.iter().any(|v| v.is_nan()) {
        return Err(ParameterError::NanRatio);
    }
    if values.iter().all(|&v| v == 0.0) {
        return Ok(None);
    }
    let (min, max) = extent(values);
    if max > 1.0 {
        notes.add(Annotation::InvalidRatio { got: max, capped: 1.0 }, Some(pos));
    }
    if min < -1.0 {
        notes.add(Annotation::InvalidRatio { got: min, capped: -1.0 }, Some(pos));
    }
    Ok(Some(values.iter().map(|v| v.clamp(-1.0, 1.0)).collect()))
}

/// Warns of quantiles that are NaN or outside [0, 1]: of NaN, of the largest and of the smallest.
pub fn note_quantile_parameter(values: &[f64], notes: &mut Annotations, pos: Pos) {
    if values.iter().any(|v| v.is_nan()) {
        notes.add(Annotation::InvalidQuantile(f64::NAN), Some(pos));
    }
    let (min, max) = extent(values);
    if max > 1.0 {
        notes.add(Annotation::InvalidQuantile(max), Some(pos));
    }
    if min < 0.0 {
        notes.add(Annotation::InvalidQuantile(min), Some(pos));
    }
}

/// The smallest and the largest number, NaN left out.
fn extent(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &v| (min.min(v), max.max(v)))
}

#[cfg(test)]
mod tests {
    use promqlite_model::Level;

    use super::*;

    #[test]
    fn counts_are_checked_in_order() {
        assert_eq!(count_parameter(&[2.9, 0.5, -7.0, 1e9], 5), Ok(Some(vec![2, 0, 0, 5])));
        assert_eq!(count_parameter(&[-1e30], 5), Ok(None));
        assert_eq!(count_parameter(&[f64::NAN], 0), Err(ParameterError::NanCount));
        let text = |v: &[f64]| count_parameter(v, 5).expect_err("out of range").to_string();
        assert_eq!(text(&[1.0, -1e30]), "Scalar value -1e+30 underflows int64");
        assert_eq!(text(&[f64::INFINITY]), "Scalar value +Inf overflows int64");
        assert_eq!(
            text(&[9_223_372_036_854_774_784.0]),
            "Scalar value 9.223372036854775e+18 overflows int64"
        );
    }

    #[test]
    fn ratios_are_capped() {
        let mut notes = Annotations::default();
        assert_eq!(ratio_parameter(&[1.1, -2.0, 0.0], &mut notes, Pos(18)), Ok(Some(vec![1.0, -1.0, 0.0])));
        assert_eq!(
            notes.render(Level::Warning, &" ".repeat(40)),
            [
                "PromQL warning: ratio value should be between -1 and 1, got -2, capping to -1 (1:19)",
                "PromQL warning: ratio value should be between -1 and 1, got 1.1, capping to 1 (1:19)",
            ]
        );
        assert_eq!(ratio_parameter(&[0.0, -0.0], &mut notes, Pos(0)), Ok(None));
        assert_eq!(ratio_parameter(&[0.0, f64::NAN], &mut notes, Pos(0)), Err(ParameterError::NanRatio));
    }

    #[test]
    fn quantiles_are_remarked_thrice_at_most() {
        let mut notes = Annotations::default();
        note_quantile_parameter(&[0.5, 7.0, 3.0, f64::NAN, -2.0, -1.0], &mut notes, Pos(0));
        assert_eq!(notes.len(), 3);
        let mut none = Annotations::default();
        note_quantile_parameter(&[0.0, 1.0], &mut none, Pos(0));
        assert!(none.is_empty());
    }
}
