//! Go's quoted forms of text and characters, as Prometheus prints them in messages and queries.

use std::fmt::Write;

/// Whether Go prints the character as it is: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub(crate) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    // Behind another character, the standard library's debug form leaves exactly the printable ones alone.
    let mut buffer = [b'a'; 5];
    let len = c.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..=len]).unwrap_or("a");
    text.escape_debug().nth(1) == Some(c)
}

/// Appends `c` as it stands between `quote` characters.
fn push_escaped(out: &mut String, c: char, quote: char) {
    match c {
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\\' => out.push_str("\\\\"),
        c if c == quote => {
            out.push('\\');
            out.push(c);
        }
        c if is_print(c) => out.push(c),
        c if c.is_ascii() => push_hex(out, "\\x", c as u32, 2),
        c if (c as u32) < 0x10000 => push_hex(out, "\\u", c as u32, 4),
        c => push_hex(out, "\\U", c as u32, 8),
    }
}

fn push_hex(out: &mut String, prefix: &str, value: u32, width: usize) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{prefix}{value:0width$x}");
}

/// Go's double-quoted form of bytes: what is not UTF-8 becomes `\xNN`.
pub fn go_quote(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut out, c, '"');
        }
        for &byte in chunk.invalid() {
            push_hex(&mut out, "\\x", u32::from(byte), 2);
        }
    }
    out.push('"');
    out
}

/// Go's quoted form of one character; `None`, the end of input, prints as `'\u{fffd}'`.
pub(crate) fn go_quote_char(c: Option<char>) -> String {
    let mut out = String::from("'");
    push_escaped(&mut out, c.unwrap_or('\u{fffd}'), '\'');
    out.push('\'');
    out
}

/// Go's `U+0063 'c'`, without the character when it is not printable.
pub(crate) fn go_unicode(c: char) -> String {
    let mut out = String::new();
    let _ = write!(out, "U+{:04X}", c as u32);
    if is_print(c) {
        let _ = write!(out, " '{c}'");
    }
    out
}
