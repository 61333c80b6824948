//! Deep, long and broken inputs, on a small stack.

mod common;

use common::all;
use promqlite_syntax::{
    DiagnosticKind, MAX_DEPTH, erase_spans, parse_expr, parse_series_desc, pretty, tokenize, tree,
};

const MILLION: usize = 1_000_000;
const MANY: usize = 50_000;

/// Runs `test` on a thread with a stack of 512 KiB.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(test).expect("a thread");
    thread.join().expect("the test passes");
}

/// Parses; when there is a tree, runs every pass over it.
fn exercise(text: &str) -> Result<(), DiagnosticKind> {
    let expr = parse_expr(text, all()).map_err(|error| {
        assert!(!error.render(text).is_empty() && !error.snippet(text).is_empty());
        error.kind
    })?;
    let printed = expr.to_string();
    let mut copy = expr.clone();
    assert!(copy == expr);
    erase_spans(&mut copy);
    assert!(!printed.is_empty() && !pretty(&copy).is_empty() && !tree(&expr).is_empty());
    assert!(!format!("{expr:?}").is_empty());
    Ok(())
}

#[test]
fn nesting_is_limited() {
    on_small_stack(|| {
        let limit = Err(DiagnosticKind::Limit);
        let parens = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
        assert_eq!(exercise(&parens(MILLION)), limit);
        assert_eq!(exercise(&parens(1000)), Ok(()));
        assert_eq!(exercise(&"(".repeat(MILLION)), limit);
        assert_eq!(exercise(&format!("{}a", "-".repeat(MILLION))), limit);
        assert_eq!(exercise(&format!("{}a", "-".repeat(1000))), Ok(()));
        assert_eq!(exercise(&format!("{}a", "- +".repeat(MANY))), limit);
        assert_eq!(exercise(&format!("a{}", "+a".repeat(MILLION))), limit);
        assert_eq!(exercise(&format!("a{}", " or a".repeat(1000))), Ok(()));
        assert_eq!(exercise(&format!("a{}", "^a".repeat(MANY))), limit);
        assert_eq!(exercise(&format!("a{}", "^-a".repeat(MANY))), limit);
        assert_eq!(exercise(&format!("a{}", "[5m:]".repeat(MANY))), limit);
        assert_eq!(exercise(&format!("{}1{}", "rate(".repeat(MANY), ")".repeat(MANY))), limit);
        assert_eq!(exercise(&format!("{}1{}", "rate(".repeat(1000), ")".repeat(1000))), Ok(()));
        assert_eq!(exercise(&format!("{}1{}", "sum(".repeat(1000), ")".repeat(1000))), Ok(()));
        assert_eq!(exercise(&format!("a[1{}]", "+1".repeat(MANY))), limit);
        assert_eq!(exercise(&format!("a[1{}]", "+step()".repeat(1000))), Ok(()));
        assert_eq!(exercise(&format!("a[{}1{}]", "-(".repeat(MANY), ")".repeat(MANY))), limit);
        assert_eq!(exercise(&format!("a offset {}1{}", "-(".repeat(MANY), ")".repeat(MANY))), limit);
        assert_eq!(exercise(&format!("a{}", " offset 0".repeat(100_000))), Ok(()));
    });
}

#[test]
fn the_limit_names_the_offending_token() {
    let deep = MAX_DEPTH as usize;
    let text = format!("{}1{}", "(".repeat(deep + 5), ")".repeat(deep + 5));
    let error = parse_expr(&text, all()).expect_err("too deep");
    assert_eq!(
        error.render(&text),
        format!("1:{}: parse error: expression nests deeper than 2000 levels", deep + 1)
    );
}

#[test]
fn broken_and_huge_inputs_are_errors() {
    on_small_stack(|| {
        for text in [
            "\u{0}",
            "'",
            "\"\\",
            "\"\\u",
            "a[",
            "a[5m:",
            "a{",
            "a{b",
            "#",
            "1 +\n",
            "\u{fffd}",
            "`\u{fffd}`",
            "a @",
            "a offset",
            "sum by",
            "{{",
            "}}",
            "a[1 offset 2]",
            "fill",
            "fill(",
            "on",
            "a + on",
            "1e",
            "0x",
            "a + group_left (",
            ")",
            "]",
            "}",
            "a offset )",
            "a[)]",
            "a offset (5m) + (",
            "\u{1F600}",
            "a[é]",
        ] {
            let _ = exercise(text);
            let _ = parse_series_desc(text);
            let _ = parse_series_desc(&format!("a {text}"));
            let _ = parse_series_desc(&format!("a {{{{{text}"));
        }
        let huge = format!("{{{}}}", "a=\"b\",".repeat(100_000));
        assert_eq!(exercise(&huge), Ok(()));
        let list = format!("sum by ({}) (x)", "a,".repeat(100_000));
        assert_eq!(exercise(&list), Ok(()));
        assert_eq!(tokenize(&"(".repeat(MILLION)).len(), MILLION);
        assert!(exercise(&"a ".repeat(MILLION)).is_err());
        assert!(parse_series_desc(&format!("a{}", " 1x2".repeat(100_000))).is_ok());
        assert!(exercise(&"\"\\x41".repeat(100_000)).is_err());
        assert!(exercise(&format!("\"{}\"", "\\x41".repeat(100_000))).is_ok());
    });
}
