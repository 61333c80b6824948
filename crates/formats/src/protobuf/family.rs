//! Messages of `io.prometheus.client`.

use promqlite_model::histogram::{CounterResetHint, FloatHistogram, HistogramParts, Span, absolute_counts};
use promqlite_storage::MetricKind;

use crate::protobuf::wire::{Message, WireError};

/// `MetricFamily`; its metrics are still undecoded.
#[derive(Debug, Default)]
pub(super) struct Family<'a> {
    pub(super) name: &'a str,
    pub(super) help: &'a str,
    pub(super) unit: &'a str,
    pub(super) kind: MetricKind,
    pub(super) metrics: Vec<Message<'a>>,
}

impl<'a> Family<'a> {
    pub(super) fn decode(message: Message<'a>) -> Result<Self, WireError> {
        // The schema's default type.
        let mut family = Self { kind: MetricKind::Counter, ..Self::default() };
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => family.name = field.text()?,
                2 => family.help = field.text()?,
                3 => family.kind = kind_of(field.unsigned()?),
                4 => family.metrics.push(field.message()?),
                5 => family.unit = field.text()?,
                _ => {}
            }
        }
        if family.name.is_empty() {
            return Err(WireError {
                offset: message.offset,
                message: "a metric family without a name".to_owned(),
            });
        }
        Ok(family)
    }
}

fn kind_of(number: u64) -> MetricKind {
    match number {
        0 => MetricKind::Counter,
        1 => MetricKind::Gauge,
        2 => MetricKind::Summary,
        4 => MetricKind::Histogram,
        5 => MetricKind::GaugeHistogram,
        _ => MetricKind::Unknown,
    }
}

/// `Metric`
#[derive(Debug, Default)]
pub(super) struct Metric<'a> {
    pub(super) labels: Vec<(&'a str, &'a str)>,
    /// The value of a counter, a gauge or an untyped metric.
    pub(super) value: Option<f64>,
    pub(super) summary: Option<Summary>,
    pub(super) histogram: Option<Histogram>,
    /// 0 if it has none.
    pub(super) time_ms: i64,
}

/// `Summary`
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) count: u64,
    pub(super) sum: f64,
    /// Quantile and value.
    pub(super) quantiles: Vec<(f64, f64)>,
}

/// `Histogram`, classic, native or both.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    count: u64,
    count_float: f64,
    pub(super) sum: f64,
    /// Upper bound, cumulative count as integer and as float.
    buckets: Vec<(f64, u64, f64)>,
    schema: i64,
    zero_threshold: f64,
    zero_count: u64,
    zero_count_float: f64,
    negative: Side,
    positive: Side,
}

/// The buckets of one sign.
#[derive(Debug, Default)]
struct Side {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl<'a> Metric<'a> {
    pub(super) fn decode(message: Message<'a>) -> Result<Self, WireError> {
        let mut metric = Self::default();
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => metric.labels.push(label(field.message()?)?),
                2 | 3 | 5 => metric.value = Some(value(field.message()?)?),
                4 => metric.summary = Some(Summary::decode(field.message()?)?),
                6 => metric.time_ms = field.signed()?,
                7 => metric.histogram = Some(Histogram::decode(field.message()?)?),
                _ => {}
            }
        }
        Ok(metric)
    }
}

fn label(message: Message<'_>) -> Result<(&str, &str), WireError> {
    let (mut name, mut value) = ("", "");
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => name = field.text()?,
            2 => value = field.text()?,
            _ => {}
        }
    }
    Ok((name, value))
}

/// `Counter`, `Gauge`, `Untyped`: the value is field 1 of all.
fn value(message: Message<'_>) -> Result<f64, WireError> {
    let mut value = 0.0;
    for field in message.fields() {
        let field = field?;
        if field.number == 1 {
            value = field.double()?;
        }
    }
    Ok(value)
}

impl Summary {
    fn decode(message: Message<'_>) -> Result<Self, WireError> {
        let mut summary = Self::default();
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => summary.count = field.unsigned()?,
                2 => summary.sum = field.double()?,
                3 => {
                    let (mut quantile, mut value) = (0.0, 0.0);
                    for field in field.message()?.fields() {
                        let field = field?;
                        match field.number {
                            1 => quantile = field.double()?,
                            2 => value = field.double()?,
                            _ => {}
                        }
                    }
                    summary.quantiles.push((quantile, value));
                }
                _ => {}
            }
        }
        Ok(summary)
    }
}

impl Histogram {
    fn decode(message: Message<'_>) -> Result<Self, WireError> {
        let mut h = Self::default();
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => h.count = field.unsigned()?,
                2 => h.sum = field.double()?,
                3 => h.buckets.push(bucket(field.message()?)?),
                4 => h.count_float = field.double()?,
                5 => h.schema = field.zigzag()?,
                6 => h.zero_threshold = field.double()?,
                7 => h.zero_count = field.unsigned()?,
                8 => h.zero_count_float = field.double()?,
                9 => h.negative.spans.push(span(field.message()?)?),
                10 => field.zigzags(&mut h.negative.deltas)?,
                11 => field.doubles(&mut h.negative.counts)?,
                12 => h.positive.spans.push(span(field.message()?)?),
                13 => field.zigzags(&mut h.positive.deltas)?,
                14 => field.doubles(&mut h.positive.counts)?,
                _ => {}
            }
        }
        Ok(h)
    }

    /// Whether it has a native side. A span without buckets says so where nothing else does.
    pub(super) fn is_native(&self) -> bool {
        !(self.positive.spans.is_empty() && self.negative.spans.is_empty())
            || self.zero_threshold > 0.0
            || self.zero_count > 0
            || self.zero_count_float > 0.0
    }

    /// Whether it has a classic side.
    pub(super) fn is_classic(&self) -> bool {
        !self.buckets.is_empty()
    }

    /// All observations.
    pub(super) fn count(&self) -> f64 {
        if self.count_float > 0.0 { self.count_float } else { self.count as f64 }
    }

    /// The classic buckets: upper bound and cumulative count; `+Inf` is always there.
    pub(super) fn cumulative(&self) -> Vec<(f64, f64)> {
        let count = |&(bound, count, float): &(f64, u64, f64)| {
            (bound, if float > 0.0 { float } else { count as f64 })
        };
        let mut buckets: Vec<(f64, f64)> = self.buckets.iter().map(count).collect();
        if !buckets.iter().any(|(bound, _)| *bound == f64::INFINITY) {
            buckets.push((f64::INFINITY, self.count()));
        }
        buckets
    }

    /// The native side; the reason if it is impossible.
    pub(super) fn native(self, hint: CounterResetHint) -> Result<FloatHistogram, String> {
        let count = self.count();
        let zero_count =
            if self.zero_count_float > 0.0 { self.zero_count_float } else { self.zero_count as f64 };
        let schema = i32::try_from(self.schema).map_err(|_| format!("the schema {}", self.schema))?;
        let histogram = FloatHistogram::from_parts(HistogramParts {
            hint,
            schema,
            zero_threshold: self.zero_threshold,
            zero_count,
            count,
            sum: super::read::plain_nan(self.sum),
            positive_counts: self.positive.absolute(),
            positive_spans: self.positive.spans,
            negative_counts: self.negative.absolute(),
            negative_spans: self.negative.spans,
            custom_bounds: Vec::new(),
        });
        let histogram = histogram.map_err(|e| e.to_string())?;
        histogram.view().check_counts().map_err(|e| e.to_string())?;
        Ok(histogram)
    }
}

impl Side {
    fn absolute(&self) -> Vec<f64> {
        if self.counts.is_empty() {
            absolute_counts(self.deltas.iter().copied())
        } else {
            self.counts.clone()
        }
    }
}

fn bucket(message: Message<'_>) -> Result<(f64, u64, f64), WireError> {
    let (mut bound, mut count, mut float) = (0.0, 0, 0.0);
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => count = field.unsigned()?,
            2 => bound = field.double()?,
            4 => float = field.double()?,
            _ => {}
        }
    }
    Ok((bound, count, float))
}

fn span(message: Message<'_>) -> Result<Span, WireError> {
    let mut span = Span { offset: 0, length: 0 };
    for field in message.fields() {
        let field = field?;
        let too_large =
            |_| WireError { offset: message.offset, message: "a span that does not fit 32 bits".to_owned() };
        match field.number {
            1 => span.offset = i32::try_from(field.zigzag()?).map_err(too_large)?,
            2 => span.length = u32::try_from(field.unsigned()?).map_err(too_large)?,
            _ => {}
        }
    }
    Ok(span)
}
