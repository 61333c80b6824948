//! Histograms from literals, for this module's tests.

use super::{CounterResetHint, FloatHistogram, HistogramParts, Span};

/// The histogram of a literal `{{key:value …}}`.
pub(super) fn h(literal: &str) -> FloatHistogram {
    let body = literal.strip_prefix("{{").and_then(|l| l.strip_suffix("}}")).expect("a literal");
    let (mut parts, mut offsets) = (HistogramParts::default(), [0, 0]);
    let mut rest = body.trim();
    while let Some((key, value)) = rest.split_once(':') {
        let end = if value.starts_with('[') { value.find(']').map(|i| i + 1) } else { value.find(' ') };
        let (value, tail) = value.split_at(end.unwrap_or(value.len()));
        let number = || value.parse::<f64>().expect("a number");
        let list = || -> Vec<f64> {
            let items = value.trim_matches(['[', ']']).split_whitespace();
            items.map(|item| item.parse().expect("a number")).collect()
        };
        match key {
            "schema" => parts.schema = value.parse().expect("a schema"),
            "count" => parts.count = number(),
            "sum" => parts.sum = number(),
            "z_bucket" => parts.zero_count = number(),
            "z_bucket_w" => parts.zero_threshold = number(),
            "custom_values" => parts.custom_bounds = list(),
            "buckets" => parts.positive_counts = list(),
            "n_buckets" => parts.negative_counts = list(),
            "offset" => offsets[0] = value.parse().expect("an offset"),
            "n_offset" => offsets[1] = value.parse().expect("an offset"),
            "counter_reset_hint" => parts.hint = CounterResetHint::from_word(value).expect("a hint"),
            _ => panic!("unknown key {key}"),
        }
        rest = tail.trim_start();
    }
    let span = |offset, counts: &[f64]| vec![Span { offset, length: counts.len() as u32 }];
    if !parts.positive_counts.is_empty() {
        parts.positive_spans = span(offsets[0], &parts.positive_counts);
    }
    if !parts.negative_counts.is_empty() {
        parts.negative_spans = span(offsets[1], &parts.negative_counts);
    }
    FloatHistogram::from_parts(parts).expect("a sound layout")
}
