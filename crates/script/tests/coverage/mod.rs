//! Whether our scripts have everything: an eval for each function, aggregation and operator, and one that expects each
//! annotation and each error of evaluation, word for word.

use std::collections::BTreeSet;

use libtest_mimic::{Failed, Trial};
use promqlite::functions;
use promqlite::syntax::ast::{BinaryOp, Expr};
use promqlite::syntax::{ParseOptions, parse_expr, walk};
use promqlite_script::{AnnotationRule, Eval, TextMatch};

/// What every warning says, without what depends on the data.
const WARNINGS: &[&str] = &[
    "ratio value should be between -1 and 1, got ",
    "quantile value should be between 0 and 1, got ",
    "bucket label \"le\" is missing or has a malformed value of ",
    "encountered a mix of histograms and floats for metric name ",
    "encountered a mix of histograms and floats for aggregation",
    "vector contains a mix of classic and native histograms",
    "this native histogram metric is not a counter: ",
    "this native histogram metric is not a gauge: ",
    "vector contains a mix of histograms with exponential and custom buckets schemas for metric name ",
    "incompatible bucket layout encountered for binary operator ",
    "sort is ineffective for range queries since results are always ordered by labels",
    "conflicting counter resets during histogram addition",
    "conflicting counter resets during histogram subtraction",
    "conflicting counter resets during histogram aggregation",
    "sample has start time that overlaps with previous sample timestamp for metric ",
];

/// What every info says, without what depends on the data.
const INFOS: &[&str] = &[
    "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ",
    "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got ",
    "input to histogram_quantile needed to be fixed for monotonicity ",
    "incompatible sample types encountered for binary operator ",
    "ignored histogram in bottomk aggregation",
    "ignored histogram in max aggregation",
    "ignored histogram in min aggregation",
    "ignored histogram in quantile aggregation",
    "ignored histogram in stddev aggregation",
    "ignored histogram in stdvar aggregation",
    "ignored histogram in topk aggregation",
    "ignored histograms in a range containing both floats and histograms for metric name ",
    "input to histogram_quantile has NaN observations, result is NaN",
    "input to histogram_quantile has NaN observations, result is skewed higher",
    "input to histogram_fraction has NaN observations, which are excluded from all fractions",
    "mismatched custom buckets were reconciled during addition",
    "mismatched custom buckets were reconciled during subtraction",
    "mismatched custom buckets were reconciled during aggregation",
];

/// What every error of evaluation says that data and query alone can lead to.
const ERRORS: &[&str] = &[
    "vector cannot contain metrics with the same labelset",
    "on the right hand-side of the operation: ",
    "on the left hand-side of the operation: ",
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
    "multiple matches for labels: grouping labels must ensure unique matches",
    "Parameter value is NaN",
    "Ratio value is NaN",
    " overflows int64",
    " underflows int64",
    "invalid label name ",
    "invalid regular expression in label_replace(): ",
    "invalid destination label name in label_replace(): ",
    "invalid destination label name in label_join(): ",
    "invalid source label name in label_join(): ",
    "invalid smoothing factor. Expected: 0 < sf < 1, got: ",
    "invalid trend factor. Expected: 0 < tf < 1, got: ",
    "anchored modifier can only be used with: changes, delta, increase, rate, resets - not with ",
    "smoothed modifier can only be used with: delta, increase, rate - not with ",
    "anchored modifier is not supported with histograms",
    "smoothed modifier is not supported with histograms",
    "not allowed for Scalar operations",
    ": duration must be greater than 0",
    ": division by zero",
    ": modulo by zero",
    ": duration is NaN or infinite",
    ": duration is out of range",
    "this should be an info metric, with float samples: ",
    "found duplicate series for info metric: existing ",
    "conflicting label: ",
];

/// The tests of coverage.
pub(crate) fn trials(evals: &[&Eval]) -> Vec<Trial> {
    let warnings: Vec<&TextMatch> = evals.iter().flat_map(|eval| wanted(&eval.warnings)).collect();
    let infos: Vec<&TextMatch> = evals.iter().flat_map(|eval| wanted(&eval.infos)).collect();
    let errors: Vec<&TextMatch> = evals.iter().filter_map(|eval| eval.fail.as_ref()).collect();
    vec![
        operations_trial(evals),
        texts_trial("every warning is expected", "PromQL warning: ", WARNINGS, &warnings),
        texts_trial("every info is expected", "PromQL info: ", INFOS, &infos),
        texts_trial("every error of evaluation is expected", "", ERRORS, &errors),
    ]
}

fn wanted(rule: &AnnotationRule) -> &[TextMatch] {
    match rule {
        AnnotationRule::Matching(texts) => texts,
        AnnotationRule::Unrestricted | AnnotationRule::Some | AnnotationRule::None => &[],
    }
}

fn operations_trial(evals: &[&Eval]) -> Trial {
    let mut used = BTreeSet::new();
    for eval in evals.iter().filter(|eval| eval.fail.is_none()) {
        let expr = parse_expr(&eval.query, ParseOptions::PERMISSIVE).expect("a checked query");
        walk(&expr, &mut |node| {
            match node {
                Expr::Call(call) => used.insert(call.func.clone()),
                Expr::Aggregate(aggregate) => used.insert(aggregate.op.to_string()),
                Expr::Binary(binary) => used.insert(binary.op.to_string()),
                _ => false,
            };
        });
    }
    let functions = functions::functions().iter().map(|function| function.name.to_owned());
    let aggregations = functions::aggregations().iter().map(|aggregation| aggregation.name.to_owned());
    let operators = BinaryOp::ALL.iter().map(ToString::to_string);
    let missing: Vec<String> =
        functions.chain(aggregations).chain(operators).filter(|name| !used.contains(name)).collect();
    Trial::test("every function, aggregation and operator is evaluated", move || match missing.as_slice() {
        [] => Ok(()),
        missing => Err(Failed::from(format!("no eval uses {}", missing.join(", ")))),
    })
}

/// Each of `texts` must be in an exact expectation of some eval, behind `prefix`.
fn texts_trial(name: &str, prefix: &str, texts: &[&str], expected: &[&TextMatch]) -> Trial {
    let exact: Vec<&str> = expected
        .iter()
        .filter_map(|expectation| match expectation {
            TextMatch::Exact(text) => Some(text.as_str()),
            TextMatch::Any | TextMatch::Pattern { .. } => None,
        })
        .collect();
    let is_missing =
        |text: &&&str| !exact.iter().any(|known| known.starts_with(prefix) && known.contains(**text));
    let missing: Vec<String> = texts.iter().filter(is_missing).map(|text| format!("`{text}`")).collect();
    Trial::test(name, move || match missing.as_slice() {
        [] => Ok(()),
        missing => Err(Failed::from(format!("no eval expects {}", missing.join(", ")))),
    })
}
