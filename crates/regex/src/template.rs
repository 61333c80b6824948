//! Replacement templates of `label_replace`.

use crate::unicode::is_name_char;

/// A replacement text with references to groups, by the rules of Go's `Regexp.Expand`.
///
/// `$1` and `${1}` stand for a numbered group, `$name` and `${name}` for a named one, and `$$` for a dollar sign. An
/// unbraced name takes as many letters, digits and underscores as follow, so `$1x` is the group named `1x`. A dollar
/// sign that starts none of these is kept. Groups that do not exist or did not take part expand to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// Text as is.
    Text(String),
    /// The group of this number.
    Index(usize),
    /// The first group of this name that took part in the match.
    Name(String),
}

impl Template {
    /// Reads a replacement. Every text is a template, so this cannot fail.
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            literal.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                literal.push('$');
                rest = after;
            } else if let Some((name, after)) = split_reference(after) {
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                parts.push(reference(name));
                rest = after;
            } else {
                literal.push('$');
                rest = after;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Self { parts }
    }

    /// The text, if the template refers to no group.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// Splits the text after a dollar sign into the name of a group and what follows.
fn split_reference(text: &str) -> Option<(&str, &str)> {
    let (braced, text) = match text.strip_prefix('{') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (name, rest) = text.split_at(text.find(|c| !is_name_char(c)).unwrap_or(text.len()));
    if name.is_empty() {
        return None;
    }
    let rest = if braced { rest.strip_prefix('}')? } else { rest };
    Some((name, rest))
}

fn reference(name: &str) -> Part {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit())
        && name.len() <= 9
        && (name.len() == 1 || !name.starts_with('0'));
    match name.parse() {
        Ok(index) if is_number => Part::Index(index),
        _ => Part::Name(name.to_owned()),
    }
}
