//! The nearest of several names, for suggestions.

use std::cmp::Reverse;

/// The name that is most like `word`, if one is like it at all.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match word.chars().count() {
        0..=4 => 1,
        5..=7 => 2,
        _ => 3,
    };
    let within = names.into_iter().filter_map(|name| Some((distance(word, name, limit)?, name)));
    // Of names that are equally near, the one that begins alike: few err in the first letters.
    let rank = |&(d, name): &(usize, &'a str)| (d, Reverse(common_start(word, name)), name);
    within.filter(|&(d, _)| d > 0).min_by_key(rank).map(|(_, name)| name)
}

fn common_start(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

/// How many characters have to be changed, added, removed or swapped with their neighbour; `None` above `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // Three rows of the table: swaps look two rows back.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().all(|&d| d > limit) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|&d| d <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, want) in [
            ("rate", "rate", Some(0)),
            ("raet", "rate", Some(1)),
            ("rat", "rate", Some(1)),
            ("irate", "rate", Some(1)),
            ("jot", "job", Some(1)),
            ("abc", "xyz", Some(3)),
            ("abcd", "wxyz", None),
            ("é", "e", Some(1)),
            ("", "abc", Some(3)),
        ] {
            assert_eq!(distance(a, b, 3), want, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_name() {
        let names = ["http_requests_total", "http_request_duration_seconds", "up"];
        assert_eq!(nearest("http_request_total", names), Some("http_requests_total"));
        assert_eq!(nearest("sun", ["sgn", "sin", "sum"]), Some("sum"));
        assert_eq!(nearest("pu", names), Some("up"));
        assert_eq!(nearest("node_load1", names), None);
        assert_eq!(nearest("up", ["up"]), None);
    }
}
