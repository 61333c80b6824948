//! The texts of everything that can be wrong with a script, with its data, and with a result.

use promqlite_script::{Script, engine_options, run};

/// The error of a script that does not parse: its line and text.
fn parse_error(text: &str) -> (usize, String) {
    let error = Script::parse(text).map(drop).expect_err(text);
    (error.line(), error.to_string())
}

#[test]
fn malformed_scripts() {
    for (script, line, text) in [
        ("hello", 1, "unknown position: parse error: invalid command \"hello\""),
        ("\n# x\n clear\nclearly", 4, "unknown position: parse error: invalid command \"clearly\""),
        (
            "load\n x 1",
            1,
            "unknown position: parse error: invalid load command. (load[_with_nhcb] <step:duration>)",
        ),
        (
            "load 1.5m\n x 1",
            1,
            "unknown position: parse error: invalid step definition \"1.5m\": unknown unit \".\" in duration \"1.5m\"",
        ),
        (
            "load 1m\n  x 1 2 oops",
            2,
            "2:7: parse error: unexpected identifier \"oops\" in series values, expected number or \"stale\"",
        ),
        (
            "load 1m\n x@st 0 0\n x 1",
            3,
            "unknown position: parse error: @st line has 2 values but sample line has 1",
        ),
        (
            "load 1m\n x@st 0\n y 1",
            3,
            "unknown position: parse error: @st metric does not match the following sample line metric",
        ),
        ("load 1m\n x@st 0", 2, "unknown position: parse error: @st line has no following sample line"),
        ("\neval instant at 1m sum(", 2, "2:24: parse error: unclosed left parenthesis"),
        (
            "eval instant at 1m rate(x)",
            1,
            "1:25: parse error: expected type range vector in call to function \"rate\", got instant vector",
        ),
        (
            "eval range from 5m to 1m step 1m x",
            1,
            "error in eval x (line 1): invalid test definition, end timestamp (1m) is before start timestamp (5m)",
        ),
        (
            "eval instant at 0 x\n  x 1 2",
            2,
            "error in eval x (line 1): expecting multiple values in instant evaluation not allowed. consider using 'expect range vector' directive to enable a range vector result for an instant query",
        ),
        (
            "eval instant at 0 x\n  expect maybe",
            2,
            "error in eval x (line 1): invalid expect statement \"expect maybe\"",
        ),
        (
            "eval instant at 0 x\n  expect fail\n  expect fail",
            3,
            "error in eval x (line 1): invalid expect lines, multiple expect fail lines are not allowed",
        ),
        (
            "eval instant at 0 x\n  expect warn\n  expect no_warn",
            1,
            "error in eval x (line 1): invalid expect lines, warn and no_warn cannot be used together",
        ),
        (
            "eval instant at 0 \"a\"\n  expect string a",
            2,
            "error in eval \"a\" (line 1): expected string literal not valid - check that the string is quoted: a",
        ),
    ] {
        let (got_line, got) = parse_error(script);
        assert_eq!(got, text, "{script}");
        assert_eq!(got_line, line, "{script}");
    }
}

#[test]
fn loads_that_fail() {
    for (script, text) in [
        ("load 1m\n x 1 2\n\nload 1m\n x 5", "lies before the newest one at 60000 ms"),
        ("load 1m\n x 1\n\nload 1m\n x 5", "there is another value at 0 ms already"),
        ("load 1m\n x {{count:-1}}", "histogram"),
        ("load_with_nhcb 1m\n x_bucket 1", "a bucket needs the label `le`"),
        ("load_with_nhcb 1m\n x_bucket{le=\"1\"} 3\n x_bucket{le=\"2\"} 1", "less than"),
        ("load_with_nhcb 1m\n x_bucket{le=\"1\"} stale", "a staleness marker makes no histogram"),
        ("load_with_nhcb 1m\n x_bucket{le=\"+Inf\"} 3\n x_count 4", "but its buckets hold 3"),
    ] {
        let report = run(&Script::parse(script).expect(script), &engine_options());
        let error = report.aborted.unwrap_or_else(|| panic!("{script} loads")).to_string();
        assert!(error.contains(text), "{script}: {error}");
    }
}

#[test]
fn an_identical_repeat_is_no_conflict() {
    let script =
        Script::parse("load 1m\n x 1 2\n\nload 1m\n x _ 2 3\n\neval instant at 2m x\n  x 3").unwrap();
    assert!(run(&script, &engine_options()).is_success());
}

const DATA: &str = "load 1m
  x{k=\"1\"} 1 2
  x{k=\"2\"} 3 4
  h {{count:2 sum:1 buckets:[2]}}

";

#[test]
fn results_that_are_wrong() {
    for (eval, text) in [
        (
            "eval instant at 0 x{k=\"1\"}\n x{k=\"1\"} 5",
            "error in eval x{k=\"1\"} (line 6): expected 5 for {__name__=\"x\", k=\"1\"} but got 1",
        ),
        (
            "eval instant at 0 x{k=\"1\"}",
            "error in eval x{k=\"1\"} (line 6): unexpected metric {__name__=\"x\", k=\"1\"} in result, has value 1",
        ),
        (
            "eval instant at 0 nope\n x 1",
            "error in eval nope (line 6): expected metric {__name__=\"x\"} with 1: [1.000000] not found",
        ),
        (
            "eval instant at 0 sort_desc(x)\n expect ordered\n x{k=\"1\"} 1\n x{k=\"2\"} 3",
            "error in eval sort_desc(x) (line 6): expected metric {__name__=\"x\", k=\"2\"} with [3.000000] at position 2 but was at 1",
        ),
        (
            "eval instant at 0 h\n h 2",
            "error in eval h (line 6): expected float value 2 for {__name__=\"h\"} but got histogram {{count:2 sum:1 buckets:[2]}}",
        ),
        (
            "eval instant at 0 h\n h {{count:2 sum:2 buckets:[2]}}",
            "error in eval h (line 6): expected {{count:2 sum:2 buckets:[2]}} for {__name__=\"h\"} but got {{count:2 sum:1 buckets:[2]}}",
        ),
        ("eval instant at 0 5\n 6", "error in eval 5 (line 6): expected scalar 6 but got 5"),
        (
            "eval instant at 0 h\n 6",
            "error in eval h (line 6): expected scalar result, but query returned a vector",
        ),
        (
            "eval range from 0 to 1m step 1m x{k=\"1\"}\n x{k=\"1\"} 1 5",
            "error in eval x{k=\"1\"} (line 6): expected float value at index 1 (t=60000) for {__name__=\"x\", k=\"1\"} to be 5, but got 2 (result has 2 float points [1 @[0] 2 @[60000]] and 0 histogram points [])",
        ),
        (
            "eval range from 0 to 1m step 1m x{k=\"1\"}\n x{k=\"1\"} 1",
            "error in eval x{k=\"1\"} (line 6): expected 1 float points and 0 histogram points for {__name__=\"x\", k=\"1\"}, but got 2 float points [1 @[0] 2 @[60000]] and 0 histogram points []",
        ),
        (
            "eval range from 0 to 1m step 1m x{k=\"1\"}\n x{k=\"1\"} 1 2 _",
            "error in eval x{k=\"1\"} (line 6): expected 3 points for {__name__=\"x\", k=\"1\"}, but query time range cannot return this many points",
        ),
        (
            "eval instant at 0 x + on() x",
            "error evaluating query \"x + on() x\" (line 6): found duplicate series",
        ),
        (
            "eval instant at 0 h\n expect fail\n",
            "expected error evaluating query \"h\" (line 6) but got none",
        ),
        (
            "eval instant at 0 topk(NaN, x)\n expect fail msg: else",
            "expected error matching \"else\" evaluating query \"topk(NaN, x)\" (line 6), but got: Parameter value is NaN",
        ),
        (
            "eval instant at 0 h\n expect info\n",
            "expected info annotations but none were found for query \"h\" (line 6)",
        ),
        (
            "eval instant at 0 h + 1\n expect no_info\n",
            "unexpected info annotations evaluating query \"h + 1\" (line 6): [PromQL info: incompatible sample types",
        ),
    ] {
        let script =
            Script::parse(&format!("{DATA}{eval}")).unwrap_or_else(|error| panic!("{eval}: {error}"));
        let report = run(&script, &engine_options());
        let failure = report.evals[0].outcome.as_ref().expect_err(eval);
        assert!(failure.message.starts_with(text), "{eval}\n got {}\nwant {text}", failure.message);
        assert_eq!((report.passed(), report.failed()), (0, 1));
    }
}

#[test]
fn failures_show_both_sides() {
    let script = Script::parse(&format!("{DATA}eval instant at 0 x\n x{{k=\"1\"}} 1\n y 7")).unwrap();
    let report = run(&script, &engine_options());
    let failure = report.evals[0].outcome.as_ref().unwrap_err();
    let side = |text: &str| Some(text.to_owned());
    let rows: Vec<_> = failure
        .comparison
        .iter()
        .map(|r| (r.series.as_str(), r.expected.clone(), r.actual.clone()))
        .collect();
    assert_eq!(
        rows,
        [
            ("x{k=\"1\"}", side("[1]"), side("[1]")),
            ("y", side("[7]"), None),
            ("x{k=\"2\"}", None, side("[3]")),
        ]
    );
}

#[test]
fn instant_queries_are_run_as_range_queries_too() {
    // A minute earlier there is no data, so that the parameter is NaN.
    let query = "topk(scalar(x{k=\"1\"}), x)";
    let script = Script::parse(&format!("{DATA}eval instant at 0 {query}\n x{{k=\"2\"}} 3")).unwrap();
    let report = run(&script, &engine_options());
    let failure = report.evals[0].outcome.as_ref().unwrap_err();
    let text = "error evaluating query \"topk(scalar(x{k=\\\"1\\\"}), x)\" (line 6) in range mode: Parameter value is NaN";
    assert_eq!(failure.message, text);
}

#[test]
fn deprecated_words_still_work() {
    let script = Script::parse(&format!(
        "{DATA}eval_fail instant at 0 topk(NaN, x)
           expected_fail_message Parameter value is NaN

         eval_fail instant at 0 topk(NaN, x)
           expected_fail_regexp value .* NaN

         eval_info instant at 0 h + 1

         eval_warn instant at 0 quantile(2, x)
           {{}} +Inf

         eval_ordered instant at 0 sort_desc(x)
           x{{k=\"2\"}} 3
           x{{k=\"1\"}} 1
        "
    ));
    let report = run(&script.unwrap(), &engine_options());
    assert_eq!((report.passed(), report.failed()), (5, 0), "{report:?}");
}
