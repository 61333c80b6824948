//! Lists of series ids.

/// The ids that carry one label value: a list that costs no allocation while it holds a single id.
#[derive(Debug)]
pub(super) enum Postings {
    One(u32),
    Many(Vec<u32>),
}

impl Postings {
    /// Adds an id that is greater than all others.
    pub(super) fn push(&mut self, id: u32) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, id]),
            Self::Many(ids) => ids.push(id),
        }
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }

    pub(super) fn shrink(&mut self) {
        if let Self::Many(ids) = self {
            ids.shrink_to_fit();
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(ids) => ids.capacity() * 4,
        }
    }
}
