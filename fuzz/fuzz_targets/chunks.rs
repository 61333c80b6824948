//! Bytes as the data of a chunk, in every encoding.
//!
//! The first byte chooses the encoding, the next two a time range. What decodes is encoded again and must decode to
//! the same samples; what a range has must be what the whole has there; and a decoder that reads bit by bit must
//! agree on chunks of floats.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promqlite::histogram::{HistogramView, Span};
use promqlite::{SampleBuf, Samples, TimeRange};
use promqlite_fuzz::naive_xor;
use promqlite_tsdb::Encoding;
use promqlite_tsdb::chunk::{decode, encode, sample_count};

fuzz_target!(|data: &[u8]| {
    let [encoding, from, to, data @ ..] = data else { return };
    let encoding = Encoding::ALL[usize::from(*encoding) % Encoding::ALL.len()];
    let mut whole = SampleBuf::default();
    let decoded = decode(encoding, data, TimeRange::ALL, &mut whole);
    let samples = whole.samples();
    assert!(samples.times.is_sorted_by(|a, b| a < b), "times do not ascend");
    if encoding == Encoding::Xor {
        let naive = naive_xor::decode(data);
        assert_eq!(decoded.is_ok(), naive.is_some(), "{decoded:?}, and the twin says {naive:?}");
        let same = |naive: Vec<(i64, u64)>| {
            naive.len() == samples.len()
                && naive
                    .iter()
                    .enumerate()
                    .all(|(i, s)| *s == (samples.times[i], samples.values[i].to_bits()))
        };
        assert!(naive.is_none_or(same), "the twin has other samples than {samples:?}");
    }
    let Ok(count) = decoded else { return };
    assert_eq!(count, samples.len());
    assert_eq!(sample_count(encoding, data).expect("a decodable chunk"), count);
    check_range(encoding, data, &samples, *from, *to);
    check_round_trip(&samples, encoding.has_start_times());
});

fn check_range(encoding: Encoding, data: &[u8], whole: &Samples<'_>, from: u8, to: u8) {
    let at = |place: u8| whole.times.get(usize::from(place) * whole.len() / 256).copied().unwrap_or(0);
    let (start, end) = (at(from), at(to).saturating_add(i64::from(to & 1)));
    let range = TimeRange::new(start, end);
    let mut part = SampleBuf::default();
    let count = decode(encoding, data, range, &mut part).expect("a part of a decodable chunk");
    assert!(count <= whole.len());
    let kept = if start <= end { range.slice(whole.times) } else { 0..0 };
    assert_same(&part.samples(), &whole.slice(kept), true);
}

fn check_round_trip(samples: &Samples<'_>, start_times: bool) {
    let mut again = SampleBuf::default();
    for chunk in encode(samples, start_times) {
        let count = decode(chunk.encoding, &chunk.data, TimeRange::ALL, &mut again);
        assert_eq!(count, Ok(chunk.samples), "{:?} does not read what was written", chunk.encoding);
    }
    assert_same(&again.samples(), samples, start_times);
}

/// Compares all but the hints of histograms, which depend on where a chunk begins.
fn assert_same(a: &Samples<'_>, b: &Samples<'_>, start_times: bool) {
    assert_eq!(a.times, b.times);
    for i in 0..a.len() {
        match (a.histogram(i), b.histogram(i)) {
            (Some(a), Some(b)) => assert!(same_histogram(a, b), "{a:?} is not {b:?}"),
            (None, None) => assert_eq!(a.values[i].to_bits(), b.values[i].to_bits(), "sample {i}"),
            _ => panic!("sample {i} is a histogram once"),
        }
        if start_times {
            assert_eq!(a.start_time(i), b.start_time(i), "sample {i}");
        }
    }
}

/// Chunks share one layout, so histograms may gain empty buckets.
fn same_histogram(a: HistogramView<'_>, b: HistogramView<'_>) -> bool {
    if a.is_stale() || b.is_stale() {
        return a.is_stale() && b.is_stale();
    }
    let numbers = |h: HistogramView<'_>| {
        // A threshold of 0 is written without its sign.
        let numbers = [h.zero_threshold() + 0.0, h.zero_count(), h.count(), h.sum()];
        numbers.iter().chain(h.custom_bounds()).map(|number| number.to_bits()).collect::<Vec<_>>()
    };
    a.schema() == b.schema()
        && numbers(a) == numbers(b)
        && filled(a.positive_spans(), a.positive_counts()) == filled(b.positive_spans(), b.positive_counts())
        && filled(a.negative_spans(), a.negative_counts()) == filled(b.negative_spans(), b.negative_counts())
}

/// Indices and bits of the counts that are not 0.
fn filled(spans: &[Span], counts: &[f64]) -> Vec<(i64, u64)> {
    let mut next = 0;
    let mut indices = Vec::new();
    for span in spans {
        next += i64::from(span.offset);
        indices.extend(next..next + i64::from(span.length));
        next += i64::from(span.length);
    }
    assert_eq!(indices.len(), counts.len());
    indices
        .into_iter()
        .zip(counts.iter().copied())
        .filter(|(_, c)| *c != 0.0)
        .map(|(i, c)| (i, c.to_bits()))
        .collect()
}
