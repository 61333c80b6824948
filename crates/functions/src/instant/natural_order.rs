//! The order of label values in which numbers inside text count as numbers.

use std::cmp::Ordering;

/// Compares two texts chunk by chunk: runs of ASCII digits as numbers, all else bytewise.
///
/// Examples: `2` < `10`, `4m5` < `4m600`, `1.2.3` < `1.11.3`. This is a total order: texts that differ only in
/// leading zeros are ordered bytewise, and numbers beyond 64 bits still compare as numbers.
#[must_use]
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a.as_bytes(), b.as_bytes());
    loop {
        match (rest_a.is_empty(), rest_b.is_empty()) {
            (true, true) => return a.cmp(b),
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let (chunk_a, chunk_b) = (chunk(&mut rest_a), chunk(&mut rest_b));
        let order = if chunk_a[0].is_ascii_digit() && chunk_b[0].is_ascii_digit() {
            compare_digits(chunk_a, chunk_b)
        } else {
            chunk_a.cmp(chunk_b)
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Splits the longest run of digits or of other bytes off a text that is not empty.
fn chunk<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let digits = rest[0].is_ascii_digit();
    let len = rest.iter().position(|b| b.is_ascii_digit() != digits).unwrap_or(rest.len());
    let (chunk, behind) = rest.split_at(len);
    *rest = behind;
    chunk
}

fn compare_digits(a: &[u8], b: &[u8]) -> Ordering {
    let significant = |digits: &'_ [u8]| digits.iter().position(|&d| d != b'0').unwrap_or(digits.len());
    let (a, b) = (&a[significant(a)..], &b[significant(b)..]);
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        for sorted in [
            ["0", "1", "2", "3", "10", "11", "100"].as_slice(),
            &["4m5", "4m600", "4m1000"],
            &["1.2.3", "1.11.3"],
            &["", "a", "a1", "a2", "a10", "b"],
            &["99999999999999999998", "99999999999999999999", "100000000000000000000"],
            &["cpu-7", "cpu-08", "cpu-9"],
        ] {
            for (i, a) in sorted.iter().enumerate() {
                for (j, b) in sorted.iter().enumerate() {
                    assert_eq!(natural_order(a, b), i.cmp(&j), "{a} {b}");
                }
            }
        }
    }
}
