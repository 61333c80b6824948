use std::sync::Arc;
use std::time::{Duration, Instant};

use promqlite::MemStore;
use promqlite::storage::{Metadata, MetricKind};

use super::*;
use crate::dataset::Dataset;

fn names() -> Names {
    let store = MemStore::new();
    for (metric, labels) in [
        ("up", &[("job", "api"), ("instance", "a:1")][..]),
        ("up", &[("job", "db.main"), ("instance", "b:1")]),
        ("requests_total", &[("job", "api"), ("code", "200")]),
        ("requests_total", &[("job", "api"), ("code", "5\"00")]),
        ("my.metric", &[("my.label", "x")]),
    ] {
        let id = store.series_of(labels.iter().copied().chain([("__name__", metric)]));
        (0..3).for_each(|i| {
            store.append(id, i * 15_000, 1.0);
        });
    }
    store.set_metadata(Metadata {
        family: "requests".into(),
        kind: MetricKind::Counter,
        help: "Requests that were answered.".into(),
        ..Metadata::default()
    });
    Names::of(&Dataset::of_store(Arc::new(store)), 0)
}

/// What the line with its cursor (`|`) can become.
fn completed(names: &Names, text: &str) -> Vec<String> {
    let (before, after) = text.split_once('|').expect("a cursor");
    let (start, found) = complete(names, &format!("{before}{after}"), before.len());
    found.iter().map(|candidate| format!("{}{}", &before[..start], candidate.replacement)).collect()
}

#[test]
fn each_place_has_its_words() {
    let names = names();
    for (text, want) in [
        ("req|", &["requests_total"][..]),
        ("|", &["requests_total", "up", "{\"my.metric\"}"]),
        ("my|", &["{\"my.metric\"}"]),
        ("rat|", &["rate("]),
        ("sum(qu|", &["sum(quantile", "sum(quantile_over_time("]),
        ("up{|", &["up{instance", "up{job"]),
        ("up{job=\"api\", |", &["up{job=\"api\", instance"]),
        ("requests_total{c|", &["requests_total{code"]),
        ("{\"my.metric\", |", &["{\"my.metric\", \"my.label\""]),
        ("{\"my.|", &["{\"my.label\"", "{\"my.metric\""]),
        ("up{job=|", &["up{job=\"api\"", "up{job=\"db.main\""]),
        ("up{job=\"d|", &["up{job=\"db.main\""]),
        ("up{instance=\"b:1\",job=|", &["up{instance=\"b:1\",job=\"db.main\""]),
        ("up{job=~\"api|", &["up{job=~\"api\""]),
        ("up{job=~'api|db|", &["up{job=~'api'"]),
        ("requests_total{code=\"5|", &["requests_total{code=\"5\\\"00\""]),
        ("requests_total{code='5|", &["requests_total{code='5\"00'"]),
        ("sum by (|) (rate(requests_total[5m]))", &["sum by (code", "sum by (job"]),
        ("sum(up) b|", &["sum(up) by"]),
        ("sum(up) without (i|", &["sum(up) without (instance"]),
        ("up un|", &["up unless"]),
        ("up > bo|", &["up > bool", "up > bottomk"]),
        ("up + o|", &["up + on"]),
        ("up * on (job) group_|", &["up * on (job) group_left", "up * on (job) group_right"]),
        (
            "rate(up[5|",
            &[
                "rate(up[5d",
                "rate(up[5h",
                "rate(up[5m",
                "rate(up[5ms",
                "rate(up[5s",
                "rate(up[5w",
                "rate(up[5y",
            ],
        ),
        (
            "up offset 1|",
            &[
                "up offset 1d",
                "up offset 1h",
                "up offset 1m",
                "up offset 1ms",
                "up offset 1s",
                "up offset 1w",
                "up offset 1y",
            ],
        ),
        ("up @ |", &["up @ 0", "up @ 30", "up @ end()", "up @ start()"]),
        ("\"a str|", &[]),
        ("up # re|", &[]),
    ] {
        assert_eq!(completed(&names, text), want, "{text}");
    }
    assert_eq!(completed(&names, "up[|")[..2], ["up[10m", "up[1d"]);
}

#[test]
fn alternatives_of_regular_expressions_are_escaped() {
    let names = names();
    let (before, word) = ("up{job=~\"api|d", "up{job=~\"api|db\\\\.main\"");
    let (start, found) = complete(&names, before, before.len());
    assert_eq!(format!("{}{}", &before[..start], found[0].replacement), word);
}

#[test]
fn candidates_say_what_they_are() {
    let names = names();
    let detail = |text: &str| complete(&names, text, text.len()).1[0].detail.clone();
    assert_eq!(detail("requests_t"), "counter: Requests that were answered.");
    assert!(
        detail("histogram_q").starts_with("histogram_quantile(scalar, instant vector): instant vector. ")
    );
    assert!(detail("topk").starts_with("topk(scalar, instant vector): instant vector. "));
    let (_, found) = complete(&names, "up[1m", 5);
    assert_eq!((found[0].replacement.as_str(), found[0].detail.as_str()), ("1m", "four scrapes"));
}

#[test]
fn commands_and_their_arguments() {
    let names = names();
    for (text, want) in [
        (".met|", &[".metrics"][..]),
        (".labels u|", &[".labels up"]),
        (".values |", &[".values code", ".values instance", ".values job", ".values my.label"]),
        (".values job up{in|", &[".values job up{instance"]),
        (".explain sum(u|", &[".explain sum(up"]),
        (".timer |", &[".timer off", ".timer on"]),
        (".mode j|", &[".mode json", ".mode jsonl"]),
        (".set col|", &[".set color"]),
        (".set color a|", &[".set color always", ".set color auto"]),
        (".help histogram_q|", &[".help histogram_quantile", ".help histogram_quantiles"]),
        (".open src/repl/comp|", &[".open src/repl/complete/"]),
        (".nonsense x|", &[]),
        (".|x", &[]),
    ] {
        if !want.is_empty() || text != ".|x" {
            assert_eq!(completed(&names, text), want, "{text}");
        }
    }
    assert!(completed(&names, ".|").len() > 20);
}

/// Prints how long each takes: `cargo test --release -p promqlite-cli a_hundred_thousand -- --nocapture`.
#[test]
fn a_hundred_thousand_metrics_and_values_are_no_burden() {
    let store = MemStore::new();
    for i in 0..100_000 {
        let id = store.series_of([("__name__", format!("metric_{i:06}_total").as_str()), ("job", "x")]);
        store.append(id, 0, 1.0);
        let id = store.series_of([("__name__", "visits"), ("user", format!("user-{i:06}").as_str())]);
        store.append(id, 0, 1.0);
    }
    let names = Names::of(&Dataset::of_store(Arc::new(store)), 0);
    assert_eq!(names.metrics().len(), 100_001);
    for (line, count, last) in [
        ("sum(metric_0123", 100, "metric_012399_total"),
        ("sum(metric_0", 1000, "metric_099999_total"),
        ("sum(", 1000, "visits"),
        ("visits{user=\"", 1000, "\"user-099999\""),
        ("visits{user=\"user-0123", 100, "\"user-012399\""),
        ("visits{user=~\"user-000001|user-0123", 100, "\"user-000001|user-012399\""),
    ] {
        // The first time values are looked up, and then known. Of the others the best tells what others left of the
        // machine.
        let times: [Duration; 6] = std::array::from_fn(|_| {
            let started = Instant::now();
            let (_, found) = complete(&names, line, line.len());
            let took = started.elapsed();
            assert_eq!(found.len(), count, "{line}");
            assert_eq!(found.last().expect("candidates").replacement, last, "{line}");
            took
        });
        let best = times[1..].iter().min().expect("invariant: there are five");
        println!("{line}: {:?}, then {best:?}", times[0]);
    }
}

proptest::proptest! {
    /// Whatever is typed, wherever the cursor is: nothing panics, words start between characters, and colours
    /// change no text.
    #[test]
    fn nothing_typed_is_a_surprise(
        line in "([a-z(){}\\[\\],=~!\"'`#@.:5 \n|é-]|sum by|rate|up|offset|on \\(){0,24}",
        at in 0usize..200,
    ) {
        let names = names();
        let cursor = (0..=at.min(line.len())).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
        let (start, found) = complete(&names, &line, cursor);
        proptest::prop_assert!(start <= cursor && line.is_char_boundary(start));
        proptest::prop_assert!(found.is_sorted_by(|a, b| a.replacement <= b.replacement));
        crate::repl::hints::signature(&line, line.len());
        let coloured = crate::repl::highlight::coloured(&line, Some(cursor), &|_| true);
        let mut plain = String::new();
        let mut escape = false;
        for c in coloured.chars() {
            match c {
                '\u{1b}' => escape = true,
                'm' if escape => escape = false,
                c if !escape => plain.push(c),
                _ => {}
            }
        }
        proptest::prop_assert_eq!(plain, line);
    }
}
