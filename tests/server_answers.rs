//! The engine against a real server: queries over an export of a Prometheus server's data must give the answers
//! that the server gave, as instant queries and over a range of an hour.
//!
//! The data lies beside the checkout (`../shared/data`) and is no part of the project; without it the tests say so
//! and end. It comes three times: as the server's data directory, copied while it ran (WAL and head chunks), as its
//! snapshot (a block), and as an export. The export holds the series of one job only, and the queries are made so
//! that this does not matter:
//!
//! - Series of other jobs in the server's answer are left out. Aggregations either read metrics that only the
//!   exported job has, keep `instance`, which no two jobs share, or (`count(up == 0)`) count failures, which only
//!   that job had.
//! - Queries of metrics that other jobs have alone (`node_*`, `prometheus_*`) are skipped.
//! - The export lacks the server's staleness markers; loading sets them again where a series missed a scrape.
//!
//! The server was a Prometheus 2.42, and two rules have changed since. Where they show, the test says how far:
//!
//! - `rate` and `increase` compared the time at which a counter would have been zero with the whole gap at the left
//!   edge of a window, and with half a sample distance now where that gap is wide. So windows in which a series begins
//!   give slightly other values ([`BEGINNINGS`]).
//! - A subquery's window held the point on its left edge ([`LEFT_EDGE`]).

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use promqlite::{Engine, Floats, LabelSet, MemStore, Millis, Query, SampleValue, Storage, Timestamp, Value};
use promqlite_formats::{LoadOptions, Loader};
use promqlite_tsdb::{DataDir, OpenOptions};
use serde_json::Value as Json;

/// The server's jobs whose series were not exported.
const OTHER_JOBS: [&str; 2] = ["node", "prometheus"];
/// Largest relative difference of two values that count as equal.
const TOLERANCE: f64 = 1e-9;

/// Queries over windows in which series begin, with the number of points that are as they were all the same, and how
/// far apart the others are at most, relatively.
const BEGINNINGS: [(&str, usize, f64); 6] = [
    ("sum(rate(http_requests_total[5m])) / sum(rate(http_requests_total[5m] offset 30m))", 32, 0.01),
    ("topk(3, sum by (endpoint, method) (increase(http_requests_total[10m])))", 171, 0.01),
    ("sum(increase(orders_total[1h])) by (country)", 136, 0.01),
    ("sum(increase(order_revenue_dollars_total[1h])) / sum(increase(orders_total[1h]))", 7, 0.01),
    ("sort_desc(sum by (endpoint) (rate(http_requests_total[30m])))", 171, 0.01),
    ("rate(prometheus_http_requests_total[10m]) > 0", 67, 0.025),
];

/// A query of a subquery whose points lie on the edges of its windows, and the query that holds the left one still.
const LEFT_EDGE: [(&str, &str); 1] = [(
    "max_over_time(sum(rate(http_requests_total[1m]))[30m:1m])",
    "max_over_time(sum(rate(http_requests_total[1m]))[1800001ms:1m])",
)];

/// An answer: the values of each series by time, ms. Results of scalar type have one series without labels.
type Answer = BTreeMap<BTreeMap<String, String>, BTreeMap<i64, f64>>;

/// What was copied from the server, and which jobs' series it holds.
#[derive(Clone, Copy, PartialEq)]
enum Jobs {
    All,
    Exported,
}

#[test]
fn an_export_answers_as_the_server_did() {
    let Some((data, answers)) = open() else { return };
    let store = MemStore::new();
    let mut loader = Loader::new(&store, LoadOptions::default());
    loader.load_file(&data.join("shop.om.gz")).expect("a readable export");
    assert!(loader.finish().stale_markers > 0, "a target was down for minutes");
    assert_eq!(compare(&store, &answers, Jobs::Exported), 74);
}

#[test]
fn a_snapshot_answers_as_the_server_did() {
    directory_answers_as_the_server_did("snapshot");
}

#[test]
fn a_data_directory_of_a_running_server_answers_as_it_did() {
    directory_answers_as_the_server_did("live");
}

fn directory_answers_as_the_server_did(name: &str) {
    let Some((data, answers)) = open() else { return };
    let data = DataDir::open(&data.join(name), &OpenOptions::default()).expect("a data directory");
    assert_eq!(data.report().warnings(), [""; 0]);
    assert_eq!(compare(&*data.storage(), &answers, Jobs::All), 80);
}

/// Compares the answers to all queries that the jobs' series suffice for. Returns how many there were.
fn compare(store: &dyn Storage, answers: &Json, jobs: Jobs) -> usize {
    let engine = Engine::default();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for case in answers.as_array().expect("a list of queries") {
        let asked = case["query"].as_str().expect("a query");
        let text = LEFT_EDGE.iter().find(|(query, _)| *query == asked).map_or(asked, |(_, closed)| closed);
        if jobs == Jobs::Exported && (text.contains("node_") || text.contains("prometheus_")) {
            continue;
        }
        let at = Timestamp(ms(&case["time"]));
        let range = &case["range"];
        let [start, end] = ["start", "end"].map(|key| Timestamp(ms(&range[key])));
        for (kind, query, wanted) in [
            ("instant", Query::instant(text, at), &case["instant"]),
            ("range", Query::range(text, start, end, Millis(ms(&range["step"]))), range),
        ] {
            compared += 1;
            match engine.query(store, &query) {
                Err(error) => wrong.push(format!("{kind} {text}: {error}")),
                Ok(result) => {
                    let difference = judge(kind, text, &expected(wanted, jobs), &actual(&result.value));
                    wrong.extend(difference.map(|difference| format!("{kind} {text}: {difference}")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    compared
}

/// Where the data lies, and the server's answers.
fn open() -> Option<(PathBuf, Json)> {
    let directory: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let Ok(packed) = File::open(directory.join("answers.json.gz")) else {
        println!("skipped: there is no ../shared/data");
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("a whole gzip file");
    let answers = serde_json::from_str(&text).expect("JSON");
    Some((directory, answers))
}

fn ms(seconds: &Json) -> i64 {
    (seconds.as_f64().expect("a number of seconds") * 1000.0).round() as i64
}

/// The server's answer without the series of jobs that are not there.
fn expected(data: &Json, jobs: Jobs) -> Answer {
    let result = &data["result"];
    let point = |point: &Json| (ms(&point[0]), point[1].as_str().expect("a value").parse().expect("a float"));
    if data["resultType"] == "scalar" {
        return Answer::from([(BTreeMap::new(), BTreeMap::from([point(result)]))]);
    }
    let series = result.as_array().expect("a list of series").iter();
    series
        .map(|series| {
            let labels = series["metric"].as_object().expect("labels").iter();
            let labels = labels.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()));
            let points = match series.get("values") {
                Some(values) => values.as_array().expect("a list of points").iter().map(point).collect(),
                None => BTreeMap::from([point(&series["value"])]),
            };
            (labels.collect(), points)
        })
        .filter(|(labels, _): &(BTreeMap<String, String>, _)| {
            jobs == Jobs::All || !labels.get("job").is_some_and(|job| OTHER_JOBS.contains(&job.as_str()))
        })
        .collect()
}

fn actual(value: &Value) -> Answer {
    let owned = |labels: &LabelSet| labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    match value {
        Value::Scalar(time, value) => Answer::from([(BTreeMap::new(), BTreeMap::from([(time.0, *value)]))]),
        Value::String(..) => panic!("no query of these has a string as its result"),
        Value::Vector(time, samples) => {
            let float = |value: &SampleValue| match value {
                SampleValue::Float(value) => *value,
                SampleValue::Histogram(_) => panic!("the data holds no native histograms"),
            };
            let point = |value| BTreeMap::from([(time.0, float(value))]);
            samples.iter().map(|sample| (owned(&sample.labels), point(&sample.value))).collect()
        }
        Value::Matrix(series) => {
            let points = |floats: &Floats| floats.iter().map(|(t, v)| (t.0, v)).collect();
            series.iter().map(|series| (owned(&series.labels), points(&series.floats))).collect()
        }
    }
}

/// The first difference of two answers that the rules of today do not explain.
fn judge(kind: &str, text: &str, expected: &Answer, actual: &Answer) -> Option<String> {
    let beginning = BEGINNINGS.iter().find(|(query, ..)| kind == "range" && *query == text);
    let Some((_, unchanged, tolerance)) = beginning else { return difference(expected, actual, TOLERANCE) };
    let mut equal = 0;
    for (labels, points) in expected {
        let got = actual.get(labels);
        let same = |(time, want): &(&i64, &f64)| {
            got.and_then(|got| got.get(*time)).is_some_and(|got| close(*got, **want, TOLERANCE))
        };
        equal += points.iter().filter(same).count();
    }
    if equal != *unchanged {
        return Some(format!("{equal} points are unchanged, expected {unchanged}"));
    }
    difference(expected, actual, *tolerance)
}

/// The first difference of two answers.
fn difference(expected: &Answer, actual: &Answer, tolerance: f64) -> Option<String> {
    for (labels, points) in expected {
        let Some(got) = actual.get(labels) else { return Some(format!("{labels:?} is missing")) };
        for (time, want) in points {
            match got.get(time) {
                Some(got) if close(*got, *want, tolerance) => {}
                got => return Some(format!("{labels:?} at {time}: expected {want}, got {got:?}")),
            }
        }
        if let Some((time, value)) = got.iter().find(|(time, _)| !points.contains_key(time)) {
            return Some(format!("{labels:?} at {time}: expected nothing, got {value}"));
        }
    }
    let more = actual.iter().find(|(labels, _)| !expected.contains_key(*labels));
    more.map(|(labels, _)| format!("{labels:?} should not be there"))
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * a.abs().max(b.abs())
}
