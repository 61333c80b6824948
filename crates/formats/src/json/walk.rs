//! The walk over a document.

use std::fmt;

use promqlite_model::STALE_NAN;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::histogram::ShownHistogram;
use crate::json::item::Item;
use crate::json::number::{Millis, Number, seconds_to_ms};
use crate::sink::SampleSink;
use crate::text::read::{ReadOptions, ReadSummary};

/// Labels of a series at most, as for text.
const MAX_LABELS: usize = 1024;

/// What is known while documents are walked.
pub(super) struct Walk<'a, S> {
    sink: &'a mut S,
    options: &'a ReadOptions,
    summary: ReadSummary,
    samples: u64,
    /// Type and message of a response that reports an error.
    pub(super) error_response: Option<(String, String)>,
    /// The grid that all points of range results lie on: one point and the distance, 0 while unknown.
    grid: Option<(i64, i64)>,
}

impl<'a, S: SampleSink> Walk<'a, S> {
    pub(super) fn new(sink: &'a mut S, options: &'a ReadOptions) -> Self {
        Self { sink, options, summary: ReadSummary::default(), samples: 0, error_response: None, grid: None }
    }

    pub(super) fn finish(mut self) -> ReadSummary {
        if self.samples == 0 {
            self.warn("no samples in this file".to_owned());
        }
        if let Some((_, step)) = self.grid.filter(|&(_, step)| step >= 1000 && self.samples > 1) {
            self.warn(format!(
                "all points lie on a grid of {} s: if this is a range query's result, they are evaluated points, \
                 not raw samples, and the lookback should not exceed that step",
                step as f64 / 1000.0
            ));
        }
        self.summary
    }

    fn warn(&mut self, text: String) {
        if !self.summary.warnings.contains(&text) {
            self.summary.warnings.push(text);
        }
    }

    /// Fails, or counts a skipped value in lenient mode.
    fn fault<E: de::Error>(&mut self, message: String) -> Result<(), E> {
        if !self.options.lenient {
            return Err(E::custom(message));
        }
        self.summary.skipped += 1;
        if self.summary.skipped <= 5 {
            self.summary.warnings.push(format!("skipped: {message}"));
        }
        Ok(())
    }

    fn emit<E: de::Error>(&mut self, mut item: Item) -> Result<(), E> {
        if let Err(message) = item.join_times() {
            return self.fault(message);
        }
        if !item.has_samples() {
            return Ok(());
        }
        let labels = item.labels.unwrap_or_default();
        if labels.len() > MAX_LABELS {
            return self.fault(format!("more than {MAX_LABELS} labels"));
        }
        if labels.iter().any(|(name, _)| name == "vmrange") {
            self.warn(
                "buckets with the label vmrange are VictoriaMetrics' own: histogram_quantile reads only le"
                    .to_owned(),
            );
        }
        let pairs: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (&**n, &**v)).collect();
        let series = self.sink.series(&pairs);
        for &(t_ms, value) in &item.floats {
            let value = if self.options.nan_as_stale && value.is_nan() { STALE_NAN } else { value };
            self.sink.sample(series, t_ms, value);
            self.put_on_grid(t_ms);
        }
        for (t_ms, histogram) in &item.histograms {
            self.sink.histogram(series, *t_ms, histogram.view());
            self.put_on_grid(*t_ms);
        }
        self.samples += (item.floats.len() + item.histograms.len()) as u64;
        Ok(())
    }

    fn put_on_grid(&mut self, t_ms: i64) {
        let (origin, step) = self.grid.unwrap_or((t_ms, 0));
        self.grid = Some((origin, gcd(step, t_ms.wrapping_sub(origin).unsigned_abs() as i64)));
    }
}

fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a.wrapping_rem(b));
    }
    a
}

/// Any object or array on the way to the samples.
pub(super) struct Node<'w, 'a, S>(pub(super) &'w mut Walk<'a, S>);

impl<'de, S: SampleSink> DeserializeSeed<'de> for Node<'_, '_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for Node<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a response of the HTTP API, a result, or a series")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let walk = self.0;
        let mut item = Item::default();
        let (mut failed, mut error_type, mut error) = (false, String::new(), String::new());
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "status" => failed = map.next_value::<String>()? == "error",
                "errorType" => error_type = map.next_value()?,
                "error" => error = map.next_value()?,
                "warnings" | "infos" => {
                    for text in map.next_value::<Option<Vec<String>>>()?.unwrap_or_default() {
                        walk.warn(format!("the response says: {text}"));
                    }
                }
                "data" | "result" => map.next_value_seed(Node(&mut *walk))?,
                "metric" => item.labels = Some(map.next_value::<LabelPairs>()?.0),
                "value" => map.next_value_seed(Points { walk: &mut *walk, item: &mut item, single: true })?,
                "values" => {
                    map.next_value_seed(Points { walk: &mut *walk, item: &mut item, single: false })?
                }
                "histogram" => {
                    let (time, shown) = map.next_value::<(Number, ShownHistogram)>()?;
                    push_histogram(walk, &mut item, time, &shown)?;
                }
                "histograms" => map.next_value_seed(Histograms { walk: &mut *walk, item: &mut item })?,
                "timestamps" => {
                    let times: Vec<Millis> = map.next_value()?;
                    item.timestamps.extend(times.into_iter().map(|t| t.0));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if failed {
            walk.error_response = Some((error_type, error));
            return Ok(());
        }
        walk.emit(item)
    }

    /// A list of series, a list of names, or a scalar `[time, "value"]`.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let walk = self.0;
        let mut time = None;
        while let Some(element) = seq.next_element_seed(Element(&mut *walk))? {
            match (element, time) {
                (Found::Number(seconds), None) => time = Some(seconds),
                (Found::Number(value), Some(seconds)) => return end_scalar(walk, seconds, Some(value), seq),
                (Found::Text(text), Some(seconds)) => {
                    let value = crate::text::number::parse_float(text.as_bytes());
                    return end_scalar(walk, seconds, value, seq);
                }
                (Found::Node | Found::Text(_), _) => {}
            }
        }
        Ok(())
    }
}

fn end_scalar<'de, S: SampleSink, A: SeqAccess<'de>>(
    walk: &mut Walk<'_, S>,
    seconds: f64,
    value: Option<f64>,
    mut seq: A,
) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    match value {
        Some(value) => {
            let floats = vec![(seconds_to_ms(seconds)?, value)];
            walk.emit(Item { floats, ..Item::default() })
        }
        None => {
            walk.warn("a string result holds no samples".to_owned());
            Ok(())
        }
    }
}

/// An element of a list.
enum Found {
    /// An object or a list that has been walked.
    Node,
    Number(f64),
    Text(String),
}

struct Element<'w, 'a, S>(&'w mut Walk<'a, S>);

impl<'de, S: SampleSink> DeserializeSeed<'de> for Element<'_, '_, S> {
    type Value = Found;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for Element<'_, '_, S> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series, a time or a value")
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Found, E> {
        Ok(Found::Number(v as f64))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Found, E> {
        Ok(Found::Number(v as f64))
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Found, E> {
        Ok(Found::Number(v))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Found, E> {
        Ok(Found::Text(v.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Found, A::Error> {
        Node(self.0).visit_map(map).map(|()| Found::Node)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Found, A::Error> {
        Node(self.0).visit_seq(seq).map(|()| Found::Node)
    }
}

/// The object behind `metric`.
struct LabelPairs(Vec<(String, String)>);

impl<'de> de::Deserialize<'de> for LabelPairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = LabelPairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the labels of a series")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LabelPairs, A::Error> {
                let mut pairs: Vec<(String, String)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    if pairs.len() > MAX_LABELS || pairs.iter().any(|(known, _)| *known == name) {
                        return Err(de::Error::custom(format!(
                            "the label {name} appears twice or is one too many"
                        )));
                    }
                    pairs.push((name, value));
                }
                Ok(LabelPairs(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// The list behind `values` (pairs, or bare values as JSON lines have them), or the pair behind `value`.
struct Points<'w, 'a, S> {
    walk: &'w mut Walk<'a, S>,
    item: &'w mut Item,
    single: bool,
}

impl<'de, S: SampleSink> DeserializeSeed<'de> for Points<'_, '_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for Points<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("samples")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.single {
            return point(self.walk, self.item, seq);
        }
        while seq.next_element_seed(Point { walk: &mut *self.walk, item: &mut *self.item })?.is_some() {}
        Ok(())
    }
}

/// `[time, "value"]`
fn point<'de, S: SampleSink, A: SeqAccess<'de>>(
    walk: &mut Walk<'_, S>,
    item: &mut Item,
    mut seq: A,
) -> Result<(), A::Error> {
    let missing = |_| de::Error::custom("expected a pair of time and value");
    let time: Number = seq.next_element()?.ok_or(()).map_err(missing)?;
    let value: RawValue = seq.next_element()?.ok_or(()).map_err(missing)?;
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    match value.0 {
        Ok(value) => item.floats.push((seconds_to_ms(time.0)?, value)),
        Err(text) => walk.fault(format!("expected a sample value, found {text}"))?,
    }
    Ok(())
}

/// A sample value, or the text of what is none.
struct RawValue(Result<f64, String>);

impl<'de> de::Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Raw;
        impl Visitor<'_> for Raw {
            type Value = RawValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sample value")
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<RawValue, E> {
                Ok(RawValue(Ok(v as f64)))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<RawValue, E> {
                Ok(RawValue(Ok(v as f64)))
            }
            fn visit_f64<E: de::Error>(self, v: f64) -> Result<RawValue, E> {
                Ok(RawValue(Ok(v)))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<RawValue, E> {
                let excerpt = || promqlite_model::quote(&v.chars().take(24).collect::<String>());
                Ok(RawValue(crate::text::number::parse_float(v.as_bytes()).ok_or_else(excerpt)))
            }
        }
        deserializer.deserialize_any(Raw)
    }
}

/// An element of `values`.
struct Point<'w, 'a, S> {
    walk: &'w mut Walk<'a, S>,
    item: &'w mut Item,
}

impl<'de, S: SampleSink> DeserializeSeed<'de> for Point<'_, '_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for Point<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pair of time and value, or a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        point(self.walk, self.item, seq)
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<(), E> {
        self.visit_f64(v as f64)
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<(), E> {
        self.visit_f64(v as f64)
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<(), E> {
        self.item.bare_values.push(v);
        Ok(())
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<(), E> {
        let value =
            de::Deserialize::deserialize(de::value::StrDeserializer::<E>::new(v)).map(|Number(v)| v)?;
        self.visit_f64(value)
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.visit_f64(promqlite_model::NORMAL_NAN)
    }
}

/// The list behind `histograms`.
struct Histograms<'w, 'a, S> {
    walk: &'w mut Walk<'a, S>,
    item: &'w mut Item,
}

impl<'de, S: SampleSink> DeserializeSeed<'de> for Histograms<'_, '_, S> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for Histograms<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("histograms")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some((time, shown)) = seq.next_element::<(Number, ShownHistogram)>()? {
            push_histogram(self.walk, self.item, time, &shown)?;
        }
        Ok(())
    }
}

fn push_histogram<S: SampleSink, E: de::Error>(
    walk: &mut Walk<'_, S>,
    item: &mut Item,
    time: Number,
    shown: &ShownHistogram,
) -> Result<(), E> {
    match shown.rebuild() {
        Ok(histogram) => item.histograms.push((seconds_to_ms(time.0)?, histogram)),
        Err(message) => walk.fault(message)?,
    }
    Ok(())
}
