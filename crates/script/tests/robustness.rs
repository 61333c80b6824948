//! No script makes the parser or a run panic.

use promqlite_script::{Script, engine_options, run};
use proptest::prelude::*;

/// Pieces that scripts are made of, right and wrong.
const PIECES: [&str; 36] = [
    "\n",
    "\n\n",
    " ",
    "  ",
    "load",
    "load_with_nhcb",
    "eval",
    "eval_fail",
    "instant",
    "range",
    "at",
    "from",
    "to",
    "step",
    "1m",
    "0",
    "1ms",
    "x",
    "x_bucket{le=\"1\"}",
    "x_count",
    "x@st",
    "-1m",
    "1",
    "1+2x3",
    "_x4",
    "stale",
    "{{count:1}}",
    "{{schema:1 count:1}}+{{schema:0 count:2 buckets:[1]}}x3",
    "expect",
    "no_warn",
    "msg:",
    "regex: (",
    "string \"é",
    "#",
    "rate(x[5m])",
    "99999999999d",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        if let Ok(script) = Script::parse(&pieces.join(" ")) {
            let report = run(&script, &engine_options());
            prop_assert!(report.aborted.is_some() || report.evals.len() == script.evals().count());
        }
    }

    #[test]
    fn near_scripts_do_not_panic_either(
        items in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..4),
        expected in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..4),
        query in prop::sample::select(&["x", "x[2m]", "\"a\"", "rate(x[5m])", "x + 1", "histogram_count(sum(x))", "1"][..]),
        step in prop::sample::select(&["0", "1m", "1ms", "200y"][..]),
    ) {
        let (items, expected) = (items.join(" "), expected.join(" "));
        let text = format!("load {step}\n x {items}\n\neval instant at {step} {query}\n {expected}\n");
        if let Ok(script) = Script::parse(&text) {
            let _ = run(&script, &engine_options());
        }
    }
}
