//! Patterns that try to exhaust the stack or the memory get an error or an answer, never an abort.

use std::fmt::Write as _;

use promqlite_regex::{Regex, RegexErrorReason, Template};
use proptest::prelude::*;

/// Runs on a stack of 512 KiB, as small as threads commonly come.
fn on_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 << 10).spawn(work).unwrap().join().unwrap();
}

fn reason(pattern: &str) -> Option<RegexErrorReason> {
    Regex::new(pattern).err().map(|error| error.reason())
}

/// Compiles without printing huge patterns on failure.
fn valid(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| panic!("{}", error.reason()))
}

fn nested(open: &str, depth: usize) -> String {
    format!("{}a{}", open.repeat(depth), ")".repeat(depth))
}

#[test]
fn nesting_up_to_the_limit_works_on_a_small_stack() {
    on_small_stack(|| {
        let strings = "b".repeat(300) + "a";
        for (open, value) in [("(", "a"), ("(b|", "a"), ("(b", strings.as_str()), ("(x|(?:y)?", "a")] {
            let regex = valid(&nested(open, 300));
            assert!(regex.is_match(value), "{open}");
            assert!(!regex.is_match("c"));
            assert_eq!(regex.replace(value, &Template::new("$1")).as_deref(), Some(value));
        }
        let stars = format!("a{}", "*(?i)".repeat(998));
        assert!(valid(&stars).is_match("aaa"));
    });
}

#[test]
fn nesting_is_limited_as_in_go() {
    on_small_stack(|| {
        assert_eq!(reason(&nested("(", 999)), None);
        assert_eq!(reason(&nested("(", 1000)), Some(RegexErrorReason::NestingDepth));
        assert_eq!(reason(&nested("(b", 500)), None);
        assert_eq!(reason(&nested("(b", 501)), Some(RegexErrorReason::NestingDepth));
        assert_eq!(reason(&nested("(b|", 500)), None);
        assert_eq!(reason(&nested("(b|", 501)), Some(RegexErrorReason::NestingDepth));
        assert_eq!(reason(&format!("a{}", "*(?i)".repeat(999))), None);
        assert_eq!(reason(&nested("(?:", 100_000)), None);
        assert_eq!(reason(&nested("(", 100_000)), Some(RegexErrorReason::NestingDepth));
        assert_eq!(reason(&"(".repeat(100_000)), Some(RegexErrorReason::MissingParen));
        assert_eq!(reason(&format!("a{}", "*(?i)".repeat(1000))), Some(RegexErrorReason::NestingDepth));
        let equal_branches = format!("{0}|{0}b|{0}c", nested("(", 900));
        assert!(valid(&equal_branches).is_match("ab"));
    });
}

#[test]
fn size_is_limited() {
    for pattern in [
        r"\pL{1000}".repeat(50),
        r"\pL".repeat(100_000),
        "[\\pL\\d]".repeat(3_000),
        "(?:a{1000}b{1000}){0,1}".repeat(2000),
    ] {
        assert_eq!(reason(&pattern), Some(RegexErrorReason::TooLarge));
    }
    assert_eq!(reason(&".{1000}".repeat(20)), None);
    assert_eq!(reason(r"\pL{1000}"), None);
}

#[test]
fn long_alternations_stay_sets() {
    let mut pattern = String::new();
    for index in 0..20_000 {
        write!(pattern, r"|host-{index}\.example\.com:9100").unwrap();
    }
    let regex = valid(&pattern[1..]);
    assert_eq!(regex.literals().map(<[_]>::len), Some(20_000));
    assert!(regex.is_match("host-19999.example.com:9100"));
    assert!(!regex.is_match("host-20000.example.com:9100"));
    assert_eq!(regex.prefix(), "host-");
    let captured = valid(&format!("({})", &pattern[1..]));
    assert_eq!(captured.literals(), regex.literals());
    let value = "host-7.example.com:9100";
    for regex in [&regex, &captured] {
        assert_eq!(regex.replace(value, &Template::new("<$0>")), Some(format!("<{value}>")));
    }
    assert_eq!(captured.replace(value, &Template::new("$1")).as_deref(), Some(value));
}

#[test]
fn spelling_out_does_not_explode() {
    let wide = (0..5_000).map(|index| format!("x{index}")).collect::<Vec<_>>().join("|");
    for pattern in [
        format!("({wide})({wide})"),
        format!("{}({wide})", "y".repeat(50_000)),
        "a.*".repeat(20_000),
        "(a?)".repeat(1_000),
        format!("({wide}){}", "()".repeat(400)),
    ] {
        assert!(!valid(&pattern).is_match("z"));
    }
}

fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        "é",
        ".",
        "*",
        "+",
        "?",
        "{2}",
        "{2,}",
        "{0}",
        "{1,3}",
        "{1000}",
        "(",
        ")",
        "(?:",
        "(?i)",
        "(?m)",
        "(?s-",
        "(?P<n>",
        "[",
        "]",
        "[^",
        "-",
        "^",
        "$",
        "|",
        r"\d",
        r"\pL",
        r"\p{Greek}",
        r"\P{",
        r"\Q",
        r"\E",
        r"\x",
        r"\x{61}",
        r"\b",
        r"\",
        "[:alpha:]",
        "}",
        "{",
        ",",
        "0",
    ])
}

proptest! {
    #[test]
    fn no_pattern_panics(tokens in prop::collection::vec(token(), 0..12), value in "[abé0]{0,4}") {
        let pattern = tokens.concat();
        for regex in [Regex::new(&pattern), Regex::for_label_replace(&pattern)].into_iter().flatten() {
            let matches = regex.is_match(&value);
            prop_assert_eq!(regex.replace(&value, &Template::new("$0")).is_some(), matches);
        }
    }

    #[test]
    fn no_text_panics(pattern in any::<String>(), value in any::<String>(), template in any::<String>()) {
        if let Ok(regex) = Regex::new(&pattern) {
            let matches = regex.is_match(&value);
            prop_assert_eq!(regex.replace(&value, &Template::new(&template)).is_some(), matches);
        }
    }
}
