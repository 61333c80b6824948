//! Whether two stores hold the same.

use promqlite::histogram::{CounterResetHint, HistogramView, Span};
use promqlite::storage::SelectRequest;
use promqlite::{SampleBuf, Samples, Storage, TimeRange};

/// Chunks get no longer.
const CHUNK_SAMPLES: usize = 120;

/// The series of a store, in order of their labels.
type Dump = Vec<(String, Vec<Sample>)>;

/// A sample to the bit.
#[derive(Debug, PartialEq)]
struct Sample {
    t_ms: i64,
    start_ms: i64,
    value: Value,
}

#[derive(Debug, PartialEq)]
enum Value {
    Float(u64),
    Histogram {
        hint: CounterResetHint,
        schema: i32,
        numbers: Vec<u64>,
        /// Index and count of the buckets that are not empty; histograms of a chunk share the others.
        buckets: [Vec<(i32, u64)>; 2],
    },
}

/// Panics at the first difference between what is in memory and what is in blocks of `block_ms`.
pub(super) fn assert_same(memory: &dyn Storage, blocks: &dyn Storage, block_ms: i64) {
    let (memory, blocks) = (dump(memory), dump(blocks));
    let shape = |dump: &Dump| dump.iter().map(|(l, s)| (l.clone(), s.len())).collect::<Vec<_>>();
    assert_eq!(shape(&memory), shape(&blocks));
    for ((labels, mut memory), (_, blocks)) in memory.into_iter().zip(blocks) {
        forget_across_chunks(&mut memory, block_ms);
        for (stored, read) in memory.iter().zip(&blocks) {
            assert_eq!(read, stored, "{labels}");
        }
    }
}

/// Makes it unknown whether the counter was reset where a chunk begins although the counter goes on: the chunk before
/// may be missing, so the format cannot carry more.
fn forget_across_chunks(samples: &mut [Sample], block_ms: i64) {
    let mut chunk: Option<(usize, i64)> = None;
    for (i, sample) in samples.iter_mut().enumerate() {
        let block = sample.t_ms.div_euclid(block_ms);
        let goes_on = chunk.is_some_and(|(start, of)| i - start < CHUNK_SAMPLES && of == block);
        match &mut sample.value {
            Value::Float(_) => chunk = None,
            Value::Histogram { hint: CounterResetHint::NotReset, .. } if goes_on => {}
            Value::Histogram { hint, .. } => {
                if *hint == CounterResetHint::NotReset {
                    *hint = CounterResetHint::Unknown;
                }
                chunk = Some((i, block));
            }
        }
    }
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
    Value::Histogram {
        hint: h.hint(),
        schema: h.schema().get(),
        numbers: numbers.iter().chain(h.custom_bounds()).map(|v| v.to_bits()).collect(),
        buckets: [
            populated(h.positive_spans(), h.positive_counts()),
            populated(h.negative_spans(), h.negative_counts()),
        ],
    }
}

fn populated(spans: &[Span], counts: &[f64]) -> Vec<(i32, u64)> {
    let indices = spans.iter().scan(0, |next, span| {
        let start = *next + span.offset;
        *next = start + span.length as i32;
        Some(start..*next)
    });
    let buckets = indices.flatten().zip(counts.iter().map(|count| count.to_bits()));
    buckets.filter(|&(_, count)| count != 0).collect()
}
