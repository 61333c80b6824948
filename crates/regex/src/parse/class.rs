//! Character classes: `[…]`, `[:…:]`, `\d` and `\p{…}`.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::escape::parse_escape;
use crate::error::{RegexError, RegexErrorReason};
use crate::unicode;

/// Names of POSIX classes with their ASCII ranges.
const POSIX_CLASSES: &[(&str, &[(char, char)])] = &[
    ("alnum", &[('0', '9'), ('A', 'Z'), ('a', 'z')]),
    ("alpha", &[('A', 'Z'), ('a', 'z')]),
    ("ascii", &[('\0', '\x7f')]),
    ("blank", &[('\t', '\t'), (' ', ' ')]),
    ("cntrl", &[('\0', '\x1f'), ('\x7f', '\x7f')]),
    ("digit", DIGIT),
    ("graph", &[('!', '~')]),
    ("lower", &[('a', 'z')]),
    ("print", &[(' ', '~')]),
    ("punct", &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
    ("space", &[('\t', '\r'), (' ', ' ')]),
    ("upper", &[('A', 'Z')]),
    ("word", WORD),
    ("xdigit", &[('0', '9'), ('A', 'F'), ('a', 'f')]),
];

const DIGIT: &[(char, char)] = &[('0', '9')];
/// Unlike `[:space:]`, this lacks the vertical tab.
const SPACE: &[(char, char)] = &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

/// A class and the number of bytes it was read from.
pub(super) type Read<T> = (T, usize);

/// Reads the bracketed class at the start of `text`, which begins with `[` and runs to the end of the pattern.
pub(super) fn parse_bracket(text: &str, fold_case: bool) -> Result<Read<ClassUnicode>, RegexError> {
    let negated = text[1..].starts_with('^');
    let mut pos = if negated { 2 } else { 1 };
    // Groups come with their cases, ranges do not.
    let (mut groups, mut ranges) = (Vec::new(), Vec::new());
    let mut first = true;
    while first || !text[pos..].starts_with(']') {
        first = false;
        let rest = &text[pos..];
        let read = match parse_posix(rest, fold_case)? {
            Some(read) => Some(read),
            None => parse_class_escape(rest, fold_case)?,
        };
        pos += match read {
            Some((class, len)) => {
                groups.extend_from_slice(class.ranges());
                len
            }
            None => {
                let (range, len) = parse_range(rest, text)?;
                ranges.extend(range);
                len
            }
        };
    }
    let mut class = ClassUnicode::new(ranges);
    if fold_case {
        unicode::fold_case(&mut class);
    }
    class.union(&ClassUnicode::new(groups));
    if negated {
        class.negate();
    }
    Ok((class, pos + 1))
}

/// Reads `\d`, `\s`, `\w`, `\p…` or a negation of one, if `text` begins with it.
pub(super) fn parse_class_escape(
    text: &str,
    fold_case: bool,
) -> Result<Option<Read<ClassUnicode>>, RegexError> {
    let mut chars = text.chars();
    let (Some('\\'), Some(letter)) = (chars.next(), chars.next()) else { return Ok(None) };
    let table = match letter {
        'd' | 'D' => DIGIT,
        's' | 'S' => SPACE,
        'w' | 'W' => WORD,
        'p' | 'P' => return parse_unicode(text, fold_case).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((group(table, letter.is_ascii_uppercase(), fold_case), 2)))
}

fn parse_posix(text: &str, fold_case: bool) -> Result<Option<Read<ClassUnicode>>, RegexError> {
    let Some(inner) = text.strip_prefix("[:") else { return Ok(None) };
    let Some(end) = inner.find(":]") else { return Ok(None) };
    let (name, len) = (&inner[..end], end + 4);
    let (negated, name) = match name.strip_prefix('^') {
        Some(name) => (true, name),
        None => (false, name),
    };
    match POSIX_CLASSES.iter().find(|entry| entry.0 == name) {
        Some((_, table)) => Ok(Some((group(table, negated, fold_case), len))),
        None => Err(RegexError::new(RegexErrorReason::InvalidCharRange, &text[..len])),
    }
}

/// Reads `\pL`, `\p{Greek}`, `\p{^Greek}` or their `\P` forms.
fn parse_unicode(text: &str, fold_case: bool) -> Result<Read<ClassUnicode>, RegexError> {
    let unknown = |fragment: &str| RegexError::new(RegexErrorReason::InvalidCharRange, fragment);
    let (name, len) = match text[2..].chars().next() {
        None => ("", 2),
        Some('{') => {
            let end = text.find('}').ok_or_else(|| unknown(text))?;
            (&text[3..end], end + 1)
        }
        Some(c) => (&text[2..2 + c.len_utf8()], 2 + c.len_utf8()),
    };
    let (inverted, name) = match name.strip_prefix('^') {
        Some(name) => (true, name),
        None => (false, name),
    };
    let mut class = unicode::named_class(name, fold_case).ok_or_else(|| unknown(&text[..len]))?;
    if inverted != text.starts_with(r"\P") {
        class.negate();
    }
    Ok((class, len))
}

/// Reads `a` or `a-z`; `None` if the range holds nothing but surrogates.
fn parse_range(text: &str, bracket: &str) -> Result<Read<Option<ClassUnicodeRange>>, RegexError> {
    let (low, mut len) = parse_class_char(text, bracket)?;
    let mut high = low;
    let after = &text.as_bytes()[len..];
    if after.len() >= 2 && after[0] == b'-' && after[1] != b']' {
        let (end, end_len) = parse_class_char(&text[len + 1..], bracket)?;
        len += 1 + end_len;
        high = end;
        if high < low {
            return Err(RegexError::new(RegexErrorReason::InvalidCharRange, &text[..len]));
        }
    }
    Ok((scalar_range(low, high), len))
}

fn parse_class_char(text: &str, bracket: &str) -> Result<(u32, usize), RegexError> {
    match text.chars().next() {
        None => Err(RegexError::new(RegexErrorReason::MissingBracket, bracket)),
        Some('\\') => parse_escape(text),
        Some(c) => Ok((u32::from(c), c.len_utf8())),
    }
}

/// The range of code points without the surrogates at its ends.
fn scalar_range(low: u32, high: u32) -> Option<ClassUnicodeRange> {
    let low = if (0xd800..0xe000).contains(&low) { 0xe000 } else { low };
    let high = if (0xd800..0xe000).contains(&high) { 0xd7ff } else { high };
    if low > high {
        return None;
    }
    Some(ClassUnicodeRange::new(char::from_u32(low)?, char::from_u32(high)?))
}

fn group(table: &[(char, char)], negated: bool, fold_case: bool) -> ClassUnicode {
    let mut class = ClassUnicode::new(table.iter().map(|&(start, end)| ClassUnicodeRange::new(start, end)));
    if fold_case {
        unicode::fold_case(&mut class);
    }
    if negated {
        class.negate();
    }
    class
}
