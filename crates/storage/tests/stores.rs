//! What the conformance suite does not ask for: start timestamps, histogram conflicts, metadata, extra labels.

use std::sync::Arc;

use promqlite_model::histogram::FloatHistogram;
use promqlite_model::{Label, Labels, MatchOp, Matcher, STALE_NAN, SampleBuf, Samples, Symbol, TimeRange};
use promqlite_storage::{
    AppendSummary, Appended, MemStore, MergedStore, Metadata, MetricKind, SelectRequest, Storage,
};

/// Every series as `labels time:value[start] …`; a histogram's value is `h`.
fn dump(store: &dyn Storage, matchers: &[Matcher]) -> Vec<String> {
    let selection = store.select(&SelectRequest::new(matchers, TimeRange::ALL)).unwrap();
    let mut buf = SampleBuf::default();
    let row = |i| {
        let labels = selection.labels(i).display(store.symbols());
        let samples = selection.samples(i, TimeRange::ALL, &mut buf).unwrap();
        (0..samples.len()).fold(labels, |text, k| {
            let value = samples.histogram(k).map_or(samples.values[k].to_string(), |_| "h".to_owned());
            format!("{text} {}:{value}[{}]", samples.times[k], samples.start_time(k))
        })
    };
    (0..selection.len()).map(row).collect()
}

/// Labels and samples.
type Given<'a> = (&'a [(&'a str, &'a str)], &'a [(i64, f64)]);

fn store_of(series: &[Given<'_>]) -> Arc<MemStore> {
    let store = MemStore::new();
    for (pairs, samples) in series {
        let id = store.series_of(pairs.iter().copied());
        samples.iter().for_each(|(t, v)| assert_eq!(store.append(id, *t, *v), Appended::New));
    }
    Arc::new(store)
}

#[test]
fn start_timestamps_survive_every_way_in() {
    let store = MemStore::new();
    let id = store.series_of([("__name__", "m")]);
    assert_eq!(store.append(id, 40, 4.0), Appended::New);
    let later = Samples { start_times: &[45, 0], ..Samples::floats(&[50, 60], &[5.0, 6.0]) };
    let earlier = Samples { start_times: &[5, 15], ..Samples::floats(&[10, 20], &[1.0, 2.0]) };
    assert_eq!(store.append_samples(id, &later).added, 2);
    assert_eq!(store.append_samples(id, &earlier).added, 2);
    let want = ["{__name__=\"m\"} 10:1[5] 20:2[15] 40:4[0] 50:5[45] 60:6[0]"];
    assert_eq!(dump(&store, &[]), want);
    store.optimize();
    assert_eq!(dump(&store, &[]), want);
    let twice =
        MergedStore::new(vec![Arc::new(store), store_of(&[(&[("__name__", "m")], &[(10, 9.0), (30, 3.0)])])]);
    assert_eq!(dump(&twice, &[]), ["{__name__=\"m\"} 10:1[5] 20:2[15] 30:3[0] 40:4[0] 50:5[45] 60:6[0]"]);
}

#[test]
fn the_first_value_at_a_time_stays() {
    let store = MemStore::new();
    let id = store.series_of([("__name__", "m")]);
    let (empty, stale) = (FloatHistogram::default(), FloatHistogram::stale());
    for (t, first) in
        [(20, Appended::New), (20, Appended::Duplicate), (10, Appended::New), (10, Appended::Duplicate)]
    {
        assert_eq!(store.append_histogram(id, t, empty.view()), first);
    }
    for t in [10, 20] {
        assert_eq!(store.append_histogram(id, t, stale.view()), Appended::Conflict);
        assert_eq!(store.append(id, t, 0.0), Appended::Conflict);
    }
    assert_eq!(store.append(id, 30, f64::NAN), Appended::New);
    assert_eq!(store.append(id, 30, f64::NAN), Appended::Duplicate);
    assert_eq!(store.append(id, 30, STALE_NAN), Appended::Conflict);
    assert_eq!(dump(&store, &[]), ["{__name__=\"m\"} 10:h[0] 20:h[0] 30:NaN[0]"]);
}

#[test]
fn bulk_appends_in_disorder_are_sorted() {
    let store = MemStore::new();
    let id = store.series_of([]);
    let summary =
        store.append_samples(id, &Samples::floats(&[30, 10, 20, 10, 30], &[3.0, 1.0, 2.0, 1.0, 9.0]));
    assert_eq!(summary, AppendSummary { added: 3, duplicates: 1, conflicts: 1 });
    assert_eq!(dump(&store, &[]), ["{} 10:1[0] 20:2[0] 30:3[0]"]);
    assert_eq!(store.time_range(), Some(TimeRange::new(10, 30)));
}

#[test]
fn the_order_of_labels_makes_no_other_series() {
    let store = MemStore::new();
    let [a, b, x] = ["a", "b", "x"].map(|s| store.symbols().intern(s));
    let label = |name, value| Label { name, value };
    let unsorted = Labels::from_sorted(&[label(b, x), label(a, x), label(x, Symbol::EMPTY)]);
    let id = store.series(&unsorted);
    assert_eq!(store.series_of([("a", "x"), ("b", "x")]), id);
    assert_eq!(store.series(&unsorted), id);
    assert_eq!(store.labels(id).display(store.symbols()), r#"{a="x", b="x"}"#);
    assert_eq!(store.series_count(), 1);
}

#[test]
fn a_series_without_samples_is_not_selected() {
    let store = MemStore::new();
    store.series_of([("__name__", "bare")]);
    assert!(dump(&store, &[]).is_empty());
    assert!(store.label_names(&[], TimeRange::ALL).unwrap().is_empty());
    assert_eq!(store.time_range(), None);
}

#[test]
fn metadata_is_replaced_in_a_store_and_completed_in_a_merge() {
    let metadata = |family: &str, kind, help: &str| Metadata {
        family: family.to_owned(),
        kind,
        help: help.to_owned(),
        unit: String::new(),
    };
    let (a, b) = (MemStore::new(), MemStore::new());
    a.set_metadata(metadata("m", MetricKind::Gauge, "old"));
    a.set_metadata(metadata("m", MetricKind::Unknown, "new"));
    b.set_metadata(metadata("m", MetricKind::Counter, "other"));
    b.set_metadata(metadata("a", MetricKind::Info, ""));
    assert_eq!(a.metadata(), [metadata("m", MetricKind::Unknown, "new")]);
    let merged = MergedStore::new(vec![Arc::new(a), Arc::new(b)]);
    let want = [metadata("a", MetricKind::Info, ""), metadata("m", MetricKind::Counter, "new")];
    assert_eq!(merged.metadata(), want);
}

#[test]
fn an_extra_label_tells_stores_apart() {
    let series: &[Given<'_>] = &[
        (&[("__name__", "up"), ("run", "own")], &[(0, 1.0)]),
        (&[("__name__", "up"), ("zone", "z")], &[(0, 2.0)]),
    ];
    let merged = MergedStore::builder()
        .add_labelled(store_of(series), "run", "a")
        .add_labelled(store_of(&series[1..]), "run", "b")
        .add(store_of(&series[..1]))
        .add_labelled(store_of(&series[..1]), "run", "")
        .build();
    let run = |op, value| [Matcher::new("run", op, value).unwrap()];
    let (a, b) = (r#"{__name__="up", run="a"} 0:1[0]"#, r#"{__name__="up", run="b", zone="z"} 0:2[0]"#);
    let (a_z, own) = (r#"{__name__="up", run="a", zone="z"} 0:2[0]"#, r#"{__name__="up", run="own"} 0:1[0]"#);
    let none = r#"{__name__="up"} 0:1[0]"#;
    assert_eq!(dump(&merged, &[]), [a, a_z, b, own, none]);
    assert_eq!(dump(&merged, &run(MatchOp::Equal, "a")), [a, a_z]);
    assert_eq!(dump(&merged, &run(MatchOp::Equal, "own")), [own]);
    assert_eq!(dump(&merged, &run(MatchOp::Equal, "")), [none]);
    assert_eq!(dump(&merged, &run(MatchOp::NotRegex, "a|own|")), [b]);
    let values = |matchers: &[Matcher]| merged.label_values("run", matchers, TimeRange::ALL).unwrap();
    assert_eq!(values(&[]), ["a", "b", "own"]);
    assert_eq!(values(&[Matcher::equal("zone", "z")]), ["a", "b"]);
    assert_eq!(
        merged.label_names(&run(MatchOp::Equal, "b"), TimeRange::ALL).unwrap(),
        ["__name__", "run", "zone"]
    );
    assert_eq!(merged.label_names(&run(MatchOp::Equal, ""), TimeRange::ALL).unwrap(), ["__name__"]);
}
