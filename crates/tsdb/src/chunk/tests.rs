//! Chunks against hand-made bytes and against samples that went through them.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramParts, HistogramView, Span};
use promqlite_model::{NORMAL_NAN, STALE_NAN, SampleBuf, Samples, TimeRange};
use proptest::prelude::*;

use super::*;

mod twin;

fn read(encoding: Encoding, data: &[u8]) -> Result<SampleBuf, Malformed> {
    let mut buf = SampleBuf::default();
    decode(encoding, data, TimeRange::ALL, &mut buf)?;
    Ok(buf)
}

/// Bytes from bits that are written with any spaces.
fn bits(text: &str) -> Vec<u8> {
    let bits: Vec<u8> = text.bytes().filter(|b| *b != b' ' && *b != b'\n').map(|b| b - b'0').collect();
    bits.chunks(8).map(|byte| byte.iter().enumerate().fold(0, |n, (i, bit)| n | bit << (7 - i))).collect()
}

fn f64_bits(value: f64) -> String {
    format!("{:064b}", value.to_bits())
}

fn floats(buf: &SampleBuf) -> Vec<(i64, f64)> {
    let samples = buf.samples();
    samples.times.iter().copied().zip(samples.values.iter().copied()).collect()
}

#[test]
fn xor_by_hand() {
    // Times 1000, 1015, 1030, 1046, 1060, 9060; each prefix of a value once.
    let data = bits(&format!(
        "0000000000000110 11010000 00001111 {} 00001111 0 0 11 01011 000001 1 10 00000000000001 10 1
         10 11111111111110 0 1110 00000001111100110010 11 00000 000000 {}",
        f64_bits(1.0),
        f64_bits(f64::from_bits(1.0f64.to_bits() ^ (-2.5f64).to_bits())),
    ));
    let got = read(Encoding::Xor, &data).unwrap();
    let flipped = f64::from_bits(1.0f64.to_bits() ^ 1 << 52);
    let want = [(1000, 1.0), (1015, 1.0), (1030, flipped), (1046, 1.0), (1060, 1.0), (9060, -2.5)];
    assert_eq!(floats(&got), want);
}

#[test]
fn xor2_by_hand() {
    // Start timestamps from the first sample on, another one from the third on.
    let data = bits(&format!(
        "0000000000000101 10000010 11010000 00001111 {} 11101000 00000111 00001111 111
         0 110 111111 11111 0 110 0000000000001 0 10 111",
        f64_bits(1.0)
    ));
    let got = read(Encoding::Xor2, &data).unwrap();
    let samples = got.samples();
    assert_eq!(samples.times, [1000, 1015, 1030, 1045, 1061]);
    let values: Vec<u64> = samples.values.iter().map(|v| v.to_bits()).collect();
    assert_eq!(values, [1.0, STALE_NAN, 1.0, STALE_NAN, 1.0].map(f64::to_bits));
    // 1000 − 500; then 1015 − (−1), 1030 − (−1), 1045 − (−2).
    assert_eq!(samples.start_times, [500, 500, 1016, 1031, 1047]);
}

#[test]
fn histograms_by_hand() {
    // Schema 1, zero threshold 2^-1, spans (1, 2) and none; counts 5 then 7; a staleness marker; a gauge.
    let layout = "11110011 10 001 10 001 10 010 10 001 0";
    let first = format!("10 011 110 000101 10 001 {} 10 010 10 110", f64_bits(2.5));
    let second = "110 001111 10 010 0 11 01101 000001 1 10 001 10 001";
    let data = bits(&format!("0000000000000010 11000000 {layout} {first} {second}"));
    let got = read(Encoding::Histogram, &data).unwrap();
    let samples = got.samples();
    assert_eq!(samples.times, [3, 18]);
    let (a, b) = (samples.histogram(0).unwrap(), samples.histogram(1).unwrap());
    assert_eq!((a.count(), a.zero_count(), a.sum()), (5.0, 1.0, 2.5));
    assert_eq!((a.positive_counts(), b.positive_counts()), (&[2.0, 0.0][..], &[3.0, 2.0][..]));
    assert_eq!(a.positive_spans(), [Span { offset: 1, length: 2 }]);
    assert_eq!((a.schema().get(), a.zero_threshold(), a.hint()), (1, 0.5, CounterResetHint::Gauge));
    assert_eq!((b.count(), b.zero_count()), (7.0, 1.0));
}

#[test]
fn too_fine_schemas_are_brought_down() {
    // Schema 10 is two finer than 8: buckets 1 to 4 are one there, and 5 the next.
    let layout = "00000000 1110 000001010 10 001 110 000101 10 001 0";
    let first = format!("0 110 001111 0 {} 10 001 0 10 001 0 0", f64_bits(1.0));
    let got =
        read(Encoding::Histogram, &bits(&format!("0000000000000001 00000000 {layout} {first}"))).unwrap();
    let h = got.samples().histogram(0).unwrap();
    assert_eq!(h.schema().get(), 8);
    assert_eq!(h.positive_spans(), [Span { offset: 1, length: 2 }]);
    assert_eq!(h.positive_counts(), [6.0, 2.0]);
    assert_eq!(h.count(), 15.0);
}

#[test]
fn nonsense_is_refused() {
    for (encoding, data, why) in [
        (Encoding::Xor, vec![0], "2 bytes expected"),
        (Encoding::Xor, vec![0, 9, 0], "8 bytes expected"),
        (Encoding::Xor, [&[0, 9, 0], &[0; 10][..]].concat(), "cut off"),
        (Encoding::Histogram, vec![0, 1], "1 bytes expected"),
        (
            Encoding::Histogram,
            bits("0000000000000001 00000000 00000000 1110 000111100 0 0"),
            "schema 60 is unknown",
        ),
        (Encoding::FloatHistogram, bits("0000000000000001 00000000 00000000 0 110 011111 0 0"), "spans"),
        (
            Encoding::HistogramSt,
            bits(&format!("0000000000000001 00000000 00000000 0 10 001 1111110 {:025b} 0 0", 9_999_999)),
            "buckets",
        ),
    ] {
        let error = read(encoding, &data).unwrap_err();
        assert!(error.message.contains(why), "{encoding:?}: {error}");
    }
    // Equal times.
    let data = bits(&format!("0000000000000010 00000010 {} 00000000 0", f64_bits(0.0)));
    assert!(read(Encoding::Xor, &data).unwrap_err().message.contains("ascend"));
    assert!(Encoding::from_number(0xff).unwrap_err().message.contains("Thanos"));
    assert!(Encoding::from_number(7).unwrap_err().message.contains("unknown"));
}

/// A histogram of schema 0 with the given spans and counts of positive buckets.
fn simple(spans: &[(i32, u32)], counts: &[f64]) -> FloatHistogram {
    let parts = HistogramParts {
        count: counts.iter().sum(),
        positive_spans: spans.iter().map(|&(offset, length)| Span { offset, length }).collect(),
        positive_counts: counts.to_vec(),
        ..HistogramParts::default()
    };
    FloatHistogram::from_parts(parts).expect("a valid histogram")
}

#[test]
fn a_counter_that_gets_new_buckets_goes_on() {
    let mut buf = SampleBuf::default();
    let steps = [
        simple(&[(0, 2)], &[1.0, 0.0]),
        simple(&[(0, 1), (3, 1)], &[1.0, 2.0]),
        FloatHistogram::stale(),
        simple(&[(-2, 1), (1, 1)], &[0.5, 1.0]),
        simple(&[(-2, 4)], &[1.5, 1.0, 1.0, 0.0]),
        simple(&[(-2, 4)], &[1.0, 5.0, 1.0, 0.0]),
    ];
    for (t, h) in (0..).zip(&steps) {
        buf.push_histogram(t, h.view());
    }
    let chunks: Vec<EncodedChunk> = encode(&buf.samples(), false).collect();
    let told: Vec<_> = chunks.iter().map(|chunk| (chunk.encoding, chunk.samples)).collect();
    // A staleness marker ends a chunk, a reset too; fractions make it one of floats.
    let (whole, float) = (Encoding::Histogram, Encoding::FloatHistogram);
    assert_eq!(told, [(whole, 3), (float, 2), (whole, 1)]);
    let got = read(whole, &chunks[0].data).unwrap();
    let (a, b) = (got.samples().histogram(0).unwrap(), got.samples().histogram(1).unwrap());
    assert_eq!(a.positive_spans(), [Span { offset: 0, length: 2 }, Span { offset: 2, length: 1 }]);
    assert_eq!((a.positive_counts(), b.positive_counts()), (&[1.0, 0.0, 0.0][..], &[1.0, 0.0, 2.0][..]));
    assert_eq!((a.hint(), b.hint()), (CounterResetHint::Unknown, CounterResetHint::NotReset));
    let got = read(float, &chunks[1].data).unwrap();
    assert_eq!(facts(got.samples().histogram(0).unwrap()), facts(steps[3].view()));
}

#[test]
fn buckets_that_wander_far_begin_new_chunks() {
    let mut buf = SampleBuf::default();
    for t in 0..100 {
        let h = simple(&[(t * 20, 20)], &[1.0; 20]).with_hint(CounterResetHint::Gauge);
        buf.push_histogram(i64::from(t), h.view());
    }
    let samples: Vec<usize> = encode(&buf.samples(), false).map(|chunk| chunk.samples).collect();
    assert_eq!(samples, [25, 25, 25, 25]);
}

/// Deltas of time that fall into every width, and some beyond.
fn deltas() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => Just(15_000i64),
        3 => 14_990i64..15_010,
        1 => 1i64..100_000,
        1 => 1i64..10_000_000,
        1 => 1i64..1i64 << 40,
    ]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0u32..5).prop_map(f64::from),
        2 => any::<f64>(),
        1 => prop_oneof![Just(STALE_NAN), Just(NORMAL_NAN), Just(f64::INFINITY), Just(-0.0)],
        1 => any::<u64>().prop_map(f64::from_bits),
    ]
}

/// Distance of the start timestamp to the sample's time; 0 stands for an unknown one.
fn start() -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(0i64), 3 => Just(1_000), 1 => -5i64..100_000, 1 => 0i64..1 << 45]
}

/// A histogram whose layout is one of a few, and its hint.
fn histogram() -> impl Strategy<Value = FloatHistogram> {
    let counts =
        proptest::collection::vec(prop_oneof![3 => (0u32..50).prop_map(f64::from), 1 => 0.0..9.0], 7);
    (0usize..7, counts, value(), 0usize..12).prop_map(|(layout, counts, sum, hint)| {
        let span = |offset, length| Span { offset, length };
        let hints = [CounterResetHint::Gauge, CounterResetHint::Reset, CounterResetHint::NotReset];
        let parts = HistogramParts {
            hint: hints.get(hint).copied().unwrap_or_default(),
            count: counts[0] + 3.0,
            sum,
            ..HistogramParts::default()
        };
        let exponential = |schema, zero_threshold, positive_spans: Vec<Span>, negative_spans: Vec<Span>| {
            let buckets = |spans: &[Span]| spans.iter().map(|s| s.length as usize).sum::<usize>();
            let positive = buckets(&positive_spans);
            HistogramParts {
                schema,
                zero_threshold,
                zero_count: counts[1],
                positive_counts: counts[2..2 + positive].to_vec(),
                negative_counts: counts[2 + positive..2 + positive + buckets(&negative_spans)].to_vec(),
                positive_spans,
                negative_spans,
                ..parts.clone()
            }
        };
        let parts = match layout {
            0 => exponential(0, 0.001, vec![span(0, 3)], vec![]),
            1 => exponential(3, 2f64.powi(-128), vec![span(-5, 1), span(700, 2)], vec![span(0, 2)]),
            2 => exponential(-4, 0.0, vec![], vec![span(-2, 4)]),
            3 => exponential(8, 0.25, vec![], vec![]),
            // Of the scale of the first, but with other buckets.
            4 => exponential(0, 0.001, vec![span(-1, 2), span(2, 1)], vec![span(4, 1)]),
            5 => exponential(0, 0.001, vec![span(1, 1), span(0, 1)], vec![]),
            _ => HistogramParts {
                schema: -53,
                positive_spans: vec![span(0, 1), span(1, 2)],
                positive_counts: counts[2..5].to_vec(),
                custom_bounds: vec![-1.0, 0.005, 1.0 / 3.0, 1e9],
                ..parts
            },
        };
        FloatHistogram::from_parts(parts).expect("a valid histogram")
    })
}

fn series() -> impl Strategy<Value = SampleBuf> {
    let sample = (deltas(), value(), start(), prop_oneof![1 => Just(None), 1 => histogram().prop_map(Some)]);
    let samples = proptest::collection::vec(sample, 0..300);
    // Whether floats, histograms or both; whether there are start timestamps.
    (samples, 0u8..4, any::<bool>(), -1i64 << 45..1 << 45).prop_map(|(samples, kinds, starts, mut t)| {
        let mut buf = SampleBuf::default();
        let mut last: Option<FloatHistogram> = None;
        for (delta, value, start, histogram) in samples {
            t += delta;
            match histogram.filter(|_| kinds > 0) {
                Some(h) => {
                    // Stretches of one layout, so that chunks hold more than one histogram.
                    let h = if kinds == 2 { last.take().unwrap_or(h) } else { h };
                    buf.push_histogram(t, h.view());
                    last = Some(h);
                }
                None if kinds == 3 => buf.push_histogram(t, FloatHistogram::stale().view()),
                None => buf.push(t, value),
            }
            if starts {
                buf.set_start_time(if start == 0 { 0 } else { t - start });
            }
        }
        buf
    })
}

/// Schema and other numbers of a histogram, and indices and counts of its buckets that are not empty.
type Facts = (i32, Vec<u64>, [Vec<(i32, u64)>; 2]);

/// All of a histogram but its hint and its empty buckets, to the bit.
fn facts(h: HistogramView<'_>) -> Facts {
    let numbers = [h.zero_threshold(), h.zero_count(), h.count(), h.sum()];
    let numbers = numbers.iter().chain(h.custom_bounds()).map(|v| v.to_bits()).collect();
    let side = |spans: &[Span], counts: &[f64]| {
        let mut next = 0;
        let mut indices = Vec::new();
        for span in spans {
            let start = next + span.offset;
            next = start + span.length as i32;
            indices.extend(start..next);
        }
        assert_eq!(indices.len(), counts.len());
        let buckets = indices.into_iter().zip(counts.iter().map(|count| count.to_bits()));
        buckets.filter(|&(_, count)| count != 0).collect()
    };
    let positive = side(h.positive_spans(), h.positive_counts());
    let negative = side(h.negative_spans(), h.negative_counts());
    (h.schema().get(), numbers, [positive, negative])
}

/// Compares all but the hints and empty buckets.
fn check_equal(got: &Samples<'_>, want: &Samples<'_>, starts: bool) -> Result<(), TestCaseError> {
    prop_assert_eq!(got.times, want.times);
    for i in 0..want.len() {
        match (got.histogram(i), want.histogram(i)) {
            (Some(got), Some(want)) if want.is_stale() => prop_assert!(got.is_stale()),
            (Some(got), Some(want)) => {
                prop_assert_eq!(facts(got), facts(want));
            }
            (None, None) => prop_assert_eq!(got.values[i].to_bits(), want.values[i].to_bits()),
            _ => prop_assert!(false, "a float for a histogram at {}", i),
        }
        prop_assert_eq!(got.start_time(i), if starts { want.start_time(i) } else { 0 });
    }
    Ok(())
}

proptest! {
    #[test]
    fn samples_go_through_chunks(series in series(), starts: bool) {
        let want = series.samples();
        let mut got = SampleBuf::default();
        for chunk in encode(&want, starts) {
            prop_assert_eq!(sample_count(chunk.encoding, &chunk.data), Ok(chunk.samples));
            prop_assert!(starts || !chunk.encoding.has_start_times());
            let before = got.len();
            prop_assert_eq!(decode(chunk.encoding, &chunk.data, TimeRange::ALL, &mut got), Ok(chunk.samples));
            let times = &got.samples().times[before..];
            prop_assert_eq!((times.first(), times.last()), (Some(&chunk.min_ms), Some(&chunk.max_ms)));
        }
        check_equal(&got.samples(), &want, starts)?;
    }

    /// What a reader takes for granted between the histograms of a chunk is so.
    #[test]
    fn no_chunk_hides_a_counter_reset(series in series()) {
        let want = series.samples();
        let mut got = SampleBuf::default();
        for chunk in encode(&want, false) {
            decode(chunk.encoding, &chunk.data, TimeRange::ALL, &mut got).unwrap();
        }
        let got = got.samples();
        for i in 1..want.len() {
            let (Some(a), Some(b)) = (want.histogram(i - 1), want.histogram(i)) else { continue };
            let (before, now) = (got.histogram(i - 1).unwrap(), got.histogram(i).unwrap());
            // Hints do not survive the beginning of a chunk; there, the buckets tell.
            let gauge = |h: HistogramView<'_>| h.hint() == CounterResetHint::Gauge;
            let told = b.hint() != CounterResetHint::Unknown || gauge(a) != gauge(b);
            if !told && !a.is_stale() && !b.is_stale() {
                prop_assert_eq!(now.is_reset_after(before), b.is_reset_after(a), "sample {}", i);
            }
        }
    }

    #[test]
    fn a_range_cuts_what_the_whole_has(series in series(), a in 0usize..300, b in 0usize..300) {
        let want = series.samples();
        if want.is_empty() {
            return Ok(());
        }
        let at = |i: usize| want.times[i.min(want.len() - 1)];
        let range = TimeRange::new(at(a), at(b));
        let mut got = SampleBuf::default();
        for chunk in encode(&want, true) {
            decode(chunk.encoding, &chunk.data, range, &mut got).unwrap();
        }
        check_equal(&got.samples(), &want.slice(range.slice(want.times)), true)?;
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), n in 0u16..200) {
        for encoding in Encoding::ALL {
            let mut data = n.to_be_bytes().to_vec();
            data.extend(&bytes);
            if let Ok(buf) = read(encoding, &data) {
                prop_assert!(buf.samples().times.is_sorted_by(|a, b| a < b));
            }
        }
    }

    #[test]
    fn no_flipped_bit_makes_it_panic(series in series(), at: proptest::sample::Index) {
        for mut chunk in encode(&series.samples(), true) {
            let bit = at.index(chunk.data.len() * 8);
            chunk.data[bit / 8] ^= 1 << (bit % 8);
            let _ = read(chunk.encoding, &chunk.data);
            let _ = read(chunk.encoding, &chunk.data[..bit / 8]);
        }
    }
}
