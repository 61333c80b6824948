//! `limitk` and `limit_ratio`: some of the elements, whatever their values.

use promqlite_model::Batch;
use xxhash_rust::xxh64::xxh64;

/// Counts what `limitk` has let through: the first k elements of each group and step, in input order.
#[derive(Debug)]
pub struct LimitKState {
    k: Vec<usize>,
    kept: Vec<usize>,
    /// At how many steps each group may still take elements.
    open: Vec<usize>,
}

impl LimitKState {
    /// Nothing let through yet. `k` has a number per step.
    #[must_use]
    pub fn new(groups: usize, k: Vec<usize>) -> Self {
        let open = vec![k.iter().filter(|&&k| k > 0).count(); groups];
        Self { kept: vec![0; groups * k.len()], k, open }
    }

    /// Whether a group lets nothing more through at any step.
    #[must_use]
    pub fn is_full(&self, group: usize) -> bool {
        self.open[group] == 0
    }

    /// Empties the cells of a row that are not among the first k of the row's group. Rows come in input order.
    pub fn keep_row(&mut self, group: usize, batch: &mut Batch, row: usize) {
        for step in 0..self.k.len() {
            let kept = &mut self.kept[group * self.k.len() + step];
            if !batch.has(row, step) {
                continue;
            }
            if *kept < self.k[step] {
                *kept += 1;
                self.open[group] -= usize::from(*kept == self.k[step]);
            } else {
                batch.clear(row, step);
            }
        }
    }
}

/// Finds the places of series in [0, 1]: by the XXH64 hash of their labels, each text behind its length.
#[derive(Debug, Default)]
pub struct SeriesPosition {
    /// The bytes of one series.
    bytes: Vec<u8>,
}

impl SeriesPosition {
    /// The place of a series, whose labels come sorted by name and include the metric name if there is one.
    pub fn of<'a>(&mut self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> f64 {
        self.hash(labels) as f64 / 2_f64.powi(64)
    }

    fn hash<'a>(&mut self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> u64 {
        self.bytes.clear();
        for (name, value) in labels {
            for text in [name, value] {
                self.push_length(text.len());
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
        xxh64(&self.bytes, 0)
    }

    /// One byte up to 254, else 255 and three bytes, lowest first.
    fn push_length(&mut self, len: usize) {
        match u8::try_from(len) {
            Ok(short) if short < u8::MAX => self.bytes.push(short),
            _ => self.bytes.extend_from_slice(&[u8::MAX, len as u8, (len >> 8) as u8, (len >> 16) as u8]),
        }
    }
}

/// Whether `limit_ratio` keeps a series at this position. `r` and `r − 1` complement each other.
#[must_use]
pub fn ratio_keeps(position: f64, ratio: f64) -> bool {
    if ratio >= 0.0 { position < ratio } else { position >= 1.0 + ratio }
}

/// Empties the cells of a row at steps whose ratio leaves the series out. `ratios` has a number per step.
pub fn limit_ratio_row(position: f64, ratios: &[f64], batch: &mut Batch, row: usize) {
    for (step, &ratio) in ratios.iter().enumerate() {
        if !ratio_keeps(position, ratio) {
            batch.clear(row, step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_series() {
        let up = |job| [("__name__", "up"), ("job", job)];
        let mut position = SeriesPosition::default();
        assert_eq!(position.hash(up("a")), 0xabb3_5243_313f_bb0b);
        assert_eq!(position.hash(up("b")), 0x95c8_2dda_8cbf_ec85);
        let (a, b) = (position.of(up("a")), position.of(up("b")));
        assert!(!ratio_keeps(a, 0.6) && ratio_keeps(b, 0.6));
        assert!(ratio_keeps(a, -0.4) && !ratio_keeps(b, -0.4));
        assert!(!ratio_keeps(a, 0.0) && ratio_keeps(a, 1.0) && ratio_keeps(a, -1.0));
    }

    #[test]
    fn long_values_have_long_lengths() {
        let value = "x".repeat(300);
        let mut bytes = vec![1, b'l', 0xff, 44, 1, 0];
        bytes.extend_from_slice(value.as_bytes());
        assert_eq!(
            SeriesPosition::default().hash([("l", value.as_str())]),
            xxhash_rust::xxh64::xxh64(&bytes, 0)
        );
    }

    #[test]
    fn the_first_k_per_step() {
        let mut batch = Batch::empty(3, 2);
        for (row, step) in [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1)] {
            batch.set_float(row, step, 1.0);
        }
        let mut state = LimitKState::new(1, vec![2, 1]);
        let full: Vec<bool> = (0..3)
            .map(|row| {
                state.keep_row(0, &mut batch, row);
                state.is_full(0)
            })
            .collect();
        assert_eq!(full, [false, true, true]);
        let kept: Vec<bool> = (0..3).flat_map(|row| [batch.has(row, 0), batch.has(row, 1)]).collect();
        assert_eq!(kept, [true, false, true, true, false, false]);
    }

    #[test]
    fn ratios_differ_by_step() {
        let mut batch = Batch::empty(1, 3);
        (0..3).for_each(|step| batch.set_float(0, step, 1.0));
        limit_ratio_row(0.5, &[0.4, 0.6, -0.5], &mut batch, 0);
        assert_eq!([0, 1, 2].map(|step| batch.has(0, step)), [false, true, true]);
    }
}
