//! Requests into samples.

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use promqlite_model::histogram::FloatHistogram;
use promqlite_model::{NORMAL_NAN, STALE_NAN, float_plain};
use promqlite_storage::{Metadata, MetricKind};

use crate::error::FormatError;
use crate::otlp::OtlpOptions;
use crate::otlp::delta::{Deltas, PointValue};
use crate::otlp::histogram::{Explicit, exponential};
use crate::otlp::labels::{Labels, Target, of_scope, set};
use crate::otlp::model::{Metric, NumberPoint, PointHead, Points, Request, SummaryPoint, Temporality};
use crate::otlp::names::{MetricShape, metric_name};
use crate::reading::Reading;
use crate::sink::SampleSink;

/// Labels of a series at most, as for text.
const MAX_LABELS: usize = 1024;

/// How far apart the samples of `target_info` lie: half of the default lookback, in ms.
const INFO_STEP_MS: i64 = 150_000;

/// Samples of `target_info` for one resource of one request.
const MAX_INFO_SAMPLES: i64 = 10_000;

/// The flag of a point that tells of the end of a series.
const NO_RECORDED_VALUE: u64 = 1;

pub(super) struct Converter<'a, S> {
    pub(super) reading: Reading<'a>,
    options: &'a OtlpOptions,
    out: Out<'a, S>,
    deltas: Deltas,
    families: HashSet<String, RandomState>,
}

/// What a metric's points share.
struct Context<'c> {
    target: &'c Target,
    scope: &'c Labels,
    name: &'c str,
    /// The line of the request, for errors.
    line: u64,
}

impl<'a, S: SampleSink> Converter<'a, S> {
    pub(super) fn new(reading: Reading<'a>, sink: &'a mut S) -> Self {
        let options = &reading.options.formats.otlp;
        let out = Out { sink, custom_buckets: options.custom_buckets, samples: 0 };
        Self { reading, options, out, deltas: Deltas::default(), families: HashSet::default() }
    }

    pub(super) fn request(&mut self, request: &Request, line: u64) -> Result<(), FormatError> {
        for metrics in request.resource_metrics.iter().flatten() {
            let target = Target::new(metrics.resource.as_ref(), self.options);
            let mut span: Option<(i64, i64)> = None;
            for scope_metrics in &metrics.scope_metrics.0 {
                let scope = of_scope(scope_metrics, self.options);
                for metric in &scope_metrics.metrics.0 {
                    self.metric(metric, &target, &scope, line, &mut span)?;
                }
            }
            if let (Some(info), Some((first, last))) = (&target.info, span) {
                self.target_info(info, first, last);
            }
        }
        Ok(())
    }

    /// One sample at the first time and then as often as keeps the series alive.
    fn target_info(&mut self, labels: &Labels, first: i64, last: i64) {
        // A request spans seconds; whatever spans months is broken or made up.
        let step = INFO_STEP_MS.max(last.saturating_sub(first) / MAX_INFO_SAMPLES);
        let mut t_ms = first;
        while t_ms < last {
            self.out.float("target_info", labels, None, t_ms, 1.0);
            t_ms += step;
        }
        self.out.float("target_info", labels, None, last, 1.0);
    }

    fn metric(
        &mut self,
        metric: &Metric,
        target: &Target,
        scope: &Labels,
        line: u64,
        span: &mut Option<(i64, i64)>,
    ) -> Result<(), FormatError> {
        let monotonic = metric.sum.as_ref().is_some_and(|sum| sum.is_monotonic);
        let (shape, kind) = match metric {
            Metric { gauge: Some(_), .. } => (MetricShape::Gauge, MetricKind::Gauge),
            Metric { sum: Some(_), .. } if monotonic => (MetricShape::Counter, MetricKind::Counter),
            Metric { sum: Some(_), .. } => (MetricShape::Other, MetricKind::Gauge),
            Metric { histogram: Some(_), .. } | Metric { exponential_histogram: Some(_), .. } => {
                (MetricShape::Other, MetricKind::Histogram)
            }
            Metric { summary: Some(_), .. } => (MetricShape::Other, MetricKind::Summary),
            _ => return Ok(()),
        };
        let name = metric_name(&metric.name, &metric.unit, shape, self.options.names);
        if name.is_empty() {
            let error = self.reading.record_error(line, format!("a metric called {:?}", metric.name));
            return self.reading.fault(error);
        }
        self.tell(&name, metric, kind);
        let cx = Context { target, scope, name: &name, line };
        let numbers = metric.gauge.iter().map(|gauge| (gauge, false));
        let sums = metric.sum.iter().map(|sum| (sum, sum.aggregation_temporality == Temporality::Delta));
        for (points, delta) in numbers.chain(sums) {
            self.points(&cx, points, delta, span, |point| &point.head, number)?;
        }
        if let Some(points) = &metric.histogram {
            let delta = points.aggregation_temporality == Temporality::Delta;
            let explicit = |point: &_| Explicit::new(point).map(PointValue::Explicit);
            self.points(&cx, points, delta, span, |point| &point.head, explicit)?;
        }
        if let Some(points) = &metric.exponential_histogram {
            let delta = points.aggregation_temporality == Temporality::Delta;
            let native = |point: &_| exponential(point).map(PointValue::Exponential);
            self.points(&cx, points, delta, span, |point| &point.head, native)?;
        }
        for point in metric.summary.iter().flat_map(|summary| &summary.data_points.0) {
            if let Err(message) = self.summary(&cx, point, span) {
                self.point_fault(&cx, &message)?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, name: &str, metric: &Metric, kind: MetricKind) {
        if self.families.insert(name.to_owned()) {
            self.out.sink.metadata(Metadata {
                family: name.to_owned(),
                kind,
                unit: metric.unit.clone(),
                help: metric.description.clone(),
            });
        }
    }

    #[cold]
    fn point_fault(&mut self, cx: &Context<'_>, message: &str) -> Result<(), FormatError> {
        let error = self.reading.record_error(cx.line, format!("{}: {message}", cx.name));
        self.reading.fault(error)
    }

    fn points<P>(
        &mut self,
        cx: &Context<'_>,
        points: &Points<P>,
        delta: bool,
        span: &mut Option<(i64, i64)>,
        head_of: impl Fn(&P) -> &PointHead,
        value_of: impl Fn(&P) -> Result<PointValue, String>,
    ) -> Result<(), FormatError> {
        for point in &points.data_points.0 {
            let head = head_of(point);
            let result = self.start(cx, head, span).and_then(|(labels, t_ms)| {
                let stale = head.flags.0 & NO_RECORDED_VALUE != 0;
                let value = match value_of(point) {
                    Err(_) if stale => PointValue::Number(STALE_NAN),
                    other => other?,
                };
                if stale {
                    self.out.end(cx.name, &labels, t_ms, &value);
                } else if delta {
                    let (start, time) = (head.start_time_unix_nano.0, head.time_unix_nano.0);
                    self.deltas.push(cx.name, labels, start, time, value);
                } else {
                    self.out.value(cx.name, &labels, t_ms, &value)?;
                }
                Ok(())
            });
            if let Err(message) = result {
                self.point_fault(cx, &message)?;
            }
        }
        Ok(())
    }

    /// The labels and the time of a point.
    fn start(
        &self,
        cx: &Context<'_>,
        head: &PointHead,
        span: &mut Option<(i64, i64)>,
    ) -> Result<(Labels, i64), String> {
        if head.time_unix_nano.0 == 0 {
            return Err("a point without a time".to_owned());
        }
        let t_ms = to_ms(head.time_unix_nano.0);
        let labels = cx.target.labels(&head.attributes.0, cx.scope, self.options.names);
        if labels.len() + 2 > MAX_LABELS {
            return Err(format!("more than {MAX_LABELS} labels"));
        }
        let (first, last) = span.unwrap_or((t_ms, t_ms));
        *span = Some((first.min(t_ms), last.max(t_ms)));
        Ok((labels, t_ms))
    }

    fn summary(
        &mut self,
        cx: &Context<'_>,
        point: &SummaryPoint,
        span: &mut Option<(i64, i64)>,
    ) -> Result<(), String> {
        let (labels, t_ms) = self.start(cx, &point.head, span)?;
        let stale = point.head.flags.0 & NO_RECORDED_VALUE != 0;
        let value = |value: f64| if stale { STALE_NAN } else { value };
        for quantile in &point.quantile_values.0 {
            let extra = Some(("quantile", float_plain(quantile.quantile.0)));
            self.out.float(cx.name, &labels, extra, t_ms, value(quantile.value.0));
        }
        self.out.float(&format!("{}_count", cx.name), &labels, None, t_ms, value(point.count.0 as f64));
        let sum = point.sum.map_or(0.0, |sum| sum.0);
        self.out.float(&format!("{}_sum", cx.name), &labels, None, t_ms, value(sum));
        Ok(())
    }

    /// Adds up what was given as changes, and ends the file.
    pub(super) fn finish(mut self) -> Result<Reading<'a>, FormatError> {
        if let Some(warning) = self.deltas.warning() {
            self.reading.warn(warning);
        }
        let mut failed: Option<String> = None;
        let out = &mut self.out;
        self.deltas.add_up(|name, labels, time_ns, value| {
            if let Err(message) = out.value(name, labels, to_ms(time_ns), value) {
                failed.get_or_insert(format!("{name}: {message}"));
            }
        });
        if let Some(message) = failed {
            let error = self.reading.record_error(1, message);
            self.reading.fault(error)?;
        }
        if self.out.samples == 0 {
            self.reading.warn("no samples in this file");
        }
        Ok(self.reading)
    }
}

fn to_ms(time_ns: u64) -> i64 {
    i64::try_from(time_ns / 1_000_000).expect("invariant: a millionth fits")
}

fn number(point: &NumberPoint) -> Result<PointValue, String> {
    let value = point.as_int.map(|value| value.0 as f64).or(point.as_double.map(|value| value.0));
    value.map(PointValue::Number).ok_or_else(|| "a point without a value".to_owned())
}

/// Where samples go.
struct Out<'a, S> {
    sink: &'a mut S,
    custom_buckets: bool,
    samples: u64,
}

impl<S: SampleSink> Out<'_, S> {
    fn float(&mut self, name: &str, labels: &Labels, extra: Option<(&str, String)>, t_ms: i64, value: f64) {
        let extra = extra.as_ref().map(|(name, value)| (*name, value.as_str()));
        let own =
            labels.iter().map(|(n, v)| (&**n, &**v)).filter(|(n, _)| extra.is_none_or(|(e, _)| e != *n));
        let pairs: Vec<(&str, &str)> = [("__name__", name)].into_iter().chain(own).chain(extra).collect();
        let series = self.sink.series(&pairs);
        let value = if value.is_nan() && value.to_bits() != STALE_NAN.to_bits() { NORMAL_NAN } else { value };
        self.sink.sample(series, t_ms, value);
        self.samples += 1;
    }

    fn native(&mut self, name: &str, labels: &Labels, t_ms: i64, histogram: &FloatHistogram) {
        let own = labels.iter().map(|(n, v)| (&**n, &**v));
        let pairs: Vec<(&str, &str)> = [("__name__", name)].into_iter().chain(own).collect();
        let series = self.sink.series(&pairs);
        self.sink.histogram(series, t_ms, histogram.view());
        self.samples += 1;
    }

    fn value(&mut self, name: &str, labels: &Labels, t_ms: i64, value: &PointValue) -> Result<(), String> {
        match value {
            PointValue::Number(value) => self.float(name, labels, None, t_ms, *value),
            PointValue::Explicit(histogram) if self.custom_buckets => {
                self.native(name, labels, t_ms, &histogram.native()?);
            }
            PointValue::Explicit(histogram) => self.classic(name, labels, t_ms, histogram, |value| value),
            PointValue::Exponential(histogram) => self.native(name, labels, t_ms, histogram),
        }
        Ok(())
    }

    /// Writes staleness markers into the series of a point.
    fn end(&mut self, name: &str, labels: &Labels, t_ms: i64, value: &PointValue) {
        match value {
            PointValue::Number(_) => self.float(name, labels, None, t_ms, STALE_NAN),
            PointValue::Explicit(histogram) if !self.custom_buckets => {
                let with_sum = Explicit { sum: Some(0.0), ..histogram.clone() };
                self.classic(name, labels, t_ms, &with_sum, |_| STALE_NAN);
            }
            PointValue::Explicit(_) | PointValue::Exponential(_) => {
                self.native(name, labels, t_ms, &FloatHistogram::stale());
            }
        }
    }

    /// `le` has no `.0` behind whole numbers: so it is on this way into Prometheus, unlike in scrapes.
    fn classic(
        &mut self,
        name: &str,
        labels: &Labels,
        t_ms: i64,
        histogram: &Explicit,
        map: impl Fn(f64) -> f64,
    ) {
        if let Some(sum) = histogram.sum {
            self.float(&format!("{name}_sum"), labels, None, t_ms, map(sum));
        }
        self.float(&format!("{name}_count"), labels, None, t_ms, map(histogram.count));
        let bucket = format!("{name}_bucket");
        let mut labels = labels.clone();
        for (bound, count) in histogram.cumulative().chain([(f64::INFINITY, histogram.count)]) {
            set(&mut labels, "le", &float_plain(bound));
            self.float(&bucket, &labels, None, t_ms, map(count));
        }
    }
}
