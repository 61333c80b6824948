//! Arguments of commands: words, quoted where they hold spaces.

/// The words of a text. Quotes of either kind hold a word together; a backslash takes the next character as it is;
/// `~/` at the start of a word is the home directory.
///
/// # Errors
/// A quote that is not closed.
pub(crate) fn words(text: &str) -> Result<Vec<String>, String> {
    split(text, std::env::var("HOME").ok().as_deref())
}

fn split(text: &str, home: Option<&str>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if c.is_whitespace() => words.extend(word.take()),
            '"' | '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => word.extend(chars.next()),
                        Some(inside) => word.push(inside),
                        None => return Err(format!("the quote {c} is not closed")),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '~' if word.is_none() && chars.peek().is_none_or(|next| *next == '/' || next.is_whitespace()) => {
                word = Some(home.unwrap_or("~").to_owned());
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        for (text, want) in [
            ("", &[][..]),
            ("a  b", &["a", "b"]),
            ("'a b' c\\ d", &["a b", "c d"]),
            (r#"run="x y":"z\"w""#, &[r#"run=x y:z"w"#]),
            ("~/data ~ ~a a~/b", &["/h/data", "/h", "~a", "a~/b"]),
            ("'' x", &["", "x"]),
        ] {
            assert_eq!(split(text, Some("/h")).expect("closed quotes"), want, "{text}");
        }
        assert!(split("'a", None).is_err());
    }
}
