//! What tests of readers share.

#![allow(dead_code)]

use promqlite_formats::{
    Collected, CollectedSeries, CollectedValue, Format, FormatError, LoadOptions, Loader, ReadOptions,
    read_stream,
};
use promqlite_model::{is_stale, quote};
use promqlite_storage::MemStore;

/// All series with their samples, one series per line, in the order of arrival.
pub(crate) fn dump(series: &[CollectedSeries]) -> String {
    let mut out = String::new();
    for one in series {
        let labels: Vec<String> = one.labels.iter().map(|(n, v)| format!("{n}={}", quote(v))).collect();
        out.push_str(&format!("{{{}}}", labels.join(",")));
        for (time, value) in &one.samples {
            let value = match value {
                CollectedValue::Float(v) if is_stale(*v) => "stale".to_owned(),
                CollectedValue::Float(v) => v.to_string(),
                CollectedValue::Histogram(h) if h.view().is_stale() => "stale histogram".to_owned(),
                CollectedValue::Histogram(h) => h.to_string(),
            };
            out.push_str(&format!(" {value}@{time}"));
        }
        out.push('\n');
    }
    out
}

/// Reads a file called `f`: its samples and warnings.
pub(crate) fn read(
    format: Format,
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(String, Vec<String>), FormatError> {
    let mut sink = Collected::default();
    let summary = read_stream("f", bytes, format, options, &mut sink)?;
    Ok((dump(&sink.series), summary.warnings))
}

/// Reads what the bytes become when they end early and when single bits are wrong: errors are fine, panics and
/// endless loops are not.
pub(crate) fn truncations_and_flips(format: Format, bytes: &[u8]) {
    for lenient in [false, true] {
        let options = ReadOptions { lenient, default_time_ms: Some(0), ..ReadOptions::default() };
        // Of long files only some places, so that the tests stay short.
        let step = 1 + bytes.len() / 200;
        for end in (0..=bytes.len()).step_by(step) {
            let _ = read_stream("f", &bytes[..end], format, &options, &mut Collected::default());
        }
        let mut damaged = bytes.to_vec();
        for at in (0..bytes.len()).step_by(step) {
            for bit in 0..8 {
                damaged[at] ^= 1 << bit;
                let _ = read_stream("f", &damaged[..], format, &options, &mut Collected::default());
                damaged[at] ^= 1 << bit;
            }
        }
    }
    for end in (0..=bytes.len()).step_by(7 * (1 + bytes.len() / 200)) {
        let _ = Loader::new(&MemStore::new(), LoadOptions::default()).load_reader("f", &bytes[..end]);
    }
}
