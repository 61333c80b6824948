//! Whether two stores hold the same.

use promqlite::histogram::{CounterResetHint, HistogramView, Span};
use promqlite::storage::SelectRequest;
use promqlite::{SampleBuf, Samples, Storage, TimeRange};

/// The series of a store, in order of their labels.
type Dump = Vec<(String, Vec<Sample>)>;

/// A sample to the bit.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    t_ms: i64,
    start_ms: i64,
    value: Value,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Float(u64),
    Histogram { hint: CounterResetHint, schema: i32, spans: [Vec<Span>; 2], numbers: Vec<u64> },
}

/// Panics at the first difference between what is in memory and what is in blocks.
pub(super) fn assert_same(memory: &dyn Storage, blocks: &dyn Storage) {
    let (memory, blocks) = (dump(memory), dump(blocks));
    let shape = |dump: &Dump| dump.iter().map(|(l, s)| (l.clone(), s.len())).collect::<Vec<_>>();
    assert_eq!(shape(&memory), shape(&blocks));
    for ((labels, memory), (_, blocks)) in memory.iter().zip(&blocks) {
        for (stored, read) in memory.iter().zip(blocks) {
            assert_eq!(*read, as_read(stored, read), "{labels}");
        }
    }
}

/// How `stored` reads from blocks. At the first histogram of a chunk it is unknown whether the counter was reset, since
/// the chunk before may be missing.
fn as_read(stored: &Sample, read: &Sample) -> Sample {
    let mut stored = stored.clone();
    if let (Value::Histogram { hint, .. }, Value::Histogram { hint: CounterResetHint::Unknown, .. }) =
        (&mut stored.value, &read.value)
        && *hint == CounterResetHint::NotReset
    {
        *hint = CounterResetHint::Unknown;
    }
    stored
}

fn dump(storage: &dyn Storage) -> Dump {
    let range = TimeRange::new(i64::MIN, i64::MAX);
    let selection = storage.select(&SelectRequest::new(&[], range)).expect("a selection");
    let mut buf = SampleBuf::default();
    let series = |i: usize| {
        let labels = selection.labels(i).display(storage.symbols());
        let samples = selection.samples(i, range, &mut buf).expect("samples");
        (labels, (0..samples.len()).map(|i| sample(&samples, i)).collect())
    };
    let mut series: Dump = (0..selection.len()).map(series).collect();
    series.retain(|(_, samples)| !samples.is_empty());
    series.sort_by(|(a, _), (b, _)| a.cmp(b));
    series
}

fn sample(samples: &Samples<'_>, i: usize) -> Sample {
    let value = match samples.histogram(i) {
        None => Value::Float(samples.values[i].to_bits()),
        Some(histogram) => of_histogram(histogram),
    };
    Sample { t_ms: samples.times[i], start_ms: samples.start_time(i), value }
}

fn of_histogram(h: HistogramView<'_>) -> Value {
    let numbers = [h.zero_threshold(), h.zero_count(), h.count(), h.sum()];
    let all = numbers.iter().chain(h.positive_counts()).chain(h.negative_counts()).chain(h.custom_bounds());
    Value::Histogram {
        hint: h.hint(),
        schema: h.schema().get(),
        spans: [h.positive_spans().to_vec(), h.negative_spans().to_vec()],
        numbers: all.map(|v| v.to_bits()).collect(),
    }
}
