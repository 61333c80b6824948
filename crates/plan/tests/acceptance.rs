//! Plans every query of Prometheus' own acceptance scripts, when they are at hand.

mod common;

use std::path::Path;

use common::{at, range};
use promqlite_plan::{LowerErrorKind, Rewrites, explain, lower, parse};
use promqlite_syntax::Features;

/// The query in an `eval` line, and whether it is an instant query.
fn query(line: &str) -> Option<(&str, bool)> {
    let rest = line.strip_prefix("eval")?;
    let (_, rest) = rest.split_once(' ')?;
    if let Some(rest) = rest.strip_prefix("instant at ") {
        return Some((rest.split_once(' ')?.1.trim(), true));
    }
    let (_, rest) = rest.split_once(" step ")?;
    Some((rest.trim_start().split_once(' ')?.1.trim(), false))
}

#[test]
fn every_query_can_be_planned() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/promqltest");
    let Ok(entries) = std::fs::read_dir(&directory) else {
        println!("skipped: no acceptance scripts in {}", directory.display());
        return;
    };
    let mut queries = 0;
    for entry in entries {
        let path = entry.expect("a directory entry").path();
        if path.extension().is_none_or(|extension| extension != "test") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a script");
        for (query, instant) in text.lines().filter_map(|line| query(line.trim())) {
            let expr = parse(query, Features::ALL)
                .unwrap_or_else(|error| panic!("{}: {query}: {}", path.display(), error.render(query)));
            let params = if instant { at(3000) } else { range(0, 3000, 60) };
            match lower(&expr, &params) {
                Ok(mut plan) => assert!(!explain(&mut plan, Rewrites::ALL).stages.is_empty()),
                Err(error) => assert_eq!(error.kind(), LowerErrorKind::Execution, "{query}: {error}"),
            }
            queries += 1;
        }
    }
    println!("{queries} queries");
    assert!(queries > 1000, "{queries} queries");
}
