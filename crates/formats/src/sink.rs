//! Where readers put what they find.

use promqlite_model::histogram::{FloatHistogram, HistogramView};
use promqlite_storage::Metadata;

/// Names a series of one [`SampleSink`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesHandle(pub u32);

/// Takes samples from a reader.
///
/// A reader may ask for the same label set more than once; the sink decides whether that is the same series.
pub trait SampleSink {
    /// Finds or makes a series. Labels come in the order of the file, `__name__` among them; none twice.
    fn series(&mut self, labels: &[(&str, &str)]) -> SeriesHandle;

    /// Takes a float sample at a time in ms.
    fn sample(&mut self, series: SeriesHandle, t_ms: i64, value: f64);

    /// Takes a native histogram at a time in ms.
    fn histogram(&mut self, series: SeriesHandle, t_ms: i64, histogram: HistogramView<'_>);

    /// Takes what a file tells about a metric family.
    fn metadata(&mut self, metadata: Metadata);
}

/// A sink that keeps everything in plain vectors, in the order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// One entry per distinct label set as it was written.
    pub series: Vec<CollectedSeries>,
    /// What was told about metric families.
    pub metadata: Vec<Metadata>,
}

/// A series of [`Collected`].
#[derive(Clone, Debug)]
pub struct CollectedSeries {
    /// The labels in the order of the file.
    pub labels: Vec<(String, String)>,
    /// Time in ms and value of each sample.
    pub samples: Vec<(i64, CollectedValue)>,
}

/// A value of [`CollectedSeries`].
#[derive(Clone, Debug)]
pub enum CollectedValue {
    /// A float.
    Float(f64),
    /// A native histogram.
    Histogram(Box<FloatHistogram>),
}

impl SampleSink for Collected {
    fn series(&mut self, labels: &[(&str, &str)]) -> SeriesHandle {
        let same = |s: &CollectedSeries| {
            s.labels.len() == labels.len() && s.labels.iter().zip(labels).all(|(a, b)| (&*a.0, &*a.1) == *b)
        };
        let index = self.series.iter().position(same).unwrap_or_else(|| {
            let labels = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            self.series.push(CollectedSeries { labels, samples: Vec::new() });
            self.series.len() - 1
        });
        SeriesHandle(u32::try_from(index).expect("invariant: fewer than 2^32 series"))
    }

    fn sample(&mut self, series: SeriesHandle, t_ms: i64, value: f64) {
        self.series[series.0 as usize].samples.push((t_ms, CollectedValue::Float(value)));
    }

    fn histogram(&mut self, series: SeriesHandle, t_ms: i64, histogram: HistogramView<'_>) {
        let value = CollectedValue::Histogram(Box::new(histogram.to_owned()));
        self.series[series.0 as usize].samples.push((t_ms, value));
    }

    fn metadata(&mut self, metadata: Metadata) {
        self.metadata.push(metadata);
    }
}
