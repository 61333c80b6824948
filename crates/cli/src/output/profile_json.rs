//! What each part of a query used, as JSON for programs.

use promqlite::{Part, PartKind, Profile, QueryResult};
use serde_json::{Value, json};

use crate::when::When;

/// A query's profile as one object. Times are seconds and instants Unix seconds, sizes are bytes. Parts lie in one
/// list, in the order of the table: a part is below the last one before it that is less deep. What cannot be told of
/// a part is null. Fields may be added, but none will be renamed or removed.
pub(crate) fn analysis_json(text: &str, when: When, result: &QueryResult, profile: &Profile) -> Value {
    let hottest = profile.hottest();
    let parts = profile.parts.iter().enumerate().map(|(i, part)| of_part(part, hottest == Some(i)));
    let parts: Vec<Value> = parts.collect();
    let stats = &result.stats;
    json!({
        "query": text,
        "times": times(when),
        "seconds": profile.total.as_secs_f64(),
        "busySeconds": profile.busy().as_secs_f64(),
        "resultSeries": result.value.series_count(),
        "series": stats.series,
        "samples": stats.samples_read,
        "chunks": stats.chunks_decoded,
        "bytesRead": stats.bytes_read,
        "peakSamples": stats.peak_samples,
        "peakBytes": stats.peak_bytes,
        "parts": parts,
    })
}

fn times(when: When) -> Value {
    let seconds = |ms: i64| ms as f64 / 1000.0;
    match when {
        When::Instant(at) => json!({ "at": seconds(at.0) }),
        When::Range { start, end, step } => {
            json!({ "start": seconds(start.0), "end": seconds(end.0), "step": seconds(step.0) })
        }
    }
}

fn of_part(part: &Part, hottest: bool) -> Value {
    json!({
        "kind": kind(part.kind),
        "name": part.name,
        "depth": part.depth,
        "seconds": part.time.as_secs_f64(),
        "busySeconds": part.busy.as_secs_f64(),
        "series": part.rows,
        "steps": part.steps,
        "samples": part.samples,
        "batches": part.batches,
        "bytes": part.bytes,
        "peakBytes": part.peak_bytes,
        "hottest": hottest,
    })
}

fn kind(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Preparation => "preparation",
        PartKind::Search => "search",
        PartKind::Result => "result",
        PartKind::Operator => "operator",
        _ => "rest",
    }
}

#[cfg(test)]
mod tests {
    use promqlite::{Engine, MemStore, Millis, Timestamp};

    use super::*;

    #[test]
    fn parts_make_up_the_whole() {
        let store = MemStore::new();
        for job in ["a", "b"] {
            let series = store.series_of([("__name__", "up"), ("job", job)]);
            (0..10).for_each(|i| {
                store.append(series, i * 1000, 1.0);
            });
        }
        let when = When::Range { start: Timestamp(500), end: Timestamp(9500), step: Millis(1500) };
        let text = "sum(up) + 1";
        let (result, profile) = Engine::default().analyze(&store, &when.query(text)).expect("a query");
        let whole = analysis_json(text, when, &result, &profile);
        assert_eq!(whole["times"], json!({ "start": 0.5, "end": 9.5, "step": 1.5 }));
        let parts = whole["parts"].as_array().expect("a list");
        let sum = |field: &str| parts.iter().filter_map(|part| part[field].as_f64()).sum::<f64>();
        let total = whole["seconds"].as_f64().expect("a number");
        assert!((sum("seconds") - total).abs() <= 0.1 * total, "{} of {total}", sum("seconds"));
        assert_eq!(sum("samples"), whole["samples"].as_f64().expect("a number"));
        assert_eq!(parts.iter().filter(|part| part["hottest"] == true).count(), 1);
        let kinds: Vec<&str> = parts.iter().filter_map(|part| part["kind"].as_str()).collect();
        assert_eq!(kinds.first(), Some(&"preparation"));
        assert_eq!(kinds.last(), Some(&"rest"));
        let select = parts.iter().find(|part| part["name"] == "select $0").expect("a selector");
        assert_eq!(
            (&select["series"], &select["steps"], &select["kind"]),
            (&json!(2), &json!(7), &json!("operator"))
        );
    }
}
