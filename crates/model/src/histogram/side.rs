//! One side of a histogram: sparse buckets, addressed by their index in the schema.

/// A run of consecutive buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// For the first span the index of its first bucket, later the number of absent buckets before the span.
    pub offset: i32,
    /// Number of buckets in the run.
    pub length: u32,
}

/// Borrowed buckets of one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct SideRef<'a, C = f64> {
    pub(super) spans: &'a [Span],
    pub(super) counts: &'a [C],
}

/// Owned buckets of one side. The spans are maximal runs: none is empty, and no two touch.
#[derive(Clone, Debug)]
pub(super) struct Side<C = f64> {
    pub(super) spans: Vec<Span>,
    pub(super) counts: Vec<C>,
    /// One past the index of the last bucket; 0 without buckets.
    end: i32,
}

impl<C> Default for Side<C> {
    fn default() -> Self {
        Self { spans: Vec::new(), counts: Vec::new(), end: 0 }
    }
}

impl Side {
    /// Takes over the buckets of another side.
    pub(super) fn copy_from(&mut self, other: SideRef<'_>) {
        self.spans.clear();
        self.spans.extend_from_slice(other.spans);
        self.counts.clear();
        self.counts.extend_from_slice(other.counts);
        self.end = other.end();
    }
}

impl<C: Copy> Side<C> {
    pub(super) fn as_ref(&self) -> SideRef<'_, C> {
        SideRef { spans: &self.spans, counts: &self.counts }
    }

    pub(super) fn with_capacity(spans: usize, counts: usize) -> Self {
        Self { spans: Vec::with_capacity(spans), counts: Vec::with_capacity(counts), end: 0 }
    }

    /// Appends a bucket. Indices must ascend.
    pub(super) fn push(&mut self, index: i32, count: C) {
        self.push_span(index);
        self.counts.push(count);
    }

    fn push_span(&mut self, index: i32) {
        match self.spans.last_mut() {
            Some(last) if index == self.end => last.length += 1,
            _ => self.spans.push(Span { offset: index - self.end, length: 1 }),
        }
        self.end = index + 1;
    }

    /// The last bucket, if it has this index.
    pub(super) fn last_at(&mut self, index: i32) -> Option<&mut C> {
        if self.end == index + 1 { self.counts.last_mut() } else { None }
    }

    /// Removes the buckets whose contents `keep` refuses.
    pub(super) fn retain(&mut self, keep: impl Fn(C) -> bool) {
        let mut kept = Self { spans: Vec::with_capacity(self.spans.len() + 1), ..Self::default() };
        let mut counts = std::mem::take(&mut self.counts);
        let mut len = 0;
        for (place, index) in Indices::new(&self.spans, counts.len()).enumerate() {
            let count = counts[place];
            if keep(count) {
                kept.push_span(index);
                counts[len] = count;
                len += 1;
            }
        }
        counts.truncate(len);
        *self = Self { counts, ..kept };
    }

    /// Removes all buckets.
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.counts.clear();
        self.end = 0;
    }

    /// The same buckets with other contents.
    pub(super) fn map<D>(&self, f: impl FnMut(C) -> D) -> Side<D> {
        Side {
            spans: self.spans.clone(),
            counts: self.counts.iter().copied().map(f).collect(),
            end: self.end,
        }
    }
}

impl<'a, C: Copy> SideRef<'a, C> {
    /// Indices and contents of the buckets, in order of the indices.
    pub(super) fn iter(self) -> impl ExactSizeIterator<Item = (i32, C)> + DoubleEndedIterator + Clone + 'a
    where
        C: 'a,
    {
        Indices::new(self.spans, self.counts.len()).zip(self.counts.iter().copied())
    }

    pub(super) fn to_side(self) -> Side<C> {
        Side { spans: self.spans.to_vec(), counts: self.counts.to_vec(), end: self.end() }
    }

    /// One past the index of the last bucket; 0 without buckets.
    fn end(self) -> i32 {
        self.spans.iter().map(|s| s.offset + s.length as i32).sum()
    }

    /// The index of the first bucket of each span, and the contents of the span.
    pub(super) fn runs(self) -> impl Iterator<Item = (i32, &'a [C])> {
        let (mut end, mut rest) = (0, self.counts);
        self.spans.iter().map(move |span| {
            let first = end + span.offset;
            end = first + span.length as i32;
            let (run, behind) = rest.split_at(span.length as usize);
            rest = behind;
            (first, run)
        })
    }

    /// Index of the first bucket.
    pub(super) fn first_index(self) -> Option<i32> {
        self.spans.first().map(|s| s.offset)
    }
}

/// Where buckets lie in the counts that belong to some spans. Only moves forward.
pub(super) struct Places<'a> {
    /// The span where the newest buckets were found, and those behind it.
    spans: &'a [Span],
    /// One past the last bucket before these.
    end: i32,
    /// Number of buckets before these.
    passed: usize,
}

impl<'a> Places<'a> {
    pub(super) fn new(spans: &'a [Span]) -> Self {
        Self { spans, end: 0, passed: 0 }
    }

    /// The place of bucket `first`, if it and the `len - 1` buckets behind it are all in one span.
    pub(super) fn find(&mut self, first: i32, len: usize) -> Option<usize> {
        let last = i64::from(first) + len as i64;
        while let Some((span, behind)) = self.spans.split_first() {
            let begin = self.end + span.offset;
            let end = begin + span.length as i32;
            if first < begin {
                return None;
            }
            if first < end {
                return (last <= i64::from(end)).then(|| self.passed + (first - begin) as usize);
            }
            (self.spans, self.end, self.passed) = (behind, end, self.passed + span.length as usize);
        }
        None
    }
}

/// The bucket indices that spans cover, from either end.
#[derive(Clone, Debug)]
struct Indices<'a> {
    spans: &'a [Span],
    remaining: usize,
    front: Cursor,
    back: Cursor,
}

/// A place between two buckets: in span number `span - 1` (front) or `span` (back), with `left` buckets of
/// that span still ahead.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    span: usize,
    index: i32,
    left: u32,
}

impl<'a> Indices<'a> {
    fn new(spans: &'a [Span], len: usize) -> Self {
        let end = spans.iter().map(|s| s.offset + s.length as i32).sum();
        Self {
            spans,
            remaining: len,
            front: Cursor { span: 0, index: 0, left: 0 },
            back: Cursor { span: spans.len(), index: end, left: 0 },
        }
    }
}

impl Iterator for Indices<'_> {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        self.remaining = self.remaining.checked_sub(1)?;
        let at = &mut self.front;
        while at.left == 0 {
            let span = self.spans[at.span];
            at.index += span.offset;
            at.left = span.length;
            at.span += 1;
        }
        at.left -= 1;
        at.index += 1;
        Some(at.index - 1)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl DoubleEndedIterator for Indices<'_> {
    fn next_back(&mut self) -> Option<i32> {
        self.remaining = self.remaining.checked_sub(1)?;
        let at = &mut self.back;
        while at.left == 0 {
            if let Some(passed) = self.spans.get(at.span) {
                at.index -= passed.offset;
            }
            at.span -= 1;
            at.left = self.spans[at.span].length;
        }
        at.left -= 1;
        at.index -= 1;
        Some(at.index)
    }
}

impl ExactSizeIterator for Indices<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_form_maximal_runs_and_read_back_from_both_ends() {
        let buckets = [(-3, 1.0), (-2, 0.0), (0, 3.0), (5, 4.0), (6, 5.0)];
        let mut side = Side::default();
        for (index, count) in buckets {
            side.push(index, count);
        }
        let span = |offset, length| Span { offset, length };
        assert_eq!(side.spans, [span(-3, 2), span(1, 1), span(4, 2)]);
        assert_eq!(side.as_ref().iter().collect::<Vec<_>>(), buckets);
        let mut reversed: Vec<_> = side.as_ref().iter().rev().collect();
        reversed.reverse();
        assert_eq!(reversed, buckets);
        let mut both = side.as_ref().iter();
        assert_eq!(both.next_back(), Some((6, 5.0)));
        assert_eq!(both.next(), Some((-3, 1.0)));
        assert_eq!(both.by_ref().rev().count(), 3);
        assert_eq!(both.next(), None);
    }
}
