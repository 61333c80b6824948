//! Exit codes, streams and odd circumstances.

use std::io::{Read, Write};
use std::process::{Output, Stdio};

use super::clean;

const SHOP: &str = "tests/data/shop.om";

fn promqlite(args: &[&str]) -> Output {
    clean(env!("CARGO_BIN_EXE_promqlite")).args(args).stdin(Stdio::null()).output().expect("the program runs")
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    for (args, code) in [
        (&["query", SHOP, "up"][..], 0),
        (&["query", SHOP, "nothing_like_it"], 0),
        (&["query", "1"], 0),
        (&["--help"], 0),
        (&["--version"], 0),
        // The data or the query failed.
        (&["query", SHOP, "label_replace(up, \"instance\", \"\", \"instance\", \".*\")"], 1),
        (&["query", "tests/cli/data/broken.prom", "up"], 1),
        (&["query", "Cargo.toml", "up"], 1),
        (&["query", SHOP, "up", "--max-samples", "1", "--last", "10m"], 1),
        // Usage and files.
        (&["query"], 2),
        (&["query", SHOP], 2),
        (&["query", "missing.om", "up"], 2),
        (&["query", "missing-*.om", "up"], 2),
        (&["missing.om"], 2),
        (&["query", SHOP, "up", "--at", "yesterday"], 2),
        (&["query", SHOP, "up", "--at", "1", "--last", "1h"], 2),
        (&["query", SHOP, "up", "--step", "1m"], 2),
        (&["query", SHOP, "up", "--start", "now", "--end", "now-1h"], 2),
        (&["query", SHOP, "up", "--format", "xml"], 2),
        (&["query", SHOP, "up", "--enable-feature", "promql-nonsense"], 2),
        (&["query", SHOP, "up", "--input-format", "xml"], 2),
        (&["query", SHOP, "up", "--threads", "0"], 2),
        (&["-"], 2),
        // No query.
        (&["query", SHOP, "sum("], 3),
        (&["query", SHOP, "missing.om", "-q", "up"], 2),
        (&["query", SHOP, "-q", "sum by (x"], 3),
        (&["fmt", "sum(up"], 3),
        (&["ast", "1 +"], 3),
        (&["explain", "1 +"], 3),
    ] {
        let output = promqlite(args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(code == 0 || !told.trim().is_empty(), "{args:?} fails without a word");
    }
}

#[test]
fn failures_print_no_data() {
    for args in [&["query", SHOP, "sum("][..], &["query", "missing.om", "up"]] {
        assert!(promqlite(args).stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn json_is_the_body_of_the_api() {
    let lamps = "tests/cli/data/lamps.om";
    for (query, body) in [
        (
            "lamp_switches_total",
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"lamp_switches_total","house":"h1"},"value":[1700000060,"4"]}]}}"#,
        ),
        ("1 / 0", r#"{"status":"success","data":{"resultType":"scalar","result":[1700000060,"+Inf"]}}"#),
        ("\"a<b\"", r#"{"status":"success","data":{"resultType":"string","result":[1700000060,"a<b"]}}"#),
        ("nothing", r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#),
        (
            "lamp_switches_total[40s]",
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"lamp_switches_total","house":"h1"},"values":[[1700000030,"3"],[1700000060,"4"]]}]}}"#,
        ),
        (
            "1 +",
            r#"{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:4: parse error: unexpected end of input"}"#,
        ),
    ] {
        let output = promqlite(&["query", lamps, "--format", "json", "-q", query]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), body, "{query}");
    }
}

#[test]
fn standard_input_can_be_the_data() {
    let mut child = clean(env!("CARGO_BIN_EXE_promqlite"))
        .args(["query", "-", "sum(a)"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"a{b=\"1\"} 1 1700000000000\na{b=\"2\"} 2 1700000000000\n").expect("the program reads");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "value\n─────\n    3\n");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = clean(env!("CARGO_BIN_EXE_promqlite"))
        .args(["query", SHOP, "{__name__!=\"\"}", "--last", "30m", "--step", "1s", "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut first = [0; 16];
    let mut out = child.stdout.take().expect("a pipe");
    out.read_exact(&mut first).expect("some output");
    drop(out);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn piped_output_is_never_coloured() {
    let output = promqlite(&["query", SHOP, "sum("]);
    assert!(!output.stderr.contains(&0x1b));
}
