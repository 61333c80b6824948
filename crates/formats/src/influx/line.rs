//! The grammar of one line: `measurement[,tag=value…] field=value[,field=value…] [time]`.

use std::borrow::Cow;

use crate::error::LineError;
use crate::text::number::parse_float;

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum FieldValue {
    /// A float, an integer, or a truth value as 0 or 1.
    Number(f64),
    /// A string, which is no sample.
    Text,
}

/// A line, cut into pieces that are still escaped.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    /// Measurement and tags: what names the line's series together with a field.
    pub(super) series: &'a [u8],
    pub(super) measurement: &'a [u8],
    /// Key and value of each tag.
    pub(super) tags: Vec<(&'a [u8], &'a [u8])>,
    /// Key and value of each field.
    pub(super) fields: Vec<(&'a [u8], FieldValue)>,
    /// The time's number and where it stands.
    pub(super) time: Option<(i64, usize)>,
}

/// Why a line is none.
#[derive(Debug)]
pub(super) enum Unparsed {
    /// The line ends inside of a string, which may go on in the next line.
    OpenString,
    /// It is broken.
    Broken(LineError),
}

impl From<LineError> for Unparsed {
    fn from(error: LineError) -> Self {
        Self::Broken(error)
    }
}

/// Where the first of `ends` stands that no backslash precedes.
fn piece_end(line: &[u8], start: usize, ends: &[u8]) -> usize {
    let mut at = start;
    while at < line.len() {
        match line[at] {
            b'\\' => at += 2,
            byte if ends.contains(&byte) => return at,
            _ => at += 1,
        }
    }
    line.len()
}

/// Cuts a line, which is neither blank nor a comment.
pub(super) fn parse(line: &[u8]) -> Result<Line<'_>, Unparsed> {
    let mut found = Line::default();
    let mut at = piece_end(line, 0, b", ");
    found.measurement = &line[..at];
    if found.measurement.is_empty() {
        return Err(LineError::expected(0, "a measurement").into());
    }
    while line.get(at) == Some(&b',') {
        let start = at + 1;
        let equals = piece_end(line, start, b"=, ");
        if line.get(equals) != Some(&b'=') || equals == start {
            return Err(LineError::expected(start, "a tag like host=a").into());
        }
        at = piece_end(line, equals + 1, b", ");
        found.tags.push((&line[start..equals], &line[equals + 1..at]));
    }
    found.series = &line[..at];
    at = skip_spaces(line, at);
    loop {
        let start = at;
        let equals = piece_end(line, start, b"=, ");
        if line.get(equals) != Some(&b'=') || equals == start {
            return Err(LineError::expected(start, "a field like usage=0.5").into());
        }
        let (value, end) = field_value(line, equals + 1)?;
        found.fields.push((&line[start..equals], value));
        at = end;
        if line.get(at) != Some(&b',') {
            break;
        }
        at += 1;
    }
    let start = skip_spaces(line, at);
    let text = line[start..].trim_ascii_end();
    if !text.is_empty() {
        if start == at {
            return Err(LineError::expected(at, "a comma or a time behind the field").into());
        }
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        found.time = Some((number.ok_or_else(|| LineError::expected(start, "an integer time"))?, start));
    }
    Ok(found)
}

fn skip_spaces(line: &[u8], at: usize) -> usize {
    at + line[at..].iter().take_while(|b| **b == b' ').count()
}

/// The value at `start` and where it ends.
fn field_value(line: &[u8], start: usize) -> Result<(FieldValue, usize), Unparsed> {
    if line.get(start) == Some(&b'"') {
        let mut at = start + 1;
        loop {
            match line.get(at) {
                None => return Err(Unparsed::OpenString),
                Some(b'\\') => at += 2,
                Some(b'"') => return Ok((FieldValue::Text, at + 1)),
                Some(_) => at += 1,
            }
        }
    }
    let end = start + line[start..].iter().position(|b| b", ".contains(b)).unwrap_or(line.len() - start);
    match plain_value(&line[start..end]) {
        Some(value) => Ok((FieldValue::Number(value), end)),
        None => {
            let what = "a value like 0.5, 1i, 1u, true or \"text\"";
            Err(LineError::expected(start, what).into())
        }
    }
}

/// The value of anything but a string.
fn plain_value(text: &[u8]) -> Option<f64> {
    match text {
        b"t" | b"T" | b"true" | b"True" | b"TRUE" => Some(1.0),
        b"f" | b"F" | b"false" | b"False" | b"FALSE" => Some(0.0),
        [digits @ .., b'i'] => std::str::from_utf8(digits).ok()?.parse::<i64>().ok().map(|v| v as f64),
        [digits @ .., b'u'] => std::str::from_utf8(digits).ok()?.parse::<u64>().ok().map(|v| v as f64),
        _ => parse_float(text),
    }
}

/// A piece without the backslashes before commas, equals signs and spaces; other backslashes stand for
/// themselves.
pub(super) fn unescaped(piece: &[u8]) -> Cow<'_, [u8]> {
    if !piece.contains(&b'\\') {
        return Cow::Borrowed(piece);
    }
    let mut out = Vec::with_capacity(piece.len());
    let mut at = 0;
    while at < piece.len() {
        if piece[at] == b'\\' && piece.get(at + 1).is_some_and(|next| b",= ".contains(next)) {
            at += 1;
        }
        out.push(piece[at]);
        at += 1;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_everything() {
        let line =
            br#"my\ cpu\,x,host=a\ b,region=eu\=1 usage=0.5,n=-3i,u=7u,ok=T,note="a, b=\"c\"" 1785542415"#;
        let parsed = parse(line).unwrap();
        assert_eq!(&*unescaped(parsed.measurement), b"my cpu,x");
        assert_eq!(parsed.series, &br#"my\ cpu\,x,host=a\ b,region=eu\=1"#[..]);
        let tags: Vec<_> = parsed.tags.iter().map(|(k, v)| (unescaped(k), unescaped(v))).collect();
        assert_eq!(tags, [(b"host".into(), b"a b".into()), (b"region".into(), (&b"eu=1"[..]).into())]);
        let values: Vec<FieldValue> = parsed.fields.iter().map(|f| f.1).collect();
        let number = FieldValue::Number;
        assert_eq!(values, [number(0.5), number(-3.0), number(7.0), number(1.0), FieldValue::Text]);
        assert_eq!(parsed.time.map(|t| t.0), Some(1_785_542_415));
        assert_eq!(&*unescaped(br"a\\b\c\"), &br"a\\b\c\"[..]);
    }

    #[test]
    fn what_is_wrong() {
        for (line, message) in [
            ("", "f:1:1: expected a measurement, found the end of the line"),
            ("cpu", "f:1:4: expected a field like usage=0.5, found the end of the line"),
            ("cpu,host a=1", "f:1:5: expected a tag like host=a, found \"host\""),
            ("cpu,=a a=1", "f:1:5: expected a tag like host=a, found \"=a\""),
            ("cpu a=1,", "f:1:9: expected a field like usage=0.5, found the end of the line"),
            ("cpu a=x", "f:1:7: expected a value like 0.5, 1i, 1u, true or \"text\", found \"x\""),
            (
                "cpu a=99999999999999999999i",
                "f:1:7: expected a value like 0.5, 1i, 1u, true or \"text\", found \"99999999999999999999i\"",
            ),
            ("cpu a=-1u 1", "f:1:7: expected a value like 0.5, 1i, 1u, true or \"text\", found \"-1u\""),
            ("cpu a=\"x\"1", "f:1:10: expected a comma or a time behind the field, found \"1\""),
            ("cpu a=1 1.5", "f:1:9: expected an integer time, found \"1.5\""),
        ] {
            match parse(line.as_bytes()) {
                Err(Unparsed::Broken(e)) => {
                    assert_eq!(e.locate("f", 1, line.as_bytes()).to_string(), message)
                }
                other => panic!("{line}: {other:?}"),
            }
        }
        assert!(matches!(parse(b"cpu a=\"x"), Err(Unparsed::OpenString)));
        assert!(matches!(parse(b"cpu a=\"x\\"), Err(Unparsed::OpenString)));
    }
}
