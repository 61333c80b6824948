//! The checks, in the order in which they run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use promqlite_model::{Labels, Matcher, Millis, SampleBuf, Samples, Symbols, TimeRange};

use super::naive::{Naive, NaiveSeries, TextLabels};
use super::requests::{edge_ranges, exactly, matcher_lists};
use crate::{SelectHints, SelectRequest, Selection, Storage, StorageError};

type Outcome = Result<(), String>;
type Check = fn(&dyn Storage, &Naive) -> Outcome;

pub(super) const ALL: [(&str, Check); 11] = [
    ("labels are sorted, unique and complete", labels),
    ("matchers select what a linear filter selects", matchers),
    ("samples come back bit by bit", samples),
    ("ranges include both ends", range_edges),
    ("a selection leaves out only what its range excludes", select_ranges),
    ("a used buffer does no harm", used_buffer),
    ("hints change no sample", hints),
    ("equal requests give equal answers", repeatable),
    ("label names and values", names_and_values),
    ("time range", time_range),
    ("threads read at once", concurrent_reads),
];

/// Twelve samples are told; more would hide the message.
const SHOWN: usize = 12;

fn text_labels(labels: &Labels, symbols: &Symbols) -> TextLabels {
    labels.iter().map(|l| (symbols.get(l.name).to_owned(), symbols.get(l.value).to_owned())).collect()
}

fn told(error: StorageError) -> String {
    format!("the store failed: {error}")
}

fn ensure(ok: bool, message: impl FnOnce() -> String) -> Outcome {
    if ok { Ok(()) } else { Err(message()) }
}

fn select(store: &dyn Storage, matchers: &[Matcher], range: TimeRange) -> Result<Box<dyn Selection>, String> {
    store.select(&SelectRequest::new(matchers, range)).map_err(told)
}

fn read<'a>(
    selection: &'a dyn Selection,
    i: usize,
    range: TimeRange,
    buf: &'a mut SampleBuf,
) -> Result<Samples<'a>, String> {
    selection.samples(i, range, buf).map_err(told)
}

/// The rows of a selection by their labels.
fn rows(store: &dyn Storage, selection: &dyn Selection) -> Result<BTreeMap<TextLabels, usize>, String> {
    let mut rows = BTreeMap::new();
    for i in 0..selection.len() {
        let labels = text_labels(selection.labels(i), store.symbols());
        if let Some(before) = rows.insert(labels.clone(), i) {
            return Err(format!("rows {before} and {i} have equal labels: {labels:?}"));
        }
    }
    Ok(rows)
}

fn labels(store: &dyn Storage, twin: &Naive) -> Outcome {
    ensure(Arc::ptr_eq(store.symbols(), store.symbols()), || {
        "symbols() gives another table each time".into()
    })?;
    let selection = select(store, &[], TimeRange::ALL)?;
    let rows = selection.len();
    ensure(selection.is_empty() == (rows == 0), || "is_empty() and len() disagree".into())?;
    for i in 0..selection.len() {
        let labels = selection.labels(i);
        let names: Vec<&str> = labels.iter().map(|l| store.symbols().get(l.name)).collect();
        ensure(names.is_sorted_by(|a, b| a < b), || format!("names of row {i} do not ascend: {names:?}"))?;
        let full = labels.iter().all(|l| !store.symbols().get(l.value).is_empty());
        ensure(full, || format!("row {i} has an empty value: {}", labels.display(store.symbols())))?;
    }
    compare_series(store, &*selection, &twin.select(&[]), TimeRange::ALL, "no matcher")
}

fn matchers(store: &dyn Storage, twin: &Naive) -> Outcome {
    // Many series make a request dear and add no new kind of answer.
    for list in matcher_lists(twin).iter().step_by(1 + twin.series.len() / 50) {
        let selection = select(store, list, TimeRange::ALL)?;
        compare_series(store, &*selection, &twin.select(list), TimeRange::ALL, &format!("{list:?}"))?;
    }
    Ok(())
}

/// Every series that passes and has samples in the range must be there; others that pass may be.
fn compare_series(
    store: &dyn Storage,
    selection: &dyn Selection,
    passing: &[&NaiveSeries],
    range: TimeRange,
    asked: &str,
) -> Outcome {
    let rows = rows(store, selection)?;
    let missing = |s: &&&NaiveSeries| !s.samples_in(range).is_empty() && !rows.contains_key(&s.labels);
    let missing: Vec<&TextLabels> = passing.iter().filter(missing).map(|s| &s.labels).take(SHOWN).collect();
    ensure(missing.is_empty(), || format!("{asked} in {range:?}: missing {missing:?}"))?;
    let passing: BTreeSet<&TextLabels> = passing.iter().map(|s| &s.labels).collect();
    let wrong: Vec<&TextLabels> =
        rows.keys().filter(|labels| !passing.contains(labels)).take(SHOWN).collect();
    ensure(wrong.is_empty(), || format!("{asked} in {range:?}: selected {wrong:?}, which do not pass"))
}

/// Compares the samples of all rows in `range`, reading each with a copy of the buffer `used`.
fn compare_samples(
    store: &dyn Storage,
    selection: &dyn Selection,
    twin: &Naive,
    range: TimeRange,
    used: &SampleBuf,
) -> Outcome {
    let rows = rows(store, selection)?;
    for series in &twin.series {
        let Some(&row) = rows.get(&series.labels) else { continue };
        let mut buf = used.clone();
        let got = read(selection, row, range, &mut buf)?;
        if let Some(difference) = twin.difference(&got, &series.samples_in(range)) {
            return Err(format!("{:?} in {range:?}: {difference}", series.labels));
        }
    }
    Ok(())
}

fn samples(store: &dyn Storage, twin: &Naive) -> Outcome {
    let selection = select(store, &[], TimeRange::ALL)?;
    compare_samples(store, &*selection, twin, TimeRange::ALL, &SampleBuf::default())
}

fn range_edges(store: &dyn Storage, twin: &Naive) -> Outcome {
    for series in twin.series.iter().take(40) {
        let selection = select(store, &exactly(series, twin), TimeRange::ALL)?;
        if selection.is_empty() {
            continue; // "matchers" has found it if that is wrong.
        }
        for range in edge_ranges(series) {
            let mut buf = SampleBuf::default();
            let got = read(&*selection, 0, range, &mut buf)?;
            if let Some(difference) = twin.difference(&got, &series.samples_in(range)) {
                return Err(format!("{:?} in {range:?}: {difference}", series.labels));
            }
        }
    }
    Ok(())
}

fn select_ranges(store: &dyn Storage, twin: &Naive) -> Outcome {
    for series in twin.series.iter().step_by(1 + twin.series.len() / 4) {
        let ranges = edge_ranges(series);
        for range in ranges.iter().copied().step_by(1 + ranges.len() / 30) {
            let selection = select(store, &[], range)?;
            compare_series(store, &*selection, &twin.select(&[]), range, "no matcher")?;
            compare_samples(store, &*selection, twin, range, &SampleBuf::default())?;
        }
    }
    Ok(())
}

fn used_buffer(store: &dyn Storage, twin: &Naive) -> Outcome {
    let selection = select(store, &[], TimeRange::ALL)?;
    let mut buf = SampleBuf::default();
    for t in 0..5 {
        buf.push(t, 1.0);
        buf.set_start_time(t);
    }
    compare_samples(store, &*selection, twin, TimeRange::ALL, &buf)
}

fn hints(store: &dyn Storage, twin: &Naive) -> Outcome {
    let whole = select(store, &[], TimeRange::ALL)?;
    let hints = SelectHints { step: Millis(15_000), range: Millis(300_000), ..SelectHints::default() };
    let hinted =
        store.select(&SelectRequest { hints, ..SelectRequest::new(&[], TimeRange::ALL) }).map_err(told)?;
    compare_samples(store, &*hinted, twin, TimeRange::ALL, &SampleBuf::default())?;

    let needed_labels = Some(vec!["__name__".to_owned()]);
    let hints = SelectHints { needed_labels, ..SelectHints::default() };
    let narrow =
        store.select(&SelectRequest { hints, ..SelectRequest::new(&[], TimeRange::ALL) }).map_err(told)?;
    ensure(narrow.len() == whole.len(), || {
        format!("{} rows when only __name__ is needed, {} otherwise", narrow.len(), whole.len())
    })?;
    let names = |selection: &dyn Selection| {
        let name = |i| store.symbols().get(selection.labels(i).get(promqlite_model::Symbol::NAME)).to_owned();
        let mut names: Vec<String> = (0..selection.len()).map(name).collect();
        names.sort_unstable();
        names
    };
    ensure(names(&*narrow) == names(&*whole), || "the needed label __name__ got lost".into())
}

fn repeatable(store: &dyn Storage, _: &Naive) -> Outcome {
    let (a, b) = (select(store, &[], TimeRange::ALL)?, select(store, &[], TimeRange::ALL)?);
    let same = a.len() == b.len() && (0..a.len()).all(|i| a.labels(i) == b.labels(i));
    ensure(same, || "two equal requests give the series in different order".into())
}

fn names_and_values(store: &dyn Storage, twin: &Naive) -> Outcome {
    let lists = matcher_lists(twin);
    for list in lists.iter().step_by(1 + lists.len() / 60) {
        let passing: Vec<_> = twin.select(list).into_iter().filter(|s| !s.samples.is_empty()).collect();
        let names: BTreeSet<&str> =
            passing.iter().flat_map(|s| s.labels.keys().map(String::as_str)).collect();
        let got = store.label_names(list, TimeRange::ALL).map_err(told)?;
        ensure(got.iter().eq(names.iter()), || format!("names of {list:?}: want {names:?}, got {got:?}"))?;
        for name in twin.names().into_iter().chain(["absent"]) {
            let values: BTreeSet<&str> =
                passing.iter().map(|s| s.label(name)).filter(|v| !v.is_empty()).collect();
            let got = store.label_values(name, list, TimeRange::ALL).map_err(told)?;
            ensure(got.iter().eq(values.iter()), || {
                format!("values of {name:?} of {list:?}: want {values:?}, got {got:?}")
            })?;
        }
    }
    Ok(())
}

fn time_range(store: &dyn Storage, twin: &Naive) -> Outcome {
    let (want, got) = (twin.time_range(), store.time_range());
    ensure(want == got, || format!("want {want:?}, got {got:?}"))
}

fn concurrent_reads(store: &dyn Storage, twin: &Naive) -> Outcome {
    let shared = select(store, &[], TimeRange::ALL)?;
    let read_all = |own: bool| {
        let buf = SampleBuf::default();
        let selection = if own { Some(select(store, &[], TimeRange::ALL)?) } else { None };
        compare_samples(store, selection.as_deref().unwrap_or(&*shared), twin, TimeRange::ALL, &buf)
    };
    std::thread::scope(|scope| {
        let read_all = &read_all;
        let workers: Vec<_> = (0..4).map(|i| scope.spawn(move || read_all(i % 2 == 0))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a reading thread panicked")?)
    })
}
