//! Deep queries end in an answer or an error, on a small stack too.

use promqlite::{Engine, MemStore, Query, Timestamp};

/// The stack that the queries run on, in bytes.
const STACK: usize = 512 * 1024;

fn ask(text: &str) -> Result<usize, String> {
    let store = MemStore::new();
    for job in ["a", "b"] {
        let series = store.series_of([("__name__", "x_total"), ("job", job)]);
        (0..20).for_each(|i| {
            assert_eq!(store.append(series, i * 10_000, i as f64), promqlite::storage::Appended::New)
        });
    }
    let result = Engine::default().query(&store, &Query::instant(text, Timestamp(190_000)));
    result.map(|result| result.value.series_count()).map_err(|error| error.to_string())
}

fn on_a_small_stack(text: String) -> Result<usize, String> {
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread.spawn(move || ask(&text)).expect("a thread").join().expect("no panic")
}

fn nested(levels: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

#[test]
fn deep_nesting_is_answered() {
    // Each of these is one to three levels of the tree per repetition.
    for (open, inner, close) in [
        ("(", "x_total", ")"),
        ("abs(", "x_total", ")"),
        ("-(", "x_total", ")"),
        ("sum(", "x_total", ")"),
        ("1 + (", "x_total", ")"),
        ("x_total + (", "x_total", ")"),
        ("x_total or (", "x_total", ")"),
        ("label_replace(", "x_total", ", \"l\", \"$1\", \"job\", \"(.)\")"),
        ("vector(scalar(", "vector(1)", "))"),
        ("1 - (", "time()", ")"),
        ("max_over_time((", "x_total", ")[30s:10s])"),
    ] {
        let text = nested(600, open, inner, close);
        let answer = on_a_small_stack(text);
        assert!(answer.as_ref().is_ok_and(|&n| n > 0), "{open}: {answer:?}");
    }
}

#[test]
fn chains_are_answered() {
    for op in [" or ", " + ", " and ", " == "] {
        let text = vec!["x_total"; 1000].join(op);
        assert_eq!(on_a_small_stack(text), Ok(2), "{op}");
    }
}

#[test]
fn a_million_levels_are_an_error() {
    for text in
        [nested(1_000_000, "(", "1", ")"), nested(1_000_000, "-", "x", ""), vec!["1"; 1_000_000].join("+")]
    {
        let answer = on_a_small_stack(text);
        assert!(answer.as_ref().is_err_and(|error| error.contains("parse error")), "{answer:?}");
    }
}
