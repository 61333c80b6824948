//! What a query's text costs before anything is evaluated: tokens, trees, plans, regular expressions.
//!
//! The parser knows no limits but depth, so this is found out beforehand, from the text alone.

use promqlite_exec::ExecError;
use promqlite_syntax::{TokenKind, tokenize, unquote};

/// Bytes that a token takes at most, in all the forms that it goes through: in the list of tokens, the syntax tree,
/// the typed tree, the plan with its selectors, and as an opened operator.
const TOKEN_BYTES: usize = 1600;
/// How often the text itself is held: by the query, in the result, and as literals, matchers and labels.
const TEXT_COPIES: usize = 5;

/// The bytes that a query holds before it reads any data.
///
/// # Errors
/// [`ExecError::TooManyBytes`] if that is over `limit`; then nothing was allocated for the query.
pub(crate) fn text_bytes(text: &str, limit: usize) -> Result<usize, ExecError> {
    let within = |needed: usize| {
        if needed > limit { Err(ExecError::TooManyBytes { needed, limit }) } else { Ok(needed) }
    };
    let tokens = token_bound(text).saturating_mul(TOKEN_BYTES);
    let mut bytes = within(tokens.saturating_add(text.len().saturating_mul(TEXT_COPIES)))?;
    if !text.contains('~') {
        return Ok(bytes);
    }
    let tokens = tokenize(text);
    let mut after_operator = false;
    for token in tokens.iter().filter(|token| !token.kind.is_trivia()) {
        if token.kind == TokenKind::String
            && after_operator
            && let Some(pattern) = pattern(token.span.slice(text))
        {
            bytes = within(bytes.saturating_add(promqlite_regex::reading_bytes(&pattern)))?;
            bytes = within(bytes.saturating_add(promqlite_regex::compiled_bytes(&pattern)))?;
        }
        after_operator = matches!(token.kind, TokenKind::EqRegex | TokenKind::NotRegex);
    }
    Ok(bytes)
}

fn pattern(literal: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&unquote(literal)?).into_owned())
}

/// Which bytes words and numbers consist of.
static IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii = byte as u8;
        table[byte] = ascii.is_ascii_alphanumeric() || ascii == b'_' || !ascii.is_ascii();
        byte += 1;
    }
    table
};

/// At least as many as the text has tokens, found without making a list of them.
fn token_bound(text: &str) -> usize {
    let mut tokens = 0;
    let mut bytes = text.bytes();
    let mut in_word = false;
    while let Some(byte) = bytes.next() {
        if IN_WORD[byte as usize] {
            if !in_word {
                // A number may be followed by a word without a gap.
                tokens += if byte.is_ascii_digit() { 2 } else { 1 };
            }
            in_word = true;
            continue;
        }
        in_word = false;
        match byte {
            _ if byte.is_ascii_whitespace() => {}
            b'#' => drop(bytes.find(|&b| b == b'\n')),
            b'"' | b'\'' => {
                tokens += 1;
                // A line break ends a faulty literal.
                while let Some(inside) = bytes.next() {
                    match inside {
                        b'\\' => drop(bytes.next()),
                        _ if inside == byte || inside == b'\n' => break,
                        _ => {}
                    }
                }
            }
            b'`' => {
                tokens += 1;
                bytes.find(|&b| b == b'`');
            }
            _ => tokens += 1,
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_texts_are_refused_and_regular_expressions_counted() {
        assert!(text_bytes("sum(rate(a[5m]))", 1 << 20).is_ok());
        let refused = text_bytes(&"1 + ".repeat(100_000), 1 << 20).expect_err("400000 bytes, 200000 tokens");
        assert!(
            matches!(refused, ExecError::TooManyBytes { needed, limit: 1_048_576 } if needed > 200_000_000)
        );
        let plain = text_bytes("a{b=\"c.*d\"}", usize::MAX).expect("no limit");
        let regex = text_bytes("a{b=~\"c.*d\"}", usize::MAX).expect("no limit");
        assert!(regex > plain + 100);
        assert!(text_bytes(r"a{b=~`\pL{900}`}", 1 << 20).is_err());
    }

    proptest! {
        #[test]
        fn there_are_never_more_tokens_than_said(text in "([a-c_:.0-9xem+\\-*/=!~<>{}()\\[\\], \"'`#\n\\\\]|and|\"a\"|5m){0,40}") {
            // The parser reads no further than to the first faulty token.
            let tokens = tokenize(&text);
            let tokens = tokens.iter().filter(|token| !token.kind.is_trivia());
            let tokens = tokens.take_while(|token| token.kind != TokenKind::Error).count();
            prop_assert!(token_bound(&text) >= tokens, "{} tokens in {text:?}", tokens);
        }
    }
}
