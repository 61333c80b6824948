//! The text of a series, `name{label="value",…}`, into labels.

use std::ops::Range;

use crate::error::LineError;
use crate::text::number::parse_float;

/// Labels that a series may have at most; more are a fault of the file.
const MAX_LABELS: usize = 1024;

/// How strings are quoted and whether a series needs a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// `\\`, `\"` and `\n`; any other backslash stands for itself.
    Exposition,
    /// All escapes of Go's `strconv.Quote`. Names need not be there or be legal: promtool checks neither.
    Go,
}

/// Labels of one series; reused from line to line.
#[derive(Debug, Default)]
pub(crate) struct SeriesText {
    text: String,
    pairs: Vec<(Range<usize>, Range<usize>)>,
    unescaped: Vec<u8>,
}

impl SeriesText {
    /// Name and value of each label, the metric name first if it stood outside the braces.
    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        self.pairs.iter().map(|(n, v)| (&self.text[n.clone()], &self.text[v.clone()])).collect()
    }

    /// Parses the series at the start of `line`; returns where it ends.
    pub(crate) fn parse(&mut self, line: &[u8], quoting: Quoting) -> Result<usize, LineError> {
        self.text.clear();
        self.pairs.clear();
        let mut at = skip_blanks(line, 0);
        let bare_end = match quoting {
            Quoting::Exposition => at + metric_name_len(&line[at..]),
            Quoting::Go => at + line[at..].iter().take_while(|b| !matches!(b, b'{' | b' ' | b'\t')).count(),
        };
        let named = bare_end > at;
        if named {
            self.push(b"__name__", &line[at..bare_end], at)?;
        }
        let brace = skip_blanks(line, bare_end);
        if named && line.get(brace) != Some(&b'{') {
            return Ok(bare_end);
        }
        at = brace;
        if line.get(at) != Some(&b'{') {
            return Err(LineError::expected(at, "a metric name"));
        }
        let end = self.parse_braces(line, at + 1, quoting)?;
        let has_name = self.pairs.iter().any(|(name, _)| &self.text[name.clone()] == "__name__");
        if !has_name && quoting == Quoting::Exposition {
            return Err(LineError::new(at, "the metric has no name"));
        }
        Ok(end)
    }

    /// Renders the value of `label` as OpenMetrics writes floats, if it is one: `1` becomes `1.0`.
    pub(crate) fn normalize_float(&mut self, label: &str) {
        let Some(i) = self.pairs.iter().position(|(name, _)| &self.text[name.clone()] == label) else {
            return;
        };
        let Some(value) = parse_float(self.text[self.pairs[i].1.clone()].as_bytes()) else { return };
        let start = self.text.len();
        self.text.push_str(&openmetrics_float(value));
        self.pairs[i].1 = start..self.text.len();
    }

    fn parse_braces(&mut self, line: &[u8], mut at: usize, quoting: Quoting) -> Result<usize, LineError> {
        loop {
            at = skip_blanks(line, at);
            if line.get(at) == Some(&b'}') {
                return Ok(at + 1);
            }
            at = self.parse_item(line, at, quoting)?;
            at = skip_blanks(line, at);
            match line.get(at) {
                Some(b',') => at += 1,
                Some(b'}') => return Ok(at + 1),
                _ => return Err(LineError::expected(at, "\",\" or \"}\" after a label")),
            }
        }
    }

    /// A label, or the quoted name of the metric.
    fn parse_item(&mut self, line: &[u8], start: usize, quoting: Quoting) -> Result<usize, LineError> {
        if self.pairs.len() >= MAX_LABELS {
            return Err(LineError::new(start, format!("more than {MAX_LABELS} labels")));
        }
        let name_end;
        let name_start = self.text.len();
        if line.get(start) == Some(&b'"') {
            name_end = self.push_quoted(line, start, quoting)?;
        } else {
            name_end = start + label_name_len(&line[start..]);
            if name_end == start {
                return Err(LineError::expected(start, "a label name"));
            }
            self.push_str(&line[start..name_end], start)?;
        }
        let name = name_start..self.text.len();
        let mut at = skip_blanks(line, name_end);
        if line.get(at) != Some(&b'=') {
            if line[start] == b'"' && matches!(line.get(at), Some(b',' | b'}')) {
                let label = self.text.len();
                self.text.push_str("__name__");
                self.add_pair(label..self.text.len(), name, start)?;
                return Ok(at);
            }
            return Err(LineError::expected(at, "\"=\" after the label name"));
        }
        at = skip_blanks(line, at + 1);
        if line.get(at) != Some(&b'"') {
            return Err(LineError::expected(at, "a label value in double quotes"));
        }
        let value_start = self.text.len();
        at = self.push_quoted(line, at, quoting)?;
        self.add_pair(name, value_start..self.text.len(), start)?;
        Ok(at)
    }

    fn push(&mut self, name: &[u8], value: &[u8], at: usize) -> Result<(), LineError> {
        let start = self.text.len();
        self.push_str(name, at)?;
        let middle = self.text.len();
        self.push_str(value, at)?;
        self.add_pair(start..middle, middle..self.text.len(), at)
    }

    fn add_pair(&mut self, name: Range<usize>, value: Range<usize>, at: usize) -> Result<(), LineError> {
        let text = &self.text[name.clone()];
        if self.pairs.iter().any(|(known, _)| &self.text[known.clone()] == text) {
            let message = match text {
                "__name__" => "the metric has two names".to_owned(),
                _ => format!("the label {text} appears twice"),
            };
            return Err(LineError::new(at, message));
        }
        self.pairs.push((name, value));
        Ok(())
    }

    fn push_str(&mut self, bytes: &[u8], at: usize) -> Result<(), LineError> {
        let text = std::str::from_utf8(bytes).map_err(|_| LineError::new(at, "not valid UTF-8"))?;
        self.text.push_str(text);
        Ok(())
    }

    /// Appends the string that starts at `line[start] == '"'`; returns the offset behind its closing quote.
    fn push_quoted(&mut self, line: &[u8], start: usize, quoting: Quoting) -> Result<usize, LineError> {
        let mut at = start + 1;
        let end = loop {
            match memchr::memchr2(b'"', b'\\', &line[at..]) {
                Some(i) if line[at + i] == b'\\' => at = (at + i + 2).min(line.len()),
                Some(i) => break at + i,
                None => return Err(LineError::new(start, "a quoted string without an end")),
            }
        };
        let raw = &line[start + 1..end];
        if memchr::memchr(b'\\', raw).is_none() {
            self.push_str(raw, start)?;
            return Ok(end + 1);
        }
        let mut bytes = std::mem::take(&mut self.unescaped);
        bytes.clear();
        let unescaped = match quoting {
            Quoting::Exposition => {
                unescape(raw, true, &mut bytes);
                Ok(())
            }
            Quoting::Go => unescape_go(raw, &mut bytes)
                .map_err(|i| LineError::expected(start + 1 + i, "an escape sequence that Go knows")),
        };
        let pushed = unescaped.and_then(|()| self.push_str(&bytes, start));
        self.unescaped = bytes;
        pushed.map(|()| end + 1)
    }
}

/// The offset of the next byte from `at` that is neither space nor tab.
#[inline]
pub(crate) fn skip_blanks(line: &[u8], mut at: usize) -> usize {
    while matches!(line.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// Length of the metric name at the start.
pub(crate) fn metric_name_len(bytes: &[u8]) -> usize {
    name_len(bytes, true)
}

fn label_name_len(bytes: &[u8]) -> usize {
    name_len(bytes, false)
}

/// Whether a label can stand without quotes.
pub(crate) fn is_label_name(name: &str) -> bool {
    !name.is_empty() && label_name_len(name.as_bytes()) == name.len()
}

fn name_len(bytes: &[u8], colons: bool) -> usize {
    if bytes.first().is_some_and(u8::is_ascii_digit) {
        return 0;
    }
    let legal = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || (colons && *b == b':');
    bytes.iter().position(|b| !legal(b)).unwrap_or(bytes.len())
}

/// Resolves `\\`, `\n` and, if `quotes`, `\"`; any other backslash stays.
pub(crate) fn unescape(raw: &[u8], quotes: bool, out: &mut Vec<u8>) {
    let mut at = 0;
    while at < raw.len() {
        let replaced = match (raw[at], raw.get(at + 1)) {
            (b'\\', Some(b'\\')) => Some(b'\\'),
            (b'\\', Some(b'n')) => Some(b'\n'),
            (b'\\', Some(b'"')) if quotes => Some(b'"'),
            _ => None,
        };
        out.push(replaced.unwrap_or(raw[at]));
        at += if replaced.is_some() { 2 } else { 1 };
    }
}

/// Resolves the escapes of Go string literals; the offset of the first that is none.
fn unescape_go(raw: &[u8], out: &mut Vec<u8>) -> Result<(), usize> {
    let mut at = 0;
    while at < raw.len() {
        if raw[at] != b'\\' {
            out.push(raw[at]);
            at += 1;
            continue;
        }
        let letter = *raw.get(at + 1).ok_or(at)?;
        let digits = |from: usize, count: usize, radix: u32| {
            let text = raw.get(from..from + count).filter(|d| d.iter().all(u8::is_ascii_alphanumeric))?;
            u32::from_str_radix(std::str::from_utf8(text).ok()?, radix).ok()
        };
        let simple = match letter {
            b'a' => Some(7),
            b'b' => Some(8),
            b'f' => Some(12),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'v' => Some(11),
            b'\\' | b'"' | b'\'' => Some(letter),
            _ => None,
        };
        if let Some(byte) = simple {
            out.push(byte);
            at += 2;
            continue;
        }
        let (count, code) = match letter {
            b'x' => (4, digits(at + 2, 2, 16).ok_or(at)?),
            b'u' => (6, digits(at + 2, 4, 16).ok_or(at)?),
            b'U' => (10, digits(at + 2, 8, 16).ok_or(at)?),
            b'0'..=b'7' => (4, digits(at + 1, 3, 8).filter(|&code| code < 256).ok_or(at)?),
            _ => return Err(at),
        };
        if matches!(letter, b'u' | b'U') {
            let c = char::from_u32(code).ok_or(at)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            out.push(u8::try_from(code).map_err(|_| at)?);
        }
        at += count;
    }
    Ok(())
}

/// A float as OpenMetrics writes it in `le` and `quantile`: Go's `%g`, with `.0` behind whole numbers.
pub(crate) fn openmetrics_float(value: f64) -> String {
    let mut text = promqlite_model::float_g(value);
    if value.is_finite() && !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str, quoting: Quoting) -> Result<(String, usize), String> {
        let mut series = SeriesText::default();
        match series.parse(line.as_bytes(), quoting) {
            Ok(end) => {
                let pairs: Vec<String> = series.pairs().iter().map(|(n, v)| format!("{n}={v:?}")).collect();
                Ok((pairs.join(" "), end))
            }
            Err(e) => Err(e.locate("f", 1, line.as_bytes()).to_string()),
        }
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let (pairs, end) = parsed(line, Quoting::Exposition).unwrap();
        assert_eq!(pairs, expected, "{line}");
        assert_eq!(end, line.trim_end_matches([' ', '1']).len(), "{line}");
    }

    #[test]
    fn forms_of_series() {
        check("up 1", r#"__name__="up""#);
        check("a:b_2 { } 1", r#"__name__="a:b_2""#);
        check(r#"up{a="1",b="2",} 1"#, r#"__name__="up" a="1" b="2""#);
        check(r#" up { a = "1" , b="" }  1"#, r#"__name__="up" a="1" b="""#);
        check(r#"{"my.metric",a="1"} 1"#, r#"__name__="my.metric" a="1""#);
        check(r#"{a="1","my.metric"} 1"#, r#"a="1" __name__="my.metric""#);
        check(r#"up{"x y"="z"} 1"#, r#"__name__="up" x y="z""#);
        check(r#"up{a="q\"b\\s\nl\t}"} 1"#, r#"__name__="up" a="q\"b\\s\nl\\t}""#);
        check("up{a=\"é\"} 1", "__name__=\"up\" a=\"é\"");
    }

    #[test]
    fn broken_series_name_the_place() {
        for (line, message) in [
            ("1up 1", r#"f:1:1: expected a metric name, found "1up""#),
            (r#"{a="1"} 1"#, "f:1:1: the metric has no name"),
            (r#"up{"x"} 1"#, "f:1:4: the metric has two names"),
            (r#"up{a="1",a="2"} 1"#, "f:1:10: the label a appears twice"),
            (r#"up{a="1" 1"#, r#"f:1:10: expected "," or "}" after a label, found "1""#),
            (r#"up{a=1} 1"#, r#"f:1:6: expected a label value in double quotes, found "1}""#),
            (r#"up{a} 1"#, r#"f:1:5: expected "=" after the label name, found "}""#),
            (r#"up{a="1} 1"#, "f:1:6: a quoted string without an end"),
            (r#"up{a="1\"#, "f:1:6: a quoted string without an end"),
            (r#"up{a:b="1"} 1"#, r#"f:1:5: expected "=" after the label name, found ":b=\"1\"}""#),
            (r#"up{"#, "f:1:4: expected a label name, found the end of the line"),
        ] {
            assert_eq!(parsed(line, Quoting::Exposition), Err(message.to_owned()), "{line}");
        }
        let mut series = SeriesText::default();
        assert!(series.parse(b"up{a=\"\xff\"} 1", Quoting::Exposition).is_err());
    }

    #[test]
    fn go_strings() {
        let line = r#"{__name__="x", a="\u00e9\x41\t\U0001f600\101\"", "é"="b"} 1"#;
        let expected = "__name__=\"x\" a=\"éA\\t😀A\\\"\" é=\"b\"";
        assert_eq!(parsed(line, Quoting::Go).unwrap().0, expected);
        assert_eq!(parsed(r#"my.metric{a="b"} 1"#, Quoting::Go).unwrap().0, r#"__name__="my.metric" a="b""#);
        assert_eq!(parsed(r#"{a="b"} 1"#, Quoting::Go).unwrap().0, r#"a="b""#);
        for broken in [
            r#"{a="\q"}"#,
            r#"{a="\x4"}"#,
            r#"{a="\u+123"}"#,
            r#"{a="\ud800"}"#,
            r#"{a="\xff"}"#,
            r#"{a="\777"}"#,
        ] {
            assert!(parsed(broken, Quoting::Go).is_err(), "{broken}");
        }
    }

    #[test]
    fn bounds_as_openmetrics_writes_them() {
        for (from, to) in [
            ("1", "1.0"),
            ("+Inf", "+Inf"),
            ("0.50", "0.5"),
            ("1000000", "1e+06"),
            ("x", "x"),
            ("1e-7", "1e-07"),
        ] {
            let mut series = SeriesText::default();
            series.parse(format!("b{{le=\"{from}\"}} 1").as_bytes(), Quoting::Exposition).unwrap();
            series.normalize_float("le");
            assert_eq!(series.pairs()[1].1, to);
        }
    }
}
