//! Histograms as text.

use std::fmt::{self, Write as _};

use super::HistogramView;
use super::buckets::Bucket;
use super::side::SideRef;
use super::{CounterResetHint, FloatHistogram};
use crate::float_g;

/// `{count:4, sum:5, (1,2]:3, (2,4]:1}`: the populated buckets, ascending, as `count_values` and text output
/// have them.
impl fmt::Display for HistogramView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{count:{}, sum:{}", float_g(self.count), float_g(self.sum))?;
        let zero = [self.zero_bucket()];
        let buckets = self.negative_buckets().rev().chain(zero).chain(self.positive_buckets());
        for bucket in buckets.filter(|b| b.count != 0.0) {
            write!(f, ", {bucket}")?;
        }
        f.write_char('}')
    }
}

impl fmt::Display for FloatHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

/// `(1,2]:3`
impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.lower_inclusive { '[' } else { '(' };
        let close = if self.upper_inclusive { ']' } else { ')' };
        let [lower, upper, count] = [self.lower, self.upper, self.count].map(float_g);
        write!(f, "{open}{lower},{upper}{close}:{count}")
    }
}

impl HistogramView<'_> {
    /// The literal of test scripts, `{{count:4 sum:5 buckets:[1 2 1]}}`, with all buckets of a side in one
    /// list and without what is zero.
    #[must_use]
    pub fn literal(self) -> String {
        let mut items = Vec::new();
        let mut number = |key: &str, v: f64| {
            if v != 0.0 {
                items.push(format!("{key}:{}", literal_number(v)));
            }
        };
        number("schema", f64::from(self.schema.get()));
        number("count", self.count);
        number("sum", self.sum);
        number("z_bucket", self.zero_count);
        number("z_bucket_w", self.zero_threshold);
        if self.schema.is_custom() {
            items.push(format!("custom_values:{}", literal_list(self.custom_bounds.iter().copied())));
        }
        if self.hint != CounterResetHint::Unknown {
            items.push(format!("counter_reset_hint:{}", self.hint.as_str()));
        }
        push_side(&mut items, "", self.positive);
        push_side(&mut items, "n_", self.negative);
        format!("{{{{{}}}}}", items.join(" "))
    }
}

/// Offset and counts from the first populated bucket to the last.
fn push_side(items: &mut Vec<String>, prefix: &str, side: SideRef<'_>) {
    let mut populated = side.iter().filter(|&(_, count)| count != 0.0).peekable();
    let Some(&(offset, _)) = populated.peek() else { return };
    let mut counts = Vec::new();
    for (index, count) in populated {
        counts.resize((index - offset) as usize, 0.0);
        counts.push(count);
    }
    if offset != 0 {
        items.push(format!("{prefix}offset:{offset}"));
    }
    items.push(format!("{prefix}buckets:{}", literal_list(counts)));
}

fn literal_list(values: impl IntoIterator<Item = f64>) -> String {
    let items: Vec<String> = values.into_iter().map(literal_number).collect();
    format!("[{}]", items.join(" "))
}

/// Literals know no plus sign.
fn literal_number(v: f64) -> String {
    if v == f64::INFINITY { "Inf".into() } else { float_g(v) }
}

#[cfg(test)]
mod tests {
    use crate::histogram::testing::h;

    #[test]
    fn text_form() {
        for (literal, text) in [
            (
                "{{count:12 sum:100 z_bucket:2 z_bucket_w:0.001 buckets:[2 3 0 1 4]}}",
                "{count:12, sum:100, [-0.001,0.001]:2, (0.5,1]:2, (1,2]:3, (4,8]:1, (8,16]:4}",
            ),
            (
                "{{schema:-53 count:4 sum:5 custom_values:[5 10] buckets:[1 2 1]}}",
                "{count:4, sum:5, [-Inf,5]:1, (5,10]:2, (10,+Inf]:1}",
            ),
            (
                "{{count:1234567 sum:0.00001 n_buckets:[1 2]}}",
                "{count:1.234567e+06, sum:1e-05, [-2,-1):2, [-1,-0.5):1}",
            ),
            ("{{}}", "{count:0, sum:0}"),
        ] {
            assert_eq!(h(literal).to_string(), text);
        }
    }

    #[test]
    fn api_buckets() {
        let shown = |literal: &str| -> Vec<(u8, String, String, f64)> {
            let histogram = h(literal);
            let row = |b: crate::histogram::Bucket| {
                (b.boundary_rule(), b.lower.to_string(), b.upper.to_string(), b.count)
            };
            histogram.view().populated_buckets().map(row).collect()
        };
        let row = |rule: u8, lower: &str, upper: &str, count: f64| {
            (rule, lower.to_string(), upper.to_string(), count)
        };
        assert_eq!(
            shown("{{count:12 sum:100 z_bucket:2 z_bucket_w:0.001 buckets:[2 3 0 1 4]}}"),
            [
                row(3, "-0.001", "0.001", 2.0),
                row(0, "0.5", "1", 2.0),
                row(0, "1", "2", 3.0),
                row(0, "4", "8", 1.0),
                row(0, "8", "16", 4.0)
            ]
        );
        assert_eq!(shown("{{count:1 z_bucket:1}}"), [row(3, "-0", "0", 1.0)]);
    }

    #[test]
    fn literals_read_back() {
        for literal in [
            "{{}}",
            "{{schema:3 count:5 sum:-2.5 z_bucket:1 z_bucket_w:0.001 counter_reset_hint:gauge offset:-3 buckets:[1 0 2] n_offset:4 n_buckets:[1]}}",
            "{{schema:-53 count:3 sum:NaN custom_values:[-5 10] counter_reset_hint:not_reset offset:1 buckets:[1 2]}}",
            "{{schema:-53 custom_values:[]}}",
            "{{count:Inf sum:-Inf}}",
        ] {
            assert_eq!(h(literal).view().literal(), literal);
        }
        assert_eq!(h("{{buckets:[0 1 0]}}").view().literal(), "{{offset:1 buckets:[1]}}");
    }
}
