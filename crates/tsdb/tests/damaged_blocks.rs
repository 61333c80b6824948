//! Cuts a block at every byte and flips its every bit: it is opened and read as it was, or an error tells the file
//! and the place. Nothing panics, hangs or takes memory that a small block cannot need.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use promqlite_model::histogram::{FloatHistogram, HistogramParts, Span};
use promqlite_model::{Matcher, SampleBuf, TimeRange, Timestamp};
use promqlite_storage::{MemStore, SelectRequest, Storage};
use promqlite_tsdb::{BlockStore, OpenOptions, Tombstones, TsdbError, WriteOptions, write_blocks};

/// Two series with floats, one with histograms; one has deleted samples.
fn write(data: &Path) -> PathBuf {
    let store = MemStore::new();
    for (i, value) in ["b", "a"].into_iter().enumerate() {
        let id = store.series_of([("__name__", "m"), ("l", value)]);
        for k in 0..130 {
            store.append(id, k * 15_000 + (k % 3) * i as i64, (k / 30) as f64);
        }
    }
    let id = store.series_of([("__name__", "h")]);
    for k in 0..3u32 {
        let parts = HistogramParts {
            count: f64::from(k) * 2.0,
            sum: f64::from(k),
            positive_spans: vec![Span { offset: 0, length: 2 }],
            positive_counts: vec![f64::from(k); 2],
            ..HistogramParts::default()
        };
        store.append_histogram(id, i64::from(k) * 15_000, FloatHistogram::from_parts(parts).unwrap().view());
    }
    let options = WriteOptions::new(Timestamp(0));
    let block = write_blocks(data, &store, &[], TimeRange::ALL, &options).unwrap().remove(0).path;
    let mut tombstones = Tombstones::default();
    let all = fs::read(block.join("index")).unwrap();
    // The first series begins at the first multiple of 16 behind the symbols.
    let symbols = u32::from_be_bytes(all[5..9].try_into().unwrap()) as usize;
    tombstones.delete((5 + 4 + symbols + 4).div_ceil(16) as u64, TimeRange::new(0, 20_000));
    fs::write(block.join("tombstones"), tombstones.write()).unwrap();
    block
}

/// All that can be read, as text.
fn read(block: &Path, copy_files: bool) -> Result<String, TsdbError> {
    let store = BlockStore::open(block, &OpenOptions { copy_files, strict: true, ..OpenOptions::default() })?;
    let mut text = String::new();
    let mut buf = SampleBuf::default();
    let range = TimeRange::new(-1_000_000, 10_000_000);
    let lists = [
        vec![],
        vec![Matcher::equal("l", "a")],
        vec![Matcher::equal("l", ""), Matcher::equal("__name__", "h")],
    ];
    for matchers in lists {
        let selection = store.select(&SelectRequest::new(&matchers, range))?;
        for i in 0..selection.len() {
            text += &selection.labels(i).display(store.symbols());
            text += &format!("{:?}", selection.samples(i, range, &mut buf)?);
        }
    }
    text += &format!("{:?}", store.label_names(&[], range)?);
    text += &format!("{:?}", store.label_values("l", &[], range)?);
    text += &format!("{:?}", store.time_range());
    Ok(text)
}

/// Most memory that the process ever had, in KiB.
fn peak() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Tries a damaged file and says whether the damage was noticed.
fn try_damaged(block: &Path, file: &str, bytes: &[u8], want: &str, what: &str) -> bool {
    fs::write(block.join(file), bytes).unwrap();
    match read(block, bytes.len().is_multiple_of(2)) {
        Ok(got) => {
            assert!(got == want, "{file}, {what}: another answer\n{got}\n{want}");
            false
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(&block.display().to_string()), "{file}, {what}: {text}");
            true
        }
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let block = write(folder.path());
    let want = read(&block, false).unwrap();
    assert!(want.contains("30000") && want.contains("__name__"));
    let before = peak();
    for file in ["index", "chunks/000001", "tombstones"] {
        let whole = fs::read(block.join(file)).unwrap();
        assert!(whole.len() < 4_000, "{file} has {} bytes", whole.len());
        for end in 0..whole.len() {
            let noticed = try_damaged(&block, file, &whole[..end], &want, &format!("cut at {end}"));
            assert!(noticed, "{file} cut at {end}");
        }
        let mut unnoticed = 0;
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let noticed = try_damaged(&block, file, &damaged, &want, &format!("bit {bit}"));
            unnoticed += usize::from(!noticed);
        }
        // Padding, the offsets of sections that nobody reads, and version 3 for 2.
        assert!(unnoticed < whole.len() * 8 / 5, "{unnoticed} bits of {file} are not looked at");
        fs::write(block.join(file), &whole).unwrap();
    }
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after < before + 64 * 1024, "{before} KiB before, {after} KiB after");
    }
    assert_eq!(read(&block, false).unwrap(), want);
}

/// Samples one by one, and the warnings after they were read, where damage is no error.
fn read_what_is_left(block: &Path) -> Result<(BTreeSet<String>, Vec<String>), TsdbError> {
    let store = BlockStore::open(block, &OpenOptions::default())?;
    let no_matchers: [Matcher; 0] = [];
    let selection = store.select(&SelectRequest::new(&no_matchers, TimeRange::ALL))?;
    let mut buf = SampleBuf::default();
    let mut facts = BTreeSet::new();
    for i in 0..selection.len() {
        let labels = selection.labels(i).display(store.symbols()).to_string();
        let samples = selection.samples(i, TimeRange::ALL, &mut buf)?;
        facts.extend((0..samples.len()).map(|k| {
            let histogram = samples.histogram(k).map(|h| (h.count(), h.positive_counts().to_vec()));
            format!("{labels} {} {} {histogram:?}", samples.times[k], samples.values[k])
        }));
    }
    Ok((facts, selection.warnings()))
}

#[test]
fn what_is_damaged_is_left_out_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let block = write(folder.path());
    let (want, none) = read_what_is_left(&block).unwrap();
    assert_eq!((want.len(), none.len()), (2 * 130 + 3 - 2, 0));
    let (mut partial, mut least) = (0, usize::MAX);
    for file in ["index", "chunks/000001"] {
        let whole = fs::read(block.join(file)).unwrap();
        for bit in (0..whole.len() * 8).step_by(3) {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(block.join(file), &damaged).unwrap();
            // What cannot be opened at all is an error still.
            let Ok((left, warnings)) = read_what_is_left(&block) else { continue };
            assert!(left.is_subset(&want), "bit {bit} of {file}: other samples");
            assert_eq!(left == want, warnings.is_empty(), "bit {bit} of {file}: {warnings:?}");
            partial += usize::from(left.len() < want.len() && !left.is_empty());
            least = least.min(left.len());
            for text in &warnings {
                assert!(text.contains(file) && text.contains("left out"), "bit {bit} of {file}: {text}");
            }
        }
        fs::write(block.join(file), &whole).unwrap();
    }
    assert!(partial > 300, "{partial} flipped bits cost a part");
    assert_eq!(least, 0, "damaged lists cost the block");
}

#[test]
fn no_damaged_meta_file_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    let block = write(folder.path());
    let whole = fs::read(block.join("meta.json")).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(block.join("meta.json"), &damaged).unwrap();
        let _ = read(&block, false);
    }
    for end in 0..whole.len() - 2 {
        fs::write(block.join("meta.json"), &whole[..end]).unwrap();
        assert!(read(&block, false).is_err(), "cut at {end}");
    }
}

#[test]
fn missing_parts_are_named() {
    for (file, says) in [("index", "index"), ("meta.json", "meta.json"), ("chunks/000001", "chunk file 1")] {
        let folder = tempfile::tempdir().unwrap();
        let block = write(folder.path());
        fs::remove_file(block.join(file)).unwrap();
        let error = read(&block, false).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let block = write(folder.path());
    fs::remove_file(block.join("tombstones")).unwrap();
    assert!(read(&block, false).is_ok());
}
