//! What parses, and how it prints.

mod common;

use common::{all, cases};
use promqlite_syntax::ast::Expr;
use promqlite_syntax::series::{Item, STALE_NAN_BITS, SeriesDescription};
use promqlite_syntax::{
    Signature, SignatureSource, ValueType, go_quote, normalize, parse_expr, parse_metric,
    parse_metric_selector, parse_series_desc, pretty, tree,
};

/// Scalars come from these functions, vectors from all others.
struct Signatures;

impl SignatureSource for Signatures {
    fn signature(&self, name: &str) -> Option<Signature> {
        let scalar =
            ["step", "min_of", "max_of", "start", "end", "range", "time", "pi", "scalar"].contains(&name);
        let return_type = if scalar { ValueType::Scalar } else { ValueType::Vector };
        Some(Signature { arg_types: Vec::new(), variadic: -1, return_type })
    }
}

fn parse(text: &str) -> Expr {
    parse_expr(text, all()).unwrap_or_else(|error| panic!("{text}: {}", error.render(text)))
}

#[test]
fn valid_inputs_print_as_prometheus_prints_them() {
    for (input, expected) in cases("valid.txt") {
        let mut expr = parse(&input);
        normalize(&mut expr, &Signatures);
        assert_eq!(expr.to_string(), expected, "{input}");
    }
}

/// Values as in the test data: `[1.000000 _ {count:0, sum:1}]`.
fn show(series: &SeriesDescription) -> String {
    let mut labels: Vec<String> = Vec::new();
    for label in &series.metric.labels {
        let name = label.name.to_string_lossy().into_owned();
        let bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let name = if bare { name } else { go_quote(label.name.as_bytes()) };
        labels.push(format!("{name}={}", go_quote(label.value.as_bytes())));
    }
    let mut values = Vec::new();
    for item in &series.items {
        match item {
            Item::Gap { count } => values.extend((0..*count).map(|_| "_".to_owned())),
            Item::Float(item) => values.extend(item.values().map(|value| format!("{value:.6}"))),
            Item::Histogram(item) => {
                let mut sum = item.base.sum.unwrap_or(0.0);
                for _ in 0..=item.repeat {
                    values.push(format!("{{count:0, sum:{sum}}}"));
                    sum += item.increment.as_ref().and_then(|(_, literal)| literal.sum).unwrap_or(0.0);
                }
            }
        }
    }
    assert_eq!(series.value_count(), Some(values.len() as u64));
    format!("{{{}}} => [{}]", labels.join(", "), values.join(" "))
}

#[test]
fn series_expand() {
    for (input, expected) in cases("series.txt") {
        let series = parse_series_desc(&input).unwrap_or_else(|error| panic!("{}", error.render(&input)));
        assert_eq!(show(&series), expected, "{input}");
    }
}

#[test]
fn stale_markers_keep_their_bits() {
    let series = parse_series_desc("foo stale 017 -1.5 NaN+1x2").unwrap();
    let Item::Float(first) = series.items[0] else { panic!("a float") };
    assert!(first.is_stale());
    assert_eq!(first.values().map(f64::to_bits).collect::<Vec<_>>(), [STALE_NAN_BITS]);
    let Item::Float(octal) = series.items[1] else { panic!("a float") };
    assert_eq!((octal.base, octal.repeat, octal.increment), (15.0, 0, None));
    assert_eq!(series.value_count(), Some(6));
    assert_eq!(parse_series_desc("foo _x18446744073709551615 _").unwrap().value_count(), None);
}

#[test]
fn histogram_literals_hold_what_was_written() {
    let text = "foo {{SCHEMA:-1 sum:-Inf count:2.5 z_bucket:1 z_bucket_w:0.5 offset:-3 buckets:[1 2 -3] \
                n_buckets:[4] n_offset:5 custom_values:[0.5 NaN ] counter_reset_hint:not_reset }}x2 {{ }}";
    let series = parse_series_desc(&text.replace("-Inf", "-1")).unwrap();
    let Item::Histogram(item) = &series.items[0] else { panic!("a histogram") };
    assert_eq!((item.base.schema, item.base.offset, item.base.n_offset), (Some(-1), Some(-3), Some(5)));
    assert_eq!(item.base.buckets.as_deref(), Some(&[1.0, 2.0, -3.0][..]));
    assert!(item.base.custom_values.as_ref().unwrap()[1].is_nan());
    assert!(item.explicit_hint() && item.repeat == 2);
    let Item::Histogram(empty) = &series.items[1] else { panic!("a histogram") };
    assert!(!empty.explicit_hint() && empty.base.sum.is_none());
    assert!(parse_series_desc(text).is_ok(), "sums may be infinite");
}

#[test]
fn metrics_are_sorted() {
    let labels = |text: &str| {
        let metric = parse_metric(text).unwrap();
        let pairs = metric.labels.iter().map(|it| (it.name.to_string_lossy(), it.value.to_string_lossy()));
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(labels(r#"sum{z="1",a="2",e=""}"#), "__name__=sum a=2 z=1");
    assert_eq!(labels(r#"foo{__name__="bar"}"#), "__name__=foo");
    assert_eq!(labels(r#"{"a b",c="d"}"#), "__name__=a b c=d");
    assert_eq!(labels(r#"{e=""}"#), "e=");
    assert_eq!(labels(""), "");
}

#[test]
fn selectors_yield_matchers() {
    let matchers = parse_metric_selector(r#"up{job=~"a|b", "x y"!="z"}"#, all()).unwrap();
    let text: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    assert_eq!(text, [r#"job=~"a|b""#, r#""x y"!="z""#, r#"__name__="up""#]);
    assert!(parse_metric_selector("{}", all()).unwrap().is_empty());
}

#[test]
fn spans_follow_the_source() {
    let text = "sum by (a) (rate(foo{a=\"b\"}[5m] offset 1m @ 5)) > bool 1";
    let Expr::Binary(binary) = parse(text) else { panic!("a comparison") };
    assert_eq!(binary.op_span.slice(text), ">");
    assert_eq!(binary.op_position, binary.op_span.start);
    let Expr::Aggregate(sum) = &*binary.lhs else { panic!("an aggregation") };
    assert_eq!(sum.span.slice(text), "sum by (a) (rate(foo{a=\"b\"}[5m] offset 1m @ 5))");
    assert_eq!(sum.grouping[0].span.slice(text), "a");
    let Expr::Call(rate) = &*sum.expr else { panic!("a call") };
    assert_eq!(rate.parens.slice(text), "(foo{a=\"b\"}[5m] offset 1m @ 5)");
    let Expr::Matrix(matrix) = &*rate.args[0] else { panic!("a range") };
    assert_eq!(matrix.span.slice(text), "foo{a=\"b\"}[5m] offset 1m @ 5");
    assert_eq!(matrix.selector.span.slice(text), "foo{a=\"b\"}");
    assert_eq!(matrix.brackets.slice(text), "[5m]");
    assert_eq!(matrix.selector.matchers[0].span.slice(text), "a=\"b\"");
    let text = "foo # comment\n + bar";
    let Expr::Binary(binary) = parse(text) else { panic!("a sum") };
    assert_eq!((binary.op_position, binary.op_span.start), (4, 15));
}

#[test]
fn long_expressions_are_split() {
    let long = "a_rather_long_metric_name_of_forty_bytes";
    let text = format!(
        "sum by (job, instance) (rate({long}[5m])) / on (job) group_left () ({long} + {long} + {long})"
    );
    let expected = format!(
        "  sum by (job, instance) (rate({long}[5m]))\n/ on (job) group_left ()\n  (\n      {long} + {long}\n    +\n      {long}\n  )"
    );
    assert_eq!(pretty(&parse(&text)), expected);
    assert_eq!(pretty(&parse("a  +  b")), "a + b");
    let call = format!("topk(5, -clamp({long}, {long}, {long}))");
    let expected = format!("topk(\n  5,\n  -clamp(\n    {long},\n    {long},\n    {long}\n  )\n)");
    assert_eq!(pretty(&parse(&call)), expected);
}

#[test]
fn trees_list_nodes() {
    let expected = "binary + on () [0..33]
  aggregate topk by (a) [0..19]
    number 5 [5..6]
    paren [8..11]
      vector b [9..10]
  unary - [27..33]
    matrix c[5m] [28..33]
";
    assert_eq!(tree(&parse("topk(5, (b)) by (a) + on() -c[5m]")), expected);
}
