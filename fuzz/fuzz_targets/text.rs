//! Bytes as an exported file.
//!
//! The first byte chooses the format, or has it found out. The second: 1 is lenient, 2 takes NaN for staleness, 4 gives
//! samples without a time one, 8 leaves `le` alone, 16 reads in small parts, which must change nothing.
#![no_main]

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use promqlite::MemStore;
use promqlite_formats::{Collected, Format, LoadOptions, Loader, ReadOptions, read_stream};
use promqlite_fuzz::everything::read_everything;

/// Hands out a few bytes at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = 7.min(buf.len()).min(self.0.len());
        let (now, later) = self.0.split_at(n);
        buf[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

fuzz_target!(|data: &[u8]| {
    let [format, flags, bytes @ ..] = data else { return };
    let has = |bit: u8| flags & bit != 0;
    let format = Format::ALL.get(usize::from(*format) % (Format::ALL.len() + 1)).copied();
    let _ = Format::detect(bytes, true, "a.om");
    if let Some(format) = format.filter(|_| has(16)) {
        check_small_parts(format, *flags, bytes);
        return;
    }
    let options = LoadOptions {
        format,
        at_ms: has(4).then_some(1_700_000_000_000),
        lenient: has(1),
        nan_as_stale: has(2),
        normalize_le: !has(8),
        ..LoadOptions::default()
    };
    let store = MemStore::new();
    let _ = Loader::new(&store, options).load_reader("f", bytes);
    read_everything(&store).expect("a store in memory that can be read");
});

fn check_small_parts(format: Format, flags: u8, bytes: &[u8]) {
    let options = ReadOptions {
        default_time_ms: (flags & 4 != 0).then_some(7),
        lenient: flags & 1 != 0,
        nan_as_stale: flags & 2 != 0,
        normalize_le: flags & 8 == 0,
        ..ReadOptions::default()
    };
    let (mut whole, mut parts) = (Collected::default(), Collected::default());
    let want = read_stream("f", bytes, format, &options, &mut whole);
    let got = read_stream("f", Slow(bytes), format, &options, &mut parts);
    assert_eq!(format!("{want:?}"), format!("{got:?}"), "{format} in small parts");
    assert_eq!(format!("{whole:?}"), format!("{parts:?}"), "{format} in small parts");
}
