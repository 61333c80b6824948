//! Records of several engines as one Markdown table.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use crate::record::Record;
use crate::{Case, Origin, all};

/// Engines in the order of their columns; the first is ours.
const ENGINES: [&str; 4] = ["promqlite", "prometheus", "thanos", "promqlite, streamed"];
/// Of ours, when nobody keeps the result: only memory is measured.
const STREAMED: usize = 3;

/// What is known of one case on one engine.
#[derive(Clone, Debug, Default)]
struct Cell {
    ns: Option<f64>,
    bytes: Option<f64>,
    peak: Option<f64>,
    error: bool,
}

/// One line: a case at a number of threads.
#[derive(Clone, Debug, Default)]
struct Line {
    cells: [Cell; ENGINES.len()],
}

/// A Markdown table of all records per number of threads, each with geometric means, and one that compares
/// numbers of threads. Cases stand in the order of the records.
#[must_use]
pub fn markdown(records: &[Record]) -> String {
    let mut order: Vec<(&str, &str)> = Vec::new();
    let mut lines: BTreeMap<usize, BTreeMap<(&str, &str), Line>> = BTreeMap::new();
    for record in records {
        let key = (record.dataset.as_str(), record.case.as_str());
        let Some(column) = ENGINES.iter().position(|engine| *engine == record.engine) else { continue };
        if !order.contains(&key) {
            order.push(key);
        }
        let line = lines.entry(record.threads).or_default().entry(key).or_default();
        let cell = &mut line.cells[column];
        let least = |old: Option<f64>, new: Option<f64>| match (old, new) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        cell.ns = least(cell.ns, record.ns);
        cell.bytes = least(cell.bytes, record.bytes);
        cell.peak = least(cell.peak, record.peak);
        cell.error |= record.error.is_some();
    }
    let mut out = String::new();
    for (threads, lines) in &lines {
        one_table(&mut out, *threads, &order, lines);
    }
    if let (Some(one), Some(two)) = (lines.get(&1), lines.get(&2)) {
        gains(&mut out, &order, one, two);
    }
    out
}

fn one_table(out: &mut String, threads: usize, order: &[(&str, &str)], lines: &BTreeMap<(&str, &str), Line>) {
    let peers: Vec<usize> =
        (1..ENGINES.len()).filter(|e| lines.values().any(|line| line.cells[*e].ns.is_some())).collect();
    let _ = writeln!(out, "### {threads} thread{}\n", if threads == 1 { "" } else { "s" });
    let mut columns = vec!["data".to_owned(), "case".to_owned()];
    for engine in [0].iter().chain(&peers) {
        let name = ENGINES[*engine];
        columns.extend([format!("{name} time"), format!("{name} B/op"), format!("{name} peak")]);
        if *engine == 0 {
            columns.push("peak, streamed".to_owned());
        }
    }
    columns.extend(peers.iter().map(|peer| format!("{} ÷ ours", ENGINES[*peer])));
    let _ = writeln!(out, "| {} |", columns.join(" | "));
    let numbers = columns.len() - 2;
    let _ = writeln!(out, "|---|---|{}", "--:|".repeat(numbers));
    for key in order {
        let Some(line) = lines.get(key) else { continue };
        let mut fields = vec![key.0.to_owned(), format!("`{}`", key.1.replace('|', "\\|"))];
        for engine in [0].iter().chain(&peers) {
            let cell = &line.cells[*engine];
            let time = if cell.error { "error".to_owned() } else { show(cell.ns, duration) };
            fields.extend([time, show(cell.bytes, size), show(cell.peak, size)]);
            if *engine == 0 {
                fields.push(show(line.cells[STREAMED].peak, size));
            }
        }
        fields.extend(peers.iter().map(|peer| show(ratio(line, *peer, |cell| cell.ns), times)));
        let _ = writeln!(out, "| {} |", fields.join(" | "));
    }
    out.push('\n');
    let list = all();
    for peer in peers {
        summary(out, &list, peer, order, lines);
    }
}

/// Geometric means of one peer's ratios, and its worst cases.
fn summary(
    out: &mut String,
    list: &[Case],
    peer: usize,
    order: &[(&str, &str)],
    lines: &BTreeMap<(&str, &str), Line>,
) {
    let name = ENGINES[peer];
    let of = |field: fn(&Cell) -> Option<f64>| -> Vec<f64> {
        lines.values().filter_map(|line| ratio(line, peer, field)).collect()
    };
    let (ns, bytes, peak) = (of(|cell| cell.ns), of(|cell| cell.bytes), of(|cell| cell.peak));
    let streamed: Vec<f64> = lines
        .values()
        .filter_map(|line| Some(line.cells[peer].peak? / line.cells[STREAMED].peak?.max(1.0)))
        .filter(|ratio| *ratio > 0.0)
        .collect();
    let _ = writeln!(
        out,
        "{name} ÷ ours, geometric means: time {} over {} cases, bytes allocated {}, peak {} (streamed {}).",
        times(mean(&ns)),
        ns.len(),
        times(mean(&bytes)),
        times(mean(&peak)),
        times(mean(&streamed)),
    );
    let listed: HashSet<(&str, &str)> = list
        .iter()
        .filter(|case| case.origin == Origin::Prometheus)
        .map(|case| (case.dataset.name(), case.name.as_str()))
        .collect();
    let inside = lines.iter().filter(|(key, _)| listed.contains(*key));
    let ns: Vec<f64> = inside.filter_map(|(_, line)| ratio(line, peer, |cell| cell.ns)).collect();
    let _ = writeln!(
        out,
        "Over Prometheus' own list: time {} over {} cases; by data set:\n",
        times(mean(&ns)),
        ns.len()
    );
    let mut groups: Vec<&str> = Vec::new();
    order.iter().for_each(|(dataset, _)| {
        if !groups.contains(dataset) {
            groups.push(dataset);
        }
    });
    for group in groups {
        let inside = lines.iter().filter(|((dataset, _), _)| *dataset == group);
        let ns: Vec<f64> = inside.filter_map(|(_, line)| ratio(line, peer, |cell| cell.ns)).collect();
        if !ns.is_empty() {
            let least = ns.iter().copied().fold(f64::INFINITY, f64::min);
            let _ = writeln!(
                out,
                "- {group}: {} over {} cases, least {}",
                times(mean(&ns)),
                ns.len(),
                times(least)
            );
        }
    }
    out.push('\n');
}

/// How much faster two threads are than one, for cases that take at least 200 µs on one.
fn gains(
    out: &mut String,
    order: &[(&str, &str)],
    one: &BTreeMap<(&str, &str), Line>,
    two: &BTreeMap<(&str, &str), Line>,
) {
    let _ = writeln!(
        out,
        "### Two threads against one\n\n| data | case | one | two | gain |\n|---|---|--:|--:|--:|"
    );
    let mut all = Vec::new();
    for key in order {
        let time = |lines: &BTreeMap<(&str, &str), Line>| lines.get(key).and_then(|line| line.cells[0].ns);
        let (Some(a), Some(b)) = (time(one), time(two)) else { continue };
        if a < 200_000.0 {
            continue;
        }
        all.push(a / b);
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {} | {} |",
            key.0,
            key.1.replace('|', "\\|"),
            duration(a),
            duration(b),
            times(a / b)
        );
    }
    let _ = writeln!(out, "\ngeometric mean: {} over {} cases", times(mean(&all)), all.len());
}

fn ratio(line: &Line, peer: usize, field: fn(&Cell) -> Option<f64>) -> Option<f64> {
    let (ours, theirs) = (field(&line.cells[0])?, field(&line.cells[peer])?);
    (ours > 0.0 && theirs > 0.0).then(|| theirs / ours)
}

fn mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|r| r.ln()).sum::<f64>() / ratios.len() as f64).exp()
}

fn show(value: Option<f64>, format: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), format)
}

fn times(ratio: f64) -> String {
    match ratio {
        r if !r.is_finite() => "–".to_owned(),
        r if r >= 100.0 => format!("{r:.0}×"),
        r if r >= 10.0 => format!("{r:.1}×"),
        r => format!("{r:.2}×"),
    }
}

fn duration(ns: f64) -> String {
    match ns {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.1} µs", n / 1e3),
        n if n < 1e9 => format!("{:.2} ms", n / 1e6),
        n => format!("{:.2} s", n / 1e9),
    }
}

fn size(bytes: f64) -> String {
    match bytes {
        b if b < 1e3 => format!("{b:.0} B"),
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b => format!("{:.1} MB", b / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, markdown, mean, size, times};
    use crate::record::parse;

    #[test]
    fn engines_stand_side_by_side() {
        let text = r#"{"engine":"promqlite","dataset":"range","case":"a","threads":1,"ns":2000}
{"engine":"prometheus","dataset":"range","case":"a","threads":1,"ns":50000,"bytes":10}
{"engine":"promqlite","dataset":"range","case":"a","threads":1,"bytes":5,"peak":5}
{"engine":"promqlite, streamed","dataset":"range","case":"a","threads":1,"bytes":5,"peak":2}
"#;
        let table = markdown(&parse(text).expect("records"));
        assert!(
            table.contains("| range | `a` | 2.0 µs | 5 B | 5 B | 2 B | 50.0 µs | 10 B | – | 25.0× |"),
            "{table}"
        );
        assert!(table.contains("time 25.0× over 1 cases, bytes allocated 2.00×, peak –"), "{table}");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!([duration(3.0), duration(1.5e6)], ["3 ns", "1.50 ms"]);
        assert_eq!([size(3.0), size(1.5e6)], ["3 B", "1.5 MB"]);
        assert_eq!(times(mean(&[10.0, 1000.0])), "100×");
    }
}
