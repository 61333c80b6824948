//! Actions of metrics and series descriptions.

use super::{Builder, Tok};
use crate::number::parse_uint;
use crate::series::{HistogramLiteral, Label, Metric, STALE_NAN_BITS};
use crate::span::Span;

impl<'s> Builder<'s> {
    pub(crate) fn metric(&self, name: Option<Tok<'s>>, labels: Vec<Label>) -> Metric {
        let mut labels = labels;
        if let Some(name) = name {
            labels.retain(|label| label.name != "__name__" && !label.value.is_empty());
            labels.push(Label { name: "__name__".into(), value: name.text.into() });
        }
        labels.sort_by(|a, b| a.name.cmp(&b.name));
        Metric { labels }
    }

    /// An identifier among the values, which must be `stale`.
    pub(crate) fn stale(&self, word: Tok<'s>) -> f64 {
        if word.text != "stale" {
            let quoted = crate::quote::go_quote(word.text.as_bytes());
            let message =
                format!("unexpected identifier {quoted} in series values, expected number or \"stale\"");
            self.fail(message, word.span(), word.end());
        }
        f64::from_bits(STALE_NAN_BITS)
    }

    pub(crate) fn repetitions(&self, token: Tok<'s>) -> u64 {
        parse_uint(token.text).unwrap_or_else(|error| {
            let message = format!("invalid repetition in series values: {error}");
            self.fail(message, token.span(), token.end());
            0
        })
    }

    /// A signed integer; saturates.
    pub(crate) fn signed_int(&self, negative: bool, magnitude: u64) -> i64 {
        let value = i64::try_from(magnitude).unwrap_or(i64::MAX);
        if negative { -value } else { value }
    }

    pub(crate) fn merge_histogram(
        &self,
        mut into: Box<HistogramLiteral>,
        item: Box<HistogramLiteral>,
    ) -> Box<HistogramLiteral> {
        if let Err(key) = into.merge(*item) {
            // As in Prometheus, without a position.
            self.fail(format!("duplicate key \"{}\" in histogram", key.as_str()), Span::default(), 0);
        }
        into
    }
}
