//! Names: the translation of Prometheus' OTLP endpoint.

/// How OpenTelemetry's names become Prometheus' names; the strategies of Prometheus' `translation_strategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtlpNames {
    /// Classic characters only; unit and `_total` are appended: `UnderscoreEscapingWithSuffixes`.
    #[default]
    EscapedWithSuffixes,
    /// Classic characters only: `UnderscoreEscapingWithoutSuffixes`.
    Escaped,
    /// All characters stay; unit and `_total` are appended: `NoUTF8EscapingWithSuffixes`.
    Utf8WithSuffixes,
    /// Nothing changes: `NoTranslation`.
    Unchanged,
}

/// What decides about a metric's suffixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetricShape {
    /// A gauge.
    Gauge,
    /// A sum that only grows, given as totals or as changes.
    Counter,
    /// Anything else.
    Other,
}

const UNITS: [(&str, &str); 26] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tebibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
];

const PER_UNITS: [(&str, &str); 7] = [
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == ':'
}

/// One part of a unit as a word; empty if it says nothing.
fn unit_word(part: &str, known: &[(&str, &str)]) -> String {
    let part = part.trim();
    if part.contains(['{', '}']) {
        return String::new();
    }
    let word = known.iter().find(|(unit, _)| *unit == part).map_or(part, |(_, word)| word);
    let pieces = word.split(|c: char| !is_token_char(c)).filter(|piece| !piece.is_empty());
    pieces.collect::<Vec<_>>().join("_")
}

/// Words for the unit and for what it is per.
fn unit_words(unit: &str) -> (String, String) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    (unit_word(main, &UNITS), unit_word(per, &PER_UNITS))
}

/// The name of a metric.
pub(super) fn metric_name(name: &str, unit: &str, shape: MetricShape, names: OtlpNames) -> String {
    match names {
        OtlpNames::Unchanged => name.to_owned(),
        OtlpNames::Escaped => join(&tokens_of(name)),
        OtlpNames::EscapedWithSuffixes => {
            let mut tokens = tokens_of(name);
            for word in suffixes(&tokens, unit, shape) {
                let repeated = word == "total" || word == "ratio";
                tokens.retain(|token| !repeated || *token != word);
                tokens.push(word);
            }
            join(&tokens)
        }
        OtlpNames::Utf8WithSuffixes => with_suffixes(name, unit, shape),
    }
}

fn tokens_of(name: &str) -> Vec<String> {
    name.split(|c: char| !is_token_char(c)).filter(|token| !token.is_empty()).map(str::to_owned).collect()
}

fn join(tokens: &[String]) -> String {
    let name = tokens.join("_");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// The words behind a name that has these already.
fn suffixes(tokens: &[String], unit: &str, shape: MetricShape) -> Vec<String> {
    let (main, per) = unit_words(unit);
    let is_new = |word: &str| !word.is_empty() && !tokens.iter().any(|token| token == word);
    let mut words = Vec::new();
    if is_new(&main) {
        words.push(main);
    }
    if is_new(&per) {
        words.extend(["per".to_owned(), per]);
    }
    words.extend(kind_suffix(unit, shape).map(str::to_owned));
    words
}

fn kind_suffix(unit: &str, shape: MetricShape) -> Option<&'static str> {
    match shape {
        MetricShape::Counter => Some("total"),
        MetricShape::Gauge if unit == "1" => Some("ratio"),
        _ => None,
    }
}

/// The name with its suffixes moved to the end or put there.
fn with_suffixes(name: &str, unit: &str, shape: MetricShape) -> String {
    let (main, per) = unit_words(unit);
    let per = if per.is_empty() { per } else { format!("per_{per}") };
    let kind = kind_suffix(unit, shape).unwrap_or("");
    let mut name = name.to_owned();
    for suffix in [main.as_str(), per.as_str(), kind].into_iter().filter(|suffix| !suffix.is_empty()) {
        if let Some(rest) = name.strip_suffix(suffix)
            && rest.ends_with(|c: char| !c.is_alphanumeric())
        {
            name.truncate(rest.len());
            name.pop();
        }
        name.push('_');
        name.push_str(suffix);
    }
    name
}

/// The name of a label. Runs of underscores stay, as Prometheus is set by default.
pub(super) fn label_name(key: &str, names: OtlpNames) -> String {
    if matches!(names, OtlpNames::Unchanged | OtlpNames::Utf8WithSuffixes) || key.is_empty() {
        return key.to_owned();
    }
    let name: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("key_{name}")
    } else if name.starts_with('_') && !name.starts_with("__") {
        format!("key{name}")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MetricShape::{Counter, Gauge, Other};

    #[test]
    fn names_of_metrics() {
        for (name, unit, shape, expected) in [
            ("foo.bar", "By", Counter, "foo_bar_bytes_total"),
            ("system.cpu.utilization", "1", Gauge, "system_cpu_utilization_ratio"),
            ("hit.ratio.of.cache", "1", Gauge, "hit_of_cache_ratio"),
            ("system.cpu.utilization", "1", Other, "system_cpu_utilization"),
            ("http.server.duration", "ms", Other, "http_server_duration_milliseconds"),
            ("request_seconds", "s", Other, "request_seconds"),
            ("total.requests", "{request}", Counter, "requests_total"),
            ("speed", "m/s", Gauge, "speed_meters_per_second"),
            ("speed", "km/h", Gauge, "speed_km_per_hour"),
            ("errors", "{error}/min", Gauge, "errors_per_min"),
            ("events.second", "/s", Gauge, "events_second"),
            ("5xx..count", "", Other, "_5xx_count"),
            ("a__b", "weird unit!", Other, "a_b_weird_unit"),
            ("x", "%", Gauge, "x_percent"),
        ] {
            assert_eq!(metric_name(name, unit, shape, OtlpNames::default()), expected, "{name} {unit}");
        }
        let utf8 = OtlpNames::Utf8WithSuffixes;
        assert_eq!(metric_name("foo.bar", "By", Counter, utf8), "foo.bar_bytes_total");
        assert_eq!(metric_name("foo.total", "s", Counter, utf8), "foo.total_seconds_total");
        assert_eq!(metric_name("foo.seconds", "s", Counter, utf8), "foo_seconds_total");
        assert_eq!(metric_name("foo.bar", "By", Counter, OtlpNames::Escaped), "foo_bar");
        assert_eq!(metric_name("foo.bar", "By", Counter, OtlpNames::Unchanged), "foo.bar");
    }

    #[test]
    fn names_of_labels() {
        for (key, expected) in [
            ("http.method", "http_method"),
            ("a..b", "a__b"),
            ("1st", "key_1st"),
            ("_x", "key_x"),
            (".x", "key_x"),
            ("__x", "__x"),
            ("é", "key_"),
            ("", ""),
        ] {
            assert_eq!(label_name(key, OtlpNames::default()), expected, "{key}");
        }
        assert_eq!(label_name("http.method", OtlpNames::Unchanged), "http.method");
    }
}
