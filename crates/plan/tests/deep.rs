//! The deepest trees that the parser allows, on a small stack.

mod common;

use common::range;
use promqlite_plan::{Rewrites, explain, lower, parse};
use promqlite_syntax::Features;

/// Runs `test` on a thread with a stack of 512 KiB.
fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(test).expect("a thread");
    thread.join().expect("the test passes");
}

/// A text that nests as deep as it may: `shape` is asked for deeper and deeper ones until one is refused.
fn deepest(shape: impl Fn(usize) -> String) -> String {
    let (mut fits, mut fails) = (1, 5_000);
    assert!(parse(&shape(fails), Features::ALL).is_err());
    while fails - fits > 1 {
        let middle = (fits + fails) / 2;
        if parse(&shape(middle), Features::ALL).is_ok() { fits = middle } else { fails = middle }
    }
    assert!(fits >= 300, "only {fits} levels of {}", shape(1));
    shape(fits)
}

#[test]
fn deep_trees_pass_through_every_stage() {
    on_small_stack(|| {
        let nest = |open: &'static str, close: &'static str| {
            move |n: usize| format!("{}a{}", open.repeat(n), close.repeat(n))
        };
        let mut texts = vec![
            deepest(nest("(", ")")),
            deepest(nest("-", "")),
            deepest(nest("abs(", ")")),
            deepest(nest("sum by (x) (", ")")),
            deepest(nest("topk(scalar(", "), b)")),
            deepest(nest("(1 + ", ")")),
            deepest(nest("rate(", "[5m:])")),
            deepest(nest("info(", ", {x=\"y\"})")),
            deepest(nest("1 ^ ", "")),
            deepest(nest("", " and a")),
            deepest(nest("", " + a")),
            deepest(nest("timestamp(", ")")),
        ];
        texts.push(deepest(|n| format!("foo offset {}1{}", "-(".repeat(n), "+step())".repeat(n))));
        texts.push(deepest(|n| format!("{}1{}", "scalar(vector(".repeat(n), "))".repeat(n))));
        for text in texts {
            let expr = parse(&text, Features::ALL).expect("a right query");
            let params = range(1000, 2000, 100);
            let mut plan = lower(&expr.clone(), &params).expect("a plan");
            let printed = explain(&mut plan, Rewrites::ALL).to_string();
            assert!(!printed.is_empty() && !format!("{plan:?}{expr:?}").is_empty());
        }
    });
}
