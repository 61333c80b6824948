//! The name that was meant.

use std::cmp::Reverse;

/// The candidate that is most like `word`, if any is like it at all: one in three characters may differ, or one
/// is the beginning or the end of the other.
#[must_use]
pub fn similar<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    let allowed = (length / 3).clamp(1, 4);
    let score = |candidate: &&'a str| {
        let other = candidate.to_lowercase();
        if other == lower {
            return Some((0, Reverse(usize::MAX), *candidate));
        }
        // Texts whose lengths differ by more cannot be near: this keeps a hundred thousand names cheap.
        if other.chars().count().abs_diff(length) <= allowed {
            let distance = strsim::osa_distance(&lower, &other);
            if distance <= allowed {
                return Some((distance, Reverse(common_start(&lower, &other)), *candidate));
            }
        }
        let part = length >= 4 && (other.starts_with(&lower) || other.ends_with(&lower))
            || other.len() >= 4 && (lower.starts_with(&other) || lower.ends_with(&other));
        part.then(|| (allowed + 1 + other.chars().count().abs_diff(length), Reverse(0), *candidate))
    };
    candidates.into_iter().filter(|c| *c != word).filter_map(|c| score(&c)).min().map(|(.., name)| name)
}

/// Few err in the first letters: of names that are equally near, the one that begins alike is meant.
fn common_start(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn the_nearest_name_wins() {
        let names =
            ["http_requests_total", "http_request_duration_seconds", "up", "process_cpu_seconds_total"];
        for (word, want) in [
            ("http_request_total", Some("http_requests_total")),
            ("HTTP_requests_total", Some("http_requests_total")),
            ("http_requests", Some("http_requests_total")),
            ("ups", Some("up")),
            ("cpu_seconds_total", Some("process_cpu_seconds_total")),
            ("nothing_like_it", None),
            ("up", None),
        ] {
            assert_eq!(similar(word, names), want, "{word}");
        }
        assert_eq!(similar("sun", ["sgn", "sin", "sum"]), Some("sum"));
    }
}
