//! Laws that hold between the engine's own answers, whatever the query.

use std::collections::BTreeMap;

use promqlite::syntax::{ParseOptions, parse_expr, pretty};

use super::compare::{Bench, Said, When, close_values};
use super::evaluate::Val;
use super::expr::{At, Expr, Type};
use super::labels::Labels;

/// A law: its name, and what contradicts it.
pub(crate) type Law = (&'static str, fn(&Bench<'_>, &Expr, &Expr, When) -> Option<String>);

pub(crate) const LAWS: [Law; 5] = [
    ("a range query is its instant queries", range_is_instants),
    ("x is (x and y) or (x unless y)", split_and_united),
    ("an aggregation is that of the aggregations of its parts", parts_and_whole),
    ("what is printed reads back", printed_reads_back),
    ("what is printed has the same answer", printed_answers_alike),
];

/// Two answers that must be the same; failures are not compared.
fn same(a: &Said, b: &Said) -> Option<String> {
    let (Ok(a), Ok(b)) = (&a.points, &b.points) else { return None };
    let differs = |key: &&(Labels, i64)| !matches!((a.get(*key), b.get(*key)), (Some(a), Some(b)) if close_values(a, b));
    let key = a.keys().chain(b.keys()).find(differs)?;
    Some(format!("{} at {} ms: {:?} and {:?}", key.0, key.1, a.get(key), b.get(key)))
}

/// Whether a query knows the times of the range query that it is part of.
fn knows_range(expr: &Expr) -> bool {
    expr.any(&mut |e| match e {
        Expr::Select(s) | Expr::Range(s, _) => matches!(s.shift.at, Some(At::Start | At::End)),
        Expr::Subquery { shift, .. } => matches!(shift.at, Some(At::Start | At::End)),
        Expr::Call(name, _) => ["start", "end", "range", "step"].contains(name),
        _ => false,
    })
}

/// Whether a query selects among series whose order is not defined, which equal values may show.
fn selects_by_place(expr: &Expr) -> bool {
    expr.any(&mut |e| match e {
        Expr::Aggregate { op: "topk" | "bottomk" | "limitk", inner, .. } => !inner.ordered(),
        _ => false,
    })
}

fn range_is_instants(bench: &Bench<'_>, x: &Expr, _: &Expr, when: When) -> Option<String> {
    if knows_range(x) || selects_by_place(x) || matches!(when, When::At(_)) {
        return None;
    }
    let text = x.to_string();
    let whole = bench.engine_says(&text, when);
    whole.points.as_ref().ok()?;
    let mut points = BTreeMap::new();
    for t in when.steps() {
        match bench.engine_says(&text, When::At(t)).points {
            Ok(step) => points.extend(step),
            Err(error) => return Some(format!("fails at {t} ms: {error}")),
        }
    }
    same(&whole, &Said { points: Ok(points), ..whole_notes(&whole) })
}

fn whole_notes(said: &Said) -> Said {
    Said { points: Ok(BTreeMap::new()), notes: said.notes.clone(), order: Vec::new() }
}

fn split_and_united(bench: &Bench<'_>, x: &Expr, y: &Expr, when: When) -> Option<String> {
    if x.kind() != Type::Vector || y.kind() != Type::Vector {
        return None;
    }
    let split = format!("(({x}) and ({y})) or (({x}) unless ({y}))");
    same(&bench.engine_says(&x.to_string(), when), &bench.engine_says(&split, when))
}

fn parts_and_whole(bench: &Bench<'_>, x: &Expr, _: &Expr, when: When) -> Option<String> {
    if x.kind() != Type::Vector {
        return None;
    }
    // Bits may be lost between the parts of a sum; its size tells how many.
    let size = bench.engine_says(&format!("sum(abs({x}))"), when);
    for (outer, inner) in
        [("sum", "sum"), ("sum", "count"), ("max", "max"), ("min", "min"), ("group", "group")]
    {
        let whole = bench.engine_says(&format!("{inner}({x})"), when);
        let parts = bench.engine_says(&format!("{outer}({inner} by (job, le) ({x}))"), when);
        // Floats beside histograms make a group empty, and not the others.
        if !whole.notes.is_empty() || !parts.notes.is_empty() {
            continue;
        }
        let difference = same(&whole, &parts);
        if difference.is_some() && !(inner == "sum" && sums_alike(&whole, &parts, &size)) {
            return difference.map(|d| format!("{inner}: {d}"));
        }
    }
    None
}

fn sums_alike(a: &Said, b: &Said, size: &Said) -> bool {
    let (Ok(a), Ok(b), Ok(size)) = (&a.points, &b.points, &size.points) else { return true };
    let alike = |(key, a): (&(Labels, i64), &Val)| match (a, b.get(key), size.get(key)) {
        (Val::Float(a), Some(Val::Float(b)), Some(Val::Float(size))) => (a - b).abs() <= size * 1e-12,
        _ => false,
    };
    a.len() == b.len() && a.iter().all(alike)
}

fn printed(text: &str) -> Result<[String; 2], String> {
    let expr = parse_expr(text, ParseOptions::PERMISSIVE).map_err(|e| format!("{text} is refused: {e}"))?;
    Ok([expr.to_string(), pretty(&expr)])
}

fn printed_reads_back(_: &Bench<'_>, x: &Expr, _: &Expr, _: When) -> Option<String> {
    // `Inf ^ x` prints as `+Inf ^ x`, which is `+(Inf ^ x)`.
    let infinite = |e: &Expr| matches!(e, Expr::Number(v) if v.is_infinite());
    if x.any(&mut |e| matches!(e, Expr::Binary { op: "^", left, .. } if infinite(left))) {
        return None;
    }
    let once = match printed(&x.to_string()) {
        Ok(once) => once,
        Err(error) => return Some(error),
    };
    for text in &once {
        match printed(text) {
            Ok(twice) if twice == once => {}
            Ok(twice) => return Some(format!("{text} prints as {twice:?}, not {once:?}")),
            Err(error) => return Some(error),
        }
    }
    None
}

fn printed_answers_alike(bench: &Bench<'_>, x: &Expr, _: &Expr, when: When) -> Option<String> {
    // Matchers are printed in order, and `absent` looks at theirs.
    if x.any(&mut |e| matches!(e, Expr::Call("absent" | "absent_over_time", _))) {
        return None;
    }
    let text = x.to_string();
    let own = bench.engine_says(&text, when);
    for printed in printed(&text).ok()? {
        let other = bench.engine_says(&printed, when);
        if own.points.is_ok() != other.points.is_ok() || own.notes != other.notes {
            return Some(format!("{printed}: {own:?} and {other:?}"));
        }
        if let Some(difference) = same(&own, &other) {
            return Some(format!("{printed}: {difference}"));
        }
    }
    None
}
