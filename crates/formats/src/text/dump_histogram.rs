//! Histograms as `promtool tsdb dump` prints them: `{count:5, sum:18.4, [-2,-1):1, (1,2]:2}`.

use promqlite_model::histogram::FloatHistogram;

use crate::error::LineError;
use crate::histogram_rebuild::{Boundaries, ShownBucket, rebuild};
use crate::text::number::parse_float;
use crate::text::series::skip_blanks;

/// Parses the histogram at `line[start] == '{'`; also returns where it ends.
pub(crate) fn parse_dump_histogram(line: &[u8], start: usize) -> Result<(FloatHistogram, usize), LineError> {
    let Some(length) = memchr::memchr(b'}', &line[start..]) else {
        return Err(LineError::new(start, "a histogram without an end"));
    };
    let end = start + length;
    let (mut count, mut sum, mut buckets) = (None, None, Vec::new());
    let mut at = start + 1;
    while at < end {
        at = skip_blanks(line, at);
        let text = &line[at..end];
        let item_end = at + item_len(text);
        let item = &line[at..item_end];
        let number = |from: usize| {
            parse_float(&item[from..])
                .ok_or_else(|| LineError::expected(at + from, "a number in a histogram"))
        };
        if item.starts_with(b"count:") {
            count = Some(number(6)?);
        } else if item.starts_with(b"sum:") {
            sum = Some(number(4)?);
        } else {
            buckets.push(parse_bucket(item).ok_or_else(|| LineError::expected(at, "a bucket"))?);
        }
        at = item_end + usize::from(item_end < end);
    }
    let (Some(count), Some(sum)) = (count, sum) else {
        return Err(LineError::new(start, "a histogram without count and sum"));
    };
    let histogram = rebuild(count, sum, &buckets).map_err(|message| LineError::new(start, message))?;
    Ok((histogram, end + 1))
}

/// Length of the item at the start: up to the next comma that is not between the bounds of a bucket.
fn item_len(text: &[u8]) -> usize {
    let bounds_end = match text.first() {
        Some(b'(' | b'[') => text.iter().position(|b| matches!(b, b')' | b']')).unwrap_or(0),
        _ => 0,
    };
    memchr::memchr(b',', &text[bounds_end..]).map_or(text.len(), |i| bounds_end + i)
}

/// `(lower,upper]:count`
fn parse_bucket(item: &[u8]) -> Option<ShownBucket> {
    let bounds_end = item.iter().position(|b| matches!(b, b')' | b']'))?;
    let comma = memchr::memchr(b',', &item[..bounds_end])?;
    let boundaries = match (item[0], item[bounds_end]) {
        (b'(', b']') => Boundaries::OpenLeft,
        (b'[', b')') => Boundaries::OpenRight,
        (b'(', b')') => Boundaries::OpenBoth,
        (b'[', b']') => Boundaries::ClosedBoth,
        _ => return None,
    };
    Some(ShownBucket {
        boundaries,
        lower: parse_float(item.get(1..comma)?)?,
        upper: parse_float(&item[comma + 1..bounds_end])?,
        count: parse_float(item[bounds_end + 1..].strip_prefix(b":")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_histograms() {
        let line = b"x {count:5, sum:18.4, [-2,-1):1, [-0.001,0.001]:2, (1,2]:2} 17";
        let (h, end) = parse_dump_histogram(line, 2).unwrap();
        assert_eq!(&line[end..], b" 17");
        let h = h.view();
        assert_eq!((h.count(), h.sum(), h.schema().get(), h.zero_count()), (5.0, 18.4, 0, 2.0));
        assert_eq!((h.positive_counts(), h.negative_counts()), (&[2.0][..], &[1.0][..]));
        let (empty, _) = parse_dump_histogram(b"{count:0, sum:0}", 0).unwrap();
        assert!(empty.view().positive_counts().is_empty());
    }

    #[test]
    fn broken_histograms() {
        for text in [
            "{",
            "{}",
            "{count:1}",
            "{count:x, sum:1}",
            "{count:1, sum:1, (1,2:3}",
            "{count:1, sum:1, ]1,2]:3}",
            "{count:1, sum:1, (1]:3}",
            "{)",
        ] {
            assert!(parse_dump_histogram(text.as_bytes(), 0).is_err(), "{text}");
        }
    }
}
