//! Recursion over trees of any depth: stacks that grow, and boxes that use them.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// Stack that must be left, in bytes, before a recursive step may go on without a new segment.
const RED_ZONE: usize = 128 * 1024;
/// Size of a new stack segment, in bytes.
const SEGMENT: usize = 4 * 1024 * 1024;

/// Runs `f` with enough stack for one more level of recursion, on a fresh segment when the current one runs low.
/// Wrap the body of every function that recurses over an expression.
#[inline]
pub fn with_stack<R>(f: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, SEGMENT, f)
}

/// A box for tree nodes. Dropping, cloning, comparing and debug-printing a tree linked by these boxes never overflows
/// the stack, however deep the tree is.
pub struct Boxed<T>(Option<Box<T>>);

impl<T> Boxed<T> {
    /// Moves `value` to the heap.
    pub fn new(value: T) -> Self {
        Self(Some(Box::new(value)))
    }

    /// Moves the value out.
    pub fn into_inner(mut self) -> T {
        *self.0.take().expect("invariant: a Boxed is only empty while it is being dropped")
    }
}

impl<T> From<T> for Boxed<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> Deref for Boxed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_deref().expect("invariant: a Boxed is only empty while it is being dropped")
    }
}

impl<T> DerefMut for Boxed<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_deref_mut().expect("invariant: a Boxed is only empty while it is being dropped")
    }
}

impl<T> AsRef<T> for Boxed<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T> Drop for Boxed<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            with_stack(|| drop(value));
        }
    }
}

impl<T: Clone> Clone for Boxed<T> {
    fn clone(&self) -> Self {
        with_stack(|| Self::new(T::clone(self)))
    }
}

impl<T: PartialEq> PartialEq for Boxed<T> {
    fn eq(&self, other: &Self) -> bool {
        with_stack(|| T::eq(self, other))
    }
}

impl<T: fmt::Debug> fmt::Debug for Boxed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        with_stack(|| T::fmt(self, f))
    }
}
