//! Large values are freed by a thread of their own: a cancelled query returns at once, and to free a million label
//! sets, or gigabytes of a result, takes longer than that (measured: 50–300 ms).

use std::ops::{Deref, DerefMut};

use promqlite_model::{Batch, Labels, Series, VectorSample};

/// From so many allocations on, freeing them counts as long: about 2 ms.
const LONG_ITEMS: usize = 1 << 15;
/// From so many bytes on, giving them back to the system counts as long: about 3 ms.
const LONG_BYTES: usize = 32 << 20;

/// What may take long to free.
pub(crate) trait Free: Default + Send + 'static {
    /// Whether it does.
    fn is_long(&self) -> bool;
}

impl Free for Vec<Labels> {
    fn is_long(&self) -> bool {
        self.len() >= LONG_ITEMS
    }
}

impl Free for Vec<VectorSample> {
    fn is_long(&self) -> bool {
        self.len() >= LONG_ITEMS
    }
}

impl Free for Vec<Series> {
    fn is_long(&self) -> bool {
        let bytes = |series: &Series| series.floats.len() * 8 + series.histograms.len() * 256;
        self.len() >= LONG_ITEMS || self.iter().map(bytes).sum::<usize>() >= LONG_BYTES
    }
}

impl Free for Batch {
    fn is_long(&self) -> bool {
        self.rows() * self.steps() * size_of::<f64>() >= LONG_BYTES
    }
}

impl Free for Vec<i64> {
    fn is_long(&self) -> bool {
        size_of_val(self.as_slice()) >= LONG_BYTES
    }
}

impl Free for Vec<[u32; 3]> {
    fn is_long(&self) -> bool {
        size_of_val(self.as_slice()) >= LONG_BYTES
    }
}

/// A value that is freed aside if that takes long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aside<T: Free>(T);

impl<T: Free> Aside<T> {
    /// The value, to be freed by whoever takes it.
    pub(crate) fn into_inner(mut self) -> T {
        std::mem::take(&mut self.0)
    }
}

impl<T: Free> From<T> for Aside<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Free> Deref for Aside<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Free> DerefMut for Aside<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Free> Drop for Aside<T> {
    fn drop(&mut self) {
        if self.0.is_long() {
            let value = std::mem::take(&mut self.0);
            // Without a thread to be had, the value is freed here.
            drop(std::thread::Builder::new().spawn(move || drop(value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::ThreadId;

    use super::*;

    #[derive(Default)]
    struct Probe {
        long: bool,
        freed: Option<std::sync::mpsc::Sender<ThreadId>>,
    }

    impl Drop for Probe {
        fn drop(&mut self) {
            if let Some(freed) = &self.freed {
                freed.send(std::thread::current().id()).expect("the test waits");
            }
        }
    }

    impl Free for Probe {
        fn is_long(&self) -> bool {
            self.long
        }
    }

    #[test]
    fn only_what_takes_long_is_freed_elsewhere() {
        for long in [false, true] {
            let (freed, receiver) = std::sync::mpsc::channel();
            drop(Aside::from(Probe { long, freed: Some(freed) }));
            let by = receiver.recv().expect("it is freed");
            assert_eq!(by != std::thread::current().id(), long);
        }
    }
}
