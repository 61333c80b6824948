//! Escapes that stand for one character.

use crate::error::{RegexError, RegexErrorReason};

/// Reads the escape at the start of `text`, which begins with a backslash.
///
/// Returns the code point, which may be a surrogate that no string contains, and the number of bytes read.
pub(super) fn parse_escape(text: &str) -> Result<(u32, usize), RegexError> {
    let mut cursor = Cursor { text, pos: 1 };
    let Some(c) = cursor.next() else {
        return Err(RegexError::new(RegexErrorReason::TrailingBackslash, ""));
    };
    let value = match c {
        '1'..='7' if !cursor.at_octal_digit() => None,
        '0'..='7' => Some(cursor.octal(c)),
        'x' => cursor.hexadecimal(),
        'a' => Some(0x07),
        'f' => Some(0x0c),
        'n' => Some(u32::from('\n')),
        'r' => Some(u32::from('\r')),
        't' => Some(u32::from('\t')),
        'v' => Some(0x0b),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
        _ => None,
    };
    match value {
        Some(value) => Ok((value, cursor.pos)),
        None => Err(RegexError::new(RegexErrorReason::InvalidEscape, &text[..cursor.pos])),
    }
}

struct Cursor<'t> {
    text: &'t str,
    pos: usize,
}

impl Cursor<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.text[self.pos..].chars().next()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn at_octal_digit(&self) -> bool {
        matches!(self.text.as_bytes().get(self.pos), Some(b'0'..=b'7'))
    }

    /// Up to three octal digits, the first of which has been read.
    fn octal(&mut self, first: char) -> u32 {
        let mut value = u32::from(first) - u32::from('0');
        for _ in 0..2 {
            if !self.at_octal_digit() {
                break;
            }
            value = value * 8 + u32::from(self.text.as_bytes()[self.pos] - b'0');
            self.pos += 1;
        }
        value
    }

    /// Two hexadecimal digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        let first = self.next()?;
        if first != '{' {
            // Go reads both characters before it looks at them, which shows in the fragment of the error.
            let second = self.next()?;
            return Some(first.to_digit(16)? * 16 + second.to_digit(16)?);
        }
        let mut value = None;
        loop {
            match self.next()? {
                '}' => return value,
                digit => {
                    let next = value.unwrap_or(0) * 16 + digit.to_digit(16)?;
                    if next > u32::from(char::MAX) {
                        return None;
                    }
                    value = Some(next);
                }
            }
        }
    }
}
