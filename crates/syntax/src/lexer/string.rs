//! String literals: finding their end, and their value.

use super::LexError;
use crate::quote::go_unicode;

/// Finds the end of the literal that starts `rest` with a quote character. The error carries no position of its own;
/// it belongs to the start of the literal. On error the length is what was consumed.
pub(super) fn scan(rest: &str) -> Result<usize, (usize, LexError)> {
    let Some(quote) = rest.chars().next() else { return Ok(0) };
    let raw = quote == '`';
    let mut at = quote.len_utf8();
    loop {
        match rest[at..].chars().next() {
            None if raw => return Err((at, LexError::new("unterminated raw string"))),
            None => return Err((at, LexError::new("unterminated quoted string"))),
            Some('\n') if !raw => return Err((at, LexError::new("unterminated quoted string"))),
            Some('\u{fffd}') => {
                return Err((literal_end(rest, at), LexError::new("invalid UTF-8 rune")));
            }
            Some(c) if c == quote => return Ok(at + c.len_utf8()),
            Some('\\') if !raw => match escape(&rest[at..], quote) {
                Ok((len, _)) => at += len,
                Err(message) => return Err((literal_end(rest, at), LexError::new(message))),
            },
            Some(c) => at += c.len_utf8(),
        }
    }
}

/// Where a faulty literal most likely ends: behind the next quote of its kind in the line, else at the line's end.
fn literal_end(rest: &str, from: usize) -> usize {
    let quote = rest.as_bytes()[0];
    let tail = &rest.as_bytes()[from..];
    for (i, &byte) in tail.iter().enumerate() {
        if byte == quote {
            return from + i + 1;
        }
        if byte == b'\n' {
            return from + i;
        }
    }
    rest.len()
}

/// A decoded escape sequence.
enum Escaped {
    Byte(u8),
    Char(char),
}

/// Decodes the escape sequence that starts `text` with a backslash; also returns its length in bytes.
fn escape(text: &str, quote: char) -> Result<(usize, Escaped), String> {
    const UNTERMINATED: &str = "escape sequence not terminated";
    let Some(kind) = text[1..].chars().next() else { return Err(UNTERMINATED.to_owned()) };
    let simple = match kind {
        'a' => Some('\x07'),
        'b' => Some('\x08'),
        'f' => Some('\x0c'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\x0b'),
        '\\' => Some('\\'),
        c if c == quote => Some(c),
        _ => None,
    };
    if let Some(c) = simple {
        return Ok((2, Escaped::Char(c)));
    }
    let (start, digits, base) = match kind {
        '0'..='7' => (1, 3, 8),
        'x' => (2, 2, 16),
        'u' => (2, 4, 16),
        'U' => (2, 8, 16),
        c => return Err(format!("unknown escape sequence {}", go_unicode(c))),
    };
    let mut value: u32 = 0;
    let mut chars = text[start..].chars();
    for _ in 0..digits {
        let Some(c) = chars.next() else { return Err(UNTERMINATED.to_owned()) };
        let Some(digit) = c.to_digit(base) else {
            return Err(format!("illegal character {} in escape sequence", go_unicode(c)));
        };
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    let len = start + digits;
    let decoded = match kind {
        'u' | 'U' => char::from_u32(value).map(Escaped::Char),
        _ => u8::try_from(value).ok().map(Escaped::Byte),
    };
    match decoded {
        Some(decoded) => Ok((len, decoded)),
        None => Err("escape sequence is an invalid Unicode code point".to_owned()),
    }
}

/// The value of a whole literal, quotes included. `None` if it is not a well-formed literal.
pub fn unquote(literal: &str) -> Option<Vec<u8>> {
    let quote = literal.chars().next().filter(|c| "\"'`".contains(*c))?;
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    if !literal.ends_with(quote) || literal.len() < 2 {
        return None;
    }
    if quote == '`' {
        return (!inner.contains('`')).then(|| inner.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find(['\\', '\n', quote]) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        if rest.as_bytes()[at] != b'\\' {
            return None;
        }
        let (len, decoded) = escape(&rest[at..], quote).ok()?;
        match decoded {
            Escaped::Byte(byte) => out.push(byte),
            Escaped::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = &rest[at + len..];
    }
    out.extend_from_slice(rest.as_bytes());
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_decode_to_bytes_and_characters() {
        assert_eq!(unquote(r#""a\n\x41\101\u00e9\U0001F600""#).unwrap(), "a\nAA\u{e9}\u{1f600}".as_bytes());
        assert_eq!(unquote(r#"'\xff'"#).unwrap(), [0xff]);
        assert_eq!(unquote(r"`\n`").unwrap(), b"\\n");
        assert_eq!(unquote(r#""a"b""#), None);
        assert_eq!(unquote("\""), None);
        assert_eq!(unquote(""), None);
    }

    #[test]
    fn the_end_is_found_behind_escapes() {
        assert_eq!(scan(r#""a\"b\\" + 1"#).unwrap(), 8);
        assert_eq!(scan("`a\nb`").unwrap(), 5);
        assert!(scan("\"a\nb\"").is_err());
    }
}
