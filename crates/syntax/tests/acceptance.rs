//! Parses every query of Prometheus' own acceptance scripts, when they are at hand.

use std::path::Path;

use promqlite_syntax::{ParseOptions, parse_expr, parse_series_desc, tokenize};

/// The query in an `eval` line.
fn query(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("eval")?;
    let (_, rest) = rest.split_once(' ')?;
    if let Some(rest) = rest.strip_prefix("instant at ") {
        return Some(rest.split_once(' ')?.1.trim());
    }
    let (_, rest) = rest.split_once(" step ")?;
    Some(rest.trim_start().split_once(' ')?.1.trim())
}

#[test]
fn every_query_and_series_parses() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/promqltest");
    let Ok(entries) = std::fs::read_dir(&directory) else {
        println!("skipped: no acceptance scripts in {}", directory.display());
        return;
    };
    let (mut queries, mut series) = (0, 0);
    for entry in entries {
        let path = entry.expect("a directory entry").path();
        if path.extension().is_none_or(|extension| extension != "test") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a script");
        let mut loading = false;
        for line in text.lines().map(str::trim) {
            let place = || format!("{}: {line}", path.display());
            if line.is_empty() || line.starts_with('#') {
                loading = false;
            } else if let Some(query) = query(line) {
                loading = false;
                check_query(query, &place());
                queries += 1;
            } else if line.starts_with("load") {
                loading = true;
            } else if loading && !line.split(' ').next().unwrap_or("").ends_with("@st") {
                parse_series_desc(line).unwrap_or_else(|error| panic!("{}: {}", place(), error.render(line)));
                series += 1;
            }
        }
    }
    println!("{queries} queries, {series} series");
    assert!(queries > 1000 && series > 500, "{queries} queries, {series} series");
}

/// Parses, prints, and parses again.
fn check_query(query: &str, place: &str) {
    let parse = |text: &str| {
        parse_expr(text, ParseOptions::PERMISSIVE)
            .unwrap_or_else(|error| panic!("{place}: {}", error.render(text)))
    };
    let printed = parse(query).to_string();
    if printed.contains(", )") {
        return; // `{}` prints as nothing, which does not parse.
    }
    assert_eq!(parse(&printed).to_string(), printed, "{place}");
    let lengths: usize = tokenize(query).iter().map(|token| token.span.len()).sum();
    assert_eq!(lengths, query.len(), "{place}");
}
