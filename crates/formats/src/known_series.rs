//! Series that a reader has met before, by the bytes that stand for them.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::sink::SeriesHandle;

/// Bytes of keys that are remembered at most; beyond that everything is asked for anew.
const MAX_BYTES: usize = 256 << 20;

/// Key → handle.
#[derive(Debug, Default)]
pub(crate) struct KnownSeries {
    handles: HashMap<Box<[u8]>, SeriesHandle, RandomState>,
    bytes: usize,
}

impl KnownSeries {
    /// The series of `key`, if it is known.
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<SeriesHandle> {
        self.handles.get(key).copied()
    }

    /// Remembers a series.
    pub(crate) fn insert(&mut self, key: &[u8], handle: SeriesHandle) {
        if self.bytes + key.len() > MAX_BYTES {
            self.handles.clear();
            self.bytes = 0;
        }
        self.bytes += key.len() + 48;
        self.handles.insert(key.into(), handle);
    }
}
