//! No bytes make a reader panic: valid files, mutated.

use promqlite_formats::{Collected, Format, LoadOptions, Loader, ReadOptions, read_stream};
use promqlite_storage::MemStore;
use proptest::prelude::*;

const SAMPLES: [&str; 11] = [
    "# HELP up x\\ny\n# TYPE up gauge\nup{job=\"a\",le=\"1\",} 1 1700000000000\n{\"my.metric\",x=\"\\\"\"} +Inf\n",
    "# TYPE a counter\n# UNIT a seconds\na_total{a=\"b\"} 17 1700000000.5 # {trace_id=\"x\"} 0.5 1.5\na_total 1e-7\n# EOF\n",
    "{__name__=\"h\", a=\"\\u00e9\\x41\"} {count:5, sum:18.4, [-2,-1):1, [-0.001,0.001]:2, (1,2]:2} 1700000000000\n{a=\"b\"} 1 1\n",
    "my.metric{a=\"\\t\"} 1 1700000000.500\nup NaN 1700000000.000\n# EOF\n",
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"a\":\"b\"},\"values\":[[1,\"2\"],[2.5,\"3e1\"]],\"histograms\":[[3,{\"count\":\"3\",\"sum\":\"4\",\"buckets\":[[0,\"1\",\"2\",\"3\"],[3,\"-1\",\"1\",\"2\"]]}]]}]},\"warnings\":[\"x\"]}\n[1,\"2\"]",
    "{\"metric\":{\"__name__\":\"up\"},\"values\":[1,null,\"Infinity\"],\"timestamps\":[1,2,3]}\n",
    "__name__,job,timestamp,value\nup,\"a\"\"b\",1785542415.25,1\nh,,2026-08-01 00:00:30+02:00,\"{count:3, sum:4.5, (1,2]:3}\"\n",
    "__name__,job,__value__,__timestamp__:unix_s\nup,\"a\\\"b\",1,1785542415\n",
    "cpu\\ x,host=a\\,b usage=0.5,n=3i,ok=T,s=\"a\nb\\\"\" 1785542415000000000\ncpu,a=b value=7u\n",
    "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"a.b\",\"unit\":\"m/s\",\"exponentialHistogram\":{\"aggregationTemporality\":1,\"dataPoints\":[{\"timeUnixNano\":\"17\",\"count\":3,\"scale\":9,\"positive\":{\"offset\":-1,\"bucketCounts\":[1,2]}}]}}]}]}]}\n",
    "{\"results\":{\"A\":{\"frames\":[{\"schema\":{\"fields\":[{\"name\":\"Time\",\"type\":\"time\"},{\"name\":\"Value\",\"type\":\"number\",\"labels\":{\"a\":\"b\"}}]},\"data\":{\"values\":[[1,2],[3,null]],\"entities\":[null,{\"NaN\":[1]}]}}]}}}",
];

/// A change to a text: at a place, remove some bytes and put others.
fn mutation() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec![
            "\"",
            "\\",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\n",
            "#",
            " ",
            "=",
            "1e999",
            "-",
            "NaN",
            "Inf",
            "\u{0}",
            "é",
            "99999999999999999999",
            "null",
            "\\u",
            "(",
            ")",
            "9223372036854775807",
            "-9223372036854775808",
            "1e300",
        ])
        .prop_map(|s| s.as_bytes().to_vec()),
    ];
    (any::<prop::sample::Index>(), 0usize..6, bytes)
}

fn mutated(text: &str, mutations: &[(prop::sample::Index, usize, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (at, removed, put) in mutations {
        let at = at.index(bytes.len() + 1);
        let end = (at + removed).min(bytes.len());
        bytes.splice(at..end, put.iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn mutated_files(which in 0..SAMPLES.len(), mutations in prop::collection::vec(mutation(), 0..6)) {
        let bytes = mutated(SAMPLES[which], &mutations);
        for lenient in [false, true] {
            let options = ReadOptions { default_time_ms: Some(7), lenient, nan_as_stale: true, ..ReadOptions::default() };
            for format in Format::ALL {
                let _ = read_stream("f", &bytes[..], format, &options, &mut Collected::default());
            }
            let store = MemStore::new();
            let options = LoadOptions { lenient, ..LoadOptions::default() };
            let _ = Loader::new(&store, options).load_reader("f", &bytes[..]);
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Format::detect(&bytes, true, "a.om");
        for format in Format::ALL {
            let _ = read_stream("f", &bytes[..], format, &ReadOptions::default(), &mut Collected::default());
        }
    }

    #[test]
    fn damaged_archives(mutations in prop::collection::vec(mutation(), 1..4), gzip in any::<bool>()) {
        let packed = if gzip {
            let mut encoder = flate2::read::GzEncoder::new(SAMPLES[0].as_bytes(), flate2::Compression::fast());
            let mut packed = Vec::new();
            std::io::Read::read_to_end(&mut encoder, &mut packed).unwrap();
            packed
        } else {
            zstd::encode_all(SAMPLES[0].as_bytes(), 1).unwrap()
        };
        let mut bytes = packed;
        for (at, removed, put) in &mutations {
            let at = at.index(bytes.len() + 1);
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, put.iter().copied());
        }
        let _ = Loader::new(&MemStore::new(), LoadOptions::default()).load_reader("f", &bytes[..]);
    }

    /// Where blocks end makes no difference.
    #[test]
    fn small_reads(which in 0..4usize, chunk in 1usize..40) {
        struct Slow<'a>(&'a [u8], usize);
        impl std::io::Read for Slow<'_> {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                let n = self.1.min(self.0.len()).min(buf.len());
                buf[..n].copy_from_slice(&self.0[..n]);
                self.0 = &self.0[n..];
                Ok(n)
            }
        }
        let format = Format::ALL[which];
        let text = [SAMPLES[0], SAMPLES[1], SAMPLES[2], SAMPLES[3]][which];
        let options = ReadOptions { default_time_ms: Some(7), ..ReadOptions::default() };
        let (mut whole, mut parts) = (Collected::default(), Collected::default());
        read_stream("f", text.as_bytes(), format, &options, &mut whole).unwrap();
        read_stream("f", Slow(text.as_bytes(), chunk), format, &options, &mut parts).unwrap();
        prop_assert_eq!(format!("{whole:?}"), format!("{parts:?}"));
    }
}
