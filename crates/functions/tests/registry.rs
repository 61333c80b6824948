//! Holds the one list of functions and the one of aggregations to account.

use promqlite_functions::{Function, aggregation, aggregations, function, functions};
use promqlite_model::ValueType::{self, Matrix as M, Scalar as S, String as Str, Vector as V};

/// Name, experimental, declared arguments, variadic, result.
type Signature = (&'static str, bool, &'static [ValueType], i32, ValueType);

const STABLE: bool = false;
const EXPERIMENTAL: bool = true;

#[rustfmt::skip]
const FUNCTIONS: &[Signature] = &[
    ("abs", STABLE, &[V], 0, V),
    ("absent", STABLE, &[V], 0, V),
    ("absent_over_time", STABLE, &[M], 0, V),
    ("acos", STABLE, &[V], 0, V),
    ("acosh", STABLE, &[V], 0, V),
    ("asin", STABLE, &[V], 0, V),
    ("asinh", STABLE, &[V], 0, V),
    ("atan", STABLE, &[V], 0, V),
    ("atanh", STABLE, &[V], 0, V),
    ("avg_over_time", STABLE, &[M], 0, V),
    ("ceil", STABLE, &[V], 0, V),
    ("changes", STABLE, &[M], 0, V),
    ("clamp", STABLE, &[V, S, S], 0, V),
    ("clamp_max", STABLE, &[V, S], 0, V),
    ("clamp_min", STABLE, &[V, S], 0, V),
    ("cos", STABLE, &[V], 0, V),
    ("cosh", STABLE, &[V], 0, V),
    ("count_over_time", STABLE, &[M], 0, V),
    ("day_of_month", STABLE, &[V], 1, V),
    ("day_of_week", STABLE, &[V], 1, V),
    ("day_of_year", STABLE, &[V], 1, V),
    ("days_in_month", STABLE, &[V], 1, V),
    ("deg", STABLE, &[V], 0, V),
    ("delta", STABLE, &[M], 0, V),
    ("deriv", STABLE, &[M], 0, V),
    ("double_exponential_smoothing", EXPERIMENTAL, &[M, S, S], 0, V),
    ("end", EXPERIMENTAL, &[], 0, S),
    ("exp", STABLE, &[V], 0, V),
    ("first_over_time", STABLE, &[M], 0, V),
    ("floor", STABLE, &[V], 0, V),
    ("histogram_avg", STABLE, &[V], 0, V),
    ("histogram_count", STABLE, &[V], 0, V),
    ("histogram_fraction", STABLE, &[S, S, V], 0, V),
    ("histogram_quantile", STABLE, &[S, V], 0, V),
    ("histogram_quantiles", EXPERIMENTAL, &[V, Str, S, S], 9, V),
    ("histogram_stddev", STABLE, &[V], 0, V),
    ("histogram_stdvar", STABLE, &[V], 0, V),
    ("histogram_sum", STABLE, &[V], 0, V),
    ("hour", STABLE, &[V], 1, V),
    ("idelta", STABLE, &[M], 0, V),
    ("increase", STABLE, &[M], 0, V),
    ("info", EXPERIMENTAL, &[V, V], 1, V),
    ("irate", STABLE, &[M], 0, V),
    ("label_join", STABLE, &[V, Str, Str, Str], -1, V),
    ("label_replace", STABLE, &[V, Str, Str, Str, Str], 0, V),
    ("last_over_time", STABLE, &[M], 0, V),
    ("ln", STABLE, &[V], 0, V),
    ("log10", STABLE, &[V], 0, V),
    ("log2", STABLE, &[V], 0, V),
    ("mad_over_time", EXPERIMENTAL, &[M], 0, V),
    ("max_of", EXPERIMENTAL, &[S, S], 0, S),
    ("max_over_time", STABLE, &[M], 0, V),
    ("min_of", EXPERIMENTAL, &[S, S], 0, S),
    ("min_over_time", STABLE, &[M], 0, V),
    ("minute", STABLE, &[V], 1, V),
    ("month", STABLE, &[V], 1, V),
    ("pi", STABLE, &[], 0, S),
    ("predict_linear", STABLE, &[M, S], 0, V),
    ("present_over_time", STABLE, &[M], 0, V),
    ("quantile_over_time", STABLE, &[S, M], 0, V),
    ("rad", STABLE, &[V], 0, V),
    ("range", EXPERIMENTAL, &[], 0, S),
    ("rate", STABLE, &[M], 0, V),
    ("resets", STABLE, &[M], 0, V),
    ("round", STABLE, &[V, S], 1, V),
    ("scalar", STABLE, &[V], 0, S),
    ("sgn", STABLE, &[V], 0, V),
    ("sin", STABLE, &[V], 0, V),
    ("sinh", STABLE, &[V], 0, V),
    ("sort", STABLE, &[V], 0, V),
    ("sort_by_label", EXPERIMENTAL, &[V, Str], -1, V),
    ("sort_by_label_desc", EXPERIMENTAL, &[V, Str], -1, V),
    ("sort_desc", STABLE, &[V], 0, V),
    ("sqrt", STABLE, &[V], 0, V),
    ("start", EXPERIMENTAL, &[], 0, S),
    ("start_timestamp", EXPERIMENTAL, &[V], 0, V),
    ("stddev_over_time", STABLE, &[M], 0, V),
    ("stdvar_over_time", STABLE, &[M], 0, V),
    ("step", EXPERIMENTAL, &[], 0, S),
    ("sum_over_time", STABLE, &[M], 0, V),
    ("tan", STABLE, &[V], 0, V),
    ("tanh", STABLE, &[V], 0, V),
    ("time", STABLE, &[], 0, S),
    ("timestamp", STABLE, &[V], 0, V),
    ("ts_of_first_over_time", EXPERIMENTAL, &[M], 0, V),
    ("ts_of_last_over_time", EXPERIMENTAL, &[M], 0, V),
    ("ts_of_max_over_time", EXPERIMENTAL, &[M], 0, V),
    ("ts_of_min_over_time", EXPERIMENTAL, &[M], 0, V),
    ("vector", STABLE, &[S], 0, V),
    ("year", STABLE, &[V], 1, V),
];

const AGGREGATIONS: &[(&str, bool, Option<ValueType>)] = &[
    ("avg", STABLE, None),
    ("bottomk", STABLE, Some(S)),
    ("count", STABLE, None),
    ("count_values", STABLE, Some(Str)),
    ("group", STABLE, None),
    ("limit_ratio", EXPERIMENTAL, Some(S)),
    ("limitk", EXPERIMENTAL, Some(S)),
    ("max", STABLE, None),
    ("min", STABLE, None),
    ("quantile", STABLE, Some(S)),
    ("stddev", STABLE, None),
    ("stdvar", STABLE, None),
    ("sum", STABLE, None),
    ("topk", STABLE, Some(S)),
];

fn signature(f: &Function) -> Signature {
    (f.name, f.experimental, f.args, f.variadic, f.returns)
}

#[test]
fn names_are_sorted_and_unique() {
    assert!(functions().is_sorted_by(|a, b| a.name < b.name));
    assert!(aggregations().is_sorted_by(|a, b| a.name < b.name));
}

#[test]
fn signatures_are_those_of_the_language() {
    let declared: Vec<_> = functions().iter().map(|f| signature(f)).collect();
    for expected in FUNCTIONS {
        let found = declared.iter().find(|found| found.0 == expected.0);
        assert_eq!(found, Some(expected));
    }
    assert_eq!(declared, FUNCTIONS);
    let declared: Vec<_> = aggregations().iter().map(|a| (a.name, a.experimental, a.param)).collect();
    assert_eq!(declared, AGGREGATIONS);
}

#[test]
fn names_find_their_definitions() {
    for f in functions() {
        assert!(function(f.name).is_some_and(|found| std::ptr::eq(found, *f)), "{}", f.name);
    }
    for a in aggregations() {
        assert!(aggregation(a.name).is_some_and(|found| std::ptr::eq(found, *a)), "{}", a.name);
    }
    assert!(function("Rate").is_none() && function("").is_none() && aggregation("rate").is_none());
}

/// Summaries are one sentence; examples call what they are examples of.
#[test]
fn everything_is_documented() {
    let functions = functions().iter().map(|f| (f.name, f.doc));
    for (name, doc) in functions.chain(aggregations().iter().map(|a| (a.name, a.doc))) {
        assert!(doc.summary.ends_with('.') && doc.summary.len() > 10, "{name}: {}", doc.summary);
        assert!(
            doc.summary.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()),
            "{name}: {}",
            doc.summary
        );
        let called = doc.example.match_indices(name).any(|(at, _)| {
            let behind = doc.example[at + name.len()..].trim_start();
            let before = doc.example[..at].chars().next_back();
            let starts_word = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            starts_word
                && (behind.starts_with('(') || behind.starts_with("by ") || behind.starts_with("without "))
        });
        assert!(called, "{name}: {}", doc.example);
        let balance =
            |open: char, close: char| doc.example.matches(open).count() == doc.example.matches(close).count();
        assert!(balance('(', ')') && balance('{', '}') && balance('[', ']'), "{name}: {}", doc.example);
    }
}

/// Where a function takes more or fewer arguments than it declares, the declared ones must be able to repeat.
#[test]
fn variadic_functions_declare_what_repeats() {
    for f in functions() {
        assert!(f.variadic == 0 || !f.args.is_empty(), "{}", f.name);
        assert!(f.variadic >= -1, "{}", f.name);
        assert!(f.args.iter().filter(|arg| **arg == M).count() <= 1, "{}: one range vector at most", f.name);
    }
}
