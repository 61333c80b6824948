//! One series of a result, collected key by key.

use promqlite_model::histogram::FloatHistogram;

/// What the keys of one object have given so far.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// `metric`
    pub(super) labels: Option<Vec<(String, String)>>,
    /// `value` and `values` as pairs of time in ms and value.
    pub(super) floats: Vec<(i64, f64)>,
    /// `histogram` and `histograms`.
    pub(super) histograms: Vec<(i64, FloatHistogram)>,
    /// `values` without times, as JSON lines have them.
    pub(super) bare_values: Vec<f64>,
    /// `timestamps` in ms.
    pub(super) timestamps: Vec<i64>,
}

impl Item {
    /// Joins bare values with their times.
    pub(super) fn join_times(&mut self) -> Result<(), String> {
        if self.bare_values.len() != self.timestamps.len() {
            return Err(format!(
                "a series with {} values and {} timestamps",
                self.bare_values.len(),
                self.timestamps.len()
            ));
        }
        self.floats.extend(self.timestamps.drain(..).zip(self.bare_values.drain(..)));
        Ok(())
    }

    /// Whether any sample was found.
    pub(super) fn has_samples(&self) -> bool {
        !(self.floats.is_empty() && self.histograms.is_empty())
    }
}
