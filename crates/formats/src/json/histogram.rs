//! Native histograms as the API shows them.

use promqlite_model::histogram::FloatHistogram;
use serde::Deserialize;

use crate::histogram_rebuild::{Boundaries, ShownBucket, rebuild};
use crate::json::number::Number;

/// `{"count":"5","sum":"18.4","buckets":[[rule,"lower","upper","count"],…]}`
#[derive(Debug, Deserialize)]
pub(super) struct ShownHistogram {
    count: Number,
    sum: Number,
    #[serde(default)]
    buckets: Option<Vec<(u8, Number, Number, Number)>>,
}

impl ShownHistogram {
    /// The histogram that this may have been; the reason if it cannot be one.
    pub(super) fn rebuild(&self) -> Result<FloatHistogram, String> {
        let shown = self.buckets.iter().flatten();
        let buckets: Vec<ShownBucket> = shown
            .map(|&(rule, lower, upper, count)| {
                let boundaries = match rule {
                    0 => Boundaries::OpenLeft,
                    1 => Boundaries::OpenRight,
                    2 => Boundaries::OpenBoth,
                    3 => Boundaries::ClosedBoth,
                    other => return Err(format!("a bucket with the unknown boundary rule {other}")),
                };
                Ok(ShownBucket { boundaries, lower: lower.0, upper: upper.0, count: count.0 })
            })
            .collect::<Result<_, _>>()?;
        rebuild(self.count.0, self.sum.0, &buckets)
    }
}
