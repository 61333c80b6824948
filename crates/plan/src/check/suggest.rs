//! "Did you mean …?"

use promqlite_functions::{function, functions};
use promqlite_syntax::Diagnostic;

/// The function whose name is most like `name`, if any is like it at all.
#[must_use]
pub fn similar_function(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    functions()
        .iter()
        .map(|f| (distance(&name, f.name), !f.name.starts_with(&name), f.name))
        .filter(|(distance, _, _)| *distance <= allowed)
        .min()
        .map(|(_, _, name)| name)
}

/// Adds advice to the parser's errors about functions.
pub(super) fn improve(error: Diagnostic, text: &str) -> Diagnostic {
    let name = error.span.slice(text);
    if error.message.starts_with("unknown function") {
        return with_similar(error, name);
    }
    if error.message.starts_with("function") && function(name).is_some_and(|f| f.experimental) {
        return error.with_help("it is experimental: enable experimental functions to use it");
    }
    error
}

/// Adds the name of a similar function.
pub(super) fn with_similar(error: Diagnostic, name: &str) -> Diagnostic {
    match similar_function(name) {
        Some(similar) => error.with_help(format!("did you mean `{similar}`?")),
        None => error,
    }
}

/// Insertions, deletions, replacements and swaps of neighbours between two words. Words that are much too long
/// to be a name differ by their length.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 3 {
        return a.len().abs_diff(b.len());
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_edits() {
        for (a, b, expected) in [
            ("rate", "rate", 0),
            ("rat", "rate", 1),
            ("raet", "rate", 1),
            ("irate", "rate", 1),
            ("abs", "exp", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
